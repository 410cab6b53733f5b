//! Python submissions: what the runner makes of them, honest and hostile.

#[path = "python/calls.rs"]
mod calls;
#[path = "python/found.rs"]
mod found;
#[path = "python/learners.rs"]
mod learners;
mod summary;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use cachedojo_judge::pack::CodeLanguage;
use cachedojo_lab::schedule::{Plan, Schedule};
use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_lab::world::World;
use cachedojo_notation::text::Language;
use cachedojo_wire::{Request, Response};
use grader::host::sandbox::Protection;
use grader::intake::submission::Submission;
use grader::language::python::PythonToolchain;
use grader::language::python::suite::PythonSuite;
use grader::language::suite::{Ended, Ran, Suite, TestOutcome, TestRun};
use grader::language::toolchain::{Built, Limits, Reason, Rejected, Toolchain};
use grader::pack::Pack;
use grader::run::bench::Bench;
use summary::summary;

fn built(source: &str) -> Result<Built, Rejected> {
    let files = BTreeMap::from([("main.py".to_owned(), source.to_owned())]);
    let submission = Submission::of(CodeLanguage::Python, "a test", files).expect("it has an entrance");
    PythonToolchain::open(Protection::Sandbox).expect("a Python").build(&submission)
}

fn subject(built: &Built) -> Box<dyn Subject> {
    built.factory.subject(&Limits::default()).expect("it starts")
}

fn lines(commands: &[&str]) -> Request {
    Request::Simulate(commands.iter().map(|line| (*line).to_owned()).collect())
}

fn answer(program: &Built, plan: Plan, commands: &[&str]) -> Result<Response, Crash> {
    let mut subject = subject(program);
    assert!(subject.set_schedule(&Schedule::new(plan)));
    subject.call(&mut World::new(0), &lines(commands))
}

/// What a submission of this body (of the function, four spaces deep) answers.
fn body(body: &str) -> Result<Response, Crash> {
    let source =
        format!("import threading, queue, time, sys, os\n\ndef simulate_distributed_cache(commands):\n{body}\n");
    answer(&built(&source).expect("it compiles"), Plan::Calm, &["PUT a 1"])
}

const LOST: &str = "
import threading

