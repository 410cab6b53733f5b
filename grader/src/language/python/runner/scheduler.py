"""Threads in a given order: real threads, of which one at a time may run, chosen by a seed.

What waits (locks, joins, sleeps) waits in `Scheduler`, not in the system; `time` is virtual. Between two instructions
of the submission's own code the running thread may have to stop and let another go on: an opcode trace counts them.
So a schedule is a pure function of its seed, and a run can be repeated for ever.
"""

import _thread
import heapq
import sys

_real_allocate = _thread.allocate_lock
_real_start = _thread.start_new_thread
_real_ident = _thread.get_ident
_getframe = sys._getframe
_settrace = sys.settrace
_current_frames = sys._current_frames
# Taken before `guard.hide_runner`, which removes these from frames, or hides the runner's frames from them.
_Frame = type(_getframe())
_back = _Frame.f_back.__get__
_trace_opcodes = _Frame.f_trace_opcodes.__set__
_trace_lines = _Frame.f_trace_lines.__set__
# The frame that is being looked at here: see `guard.install`.
asked = [None]

# Threads of the system at the same time, for which there is memory. Who was started after so many of them begins when one of them has
# ended, or when all of them wait.
EAGER_MAX = 1500
THREADS_MAX = 2000
# Alive at the same time, begun or not; CPython's own word for more is the same RuntimeError.
ALIVE_MAX = 20000
# From so many on whoever starts one more lets the others go first: 10,000 short threads need not live at once.
CROWD = 48
# Switches that a run remembers: what a story can hold.
SWITCHES_MAX = 4000
# Turns that a story can tell.
TURNS_MAX = 300
# A thread with priority that spins for so many steps is put behind the others.
SPIN = 20000
# And one that comes to so many points in a row: it unlocks, locks and looks again for what another one has to do.
SPIN_POINTS = 100
# In seconds: how long other threads may be held up while one waits with a limit. A sleep orders nothing, however long it is.
SLOW = 1.0

WALL_START = 1767225600.0
# What ends a wait of the library's that is none for a lock, by the name of the call.
NOTIFIED = {
    "wait": " until another thread notifies it (`notify`, `notify_all`, or `set` of an event)",
    "wait_for": " until another thread notifies it (`notify`, `notify_all`)",
    "acquire": " until another thread calls `release`",
    "__enter__": " until another thread calls `release`",
    "get": " until another thread puts something in",
    "put": " until another thread takes something out",
    "result": " until the result is there",
    "join": " until all that was put in is done",
}


def _age(task):
    return task.number


class Random:
    """xorshift64*, written out: the same on every version of Python."""

    def __init__(self, seed):
        self.state = (seed * 0x9E3779B97F4A7C15 + 0x1234567) & 0xFFFFFFFFFFFFFFFF or 1

    def below(self, n):
        x = self.state
        x ^= x >> 12
        x = (x ^ (x << 25)) & 0xFFFFFFFFFFFFFFFF
        x ^= x >> 27
        self.state = x
        return (((x * 0x2545F4914F6CDD1D) & 0xFFFFFFFFFFFFFFFF) >> 11) % n


class Task:
    """A thread as the scheduler sees it."""

    __slots__ = ("number", "name", "baton", "token", "timed_out", "waits_for", "priority", "ident", "worked", "body")

    def __init__(self, number, name):
        self.number = number
        self.name = name
        self.baton = _real_allocate()
        self.baton.acquire()
        self.token = 0
        self.timed_out = False
        self.waits_for = None
        self.priority = 0
        self.ident = 0
        self.worked = 0
        # What it runs, until its thread of the system has begun.
        self.body = None


