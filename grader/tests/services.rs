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
    command.args(["grade", "--exercise", "cache-service", "--format", "json"]).arg(folder).args(more);
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

#[test]
fn a_service_that_never_becomes_one_is_told_why() {
    for (serve, why) in [
        ("client.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\n\\r\\n')", "packed"),
        ("client.sendall(b'hello\\r\\n')", "no HTTP"),
        ("while True: client.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n' + b'x' * 1000000)", "longer than"),
        ("import sys; sys.exit('I give up')", "I give up"),
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
