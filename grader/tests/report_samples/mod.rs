//! Reports to render: one of every kind.

#![allow(dead_code, reason = "each test program uses its own part of it")]

use cachedojo_judge::Verdict;
use cachedojo_judge::growth::GrowthClass;
use cachedojo_judge::pack::Visibility;
use cachedojo_judge::report::{
    AlsoFails, CheckReport, GradeVerdict, GraderId, GrowthReport, Handed, MutantReport, Report, SCHEMA,
    SourceDiagnostic, SubmissionId,
};

/// Stands wherever a hidden check could give something away.
pub(crate) const SECRET: &str = "s3cr3t";

/// A submission that earned some points, with a check of every verdict.
pub(crate) fn graded() -> Report {
    let mut checks = vec![
        check("basic_get_set", "Get and set", 10, 10, Verdict::Pass),
        check("lru_eviction", "LRU eviction", 4, 10, Verdict::Fail),
        check("ttl", "Time to live", 0, 10, Verdict::NotImplemented),
        check("stats", "Statistics", 0, 5, Verdict::Panic),
        check("ring_balance", "Ring: balance", 0, 10, Verdict::Timeout),
        check("big_values", "Large values", 0, 5, Verdict::OutOfMemory),
        check("exit", "Ends the process", 0, 5, Verdict::Forbidden),
        check("order", "Order of keys", 0, 5, Verdict::Flaky),
        check("replication", "Replication | \"two\" & <three>", 0, 10, Verdict::Skipped),
        check("scenario_d", "Failed node", 0, 10, Verdict::Fail),
        check("free", "A row without points", 0, 0, Verdict::Pass),
    ];
    let lru = &mut checks[1];
    lru.message = "The least recently used goes first: expected nothing, got v1.".to_owned();
    (lru.expected, lru.actual) = ("nothing".to_owned(), "v1".to_owned());
    lru.hint = "A get counts as a use.".to_owned();
    lru.script = "node 20\nset a v1\nget a\nexpect nothing".to_owned();
    lru.transcript = "> node 20\n> set a v1\n  stored\n> get a\n  v1\n> expect nothing\n  broken".to_owned();
    lru.also_fails = vec![AlsoFails {
        expected: "v2".to_owned(),
        actual: "nothing".to_owned(),
        message: "A set counts as a use: expected v2, got nothing.".to_owned(),
        script: "node 20\nset b v2\nexpect v2".to_owned(),
        transcript: "> node 20\n> set b v2\n  stored\n> expect v2\n  broken".to_owned(),
        schedule: "1. thread 1: src/lib.rs:7 Mutex::lock — ends\nFound by calm.".to_owned(),
        link: String::new(),
    }];
    checks[3].script = "stats".to_owned();
    checks[3].message = "Counts hits: panicked at src/lib.rs:3:5: attempt to divide by zero.".to_owned();
    checks[8].message = "Skipped because `ttl` (Time to live) earned nothing: mend that first.".to_owned();
    let hidden = &mut checks[9];
    hidden.visibility = Visibility::Hidden;
    hidden.hint = "Look at the replicas.".to_owned();
    for text in
        [&mut hidden.expected, &mut hidden.actual, &mut hidden.message, &mut hidden.script, &mut hidden.transcript]
    {
        *text = format!("kill {SECRET}");
    }
    hidden.also_fails =
        vec![AlsoFails { message: SECRET.to_owned(), script: SECRET.to_owned(), ..AlsoFails::default() }];
    let mutants = vec![
        mutant("get_does_not_promote", "", false, true, "A get does not count as a use."),
        mutant("ttl_not_purged", "A", false, false, "An entry past its time is still there."),
        mutant("miss_counts_as_hit", "E", false, false, "A miss is counted as a hit."),
    ];
    let note = diagnostic("src/lib.rs", 12, 0, "unused variable: `limit`");
    report(GradeVerdict::Graded, 14, checks, mutants, vec![note])
}

/// A submission for which no check ran.
pub(crate) fn ungraded(verdict: GradeVerdict) -> Report {
    let diagnostics = match verdict {
        GradeVerdict::BuildFailed => vec![
            diagnostic("src/lib.rs", 7, 13, "cannot find value `x` in this scope\nhelp: a local variable `y` exists"),
            diagnostic("src/ring.rs", 0, 0, "unclosed delimiter"),
        ],
        GradeVerdict::Forbidden => vec![diagnostic("src/lib.rs", 3, 1, "`unsafe` is forbidden: remove it")],
        _ => Vec::new(),
    };
    report(verdict, 0, Vec::new(), Vec::new(), diagnostics)
}

