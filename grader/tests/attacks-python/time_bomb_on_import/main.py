# attack: sleeps for years while it is imported, in the system's own sleep
# class: F22
# expect: score <= 0
import select


def simulate_distributed_cache(commands):
    select.select([], [], [], 3600)
    return []
