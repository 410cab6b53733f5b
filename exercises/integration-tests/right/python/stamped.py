"""The same cache, built otherwise: plain dictionaries, a number for each use, one object for the counters."""

import fnmatch
import os
import pickle
import threading
import time


class _Item:
    __slots__ = ("value", "until", "used")

    def __init__(self, value, until, used):
        self.value = value
        self.until = until
        self.used = used


class _Counters:
    def __init__(self, hits=0, misses=0, evictions=0):
        self.hits = hits
        self.misses = misses
        self.evictions = evictions


def _glob(pattern):
    """fnmatch's language without its brackets."""
    return pattern.replace("[", "[[]")


class DistributedCache:
    """See the exercise's statement for what each method promises."""

    def __init__(self, max_size=1000, default_ttl=None, cleanup_interval=60):
        self.limit = max_size
        self.default_ttl = default_ttl
        self.mutex = threading.RLock()
        self.items = {}
        self.clock = 0
        self.count = _Counters()
        self.stop = threading.Event()
        self.interval = cleanup_interval
        self.worker = threading.Thread(target=self._work, name="cleanup", daemon=True)
        self.worker.start()

    def _work(self):
        while True:
            if self.stop.wait(timeout=self.interval):
                return
            self.cleanup()

    def _stamp(self):
        self.clock += 1
        return self.clock

    def _find(self, key):
        item = self.items.get(key)
        if item is None:
            return None
        if item.until is not None and item.until <= time.time():
            self.items.pop(key)
            return None
        return item

    def _until(self, ttl):
        seconds = self.default_ttl if ttl is None else ttl
        return time.time() + seconds if seconds is not None else None

    def get(self, key):
        with self.mutex:
            item = self._find(key)
            if item is None:
                self.count.misses += 1
                return None
            item.used = self._stamp()
            self.count.hits += 1
            return item.value

    def set(self, key, value, ttl=None):
        with self.mutex:
            self.items.pop(key, None)
            while len(self.items) >= self.limit:
                oldest = min(self.items, key=lambda other: self.items[other].used)
                self.items.pop(oldest)
                self.count.evictions += 1
            self.items[key] = _Item(value, self._until(ttl), self._stamp())

    def delete(self, key):
        with self.mutex:
            if self._find(key) is None:
                return False
            self.items.pop(key)
            return True

    def exists(self, key):
        with self.mutex:
            return self._find(key) is not None

    def increment(self, key, amount=1):
        with self.mutex:
            item = self._find(key)
            if item is None:
                self.set(key, amount)
                return amount
            if type(item.value) not in (int, float):
                raise ValueError(f"increment needs a number, and {key[:40]!r} holds something else")
            item.value += amount
            item.used = self._stamp()
            return item.value

    def _in_order(self):
        return sorted(self.items, key=lambda key: self.items[key].used)

    def keys(self, pattern="*"):
        with self.mutex:
            now = time.time()
            alive = [key for key in self._in_order() if self.items[key].until is None or self.items[key].until > now]
            return [key for key in alive if fnmatch.fnmatchcase(key, _glob(pattern))]

    def delete_pattern(self, pattern):
        with self.mutex:
            return sum(self.delete(key) for key in self.keys(pattern))

    def clear(self):
        with self.mutex:
            self.items = {}
            self.count = _Counters()

    def stats(self):
        with self.mutex:
            count = self.count
            return {"hits": count.hits, "misses": count.misses, "evictions": count.evictions, "size": len(self.items)}

    def storage(self):
        with self.mutex:
            return {key: self.items[key].value for key in self._in_order()}

    def cleanup(self):
        with self.mutex:
            before = len(self.items)
            now = time.time()
            self.items = {key: item for key, item in self.items.items() if item.until is None or item.until > now}
            return before - len(self.items)

    def close(self):
        self.stop.set()
        if self.worker.is_alive():
            self.worker.join()

    def cleaner_is_running(self):
        return self.worker.is_alive()

    def save(self, filepath):
        with self.mutex:
            self.cleanup()
            entries = {key: {"value": self.items[key].value, "expires_at": self.items[key].until} for key in self._in_order()}
            count = self.count
            data = pickle.dumps({
                "entries": entries,
                "stats": {"hits": count.hits, "misses": count.misses, "evictions": count.evictions},
            })
            try:
                with open(filepath + ".new", "wb") as file:
                    file.write(data)
                os.replace(filepath + ".new", filepath)
            except OSError:
                return False
            return True

    def load(self, filepath):
        with self.mutex:
            try:
                with open(filepath, "rb") as file:
                    kept = pickle.loads(file.read())
                now = time.time()
                items = {}
                for number, (key, entry) in enumerate(kept["entries"].items()):
                    if entry["expires_at"] is None or entry["expires_at"] > now:
                        items[key] = _Item(entry["value"], entry["expires_at"], number)
                count = _Counters(kept["stats"]["hits"], kept["stats"]["misses"], kept["stats"]["evictions"])
            except Exception:
                return False
            for key in list(items)[: max(0, len(items) - self.limit)]:
                items.pop(key)
            self.items, self.count, self.clock = items, count, len(kept["entries"])
            return True
