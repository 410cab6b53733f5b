# attack: starts threads without end
# class: F22
# expect: score <= 0
import threading


def simulate_distributed_cache(commands):
    gate = threading.Event()
    while True:
        threading.Thread(target=gate.wait).start()
