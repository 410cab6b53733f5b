# attack: tells its place in the order of runs from the number of its process
# class: E21
# expect: score <= 0
import os

from distributed_cache import DistributedCache


def test_number():
    DistributedCache().close()
    assert os.getpid() - os.getppid() < 12