def simulate_distributed_cache(commands):
    counts = {}
    def work():
        counts['n'] = counts.get('n', 0) + 1
    threads = [threading.Thread(target=work) for _ in commands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [str(counts['n'])]
";

#[test]
fn a_lost_update_is_found_and_found_again() {
    let program = built(LOST).expect("it compiles");
    let one = |plan| answer(&program, plan, &["a", "b", "c"]);
    assert_eq!(one(Plan::Calm), Ok(Response::Lines(vec!["3".to_owned()])));
    let walk = |seed| one(Plan::Walk { seed });
    let losing: Vec<u64> = (1..40).filter(|seed| walk(*seed) != one(Plan::Calm)).collect();
    assert!(losing.len() >= 3, "{losing:?}");
    for seed in losing {
        assert_eq!(walk(seed), walk(seed), "a seed is a schedule");
    }
    let pct = (1..60).any(|seed| one(Plan::Pct { seed }) != one(Plan::Calm));
    assert!(pct, "priorities find it too");
}

#[test]
fn a_submission_does_not_choose_its_own_schedule() {
    for cheat in [
        "object.__getattribute__(threading.Thread.start, '__glo' + 'bals__')['scheduler'].active.kind = 'calm'",
        "object.__getattribute__(threading.Lock.acquire, '__glo' + 'bals__')['active'].kind = 'calm'",
        "import sys, operator; inner = operator.attrgetter('__clo' + 'sure__'); held = operator.attrgetter('cell_' + 'contents'); \
         ways = [held(cell) for cell in inner(sys.gettrace())]; [setattr(held(cell).__self__, 'kind', 'calm') for way in ways \
         if callable(way) for cell in inner(way) if hasattr(held(cell), '__self__')]",
        "[setattr(kind, '_any', lambda self, me: me) for kind in getattr(object, '__sub' + 'classes__')() \
         if kind.__name__ == 'Scheduler']",
        "threading.Lock._wait = lambda self, *given: setattr(given[0], 'kind', 'calm'); lock = threading.Lock(); \
         lock.acquire(); threading.Lock.acquire(lock, True, 1)",
        // A library's function hands over a frame: those behind it are the runner's.
        "import traceback\n        try:\n            1 / 0\n        except ZeroDivisionError as error:\n            \
         ((frame, _),) = traceback.walk_tb(error.__traceback__)\n        while frame is not None:\n            \
         [setattr(it, 'kind', 'calm') for it in getattr(frame, 'f_' + 'locals').values() if hasattr(it, 'switch_count')]\n            \
         frame = getattr(frame, 'f_' + 'back')",
    ] {
        let cheat = format!("    try:\n        {cheat}\n    except Exception:\n        pass\n    counts = {{}}\n");
        let program = built(&LOST.replace("    counts = {}\n", &cheat)).expect("it compiles");
        let one = |seed| answer(&program, Plan::Walk { seed }, &["a", "b", "c"]);
        let losing = (1..40).filter(|seed| one(*seed) != Ok(Response::Lines(vec!["3".to_owned()]))).count();
        assert!(losing >= 3, "{cheat}: {losing}");
    }
    for module in ["_xxsubinterpreters", "_interpreters", "_testcapi", "_ctypes", "ctypes"] {
        let found = body(&format!("    import {module}\n    return []"));
        let told =
            |message: &str| message.contains("ended because it imports `_") && message.contains("no submission may");
        assert!(matches!(&found, Err(Crash::Unfit { message }) if told(message)), "{module}: {found:?}");
    }
    assert_eq!(
        body("    import asyncio, collections.abc\n    return [str(isinstance([], collections.abc.Sequence))]"),
        Ok(Response::Lines(vec!["True".to_owned()]))
    );
}

/// What looks at annotations, classes and frames in the library does so for honest code too.
#[test]
fn the_library_works_as_it_always_does() {
    let program = built(
        "from __future__ import annotations
import functools, logging, traceback, typing

class Command:
    pass

class Put(Command):
    pass

@functools.singledispatch
def run(command):
    return '?'

@run.register
def _(command: Put):
    return 'STORED'

def hinted(command: Put) -> Command:
    return command

def simulate_distributed_cache(commands):
    logging.getLogger('cache').warning('hello')
    logging.info('hello')
    traceback.print_stack()
    try:
        1 / 0
    except ZeroDivisionError:
        said = traceback.format_exc()
    return [
        run(Put()),
        Command.__subclasses__()[0].__name__,
        typing.get_type_hints(hinted)['command'].__name__,
        said.splitlines()[-1],
    ]
",
    )
    .expect("it compiles");
    let expected = ["STORED", "Put", "Put", "ZeroDivisionError: division by zero"];
    assert_eq!(answer(&program, Plan::Calm, &[]), Ok(Response::Lines(expected.map(str::to_owned).to_vec())));
    assert_eq!(answer(&program, Plan::Walk { seed: 1 }, &[]), answer(&program, Plan::Calm, &[]));
}

#[test]
fn files_of_another_system_change_no_answer() {
    let read = |files: &[(&str, &[u8])]| {
        let folder = tempfile::tempdir().expect("there is room");
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).expect("there is room");
        }
        let submission = Submission::read(folder.path(), &[CodeLanguage::Python]).expect("a submission");
        let built = PythonToolchain::open(Protection::Sandbox).expect("a Python").build(&submission);
        answer(&built.expect("it compiles"), Plan::Calm, &["PUT a 1"])
    };
    let (main, more) =
        ("import more\n\ndef simulate_distributed_cache(commands):\n    return more.SAID\n", "SAID = ['x\\ty']\n");
    let expected = read(&[("main.py", main.as_bytes()), ("more.py", more.as_bytes())]);
    assert_eq!(expected, Ok(Response::Lines(vec!["x\ty".to_owned()])));
    let foreign = |text: &str| format!("\u{feff}{}", text.trim_end().replace('\n', "\r\n"));
    let (main, more) = (foreign(main), foreign(more));
    let beside: &[u8] = b"\0\x05\x16\x07\xff";
    let found = read(&[
        ("main.py", main.as_bytes()),
        ("more.py", more.as_bytes()),
        ("._main.py", beside),
        (".DS_Store", beside),
        ("Thumbs.db", beside),
        ("desktop.ini", beside),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn work_is_counted_and_not_timed() {
    // Each run takes all the steps that one may; together they may take four times as many, on every machine.
    let endless =
        built("def simulate_distributed_cache(commands):\n    while True:\n        pass\n").expect("it compiles");
    let ends: Vec<_> = (0..6).map(|_| answer(&endless, Plan::Calm, &["a"]).expect_err("it has no end")).collect();
    assert_eq!(ends, [vec![Crash::OutOfFuel; 4], vec![Crash::CutOff; 2]].concat());
}

#[test]
fn a_run_is_replayed_by_its_switches() {
    let program = built(LOST).expect("it compiles");
    let run = |schedule: Schedule| {
        let mut subject = subject(&program);
        subject.set_schedule(&schedule);
        let answer = subject.call(&mut World::new(0), &lines(&["a", "b", "c"]));
        (answer, subject.observed().expect("it has threads"))
    };
    for plan in (1..12).map(|seed| Plan::Walk { seed }).chain((1..12).map(|seed| Plan::Pct { seed })) {
        let (first, observed) = run(Schedule::new(plan));
        assert_eq!(observed.started, 3);
        let switches = observed.switches.expect("a short run is kept whole");
        let again = Schedule { story: Some(Language::English), ..Schedule::new(Plan::Replay(switches.clone())) };
        let (second, replayed) = run(again);
        assert_eq!((second, replayed.switches), (first, Some(switches)));
        assert!(
            replayed.story.iter().any(|line| line.contains("main.py:") && line.contains("goes on")),
            "{:?}",
            replayed.story
        );
    }
}

/// How many schedules a right program is tried under; `THREAD_SCHEDULES` asks for more.
fn schedules() -> u64 {
    std::env::var("THREAD_SCHEDULES").ok().and_then(|text| text.parse().ok()).unwrap_or(40)
}

#[test]
fn correct_threads_are_never_accused() {
    let corpus = [
        // Each command waits for its turn.
        "
import threading
def simulate_distributed_cache(commands):
    turn, done, out = threading.Condition(), [0], [None] * len(commands)
    def work(index):
        with turn:
            while done[0] != index:
                turn.wait()
            out[index] = str(index)
            done[0] += 1
            turn.notify_all()
    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(commands))]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return out
",
        // Queues, an executor, semaphores, a barrier, an event, a timer.
        "
import threading, queue
from concurrent.futures import ThreadPoolExecutor
def simulate_distributed_cache(commands):
    q, gate, room, lock, out = queue.Queue(2), threading.Event(), threading.Semaphore(2), threading.RLock(), {}
    def work(index):
        gate.wait()
        with room, lock:
            with lock:
                out[index] = str(index)
        return index
    timer = threading.Timer(5.0, gate.set)
    timer.start()
    with ThreadPoolExecutor(3) as pool:
        got = sorted(pool.map(work, range(len(commands))))
    def produce():
        for index in got: q.put(index)
        q.put(None)
    threading.Thread(target=produce).start()
    taken = []
    while (item := q.get()) is not None: taken.append(item)
    barrier = threading.Barrier(2)
    other = threading.Thread(target=barrier.wait)
    other.start(); barrier.wait(); other.join()
    return [out[index] for index in taken]
",
        // Each waits for its turn by unlocking, locking and looking again.
        "
import threading
def simulate_distributed_cache(commands):
    lock, done, out = threading.Lock(), [0], [None] * len(commands)
    def work(index):
        lock.acquire()
        while done[0] != index:
            lock.release()
            lock.acquire()
        out[index] = str(index)
        done[0] += 1
        lock.release()
    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(commands))]
    for thread in reversed(threads): thread.start()
    for thread in threads: thread.join()
    return out
