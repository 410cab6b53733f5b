//! The walls around programs that read a stranger's input: what a confined program sees and may do, and what a killed
//! grading leaves behind.

#[path = "walls/files.rs"]
mod files;
#[path = "walls/machine.rs"]
mod machine;
#[path = "walls/users.rs"]
mod users;

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cachedojo_judge::Report;
use cachedojo_judge::report::GradeVerdict;
use grader::host::alone;
use grader::host::sandbox::{self, Ending, Job, Limits, Protection, WORK, libraries_of};

const LIMITS: Limits = Limits {
    wall: Duration::from_mins(2),
    cpu_s: 20,
    memory_bytes: 1 << 30,
    file_bytes: 1 << 16,
    output_bytes: 1 << 16,
};

/// Runs a shell's script, confined, in a folder with one file; returns its ending and what it said on standard output.
fn shell(script: &str, starts_programs: bool) -> (Ending, String) {
    let scratch = tempfile::tempdir().expect("there is room");
    fs::write(scratch.path().join("mine"), "my own\n").expect("there is room");
    let programs: Vec<PathBuf> = ["/bin/sh", "/bin/ls", "/bin/cat", "/bin/chmod", "/bin/ln"].map(PathBuf::from).into();
    let paths: Vec<&Path> = programs.iter().map(PathBuf::as_path).collect();
    let mut readable = libraries_of(&paths).expect("they are installed");
    readable.extend(programs.iter().cloned());
    let job = Job {
        program: Path::new("/bin/sh"),
        arguments: &["-c", script].map(OsString::from),
        scratch: scratch.path(),
        writes: true,
        readable: &readable,
        environment: &[("PATH", "/bin".into())],
        starts_programs,
        forks: false,
        limits: LIMITS,
        protection: Protection::Sandbox,
    };
    let mut running = sandbox::start(&job).expect("this machine can confine");
    let mut said = String::new();
    running.stdout.read_to_string(&mut said).expect("it is text");
    (running.finish().expect("it was run").ending, said)
}

#[test]
fn a_program_sees_its_own_files_and_no_others() {
    let readable = libraries_of(&[Path::new("/bin/sh")]).expect("it is installed");
    let walls = sandbox::available(&readable).expect("this machine can confine");
    if std::env::var_os(users::WITHOUT).is_some() {
        assert!(!walls.namespaces, "what is not there is not said to be");
    }
    let (ending, said) =
        shell("cat mine; cat /etc/passwd /proc/self/status; ls /root /home /etc /proc /tmp; pwd", true);
    assert_ne!(ending, Ending::OutOfTime);
    let expected = if walls.namespaces { format!("my own\n{WORK}\n") } else { said.clone() };
    assert_eq!(said, expected);
    assert!(said.starts_with("my own\n") && !said.contains("root:"), "{said}");
    // Nor whether it exists, which a different error would show.
    if walls.namespaces {
        let exists =
            "[ -e /etc/passwd ] && echo passwd; [ -e /root ] && echo root; [ -e /no-such ] && echo no; echo end";
        assert_eq!(shell(exists, false).1, "end\n");
        let root = shell("cd /; echo *", false).1;
        for hidden in ["etc", "home", "proc", "root", "run", "sys", "tmp", "var"] {
            assert!(!root.split_whitespace().any(|name| name == hidden), "{root}");
        }
    }
}

#[test]
fn a_program_inherits_nothing_and_knows_nothing_of_the_machine() {
    // Without `O_CLOEXEC`, as a shell's `exec 7< secret` leaves it.
    let (read, write) = rustix::pipe::pipe().expect("there are pipes");
    rustix::io::write(&write, b"secret").expect("it fits");
    let script = "for fd in 3 4 5 6 7 8 9; do cat <&$fd; done; set; echo end";
    let (_, said) = shell(script, true);
    drop((read, write));
    assert!(said.ends_with("end\n") && !said.contains("secret"), "{said}");
    for name in ["HOME=", "USER=", "CARGO", "TMPDIR="] {
        assert!(!said.lines().any(|line| line.starts_with(name)), "{said}");
    }
}

#[test]
fn a_program_changes_nothing_but_its_own_folder_and_not_without_end() {
    let (_, said) = shell("echo a > here && cat here; chmod 777 here || echo no; ln -s / link || echo no", true);
    assert_eq!(said, "a\nno\nno\n");
    let (ending, said) = shell("echo x > /bin/sh; echo x > /lib/x; echo end", true);
    assert_eq!((ending, said.as_str()), (Ending::Success, "end\n"));
    let (ending, _) = shell("while :; do echo 0123456789012345678901234567890123456789 >> big || exit 3; done", false);
    assert_eq!(ending, Ending::Failure);
}

