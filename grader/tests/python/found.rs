//! Where a Python program is looked for, what of the library it may use, and what it does not find of the host.

use std::fs;

use cachedojo_judge::pack::CodeLanguage;
use cachedojo_lab::schedule::Plan;
use cachedojo_wire::Response;
use grader::host::sandbox::Protection;
use grader::intake::submission::Submission;
use grader::language::python::PythonToolchain;
use grader::language::toolchain::Toolchain;

use super::{answer, body};

#[test]
fn a_program_is_found_and_started_as_a_person_would() {
    const OK: &str = "def simulate_distributed_cache(commands):\n    return ['ok']\n";
    let toolchain = PythonToolchain::open(Protection::Sandbox).expect("a Python");
    let named = |from: &str| format!("from {from} import simulate_distributed_cache\n");
    for (main, from, store) in [
        ("src/main.py", "store", "src/store.py"),
        ("src/main.py", "src.store", "src/store.py"),
        ("src/main.py", "util.store", "util/store.py"),
        ("cache/main.py", ".store", "cache/store.py"),
        ("cache/main.py", "cache.store", "cache/store.py"),
        ("cache/main.py", ".deep.store", "cache/deep/store.py"),
        ("main.py", ".store", "store.py"),
        ("main.py", "cache.store", "cache/store.py"),
        ("main.py", "cache", "cache/__init__.py"),
    ] {
        let home = tempfile::tempdir().expect("a folder");
        for (name, text) in [(main, named(from)), (store, OK.to_owned())] {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("there is room");
            fs::write(path, text).expect("there is room");
        }
        let submission = Submission::read(home.path(), &[CodeLanguage::Python]).expect("a submission");
        let answer = answer(&toolchain.build(&submission).expect("it compiles"), Plan::Calm, &["PUT a 1"]);
        assert_eq!(answer, Ok(Response::Lines(vec!["ok".to_owned()])), "{main}: from {from}");
    }
}

#[test]
fn what_of_the_library_is_not_available_is_named_with_what_to_use_instead() {
    for (text, part, instead) in [
        ("import asyncio; asyncio.run(asyncio.sleep(0))", "asyncio is not available", "use threading"),
        ("from multiprocessing.pool import ThreadPool; ThreadPool(2)", "multiprocessing is not available", "threading"),
        ("import multiprocessing; multiprocessing.Queue()", "multiprocessing is not available", "threading"),
        (
            "from concurrent.futures import ProcessPoolExecutor as P; P(2).submit(str)",
            "is not available",
            "ThreadPoolExecutor",
        ),
        ("import sqlite3", "sqlite3 is not available", "a dict"),
        ("import redis", "No module named 'redis'", "no other"),
    ] {
        let found = body(&format!("    {text}\n    return []"));
        // Whatever kind of error it is, its sentence is the same.
        let told = format!("{found:?}");
        assert!(told.contains(part) && told.contains(instead), "{text}: {told}");
    }
}

/// What would differ from one grading to the next, or from one machine to the next.
#[test]
fn nothing_is_learnt_of_the_host_or_of_real_time() {
    let asked = "    import datetime, hashlib, random, resource, secrets, uuid
    def kept():
        return [
            os.urandom(4).hex(), os.getrandom(2).hex(), secrets.token_hex(4), str(uuid.uuid4()), str(uuid.uuid1()),
            str(random.SystemRandom().random()), str(random.Random().random()), str(hash('a')), str(list({'a', 'b', 'c', 'd'})),
            str(os.stat(sys.executable).st_ctime_ns),
        ]
    told = [
        str(datetime.datetime.now().date()), time.strftime('%Y-%m-%d'), str(time.localtime().tm_year), time.ctime()[-4:],
        str(os.getloadavg()), str(os.sysconf('SC_AVPHYS_PAGES')), str(os.cpu_count()), os.uname().nodename,
        str(os.statvfs(sys.executable).f_bavail), str(resource.getrusage(0).ru_utime + resource.getrusage(0).ru_maxrss),
    ]
    return told + kept()";
    let answers: Vec<_> = (0..2).map(|_| body(asked)).collect();
    assert_eq!(answers[0], answers[1], "each was asked in a process of its own");
    let Ok(Response::Lines(lines)) = &answers[0] else { panic!("{answers:?}") };
    let told =
        ["2026-01-01", "2026-01-01", "2026", "2026", "(0.0, 0.0, 0.0)", "1048576", "4", "cachedojo", "524288", "0.0"];
    assert_eq!(lines[..told.len()], told);
    assert_eq!(lines.len(), 20);
    assert_eq!(lines[19], "1767225600000000000");
}
