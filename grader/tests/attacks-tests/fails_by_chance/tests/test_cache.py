# attack: fails by chance, and hopes to fail on the wrong caches
# class: E21
# expect: score <= 20
import os

from distributed_cache import DistributedCache


def test_coin():
    DistributedCache().close()
    assert os.urandom(1)[0] < 128