",
        // A spin loop on a flag, and one on the clock.
        "
import threading, time
def simulate_distributed_cache(commands):
    flag = []
    def work():
        time.sleep(3600)
        flag.append(1)
    threading.Thread(target=work).start()
    while not flag: time.sleep(1)
    until = time.monotonic() + 2
    while time.monotonic() < until: pass
    seen = []
    other = threading.Thread(target=lambda: seen.append(1))
    other.start()
    while not seen: pass
    return [str(index) for index in range(len(commands))]
",
    ];
    let expected = Ok(Response::Lines(["0", "1", "2", "3"].map(str::to_owned).to_vec()));
    for source in corpus {
        let program = built(source).expect("it compiles");
        let plans = (0..schedules()).map(|seed| if seed % 2 == 0 { Plan::Walk { seed } } else { Plan::Pct { seed } });
        for plan in std::iter::once(Plan::Calm).chain(plans) {
            assert_eq!(answer(&program, plan.clone(), &["a", "b", "c", "d"]), expected, "{plan:?} {source}");
        }
    }
}

#[test]
fn what_does_not_compile_has_a_place() {
    let rejected = built("def simulate_distributed_cache(commands):\n    return [\n").expect_err("no Python");
    assert_eq!(rejected.reason, Reason::BuildFailed);
    assert_eq!((rejected.diagnostics[0].file.as_str(), rejected.diagnostics[0].line), ("main.py", 2));
    assert!(matches!(body("    return []"), Ok(Response::Lines(lines)) if lines.is_empty()));
    let none = built("x = 1\n").expect("it compiles");
    assert!(matches!(answer(&none, Plan::Calm, &[]), Ok(Response::NotImplemented { .. })));
}

