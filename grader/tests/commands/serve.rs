//! `grader serve` over real connections: a browser's requests, a program's, and a stranger's.

use std::fs;
use std::io::{BufRead, BufReader, Cursor, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use grader::pack::{DEFAULT_ID, Pack};
use grader::report::Format;
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

/// A server, gone with the test.
struct Serving {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    address: String,
    _page: TempDir,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Serving {
    fn start() -> Self {
        let page = tempfile::tempdir().expect("a folder");
        fs::write(page.path().join("index.html"), "<p>the playground</p>").expect("there is room");
        let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
        command.args(["serve", "--port", "0", "--page"]).arg(page.path());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the grader starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let line = lines.next().expect("a line").expect("UTF-8");
        let address = line.strip_prefix("Playground: http://").and_then(|rest| rest.strip_suffix('/'));
        let address = address.unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { child, lines, address, _page: page }
    }

    /// Sends a request; headers are lines, each with its end.
    fn ask(&self, request: &str, headers: &str, body: &[u8]) -> Answer {
        let (status, head, body) = self.ask_bytes(request, headers, body);
        Answer { status, head, body: String::from_utf8(body).expect("UTF-8") }
    }

    /// The status, the head and the body of the answer.
    fn ask_bytes(&self, request: &str, headers: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let host = if headers.contains("Host:") { String::new() } else { format!("Host: {}\r\n", self.address) };
        let length = body.len();
        write!(stream, "{request} HTTP/1.1\r\n{host}{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n")
            .expect("it reads");
        // Whoever is refused early may find the connection closed.
        _ = stream.write_all(body);
        let mut answer = Vec::new();
        _ = stream.read_to_end(&mut answer);
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(answer[..end].to_vec()).expect("UTF-8");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, head.to_ascii_lowercase(), answer[end + 4..].to_vec())
    }

    fn grade(&self, query: &str, kind: &str, body: &[u8]) -> Answer {
        self.ask(&format!("POST /api/v1/grade{query}"), &format!("Content-Type: {kind}\r\n"), body)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[track_caller]
fn report(answer: &Answer, verdict: &str) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let report: Value = serde_json::from_str(&answer.body).expect("a report");
    assert_eq!(report["verdict"], verdict, "{report}");
    assert_eq!(report["submission"]["path"], "submission");
    let host = std::env::temp_dir().display().to_string();
    assert!(!answer.body.contains(&format!("{host}/")), "where it was laid out is nobody's concern: {report}");
    report
}

/// Sources that are refused before anything is compiled.
const BROKEN: &[u8] = b"pub fn f( {}";
const FORBIDDEN: &str = "pub unsafe fn f() {}";

#[test]
fn a_page_and_an_api_answer_on_one_port_until_ctrl_c() {
    let mut serving = Serving::start();
    let line = serving.lines.next().expect("a line").expect("UTF-8");
    assert_eq!(line, format!("Grading API: http://{}/api/v1/grade", serving.address));
    let page = serving.ask("GET /", "", b"");
    assert!(page.status == 200 && page.head.contains("text/html") && page.body.contains("the playground"));
    assert_eq!(serving.ask("GET /no-such-file", "", b"").status, 404);
    assert_eq!(serving.ask("GET /../../etc/passwd", "", b"").status, 404);
    let listed: Value = serde_json::from_str(&serving.ask("GET /api/v1/exercises", "", b"").body).expect("a list");
    let ids: Vec<_> = listed["exercises"].as_array().expect("a list").iter().map(|entry| &entry["id"]).collect();
    assert!(ids.contains(&&Value::from(DEFAULT_ID)), "{listed}");
    let status = Command::new("kill").args(["-INT", &serving.child.id().to_string()]).status().expect("kill");
    assert!(status.success() && serving.child.wait().expect("it ends").success());
}

#[test]
fn a_submission_comes_as_text_as_a_zip_file_or_as_json() {
    let serving = Serving::start();
    let text = report(&serving.grade("", "text/plain", BROKEN), "build_failed");
    assert_eq!(text["diagnostics"][0]["file"], "src/lib.rs");
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("work/src/lib.rs", SimpleFileOptions::default()).expect("an entry");
    zip.write_all(FORBIDDEN.as_bytes()).expect("bytes");
    let zip = zip.finish().expect("an archive").into_inner();
    report(&serving.grade("?seed=7", "application/zip", &zip), "forbidden");
    let json = serde_json::json!({
        "files": { "src/lib.rs": "mod ring;", "src/ring.rs": FORBIDDEN }, "seed": 9, "exercise": DEFAULT_ID,
    });
    let json = report(&serving.grade("", "application/json; charset=utf-8", json.to_string().as_bytes()), "forbidden");
    assert_eq!((&json["seed"], &json["diagnostics"][0]["file"]), (&9.into(), &"src/ring.rs".into()));
    let nothing = serde_json::json!({ "files": { "notes.md": "x" } }).to_string();
    let nothing = report(&serving.grade("", "application/json", nothing.as_bytes()), "build_failed");
    let said = nothing["diagnostics"][0]["message"].as_str().expect("a sentence");
    assert!(said.starts_with("`submission` holds no Rust source"), "{said}");
}

#[test]
fn what_is_no_source_is_told_under_its_own_name_and_where_it_belongs() {
    let serving = Serving::start();
    let kind = "application/octet-stream";
    let no_source = zip(&[("notes.md", b"x"), ("main.py", b"x = 1")]);
    for (name, body, said) in [
        ("notes.txt", b"hello".as_slice(), "`notes.txt` is no Rust source; hand in `src/lib.rs`"),
        ("a.pdf", b"%PDF", "`a.pdf` is no Rust source; hand in `src/lib.rs`"),
        ("..%2F..%2Fmain.py", b"x = 1", "`main.py` is no Rust source; hand in `src/lib.rs`"),
        ("work", &no_source, "`work` holds no Rust source (it has main.py); hand in `src/lib.rs`"),
    ] {
        let answer = serving.grade(&format!("?name={name}"), kind, body);
        let report: Value = serde_json::from_str(&answer.body).expect("a report");
        let found = report["diagnostics"].as_array().expect("messages");
        assert_eq!((&report["verdict"], &found[0]["message"]), (&"build_failed".into(), &said.into()), "{report}");
        let elsewhere = "other exercises take Python (`main.py`): `integration-tests`, `line-cache`";
        assert_eq!(found.get(1).map(|more| &more["message"]), said.contains("main.py").then_some(&elsewhere.into()));
        assert_eq!((found.iter().all(|one| one["line"] == 0), &report["submission"]["sha256"]), (true, &"".into()));
    }
    for (name, lang, body, said) in [
        ("junk.zip", "", b"\x01\x02\x03".as_slice(), "the archive cannot be read"),
        ("junk.7z", "&lang=fr", b"7z\xbc\xaf\x27\x1c", "c'est une archive d'une autre sorte"),
    ] {
        let answer = serving.grade(&format!("?name={name}{lang}"), kind, body);
        assert!(answer.status == 400 && answer.body.contains(said), "{name}: {}", answer.body);
    }
    // A source keeps its name; what names nothing is `src/lib.rs`.
    for (name, file) in [("cache.rs", "cache.rs"), ("cache", "src/lib.rs"), ("..", "src/lib.rs"), ("", "src/lib.rs")] {
        let answer = serving.grade(&format!("?name={name}"), kind, FORBIDDEN.as_bytes());
        let report: Value = serde_json::from_str(&answer.body).expect("a report");
        assert_eq!((&report["verdict"], &report["diagnostics"][0]["file"]), (&"forbidden".into(), &file.into()));
    }
}

#[test]
fn an_exercise_is_told_before_anything_is_handed_in() {
    let serving = Serving::start();
    let ask = |path: &str| -> Value {
        serde_json::from_str(&serving.ask(&format!("GET {path}"), "", b"").body).expect("JSON")
    };
    let listed = ask("/api/v1/exercises");
    for offer in listed["exercises"].as_array().expect("a list") {
        let id = offer["id"].as_str().expect("an id");
        assert_eq!(offer["is_graded"], id != "cache-service");
        assert_eq!(offer["is_folder"], ["five-bugs", "replicated-node"].contains(&id), "{id}");
        let roots: &[&str] = match id {
            "line-cache" => &["src/lib.rs", "main.py"],
            "integration-tests" => &["tests/test_cache.py", "tests.rs"],
            "cache-service" => &["start"],
            _ => &["src/lib.rs"],
        };
        assert_eq!(offer["roots"], Value::from(roots), "{id}");
        let brief = ask(&format!("/api/v1/exercises/{id}"));
        for language in ["en", "fr"] {
            assert!(brief["statement"][language].as_str().is_some_and(|text| text.starts_with("# ")), "{id}");
        }
        let rows = brief["rows"].as_array().expect("rows");
        let points: u64 = rows.iter().filter_map(|row| row["points"].as_u64()).sum();
        assert_eq!((Some(points), &brief["max_score"]), (offer["max_score"].as_u64(), &offer["max_score"]), "{id}");
        let starters = brief["starters"].as_array().expect("starters");
        let languages: Vec<_> = starters.iter().map(|starter| starter["language"].clone()).collect();
        assert_eq!(Value::from(languages), offer["languages"]);
        // What `grader init` writes.
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("begun").display().to_string();
        let (_, said, code) = crate::grader(&["init", id, &dir], "");
        assert_eq!(code, 0, "{said}");
        for (path, text) in starters[0]["files"].as_object().expect("files") {
            let written = fs::read_to_string(folder.path().join("begun").join(path)).expect("it is written");
            assert_eq!(Some(written.as_str()), text.as_str(), "{id}: {path}");
        }
        // No case of a check is told.
        assert!(!brief.to_string().contains("template"));
    }
    let answer = serving.ask("GET /api/v1/exercises/no-such?lang=fr", "", b"");
    assert!(answer.status == 404 && answer.body.contains("cet exercice n'existe pas"), "{}", answer.body);
}

#[test]
fn the_whole_way_gives_the_marks_that_the_command_gives() {
    let serving = Serving::start();
    let solution =
        Pack::load(DEFAULT_ID).expect("a sound pack").folder("solution").remove("src/lib.rs").expect("a source");
    let report = report(&serving.grade("", "text/x-rust", solution.as_bytes()), "graded");
    assert_eq!((&report["score"], &report["passed"]), (&report["max_score"], &true.into()), "{report}");
}

#[test]
fn the_page_gets_the_module_of_what_it_sent_and_a_sentence_where_it_cannot_run_it() {
    let serving = Serving::start();
    let post = |query: &str, body: &[u8]| {
        serving.ask_bytes(&format!("POST /api/v1/build{query}"), "Content-Type: application/octet-stream\r\n", body)
    };
    let solution = |id: &str, folder: &str, file: &str| {
        Pack::load(id).expect("a sound pack").folder(folder).remove(file).expect("a source")
    };
    let sound = solution(DEFAULT_ID, "solution", "src/lib.rs");
    let out = tempfile::tempdir().expect("a folder");
    let (folder, module) = (out.path().join("sound"), out.path().join("of_the_command.wasm"));
    fs::create_dir_all(folder.join("src")).expect("there is room");
    fs::write(folder.join("src/lib.rs"), &sound).expect("there is room");
    let (source, file) = (folder.display().to_string(), module.display().to_string());
    let (_, said, code) = crate::grader(&["build", &source, "-o", &file], "");
    assert_eq!(code, 0, "{said}");
    let module = fs::read(module).expect("it is written");
    for _ in 0..2 {
        let (status, head, body) = post("", sound.as_bytes());
        assert!(status == 200 && head.contains("content-type: application/wasm"), "{head}");
        assert!(body == module, "what the command builds");
    }
    let threads = solution("line-cache", "solution/rust", "src/lib.rs");
    let python = zip(&[("main.py", solution("line-cache", "solution/python", "main.py").as_bytes())]);
    for (query, body, status, sentence) in [
        ("", BROKEN, 422, "src/lib.rs:1:"),
        ("", FORBIDDEN.as_bytes(), 422, "forbids"),
        ("?exercise=line-cache", threads.as_bytes(), 422, "starts threads does not run in the page"),
        ("?exercise=line-cache&lang=fr", threads.as_bytes(), 422, "qui lance des threads"),
        ("?exercise=line-cache", &python, 422, "only a submission in Rust runs in the page"),
        ("?exercise=no-such", BROKEN, 400, "no such exercise"),
        ("", b"", 400, "the body is empty"),
        ("?lang=fr", BROKEN, 422, "le rendu ne se compile pas\\n  src/lib.rs:1:"),
        ("?lang=fr", FORBIDDEN.as_bytes(), 422, "src/lib.rs:1:5: `unsafe` est interdit dans cet exercice"),
        ("?lang=fr", &zip(&[("notes.md", b"x")]), 422, "ne contient pas de source Rust"),
        ("?lang=fr", b"PK\x03\x04 and no more", 400, "l'archive est illisible"),
        ("?exercise=no-such&lang=fr", BROKEN, 400, "cet exercice n'existe pas"),
        ("?exercise=cache-service", &zip(&[("start", b"python3 main.py")]), 403, "services are not graded here"),
        ("?exercise=cache-service&lang=fr", &zip(&[("start", b"python3 main.py")]), 403, "ne sont pas notés ici"),
        ("?lang=fr", b"", 400, "il n'y a rien : envoyez le rendu"),
    ] {
        let (found, _, body) = post(query, body);
        let body = String::from_utf8(body).expect("a sentence");
        assert!(found == status && body.contains(sentence), "{query} {found} {body}");
        assert!(!body.contains(&std::env::temp_dir().display().to_string()), "{body}");
    }
    assert_eq!(serving.ask("GET /api/v1/build", "", b"").status, 405);
    assert_eq!(serving.ask("POST /api/v1/build", "Origin: http://evil.example\r\n", BROKEN).status, 403);
    // The command writes no file that the page would refuse.
    fs::write(out.path().join("main.py"), "class Cache:\n    pass\n").expect("there is room");
    let main = out.path().join("main.py").display().to_string();
    let refused = out.path().join("refused.wasm").display().to_string();
    let (_, said, code) = crate::grader(&["build", &main, "--exercise", "line-cache", "-o", &refused], "");
    assert!(code == 2 && said.contains("only a submission in Rust"), "{said}");
    assert!(!Path::new(&refused).exists());
}

#[test]
fn every_format_comes_with_its_content_type() {
    let serving = Serving::start();
    for format in Format::all() {
        let name = clap::ValueEnum::to_possible_value(format).expect("it has a name").get_name().to_owned();
        let answer = serving.grade(&format!("?format={name}&lang=fr"), "text/plain", BROKEN);
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let kind = match name.as_str() {
            "text" | "github" | "autolab" => "text/plain",
            "markdown" => "text/markdown",
            "html" => "text/html",
            "junit" => "application/xml",
            _ => {
                serde_json::from_str::<Value>(&answer.body).unwrap_or_else(|error| panic!("{name}: {error}"));
                "json"
            }
        };
        let of_type = answer.head.lines().find(|line| line.starts_with("content-type:")).expect("a type");
        assert!(of_type.contains(kind), "{name}: {of_type}");
        assert_eq!(answer.head.contains("content-security-policy: sandbox"), name == "html");
    }
}

#[test]
fn the_grader_reads_the_bytes_and_says_which_files_it_graded() {
    let serving = Serving::start();
    let kind = "application/octet-stream";
    let latin1 = report(&serving.grade("", kind, b"// caf\xe9\npub fn f() {}"), "build_failed");
    assert!(latin1["diagnostics"].to_string().contains("UTF-8"), "{latin1}");
    let packed = zip(&[("src/lib.rs", FORBIDDEN.as_bytes()), ("src/node.rs", b""), ("old.zip", b"PK\x03\x04")]);
    let in_front = [b"#!/bin/sh\n".as_slice(), &packed].concat();
    let nested = zip(&[("work/Cache.ZIP", &packed)]);
    for body in [packed, in_front, nested] {
        let answer = report(&serving.grade("", kind, &body), "forbidden");
        assert_eq!(answer["submission"]["files"], json!(["src/lib.rs", "src/node.rs"]));
    }
}

/// A zip archive of these files.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        zip.write_all(bytes).expect("bytes");
    }
    zip.finish().expect("an archive").into_inner()
}

