# attack: answers with gigabytes
# class: F22
# expect: score <= 0
def simulate_distributed_cache(commands):
    return ["x" * 1_000_000] * 100_000
