//! Faults of the machine, provoked: limits, a full disk, a killed compiler, a truncated library, a cache that cannot be written
//! to. None of them is the learner's fault, and none may be cached.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use grader::language::rust::toolbox::{Target, Toolbox};

use super::{SLOW, grader, left_in, submission, wait_until};

/// Compiles, and is worth nothing.
const SMALL: &str = "pub struct ProtocolParser;\n";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The grader, started by a shell's script, which has it as `"$@"`.
fn in_shell(words: &[&str], script: &str, temporary: &Path, folder: &Path) -> Output {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(["sh", "-c", script, "sh", env!("CARGO_BIN_EXE_grader"), "grade"]).arg(folder);
    command.env("TMPDIR", temporary).output().expect("there is a shell")
}

#[test]
fn a_limit_of_the_shell_is_named_and_costs_nobody_a_mark() {
    let (temporary, folder) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
    submission(folder.path(), SMALL);
    for (limit, name) in [
        ("-v 100000", "address space"),
        ("-v 400000", "address space"),
        ("-v 4000000", "address space"),
        ("-d 1000000", "memory for data"),
        ("-f 0", "the size of files"),
        ("-f 400", "the size of files"),
        ("-t 2", "processor time"),
        ("-s 512", "the stack"),
        ("-n 32", "open files"),
    ] {
        let script = format!("ulimit {limit} && exec \"$@\" 2>&1");
        let ended = in_shell(&["env"], &script, temporary.path(), folder.path());
        let said = said(&ended);
        assert_eq!(ended.status.code(), Some(4), "{limit}: {said}");
        assert!(said.contains(name) && said.contains("ulimit"), "{limit}: {said}");
    }
    // A class is refused before its first file is written: that file's limit would end the grader without a word.
    let script = "ulimit -f 8 && exec \"$1\" class \"$3\" --out \"$TMPDIR/out\" 2>&1";
    let ended = in_shell(&["env"], script, temporary.path(), folder.path());
    let said = said(&ended);
    assert!(ended.status.code() == Some(4) && said.contains("the size of files"), "{said}");
    assert_eq!(left_in(temporary.path()), Vec::<String>::new());
}

#[test]
fn a_soft_limit_is_raised() {
    let (temporary, folder) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
    submission(folder.path(), "pub unsafe fn f() {}");
    let script = "ulimit -S -v 400000; ulimit -S -t 2; ulimit -S -f 8; exec \"$@\"";
    let ended = in_shell(&["env"], script, temporary.path(), folder.path());
    assert_eq!(ended.status.code(), Some(3), "{}", said(&ended));
}

/// Words before a command that let it mount what it likes, in a namespace of its own.
fn mounting() -> &'static [&'static str] {
    if rustix::process::geteuid().is_root() {
        &["unshare", "--mount"]
    } else {
        &["unshare", "--mount", "--user", "--map-root-user"]
    }
}

#[test]
fn a_full_disk_is_named_and_costs_nobody_a_mark() {
    let (temporary, folder) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
    submission(folder.path(), SMALL);
    for size in ["size=16k", "size=100k", "size=140k", "nr_inodes=14"] {
        let script = format!("mount -t tmpfs -o {size} none \"$TMPDIR\" && exec \"$@\"");
        let ended = in_shell(mounting(), &script, temporary.path(), folder.path());
        let said = said(&ended);
        assert_eq!(ended.status.code(), Some(4), "{size}: {said}");
        // A linker that writes to a mapped file is told by a signal.
        let told = ["No space left on device", "failed on this machine", "room for temporary files"];
        assert!(told.iter().any(|words| said.contains(words)), "{size}: {said}");
    }
}

