//! Many threads at once, and several calls of one subject.

use cachedojo_lab::schedule::Plan;
use cachedojo_lab::world::World;
use cachedojo_wire::Response;

use super::{answer, built, lines, subject};

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
