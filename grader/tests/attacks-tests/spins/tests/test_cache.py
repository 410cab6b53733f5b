# attack: loops for ever without a call, beside a test that counts
# class: F22
# expect: score <= 12
# says: does not come to an end
from distributed_cache import DistributedCache


def test_spins():
    while True:
        try:
            pass
        except BaseException:
            pass


def test_get():
    cache = DistributedCache()
    cache.set("key", "value")
    assert cache.get("key") == "value"
    assert cache.get("other") is None