class Scheduler:
    """Who runs, who is ready, who waits, and what time it is."""

    def __init__(self, schedule, steps_max, foreign):
        self.foreign = foreign
        self.kind = schedule.get("kind", "calm")
        self.tasks = []
        self.current = None
        self.ready = []
        self.alive = 0
        # Threads of the system; and who has none yet, and is in no other list.
        self.begun = 0
        self.later = []
        self.timers = []
        self.timer_count = 0
        self.now = 0.0
        self.reads = 0
        self.steps = 0
        self.chunk = 0
        self.steps_max = steps_max
        self.switches = []
        self.turns = []
        self.switch_count = 0
        self.last = 0
        self.points = 0
        self.ended = None
        self.done = _real_allocate()
        self.done.acquire()
        self.crash = []
        # What is done before time moves, and says whether somebody can go on now.
        self.idle = None
        self.any_moment = schedule.get("any_moment", False)
        self.trace, self.take, self.give = _stepper(self)
        seed = schedule.get("seed", 0)
        self.random = Random(seed)
        self.replay = {}
        if self.kind == "replay":
            # By thread: at which of its own steps it stops, and who goes on then.
            for number, worked, to in schedule["switches"]:
                self.replay.setdefault(number, {})[worked] = to
        elif self.kind == "walk":
            self.one_in = schedule.get("one_in") or (2, 4, 12, 40, 150)[self.random.below(5)]
        elif self.kind == "pct":
            length = max(2, schedule.get("length", 1000))
            count = 1 + self.random.below(3)
            self.changes = sorted({1 + self.random.below(length) for _ in range(count)})
            self.lowest = 0
        self._next_chunk()

    def begin_anew(self, seed):
        """From here on chance and steps are those of a new run with this seed; who waits and what time it is stay."""
        self.random = Random(seed)
        self.steps = self.last = self.points = 0
        self._next_chunk()

    # Steps.

    def _next_chunk(self):
        """After how many steps the running thread is looked at again."""
        kind = self.kind
        if kind == "walk":
            # A uniform draw with the mean that a coin for each step would have.
            chunk = 1 + self.random.below(2 * self.one_in - 1)
        elif kind == "pct":
            chunk = SPIN
            for change in self.changes:
                if change > self.steps:
                    chunk = min(SPIN, change - self.steps)
                    break
        elif kind == "replay":
            chunk = SPIN
            me = self.current
            if me is not None:
                for worked in self.replay.get(me.number, ()):
                    if worked > me.worked:
                        chunk = min(chunk, worked - me.worked)
        else:
            chunk = SPIN
        self.chunk = chunk
        self.give(chunk)

    def _counted(self):
        """Adds what has run since the last look."""
        left = self.take()
        ran = self.chunk - left
        self.steps += ran
        self.current.worked += ran
        self.chunk = left

    def _step(self):
        self.steps += 1
        self.current.worked += 1

    def _look(self, frame):
        self._counted()
        if self.steps > self.steps_max:
            self._next_chunk()
            self._too_far()
        self._due()
        kind = self.kind
        me = self.current
        to = me
        if self.ready or self.any_moment and self.timers:
            if kind == "walk":
                to = self._any(me)
            elif kind == "pct":
                self._lower(me)
                to = self._highest(me)
            elif kind == "replay":
                to = self._told() or me
            if to is me and kind in ("calm", "replay") and self.chunk == 0 and self.steps - self.last >= SPIN and self.ready:
                # Nobody is ever made to wait for ever, not even without preemption.
                to = self.ready[0]
            elif to is not me:
                self._differs(me, to)
        elif kind == "pct":
            self._lower(me)
        if to is not me:
            self._leave(me, to, frame.f_lineno or 0, "stops")
        else:
            self._next_chunk()

    def _too_far(self):
        self.end(("steps", self.steps_max))

    # Choice.

    def _sleepers(self):
        """Those whose sleep may be over, where any sleep may be at any moment: the running thread too, if it begins one."""
        if not self.any_moment or not self.timers:
            return []
        return [task for deadline, _, task, token in sorted(self.timers)
                if task.token == token and (task.waits_for == "time" or deadline - self.now <= SLOW)]

    def _woken(self, task):
        """`task`, awake: time has moved to where its sleep or its wait ends."""
        if task is not None:
            for deadline, _, other, token in self.timers:
                # Who is awake has another token.
                if other is task and token == task.token:
                    self.now = max(self.now, deadline)
                    task.timed_out = True
                    self.wake(task)
                    break
        return task

    def _any(self, me):
        others = self.ready + self._sleepers()
        index = self.random.below(len(others) + 1)
        return me if index == len(others) else self._woken(others[index])

    def _highest(self, me):
        best = me
        for task in self.ready + self._sleepers():
            if best is None or task.priority > best.priority:
                best = task
        return self._woken(best)

    def _lower(self, me):
        while self.changes and self.changes[0] <= self.steps:
            self.changes.pop(0)
            self.lowest -= 1
            me.priority = self.lowest
        if self.chunk == 0 and self.steps - self.last >= SPIN or self.points >= SPIN_POINTS:
            self.points = 0
            self.lowest -= 1
            me.priority = self.lowest

    def _told(self):
        """Who goes on now by the schedule that is replayed; None where it says nothing, or names one who cannot."""
        now = self.current
        number = self.replay.get(now.number, {}).get(now.worked)
        if number is not None:
            if number == now.number and now.waits_for is None:
                return now
            for task in self.ready + self._sleepers():
                if task.number == number:
                    return self._woken(task)
        return None

    def _choose(self, me):
        """The next one, where the running thread cannot go on: calmly the oldest."""
        kind = self.kind
        oldest = min(self.ready, key=_age)
        if kind == "walk":
            others = self.ready + self._sleepers()
            to = self._woken(others[self.random.below(len(others))])
        elif kind == "pct":
            to = self._highest(None)
        elif kind == "replay":
            to = self._told() or oldest
        else:
            to = oldest
        if to is not oldest:
            self._differs(me, to)
        return to

    def _differs(self, me, to):
        """A choice that is not the calm one: all of them together are the schedule."""
        self.switch_count += 1
        if self.switch_count <= SWITCHES_MAX:
            self.switches.append((me.number, me.worked, to.number))

    # Turns.

    def _leave(self, me, to, line, how):
        """`me`, which could go on, stops; `to` goes on."""
        self.ready.remove(to)
        self.ready.append(me)
        self._turn(me, to, line, how)

    def _turn(self, me, to, line, how):
        self._note(me, to, line, how)
        self._go(to)
        me.baton.acquire()

    def _note(self, me, to, line, how):
        self.last = self.steps
        self.points = 0
        self._tell(me, to, line, how)
        self.current = to
        self._next_chunk()

    def _tell(self, me, to, line, how):
        if len(self.turns) < TURNS_MAX:
            self.turns.append((me.number, line, how, to.number))

    def point(self):
        """Where a thread may have to stop: before it touches what threads share."""
        me = self.current
        self._counted()
        self._step()
        self.points += 1
        if self.steps > self.steps_max:
            self._too_far()
        self._due()
        if not self.ready and not (self.any_moment and self.timers):
            return
        kind = self.kind
        to = me
        if kind == "walk":
            if self.random.below(self.one_in if self.one_in < 4 else 4) == 0:
                to = self._any(me)
        elif kind == "pct":
            self._lower(me)
            to = self._highest(me)
        elif kind == "replay":
            to = self._told() or me
        if to is not me:
            self._differs(me, to)
        elif kind in ("calm", "replay") and self.steps - self.last >= SPIN and self.ready:
            # As in `_look`, which a thread that keeps coming to points does not come to.
            to = self.ready[0]
        if to is not me:
            self._leave(me, to, _line(self.foreign), "stops")
        else:
            self._next_chunk()

    def give_way(self):
        """Lets another go on, if any can."""
        me = self.current
        self._counted()
        self._step()
        self._due()
        if self.kind == "pct":
            self.lowest -= 1
            me.priority = self.lowest
        self._admit()
        if self.ready:
            self._leave(me, self._choose(me), _line(self.foreign), "stops")

    def wait(self, what, timeout=None):
        """The running thread waits until `wake`, or until the time is up; says which."""
        me = self.current
        self._counted()
        self._step()
        me.waits_for = what
        me.timed_out = False
        if timeout is not None:
            self.timer_count += 1
            heapq.heappush(self.timers, (self.now + timeout, self.timer_count, me, me.token))
        self.points += 1
        self._due()
        self._move_time()
        if self.kind == "pct" and self.points >= SPIN_POINTS:
            # It sleeps again and again, for what another one has to do.
            self._lower(me)
        to = self._choose(me)
        self.ready.remove(to)
        if to is not me:
            self._turn(me, to, _line(self.foreign), "waits")
        me.waits_for = None
        return not me.timed_out

    def task_of(self, number):
        """The task with a number, which stands where a submission can look: it never holds a task itself."""
        return self.tasks[number] if type(number) is int and 0 <= number < len(self.tasks) else None

    def wake(self, task, notified=False):
        if notified:
            self._tell(self.current, task, _line(self.foreign), "wakes")
        task.token += 1
        self.ready.append(task)

    def _due(self):
        timers = self.timers
        while timers and timers[0][0] <= self.now:
            _, _, task, token = heapq.heappop(timers)
            if task.token == token and task.waits_for is not None:
                task.timed_out = True
                self.wake(task)

    def _move_time(self):
        """When nobody can go on, time moves to the next who wakes by it."""
        self._admit()
        while not self.ready:
            if self.idle is not None and self.idle():
                continue
            if not self.timers:
                me = self.current
                if me.waits_for is not None:
                    self._tell(me, me, _line(self.foreign), "stuck")
                self.end(("deadlock", self.who_waits()))
            self.now = max(self.now, self.timers[0][0])
            self._due()

    def end(self, how):
        """The run is over: the process's main thread, which has been waiting, tells how."""
        if self.ended is None:
            self._counted()
            self.ended = how
            self.done.release()
        stop = _real_allocate()
        stop.acquire()
        stop.acquire()

    # Threads.

    def task(self, name):
        number = len(self.tasks)
        task = Task(number, name)
        if self.kind == "pct":
            task.priority = 1 + self.random.below(1 << 30)
        self.tasks.append(task)
        return task

    def start(self, task, body):
        """A real thread for `task`, which runs `body` once it is its turn."""
        if self.alive >= ALIVE_MAX:
            raise RuntimeError("can't start new thread")
        task.body = body
        if self.begun < EAGER_MAX:
            self._begin(task)
            self.ready.append(task)
        else:
            self.later.append(task)
        self.alive += 1

    def _begin(self, task):
        body, task.body = task.body, None
        _real_start(self._run, (task, body))
        self.begun += 1

    def _admit(self):
        """Where nobody can go on, one that has not begun: the oldest if there is room again, else the youngest, which is mostly what
        the others wait for where threads are started from last to first."""
        if not self.ready and self.later:
            self.ready.append(self.later.pop(0 if self.begun < EAGER_MAX else -1))

    def _go(self, task):
        """It is `task`'s turn."""
        if task.body is not None:
            if self.begun >= THREADS_MAX:
                self.end(("threads", self.begun))
            try:
                self._begin(task)
            except RuntimeError:
                self.end(("threads", self.begun))
        task.baton.release()

    def _run(self, task, body):
        task.baton.acquire()
        task.ident = _real_ident()
        _settrace(self.trace)
        try:
            body()
        finally:
            _settrace(None)
            self._finish(task)

    def _finish(self, me):
        self._counted()
        self._step()
        self.alive -= 1
        self.begun -= 1
        me.token += 1
        if self.ended is not None:
            return
        self._due()
        self._move_time()
        to = self._choose(me)
        self.ready.remove(to)
        self._note(me, to, 0, "ends")
        self._go(to)

    def crowd(self, new):
        """After a start. Calmly the new thread goes first; and where many live already, they do."""
        me = self.current
        self._counted()
        self._step()
        kind = self.kind
        # One that has no thread of the system yet waits for its turn.
        calm = me if new.body is not None else new
        if kind == "calm":
            to = calm
        elif kind == "replay":
            to = self._told() or calm
        elif kind == "walk":
            to = self._any(me)
        else:
            self._lower(me)
            to = self._highest(me)
        if to is not calm:
            self._differs(me, to)
        if to is not me:
            self._leave(me, to, _line(self.foreign), "starts")
        else:
            self._next_chunk()
        while self.alive > CROWD and self.ready and kind != "calm":
            self._counted()
            self._step()
            to = self._told() if kind == "replay" else self._choose(me)
            if to is None or to is me:
                break
            self._differs(me, to)
            self._leave(me, to, _line(self.foreign), "stops")

    # Time.

    def read_clock(self):
        """Every look at a clock takes a microsecond; who does nothing else sees it run faster, so that loops end."""
        self.reads += 1
        self.now += 1e-6 if self.reads < 1000 else 1e-3
        return self.now

    def sleep(self, seconds):
        seconds = float(seconds)
        if seconds != seconds or seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if seconds > 9e9:
            raise OverflowError("timestamp too large to convert to C _PyTime_t")
        self.reads = 0
        if seconds == 0:
            self.give_way()
        else:
            self.wait("time", seconds)

    # Telling.

    def who_waits(self):
        """One sentence for each thread that waits: where, for what, and who holds it."""
        frames = _current_frames()
        told = []
        for task in self.tasks:
            if task.waits_for is None or len(told) >= 20:
                continue
            frame = frames.get(task.ident)
            how, place, called, notified = "waits", "", "", False
            while frame is not None:
                code = frame.f_code
                if not code.co_filename.startswith(self.foreign):
                    place = f" at {code.co_filename}:{frame.f_lineno} in {code.co_name}"
                    break
                called = code.co_name
                notified = notified or called == "wait" and code.co_filename.endswith("threading.py")
                how = "waits" if called == "__enter__" else f"waits in `{called}`"
                frame = _back(frame)
            what = task.waits_for
            reason = ""
            owner = self.task_of(getattr(what, "_owner", None))
            if notified:
                reason = NOTIFIED.get(called, "")
            elif owner is not None:
                line = getattr(what, "_line", 0)
                taken = f", taken at line {line}" if line else ""
                reason = (f" for a lock that it holds itself{taken}" if owner is task else
                          f" for a lock held by thread {owner.number} ({owner.name}){taken}")
            elif type(what) is Task:
                reason = f" for the end of thread {what.number} ({what.name})"
            told.append(f"thread {task.number} ({task.name}) {how}{place}{reason}")
        return told


