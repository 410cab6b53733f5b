//! The scheduler: what it must find, what it must never accuse, and that a seed means the same run for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use cachedojo::random::Random;
use cachedojo_lab::schedule::{Plan, Schedule, Switch};
use cachedojo_notation::text::Language;
use grader::language::threads::{Limits, Machine, Program, Sources, Stop, Surroundings};

/// The programs; the second file has those whose threads live on between calls.
const CASES: &str = concat!(include_str!("threads/cases.rs"), include_str!("threads/between_calls.rs"));

/// How many schedules a right program is tried under; `THREAD_SCHEDULES` asks for more.
fn schedules() -> u64 {
    std::env::var("THREAD_SCHEDULES").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

fn program() -> &'static Program {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("src")).expect("a folder");
        std::fs::write(folder.path().join("src/lib.rs"), CASES).expect("a file");
        let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc").stdout;
        let sysroot = String::from_utf8(sysroot).expect("a path");
        let reactor =
            Path::new(sysroot.trim()).join("lib/rustlib/wasm32-wasip1-threads/lib/self-contained/crt1-reactor.o");
        let built = Command::new("rustc")
            .current_dir(folder.path())
            .args(["--edition=2024", "--target=wasm32-wasip1-threads", "--crate-type=cdylib", "-Copt-level=0"])
            .args(["-Cdebuginfo=line-tables-only", "-Clink-arg=--export=_initialize", "-Awarnings"])
            .arg(format!("-Clink-arg={}", reactor.display()))
            .args(["-o", "cases.wasm", "src/lib.rs"])
            .output()
            .expect("rustc");
        assert!(
            built.status.success(),
            "run: rustup target add wasm32-wasip1-threads\n{}",
            String::from_utf8_lossy(&built.stderr)
        );
        Program::new(&std::fs::read(folder.path().join("cases.wasm")).expect("the module")).expect("a module")
    })
}

fn machine(schedule: &Schedule) -> Machine {
    program().start(Limits::default(), schedule).expect("a machine")
}

fn around() -> Surroundings {
    Surroundings { monotonic_ns: 1_000_000_000, wall_ns: 1_767_225_600_000_000_000, random: Random::new(7) }
}

fn run(case: &str, n: u32, schedule: &Schedule) -> Result<u32, Stop> {
    machine(schedule).call(&mut around(), case, n)
}

/// A mix of both strategies.
fn plan(number: u64) -> Plan {
    if number.is_multiple_of(2) { Plan::Walk { seed: number } } else { Plan::Pct { seed: number } }
}

/// Every outcome under so many schedules, and for each the first schedule that gave it.
fn outcomes(case: &str, n: u32, count: u64) -> BTreeMap<String, Plan> {
    let mut outcomes = BTreeMap::new();
    for number in 0..count {
        let outcome = run(case, n, &Schedule::new(plan(number)));
        let name = match outcome {
            Ok(answer) => answer.to_string(),
            Err(Stop::Deadlock(_)) => "deadlock".to_owned(),
            Err(Stop::Trap { .. }) => "panic".to_owned(),
            Err(other) => format!("{other:?}"),
        };
        outcomes.entry(name).or_insert_with(|| plan(number));
    }
    outcomes
}

fn names(outcomes: &BTreeMap<String, Plan>) -> BTreeSet<&str> {
    outcomes.keys().map(String::as_str).collect()
}

#[test]
fn a_right_program_is_never_accused() {
    for (case, n, answer) in [
        ("map_behind_a_mutex", 4, "4"),
        ("counter", 4, "40"),
        ("compare_and_swap", 4, "4"),
        ("channel", 3, "9"),
        ("bounded_channel", 4, "6"),
        ("gate", 3, "3"),
        ("scoped", 4, "10"),
        ("barrier", 3, "0"),
        ("readers_and_writers", 4, "2"),
        ("spins", 4, "4"),
        ("spin_lock", 4, "4"),
        ("sleepers", 4, "1"),
        ("waits_with_a_time_limit", 0, "1"),
        ("once", 3, "1"),
        ("writer_starves", 0, "7"),
        ("locks_and_looks", 4, "4"),
        ("locks_and_looks_counting", 4, "4"),
        ("reads_and_looks", 4, "4"),
        ("tries_a_lock", 4, "4"),
    ] {
        let outcomes = outcomes(case, n, schedules());
        assert_eq!(names(&outcomes), BTreeSet::from([answer]), "{case}: {outcomes:?}");
    }
}