#[test]
fn only_who_is_told_to_starts_programs_and_their_end_is_its_own() {
    assert_eq!(shell("(echo child); echo end", true).1, "child\nend\n");
    assert!(!shell("(echo child); echo end", false).1.contains("child"));
    let mut brief = LIMITS;
    brief.wall = Duration::from_millis(300);
    let scratch = tempfile::tempdir().expect("there is room");
    let readable = libraries_of(&[Path::new("/bin/sh")]).expect("it is installed");
    let job = Job {
        program: Path::new("/bin/sh"),
        arguments: &["-c", "read x"].map(OsString::from),
        scratch: scratch.path(),
        writes: false,
        readable: &readable,
        environment: &[],
        starts_programs: false,
        forks: false,
        limits: brief,
        protection: Protection::Sandbox,
    };
    let running = sandbox::start(&job).expect("this machine can confine");
    // Its input stays open: it waits for ever.
    let mut said = String::new();
    let mut running = running;
    running.stdout.read_to_string(&mut said).expect("it ends");
    assert_eq!(running.finish().expect("it was run").ending, Ending::StoodStill);
}

#[test]
fn who_is_started_alone_reaches_nobody_outside_and_leaves_nobody_behind() {
    let available = alone::is_available();
    assert!(!available || std::env::var_os(users::WITHOUT).is_none(), "what is not there is not said to be");
    // A number that no other command has in its line.
    let long = 900_000_000 + std::process::id();
    let script = format!(
        "kill -0 {} && echo reached; (sleep {long} &) >/dev/null 2>&1; sleep {long} >/dev/null 2>&1 & exit 5",
        std::process::id()
    );
    let mut command = alone::alone("sh");
    let ended = command.args(["-c", &script]).stdin(Stdio::null()).output().expect("there is a shell");
    assert_eq!(ended.status.code(), Some(5));
    let left = processes_of(Path::new(&long.to_string()));
    if !available {
        assert_eq!(ended.stdout, b"reached\n");
        Command::new("pkill").args(["-f", &format!("^sleep {long}$")]).status().expect("procps is installed");
        return;
    }
    assert_eq!((String::from_utf8_lossy(&ended.stdout).as_ref(), left), ("", Vec::new()));
    // Its standard input ends with the grader, and it with that.
    let mut waiting = alone::alone("sleep").arg(long.to_string()).stdin(Stdio::piped()).spawn().expect("it starts");
    drop(waiting.stdin.take());
    assert_eq!(waiting.wait().expect("it ends").code(), Some(128 + 9));
}

/// A grader, with a folder of its own for temporary files.
fn grader(temporary: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    command.args(arguments).env("TMPDIR", temporary);
    command
}

fn submission(folder: &Path, text: &str) {
    fs::create_dir_all(folder.join("src")).expect("there is room");
    fs::write(folder.join("src/lib.rs"), text).expect("there is room");
}

fn report(temporary: &Path, folder: &Path) -> (Option<i32>, Report) {
    let shown = folder.display().to_string();
    let output = grader(temporary, &["grade", &shown, "--format", "json"]).output().expect("it starts");
    let report = serde_json::from_slice(&output.stdout).expect("it is a report");
    (output.status.code(), report)
}

#[test]
fn a_source_that_kills_its_reader_gets_a_verdict_and_the_others_their_marks() {
    let (temporary, class) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
    let nested = format!("pub struct ProtocolParser;\nfn f() {{ let _ = {}0; }}\n", "|a,| ".repeat(63_000));
    submission(&class.path().join("mallory"), &nested);
    submission(&class.path().join("ada"), "pub struct ProtocolParser;");
    let (code, found) = report(temporary.path(), &class.path().join("mallory"));
    // The inspector counts nesting before a parser sees it, so this is told as forbidden instead of killing the parser.
    assert_eq!((code, found.verdict), (Some(3), GradeVerdict::Forbidden));
    assert!(found.diagnostics.iter().any(|found| !found.message.is_empty()), "{:?}", found.diagnostics);
    let (folder, out) = (class.path().display().to_string(), temporary.path().join("out").display().to_string());
    let ended = grader(temporary.path(), &["class", &folder, "--out", &out]).output().expect("it starts");
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    let results = fs::read_to_string(temporary.path().join("out/results.json")).expect("they are written");
    let results: serde_json::Value = serde_json::from_str(&results).expect("it is JSON");
    let verdicts: Vec<_> =
        results["learners"].as_array().expect("a list").iter().map(|one| &one["report"]["verdict"]).collect();
    assert_eq!(verdicts, ["graded", "forbidden"]);
    assert_eq!(left_in(temporary.path()), ["out"]);
}