#[test]
fn a_class_whose_results_find_no_room_says_where_and_goes_on_when_there_is_some() {
    let (class, out) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
    fs::create_dir(class.path().join("ada")).expect("room");
    fs::write(class.path().join("ada/script.txt"), "node get a\n").expect("room");
    let script = "out=$1; shift; mount -t tmpfs -o size=16k none \"$out\" || exit 9; \"$@\"; echo first $?; \
                  mount -o remount,size=8m \"$out\" && exec \"$@\"";
    let ended = Command::new(mounting()[0])
        .args(&mounting()[1..])
        .args(["sh", "-c", script, "sh"])
        .args([out.path(), Path::new(env!("CARGO_BIN_EXE_grader")), Path::new("class"), class.path()])
        .args(["--exercise", "first-words", "--out"])
        .arg(out.path())
        .output()
        .expect("it starts");
    let said = said(&ended);
    assert!(said.contains("first 4") && said.contains("results.redb`: "), "{said}");
    assert!(said.contains("No space left on device") && said.contains("1 submission"), "{said}");
    assert_eq!(ended.status.code(), Some(0), "{said}");
}

#[test]
fn a_cache_that_cannot_be_written_to_forgets_and_no_more() {
    let (temporary, folder) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
    submission(folder.path(), SMALL);
    let cache = copy_of_the_cache();
    let script = format!(
        "mount --bind {0} {0} && mount -o remount,ro,bind {0} && CACHEDOJO_CACHE={0} exec \"$@\"",
        cache.path().display()
    );
    let ended = in_shell(mounting(), &script, temporary.path(), folder.path());
    let said = said(&ended);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot be written to") && said.contains("CACHEDOJO_CACHE"), "{said}");
    assert_eq!(left_in(temporary.path()), Vec::<String>::new());
}

/// A cache with this machine's toolbox, to be broken.
fn copy_of_the_cache() -> tempfile::TempDir {
    let toolbox = Toolbox::open(Target::Single, &|_| ()).expect("this machine can build one");
    let cache = tempfile::tempdir().expect("there is room");
    let copy = cache.path().join(toolbox.name());
    fs::create_dir(&copy).expect("there is room");
    for entry in fs::read_dir(&toolbox.folder).expect("it is there").flatten() {
        fs::copy(entry.path(), copy.join(entry.file_name())).expect("there is room");
    }
    cache
}

/// The file of a toolbox whose name begins so.
fn library(cache: &Path, prefix: &str) -> std::path::PathBuf {
    let toolbox = fs::read_dir(cache).expect("it is there").flatten().next().expect("a toolbox").path();
    let mut files = fs::read_dir(toolbox).expect("it is there").flatten().map(|entry| entry.path());
    files.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))).expect("a file")
}

#[test]
fn a_broken_library_of_the_toolbox_is_named_and_costs_nobody_a_mark() {
    let (temporary, folder) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
    submission(folder.path(), &format!("use sha2::Digest;\n{SMALL}pub fn f() {{ sha2::Sha256::digest(b\"\"); }}\n"));
    for prefix in ["libtoolbox-", "libsha2-"] {
        let cache = copy_of_the_cache();
        let library = library(cache.path(), prefix);
        let mut bytes = fs::read(&library).expect("it is there");
        // The compiler reads this part of the file first.
        bytes[1_000..5_000].fill(0);
        fs::write(&library, bytes).expect("there is room");
        let shown = folder.path().display().to_string();
        let mut command = grader(temporary.path(), &["grade", &shown]);
        let ended = command.env("CACHEDOJO_CACHE", cache.path()).output().expect("it starts");
        let said = said(&ended);
        assert_eq!(ended.status.code(), Some(4), "{prefix}: {said}");
        assert!(said.contains(&*cache.path().to_string_lossy()) && said.contains("delete"), "{prefix}: {said}");
    }
}

#[test]
fn a_cut_toolbox_is_built_anew() {
    let (temporary, folder) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
    submission(folder.path(), SMALL);
    let cache = copy_of_the_cache();
    let cut = library(cache.path(), "libtoolbox-");
    fs::File::options().write(true).open(&cut).and_then(|file| file.set_len(1_000)).expect("it is ours");
    // What a killed grader has left of an earlier try.
    let left = format!("{}-in-work", cut.parent().expect("a folder").display());
    fs::create_dir_all(format!("{left}/target")).expect("there is room");
    let shown = folder.path().display().to_string();
    let mut command = grader(temporary.path(), &["grade", &shown]);
    // Where crates come from there is nothing: it cannot be built, which is no learner's fault either.
    command.env("CACHEDOJO_CACHE", cache.path()).env("CARGO_HOME", temporary.path().join("cargo"));
    let ended = command.env("CARGO_NET_OFFLINE", "true").output().expect("it starts");
    let said = said(&ended);
    assert_eq!(ended.status.code(), Some(4), "{said}");
    assert!(said.contains("building the toolbox") && said.contains("did not build"), "{said}");
    assert!(!Path::new(&left).exists() && !cut.exists(), "what cannot be used is gone");
}