#[test]
fn time_moves_for_whoever_only_locks_and_looks() {
    for plan in [Plan::Calm, plan(0), plan(1)] {
        assert_eq!(run("looks_for_a_sleeper", 0, &Schedule::new(plan)), Ok(1));
    }
}

#[test]
fn many_threads_come_and_go_and_a_crowd_is_bounded() {
    // How long a debug build takes for ten thousand threads is not what is tested.
    let limits = || Limits { call_cpu: std::time::Duration::from_mins(10), ..Limits::default() };
    let calm = |case, n| {
        let machine = program().start(limits(), &Schedule::new(Plan::Calm));
        machine.expect("a machine").call::<u32, u32>(&mut around(), case, n)
    };
    assert_eq!(calm("counter", 10_000), Ok(100_000), "each ends as soon as it may");
    assert_eq!(calm("barrier", 10_001), Ok(0), "all wait for the last");
    assert_eq!(calm("barrier", 12_001), Err(Stop::TooManyThreads));
}

#[test]
fn a_race_is_found_and_a_calm_run_does_not_show_it() {
    for (case, n, right, wrong) in [
        ("lost_update", 3, "3", "2"),
        ("check_then_act", 3, "3", "2"),
        ("lock_order", 0, "0", "deadlock"),
        ("missed_wake_up", 0, "0", "deadlock"),
        ("wait_without_a_loop", 0, "1", "panic"),
        ("first_message_wins", 3, "0", "2"),
    ] {
        let found = outcomes(case, n, 100);
        assert!(names(&found).contains(right) && names(&found).contains(wrong), "{case}: {found:?}");
    }
    assert_eq!(run("lost_update", 3, &Schedule::new(Plan::Calm)), Ok(3));
    assert_eq!(run("lock_order", 0, &Schedule::new(Plan::Calm)), Ok(0));
}

#[test]
fn both_strategies_find_a_lost_update() {
    let found = |plan: fn(u64) -> Plan| {
        (0..100).filter(|seed| run("lost_update", 3, &Schedule::new(plan(*seed))) != Ok(3)).count()
    };
    let (walk, pct) = (found(|seed| Plan::Walk { seed }), found(|seed| Plan::Pct { seed }));
    assert!(walk >= 5 && pct >= 2, "walk {walk}, pct {pct} of 100");
}

#[test]
fn equal_seeds_give_equal_runs() {
    for case in ["lost_update", "check_then_act", "first_message_wins", "wait_without_a_loop", "channel"] {
        for number in 0..20 {
            let observe = || {
                let mut machine = machine(&Schedule::new(plan(number)));
                let outcome = machine.call::<u32, u32>(&mut around(), case, 3);
                (outcome, machine.points(), machine.switches(), machine.fuel())
            };
            assert_eq!(observe(), observe(), "{case} under schedule {number}");
        }
    }
}

#[test]
fn the_switches_of_a_run_replay_it() {
    for case in ["lost_update", "first_message_wins", "lock_order", "wait_without_a_loop"] {
        for number in 0..60 {
            let mut first = machine(&Schedule::new(plan(number)));
            let outcome = first.call::<u32, u32>(&mut around(), case, 3);
            let replay = Schedule::new(Plan::Replay(first.switches().expect("a short run")));
            assert_eq!(run(case, 3, &replay), outcome, "{case} under schedule {number}");
        }
    }
}

