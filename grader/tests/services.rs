//! The exercise `cache-service`: a service is started, graded and ended; one that misbehaves costs itself its points and
//! nobody else anything.
#![cfg(target_os = "linux")]

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Grades a folder and returns the exit code and the report.
fn grade(folder: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    command.args(["grade", "--format", "json"]).arg(folder).args(more);
    if !more.contains(&"--exercise") {
        command.args(["--exercise", "cache-service"]);
    }
    let output = command.output().expect("the grader runs");
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), report)
}

/// A folder with a Python service that does this with each connection.
fn service(serve: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room");
    let text = format!(
        "import os, socket\nserver = socket.create_server((\"127.0.0.1\", int(os.environ[\"PORT\"])))\n\
         while True:\n    client = server.accept()[0]\n    try:\n        client.recv(65536)\n        {}\n    except OSError:\n        pass\n    \
         client.close()\n",
        serve.replace('\n', "\n        ")
    );
    fs::write(folder.path().join("main.py"), text).expect("written");
    fs::write(folder.path().join("start"), "exec python3 main.py\n").expect("written");
    folder
}

#[test]
fn a_command_is_run_only_when_it_is_trusted() {
    let folder = service("client.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}')");
    let output = Command::new(env!("CARGO_BIN_EXE_grader"))
        .args(["grade", "--exercise", "cache-service"])
        .arg(folder.path())
        .output()
        .expect("the grader runs");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--trust") && said.contains("--url"), "{said}");
}