/// The processes of a grader with these temporary files whose command line holds a word.
fn numbers_of(temporary: &Path, word: &str) -> Vec<i32> {
    let place = temporary.display().to_string();
    let entries = fs::read_dir("/proc").expect("this is Linux").flatten();
    let found = entries.filter_map(|entry| {
        let number: i32 = entry.file_name().to_str()?.parse().ok()?;
        let read = |name: &str| {
            let bytes = fs::read(entry.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).replace('\0', " ")
        };
        let line = read("cmdline");
        (line.contains(word) && (line.contains(&place) || read("environ").contains(&place))).then_some(number)
    });
    found.collect()
}

fn kill(temporary: &Path, word: &str) {
    wait_until(|| !numbers_of(temporary, word).is_empty());
    let found = numbers_of(temporary, word);
    assert!(!found.is_empty(), "no {word} was ever seen");
    for number in found.into_iter().filter_map(rustix::process::Pid::from_raw) {
        _ = rustix::process::kill_process(number, rustix::process::Signal::KILL);
    }
}

#[test]
fn what_is_killed_from_outside_says_nothing_of_the_submission() {
    let (temporary, folder) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
    submission(folder.path(), SLOW);
    let shown = folder.path().display().to_string();
    let script = temporary.path().join("script.txt");
    fs::write(&script, "node new 1KiB\n").expect("there is room");
    let (script, module) = (script.display().to_string(), temporary.path().join("module").display().to_string());
    let run = ["run", &script, "--subject", &shown];
    let build = ["build", &shown, "-o", &module];
    let rows: [(&[&str], &str); 4] = [
        (&["grade", &shown], "--crate-name=submission"),
        (&["grade", &shown], "__grade"),
        (&run, "__grade"),
        (&build, "__grade"),
    ];
    for (arguments, word) in rows {
        let mut command = grader(temporary.path(), arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        wait_until(|| !numbers_of(temporary.path(), "--crate-name=submission").is_empty());
        kill(temporary.path(), word);
        let ended = child.wait_with_output().expect("it ends");
        let said = said(&ended);
        assert_eq!(ended.status.code(), Some(4), "{arguments:?} {word}: {said}");
        assert!(said.contains("killed from outside"), "{arguments:?} {word}: {said}");
    }
}

#[test]
fn what_the_machine_did_is_graded_again_next_time() {
    let (temporary, class) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
    submission(&class.path().join("ada"), SLOW);
    let (folder, out) = (class.path().display().to_string(), temporary.path().join("out").display().to_string());
    // A new source each time: a cached result would not be compiled again, and `kill` would find no compiler.
    for _ in 0..2 {
        let mut command = grader(temporary.path(), &["class", &folder, "--out", &out]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        kill(temporary.path(), "--crate-name=submission");
        let ended = child.wait_with_output().expect("it ends");
        assert_eq!(ended.status.code(), Some(4), "{}", said(&ended));
        let results = fs::read_to_string(format!("{out}/results.json")).expect("they are written");
        let results: serde_json::Value = serde_json::from_str(&results).expect("it is JSON");
        let ada = &results["learners"][0];
        assert!(
            ada["state"] == "harness_error" && ada["note"].to_string().contains("killed from outside"),
            "{results}"
        );
    }
}

/// A server with a grading of that source under way, and the connection that asked for it.
fn serving(temporary: &Path) -> (std::process::Child, std::net::TcpStream) {
    let mut command = grader(temporary, &["serve", "--port", "0", "--jobs", "1"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("/api/v1/grade")).expect("it says where it answers");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address").to_owned();
    let mut stream = std::net::TcpStream::connect(&address).expect("it listens");
    let length = SLOW.len();
    write!(stream, "POST /api/v1/grade HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{SLOW}")
        .expect("it reads");
    wait_until(|| !numbers_of(temporary, "--crate-name=submission").is_empty());
    assert!(!numbers_of(temporary, "--crate-name=submission").is_empty(), "the compiler was never seen");
    (child, stream)
}

#[test]
fn a_request_that_is_given_up_ends_its_grading() {
    let temporary = tempfile::tempdir().expect("room");
    let (mut child, stream) = serving(temporary.path());
    drop(stream);
    wait_until(|| numbers_of(temporary.path(), "__grade").is_empty());
    assert_eq!(numbers_of(temporary.path(), "__grade"), Vec::<i32>::new());
    assert!(child.try_wait().expect("it is ours").is_none(), "the server goes on");
    child.kill().and_then(|()| child.wait()).expect("it is ours");
}

#[test]
fn a_server_that_is_told_to_end_ends_and_what_it_grades_too() {
    let temporary = tempfile::tempdir().expect("room");
    let (mut child, stream) = serving(temporary.path());
    let number = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(number, rustix::process::Signal::TERM).expect("it is alive");
    // The compiler alone would take longer than that: its end is not waited for.
    assert!(child.wait().expect("it ends").success());
    drop(stream);
    wait_until(|| numbers_of(temporary.path(), "__grade").is_empty());
    assert_eq!(numbers_of(temporary.path(), "__grade"), Vec::<i32>::new());
    assert_eq!(left_in(temporary.path()), Vec::<String>::new());
}

/// The processes below one, with the moments at which they began: a number alone may be another's by then.
fn below(root: u32) -> Vec<(u32, String)> {
    let mut all: Vec<(u32, u32, String)> = Vec::new();
    for entry in fs::read_dir("/proc").expect("this is Linux").flatten() {
        if let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok())
            && let Some((_, parent, began)) = stat(number)
        {
            all.push((number, parent, began));
        }
    }
    let mut found = vec![(root, String::new())];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at].0;
        found.extend(all.iter().filter(|it| it.1 == parent).map(|it| (it.0, it.2.clone())));
        at += 1;
    }
    found.split_off(1)
}

