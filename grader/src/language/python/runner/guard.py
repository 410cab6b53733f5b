"""What a submission has no business with, refused by the interpreter's own audit hook.

A hook cannot be removed. It guards what is observed of a run: how many threads it started, who ran when, which nonce the
answer begins with. (Expected answers need no guard: they never come here.)
"""

import sys

_getframe = sys._getframe

# Each ends the run: the event, and what the learner is told that it is.
REFUSED = {
    "ctypes.dlopen": "loads native code",
    "ctypes.dlsym": "loads native code",
    "ctypes.call_function": "calls native code",
    "ctypes.cdata": "reads memory",
    "ctypes.string_at": "reads memory",
    "gc.get_objects": "walks the interpreter's objects",
    "gc.get_referrers": "walks the interpreter's objects",
    "gc.get_referents": "walks the interpreter's objects",
    "sys.settrace": "replaces the trace",
    "sys.setprofile": "replaces the profile",
    "sys._current_frames": "walks frames",
    "sys._current_exceptions": "walks frames",
    "sys.addaudithook": "adds an audit hook",
    "code.__new__": "makes code by hand",
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "os.exec": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.system": "starts a process",
    "subprocess.Popen": "starts a process",
    "os.kill": "sends a signal",
    "os.killpg": "sends a signal",
    "signal.pthread_kill": "sends a signal",
    "socket.__new__": "opens a socket",
    "socket.connect": "opens a socket",
    "socket.bind": "opens a socket",
    "cpython.PyInterpreterState_New": "starts another interpreter",
    "ctypes.PyObj_FromPtr": "reads memory",
}
# Modules that reach memory or an interpreter without this hook.
NATIVE = {"_ctypes", "_xxsubinterpreters", "_interpreters", "_testcapi", "_testinternalcapi", "_testlimitedcapi"}
# Attributes that lead from an object of the submission's to a frame of the runner's, or change code in place.
DOORS = {"tb_frame", "gi_frame", "cr_frame", "ag_frame", "f_code"}
WATCHED = {"object.__getattr__", "object.__setattr__", "object.__delattr__", "sys._getframe", "compile"}
# No honest submission names these: they lead from any object to the frames, globals and cells of whoever made it.
FORBIDDEN = {
    "__globals__", "__closure__", "__code__", "cell_contents", "_getframe", "_current_frames", "tb_frame", "gi_frame",
    "cr_frame", "ag_frame", "f_back", "f_globals", "f_locals", "f_builtins",
}
# Modules whose classes no submission finds by way of `object`.
OURS = {"__main__", "guard", "plain", "proxy", "rewrite", "run", "scheduler", "sealed", "stage", "suite", "threads", "zygote"}
# How the names of the runner's own files begin.
RUNNER = "<runner>/"
# `types.coroutine`, which `import asyncio` calls, marks a function's code.
MARKS = ("code.__new__", "object.__setattr__")
# The library asks for its caller's frame, to name a class's module or the line that logs. What it hands on leads to no frame of the
# runner's: see `hide_runner`.
MAY_LOOK = ("collections/__init__.py", "dataclasses.py", "enum.py", "typing.py", "warnings.py", "abc.py", "functools.py",
            "logging/__init__.py", "traceback.py")


