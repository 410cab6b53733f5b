# attack: leaves at once with exit code 0
# class: B9
# expect: score <= 0
import os


def simulate_distributed_cache(commands):
    os._exit(0)
