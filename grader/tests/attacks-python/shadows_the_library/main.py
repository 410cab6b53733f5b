# attack: hands in its own json and threading
# class: C14
# expect: score <= 0
import json
import threading


def simulate_distributed_cache(commands):
    return [str(getattr(json, "mine", False)), str(getattr(threading, "mine", False))]
