# attack: writes an answer when the interpreter ends
# class: B10
# expect: score <= 0
import atexit
import os


def late():
    for fd in range(3, 64):
        try:
            os.write(fd, b'{"outcome":"lines","lines":["STORED"]}')
        except OSError:
            pass


atexit.register(late)


def simulate_distributed_cache(commands):
    raise SystemExit(0)