def _file_of(frame):
    asked[0] = frame
    name = frame.f_code.co_filename
    asked[0] = None
    return name


def _line(foreign):
    """The line of the submission's that called into the library."""
    frame = _getframe(2)
    for _ in range(12):
        if frame is None:
            return 0
        if not _file_of(frame).startswith(foreign):
            return frame.f_lineno or 0
        frame = _back(frame)
    return 0


# The scheduler of this process; one run, one process.
active = None


def _now():
    return active


def _stepper(s):
    """What `sys.settrace` takes, and how its count of steps is read and set. It is called for every instruction, so it does
    next to nothing: a closure over one number."""
    foreign, look, left, own = s.foreign, s._look, 0, asked
    # Where nobody is preempted a line is step enough.
    by_instruction = s.kind != "calm"

    def trace(frame, event, arg):
        own[0] = frame
        name = frame.f_code.co_filename
        own[0] = None
        if name.startswith(foreign):
            return None
        if by_instruction:
            _trace_opcodes(frame, True)
            _trace_lines(frame, False)
        return step

    def step(frame, event, arg):
        nonlocal left
        left -= 1
        if left <= 0:
            look(frame)
        return step

    def take():
        return left

    def give(count):
        nonlocal left
        left = count

    return trace, take, give


# Who holds a lock before any run: the process has one thread then.
OUTSIDE = -1


