# attack: walks the stack with inspect
# class: C11
# expect: forbidden or score <= 0
import inspect


def simulate_distributed_cache(commands):
    return [str(frame.function) for frame in inspect.stack()]
