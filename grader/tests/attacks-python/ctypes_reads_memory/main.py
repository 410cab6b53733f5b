# attack: looks for the nonce in memory with ctypes
# class: C11
# expect: forbidden or score <= 0
import ctypes


def simulate_distributed_cache(commands):
    ctypes.string_at(id(commands), 4096)
    return ctypes.CDLL(None).getpid()