#[test]
fn a_service_is_given_nothing_of_the_environment_but_what_programs_need() {
    let folder = tempfile::tempdir().expect("there is room");
    fs::write(folder.path().join("start"), "env >&2\nexit 3\n").expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_grader"))
        .args(["grade", "--exercise", "cache-service", "--trust", "--format", "json"])
        .arg(folder.path())
        .env("CLASS_DATABASE", "postgres://teacher@marks")
        .env("LC_TIME", "C.UTF-8")
        .output()
        .expect("the grader runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("PATH=") && said.contains("LC_TIME=") && said.contains("PORT="), "{said}");
    assert!(!said.contains("CLASS_DATABASE") && !said.contains("teacher@marks"), "{said}");
}

#[test]
fn a_service_that_answers_nonsense_is_graded_and_earns_nothing() {
    for serve in [
        // Says yes to everything.
        "client.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}')",
        // Sends the asker elsewhere.
        "client.sendall(b'HTTP/1.1 302 Found\\r\\nLocation: http://127.0.0.1:1/\\r\\nContent-Length: 0\\r\\n\\r\\n')",
    ] {
        let (code, report) = grade(service(serve).path(), &["--trust"]);
        assert_eq!(code, Some(1), "{report}");
        assert_eq!(report["verdict"], "graded");
        assert!(report["score"].as_u64().is_some_and(|score| score <= 10), "{serve}: {}", report["score"]);
    }
}

/// Closes the port that it was told, and listens at another one.
const ELSEWHERE: &str =
    "client.close(); server.close(); server = socket.create_server(('127.0.0.1', 0)); server.accept()";

#[test]
fn a_service_that_never_becomes_one_is_told_why() {
    for (serve, why) in [
        ("client.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\n\\r\\n')", "packed"),
        ("client.sendall(b'hello\\r\\n')", "no HTTP"),
        ("while True: client.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n' + b'x' * 1000000)", "longer than"),
        ("import sys; sys.exit('I give up')", "I give up"),
        // It listens, but not where it is told to.
        (ELSEWHERE, "instead; read PORT"),
    ] {
        let (code, report) = grade(service(serve).path(), &["--trust"]);
        assert_eq!((code, &report["verdict"]), (Some(3), &"build_failed".into()), "{serve}: {report}");
        let message = report["diagnostics"][0]["message"].as_str().expect("a sentence");
        assert!(message.contains(why), "{serve}: {message}");
    }
    let nobody = grade(Path::new("."), &["--url", "http://127.0.0.1:1"]);
    assert_eq!(nobody.0, Some(3), "{}", nobody.1);
}

#[test]
fn what_a_service_printed_when_it_failed_is_told() {
    // It answers `/health`, and nothing else.
    let serve = "client.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}')\nserver.listen(9)\nclient.close()\n\
                 client = server.accept()[0]\nclient.recv(65536)\nprint(f'KeyError in {__file__}')\nos._exit(7)";
    let (code, report) = grade(service(serve).path(), &["--trust"]);
    assert_eq!((code, &report["verdict"]), (Some(1), &"graded".into()), "{report}");
    let told = report["checks"][0]["transcript"].as_str().expect("a text");
    for words in ["hung up without a word", "has ended (exit status: 7)", "it printed: KeyError in main.py"] {
        assert!(told.contains(words), "`{words}` is not in: {told}");
    }
    assert!(!report.to_string().contains("/service/"), "the folder's path is told: {report}");
}

#[test]
fn a_service_that_is_not_begun_is_told_what_to_do() {
    for (start, why) in [
        (None, "holds no file `start` (it has main.py)"),
        (Some("\n"), "is empty; hand in `start`"),
        (Some("python3 nosuch.py\r\n"), "can't open file 'nosuch.py'"),
        (Some("./nosuch.sh"), "nosuch.sh"),
        (Some("true"), "must stay in the foreground"),
    ] {
        let folder = service("pass");
        fs::remove_file(folder.path().join("start")).expect("it was there");
        if let Some(text) = start {
            fs::write(folder.path().join("start"), text).expect("written");
        }
        let (code, report) = grade(folder.path(), &["--trust"]);
        assert_eq!((code, &report["verdict"]), (Some(3), &"build_failed".into()), "{start:?}: {report}");
        let message = report["diagnostics"][0]["message"].as_str().expect("a sentence");
        assert!(message.contains(why), "{start:?}: {message}");
    }
}

#[test]
fn a_service_is_named_where_services_are_graded() {
    for arguments in [["--url", "ftp://x"], ["--start", "true"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
        let output =
            command.args(["grade", "--exercise", "distributed-cache"]).args(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn an_address_inside_this_network_is_asked_only_when_whoever_grades_names_it() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.set_nonblocking(true).expect("it can wait for nobody");
    let port = listener.local_addr().expect("it has one").port();
    for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "169.254.169.254", "10.0.0.1"] {
        let folder = tempfile::tempdir().expect("there is room");
        fs::write(folder.path().join("start"), format!("http://{host}:{port}/\n")).expect("written");
        let (code, report) = grade(folder.path(), &[]);
        assert_eq!((code, &report["verdict"]), (Some(3), &"forbidden".into()), "{host}: {report}");
        let message = report["diagnostics"][0]["message"].as_str().expect("a sentence");
        assert!(message.contains("--url") && message.contains("--trust"), "{host}: {message}");
    }
    assert!(listener.accept().is_err(), "somebody was asked");
}

#[test]
fn a_service_cannot_stop_its_grader() {
    let folder = service("client.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}')");
    // Whoever started the shell that started this one: without a wall, the process that grades.
    let start = "read -r a b c parent d < /proc/$PPID/stat; [ \"$parent\" -gt 1 ] && kill -STOP $parent; exec python3 main.py\n";
    fs::write(folder.path().join("start"), start).expect("written");
    let (code, report) = grade(folder.path(), &["--trust"]);
    assert_eq!((code, &report["verdict"]), (Some(1), &Value::from("graded")), "{report}");
}

#[test]
fn what_a_service_leaves_in_a_session_of_its_own_ends_with_the_grading() {
    let folder = service("client.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}')");
    let mark = format!("{}", 70_000 + std::process::id());
    // A line as learners write it: what comes after the `#` is a comment, and a bracket in it closes nothing.
    let start = format!("(setsid sh -c 'sleep {mark} & sleep {mark}' &); exec python3 main.py # a service :)\n");
    fs::write(folder.path().join("start"), start).expect("written");
    let (code, report) = grade(folder.path(), &["--trust"]);
    assert_eq!((code, &report["verdict"]), (Some(1), &"graded".into()), "{report}");
    let lines = fs::read_dir("/proc").expect("this is Linux").flatten();
    let lines = lines.filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok());
    assert_eq!(lines.filter(|line| line.starts_with("sleep") && line.contains(&mark)).count(), 0);
}

/// The solution's folder, to be graded as a service that somebody handed in.
fn solution() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises/cache-service/solution")
}

#[test]
fn rows_beyond_the_checks_are_tried_when_asked_and_change_no_mark() {
    let (code, report) = grade(&solution(), &["--trust", "--with", "chaos"]);
    assert_eq!((code, &report["score"], &report["max_score"]), (Some(0), &100.into(), &100.into()), "{report}");
    let rows = report["checks"].as_array().expect("rows");
    let extra: Vec<_> = rows.iter().filter(|row| row["category"] == "Chaos").collect();
    assert_eq!((rows.len(), extra.len()), (21, 6), "{report}");
    for row in extra {
        assert_eq!((&row["verdict"], &row["max_points"]), (&"pass".into(), &0.into()), "{row}");
        assert!(row["title"].as_str().is_some_and(|title| title.contains("20 of 20 answered")), "{row}");
    }
}

#[test]
fn a_race_is_told_as_a_share_of_the_reference() {
    let pack = tempfile::tempdir().expect("there is room");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises/cache-service");
    let copied = Command::new("cp").arg("-r").arg(&from).arg(pack.path().join("pack")).status().expect("it runs");
    assert!(copied.success());
    let row = "[[rows]]\nid = \"p\"\ntitle = { en = \"Reads\", fr = \"Lectures\" }\nwork = \"get\"\npoints = 5\nat_least_percent = ";
    // However fast the machine: any share is enough for one row, and none for the other.
    let text = format!("{row}0\n{}1000000\n", row.replace("\"p\"", "\"q\""));
    fs::write(pack.path().join("pack/extra.toml"), text).expect("written");
    let pack = pack.path().join("pack").display().to_string();
    let (code, report) = grade(&solution(), &["--trust", "--with", "performance,chaos", "--exercise", &pack]);
    assert_eq!((code, &report["score"], &report["max_score"]), (Some(0), &105.into(), &110.into()), "{report}");
    let verdicts = [&report["checks"][15]["verdict"], &report["checks"][16]["verdict"]];
    assert_eq!(verdicts, ["pass", "fail"], "{report}");
    let message = report["checks"][16]["message"].as_str().expect("a sentence");
    assert!(message.contains("% of the reference's rate, at least 1000000 %"), "{message}");
}

#[test]
fn an_exercise_without_further_rows_says_so() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises/distributed-cache/starter");
    let output = command.arg("grade").arg(starter).args(["--with", "chaos"]).output().expect("it runs");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("leave --with out"), "{said}");
}

#[test]
fn whoever_waits_for_a_service_is_told() {
    let folder = tempfile::tempdir().expect("there is room");
    fs::copy(solution().join("main.py"), folder.path().join("main.py")).expect("copied");
    fs::write(folder.path().join("start"), "sleep 7\nexec python3 main.py\n").expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    command.args(["grade", "--exercise", "cache-service", "--trust"]).arg(folder.path());
    let output = command.output().expect("the grader runs");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("waiting for the service to answer at 127.0.0.1:"), "{said}");
}
