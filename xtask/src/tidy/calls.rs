//! Calls that would take from the host what must be passed in: time, files, the environment, the end of the process. Each has
//! exceptions with reasons; a file that no longer needs its exception is a finding too.

use super::rust;
use super::tree::{Finding, Tree};

struct Ban {
    call: &'static str,
    /// Where it is banned.
    folders: &'static [&'static str],
    /// The files, and the folders with all that is in them, that may use it, and why.
    exceptions: &'static [(&'static str, &'static str)],
    remedy: &'static str,
}

/// Crates that must not use the host.
const PURE: &[&str] =
    &["src/", "notation/src/", "wire/src/", "trace/src/", "lab/src/", "judge/src/", "www/bindings/src/"];

/// The grader runs on every system; one room knows which.
const GRADER: &[&str] = &["grader/src/"];
const HOST: &[(&str, &str)] = &[("grader/src/host/", "asks the system that it runs on, each in a module of its own")];
const OF_ONE_SYSTEM: &str = "learners run the grader on other systems too: ask a module of grader/src/host/";

const BANS: &[Ban] = &[
    Ban {
        call: "Instant::now(",
        folders: PURE,
        exceptions: &[("src/clock.rs", "the one clock that reads the host's")],
        remedy: "time is an argument: ask the `Clock` that you were given",
    },
    Ban {
        call: "SystemTime",
        folders: PURE,
        exceptions: &[("src/clock.rs", "the one clock that reads the host's")],
        remedy: "time is an argument: ask the `Clock` or `World`",
    },
    Ban {
        call: "thread::sleep",
        folders: &[
            "src/",
            "notation/",
            "wire/",
            "trace/",
            "lab/",
            "judge/",
            "www/bindings/",
            "grader/src/",
            "server/src/",
            "xtask/src/",
        ],
        exceptions: &[(
            "grader/src/language/http/service.rs",
            "a service that is starting tells nobody when it is ready",
        )],
        remedy: "nothing sleeps: wait for what is to happen, with a deadline",
    },
    Ban {
        call: "process::exit",
        folders: &[
            "src/",
            "notation/",
            "wire/",
            "trace/",
            "lab/",
            "judge/",
            "www/bindings/",
            "grader/src/",
            "server/src/",
            "xtask/src/",
        ],
        exceptions: &[(
            "grader/src/commands/stop.rs",
            "whoever asks twice to stop will not wait for what is being graded",
        )],
        remedy: "return an `ExitCode` from main",
    },
    Ban {
        call: "fs::",
        folders: PURE,
        exceptions: &[("src/cache/file.rs", "saves to and loads from a file that the caller names")],
        remedy: "take the bytes as an argument",
    },
    Ban { call: "env::", folders: PURE, exceptions: &[], remedy: "take it as an argument" },
    Ban { call: "rustix::", folders: GRADER, exceptions: HOST, remedy: OF_ONE_SYSTEM },
    Ban { call: "libc::", folders: GRADER, exceptions: HOST, remedy: OF_ONE_SYSTEM },
    Ban { call: "landlock::", folders: GRADER, exceptions: HOST, remedy: OF_ONE_SYSTEM },
    Ban { call: "seccompiler::", folders: GRADER, exceptions: HOST, remedy: OF_ONE_SYSTEM },
    Ban { call: "os::unix", folders: GRADER, exceptions: HOST, remedy: OF_ONE_SYSTEM },
    Ban { call: "os::linux", folders: GRADER, exceptions: HOST, remedy: OF_ONE_SYSTEM },
    Ban {
        call: "thread_rng",
        folders: &[""],
        exceptions: &[],
        remedy: "randomness is an argument: use the `Random` that you were given",
    },
    Ban {
        call: "RandomState",
        folders: PURE,
        exceptions: &[],
        remedy: "nothing may depend on the order of a hash map",
    },
];

pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for ban in BANS {
        let mut used = Vec::new();
        for (path, text) in tree.rust().filter(|(path, _)| !tree.is_test(path)) {
            if !ban.folders.iter().any(|folder| path.starts_with(folder)) || path.starts_with("xtask/src/tidy/") {
                continue;
            }
            let code = rust::without_tests(&rust::split(text).0);
            for (index, line) in code.lines().enumerate().filter(|(_, line)| calls(line, ban.call)) {
                _ = line;
                if ban.exceptions.iter().any(|(there, _)| is_in(there, path)) {
                    used.push(path);
                } else {
                    let message = format!("`{}` is banned here: {}", ban.call.trim_end_matches(['(', ':']), ban.remedy);
                    findings.push(Finding::new(path, index + 1, message));
                }
            }
        }
        let is_needed = |file: &str| file.ends_with('/') || used.contains(&file) || !tree.has(file);
        for (file, why) in ban.exceptions.iter().filter(|(file, _)| !is_needed(file)) {
            let call = ban.call.trim_end_matches(['(', ':']);
            let message =
                format!("is excepted from the ban on `{call}` ({why}) and has no such call: drop the exception");
            findings.push(Finding::new(file, 0, message));
        }
    }
}

/// Whether a file is this one, or in this folder.
fn is_in(there: &str, path: &str) -> bool {
    there == path || there.ends_with('/') && path.starts_with(there)
}

/// Whether a line of code contains the call, as whole words.
fn calls(line: &str, call: &str) -> bool {
    line.match_indices(call).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<(String, usize)> {
        let mut findings = Vec::new();
        check(&Tree::of(files), &mut findings);
        findings.into_iter().map(|finding| (finding.path, finding.line)).collect()
    }

    #[test]
    fn each_ban_finds_its_call_and_no_text_that_looks_like_it() {
        for ban in BANS {
            let planted = format!("// {0}\nfn f() {{ \"{0}\"; x::{0}y) }}\n", ban.call);
            let path = format!("{}planted.rs", if ban.folders[0].is_empty() { "src/" } else { ban.folders[0] });
            assert!(found(&[(&path, &planted)]).contains(&(path.clone(), 2)), "{}", ban.call);
        }
        assert!(
            found(&[("src/a.rs", "// Instant::now()\n#[cfg(test)]\nmod tests { fn f() { Instant::now() } }\n")])
                .is_empty()
        );
        assert!(found(&[("grader/tests/a.rs", "thread::sleep(x)")]).is_empty());
    }

    #[test]
    fn one_room_of_the_grader_knows_the_system() {
        let code = "fn f() { rustix::x() }\n";
        for path in ["grader/src/queue/a.rs", "grader/src/pack.rs", "grader/src/course.rs", "grader/src/main.rs"] {
            assert_eq!(found(&[(path, code)]), [(path.to_owned(), 1)]);
        }
        assert!(found(&[("grader/src/host/a/b.rs", code)]).is_empty());
    }

    #[test]
    fn an_exception_that_nobody_needs_is_found() {
        assert_eq!(found(&[("src/clock.rs", "fn f() { SystemTime::now() }\n")]), [("src/clock.rs".to_owned(), 0)]);
        assert!(found(&[("src/clock.rs", "fn f() { (Instant::now(), SystemTime::now()) }\n")]).is_empty());
    }
}