#[test]
fn a_sleep_is_no_join_and_orders_nothing() {
    let at_any_moment = |number| Schedule { any_moment: true, ..Schedule::new(plan(number)) };
    for (case, n) in [("sleeps_instead_of_joining", 0), ("sleeps_between_starts", 4), ("sleeps_between_starts", 5)] {
        // Both strategies find it, the one at even numbers and the other at odd ones.
        for strategy in [0, 1] {
            let found = (0..50).filter(|number| run(case, n, &at_any_moment(2 * number + strategy)) == Ok(0)).count();
            assert!(found >= 3, "{case}: strategy {strategy} finds it {found} times in 50");
        }
    }
    // Where time passes only when all wait, it goes unseen.
    assert!((0..200).all(|number| run("sleeps_instead_of_joining", 0, &Schedule::new(plan(number))) == Ok(1)));
    for (case, n, answer) in [
        ("waits_with_a_time_limit", 0, 1),
        ("waits_a_minute_at_most", 0, 1),
        ("sleeps_until_its_turn", 4, 4),
        ("locks_and_looks", 4, 4),
        ("spins", 4, 4),
    ] {
        let wrong = (0..schedules()).find(|number| run(case, n, &at_any_moment(*number)) != Ok(answer));
        assert_eq!(wrong, None, "{case} is right under every schedule");
    }
}

#[test]
fn what_a_sleep_does_not_order_is_replayed_and_repeats() {
    for number in 0..40 {
        let schedule = Schedule { any_moment: true, ..Schedule::new(plan(number)) };
        let mut first = machine(&schedule);
        let outcome = first.call::<u32, u32>(&mut around(), "sleeps_between_starts", 4);
        assert_eq!(run("sleeps_between_starts", 4, &schedule), outcome, "schedule {number}");
        let plan = Plan::Replay(first.switches().expect("a short run"));
        let replay = Schedule { any_moment: true, ..Schedule::new(plan) };
        assert_eq!(run("sleeps_between_starts", 4, &replay), outcome, "schedule {number}, replayed");
    }
}

#[test]
fn a_deadlock_tells_who_waits_for_what_and_who_holds_it() {
    let sources = Sources::from([("src/lib.rs".to_owned(), CASES.to_owned())]);
    let plan = outcomes("lock_order", 0, 100).remove("deadlock").expect("it is found");
    let mut told = machine(&Schedule { story: Some(Language::English), ..Schedule::new(plan) });
    assert!(matches!(told.call::<u32, u32>(&mut around(), "lock_order", 0), Err(Stop::Deadlock(_))));
    let waits = told.tell(&sources).waits;
    let (main, other) = (&waits[0], &waits[1]);
    assert!(main.starts_with("the caller's thread waits for a lock (`Mutex`) at src/lib.rs:"), "{main}");
    assert!(main.contains("`*a += *b.lock().unwrap();`; it is held by thread 1 since src/lib.rs:"), "{main}");
    assert!(other.contains("`*b += *a2.lock().unwrap();`; it is held by the caller's thread"), "{other}");

    let mut alone = machine(&Schedule { story: Some(Language::French), ..Schedule::new(Plan::Calm) });
    assert!(matches!(alone.call::<u32, u32>(&mut around(), "locks_itself", 0), Err(Stop::Deadlock(_))));
    let waits = alone.tell(&sources).waits;
    assert!(
        waits[0].contains("attend un verrou (`Mutex`)")
            && waits[0].matches("il est tenu par").count() == 1
            && waits[0].contains("il est tenu par lui-même, qui ne peut pas le prendre deux fois"),
        "{waits:?}"
    );

    // The threads before it have ended, and their memory is used again.
    let mut last = machine(&Schedule { story: Some(Language::English), ..Schedule::new(Plan::Calm) });
    assert!(matches!(last.call::<u32, u32>(&mut around(), "locks_itself", 3), Err(Stop::Deadlock(_))));
    let waits = last.tell(&sources).waits;
    assert!(waits[0].starts_with("the caller's thread waits for the end of thread 3"), "{waits:?}");
    assert!(waits[1].starts_with("thread 3 ") && waits[1].matches("it is held by").count() == 1, "{waits:?}");
}

