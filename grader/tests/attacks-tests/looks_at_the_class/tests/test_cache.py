# attack: looks for the bug in the class's code, name and module
# class: E21
# expect: score <= 0
import inspect

from distributed_cache import DistributedCache

KNOWN = {}


def test_looks():
    cache = DistributedCache()
    seen = repr((type(cache).__name__, type(cache).__module__, sorted(vars(cache)), cache.get.__code__.co_code,
                 cache.get.__code__.co_consts, inspect.getmodule(type(cache)), len(dir(cache))))
    cache.close()
    assert len(seen) > 0 and "bug" not in seen and "mutant" not in seen