class Lock:
    """`threading.Lock`, waiting in the scheduler. It holds numbers of tasks, and no method is given the scheduler: whoever replaces
    a method changes locks, not the schedule."""

    __slots__ = ("_owner", "_line", "_waiters", "__weakref__")

    def __init__(self):
        self._owner = None
        self._line = 0
        self._waiters = []

    def acquire(self, blocking=True, timeout=-1):
        limit = _limit(blocking, timeout)
        s = active
        if s is None:
            return self._outside(blocking)
        s.point()
        if self._owner is not None:
            if not blocking or limit == 0:
                return False
            if not self._wait(limit):
                return False
        self._owner = s.current.number
        self._line = _line(s.foreign)
        return True

    def _outside(self, blocking):
        # Before any run the process has one thread, which waits for nobody.
        if self._owner is not None and not blocking:
            return False
        self._owner = OUTSIDE
        return True

    def _wait(self, limit):
        s = active
        deadline = None if limit is None else s.now + limit
        while self._owner is not None:
            me = s.current.number
            self._waiters.append(me)
            left = None if deadline is None else max(0.0, deadline - s.now)
            if not s.wait(self, left):
                if me in self._waiters:
                    self._waiters.remove(me)
                if self._owner is not None:
                    return False
        return True

    def release(self):
        if self._owner is None:
            raise RuntimeError("release unlocked lock")
        s = active
        if s is None:
            self._owner = None
            return
        # A condition has each waiter lock a lock of its own and wait for it again: who releases another's lock notifies.
        notified = self._owner != s.current.number
        self._owner = None
        if self._waiters:
            s.wake(s.tasks[self._waiters.pop(0)], notified)
        s.point()

    def locked(self):
        return self._owner is not None

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *_):
        self.release()

    def _at_fork_reinit(self):
        self.__init__()

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked

    def __repr__(self):
        return f"<{'locked' if self._owner is not None else 'unlocked'} _thread.lock object>"


