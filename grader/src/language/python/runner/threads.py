"""The library's `threading`, `time` and `queue`, put on top of the scheduler before any code of a submission runs.

Conditions, events, semaphores, barriers, timers, queues and executors are the library's own, written in Python on locks
and threads: only those two, and the clocks, are replaced.
"""

import _thread
import os
import posix  # noqa: F401  its names are replaced too
import sys
import time

import scheduler
from scheduler import Lock, RLock, WALL_START


def _clock():
    s = scheduler.active
    return 0.0 if s is None else s.read_clock()


def _sleep(seconds, /):
    s = scheduler.active
    if s is not None:
        s.sleep(seconds)


def patch_clocks():
    """Virtual clocks: the monotonic ones start at 1000 s, the wall clock on the first of January 2026."""
    time.sleep = _sleep
    time.time = lambda: WALL_START + _clock()
    time.time_ns = lambda: int((WALL_START + _clock()) * 1e9)
    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        setattr(time, name, lambda: 1000.0 + _clock())
        setattr(time, name + "_ns", lambda: int((1000.0 + _clock()) * 1e9))
    time.clock_gettime = lambda clock: (WALL_START if clock == 0 else 1000.0) + _clock()
    time.clock_gettime_ns = lambda clock: int(time.clock_gettime(clock) * 1e9)
    # Numbers that differ from run to run, and would tell which run it is.
    for module in (os, sys.modules["posix"]):
        module.getpid = lambda: 100
        module.getppid = lambda: 99
        module.times = lambda: (0.0, 0.0, 0.0, 0.0, 0.0)


def _refuse(what):
    def refuse(*_, **__):
        raise RuntimeError(f"{what} is not available here")

    return refuse


def patch_threads():
    """Locks and threads of the scheduler in `_thread` and `threading`."""
    _thread.allocate_lock = _thread.allocate = Lock
    _thread.LockType = _thread.lock = Lock
    _thread.RLock = RLock
    _thread.start_new_thread = _thread.start_new = _start_bare
    if hasattr(_thread, "start_joinable_thread"):
        _thread.start_joinable_thread = _refuse("_thread.start_joinable_thread")
    import threading

    threading.Lock = threading._allocate_lock = Lock
    threading.RLock = threading._CRLock = threading._PyRLock = RLock
    threading._start_new_thread = _start_bare
    threading._time = time.monotonic
    threading.settrace = threading.setprofile = _refuse("threading.settrace")
    threading.stack_size = lambda size=0: 0
    threading._active_limbo_lock = RLock()
    threading._shutdown_locks_lock = Lock()
    threading.get_native_id = lambda: scheduler.active.current.number + 1
    threading.get_ident = _thread.get_ident = lambda: (
        1 if scheduler.active is None else scheduler.active.current.number + 1)
    thread = threading.Thread
    thread.start = start
    thread.join = join
    thread.is_alive = _is_alive
    thread._set_tstate_lock = lambda self: None
    thread._wait_for_tstate_lock = lambda self, block=True, timeout=-1: None
    thread._reset_internal_locks = lambda self, is_alive: None
    threading._shutdown = lambda: None
    main = threading._main_thread
    threading._active.clear()
    threading._active[1] = main
    main._ident = 1
    # These import what is replaced above, so they come after it.
    import queue

    queue.SimpleQueue = _SimpleQueue
    queue._queue = None
    queue.time = time.monotonic
    import concurrent.futures.thread

    concurrent.futures.thread._global_shutdown_lock = Lock()


def _start_bare(function, args, kwargs=None):
    """`_thread.start_new_thread`."""
    s = scheduler.active
    if s is None:
        raise RuntimeError("can't start new thread")
    task = s.task(getattr(function, "__name__", "thread"))
    kwargs = kwargs or {}

    def body():
        try:
            function(*args, **kwargs)
        except SystemExit:
            pass
        except BaseException as error:
            s.crash.append((task.number, task.name, error))

    s.start(task, body)
    s.crowd(task)
    return task.number + 1


def start(self):
    """`Thread.start`."""
    import threading

    if not self._initialized:
        raise RuntimeError("thread.__init__() not called")
    if self._started.is_set():
        raise RuntimeError("threads can only be started once")
    s = scheduler.active
    if s is None:
        raise RuntimeError("can't start new thread")
    task = s.task(self._name)
    self._cachedojo_task = task.number
    self._cachedojo_joiners = []

    def body():
        self._ident = task.number + 1
        self._native_id = task.number + 1
        threading._active[self._ident] = self
        try:
            self.run()
        except SystemExit:
            pass
        except BaseException as error:
            s.crash.append((task.number, self._name, error))
        finally:
            threading._active.pop(self._ident, None)
            self._is_stopped = True
            for joiner in self._cachedojo_joiners:
                s.wake(s.tasks[joiner])
            self._cachedojo_joiners.clear()

    # Without a lock: nobody else runs, and the event has no waiter yet.
    self._started._flag = True
    try:
        s.start(task, body)
    except RuntimeError:
        self._started._flag = False
        raise
    s.crowd(task)


def _is_alive(self):
    if not self._initialized:
        raise RuntimeError("Thread.__init__() not called")
    if getattr(self, "_cachedojo_task", None) is None:
        return not self._is_stopped and self._started.is_set()
    return not self._is_stopped


def join(self, timeout=None):
    import threading

    if not self._initialized:
        raise RuntimeError("Thread.__init__() not called")
    if not self._started.is_set():
        raise RuntimeError("cannot join thread before it is started")
    if self is threading.current_thread():
        raise RuntimeError("cannot join current thread")
    s = scheduler.active
    task = s.task_of(getattr(self, "_cachedojo_task", None))
    if task is None:
        s.wait("thread")
        return
    s.point()
    deadline = None if timeout is None else s.now + max(0.0, float(timeout))
    while not self._is_stopped:
        me = s.current.number
        self._cachedojo_joiners.append(me)
        left = None if deadline is None else max(0.0, deadline - s.now)
        if not s.wait(task, left):
            if me in self._cachedojo_joiners:
                self._cachedojo_joiners.remove(me)
            return


class _SimpleQueue:
    """`queue.SimpleQueue`, on a semaphore: the built-in one would wait in the system."""

    def __init__(self):
        import threading

        self._items = []
        self._count = threading.Semaphore(0)

    def put(self, item, block=True, timeout=None):
        self._items.append(item)
        self._count.release()

    def get(self, block=True, timeout=None):
        import queue

        if timeout is not None and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        if not (self._count.acquire(True, timeout) if block else self._count.acquire(False)):
            raise queue.Empty
        return self._items.pop(0)

    put_nowait = put

    def get_nowait(self):
        return self.get(block=False)

    def empty(self):
        return not self._items

    def qsize(self):
        return len(self._items)
