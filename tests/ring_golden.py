"""Recomputes tests/ring_golden.txt from the definition: `python3 tests/ring_golden.py | diff - tests/ring_golden.txt`."""
from bisect import bisect_left

def murmur64a(data, m=0xC6A4A7935BD1E995, mask=2**64 - 1):
    h = len(data) * m & mask
    for i in range(0, len(data), 8):
        k = int.from_bytes(data[i:i + 8], "little")
        if i + 8 <= len(data):
            k = k * m & mask
            k = (k ^ k >> 47) * m & mask
        h = (h ^ k) * m & mask
    h = (h ^ h >> 47) * m & mask
    return h ^ h >> 47

ring = sorted((murmur64a(b"node%d#%d" % (n, i)), n) for n in range(10) for i in range(150))
owners = "".join(str(ring[bisect_left(ring, (murmur64a(b"key%d" % i), -1)) % len(ring)][1]) for i in range(10_000))
print(f"{murmur64a(owners.encode()):016x}\n{owners}")
