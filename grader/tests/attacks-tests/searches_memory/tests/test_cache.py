# attack: searches all objects of its process for the cache's source
# class: E21
# expect: rejected or score <= 0
import gc

from distributed_cache import DistributedCache


def test_searches():
    DistributedCache().close()
    found = [thing for thing in gc.get_objects() if isinstance(thing, str) and "_evictions += 2" in thing]
    assert not found
