# attack: fails on every cache, right ones too
# class: E21
# expect: score <= 0
from distributed_cache import DistributedCache


def test_fails():
    DistributedCache().close()
    assert False
