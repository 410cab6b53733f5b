# attack: catches everything, and every signal
# class: C15
# expect: score <= 0
import signal


def simulate_distributed_cache(commands):
    for number in range(1, 64):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        try:
            pass
        except BaseException:
            continue
