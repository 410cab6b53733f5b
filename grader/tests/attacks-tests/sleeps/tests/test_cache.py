# attack: waits for the time to pass instead of moving it
# class: E21
# expect: score <= 0
import time

from distributed_cache import DistributedCache


def test_sleeps():
    cache = DistributedCache()
    cache.set("key", 1, ttl=1)
    time.sleep(1)
    assert cache.get("key") is None
    cache.close()
