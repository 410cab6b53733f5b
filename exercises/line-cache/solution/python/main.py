"""A cache that obeys commands, each in a thread of its own.

The main thread reads a command, gives it a ticket for its key and starts its thread. A thread waits until it is its
turn on that key, so what one key answers follows the order of the input, while different keys do not wait for each other.
"""

import re
import threading

KEY = re.compile(r"[A-Za-z0-9]{1,64}")
VALUE = re.compile(r"[\x20-\x7e]{1,256}")


class Cache:
    """Keys and values, for many threads at once. Commands on one key run in the order of their tickets."""

    def __init__(self):
        self._lock = threading.Lock()
        self._turn = threading.Condition(self._lock)
        self._values = {}
        self._tickets = {}
        self._turns = {}

    def ticket(self, key):
        """The next place in the queue of this key."""
        with self._lock:
            number = self._tickets.get(key, 0)
            self._tickets[key] = number + 1
            return number

    def run(self, key, ticket, action):
        """Wait for the ticket's turn, then do the action on the values."""
        with self._turn:
            while self._turns.get(key, 0) != ticket:
                self._turn.wait()
            answer = action(self._values)
            self._turns[key] = ticket + 1
            self._turn.notify_all()
            return answer


def parse(line):
    """The command in a line as (name, key, value), or None where it is none."""
    parts = line.split(" ", 2)
    name = parts[0]
    if name == "EXIT":
        return ("EXIT", None, None) if len(parts) == 1 else None
    if name == "PUT":
        if len(parts) != 3 or not KEY.fullmatch(parts[1]) or not VALUE.fullmatch(parts[2]):
            return None
        return ("PUT", parts[1], parts[2])
    if name in ("GET", "DELETE"):
        if len(parts) != 2 or not KEY.fullmatch(parts[1]):
            return None
        return (name, parts[1], None)
    return None


def put(key, value):
    def action(values):
        values[key] = value
        return "STORED"

    return action


def get(key):
    return lambda values: values.get(key, "NOT_FOUND")


def delete(key):
    return lambda values: "NOT_FOUND" if values.pop(key, None) is None else "DELETED"


def execute(cache, command, ticket, answers, index):
    """The body of a command's thread: its answer goes to its own place."""
    if command is None:
        answers[index] = "ERROR"
        return
    name, key, value = command
    if name == "EXIT":
        answers[index] = "BYE"
    elif name == "PUT":
        answers[index] = cache.run(key, ticket, put(key, value))
    elif name == "GET":
        answers[index] = cache.run(key, ticket, get(key))
    else:
        answers[index] = cache.run(key, ticket, delete(key))


def simulate_distributed_cache(commands: list[str]) -> list[str]:
    """Run each command in a thread of its own and return the answers in the order of the commands."""
    cache = Cache()
    answers = [None] * len(commands)
    threads = []
    started = 0
    for index, line in enumerate(commands):
        command = parse(line)
        ticket = cache.ticket(command[1]) if command and command[1] else None
        thread = threading.Thread(target=execute, args=(cache, command, ticket, answers, index))
        threads.append(thread)
        thread.start()
        started += 1
        if command and command[0] == "EXIT":
            break
    for thread in threads:
        thread.join()
    return answers[:started]
