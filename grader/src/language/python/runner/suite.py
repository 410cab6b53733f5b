"""A learner's tests, run by pytest against one implementation that stands in another process."""

import os
import re
import sys

import guard
import proxy
import run as single
import scheduler
import sealed

from pluggy import HookimplMarker

hookwrapper = HookimplMarker("pytest")(hookwrapper=True)
TEXT_MAX = 1500
# The last characters of what a test prints, which are shown if it fails.
PRINTED_MAX = 300
# In seconds: a thread that waits for less does not wait for time to pass.
LOOK_AGAIN = 0.1
# Who looks at a clock so often and calls nothing waits for time to pass.
READS_WITHOUT_A_CALL = 1000
# How many things that look like tests and are none are told.
UNCOLLECTED_MAX = 50
# What an object's own text ends in: another number in every run.
ADDRESS = re.compile(r"\bat 0x[0-9a-f]+")
# What a line that is no reply begins with.
MARK = b"\x1e"
TESTS_MAX = 400


class Printed(single.Sink):
    """Where tests print to: the latest of it is kept."""

    def __init__(self, most):
        self.most, self.text = most, ""

    def write(self, text):
        if type(text) is not str:
            text = "".join(("", text))
        self.text = (self.text + text)[-self.most:]
        return len(text)


class Recorder:
    """pytest's plugin that writes down what came of each test, and what was observed of it."""

    def __init__(self, link, s, skip, heavy, mark, printed):
        self.link, self.s, self.skip, self.heavy, self.mark, self.printed = link, s, skip, heavy, mark, printed
        self.tests = []
        self.current = None
        self.errors = []

    def pytest_sessionstart(self, session):
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = self.printed

    def pytest_collection_modifyitems(self, session, config, items):
        items[:] = [item for item in items if name_of(item.nodeid) not in self.skip][:TESTS_MAX]
        items.sort(key=lambda item: name_of(item.nodeid) in self.heavy)

    def pytest_runtest_protocol(self, item, nextitem):
        # The cache deadlocked or crashed in the test before: every call of this one would fail too, which is not its fault.
        if self.link.broken:
            return True
        # What takes long is not run any more once another test has told this cache apart.
        if name_of(item.nodeid) in self.heavy and any(test["outcome"] == "failed" for test in self.tests):
            return True
        return None

    def pytest_collectreport(self, report):
        if report.failed and len(self.errors) < 10:
            try:
                lines = str(report.longrepr).strip().splitlines()
            except Exception:
                lines = []
            self.errors.append([place_in(lines, str(report.nodeid)[:200]), text_of(report)])

    def pytest_runtest_logstart(self, nodeid, location):
        self.link.operations = {}
        self.link.sleeps = 0
        self.printed.text = ""
        self.link.test = name_of(nodeid)
        self.s.begin_anew(0)
        self.s.crash.clear()
        self.current = {"name": name_of(nodeid), "line": int(location[1] or 0) + 1, "outcome": "passed", "text": "",
                        "threads": 0, "operations": [], "calls": 0, "slept": 0}
        self.tests.append(self.current)
        # Who reads this knows the last test that began, even if nothing more is ever said.
        self.mark(self.current)

    def pytest_addoption(self, parser):
        # Before it runs a class of unittest, pytest asks for what belongs to its debugger, which is not there.
        parser.addoption("--pdb", dest="usepdb", action="store_true")
        parser.addoption("--trace", dest="trace", action="store_true")

    @hookwrapper
    def pytest_pyfunc_call(self, pyfuncitem):
        # Only tests are stepped through, to see that they end; pytest's own work would cost ten times as much.
        scheduler._settrace(self.s.trace)
        try:
            yield
        finally:
            scheduler._settrace(None)

    @hookwrapper
    def pytest_runtest_call(self, item):
        from _pytest.unittest import TestCaseFunction

        # unittest calls its methods itself.
        steps = isinstance(item, TestCaseFunction)
        if steps:
            scheduler._settrace(self.s.trace)
        try:
            yield
        finally:
            if steps:
                scheduler._settrace(None)

    def pytest_runtest_logreport(self, report):
        now = self.current
        if report.failed and now["outcome"] == "passed":
            now["outcome"] = "failed"
            printed = self.printed.text.strip()
            now["text"] = text_of(report) + (f"\nprinted: {steady(printed)[:PRINTED_MAX]}" if printed else "")
        elif report.skipped and now["outcome"] == "passed":
            now["outcome"] = "skipped"
            now["text"] = "xfail" if hasattr(report, "wasxfail") else "skip"

    def pytest_runtest_logfinish(self, nodeid, location):
        now, link = self.current, self.link
        counts = sorted((count for thread, count in link.operations.items()), reverse=True)
        now["threads"] = sum(1 for thread in link.operations if thread != 0)
        now["operations"] = [count for thread, count in sorted(link.operations.items()) if thread != 0][:200]
        now["calls"] = sum(counts)
        now["slept"] = link.sleeps
        self.s._counted()
        now["steps"] = self.s.steps
        self.mark(now)


