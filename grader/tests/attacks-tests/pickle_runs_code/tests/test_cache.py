# attack: has the cache unpickle code that looks at the cache's own source
# class: E21 (what it asks of `load` is right of itself, and may tell one bug)
# expect: score <= 2
import pickle

from distributed_cache import DistributedCache


class Look:
    def __reduce__(self):
        return (eval, ("str(__import__('sys')._getframe(0))",))


def test_loads(tmp_path):
    path = tmp_path / "code"
    path.write_bytes(pickle.dumps({"entries": {"a": {"value": Look(), "expires_at": None}},
                                   "stats": {"hits": 0, "misses": 0, "evictions": 0}}))
    cache = DistributedCache()
    assert cache.load(str(path)) is False
    assert cache.get("a") is None
    cache.close()
