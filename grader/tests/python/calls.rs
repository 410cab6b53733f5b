//! Many threads at once, several calls of one subject, and what ends a run.

use std::collections::BTreeSet;

use cachedojo_lab::schedule::Plan;
use cachedojo_lab::subject::Crash;
use cachedojo_lab::world::World;
use cachedojo_wire::Response;

use super::{answer, body, built, lines, subject};

#[test]
fn ten_thousand_threads_may_wait_at_a_gate_or_for_one_that_is_started_later() {
    let program = |starts: &str, waits: &str| {
        format!(
            "import threading\n\ndef simulate_distributed_cache(commands):\n    gate, done = threading.Event(), []\n    ends = [threading.Event() for _ in range(10001)]\n    ends[0].set()\n\n    \
             def work(i):\n        {waits}.wait()\n        done.append(i)\n        ends[i + 1].set()\n\n    threads = [threading.Thread(target=work, args=(i,)) for i in range(10000)]\n    \
             for t in {starts}:\n        t.start()\n    gate.set()\n    for t in threads:\n        t.join()\n    return [str(len(done))]\n"
        )
    };
    for source in [program("threads", "gate"), program("reversed(threads)", "ends[i]")] {
        let answer = answer(&built(&source).expect("it compiles"), Plan::Calm, &[]);
        assert_eq!(answer, Ok(Response::Lines(vec!["10000".to_owned()])));
    }
}

#[test]
fn a_second_call_of_one_subject_finds_what_the_first_left() {
    let source = "count = [0]\ndef simulate_distributed_cache(commands):\n    count[0] += 1\n    return [str(count[0])] + commands\n";
    let mut subject = subject(&built(source).expect("it compiles"));
    let mut said = |command: &str| match subject.call(&mut World::new(0), &lines(&[command])) {
        Ok(Response::Lines(lines)) => lines.join(" "),
        other => format!("{other:?}"),
    };
    assert_eq!((said("a"), said("b")), ("1 a".to_owned(), "2 b".to_owned()));
}

#[test]
fn a_run_leaves_nothing_to_the_next() {
    let source = "count = [0]\nimport builtins\ndef simulate_distributed_cache(commands):\n    count[0] += 1\n    builtins.seen = getattr(builtins, 'seen', 0) + 1\n    return [str(count[0]), str(builtins.seen)]\n";
    let program = built(source).expect("it compiles");
    let answers: BTreeSet<String> = (0..3).map(|_| format!("{:?}", answer(&program, Plan::Calm, &[]))).collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[test]
fn what_ends_a_run_is_told() {
    let told = |text: &str| match body(text) {
        Err(Crash::Raised { message } | Crash::Unfit { message }) => message,
        other => panic!("{other:?}"),
    };
    assert_eq!(told("    return {}['x']"), "KeyError: 'x' (main.py, line 4)");
    assert!(told("    return 'STORED'").contains("not a list"));
    assert!(told("    return simulate_distributed_cache(commands)").starts_with("RecursionError"));
    assert!(
        told("    t = threading.Thread(target=lambda: 1 // 0); t.start(); t.join(); return []")
            .contains("ZeroDivisionError")
    );
    let waits = body(
        "    a, b = threading.Lock(), threading.Lock()\n    def work():\n        with b:\n            time.sleep(1)\n            with a: pass\n    t = threading.Thread(target=work); t.start()\n    with a:\n        time.sleep(2)\n        with b: pass\n    return []",
    );
    let Err(Crash::Deadlock { waits }) = waits else { panic!("{waits:?}") };
    let waits = waits.join("\n");
    assert!(waits.contains("held by thread 1") && waits.contains("main.py:12"), "{waits}");
    for (waiting, told) in [
        (
            "a = threading.Lock(); a.acquire()\n    with a: pass",
            "waits at main.py:5 in simulate_distributed_cache for a lock that it holds itself, taken at line 4",
        ),
        (
            "a = threading.Lock(); a.acquire(); a.acquire()",
            "waits in `acquire` at main.py:4 in simulate_distributed_cache for a lock that it holds itself",
        ),
        ("a = threading.Semaphore(0); a.acquire()", "until another thread calls `release`"),
        ("a = threading.Condition()\n    with a: a.wait()", "until another thread notifies it"),
        ("threading.Event().wait()", "until another thread notifies it"),
        ("queue.Queue().get()", "until another thread puts something in"),
    ] {
        let waits = body(&format!("    {waiting}\n    return []"));
        assert!(matches!(&waits, Err(Crash::Deadlock { waits }) if waits[0].contains(told)), "{waits:?}");
    }
    assert_eq!(body("    sys.exit(3)"), Err(Crash::Exit { code: 3 }));
    assert_eq!(body("    while True: pass"), Err(Crash::OutOfFuel));
    assert_eq!(body("    return ['x' * (1 << 34)]"), Err(Crash::OutOfMemory));
    assert_eq!(body("    return ['x'] * 30000"), Err(Crash::TooMuchOutput));
    assert_eq!(
        body("    return [None, 7, 'x']"),
        Ok(Response::Lines(vec!["⟨None: NoneType⟩".into(), "⟨7: int⟩".into(), "x".into()]))
    );
}