def install(told, foreign, ours, frames=True, asked=(None,)):
    """Refuses from now on, by way of `told(what)`, which does not come back.

    Without `frames` who looks at frames is let: pytest does, and nothing there is worth a look.
    `foreign` is how the names of files begin that are not the submission's, `ours` those of the runner. `asked` holds the frame
    that the runner itself is looking at: it does so for every call, and who asks need not be found out then."""
    refused, doors, getframe = REFUSED, DOORS, _getframe
    busy = [False]

    def hook(event, args):
        if event == "object.__getattr__" and (args[0] is asked[0] or args[1] not in doors):
            return
        if event == "import" and args[0] in NATIVE:
            told(f"imports `{args[0]}`")
        if event in refused or frames and event in WATCHED:
            # Asking for a frame is such an event itself.
            if busy[0]:
                return
            busy[0] = True
            try:
                look(event, args, getframe(1).f_code.co_filename)
            finally:
                busy[0] = False

    def look(event, args, caller):
        if event in MARKS and caller.startswith(foreign) and caller.endswith("/types.py"):
            return
        if event in refused:
            if caller not in ours and not (not frames and caller.startswith(foreign)):
                told(refused[event])
        elif event == "object.__getattr__":
            if not caller.startswith(foreign):
                told(f"reads `{args[1]}`")
        elif event == "object.__setattr__" or event == "object.__delattr__":
            if args[1] == "__code__":
                told("replaces a function's code")
        elif event == "sys._getframe":
            if caller not in ours and not (caller.startswith(foreign) and caller.endswith(MAY_LOOK)):
                told("walks frames")
        elif event == "compile":
            name = args[1]
            if type(name) is str and name.startswith(foreign) and not caller.startswith(foreign):
                told("names its code after the library's")

    sys.addaudithook(hook)


def set_in(kind, **attributes):
    """Replaces attributes of a built-in type; `None` removes one."""
    import ctypes
    import gc

    (table,) = (it for it in gc.get_referents(kind.__dict__) if type(it) is dict)
    for name, value in attributes.items():
        if value is None:
            del table[name]
        else:
            table[name] = value
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def hide_runner():
    """Hides the runner's own state from whatever leads to it from a function, a class or a frame, by whatever name it is asked for:
    with that a submission could choose its own schedule. No audit event tells of it, so the way itself has to end. The submission's
    own functions and frames, and the library's, are as they always are: `typing`, `logging` and `traceback` need them."""
    from types import FrameType, FunctionType

    all_of = type.__subclasses__
    hidden = {id(kind) for kind in all_of(object) if kind.__module__ in OURS}
    code_of = FunctionType.__code__.__get__
    globals_of, cells_of = FunctionType.__globals__.__get__, FunctionType.__closure__.__get__
    frame_code, frame_back = FrameType.f_code.__get__, FrameType.f_back.__get__
    frame_globals, frame_locals = FrameType.f_globals.__get__, FrameType.f_locals.__get__

    def is_ours(code):
        return code.co_filename.startswith(RUNNER)

    def __subclasses__(kind):
        return [other for other in all_of(kind) if id(other) not in hidden]

    def __globals__(function):
        return {} if is_ours(code_of(function)) else globals_of(function)

    def __closure__(function):
        return None if is_ours(code_of(function)) else cells_of(function)

    def f_back(frame):
        back = frame_back(frame)
        while back is not None and is_ours(frame_code(back)):
            back = frame_back(back)
        return back

    def f_globals(frame):
        return {} if is_ours(frame_code(frame)) else frame_globals(frame)

    def f_locals(frame):
        return {} if is_ours(frame_code(frame)) else frame_locals(frame)

    set_in(type, __subclasses__=__subclasses__)
    set_in(FunctionType, __globals__=property(__globals__), __closure__=property(__closure__))
    # With these a frame that is running could take itself out of the trace that counts its steps.
    set_in(FrameType, f_trace=None, f_trace_opcodes=None, f_trace_lines=None)
    set_in(FrameType, f_back=property(f_back), f_globals=property(f_globals), f_locals=property(f_locals))


def close_doors():
    """Takes away what would run code of the submission's inside the runner's frames, and what no exercise needs."""
    import faulthandler
    import signal

    import _signal

    def refuse(*_, **__):
        raise OSError(1, "signals are not available here")

    for module in (signal, _signal):
        for name in ("signal", "setitimer", "alarm", "set_wakeup_fd", "siginterrupt", "pthread_sigmask", "sigwait",
                     "sigwaitinfo", "sigtimedwait", "pause"):
            if hasattr(module, name):
                setattr(module, name, refuse)
    faulthandler.dump_traceback_later = faulthandler.register = refuse
    for name in ("ctypes", "_ctypes", "ctypes.util", "ctypes._endian", "signal"):
        sys.modules.pop(name, None)
