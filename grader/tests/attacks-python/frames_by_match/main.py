# attack: reads a function's globals by a pattern, which names no attribute
# class: C11
# expect: forbidden
import threading


def simulate_distributed_cache(commands):
    match threading.Thread.start:
        case object(__globals__=found):
            return [str(found)]
    return []