#[test]
fn what_cannot_be_granted_is_refused_in_a_sentence() {
    let serving = Serving::start();
    let evil = br#"{"files":{"../../evil.rs":"x"}}"#.as_slice();
    let clash = br#"{"files":{"a":"x","a/b.rs":"x"}}"#.as_slice();
    for (query, kind, body, status) in [
        ("", "text/plain", b"".as_slice(), 400),
        ("?exercise=../../etc", "text/plain", BROKEN, 400),
        ("?exercise=no-such", "text/plain", BROKEN, 400),
        ("?format=morse", "text/plain", BROKEN, 400),
        ("?lang=de", "text/plain", BROKEN, 400),
        ("?seed=-1", "text/plain", BROKEN, 400),
        ("?sed=1", "text/plain", BROKEN, 400),
        ("", "application/json", b"{", 400),
        ("", "application/json", br#"{"files":{}}"#, 400),
        ("", "application/json", br#"{"files":{"src/lib.rs":"x"},"sed":9}"#, 400),
        ("", "application/json", evil, 400),
        ("", "application/json", clash, 400),
        ("", "application/zip", b"PK\x03\x04 and no more", 400),
        ("", "text/plain", &vec![b' '; (8 << 20) + 1], 413),
    ] {
        let answer = serving.grade(query, kind, body);
        assert_eq!(answer.status, status, "{query} {kind}: {}", answer.body);
        let error: Value = serde_json::from_str(&answer.body).expect("JSON");
        assert!(error["error"].as_str().is_some_and(|sentence| sentence.len() > 10), "{error}");
    }
    assert_eq!(serving.ask("GET /api/v1/grade", "", b"").status, 405);
    for line in ["GET /api/v1/nosuch", "POST /api/v2/grade", "GET /api/v1/grade/more"] {
        let answer = serving.ask(line, "", b"");
        assert!(answer.status == 404 && answer.body.contains("the API has /api/v1/grade"), "{line}: {}", answer.body);
    }
    assert!(!std::env::temp_dir().join("evil.rs").exists());
}

#[test]
fn pages_of_others_and_strangers_names_for_this_machine_are_refused() {
    let serving = Serving::start();
    let own = format!("Origin: http://{}\r\n", serving.address);
    assert_eq!(serving.ask("POST /api/v1/grade", &own, BROKEN).status, 200);
    for headers in [
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Host: rebound.example\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
    ] {
        let answer = serving.ask("POST /api/v1/grade", headers, BROKEN);
        assert_eq!(answer.status, 403, "{headers}");
        assert!(!answer.head.contains("access-control-allow"), "{}", answer.head);
    }
    assert_eq!(serving.ask("GET /", "Host: rebound.example\r\n", b"").status, 403);
}

#[test]
fn what_is_missing_is_said_before_anything_is_served() {
    let (_, stderr, code) = crate::grader(&["serve", "--port", "0", "--page", "no/such/folder"], "");
    assert!(code == 2 && stderr.contains("cargo xtask dist"), "{stderr}");
    let (_, stderr, code) = crate::grader(&["serve", "--port", "0", "--exercise", "no-such"], "");
    assert!(code == 2 && stderr.contains("no exercise"), "{stderr}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let (_, stderr, code) = crate::grader(&["serve", "--port", &port], "");
    assert!(code == 2 && stderr.contains("--port 0"), "{stderr}");
}
