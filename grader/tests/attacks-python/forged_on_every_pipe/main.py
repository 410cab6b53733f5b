# attack: writes a finished answer to every open file
# class: A5
# expect: score <= 0
import os


def simulate_distributed_cache(commands):
    forged = b'{"outcome":"lines","lines":["STORED","STORED","Alice","DELETED","NOT_FOUND","BYE"],"observed":null}'
    for fd in range(64):
        try:
            os.write(fd, len(forged).to_bytes(4, "little") + forged)
        except OSError:
            pass
    os._exit(0)
