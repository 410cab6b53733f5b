//! Nodes as submissions: each bug of `five-bugs` mended in other ways than the pack's own, attacks, and the story that a failure is
//! told by.

use std::collections::BTreeMap;

use cachedojo_judge::pack::CodeLanguage;
use cachedojo_judge::{Report, Verdict, judge, nodes};
use cachedojo_lab::script::Dialect;
use cachedojo_notation::text::Language;
use grader::intake::submission::Submission;
use grader::language::toolchain::Limits;
use grader::pack::Pack;
use grader::run::bench::Bench;
use grader::run::script::{self, Asked};

const SECOND_WAY: &str = include_str!("nodes/right_in_a_second_way.patch");
const THIRD_WAY: &str = include_str!("nodes/right_in_a_third_way.patch");

fn pack() -> Pack {
    Pack::load("five-bugs").expect("a sound pack")
}

/// The starter with a patch of several files.
fn patched(pack: &Pack, patch: &str) -> BTreeMap<String, String> {
    let mut files = pack.part("starter", CodeLanguage::Rust);
    for part in patch.split("--- a/").skip(1) {
        let part = format!("--- a/{part}");
        let patch = diffy::Patch::from_str(&part).expect("a unified diff");
        let name = patch.modified().map_or("", |name| name.trim_start_matches("b/")).to_owned();
        let file = files.get_mut(&name).unwrap_or_else(|| panic!("{name} is a file of the starter"));
        *file = diffy::apply(file, &patch).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    files
}

fn submission(name: &str, files: BTreeMap<String, String>) -> Submission {
    Submission::of(CodeLanguage::Rust, name, files).expect("a crate")
}

fn graded(bench: &Bench<'_>, submission: &Submission) -> Report {
    bench.grade(submission, 0, Language::English).expect("a report")
}

#[test]
fn each_bug_mended_in_other_ways_gets_full_marks() {
    let pack = pack();
    let bench = Bench::open(&pack, false).expect("a toolbox");
    for (name, patch) in [("second way", SECOND_WAY), ("third way", THIRD_WAY)] {
        let report = graded(&bench, &submission(name, patched(&pack, patch)));
        let lost: Vec<_> = report.checks.iter().filter(|check| check.points < check.max_points).collect();
        assert!(report.score == 100 && lost.is_empty(), "{name}: {lost:#?} {:?}", report.diagnostics);
    }
}

#[test]
fn attacks_get_their_verdicts() {
    let pack = pack();
    let mut bench = Bench::open(&pack, false).expect("a toolbox");
    // A tenth of the usual: an attack that works without end is told by whatever limit.
    bench.limits.fuel /= 10;
    let api = pack.part("starter", CodeLanguage::Rust).remove("src/api.rs").expect("the contract");
    // What a node does with an input; what it has besides.
    for (name, handle, verdict) in [
        ("prints its answers", "println!(\"stored\"); std::process::abort();", Verdict::Panic),
        (
            "answers everything that may be asked",
            "(0..99).map(|request| Effect::Reply { request, reply: Reply::Done }).collect()",
            Verdict::Fail,
        ),
        ("panics", "panic!(\"no\")", Verdict::Panic),
        ("never comes back", "loop { std::hint::black_box(&input); }", Verdict::Timeout),
        ("ends the process", "std::process::exit(0)", Verdict::Forbidden),
        (
            "hoards",
            "let mut hoard = Vec::new(); loop { hoard.push(vec![1_u8; 1 << 20]); std::hint::black_box(&hoard); }",
            Verdict::OutOfMemory,
        ),
        ("sleeps for an hour", "std::thread::sleep(Duration::from_secs(3600)); vec![]", Verdict::Fail),
        ("starts a thread", "std::thread::spawn(|| ()); vec![]", Verdict::Panic),
        ("storms with timers", "vec![Effect::Timer { timer: 1, after: Duration::ZERO }]", Verdict::Timeout),
        (
            "floods itself",
            "let bytes = vec![0; 1 << 20]; vec![Effect::Send { to: \"n1\".to_owned(), bytes: bytes.clone() }, Effect::Send { to: \"n1\".to_owned(), bytes }]",
            Verdict::Timeout,
        ),
        (
            "waits by the clock",
            "let began = Instant::now(); while began.elapsed() < Duration::from_secs(5) {} vec![]",
            Verdict::Timeout,
        ),
    ] {
        let root = format!(
            "mod api;\npub use api::*;\n#[allow(unused)] use std::time::{{Duration, Instant}};\npub struct CacheNode;\n\
             impl CacheNode {{\n    pub fn new(_: NodeConfig) -> Self {{ Self }}\n    pub fn start(&mut self) -> Vec<Effect> {{ vec![] }}\n    \
             pub fn handle(&mut self, input: Input) -> Vec<Effect> {{ {handle} }}\n}}\n"
        );
        let files = [("src/lib.rs".to_owned(), root), ("src/api.rs".to_owned(), api.clone())].into();
        let report = graded(&bench, &submission(name, files));
        assert_eq!((report.score, report.checks[0].verdict), (0, verdict), "{name}: {:#?}", report.checks[0]);
    }
}

#[test]
fn another_contract_is_named_and_a_crate_that_hides_files_is_refused() {
    let pack = pack();
    let bench = Bench::open(&pack, false).expect("a toolbox");
    let with = |file: &str, from: &str, to: &str| {
        let mut files = pack.part("solution", CodeLanguage::Rust);
        let text = files.get_mut(file).expect("a file of the solution");
        assert!(text.contains(from), "{from}");
        *text = text.replace(from, to);
        graded(&bench, &submission(file, files))
    };
    let report = with("src/node.rs", "pub fn handle(&mut self, input: Input)", "pub fn hear(&mut self, input: Input)");
    assert_eq!(report.checks[0].verdict, Verdict::NotImplemented, "{:?}", report.checks[0]);
    let report = with("src/lib.rs", "mod protocol;", "#[path = \"/etc/passwd\"] mod protocol;");
    assert!(report.checks.iter().all(|check| check.points == 0), "{report:?}");
    assert!(report.diagnostics.iter().any(|it| it.message.contains("the attribute `path` is forbidden")));
    let report = with(
        "src/storage.rs",
        "use std::collections::BTreeMap;",
        "use std::collections::BTreeMap; const _: &str = include_str!(\"storage.rs\");",
    );
    assert!(report.diagnostics.iter().any(|it| it.file == "src/storage.rs" && it.message.contains("include_str!")));
}

#[test]
fn a_failure_is_told_as_a_story_in_both_languages() {
    let mut pack = pack();
    pack.exercise.checks.retain(|check| check.id == "quorum");
    pack.exercise.checks[0].depends.clear();
    let bench = Bench::open(&pack, false).expect("a toolbox");
    let starter = submission("starter", pack.part("starter", CodeLanguage::Rust));
    let built = bench.build(&starter).expect("it builds");
    let mut fresh = || built.factory.subject(&Limits::default()).map_err(|error| error.to_string());
    let outcomes = judge(&pack.exercise, 0, &mut fresh).expect("a sound pack");
    let failing = outcomes[0].first_failure().expect("the bug shows");
    let scene = nodes::read(&failing.script).expect("a scene");
    let told = |language: Language| nodes::story::tell(&scene, &failing.events, language);
    let (english, french) = (told(Language::English), told(Language::French));
    for (text, wanted) in [
        (&english, "messages from n1 to n2 are lost from now on"),
        (&english, "n2 is asked to read"),
        (&english, "✗ expected"),
        (&english, "n2 holds"),
        (&french, "les messages de n1 à n2 se perdent désormais"),
        (&french, "on demande à n2 de lire"),
        (&french, "✗ attendu"),
        (&french, "n2 a "),
    ] {
        assert!(text.contains(wanted), "{wanted} in:\n{text}");
    }
    assert_eq!(english.lines().count(), french.lines().count());
}

/// Whatever the grading's seed, and in whichever of its two worlds a scene failed.
#[test]
fn what_a_failure_shows_is_answered_alike_when_it_is_run_without_a_seed() {
    let half = ["ConsistencyLevel::Quorum => replicas / 2 + 1", "ConsistencyLevel::Quorum => replicas / 2"];
    for (id, part, edit, seed) in [("five-bugs", "starter", None, 3), ("replicated-node", "solution", Some(half), 0)] {
        let pack = Pack::load(id).expect("a sound pack");
        let bench = Bench::open(&pack, false).expect("a toolbox");
        let mut files = pack.part(part, CodeLanguage::Rust);
        for text in files.values_mut() {
            *text = edit.map_or_else(|| text.clone(), |[from, to]| text.replace(from, to));
        }
        let built = bench.build(&submission(id, files)).expect("it builds");
        let mut fresh = || built.factory.subject(&Limits::default()).map_err(|error| error.to_string());
        let outcomes = judge(&pack.exercise, seed, &mut fresh).expect("a sound pack");
        let failing = outcomes.iter().flat_map(|outcome| &outcome.cases).filter(|case| case.verdict != Verdict::Pass);
        let failing: Vec<_> = failing.collect();
        assert!(!failing.is_empty(), "{id}: the bug shows");
        for case in failing {
            let interface = pack.exercise.interface;
            let events =
                script::run(interface, &Asked::calmly(&case.script, Dialect::Lab, 0), &mut fresh).expect("a scene");
            assert_eq!(events, case.events, "{id}: {}", case.script);
        }
    }
}

#[test]
fn a_life_in_which_a_promise_is_broken_is_told_and_its_lines_replay() {
    let mut pack = Pack::load("replicated-node").expect("a sound pack");
    pack.exercise.checks.retain(|check| check.id == "quorum");
    let check = &mut pack.exercise.checks[0];
    check.depends.clear();
    check.cases.retain(|case| case.template.starts_with("@life"));
    let bench = Bench::open(&pack, false).expect("a toolbox");
    let mut files = pack.part("solution", CodeLanguage::Rust);
    let quorum = files.get_mut("src/coordinator.rs").expect("a file of the solution");
    let half =
        quorum.replace("ConsistencyLevel::Quorum => replicas / 2 + 1", "ConsistencyLevel::Quorum => replicas / 2");
    assert_ne!(half, *quorum);
    *quorum = half;
    let built = bench.build(&submission("half", files)).expect("it builds");
    let mut fresh = || built.factory.subject(&Limits::default()).map_err(|error| error.to_string());
    let outcomes = judge(&pack.exercise, 0, &mut fresh).expect("a sound pack");
    let failing = outcomes[0].first_failure().expect("one of three is no quorum");
    let broken = failing.divergence.as_ref().expect("a promise").actual.clone();
    let scene = nodes::read(&failing.script).expect("a scene");
    assert!(scene.has_seed() && !failing.script.contains('@'), "{}", failing.script);
    let again = nodes::play(&scene, 7, &mut fresh);
    assert_eq!(again.events, failing.events, "whatever the grading's seed");
    let shortest =
        nodes::shrink::shortest(&failing.script, 7, nodes::shrink::RUNS_MAX, &mut fresh).expect("a shorter one");
    let operations = |script: &str| script.lines().filter(|line| line.starts_with("begin ")).count();
    assert!(operations(&failing.script) >= 40 && operations(&shortest.script) <= 8, "{}", shortest.script);
    let replayed = nodes::play(&nodes::read(&shortest.script).expect("a scene"), 11, &mut fresh);
    assert_eq!(replayed.events, shortest.events, "what is shown replays");
    let told = |language: Language| nodes::story::tell(&scene, &failing.events, language);
    let (english, french) = (told(Language::English), told(Language::French));
    for (text, wanted) in [
        (&english, "\nat the end:\nn1 "),
        (&french, "\nà la fin :\nn1 "),
        (&english, "3 nodes start, each key on 3 of them"),
        (&english, ": write k1 v"),
        (&english, &*format!("✗ promise broken: {broken}")),
        (&french, "3 nœuds démarrent"),
        (&french, "✗ promesse rompue : n"),
        (&french, "=> fait ("),
    ] {
        assert!(text.contains(wanted), "{wanted} in:\n{text}");
    }
    assert_eq!(english.lines().count(), french.lines().count());
}

/// A question that a script asks after an answer comes later, though no time was said to pass; and silence is no refusal.
#[test]
fn what_is_gone_before_its_time_and_what_is_never_answered_breaks_a_promise() {
    let pack = Pack::load("replicated-node").expect("a sound pack");
    let bench = Bench::open(&pack, false).expect("a toolbox");
    let mut files = pack.part("solution", CodeLanguage::Rust);
    for (file, from, to) in [
        ("src/coordinator.rs", "Reply::Value(newest.living(now).cloned())", "Reply::Value(None)"),
        ("src/node.rs", "out.push(Effect::Timer { timer: TICK, after: EVERY });\n        self.ticks", "self.ticks"),
    ] {
        let text = files.get_mut(file).expect("a file of the solution");
        assert!(text.contains(from), "{from}");
        *text = text.replace(from, to);
    }
    let built = bench.build(&submission("silent", files)).expect("it builds");
    let mut fresh = || built.factory.subject(&Limits::default()).map_err(|error| error.to_string());
    for (lines, said) in [
        (
            "write k v ttl=10m level=all via=n2\nread k via=n1\ncheck",
            "n1 reads nothing of k at 3009 ms, though v lives until 603000 ms",
        ),
        (
            "partition n1 | n2 n3\nbegin write k v via=n1\ntick 10s\ncheck",
            "n1 does not answer a write of k at 3000 ms, though it runs: it must refuse what it cannot do",
        ),
        ("partition n1 | n2 n3\nwrite k v via=n1\nexpect error", "no answer within 10 s"),
    ] {
        let scene = nodes::read(&format!("cluster nodes=3 rf=3\ntick 3s\n{lines}\n")).expect("a scene");
        let told = nodes::story::tell(&scene, &nodes::play(&scene, 0, &mut fresh).events, Language::English);
        assert!(told.contains(said), "{told}");
    }
    // Who has died, or stands still, need not answer.
    for fault in ["kill n1\nrestart n1", "pause n1"] {
        let lines = format!("partition n1 | n2 n3\nbegin write k v via=n1\n{fault}\ntick 10s\ncheck");
        let scene = nodes::read(&format!("cluster nodes=3 rf=3\ntick 3s\n{lines}\n")).expect("a scene");
        assert!(nodes::play(&scene, 0, &mut fresh).broken.is_none(), "{fault}");
    }
}
