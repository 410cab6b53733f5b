"""What the host would otherwise tell a submission, and differently each time: random bytes, clocks, load, names.

Replaced before any code of a submission runs: random bytes come from the seed, times from the virtual clock, and what
describes the host or what the process has used is constant. Only the names are replaced by which Python code asks, where
they stand (in `os` and in `posix`): C code that asks the system itself is not stopped.
"""

import _random
import datetime
import importlib._bootstrap_external as loading
import os
import posix
import random
import resource
import stat
import sys
import time

from guard import set_in
from scheduler import WALL_START

# `ThreadPoolExecutor()` takes its number of threads from it.
PROCESSORS = 4
PAGES = 1 << 20
SYSCONF = {"SC_AVPHYS_PAGES": PAGES, "SC_PHYS_PAGES": PAGES, "SC_NPROCESSORS_CONF": PROCESSORS,
           "SC_NPROCESSORS_ONLN": PROCESSORS}
_source = _random.Random(0)
# The files that were asked for, by what the system calls them: they are numbered as they are first seen.
_numbers = {}


def seed(number):
    """All that this process draws comes from this number from now on."""
    _numbers.clear()
    _source.seed(number + 0x9E3779B97F4A7C15)
    random.seed(number)


def _bytes(size, /):
    if size < 0:
        raise ValueError("negative argument not allowed")
    return _source.getrandbits(8 * size).to_bytes(size, "little") if size else b""


def _everywhere(name, value):
    """In `os` and in `posix`, where this system has it."""
    for module in (os, posix):
        if hasattr(module, name):
            setattr(module, name, value)


def _chance():
    _everywhere("urandom", _bytes)
    _everywhere("getrandom", lambda size, flags=0: _bytes(size))
    random._urandom = _bytes
    given = random.Random.seed

    def seed_of(self, a=None, version=2):
        # Without a seed the built-in one asks the system.
        given(self, _source.getrandbits(128) if a is None else a, version)

    random.Random.seed = seed_of
    random.seed = random._inst.seed
    # OpenSSL has random bytes of its own; without sockets nothing else of it is of use.
    sys.modules["_ssl"] = None
    try:
        import _uuid
    except ImportError:
        return
    _uuid.generate_time_safe = None


def _clocks():
    """What reads the system's clock in C. `threads` replaces the others."""
    def of(real):
        return lambda seconds=None: real(time.time() if seconds is None else seconds)

    time.localtime, time.gmtime, time.ctime = of(time.localtime), of(time.gmtime), of(time.ctime)
    strftime, asctime = time.strftime, time.asctime
    time.strftime = lambda form, t=None: strftime(form, time.localtime() if t is None else t)
    time.asctime = lambda t=None: asctime(time.localtime() if t is None else t)

    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)

    def utcnow(cls):
        return cls.fromtimestamp(time.time(), datetime.timezone.utc).replace(tzinfo=None)

    set_in(datetime.datetime, now=classmethod(now), utcnow=classmethod(utcnow))


def _files():
    """A file's times are the start of the virtual clock."""
    start = int(WALL_START)
    times = (start,) * 3 + (WALL_START,) * 3 + (start * 10**9,) * 3

    def number_of(found):
        return _numbers.setdefault((found.st_dev, found.st_ino), len(_numbers) + 1)

    def sealed(found):
        is_folder = stat.S_ISDIR(found.st_mode)
        links, size = (2, 4096) if is_folder else (found.st_nlink, found.st_size)
        return os.stat_result((found.st_mode, number_of(found), 1, links, found.st_uid, found.st_gid, size, *times,
                               4096, (size + 511) // 512, 0))

    def asked(real):
        return lambda *args, **named: sealed(real(*args, **named))

    real_stat, real_list = posix.stat, posix.listdir
    replaced = {posix.listdir: lambda path=".": sorted(real_list(path))}
    for name in ("stat", "lstat", "fstat"):
        replaced[getattr(posix, name)] = asked(getattr(posix, name))
    for real, value in replaced.items():
        _everywhere(real.__name__, value)
        # The library asks these sets what a call can do.
        for known in (os.supports_dir_fd, os.supports_follow_symlinks, os.supports_fd):
            if real in known:
                known.add(value)
    entry_stat = posix.DirEntry.stat

    def inode(self):
        return number_of(entry_stat(self, follow_symlinks=False))

    set_in(posix.DirEntry, stat=lambda self, **named: sealed(entry_stat(self, **named)), inode=inode)
    # The library's own modules are compiled already: their times say whether that still holds.
    scratch, sealed_stat = os.getcwd(), posix.stat
    loading._path_stat = lambda path: (
        real_stat if path.startswith("/") and not path.startswith(scratch) else sealed_stat)(path)


def _host():
    room = os.statvfs_result((4096, 4096, PAGES, PAGES // 2, PAGES // 2, PAGES, PAGES // 2, PAGES // 2, 0, 255, 0))
    name = os.uname_result(("Linux", "cachedojo", "6.0", "#1", "x86_64"))
    _everywhere("statvfs", lambda path: room)
    _everywhere("fstatvfs", lambda fd: room)
    _everywhere("getloadavg", lambda: (0.0, 0.0, 0.0))
    _everywhere("uname", lambda: name)
    _everywhere("cpu_count", lambda: PROCESSORS)
    _everywhere("sched_getaffinity", lambda pid: set(range(PROCESSORS)))
    numbers = {os.sysconf_names[key]: value for key, value in SYSCONF.items() if key in os.sysconf_names}
    real_sysconf = posix.sysconf

    def sysconf(name, /):
        known = SYSCONF.get(name) if isinstance(name, str) else numbers.get(name)
        return real_sysconf(name) if known is None else known

    _everywhere("sysconf", sysconf)
    used = resource.struct_rusage((0.0, 0.0) + (0,) * 14)
    resource.getrusage = lambda who, /: used
    try:
        import _socket
    except ImportError:
        return
    _socket.gethostname = lambda: name.nodename


def patch():
    _chance()
    _clocks()
    _files()
    _host()
