"""The same cache, built otherwise, whose keys come in an order that nobody promised: `keys()` from the most recent to the oldest,
`storage()` with the oldest last. Tests that take the order for granted fail here, or on the other two."""

import os
import pickle
import threading
import time


def _matches(pattern, key):
    """Whether the whole key fits: all ends of the key's beginnings that the pattern so far fits, one letter after the other."""
    ends = {0}
    for letter in pattern:
        if letter == "*":
            ends = set(range(min(ends), len(key) + 1)) if ends else ends
        else:
            ends = {end + 1 for end in ends if end < len(key) and letter in ("?", key[end])}
    return len(key) in ends


class _Node:
    def __init__(self, key, value, deadline):
        self.key, self.value, self.deadline = key, value, deadline

    def lives(self, now):
        return self.deadline is None or now < self.deadline


class DistributedCache:
    """See the exercise's statement for what each method promises."""

    def __init__(self, max_size=1000, default_ttl=None, cleanup_interval=60):
        self.max_size = max_size
        self.default_ttl = default_ttl
        self.cleanup_interval = cleanup_interval
        # Least recently used first.
        self.nodes = {}
        self.counters = [0, 0, 0]
        self.guard = threading.Condition(threading.RLock())
        self.open = True
        self.cleaner = threading.Thread(target=self._clean, daemon=True)
        self.cleaner.start()

    def _clean(self):
        with self.guard:
            while self.open:
                if not self.guard.wait(self.cleanup_interval):
                    self.cleanup()

    def _node(self, key):
        node = self.nodes.get(key)
        if node is None or node.lives(time.time()):
            return node
        self.nodes.pop(key)
        return None

    def _used(self, node):
        self.nodes.pop(node.key, None)
        self.nodes[node.key] = node

    def _shrink(self):
        gone = 0
        while len(self.nodes) > self.max_size:
            self.nodes.pop(next(iter(self.nodes)))
            gone += 1
        return gone

    def get(self, key):
        with self.guard:
            node = self._node(key)
            self.counters[0 if node else 1] += 1
            if node is None:
                return None
            self._used(node)
            return node.value

    def set(self, key, value, ttl=None):
        with self.guard:
            ttl = self.default_ttl if ttl is None else ttl
            self._used(_Node(key, value, None if ttl is None else time.time() + ttl))
            self.counters[2] += self._shrink()

    def delete(self, key):
        with self.guard:
            return self._node(key) is not None and self.nodes.pop(key) is not None

    def exists(self, key):
        with self.guard:
            return self._node(key) is not None

    def increment(self, key, amount=1):
        with self.guard:
            node = self._node(key)
            if node is None:
                self.set(key, amount)
                return amount
            if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
                raise ValueError("only numbers can be incremented")
            node.value += amount
            self._used(node)
            return node.value

    def keys(self, pattern="*"):
        with self.guard:
            now = time.time()
            return [key for key, node in reversed(self.nodes.items()) if node.lives(now) and _matches(pattern, key)]

    def delete_pattern(self, pattern):
        with self.guard:
            return sum(1 for key in self.keys(pattern) if self.nodes.pop(key))

    def clear(self):
        with self.guard:
            self.nodes.clear()
            self.counters = [0, 0, 0]

    def stats(self):
        with self.guard:
            return dict(zip(("hits", "misses", "evictions"), self.counters), size=len(self.nodes))

    def storage(self):
        with self.guard:
            oldest, *others = list(self.nodes.values()) or [None]
            return {node.key: node.value for node in [*others, oldest] if node}

    def cleanup(self):
        with self.guard:
            now = time.time()
            over = [node.key for node in self.nodes.values() if not node.lives(now)]
            for key in over:
                self.nodes.pop(key)
            return len(over)

    def close(self):
        with self.guard:
            self.open = False
            self.guard.notify_all()
        self.cleaner.join()

    def cleaner_is_running(self):
        return self.cleaner.is_alive()

    def save(self, filepath):
        with self.guard:
            now = time.time()
            living = {key: {"value": node.value, "expires_at": node.deadline} for key, node in self.nodes.items() if node.lives(now)}
            kept = {"entries": living, "stats": dict(zip(("hits", "misses", "evictions"), self.counters))}
            try:
                with open(f"{filepath}.draft", "wb") as file:
                    file.write(pickle.dumps(kept))
                os.replace(f"{filepath}.draft", filepath)
            except OSError:
                return False
            return True

    def load(self, filepath):
        try:
            with open(filepath, "rb") as file:
                kept = pickle.loads(file.read())
            nodes = {key: _Node(key, entry["value"], entry["expires_at"]) for key, entry in kept["entries"].items()}
            counters = [kept["stats"][name] for name in ("hits", "misses", "evictions")]
        except Exception:
            return False
        with self.guard:
            now = time.time()
            self.nodes = {key: node for key, node in nodes.items() if node.lives(now)}
            self.counters = counters
            self._shrink()
            return True
