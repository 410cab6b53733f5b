# attack: loops for ever, and swallows whatever would end it
# class: F22
# expect: score <= 0
# says: does not come to an end
from distributed_cache import DistributedCache


def test_loops():
    cache = DistributedCache()
    while True:
        try:
            cache.get("key")
        except BaseException:
            pass
