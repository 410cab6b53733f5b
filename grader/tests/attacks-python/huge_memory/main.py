# attack: takes all memory
# class: F22
# expect: score <= 0
def simulate_distributed_cache(commands):
    kept = []
    while True:
        kept.append(bytearray(1 << 26))