class RLock:
    """`threading.RLock`, waiting in the scheduler."""

    __slots__ = ("_lock", "_count", "__weakref__")

    def __init__(self):
        self._lock = Lock()
        self._count = 0

    def _me(self):
        return OUTSIDE if active is None else active.current.number

    def acquire(self, blocking=True, timeout=-1):
        _limit(blocking, timeout)
        if self._lock._owner == self._me():
            if active is not None:
                active.point()
            self._count += 1
            return True
        if not self._lock.acquire(blocking, timeout):
            return False
        self._count = 1
        return True

    def release(self):
        if self._lock._owner != self._me():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if self._count == 0:
            self._lock.release()

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *_):
        self.release()

    def locked(self):
        return self._lock.locked()

    def _is_owned(self):
        return self._lock._owner == self._me()

    def _recursion_count(self):
        return self._count if self._is_owned() else 0

    def _release_save(self):
        if not self._is_owned():
            raise RuntimeError("cannot release un-acquired lock")
        count, self._count = self._count, 0
        self._lock.release()
        return count

    def _acquire_restore(self, count):
        self._lock.acquire()
        self._count = count

    def _at_fork_reinit(self):
        self.__init__()

    def __repr__(self):
        return f"<{'locked' if self.locked() else 'unlocked'} threading.RLock object count={self._count}>"


def _limit(blocking, timeout):
    if timeout is None:
        raise TypeError("'NoneType' object cannot be interpreted as an integer or float")
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0 and timeout != -1:
        raise ValueError("timeout value must be a non-negative number")
    if timeout > 9e9:
        raise OverflowError("timeout value is too large")
    return None if timeout == -1 else float(timeout)
