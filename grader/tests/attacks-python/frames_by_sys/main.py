# attack: asks the interpreter for its frames
# class: C11
# expect: score <= 0
import sys


def simulate_distributed_cache(commands):
    look = getattr(sys, "_get" + "frame")
    return [str(look(3))]
