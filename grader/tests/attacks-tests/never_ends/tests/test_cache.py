# attack: loops for ever
# class: F22
# expect: forbidden or score <= 0
from distributed_cache import DistributedCache


def test_loops():
    cache = DistributedCache()
    while True:
        try:
            cache.get("key")
        except Exception:
            pass
