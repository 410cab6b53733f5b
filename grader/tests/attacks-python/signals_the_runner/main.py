# attack: sends signals to the runner and to the grader
# class: C15
# expect: score <= 0
import os
import signal


def simulate_distributed_cache(commands):
    for target in (os.getppid(), -os.getppid(), -1, 0):
        try:
            os.kill(target, signal.SIGKILL)
        except OSError:
            pass
    return []
