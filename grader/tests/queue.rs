//! A class on a queue, with Debian's Redis and PostgreSQL: workers are killed, refuse and are refused, and the results are those
//! of a grading on one machine.
#![cfg(unix)]

#[expect(dead_code, reason = "only the service's own tests end a PostgreSQL while it is asked")]
#[path = "../../server/tests/stores/processes.rs"]
mod processes;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use grader::pack::Pack;
use grader::queue::posting::{Posting, Stage};
use grader::queue::store::Queue;
use grader::queue::url::QueueUrl;
use processes::{Folder, Postgres, Process, free_port, redis};

const RIGHT_IN_RUST: &str = r#"
use std::collections::HashMap;

pub fn simulate_distributed_cache(commands: &[String]) -> Vec<String> {
    let (mut store, mut answers) = (HashMap::new(), Vec::new());
    for command in commands {
        let parts: Vec<&str> = command.splitn(3, ' ').collect();
        let answer = match parts[..] {
            ["PUT", key, value] => {
                store.insert(key.to_owned(), value.to_owned());
                "STORED".to_owned()
            }
            ["GET", key] => store.get(key).cloned().unwrap_or("NOT_FOUND".to_owned()),
            ["DELETE", key] => store.remove(key).map_or("NOT_FOUND", |_| "DELETED").to_owned(),
            ["EXIT"] => "BYE".to_owned(),
            _ => "ERROR".to_owned(),
        };
        let is_end = answer == "BYE";
        answers.push(answer);
        if is_end {
            break;
        }
    }
    answers
}
"#;

const WRONG_IN_PYTHON: &str =
    "def simulate_distributed_cache(commands):\n    return ['STORED' for command in commands]\n";

/// A class in two languages, and an exercise of two rows for it.
struct Hall {
    folder: Folder,
}

impl Hall {
    fn new() -> Self {
        let hall = Self { folder: Folder::new() };
        hall.write("in/ada/src/lib.rs", RIGHT_IN_RUST.as_bytes());
        hall.write("in/bob/src/lib.rs", b"pub fn simulate_distributed_cache() -> u8 { \"seven\" }\n");
        hall.write("in/cleo/main.py", WRONG_IN_PYTHON.as_bytes());
        hall.write("in/dan/main.py", b"import os\nprint(os.getcwd())\ndef f(:\n");
        hall.write("in/eve/src/lib.rs", RIGHT_IN_RUST.as_bytes());
        hall.write("in/fay/notes.txt", b"I did not manage.\n");
        hall.write("in/gus/src/lib.rs", b"// caf\xe9 \xff\n");
        let pack = Pack::load("line-cache").expect("a built-in pack");
        for path in ["prototype.rs", "checks/example.txt", "checks/missing_keys.txt"] {
            hall.write(&format!("pack/{path}"), pack.files[path].as_bytes());
        }
        let rows: Vec<&str> = pack.files["exercise.toml"].split("[[checks]]").take(3).collect();
        let exercise =
            rows.join("[[checks]]").replace("= 70", "= 4").replace("id = \"line-cache\"", "id = \"two-rows\"");
        hall.write("pack/exercise.toml", exercise.as_bytes());
        hall
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The command that grades the class; its results come to a folder of this name.
    fn class(&self, out: &str, flags: &[&str]) -> Command {
        let mut command = grader(&["class", "in", "--exercise", "pack", "--out", out]);
        command.current_dir(self.folder.path()).args(flags);
        command
    }
}

fn grader(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    command.args(arguments);
    command
}

/// What a command says, and its exit code.
fn said(mut command: Command) -> (String, Option<i32>) {
    let output = command.output().expect("it starts");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8")).concat();
    (said, output.status.code())
}

fn worker(url: &str, flags: &[&str]) -> Process {
    let mut command = grader(&["worker", "--queue", url]);
    command.args(flags);
    Process::start(command, "waits for jobs on")
}

/// What a class leaves behind, by name: all but what the grader keeps for itself, and archives, which hold times.
fn results(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in [out.to_owned(), out.join("learners")] {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = entry.strip_prefix(out).expect("inside").display().to_string();
            if entry.is_file() && name != "results.redb" {
                found.insert(name, fs::read(entry).expect("a file"));
            }
        }
    }
    found
}