/// A process's state, its parent and when it began.
fn stat(number: u32) -> Option<(String, u32, String)> {
    let text = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The name in brackets may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(((*fields.first()?).to_owned(), fields.get(1)?.parse().ok()?, (*fields.get(19)?).to_owned()))
}

/// Whether that process has ended; one whose parent has not looked yet has, too.
fn is_over((number, began): &(u32, String)) -> bool {
    match stat(*number) {
        Some((state, _, at)) => at != *began || state == "Z" || state == "X",
        None => !Path::new(&format!("/proc/{number}")).exists(),
    }
}

#[test]
fn a_python_run_that_waits_ends_with_its_grader() {
    let (temporary, folder) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
    let waits = "import os\n\ndef simulate_distributed_cache(commands):\n    end, _ = os.pipe()\n    os.read(end, 1)\n    return []\n";
    fs::write(folder.path().join("main.py"), waits).expect("there is room");
    let mut command = grader(temporary.path(), &["grade", "--exercise", "line-cache"]);
    let mut child = command.arg(folder.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    // The interpreter's environment and command line are the same for everybody: it is known by whose child it is.
    let interpreters = || {
        let line = |number: u32| fs::read_to_string(format!("/proc/{number}/cmdline")).unwrap_or_default();
        below(child.id()).into_iter().filter(|it| line(it.0).contains("python")).collect::<Vec<_>>()
    };
    // The runner, and the run that it forked: kept as they were seen, for a run before this one may just have ended.
    let seen = RefCell::new(Vec::new());
    wait_until(|| {
        seen.replace(interpreters());
        seen.borrow().len() >= 2
    });
    let seen = seen.into_inner();
    assert!(seen.len() >= 2, "{seen:?}");
    child.kill().and_then(|()| child.wait()).expect("it is ours");
    wait_until(|| seen.iter().all(is_over));
    assert!(seen.iter().all(is_over), "{seen:?}");
}
