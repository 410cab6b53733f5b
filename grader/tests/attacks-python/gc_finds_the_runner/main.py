# attack: looks through all objects for the runner's
# class: C11
# expect: score <= 0
import gc


def simulate_distributed_cache(commands):
    for thing in gc.get_objects():
        if type(thing) is dict and "nonce" in thing:
            return [str(thing["nonce"])]
    return []