def note_waiting(s, link):
    """Counts what only lets time pass: sleeps, waits whose time runs out, looks at a clock and at nothing else."""
    wait, read_clock = s.wait, s.read_clock

    def noted_wait(what, timeout=None):
        is_in_time = wait(what, timeout)
        # Threads beside the test may look now and then whether they are to stop.
        if not is_in_time and timeout and (s.current.number == 0 or timeout >= LOOK_AGAIN):
            link.sleeps += 1
        return is_in_time

    def noted_read():
        now = read_clock()
        if s.reads == READS_WITHOUT_A_CALL:
            link.sleeps += 1
        return now

    s.wait, s.read_clock = noted_wait, noted_read


def name_of(nodeid):
    return str(nodeid).replace("\\", "/")[:200]


def text_of(report):
    """The last lines of pytest's own account."""
    try:
        lines = str(report.longrepr).strip().splitlines()
    except Exception:
        lines = ["(no account)"]
    return told_in(lines)


def told_in(lines):
    told = [line for line in lines if line.startswith(("E ", ">"))] or lines[-3:]
    if all(line.startswith("E ") for line in told) and len(told) > 1:
        # The mark tells what came from what is code, and here is no code.
        told = [line[4:] for line in told]
    return steady("\n".join(told))[:TEXT_MAX]


def steady(text):
    """The same text in every run."""
    return ADDRESS.sub("at 0x…", text)


def unloaded(said):
    """What pytest says of a `conftest.py` that it cannot load: the file, with its line, and why."""
    lines = said.strip().splitlines()
    began = [at for at, line in enumerate(lines) if "while loading conftest" in line]
    if not began:
        return []
    lines = lines[began[-1] + 1:]
    return [[place_in(lines, "tests/conftest.py"), told_in(lines)]]


def place_in(lines, otherwise):
    """The tests' own line in a traceback that pytest tells: the last one of it."""
    places = [match for match in (re.match(r"((?:\w[^:\s]*/)?\w+\.py):(\d+): in ", line) for line in lines) if match]
    return f"{places[-1][1]}:{places[-1][2]}"[:200] if places else otherwise


def parsed(files):
    """The files that can be read as Python, each with its tree."""
    import ast

    for file, source in files.items():
        try:
            yield file, ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue


def may_fail(node):
    """The nodes inside, but for those of an `assert` that always holds, as one of a tuple does, and those whose failure is caught and
    forgotten."""
    import ast

    if isinstance(node, ast.Assert) and isinstance(node.test, ast.Tuple) and node.test.elts:
        return
    yield node
    for name, inner in ast.iter_fields(node):
        if name == "body" and isinstance(node, ast.Try) and any(map(forgets, node.handlers)):
            continue
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, ast.AST):
                yield from may_fail(one)


def forgets(handler):
    """Whether an `except` catches what an `assert` raises, and does nothing then."""
    import ast

    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = [None if it is None else getattr(it, "id", "") for it in caught]
    return (any(name in (None, "AssertionError", "Exception", "BaseException") for name in names)
            and all(isinstance(it, ast.Pass) for it in handler.body))


def silent(tree):
    """Tests in whose text nothing is asserted: no `assert` that may fail, no `raises`, no call of a helper that might."""
    import ast

    helpers = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and not node.name.startswith("test")}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test"):
            continue
        says = any(
            isinstance(inner, ast.Assert)
            or isinstance(inner, ast.Attribute) and (inner.attr in ("raises", "fail") or inner.attr.startswith("assert"))
            or isinstance(inner, ast.Name) and inner.id in helpers
            or isinstance(inner, ast.Raise)
            for inner in may_fail(node))
        if not says:
            yield node.name


