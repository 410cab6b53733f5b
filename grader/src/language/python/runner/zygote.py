"""The runner's process: it reads one request, forks a child for it, and says what the child said. No code of a submission
ever runs in this process itself, and nothing of a run reaches the next. All that is kept between requests is the code of
the submission, compiled once by a child that runs none of it: bytes that this process does not read.

A grading is hundreds of short runs, so whatever is the same for all of them is done here, before the fork.

Frames on both pipes: four bytes of length, little-endian, then so many bytes of JSON. For a request come two: how the
child ended, as the system says, then the child's own bytes as they are. Whoever reads them believes the first only.
"""

import gc
import json
import os
import resource
import select
import sys
from _signal import SIG_DFL, SIGPIPE
from _signal import signal as real_signal
from time import clock_gettime as real_clock

import plain

# A child that uses no processor at all for so long, in seconds on the wall, waits for something that is not there. On a busy
# machine who only waits for the processor gets a little of it in that time.
STILL_S = 8
# The most bytes of code that are kept; what is larger is compiled in each run.
CODE_BYTES_MAX = 16 << 20
OURS = ("guard", "plain", "proxy", "rewrite", "run", "scheduler", "sealed", "stage", "suite", "threads", "zygote")


def read_exactly(fd, count):
    parts = []
    while count:
        part = os.read(fd, min(count, 1 << 20))
        if not part:
            os._exit(0)
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def read_frame(fd):
    return read_exactly(fd, int.from_bytes(read_exactly(fd, 4), "little"))


def write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]


def write_frame(fd, data):
    write_all(fd, len(data).to_bytes(4, "little") + data)


def confinement(program):
    """What a child calls to add the second filter: no new process, no raised limit. `program` is what the kernel takes, made by the
    grader; without one nothing is added. And what a child calls to stay on the processor on which it is."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(program, len(program))

    class Filter(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    it = Filter(len(program) // 8, ctypes.addressof(code))
    prctl, it_at = libc.prctl, ctypes.addressof(it)
    prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    where, set_affinity = libc.sched_getcpu, os.sched_setaffinity

    def stay():
        try:
            set_affinity(0, {where()})
        except OSError:
            pass

    def confine():
        if not it.len:
            return
        # PR_SET_PDEATHSIG, SIGKILL: when the grader is killed this process's parent ends, and then nobody would end what waits for ever.
        if prctl(1, 9, 0, 0, 0) != 0:
            os._exit(71)
        if prctl(38, 1, 0, 0, 0) != 0 or prctl(22, 2, it_at, 0, 0) != 0:
            os._exit(71)

    # The kernel reads it at each call: it lives as long as the function.
    confine.code = code
    return confine, stay


def limit(limits):
    for name, most in limits.items():
        what = getattr(resource, name)
        hard = most + 1 if name == "RLIMIT_CPU" else most
        resource.setrlimit(what, (most, hard))


def stage(request, confine):
    """A second child, with the cache under test. It alone reads the cache's source, from the request's second frame: no
    process that runs a submission's code ever holds it. Returns the ends of the pipes to it."""
    to_stage, from_stage = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            source = read_frame(0).decode()
            alone((to_stage[0], from_stage[1]), request["limits"], confine)
            schedule = dict(request["schedule"], one_in=request["one_in"])
            sys.modules["stage"].run(source, to_stage[0], from_stage[1], schedule, 50 * request["steps_max"],
                                     tuple(request["foreign"]))
        finally:
            os._exit(70)
    os.close(to_stage[0])
    os.close(from_stage[1])
    # Its first word says that the source is read: from then on this pipe is the runner's again.
    plain.receive(from_stage[0], os.read, 1 << 16)
    return pid, (from_stage[0], to_stage[1])


def alone(keep, limits, confine):
    """Nothing open but what is kept; limits; the second filter."""
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    low = 3
    keep = sorted(keep)
    for fd in keep:
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, 4096)
    real_signal(SIGPIPE, SIG_DFL)
    limit(limits)
    confine()


def child(request, out, extra, code, confine, stay):
    """The child's whole life: limits, filter, then the run, which does not come back."""
    if request["do"] == "run":
        # One thread of a run goes on at a time: on one processor it hands over to the next in a third of the time.
        stay()
    alone({out, *extra}, request["limits"], confine)
    maker = maker_of(request["do"])
    if code and maker:
        sys.modules[maker].use(code, request["files"])
    run = sys.modules["suite" if request["do"].startswith("tests") else "run"].run
    # Out of the submission's sight: what it does not find it does not patch.
    for name in OURS:
        sys.modules.pop(name, None)
    del sys.meta_path[0]
    run(request, out, extra)


def used_by(processes):
    """The seconds of processor time that they have used so far, those that cannot be asked left out."""
    used = 0.0
    for process in processes:
        try:
            used += real_clock((~process << 3) | 2)
        except OSError:
            continue
    return used


