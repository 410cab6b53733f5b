# attack: switches the trace off, so that nobody steps through it
# class: E20
# expect: score <= 0
import sys


def simulate_distributed_cache(commands):
    sys.settrace(None)
    return []