/// A submission that says in every place what could break a reader.
pub(crate) fn hostile() -> Report {
    let attack = "a\n::error::forged\n::set-env name=x::y\n# forged\n  ✓ forged  100/100\nScore: 100/100 · passed\n\
                  ```\n<script>alert(1)</script><img src=x onerror=\"alert(1)\"></pre><b>]]>\u{1b}[2J\r\0\u{202e}\u{ffff}\u{feff}\
                  {\"scores\":{\"distributed-cache\":100}}\n@everyone [x](javascript:alert(1)) |a|b| %0A,forged=true,";
    let huge = attack.repeat(200);
    let mut checks = vec![check("a", "A", 3, 3, Verdict::Pass)];
    for (index, verdict) in [Verdict::Fail, Verdict::Panic, Verdict::Flaky, Verdict::Skipped].into_iter().enumerate() {
        let mut check = check(&format!("c{index}"), attack, 0, 10, verdict);
        for text in [
            &mut check.category,
            &mut check.expected,
            &mut check.actual,
            &mut check.message,
            &mut check.hint,
            &mut check.transcript,
        ] {
            *text = if index == 0 { huge.clone() } else { attack.to_owned() };
        }
        check.script = "get a".to_owned();
        check.also_fails = vec![AlsoFails {
            message: attack.to_owned(),
            transcript: attack.to_owned(),
            schedule: attack.to_owned(),
            script: "get b".to_owned(),
            ..AlsoFails::default()
        }];
        checks.push(check);
    }
    let diagnostics = vec![diagnostic(attack, 1, 1, attack), diagnostic("/etc/pass wd", 0, 0, &huge)];
    let mut report = report(GradeVerdict::Graded, 3, checks, vec![mutant("m", "", false, true, attack)], diagnostics);
    report.submission.path = attack.to_owned();
    report
}

fn report(
    verdict: GradeVerdict,
    score: u32,
    checks: Vec<CheckReport>,
    mutants: Vec<MutantReport>,
    diagnostics: Vec<SourceDiagnostic>,
) -> Report {
    let growth = if checks.is_empty() {
        Vec::new()
    } else {
        vec![
            growth("growth_get", "Reading a key", GrowthClass::Constant, vec![2_000, 2_010, 2_000, 2_020, 2_010]),
            growth(
                "growth_eviction",
                "Storing into a full node",
                GrowthClass::Linear,
                vec![900, 1_700, 3_300, 6_500, 12_900],
            ),
        ]
    };
    Report {
        schema: SCHEMA.to_owned(),
        exercise: "distributed-cache".to_owned(),
        verdict,
        score,
        max_score: 100,
        passing_score: 70,
        passed: false,
        seed: 7,
        submission: SubmissionId { path: "ada/src/lib.rs".to_owned(), sha256: "5".repeat(64), files: Vec::new() },
        handed: Handed::Something,
        grader: GraderId { version: "0.1.0".to_owned(), backend: "wasm".to_owned() },
        checks,
        growth,
        mutants,
        diagnostics,
        receipt: format!("sha256:{}", "a".repeat(64)),
    }
}

fn check(id: &str, title: &str, points: u32, max_points: u32, verdict: Verdict) -> CheckReport {
    CheckReport {
        title: title.to_owned(),
        category: "Core".to_owned(),
        points,
        max_points,
        fuel: 1_234,
        ..CheckReport::empty(id, verdict)
    }
}

fn growth(id: &str, title: &str, class: GrowthClass, fuel: Vec<u64>) -> GrowthReport {
    GrowthReport {
        id: id.to_owned(),
        title: title.to_owned(),
        class,
        within: GrowthClass::Log,
        points: 0,
        max_points: 0,
        fuel,
    }
}

fn mutant(id: &str, scenario: &str, detected: bool, behaves_like: bool, message: &str) -> MutantReport {
    MutantReport {
        id: id.to_owned(),
        scenario: scenario.to_owned(),
        detected,
        behaves_like,
        hunted: false,
        withheld: false,
        message: message.to_owned(),
    }
}

fn diagnostic(file: &str, line: u32, column: u32, message: &str) -> SourceDiagnostic {
    SourceDiagnostic { file: file.to_owned(), line, column, message: message.to_owned() }
}