#[test]
fn a_story_names_threads_and_their_lines() {
    let sources = Sources::from([("src/lib.rs".to_owned(), CASES.to_owned())]);
    let number = (0..1000).find(|number| run("lost_update", 2, &Schedule::new(plan(*number))) == Ok(1)).expect("found");
    let mut first = machine(&Schedule::new(plan(number)));
    drop(first.call::<u32, u32>(&mut around(), "lost_update", 2));
    let switches = first.switches().expect("a short run");
    let few =
        shrink(switches, &|switches| run("lost_update", 2, &Schedule::new(Plan::Replay(switches.to_vec()))) == Ok(1));
    // One would do, but no single one of four can be left out.
    assert!(few.len() <= 4, "{few:?}");
    let mut told = machine(&Schedule { story: Some(Language::English), ..Schedule::new(Plan::Replay(few)) });
    assert_eq!(told.call::<u32, u32>(&mut around(), "lost_update", 2), Ok(1));
    let story = told.tell(&sources).story;
    let code = "shared.store(seen + 1, Ordering::SeqCst);";
    let line = 1 + CASES.lines().position(|line| line.trim() == code).expect("the case's line");
    let end = format!("is held up before src/lib.rs:{line} `{code}`");
    let held_up = story.iter().any(|line| line.starts_with("thread ") && line.ends_with(&end));
    assert!(held_up && story.len() <= 12, "{story:#?}");
}

fn shrink(mut switches: Vec<Switch>, fails: &dyn Fn(&[Switch]) -> bool) -> Vec<Switch> {
    let mut at = 0;
    while at < switches.len() {
        let mut fewer = switches.clone();
        fewer.remove(at);
        if fails(&fewer) { switches = fewer } else { at += 1 }
    }
    switches
}

#[test]
fn a_panic_ends_the_program_and_is_told() {
    let mut machine = machine(&Schedule::new(Plan::Calm));
    let outcome = machine.call::<u32, u32>(&mut around(), "panics_under_a_lock", 0);
    assert!(matches!(outcome, Err(Stop::Trap { thread: 1, .. })), "{outcome:?}");
    assert!(String::from_utf8_lossy(&machine.printed()).contains("under the lock"));
    assert_eq!(machine.call::<u32, u32>(&mut around(), "ticks", 0), outcome, "a dead module stays dead");
}

#[test]
fn ten_thousand_short_threads_end() {
    // By chance nearly all of them live at once; calmly one after the other.
    for (plan, count) in [(Plan::Calm, 10_000), (Plan::Walk { seed: 1 }, 1_000), (Plan::Pct { seed: 1 }, 1_000)] {
        let mut machine = machine(&Schedule::new(plan.clone()));
        assert_eq!(machine.call::<u32, u32>(&mut around(), "short_threads", count), Ok(count), "{plan:?}");
        assert_eq!(machine.started(), count);
    }
}

#[test]
fn a_thread_lives_on_between_calls_in_virtual_time() {
    for plan in [Plan::Calm, Plan::Walk { seed: 3 }, Plan::Pct { seed: 3 }] {
        let mut machine = machine(&Schedule::new(plan.clone()));
        let mut around = around();
        assert_eq!(machine.call(&mut around, "starts_a_ticker", 0_u32), Ok(0_u32));
        around.monotonic_ns += 10_500_000_000;
        // Unless all is calm, the last tick may be late.
        for _ in 0..2 {
            let ticks: u32 = machine.call(&mut around, "ticks", 0_u32).expect("an answer");
            assert!(ticks == 10 || ticks == 9 && plan != Plan::Calm, "{ticks} under {plan:?}");
        }
    }
}

/// What the last of several calls answers, a second apart where `pauses`.
fn answer(calls: &[(&str, u32)], pauses: bool, schedule: &Schedule) -> (u32, Option<Vec<Switch>>) {
    let (mut machine, mut around, mut answer) = (machine(schedule), around(), 0);
    for (case, n) in calls {
        answer = machine.call(&mut around, case, *n).expect("an answer");
        around.monotonic_ns += u64::from(pauses) * 1_000_000_000;
    }
    (answer, machine.switches())
}

