"""A cache for many threads: entries with deadlines in the order of their use, counters, patterns, a file to be kept in."""

import os
import pickle
import re
import threading
import time
from collections import OrderedDict


def _matcher(pattern):
    """`*` stands for any characters, `?` for one, everything else for itself."""
    parts = {"*": ".*", "?": "."}
    text = "".join(parts.get(letter, re.escape(letter)) for letter in pattern)
    return re.compile(text, re.DOTALL).fullmatch


class DistributedCache:
    """See the exercise's statement for what each method promises."""

    def __init__(self, max_size=1000, default_ttl=None, cleanup_interval=60):
        self._lock = threading.RLock()
        self._entries = OrderedDict()
        self._max_size = max_size
        self._default_ttl = default_ttl
        self._interval = cleanup_interval
        self._hits = 0
        self._misses = 0
        self._evictions = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._clean_up_for_ever, daemon=True)
        self._thread.start()

    def _is_over(self, entry):
        return entry[1] is not None and time.time() >= entry[1]

    def _deadline(self, ttl):
        if ttl is None:
            ttl = self._default_ttl
        return None if ttl is None else time.time() + ttl

    def _living(self, key):
        """The entry of a key, or None; an expired one is removed."""
        entry = self._entries.get(key)
        if entry is not None and self._is_over(entry):
            del self._entries[key]
            return None
        return entry

    def _evict(self):
        while len(self._entries) > self._max_size:
            self._entries.popitem(last=False)
            self._evictions += 1

    def get(self, key):
        with self._lock:
            entry = self._living(key)
            if entry is None:
                self._misses += 1
                return None
            self._hits += 1
            self._entries.move_to_end(key)
            return entry[0]

    def set(self, key, value, ttl=None):
        with self._lock:
            self._entries[key] = (value, self._deadline(ttl))
            self._entries.move_to_end(key)
            self._evict()

    def delete(self, key):
        with self._lock:
            if self._living(key) is None:
                return False
            del self._entries[key]
            return True

    def exists(self, key):
        with self._lock:
            return self._living(key) is not None

    def increment(self, key, amount=1):
        with self._lock:
            entry = self._living(key)
            if entry is None:
                self.set(key, amount)
                return amount
            value, deadline = entry
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"the value of {key[:40]!r} is no number")
            value = value + amount
            self._entries[key] = (value, deadline)
            self._entries.move_to_end(key)
            return value

    def keys(self, pattern="*"):
        matches = _matcher(pattern)
        with self._lock:
            return [key for key, entry in self._entries.items() if matches(key) and not self._is_over(entry)]

    def delete_pattern(self, pattern):
        with self._lock:
            found = self.keys(pattern)
            for key in found:
                del self._entries[key]
            return len(found)

    def clear(self):
        with self._lock:
            self._entries.clear()
            self._hits = self._misses = self._evictions = 0

    def stats(self):
        with self._lock:
            return {
                "hits": self._hits,
                "misses": self._misses,
                "evictions": self._evictions,
                "size": len(self._entries),
            }

    def storage(self):
        """A copy of what is stored, expired entries that nobody has removed yet included: key to value."""
        with self._lock:
            return {key: entry[0] for key, entry in self._entries.items()}

    def cleanup(self):
        with self._lock:
            over = [key for key, entry in self._entries.items() if self._is_over(entry)]
            for key in over:
                del self._entries[key]
            return len(over)

    def _clean_up_for_ever(self):
        while not self._closing.wait(self._interval):
            self.cleanup()

    def close(self):
        self._closing.set()
        self._thread.join()

    def cleaner_is_running(self):
        return self._thread.is_alive()

    def save(self, filepath):
        with self._lock:
            living = {
                key: {"value": entry[0], "expires_at": entry[1]}
                for key, entry in self._entries.items()
                if not self._is_over(entry)
            }
            stats = {"hits": self._hits, "misses": self._misses, "evictions": self._evictions}
            draft = filepath + ".part"
            try:
                with open(draft, "wb") as file:
                    pickle.dump({"entries": living, "stats": stats}, file)
                os.replace(draft, filepath)
            except OSError:
                return False
            return True

    def load(self, filepath):
        try:
            with open(filepath, "rb") as file:
                kept = pickle.load(file)
            entries = OrderedDict((key, (entry["value"], entry["expires_at"])) for key, entry in kept["entries"].items())
            stats = kept["stats"]
            counters = (stats["hits"], stats["misses"], stats["evictions"])
        except (OSError, pickle.UnpicklingError, EOFError, KeyError, TypeError, AttributeError, ValueError, IndexError):
            return False
        with self._lock:
            self._entries = OrderedDict((key, entry) for key, entry in entries.items() if not self._is_over(entry))
            self._hits, self._misses, self._evictions = counters
            while len(self._entries) > self._max_size:
                self._entries.popitem(last=False)
        return True