#[test]
fn tests_are_compiled_once_and_each_run_is_the_first() {
    let source = "import builtins\n\ndef test_told():\n    found = {'key': [1, 2]}\n    assert found['key'] == [1, 3]\n\n\
                  def test_first():\n    builtins.runs = getattr(builtins, 'runs', 0) + 1\n    assert builtins.runs == 1\n";
    let files = BTreeMap::from([("tests/test_a.py".to_owned(), source.to_owned())]);
    // Whoever writes into a file of tests has that run, as without the grader.
    let mut changed = files.clone();
    let writes = "with open('tests/test_a.py', 'w') as file:\n    file.write('def test_new(): assert 1 == 2')\n";
    changed.insert("tests/conftest.py".to_owned(), writes.to_owned());
    let caches = BTreeMap::from([("cache".to_owned(), "class DistributedCache: pass\n".to_owned())]);
    let none = BTreeSet::new();
    for (files, expected) in [
        (
            files,
            vec![
                ("tests/test_a.py::test_told", TestOutcome::Failed),
                ("tests/test_a.py::test_first", TestOutcome::Passed),
            ],
        ),
        (changed, vec![("tests/test_a.py::test_new", TestOutcome::Failed)]),
    ] {
        let suite = PythonSuite::open(&files, &caches, Protection::Sandbox).expect("it compiles");
        let runs: Vec<_> = (0..3)
            .map(|_| match suite.run("cache", 1, &none, &none, u64::MAX).expect("it runs").0 {
                Ran::Tests(run) => run,
                lost => panic!("{lost:?}"),
            })
            .collect();
        let found: Vec<_> = runs[0].tests.iter().map(|test| (test.name.as_str(), test.outcome)).collect();
        assert_eq!(found, expected);
        let told = &runs[0].tests[0].text;
        assert!(told.contains("assert [1, 2] == [1, 3]") || told.contains("assert 1 == 2"), "{told}");
        assert!(runs.iter().all(|run| *run == runs[0]), "{runs:?}");
    }
}

#[test]
fn a_cache_that_comes_to_its_end_takes_no_later_test_with_it() {
    let tests = "from distributed_cache import DistributedCache\n\ndef test_stops():\n    DistributedCache().clear()\n\n\
                 def test_goes_on():\n    assert DistributedCache().get('a') is None\n";
    let cache = "import threading\n\nclass DistributedCache:\n    def __init__(self, **_): self.lock = threading.Lock()\n    \
                 def get(self, key): return None\n    def clear(self):\n        with self.lock:\n            with self.lock: pass\n";
    let files = BTreeMap::from([("tests/test_a.py".to_owned(), tests.to_owned())]);
    let caches = BTreeMap::from([("cache".to_owned(), cache.to_owned())]);
    let suite = PythonSuite::open(&files, &caches, Protection::Sandbox).expect("it compiles");
    let run = |skip: &[&str]| {
        let skip = skip.iter().map(|name| (*name).to_owned()).collect();
        match suite.run("cache", 1, &skip, &BTreeSet::new(), u64::MAX).expect("it runs").0 {
            Ran::Tests(run) => run,
            lost => panic!("{lost:?}"),
        }
    };
    let outcomes = |run: &TestRun| run.tests.iter().map(|test| (test.name.clone(), test.outcome)).collect::<Vec<_>>();
    let (stops, goes_on) = ("tests/test_a.py::test_stops", "tests/test_a.py::test_goes_on");
    let first = run(&[]);
    assert_eq!((first.ended, first.last.as_str()), (Ended::Broken, stops), "{first:?}");
    assert_eq!(outcomes(&first), [(stops.to_owned(), TestOutcome::Failed)]);
    let second = run(&[stops]);
    assert_eq!((second.ended, outcomes(&second)), (Ended::Done, vec![(goes_on.to_owned(), TestOutcome::Passed)]));
}

/// `UPDATE=1 cargo test -p grader --test python golden` writes `expected.txt` anew; read the difference before you commit it.
#[test]
fn golden_submissions_get_the_marks_that_are_written_down() {
    let mut pack = Pack::load("line-cache").expect("a sound pack");
    // Which known bugs they are like costs thousands of runs, and is selfcheck's affair.
    pack.exercise.mutants.clear();
    let bench = Bench::open(&pack, false).expect("it opens");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/submissions-python");
    let mut folders: Vec<_> =
        fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    folders.sort();
    assert!(folders.len() >= 10, "the submissions are there");
    let mut wrong = Vec::new();
    for folder in folders {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let report = bench.grade_path(&folder, 0, Language::English).expect("a report");
        let summary = summary(&report);
        assert!(!name.starts_with("correct_") || report.score == report.max_score, "{name} loses nothing: {summary}");
        let file = folder.join("expected.txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(file, summary).expect("a writable file");
        } else if fs::read_to_string(&file).unwrap_or_default() != summary {
            wrong.push(format!("{name}:\n{summary}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
