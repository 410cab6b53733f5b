"""One run of one submission, in a process of its own: its module is made anew, its function is called, what it answered is
written down as plain data.

The answer begins with the request's nonce, which stands in a local variable of this file's frames and nowhere else.
"""

import _thread
import marshal
import os
import sys
from json.encoder import encode_basestring_ascii as _quote

import guard
import scheduler
import sealed

MESSAGE_MAX = 400


def dump(value):
    """JSON of plain data, and of nothing else: no code that a submission could have replaced is called for it."""
    kind = type(value)
    if kind is str:
        return _quote(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return int.__repr__(value)
    if value is None:
        return "null"
    if kind is list or kind is tuple:
        return "[" + ",".join([dump(item) for item in value]) + "]"
    if kind is dict:
        return "{" + ",".join([_quote(key) + ":" + dump(item) for key, item in value.items()]) + "}"
    raise TypeError("no plain data")


def compiled(files):
    """The code of all files that compile, as bytes: once for all runs. No code of theirs runs for it."""
    found = {}
    for name, source in files.items():
        try:
            found[name] = compile(source, name, "exec", dont_inherit=True)
        except Exception:
            continue
    return marshal.dumps(found)


# What was compiled, in the process of a run.
_code = {}


def use(data, files):
    """Has a run take its code from `data`, which was made of `files`."""
    _code.update(marshal.loads(data))


class Finder:
    """The submission's own modules, from memory, after all others: none of the library's can be shadowed. They are looked for
    beside the file to begin with, as for `python folder/main.py`, and from the top, as for `python -m folder.main`."""

    def __init__(self, files, entry, code):
        self.files = files
        self.code = code
        beside = entry[:entry.rfind("/") + 1]
        self.places = ("", beside) if beside else ("",)

    def find_spec(self, name, path=None, target=None):
        from importlib.machinery import ModuleSpec

        for place in self.places:
            place += name.replace(".", "/")
            for file, is_package in ((place + "/__init__.py", True), (place + ".py", False)):
                if file in self.files:
                    spec = ModuleSpec(name, self, origin=file, is_package=is_package)
                    spec.has_location = True
                    return spec
            if any(file.startswith(place + "/") for file in self.files):
                # A folder with modules is a package, with `__init__.py` or without.
                spec = ModuleSpec(name, None, is_package=True)
                spec.submodule_search_locations = [place]
                return spec
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        file = module.__spec__.origin
        code = self.code.get(file) or compile(self.files[file], file, "exec", dont_inherit=True)
        exec(code, module.__dict__)


class Sink:
    """Where a submission prints to: nowhere."""

    encoding = "utf-8"
    errors = "strict"

    def write(self, text):
        return len(text)

    def writelines(self, lines):
        for _ in lines:
            pass

    def flush(self):
        pass

    def isatty(self):
        return False

    def fileno(self):
        raise OSError("this stream is no file")


def place_of(error, foreign):
    """Where in the submission an exception came from: file and line of its innermost frame there."""
    if isinstance(error, SyntaxError) and error.filename:
        return str(error.filename), int(error.lineno or 0)
    found = ("", 0)
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not name.startswith(foreign):
            found = (name, trace.tb_lineno or 0)
        trace = trace.tb_next
    return found


# Parts of the library that do not work in the sandbox: what of their files' names, and what is said of an error in there.
LACKING = (
    ("/asyncio/", "asyncio is not available here, its loop needs sockets: use threading"),
    ("/multiprocessing/", "multiprocessing is not available here: use threading or concurrent.futures.ThreadPoolExecutor"),
    ("/concurrent/futures/process.py", "ProcessPoolExecutor is not available here: use ThreadPoolExecutor"),
    ("/sqlite3/", "sqlite3 is not available here: keep the data in a dict"),
    ("/dbm/", "dbm is not available here: keep the data in a dict"),
    ("/ssl.py", "ssl is not available here, nor is a network: do without"),
    ("/socket.py", "sockets are not available here: do without a network"),
    ("/tempfile.py", "files are not available here: keep the data in memory"),
)


def lacking(error, foreign):
    """Which part of the library an error comes from that is not available, in a sentence; or nothing."""
    if not isinstance(error, (OSError, ImportError)):
        return ""
    names = []
    trace = error.__traceback__
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    for part, told in LACKING:
        if any(name.startswith(foreign) and part in name for name in names):
            return "; " + told
    if type(error) is ModuleNotFoundError and names and not names[-1].startswith(foreign):
        return "; there are the submission's own modules and Python's library, and no other: is its file handed in?"
    return ""


def described(error, foreign):
    try:
        text = str(error)
    except BaseException:
        text = "(its text cannot be made)"
    file, line = place_of(error, foreign)
    text = text[:MESSAGE_MAX] + lacking(error, foreign)
    return {"type": str(type(error).__name__)[:80], "message": text, "file": file[:200], "line": line}


def shown(value):
    """An answer as text: a `str` is itself, anything else is named in marks that no answer may hold."""
    if type(value) is str:
        return value
    try:
        text = repr(value)[:60] if type(value) in (int, float, bool, bytes, type(None), tuple, list, dict) else "object"
    except BaseException:
        text = "object"
    return f"\u27e8{text}: {type(value).__name__[:40]}\u27e9"


def syntax(files):
    """What does not compile, by file."""
    wrong = []
    for name, source in files.items():
        try:
            compile(source, name, "exec", dont_inherit=True)
        except SyntaxError as error:
            wrong.append([name, int(error.lineno or 0), int(error.offset or 0), str(error.msg)[:MESSAGE_MAX]])
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            wrong.append([name, 0, 0, (str(error) or type(error).__name__)[:MESSAGE_MAX]])
    return wrong


def names(files):
    """Names that lead from the submission's objects to the runner's: file, line, name."""
    import ast

    found = []
    for file, source in files.items():
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            named = []
            if isinstance(node, ast.Attribute):
                named = [node.attr]
            elif isinstance(node, ast.Constant) and type(node.value) is str:
                named = [node.value]
            elif isinstance(node, ast.Name):
                named = [node.id]
            elif isinstance(node, ast.MatchClass):
                # `case object(__globals__=found)` reads an attribute as well.
                named = node.kwd_attrs
            for name in named:
                if name in guard.FORBIDDEN and len(found) < 20:
                    found.append([file, node.lineno, name])
    return found


def run(request, out, extra):
    write, leave, nonce = os.write, os._exit, request["nonce"]

    def say(reply):
        data = (nonce + dump(reply)).encode("utf-8", "surrogatepass")
        while data:
            data = data[write(out, data):]
        leave(0)

    if request["do"] == "check":
        say({"outcome": "checked", "wrong": syntax(request["files"]), "forbidden": names(request["files"])})
    foreign = tuple(request["foreign"])
    schedule = dict(request["schedule"], any_moment=request["any_moment"])
    s = scheduler.Scheduler(schedule, request["steps_max"], foreign)
    lines_max, bytes_max = request["lines_max"], request["bytes_max"]

    def observed():
        return {
            "threads": len(s.tasks) - 1,
            "workers": sum(1 for task in s.tasks[1:] if task.worked > 0),
            "steps": s.steps,
            "switches": s.switches[:],
            "switch_count": s.switch_count,
            "turns": s.turns[:],
            "names": [str(task.name)[:40] for task in s.tasks[:200]],
        }

    def told(what):
        say({"outcome": "forbidden", "what": what})

    def lines_of(answer):
        if type(answer) is not list:
            return {"outcome": "no_list", "type": type(answer).__name__[:40]}
        if len(answer) > lines_max:
            return {"outcome": "too_much"}
        lines, total = [], 0
        for value in list(answer):
            line = shown(value)
            total += len(line)
            if total > bytes_max:
                return {"outcome": "too_much"}
            lines.append(line)
        return {"outcome": "lines", "lines": lines}

    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Sink()
    sys.stdin = sys.__stdin__ = open("/dev/null")
    sys.argv = ["main.py"]
    files, entry, item = request["files"], request["entry"], request["item"]
    name = entry[:-3].replace("/", ".")
    sys.meta_path.append(Finder(files, entry, _code))
    sys.setrecursionlimit(1000)
    _thread.stack_size(64 << 20)
    sealed.seed(request["random"])
    result = {}

    def main():
        try:
            module = __import__(name, fromlist=["*"])
            function = getattr(module, item, None)
            if not callable(function):
                result["reply"] = {"outcome": "missing"}
                return
            for earlier in request["earlier"]:
                function(earlier)
            result["reply"] = lines_of(function(request["commands"]))
        except MemoryError:
            result["reply"] = {"outcome": "memory"}
        except SystemExit as error:
            code = error.code
            result["reply"] = {"outcome": "exit", "code": code if type(code) is int else 0 if code is None else 1}
        except BaseException as error:
            result["reply"] = {"outcome": "raised", **described(error, foreign)}
        finally:
            s.end(("done", 0))

    task = s.task("MainThread")
    s.current = task
    s.alive += 1
    s.begun += 1
    s._next_chunk()
    guard.install(told, foreign, frozenset(["<runner>/scheduler.py", "<runner>/run.py", "<runner>/guard.py",
                                                           "<runner>/threads.py"]), asked=scheduler.asked)
    scheduler.active = s
    scheduler._real_start(s._run, (task, main))
    _thread.stack_size(1 << 19)
    task.baton.release()
    s.done.acquire()
    how, detail = s.ended
    if how == "done":
        reply = result.get("reply", {"outcome": "exit", "code": 0})
        if s.crash and reply["outcome"] == "lines":
            number, thread_name, error = s.crash[0]
            reply = {"outcome": "raised", "thread": f"{number} ({str(thread_name)[:40]})", **described(error, foreign)}
            if type(error) is MemoryError:
                reply = {"outcome": "memory"}
    elif how == "deadlock":
        reply = {"outcome": "deadlock", "waits": detail}
    elif how == "threads":
        reply = {"outcome": "raised", "type": "RuntimeError", "file": "", "line": 0,
                 "message": f"can't start new thread: {detail} live at once, and all of them wait"}
    else:
        reply = {"outcome": "steps"}
    reply["observed"] = observed()
    say(reply)