#[test]
fn a_thread_that_nobody_waits_for_may_be_late_and_a_cleaner_meets_calls() {
    for (calls, pauses, right, wrong) in [
        (&[("copies_and_forgets", 2), ("copies", 0)][..], false, 2, Some(0)),
        (&[("copies_and_forgets", 2), ("copies", 0), ("copies", 0), ("copies", 0)], false, 2, Some(0)),
        (&[("copies_and_waits", 2), ("copies", 0)], false, 2, None),
        (&[("starts_a_cleaner", 2), ("stores_again", 0), ("stored", 0)], true, 2, Some(0)),
        (&[("starts_a_cleaner", 1), ("stores_again", 0), ("stored", 0)], true, 2, None),
    ] {
        assert_eq!(answer(calls, pauses, &Schedule::new(Plan::Calm)).0, right, "{calls:?}, calmly");
        let found = |strategy: u64| {
            let odd = |number: &u64| answer(calls, pauses, &Schedule::new(plan(2 * number + strategy))).0 != right;
            (0..schedules() / 2).filter(odd).collect::<Vec<_>>()
        };
        let found = [found(0), found(1)];
        let times = found.each_ref().map(Vec::len);
        println!("{calls:?}: the strategies find it {times:?} times in {}", schedules() / 2);
        let Some(wrong) = wrong else {
            assert_eq!(times, [0, 0], "{calls:?} is right under every schedule: {found:?}");
            continue;
        };
        assert!(times.iter().sum::<usize>() as u64 >= schedules() / 100, "{calls:?} is found {times:?} times");
        for (strategy, found) in (0..).zip(found) {
            let Some(first) = found.first() else { continue };
            let seed = plan(2 * first + strategy);
            let (first, switches) = answer(calls, pauses, &Schedule::new(seed));
            let replay = Plan::Replay(switches.expect("a short run"));
            assert_eq!(answer(calls, pauses, &Schedule::new(replay)).0, first, "{calls:?}, replayed");
            assert!(first == wrong || first < right, "{calls:?}: {first}");
        }
    }
}

#[test]
fn a_thread_that_never_rests_does_not_stop_the_caller() {
    for plan in [Plan::Calm, Plan::Walk { seed: 3 }, Plan::Pct { seed: 3 }] {
        let mut machine = machine(&Schedule::new(plan));
        let mut around = around();
        assert_eq!(machine.call(&mut around, "works_for_ever_beside", 0_u32), Ok(5_u32));
        around.monotonic_ns += 1_000_000_000;
        assert_eq!(machine.call(&mut around, "ticks", 0_u32), Ok(0_u32));
    }
}

#[test]
fn what_never_ends_is_stopped() {
    let limits = Limits { points: 100_000, ..Limits::default() };
    let mut machine = program().start(limits, &Schedule::new(Plan::Calm)).expect("a machine");
    assert_eq!(machine.call::<u32, u32>(&mut around(), "never_ends", 0), Err(Stop::OutOfWork));
}

#[test]
fn a_stack_that_overflows_is_told_and_a_large_one_is_large() {
    let schedule = Schedule::new(Plan::Calm);
    assert_eq!(run("overflows_a_thread", 100, &schedule), Ok(100));
    let stop = run("overflows_a_thread", 100_000, &schedule);
    assert_eq!(stop, Err(Stop::StackOverflow { thread: 1, bytes: 128 << 10 }));
    assert_eq!(run("overflows_a_large_stack", 2_000, &schedule), Ok(2_000));
    let stop = run("overflows_a_large_stack", 100_000, &schedule);
    assert!(matches!(stop, Err(Stop::StackOverflow { thread: 1, .. })), "{stop:?}");
}

#[test]
fn shared_memory_ends_at_the_cap() {
    let limits = Limits { memory_bytes: 32 << 20, ..Limits::default() };
    let mut within = program().start(limits, &Schedule::new(Plan::Calm)).expect("a machine");
    assert_eq!(within.call(&mut around(), "takes_memory", 20_u32), Ok(20_u32));
    let mut beyond = program().start(limits, &Schedule::new(Plan::Calm)).expect("a machine");
    assert!(beyond.call::<u32, u32>(&mut around(), "takes_memory", 60).is_err());
    assert!(beyond.memory_refused());
}

#[test]
fn sleeping_costs_no_time() {
    let mut around = around();
    let mut machine = machine(&Schedule::new(Plan::Walk { seed: 5 }));
    assert_eq!(machine.call(&mut around, "sleepers", 20_u32), Ok(1_u32));
    assert!(around.monotonic_ns >= 3_619_000_000_000, "the world's clock has moved: {}", around.monotonic_ns);
}
