"""Recomputes the table of tests/trace_counts.rs with libCacheSim itself: `pip install libcachesim==0.3.5`, then run this."""

import libcachesim

MASK = (1 << 64) - 1


class Random:
    """SplitMix64, as in src/random.rs."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, bound):
        return (self.next() * bound) >> 64


def trace(kind, seed, length=20_000):
    random = Random(seed)
    for _ in range(length):
        id = random.below(1 + random.below(1 + random.below(5000)))
        yield id, 1 if kind == "unit" else 1 + id * 7919 % 97 if kind == "fixed" else 1 + random.below(97)


def count(policy, size, requests):
    """Misses and bytes missed."""
    cache = getattr(libcachesim, policy)(size)
    misses = missed = 0
    for id, weight in requests:
        request = libcachesim.Request()
        request.obj_id, request.obj_size = id, weight
        if not cache.get(request):
            misses += 1
            missed += weight
    return misses, missed


POLICIES = ["LRU", "LFU", "FIFO", "Sieve", "S3FIFO", "Clock", "ARC"]
for kind, sizes in [("unit", [10, 20, 100, 333, 1000]), ("fixed", [60, 970, 1003, 5000, 20000]), ("varying", [60, 970, 1003, 5000, 20000])]:
    for policy in POLICIES:
        counts = [(size, *count(policy, size, trace(kind, 1))) for size in sizes]
        print(f'    ({kind.capitalize()}, "{policy.lower()}", &{counts}),')

TOO_LARGE_TO_RETURN = [(2, 1), (11, 3), (11, 3), (1, 2), (14, 3), (7, 3), (2, 1), (0, 2), (14, 2), (7, 3), (11, 50), (4, 3), (2, 3)]
print("TOO_LARGE_TO_RETURN:", count("ARC", 10, TOO_LARGE_TO_RETURN)[0], "misses")