#[test]
fn an_error_that_shows_late_is_the_submissions_own() {
    let temporary = tempfile::tempdir().expect("room");
    let generic = |body: &str| {
        format!(
            "pub struct CacheNode;\npub struct CacheEntry {{ pub value: Vec<u8> }}\nimpl CacheNode {{\n    \
             pub fn delete<K: AsRef<str> + ?Sized>(&mut self, key: &K) -> bool {{ {body} }}\n}}\n"
        )
    };
    for body in [
        "const { assert!(std::mem::size_of::<&K>() == 3, \"no\") }; key.as_ref().is_empty()",
        "const { let mut n = 0_u64; while n < u64::MAX { n += std::mem::align_of::<&K>() as u64 / 8; } }; key.as_ref().is_empty()",
        "fn f<T>(t: T, n: u32) -> bool { if n == 0 { true } else { f((t, 1_u8), n - 1) } } f(key.as_ref().len(), 9)",
        "let big = [std::mem::size_of::<&K>() as u8; usize::MAX]; big[key.as_ref().len()] == 0",
    ] {
        let folder = tempfile::tempdir().expect("room");
        submission(folder.path(), &generic(body));
        let (code, found) = report(temporary.path(), folder.path());
        assert_eq!((code, found.verdict), (Some(3), GradeVerdict::BuildFailed), "{body}: {:?}", found.diagnostics);
    }
}

/// What is in a folder, once whoever cleans up there is done.
fn left_in(folder: &Path) -> Vec<String> {
    let names = || {
        let entries = fs::read_dir(folder).expect("it is there").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    wait_until(|| !names().iter().any(|name| name.starts_with("cachedojo-")));
    names()
}

/// Waits for what another process is about to do; asserts come after it, and do not depend on how long it took.
fn wait_until(done: impl Fn() -> bool) {
    for _ in 0..1200 {
        if done() {
            break;
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// The processes that have a word of a path in their command line or their folder, this one left out.
fn processes_of(path: &Path) -> Vec<String> {
    let word = path.display().to_string();
    let entries = fs::read_dir("/proc").expect("this is Linux").flatten();
    let numbers = entries.filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok());
    let found = numbers.filter_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(&word).then_some(line)
    });
    found.collect()
}

/// It compiles for seconds, so a signal always arrives during the compilation.
const SLOW: &str =
    "pub struct ProtocolParser;\npub const N: u64 = { let mut n = 0_u64; while n < u64::MAX { n += 1; } n };\n";

#[test]
fn a_killed_grader_leaves_no_folder_and_no_process() {
    // What this machine needs once is made before, and takes longer than any grading.
    grader(&std::env::temp_dir(), &["doctor"]).output().expect("it starts");
    for signal in [
        rustix::process::Signal::INT,
        rustix::process::Signal::TERM,
        rustix::process::Signal::HUP,
        rustix::process::Signal::KILL,
    ] {
        let (temporary, folder) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
        submission(folder.path(), SLOW);
        let shown = folder.path().display().to_string();
        let mut command = grader(temporary.path(), &["grade", &shown]);
        let mut child: Child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        // Until the compiler runs, by way of the folder that it works in.
        wait_until(|| processes_of(temporary.path()).iter().any(|line| line.contains("--crate-name=submission")));
        assert!(!processes_of(temporary.path()).is_empty(), "the compiler was never seen");
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).expect("it is alive");
        child.wait().expect("it ends");
        assert_eq!(left_in(temporary.path()), Vec::<String>::new(), "{signal:?}");
        wait_until(|| processes_of(temporary.path()).is_empty());
        assert_eq!(processes_of(temporary.path()), Vec::<String>::new(), "{signal:?}");
    }
}

#[test]
fn where_temporary_files_are_changes_no_mark() {
    let folder = tempfile::tempdir().expect("room");
    submission(folder.path(), "pub struct ProtocolParser;\npub const WHERE: &str = file!();\n");
    let of = |temporary: &tempfile::TempDir| report(temporary.path(), folder.path()).1.receipt;
    let (one, other) =
        (tempfile::tempdir().expect("room"), tempfile::Builder::new().prefix("another-place").tempdir().expect("room"));
    assert_eq!(of(&one), of(&other));
}
