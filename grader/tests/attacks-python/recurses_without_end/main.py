# attack: calls itself without end, in Python and in C
# class: F22
# expect: score <= 0
import sys

sys.setrecursionlimit(1 << 30)


class Deep:
    def __repr__(self):
        return repr(self)


def simulate_distributed_cache(commands):
    return [repr(Deep())]
