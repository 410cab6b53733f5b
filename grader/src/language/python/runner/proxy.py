"""`distributed_cache` as tests import it: each call crosses to the cache in the other process, with the time that the test
has made. Calls of several threads cross together, once nobody can go on without an answer."""

import builtins
import os
import time

import plain
import scheduler

ANSWER_MAX = 64 << 20
# What a call counts for in steps: so many lines take as long.
CALL_STEPS = 160


class Link:
    """The pipe to the cache, and who waits for what."""

    def __init__(self, read_fd, write_fd):
        self.read_fd, self.write_fd = read_fd, write_fd
        self.read, self.write = os.read, os.write
        self.open, self.os_replace, self.os_remove = open, os.replace, os.remove
        self.pending = []
        self.waiting = {}
        self.answers = {}
        self.count = 0
        self.broken = None
        self.operations = {}
        self.sleeps = 0
        self.caches = 0
        # The test that has begun, until the cache's process is told of it.
        self.test = None

    def call(self, cache, method, args, kwargs):
        s = scheduler.active
        if self.broken:
            raise RuntimeError(self.broken)
        data = [cache, method, [plain.pack(item) for item in args], {name: plain.pack(item) for name, item in kwargs.items()}]
        number, self.count = self.count, self.count + 1
        me = s.current
        # Whoever measures calls does not wait for time to pass.
        s.reads = 0
        # A call takes as long as so many lines, here and there together: who calls for ever is found out too.
        s.steps += CALL_STEPS
        self.operations[me.number] = self.operations.get(me.number, 0) + 1
        self.pending.append((number, me.number, data, time.time()))
        while number not in self.answers:
            if self.broken:
                raise RuntimeError(self.broken)
            self.waiting[number] = me
            s.wait("an answer of the cache")
        good, value = self.answers.pop(number)
        if good:
            return plain.unpack(value)
        name, text = value
        kind = getattr(builtins, name, None)
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            kind = RuntimeError
        if kind in (UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError):
            kind = UnicodeError
        raise kind(text)

    def idle(self):
        """Nobody can go on: what was called crosses, and somebody gets an answer."""
        if not self.waiting:
            return False
        s = scheduler.active
        wall = self.pending[-1][3] if self.pending else self.last
        self.last = wall
        calls = [[number, caller, data] for number, caller, data, _ in self.pending]
        self.pending = []
        message = {"wall": wall, "now": s.now, "calls": calls}
        if self.test is not None:
            message["test"], self.test = self.test, None
        plain.send(self.write_fd, message, self.write)
        while True:
            message = plain.receive(self.read_fd, self.read, ANSWER_MAX)
            if message is None:
                self.fail("the cache has come to an end")
                return True
            if "ask" in message:
                plain.send(self.write_fd, self.file(*message["ask"]), self.write)
            elif "done" in message:
                for number, good, value in message["done"]:
                    self.answers[number] = (good, value)
                    s.wake(self.waiting.pop(number))
                return True
            else:
                self.fail("deadlock: no call of the cache can go on (" + "; ".join(message.get("stuck", [])) + ")"
                          if "stuck" in message else str(message.get("broken", "the cache is broken")))
                return True

    def fail(self, why):
        self.broken = why[:2000]
        for task in self.waiting.values():
            scheduler.active.wake(task)
        self.waiting = {}

    def file(self, what, path, *more):
        """Files are the test's: opened here, with its rights and in its folder."""
        try:
            if what == "read":
                with self.open(path, "rb") as file:
                    return {"bytes": file.read(ANSWER_MAX // 4).hex()}
            if what == "create":
                self.open(path, "wb").close()
            elif what == "write":
                with self.open(path, "wb") as file:
                    file.write(bytes.fromhex(more[0]))
            elif what == "replace":
                self.os_replace(path, more[0])
            elif what == "remove":
                self.os_remove(path)
            elif what == "exists":
                return {"bytes": "31" if os.path.exists(path) else "30"}
            return {}
        except OSError as error:
            return {"error": error.errno or 5}
        except (ValueError, TypeError):
            return {"error": 22}


def module(link):
    """The module that tests import."""

    class DistributedCache:
        """The cache under test. What each method promises stands in the exercise's statement."""

        def __init__(self, max_size=1000, default_ttl=None, cleanup_interval=60):
            link.caches += 1
            self._number = link.caches
            link.call(self._number, "new", (), {
                "max_size": max_size, "default_ttl": default_ttl, "cleanup_interval": cleanup_interval})

        def get(self, key):
            return link.call(self._number, "get", (key,), {})

        def set(self, key, value, ttl=None):
            return link.call(self._number, "set", (key, value, ttl), {})

        def delete(self, key):
            return link.call(self._number, "delete", (key,), {})

        def exists(self, key):
            return link.call(self._number, "exists", (key,), {})

        def increment(self, key, amount=1):
            return link.call(self._number, "increment", (key, amount), {})

        def keys(self, pattern="*"):
            return link.call(self._number, "keys", (pattern,), {})

        def delete_pattern(self, pattern):
            return link.call(self._number, "delete_pattern", (pattern,), {})

        def clear(self):
            return link.call(self._number, "clear", (), {})

        def stats(self):
            return link.call(self._number, "stats", (), {})

        def storage(self):
            return link.call(self._number, "storage", (), {})

        def cleanup(self):
            return link.call(self._number, "cleanup", (), {})

        def close(self):
            return link.call(self._number, "close", (), {})

        def cleaner_is_running(self):
            return link.call(self._number, "cleaner_is_running", (), {})

        def save(self, filepath):
            return link.call(self._number, "save", (os.fspath(filepath),), {})

        def load(self, filepath):
            return link.call(self._number, "load", (os.fspath(filepath),), {})

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.close()

    made = type(os)("distributed_cache")
    DistributedCache.__module__ = "distributed_cache"
    made.DistributedCache = DistributedCache
    return made
