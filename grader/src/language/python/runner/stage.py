"""The cache under test, in a process of its own: it hears calls and answers them, on threads in a seeded order.

Files are opened by whoever asked: their contents cross as bytes. Pickles are read as plain data: no class of them is ever
looked up.
"""

import builtins
import io
import os
import pickle
import time
import zlib

import plain
import scheduler

MESSAGE_MAX = 8 << 20
CALLS = ("get", "set", "delete", "exists", "increment", "keys", "delete_pattern", "clear", "stats", "storage", "cleanup",
         "close", "cleaner_is_running", "save", "load")


class Stage:
    """One implementation, all its instances."""

    def __init__(self, source, read_fd, write_fd, schedule, steps_max, foreign):
        self.read_fd, self.write_fd = read_fd, write_fd
        self.read, self.write = os.read, os.write
        self.wall = scheduler.WALL_START
        self.caches = {}
        self.finished = []
        self.workers = {}
        self.waiting = False
        self.s = scheduler.Scheduler(schedule, steps_max, foreign)
        self.seed = schedule["seed"]
        self.source = source

    def say(self, message):
        plain.send(self.write_fd, message, self.write)

    def hear(self):
        message = plain.receive(self.read_fd, self.read, MESSAGE_MAX)
        if message is None:
            os._exit(0)
        return message

    def ask(self, *question):
        """Has the test's side do something with a file."""
        self.say({"ask": list(question)})
        answer = self.hear()
        if "error" in answer:
            raise OSError(answer["error"], os.strerror(answer["error"]), question[1])
        return bytes.fromhex(answer.get("bytes", ""))

    def open(self, path, mode="r", *_, **__):
        path = os.fspath(path)
        if "r" in mode:
            data = self.ask("read", path)
            return io.BytesIO(data) if "b" in mode else io.StringIO(data.decode())
        self.ask("create", path)
        return Written(self, path, "b" in mode)

    def load(self):
        builtins.open = io.open = self.open
        os.replace = os.rename = lambda source, target: self.ask("replace", os.fspath(source), os.fspath(target)) and None
        os.remove = os.unlink = lambda path: self.ask("remove", os.fspath(path)) and None
        os.path.exists = lambda path: self.ask("exists", os.fspath(path)) == b"1"
        time.time = lambda: self.wall
        time.time_ns = lambda: int(self.wall * 1e9)
        pickle.load, pickle.loads = load_plainly, loads_plainly
        module = type(os)("distributed_cache")
        exec(compile(self.source, "distributed_cache.py", "exec"), module.__dict__)
        self.make = module.DistributedCache

    def begin_test(self, name):
        """What a test meets depends on the seed and on its name, not on the tests before it: it draws from the start, and no thread of
        theirs counts among those that call. (The test's main thread is theirs too.)"""
        self.workers = {caller: work for caller, work in self.workers.items() if caller == 0}
        self.s.begin_anew(self.seed ^ zlib.crc32(name.encode("utf-8", "surrogatepass")))

    def begin(self, number, caller, call):
        """One thread here for each that calls there; it waits for its caller's next call."""
        work = self.workers.get(caller)
        if work is None:
            work = self.workers[caller] = {"call": (number, call), "task": self.s.task(f"caller {caller}")}
            self.s.start(work["task"], lambda: self.work(work))
        else:
            work["call"] = (number, call)
            self.s.wake(work["task"])

    def work(self, work):
        while True:
            number, call = work["call"]
            # Where nobody else can go on, looking at each instruction whether to stop would only take time.
            scheduler._settrace(self.s.trace if len(self.workers) > 1 or self.s.ready else None)
            try:
                result = [number, True, plain.pack(self.perform(call))]
            except Exception as error:
                result = [number, False, [type(error).__name__, str(error)[:1000]]]
            self.finished.append(result)
            if self.waiting:
                self.waiting = False
                self.s.wake(self.main)
            self.s.wait("a call")

    def perform(self, call):
        cache, method, args, kwargs = call
        args = [plain.unpack(item) for item in args]
        kwargs = {name: plain.unpack(item) for name, item in kwargs.items()}
        if method == "new":
            self.caches[cache] = self.make(*args, **kwargs)
            return None
        if method not in CALLS:
            raise AttributeError(method)
        return getattr(self.caches[cache], method)(*args, **kwargs)

    def serve(self):
        s = self.s
        self.main = s.current
        self.load()
        self.say({"ready": True})
        while True:
            message = self.hear()
            self.wall = message["wall"]
            if "test" in message:
                self.begin_test(message["test"])
            # The test's time that nobody has frozen: what waits here by the clock wakes by it.
            if message["now"] > s.now:
                s.now = message["now"]
                s._due()
            for number, caller, call in message["calls"]:
                self.begin(number, caller, call)
            # Who is still busy with an earlier call may go on too; the cleaner that waits for its hour may not.
            while not self.finished:
                self.waiting = True
                s.wait("calls")
            done, self.finished = self.finished, []
            self.say({"done": done})

    def stuck(self):
        """Nobody who could answer can go on."""
        self.say({"stuck": self.s.who_waits()[:6]})
        os._exit(0)


class Written(io.BytesIO):
    """A file that is written to: it crosses when it is closed."""

    def __init__(self, stage, path, binary):
        super().__init__()
        self.stage, self.path, self.binary = stage, path, binary

    def write(self, data):
        return super().write(data if self.binary else data.encode())

    def close(self):
        if not self.closed:
            data = self.getvalue()
            super().close()
            self.stage.ask("write", self.path, data.hex())


class Plain(pickle.Unpickler):
    """Plain data has no classes."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError("this file holds more than plain data")


def load_plainly(file, **_):
    return Plain(file).load()


def loads_plainly(data, **_):
    return Plain(io.BytesIO(data)).load()


def run(source, read_fd, write_fd, schedule, steps_max, foreign):
    stage = Stage(source, read_fd, write_fd, schedule, steps_max, foreign)
    s = stage.s
    # When nobody can go on the test that asked is told so; time does not move by itself here.
    s.idle = stage.stuck
    task = s.task("stage")
    s.current = task
    s.alive += 1
    s._next_chunk()
    scheduler.active = s

    def main():
        try:
            stage.serve()
        except BaseException as error:
            stage.say({"broken": f"{type(error).__name__}: {error}"[:500]})
        finally:
            os._exit(0)

    scheduler._real_start(s._run, (task, main))
    task.baton.release()
    s.done.acquire()
    os._exit(0)