/// Something that keeps a queue, for a test.
trait Keeper {
    fn url(&self) -> &str;
    /// What the passing of time would do: a worker that says nothing any more counts as gone.
    fn forget_worker(&self, number: u64);
    /// What is left of jobs and outcomes.
    fn left(&self) -> Vec<String>;
}

struct InRedis {
    _process: Process,
    url: String,
}

impl InRedis {
    fn new() -> Self {
        let port = free_port();
        Self { _process: redis(port, &[]), url: format!("redis://127.0.0.1:{port}") }
    }

    fn look(&self) -> ::redis::Connection {
        let client = ::redis::Client::open(self.url.as_str()).expect("a URL");
        client.get_connection().expect("it runs")
    }
}

impl Keeper for InRedis {
    fn url(&self) -> &str {
        &self.url
    }

    fn forget_worker(&self, number: u64) {
        ::redis::cmd("DEL").arg(format!("{{cachedojo}}:worker:{number}")).exec(&mut self.look()).expect("deleted");
    }

    fn left(&self) -> Vec<String> {
        let keys: Vec<String> = ::redis::cmd("KEYS").arg("*").query(&mut self.look()).expect("keys");
        keys.into_iter().filter(|key| ["job:", "outcome:", "open"].iter().any(|kind| key.contains(kind))).collect()
    }
}

impl Keeper for Postgres {
    fn url(&self) -> &str {
        &self.url
    }

    /// Its jobs are free as soon as its connections are closed, which is now.
    fn forget_worker(&self, number: u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
        runtime.block_on(async {
            let pool = sqlx::PgPool::connect(&self.url).await.expect("it is there");
            let forget = "UPDATE cachedojo_workers SET seen_at = 'epoch' WHERE number = $1";
            sqlx::query(forget).bind(i64::try_from(number).expect("small")).execute(&pool).await.expect("forgotten");
        });
    }

    fn left(&self) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
        runtime.block_on(async {
            let pool = sqlx::PgPool::connect(&self.url).await.expect("it is there");
            let left = "SELECT key FROM cachedojo_jobs UNION ALL SELECT key FROM cachedojo_attempts";
            sqlx::query_scalar(left).fetch_all(&pool).await.expect("rows")
        })
    }
}

