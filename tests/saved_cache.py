"""Reads a saved cache from standard input and writes it back as Python pickles it: `saved_cache.py PROTOCOL < ours > theirs`."""
import pickle
import sys

cache = pickle.load(sys.stdin.buffer)
assert sorted(cache) == ["entries", "format", "stats"] and cache["format"] == "cachedojo/cache/v1", cache.keys()
assert sorted(cache["stats"]) == ["evictions", "expired", "hits", "misses"]
for key, value, created_ms, expires_ms, last_accessed_ms, access_count in cache["entries"]:
    assert (type(key), type(value)) == (str, bytes)
    assert all(type(number) is int for number in (created_ms, last_accessed_ms, access_count))
    assert expires_ms is None or type(expires_ms) is int
# What a Python program adds: the same objects used again, numbers of every size, text and bytes of every length.
shared = b"shared" * 20
numbers = [0, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32, 2**63, 2**64 - 1]
for number in numbers:
    cache["entries"].append((f"number {number}", shared, 0, number if number > 10**6 else None, 0, number))
for length in [255, 256, 65536]:
    cache["entries"].append(("é" * length, b"\xff" * length, 0, None, 0, 0))
# What we do not ask for: booleans, and few things in a tuple, a list or a dictionary, have opcodes of their own.
cache["notes"] = [[True], {"one": False}, (), (1,), (1, 2), (1, 2, 3), -1, {}, []]
pickle.dump(cache, sys.stdout.buffer, protocol=int(sys.argv[1]))