def uncollected(file, tree):
    """What looks like a test and is none for pytest: file, line, name, and why."""
    import ast

    if not re.fullmatch(r"(.*/)?(test_[^/]*|[^/]*_test)\.py", file):
        return
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        tests = [it for it in inside if isinstance(it, (ast.FunctionDef, ast.AsyncFunctionDef)) and it.name.startswith("test")]
        if isinstance(node, ast.ClassDef) and tests and not node.bases:
            if any(isinstance(it, ast.FunctionDef) and it.name == "__init__" for it in inside):
                yield file, node.lineno, node.name, "constructor"
                continue
            if not node.name.startswith("Test"):
                yield file, node.lineno, node.name, "class_name"
                continue
        for it in tests:
            if isinstance(it, ast.AsyncFunctionDef):
                yield file, it.lineno, it.name, "async"


def run(request, out, extra):
    write, leave, nonce = os.write, os._exit, request["nonce"]
    dump = single.dump

    def say(reply):
        data = (nonce + dump(reply)).encode("utf-8", "surrogatepass")
        while data:
            data = data[write(out, data):]
        leave(0)

    def mark(test):
        """A line before the reply: what is known of a test so far."""
        data = MARK + dump(test).encode("utf-8", "surrogatepass") + b"\n"
        while data:
            data = data[write(out, data):]

    files = request["files"]
    if request["do"] == "tests_check":
        trees = list(parsed(files))
        say({"outcome": "checked", "wrong": single.syntax(files), "forbidden": single.names(files),
             "silent": [name for _, tree in trees for name in silent(tree)],
             "uncollected": [found for file, tree in trees for found in uncollected(file, tree)][:UNCOLLECTED_MAX]})
    foreign = tuple(request["foreign"])
    # A test that takes too many steps ends the run: an exception it could swallow.
    s = scheduler.Scheduler({"kind": "calm"}, request["steps_max"], foreign)
    link = proxy.Link(*extra)
    link.last = scheduler.WALL_START
    printed, errors = Printed(PRINTED_MAX), Printed(4000)
    recorder = Recorder(link, s, set(request["skip"]), set(request["heavy"]), mark, printed)

    def told(what):
        say({"outcome": "forbidden", "what": what})

    s.idle = link.idle
    note_waiting(s, link)
    # pytest keeps what it finds here first for itself.
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = errors
    sys.stdin = sys.__stdin__ = open("/dev/null")
    sys.argv = ["pytest"]
    sys.modules["distributed_cache"] = proxy.module(link)
    import pytest

    sealed.seed(request["random"])
    result = {}
    folder = os.getcwd()

    def main():
        scheduler._settrace(None)
        try:
            arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:unraisableexception",
                         "-p", "no:threadexception", "-p", "no:debugging", "-p", "no:pastebin", "-p", "no:junitxml",
                         "--capture=no", "--tb=short", "-c", os.devnull, "--rootdir", folder, "--confcutdir", folder, "--basetemp", os.path.join(folder, "temporary"), *request["paths"]]
            if pytest.main(arguments, plugins=[recorder]) == pytest.ExitCode.USAGE_ERROR and not recorder.errors:
                recorder.errors = unloaded(errors.text)
        except SystemExit:
            pass
        except BaseException as error:
            result["error"] = single.described(error, foreign)
        finally:
            s.end(("done", 0))

    task = s.task("MainThread")
    s.current = task
    s.alive += 1
    s._next_chunk()
    import _thread

    _thread.stack_size(64 << 20)
    guard.close_doors()
    guard.install(told, foreign, frozenset(f"<runner>/{name}.py" for name in
                                           ("scheduler", "run", "guard", "threads", "suite", "proxy", "plain")), frames=False)
    scheduler.active = s
    scheduler._real_start(s._run, (task, main))
    _thread.stack_size(1 << 19)
    task.baton.release()
    s.done.acquire()
    how, detail = s.ended
    ended = "broken" if how == "done" and link.broken else how
    last = recorder.current["name"] if recorder.current is not None else ""
    say({"outcome": "tests", "ended": ended, "last": last, "waits": detail if how == "deadlock" else [],
         "tests": recorder.tests, "errors": recorder.errors})