/// The class is graded here, then by two workers of which one is killed while it grades: what comes out is the same, byte for
/// byte, and nothing is left on the queue.
fn equals_a_local_run(keeper: &dyn Keeper) {
    let hall = Hall::new();
    let (told, code) = said(hall.class("here", &[]));
    assert_eq!(code, Some(0), "{told}");
    let url = keeper.url();
    let mut class = Process::start(hall.class("there", &["--queue", url, "--jobs", "7"]), "no worker is there");
    let mut first = worker(url, &["--jobs", "1"]);
    first.next_with("worker 1 takes ");
    first.kill();
    keeper.forget_worker(1);
    let mut second = worker(url, &["--jobs", "2"]);
    let (code, told) = class.wait();
    assert_eq!(code, Some(0), "{told}");
    let (here, there) = (results(&hall.path("here")), results(&hall.path("there")));
    assert_eq!(here.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
    assert!(here.len() >= 3 + 6, "{:?}", here.keys());
    for (name, bytes) in &here {
        let [one, other] = [bytes, &there[name]].map(|bytes| String::from_utf8_lossy(bytes));
        assert!(bytes == &there[name], "{name} differs:\n{one}\n----\n{other}");
    }
    let table = String::from_utf8(here["results.csv"].clone()).expect("UTF-8").replace('"', "");
    assert_eq!(table.lines().count(), 8, "{table}");
    for (learner, state) in
        [("ada", "graded,8"), ("bob", "build_failed,0"), ("gus", "build_failed,0"), ("fay", "missing,,8")]
    {
        assert!(table.lines().any(|line| line.starts_with(learner) && line.contains(state)), "{learner}: {table}");
    }
    // A line for each content, however often it was graded; the first was there before any worker.
    let lines = |number: usize| told.lines().filter(|line| line.starts_with(&format!("{number}/5 "))).count();
    assert_eq!([2, 3, 4, 5].map(lines), [1; 4], "{told}");
    assert_eq!(keeper.left(), Vec::<String>::new());
    // A worker that is asked to end says nothing more and ends well; and what is remembered needs no worker.
    second.signal("INT");
    assert_eq!(second.wait().0, Some(0));
    let (told, code) = said(hall.class("there", &["--queue", url]));
    assert_eq!((code, told.contains("no worker")), (Some(0), false), "{told}");
}

#[test]
fn a_class_on_redis_comes_out_as_a_local_one() {
    equals_a_local_run(&InRedis::new());
}

#[test]
fn a_class_on_postgresql_comes_out_as_a_local_one() {
    equals_a_local_run(&Postgres::new());
}

fn posting(key: &str, terms_id: &str) -> Posting {
    let (key, terms_id, terms) = (key.to_owned(), terms_id.to_owned(), "{}".to_owned());
    Posting { body: format!("the job {key}\0\u{ff}").into_bytes(), key, terms_id, terms }
}

/// What a queue promises, each promise once.
fn keeps_its_promises(keeper: &dyn Keeper) {
    let open = || Queue::open(&QueueUrl::parse(keeper.url()).expect("an address"), 4).expect("it is open");
    let (class, one, other) = (open(), open(), open());
    let all = BTreeSet::new();
    let key_of = |taken: &Option<grader::queue::store::Taken>| taken.as_ref().map(|taken| taken.posting.key.clone());
    assert_eq!(class.workers().expect("a number"), 0);
    let (worker_1, worker_2) = (one.enter().expect("a number"), other.enter().expect("a number"));
    assert_eq!((worker_1, worker_2, class.workers().expect("a number")), (1, 2, 2));

    // What is put twice is there once, and is taken in order, by one worker at a time.
    for job in [posting("a", "t"), posting("a", "t"), posting("b", "t"), posting("c", "u")] {
        class.put(&job).expect("put");
    }
    assert_eq!(class.stages(&["a", "x", "c"]).expect("stages"), [Some(Stage::Open), None, Some(Stage::Open)]);
    let first = one.take(worker_1, &all).expect("taken").expect("there is one");
    assert_eq!(first.posting, posting("a", "t"));
    assert_eq!(one.begin(worker_1, &first).expect("begun"), 1);
    let second = other.take(worker_2, &all).expect("taken");
    assert_eq!(key_of(&second).as_deref(), Some("b"));
    // Terms that a worker refuses are passed over.
    let refused = BTreeSet::from(["u".to_owned()]);
    assert_eq!(key_of(&one.take(worker_1, &refused).expect("taken")), None);
    one.refuse(worker_1, "u", "its compiler is another").expect("told");
    one.refuse(worker_1, "u", "its compiler is another").expect("told");
    assert_eq!(class.refusals("u").expect("heard"), [(1, "its compiler is another".to_owned())]);
    assert_eq!(class.refusals("t").expect("heard"), []);

    // A worker dies: its job goes to the next, and both attempts count.
    drop((first, one));
    keeper.forget_worker(worker_1);
    assert_eq!(class.refusals("u").expect("heard"), [], "nobody hears of a worker that is gone");
    let third = open();
    let worker_3 = third.enter().expect("a number");
    // PostgreSQL hears of the closed connection when it gets to it: one asks until then.
    let again = (0..10_000).find_map(|_| third.take(worker_3, &refused).expect("taken")).expect("the dead worker's");
    assert_eq!((again.posting.key.as_str(), third.begin(worker_3, &again).expect("begun")), ("a", 2));
    // A job that is let go is free, and the attempt at it does not count.
    third.let_go(worker_3, again).expect("let go");
    let again = (0..10_000).find_map(|_| third.take(worker_3, &refused).expect("taken")).expect("it is free");
    assert_eq!((again.posting.key.as_str(), third.begin(worker_3, &again).expect("begun")), ("a", 2));

    // The first outcome stays; a job that is being graded cannot be forgotten, a finished one can.
    class.forget("a").expect("passed over");
    assert_eq!(class.stages(&["a"]).expect("stages"), [Some(Stage::Open)]);
    third.finish(again, b"first \xff").expect("finished");
    class.put(&posting("a", "t")).expect("passed over");
    assert_eq!(class.stages(&["a", "b"]).expect("stages"), [Some(Stage::Done), Some(Stage::Open)]);
    assert_eq!(class.outcome("a").expect("read").as_deref(), Some(&b"first \xff"[..]));
    assert_eq!(class.outcome("b").expect("read"), None);
    class.forget("a").expect("forgotten");
    assert_eq!((class.stages(&["a"]).expect("stages"), class.outcome("a").expect("read")), (vec![None], None));
    // A worker that was taken for gone comes late: nobody wants its outcome any more.
    other.finish(second.expect("b"), b"b").expect("finished");
    class.forget("b").expect("forgotten");
    let last = third.take(worker_3, &all).expect("taken").expect("c is left");
    assert_eq!(last.posting.key, "c");
    third.finish(last, b"c").expect("finished");
    class.forget("c").expect("forgotten");
    assert_eq!(keeper.left(), Vec::<String>::new());

    class.put_pack("digest", b"pack \0").expect("put");
    assert_eq!(other.pack("digest").expect("read").as_deref(), Some(&b"pack \0"[..]));
    assert_eq!(other.pack("another").expect("read"), None);
    other.refuse(worker_2, "u", "it is another").expect("told");
    other.leave(worker_2).expect("gone");
    assert_eq!(class.refusals("u").expect("heard"), [], "nor of one that left");
    third.leave(worker_3).expect("gone");
}

#[test]
fn a_queue_on_redis_keeps_its_promises() {
    keeps_its_promises(&InRedis::new());
}

#[test]
fn a_queue_on_postgresql_keeps_its_promises() {
    keeps_its_promises(&Postgres::new());
}

/// Both sides hear why a worker leaves a class alone, and the worker goes on waiting for others.
#[test]
fn a_worker_on_other_terms_refuses_in_a_sentence() {
    let (keeper, hall) = (InRedis::new(), Hall::new());
    let mut other = worker(keeper.url(), &["--trust"]);
    let why = "worker 1 refuses: this worker was started with --trust and the class without";
    let mut class = Process::start(hall.class("there", &["--queue", keeper.url()]), why);
    other.next_with(why);
    class.kill();
    // The class is begun again: what is on the queue is not put there twice.
    let mut class = Process::start(hall.class("there", &["--queue", keeper.url()]), why);
    class.next_with("on the queue, 1 worker is there");
    class.kill();
    assert_eq!(keeper.left().iter().filter(|key| key.contains("job:")).count(), 4, "{:?}", keeper.left());
    other.signal("TERM");
    assert_eq!(other.wait().0, Some(0));
}

/// What a person mistypes: a sentence, an exit code, no password.
#[test]
fn a_queue_that_cannot_be_used_is_told_in_a_sentence() {
    let port = free_port();
    let locked = redis(port, &["--requirepass", "right"]);
    let wrong_password = format!("redis://:s3cret@127.0.0.1:{port}");
    let nobody = free_port();
    let hall = Hall::new();
    for (url, code, sentence) in [
        ("http://ada:s3cret@host".to_owned(), 2, "--queue names no queue: write redis://".to_owned()),
        ("s3cret".to_owned(), 2, "--queue names no queue".to_owned()),
        ("rediss://:s3cret@host".to_owned(), 2, "without TLS".to_owned()),
        ("postgres://ada:s3cret@host:nowhere/db".to_owned(), 2, "--queue cannot be read".to_owned()),
        (
            format!("redis://:s3cret@127.0.0.1:{nobody}"),
            4,
            format!("no queue can be used at redis://:***@127.0.0.1:{nobody} ("),
        ),
        (
            format!("postgres://ada:s3cret@127.0.0.1:{nobody}/db"),
            4,
            format!("no queue can be used at postgres://ada:***@127.0.0.1:{nobody}/db ("),
        ),
        (wrong_password, 4, format!("no queue can be used at redis://:***@127.0.0.1:{port} (")),
    ] {
        for command in [grader(&["worker", "--queue", &url]), hall.class("there", &["--queue", &url])] {
            let (told, found) = said(command);
            assert_eq!(found, Some(code), "{url}: {told}");
            assert!(told.contains(&sentence) && !told.contains("s3cret"), "{url}: {told}");
            assert_eq!(told.lines().count(), 1, "{url}: {told}");
        }
    }
    drop(locked);
    let (told, code) = said(grader(&["worker"]));
    assert!(code == Some(2) && told.contains("--queue <URL>"), "{told}");
    let (told, code) = said(grader(&["worker", "--help"]));
    let example = "grader class hand-ins/ --queue redis://";
    assert!(code == Some(0) && told.contains(example) && told.contains("CACHEDOJO_QUEUE"), "{told}");
}
