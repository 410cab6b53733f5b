"""A cache that obeys commands, each in a thread of its own.

Read the statement, then write `simulate_distributed_cache`. It gets the commands, one string each, and returns their
answers, one string each, in the order of the commands.
"""

import threading


class Cache:
    """Keys and values, for many threads at once."""

    def __init__(self):
        self._lock = threading.Lock()
        self._values = {}


def simulate_distributed_cache(commands: list[str]) -> list[str]:
    """Run each command in a thread of its own and return the answers in the order of the commands."""
    return []