def hear(processes, fd, most):
    """What a child says, up to its end; and whether neither it nor whoever answers it says or does anything any more: they wait for
    what never comes. This process may not kill, so whoever started it does."""
    still, seen = 0, -1.0
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    body = bytearray()
    while len(body) <= most:
        if not poll.poll(1000):
            used = used_by(processes)
            still = still + 1 if used == seen else 0
            seen = used
            if still >= STILL_S:
                return body, True
            continue
        part = os.read(fd, 1 << 16)
        if not part:
            break
        body += part
    return body, False


def outcome_of(child, read, write, most, beside=()):
    """What a child says, its exit status, and the seconds of processor time that it took. `beside` are those that it may wait for."""
    os.close(write)
    body, is_stuck = hear((child, *beside), read, most)
    if is_stuck:
        stuck(body[:most])
    os.close(read)
    _, status, usage = os.wait4(child, 0)
    return body, status, usage.ru_utime + usage.ru_stime


def stuck(body):
    """Whoever started this process ends it, and all its children."""
    write_frame(1, json.dumps({"exit": None, "signal": None, "cpu_ms": 0, "too_much": False, "stuck": True}).encode())
    write_frame(1, bytes(body))
    os._exit(0)


def maker_of(task):
    """Which of our modules compiles what this request runs; none for one that runs nothing."""
    return {"tests": "rewrite", "run": "run"}.get(task)


def compiled(request, confine):
    """The code of the request's files, made by a child; none if they are too much for it. And the time that took."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            alone({write}, request["limits"], confine)
            write_all(write, sys.modules[maker_of(request["do"])].compiled(request["files"]))
            os._exit(0)
        finally:
            os._exit(70)
    body, status, cpu = outcome_of(pid, read, write, CODE_BYTES_MAX)
    whole = status == 0 and len(body) <= CODE_BYTES_MAX
    return bytes(body) if whole else b"", cpu


def serve(settings):
    confine, body_max = settings["confinement"][0], settings["body_max"]
    files, code = None, b""
    while True:
        request = json.loads(read_frame(0))
        staged, extra = stage(request, confine) if request["do"] == "tests" else (None, ())
        cpu = 0.0
        if maker_of(request["do"]) and files != request["files"]:
            files = request["files"]
            code, cpu = compiled(request, confine)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(read)
                child(request, write, extra, code, *settings["confinement"])
            finally:
                os._exit(70)
        for fd in extra:
            os.close(fd)
        body, status, used = outcome_of(pid, read, write, body_max, () if staged is None else (staged,))
        cpu += used
        if staged is not None:
            # Its pipes are closed, so it ends too.
            more = os.wait4(staged, 0)[2]
            cpu += more.ru_utime + more.ru_stime
        header = {
            "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            "cpu_ms": int(cpu * 1000),
            "too_much": len(body) > body_max,
            "stuck": False,
        }
        write_frame(1, json.dumps(header).encode())
        write_frame(1, bytes(body[:body_max]))


def prepare(settings):
    """Imports what submissions may use, on top of the scheduler, before the first fork: no run pays for it."""
    import faulthandler  # noqa: F401

    import sealed
    import threads

    threads.patch_clocks()
    threads.patch_threads()
    sealed.patch()
    import collections  # noqa: F401
    import concurrent.futures  # noqa: F401
    import contextlib  # noqa: F401
    import dataclasses  # noqa: F401
    import enum  # noqa: F401
    import functools  # noqa: F401
    import itertools  # noqa: F401
    import logging  # noqa: F401
    import queue  # noqa: F401
    import random  # noqa: F401
    import re  # noqa: F401
    import string  # noqa: F401
    import typing  # noqa: F401
    import guard
    import run  # noqa: F401

    settings["confinement"] = confinement(bytes.fromhex(settings["filter"]))
    if settings.get("tests"):
        # The toolbox holds no plugin of pytest's: looking for some took each run a fifth of its start.
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        import freezegun  # noqa: F401
        import pytest  # noqa: F401

        import proxy  # noqa: F401
        import rewrite  # noqa: F401
        import stage  # noqa: F401
        import suite  # noqa: F401

        warm_pytest()
        warm_freezegun()
    else:
        # pytest looks at frames; nothing else has business there.
        guard.hide_runner()
        guard.close_doors()
    # A collection in a child would touch all that is here, and each page that is touched is copied.
    gc.collect()
    gc.freeze()


def warm_pytest():
    """pytest's own plugins, which it imports only once it is called."""
    from importlib import import_module

    from _pytest.config import default_plugins

    for name in (*default_plugins, "python_path"):
        import_module("_pytest." + name)


def warm_freezegun():
    """freezegun looks through all modules whenever time is frozen, to see which have changed. Those that are here before
    the first fork do not: what it finds out of them now holds."""
    import freezegun.api as api

    look, known = api._get_module_attributes_hash, {}

    def hash_of(module):
        return known.get(id(module)) or look(module)

    for module in list(sys.modules.values()):
        known[id(module)] = look(module)
    api._get_module_attributes_hash = hash_of
    with api.freeze_time("2026-01-01"):
        pass


def main(settings):
    prepare(settings)
    write_frame(1, json.dumps({"python": list(sys.version_info[:3])}).encode())
    serve(settings)
