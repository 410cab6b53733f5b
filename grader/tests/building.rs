//! From source to subject: what builds in spite of gaps, and what is said about them.

use cachedojo_judge::pack::InterfaceKind;
use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_lab::world::World;
use cachedojo_notation::text::Language;
use cachedojo_wire::{NodeRequest, ParserRequest, Policy, Reply, Request, Response};
use grader::host::sandbox::Protection;
use grader::intake::submission::Submission;
use grader::language::rust::build::{RustBuilt, prepare};
use grader::language::rust::interface::Interface;
use grader::language::rust::prototype::Prototype;
use grader::language::rust::toolbox::{Target, Toolbox};
use grader::language::toolchain::{Limits, Reason, Rejected};
use grader::language::wasm::WasmSubject;
use grader::pack::{DEFAULT_ID, Pack};

const NODE: &str = "
use std::collections::HashMap;
use std::time::{Duration, Instant};
pub struct CacheEntry { pub value: Vec<u8>, pub expires_at: Option<Instant> }
pub enum EvictionPolicy { LRU, LFU, FIFO, TTL }
pub struct CacheNode { data: HashMap<String, CacheEntry> }
impl CacheNode {
    pub fn new(_: usize, _: EvictionPolicy) -> Self { Self { data: HashMap::new() } }
    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        self.data.get(key).filter(|entry| entry.expires_at.is_none_or(|end| Instant::now() < end))
    }
    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let expires_at = ttl.map(|ttl| Instant::now() + ttl);
        self.data.insert(key, CacheEntry { value, expires_at });
        true
    }
}
";

fn build(source: &str) -> Result<RustBuilt, Rejected> {
    let pack = Pack::load(DEFAULT_ID).expect("the exercise is sound");
    build_as(&Interface::of(&pack).expect("it has a prototype"), source)
}

fn build_as(interface: &Interface, source: &str) -> Result<RustBuilt, Rejected> {
    let toolbox = Toolbox::open(Target::Single, &|_| ()).expect("this machine can compile");
    prepare(&Submission::from_source("test", source), interface, &toolbox, Protection::Sandbox)
}

fn subject(source: &str, limits: Limits) -> WasmSubject {
    build(source).expect("it builds").program.subject(limits)
}

fn new() -> Request {
    Request::Node(NodeRequest::New { max_memory: 100, policy: Policy::Lru })
}

fn set(key: &str, ttl_ms: Option<u64>) -> Request {
    Request::Node(NodeRequest::Set { key: key.to_owned(), value: b"v".to_vec(), ttl_ms })
}

fn get(key: &str) -> Request {
    Request::Node(NodeRequest::Get { key: key.to_owned() })
}

#[test]
fn a_ttl_of_an_hour_passes_when_the_world_says_so_a_thousand_times_alike() {
    let program = build(NODE).expect("it builds").program;
    for seed in 0..1_000 {
        let mut node = program.subject(Limits::default());
        let mut world = World::new(seed);
        let mut ask = |world: &mut World, request: &Request| node.call(world, request).expect("it answers");
        assert_eq!(ask(&mut world, &get("a")), Response::NoObject);
        assert_eq!(ask(&mut world, &new()), Response::Done);
        assert_eq!(ask(&mut world, &set("a", Some(3_600_000))), Response::Bool(true));
        world.pass(3_599_999_000_000);
        assert_eq!(ask(&mut world, &get("a")), Response::Entry(Some(b"v".to_vec())));
        world.wall_ns += 86_400_000_000_000;
        assert_eq!(ask(&mut world, &get("a")), Response::Entry(Some(b"v".to_vec())));
        world.pass(1_000_000);
        assert_eq!(ask(&mut world, &get("a")), Response::Entry(None));
    }
}

#[test]
fn a_submission_may_be_one_function_from_lines_to_lines() {
    let declaration = "pub fn simulate_distributed_cache(commands: &[String]) -> Vec<String>;";
    let prototype = Prototype::parse(declaration).expect("a declaration");
    let interface = Interface { kind: InterfaceKind::Simulate, prototype, allowed_crates: Vec::new(), companion: None };
    let body = "{ commands.iter().map(|line| line.to_lowercase()).collect() }";
    let built = build_as(&interface, &declaration.replace(';', body)).expect("it builds");
    let request = Request::Simulate(vec!["PUT a 1".to_owned(), "EXIT".to_owned()]);
    let answer = built.program.subject(Limits::default()).call(&mut World::new(0), &request).expect("it answers");
    assert_eq!(answer, Response::Lines(vec!["put a 1".to_owned(), "exit".to_owned()]));
    let built = build_as(&interface, "").expect("it builds");
    let answer = built.program.subject(Limits::default()).call(&mut World::new(0), &request).expect("it answers");
    assert_eq!(answer, Response::NotImplemented { item: "simulate_distributed_cache".to_owned() });
}

#[test]
fn the_same_requests_in_the_same_world_cost_the_same_fuel() {
    let program = build(NODE).expect("it builds").program;
    let spent = || {
        let mut node = program.subject(Limits::default());
        for request in [new(), set("a", None), get("a"), get("b")] {
            node.call(&mut World::new(7), &request).expect("it answers");
        }
        node.fuel_used()
    };
    assert!(spent() > 1_000);
    assert_eq!(spent(), spent());
}

#[test]
fn the_same_source_makes_the_same_module() {
    let (one, other) = (build(NODE).expect("it builds"), build(NODE).expect("it builds"));
    assert!(one.module == other.module);
}

#[test]
fn what_is_not_written_yet_answers_not_implemented() {
    let built = build(NODE).expect("it builds");
    assert!(built.missing.contains(&"HashRing::get_node".to_owned()) && built.diagnostics.is_empty());
    let mut node = built.program.subject(Limits::default());
    let stats = node.call(&mut World::new(0), &Request::Node(NodeRequest::Stats)).expect("it answers");
    assert_eq!(stats, Response::NotImplemented { item: "CacheNode::stats".to_owned() });
}

#[test]
fn another_signature_is_told_with_both_and_costs_only_itself() {
    let source = NODE
        .replace("key: String, value: Vec<u8>", "key: u64, value: Vec<u8>")
        .replace("insert(key,", "insert(key.to_string(),");
    let built = build(&source).expect("it builds");
    let [said] = built.diagnostics.as_slice() else { panic!("{:?}", built.diagnostics) };
    assert_eq!((said.file.as_str(), said.line), ("src/lib.rs", 12));
    assert!(said.message.contains("expected `pub fn set(&mut self, key: String,"), "{}", said.message);
    assert!(said.message.contains("found `pub fn set(&mut self, key: u64,"), "{}", said.message);
    let mut node = built.program.subject(Limits::default());
    let lacking = Response::NotImplemented { item: "CacheNode::set".to_owned() };
    for (request, answer) in [(new(), Response::Done), (get("a"), Response::Entry(None)), (set("a", None), lacking)] {
        assert_eq!(node.call(&mut World::new(0), &request).expect("it answers"), answer);
    }
}

#[test]
fn a_private_item_is_told_and_what_compiles_all_the_same_is_taken() {
    let source = NODE.replace("    pub fn set", "    fn set").replace("&mut self, key: &str", "&self, key: &str");
    let built = build(&source).expect("it builds");
    let [said] = built.diagnostics.as_slice() else { panic!("{:?}", built.diagnostics) };
    assert!(said.message.contains("`CacheNode::set` is private"), "{}", said.message);
    assert!(!built.missing.contains(&"CacheNode::get".to_owned()));
}

#[test]
fn items_made_by_macros_and_under_other_names_are_found() {
    let source = format!(
        "macro_rules! make {{ ($name:ident) => {{ impl ProtocolParser {{ pub fn $name(input: &[u8]) -> Result<CacheCommand, ParseError> \
         {{ if input.is_empty() {{ Err(ParseError::Incomplete) }} else {{ Ok(CacheCommand::Stats) }} }} }} }} }}\n\
         mod inner {{ pub enum Mistake {{ Incomplete, InvalidCommand, InvalidArguments, TooLong }} }}\n\
         pub use inner::Mistake as ParseError;\npub struct ProtocolParser;\npub enum CacheCommand {{ Stats, Flush }}\nmake!(parse);\n{NODE}"
    );
    let mut parser = subject(&source, Limits::default());
    let answer = parser
        .call(&mut World::new(0), &Request::Parser(ParserRequest::Parse(b"stats\r\n".to_vec())))
        .expect("it answers");
    assert_eq!(answer, Response::Parsed(Ok(cachedojo_wire::Command::Stats)));
    let serialize = Request::Parser(ParserRequest::Serialize(Reply::Stored));
    let answer = parser.call(&mut World::new(0), &serialize).expect("it answers");
    assert_eq!(answer, Response::NotImplemented { item: "ProtocolParser::serialize".to_owned() });
}

#[test]
fn errors_of_the_compiler_have_the_learners_own_places() {
    let rejected = build("pub fn f() -> u8 {\n    \"no\"\n}\n").expect_err("it does not compile");
    assert_eq!(rejected.reason, Reason::BuildFailed);
    let said = &rejected.diagnostics[0];
    assert_eq!((said.file.as_str(), said.line, said.column), ("src/lib.rs", 2, 5));
    assert!(said.message.contains("E0308"), "{}", said.message);
    // What the compiler says of other places, and what it would write instead, is often the part that helps.
    let check = |source: &str, expected: &[&str]| {
        let rejected = build(source).expect_err("it does not compile");
        let said = &rejected.diagnostics[0].message;
        assert!(expected.iter().all(|part| said.contains(part)), "{said}");
    };
    check("pub fn f() {\n    if true {\n}\n", &["src/lib.rs:1:12: unclosed delimiter", "src/lib.rs:2:13: "]);
    check(
        "fn f() -> u8 {\n    vec![(\n}\n",
        &["src/lib.rs:2:10: unclosed delimiter", "src/lib.rs:1:14: closing delimiter possibly meant for this"],
    );
    let borrowed = "pub fn f(all: &mut Vec<u8>) -> u8 {\n    let first = &all[0];\n    all.push(1);\n    *first\n}\n";
    check(
        borrowed,
        &["src/lib.rs:2:18: immutable borrow occurs here", "src/lib.rs:4:5: immutable borrow later used here"],
    );
    check("pub fn f() -> String {\n    \"no\"\n}\n", &["help: try using a conversion method: `.to_string()`"]);
}

#[test]
fn files_that_are_missing_are_named_at_once_and_no_folder_of_the_graders() {
    let text = |source: &str| {
        let rejected = build(source).expect_err("it does not compile");
        assert_eq!(rejected.reason, Reason::BuildFailed);
        let text = rejected.text_in(Language::English);
        assert!(!text.contains("submission/"), "{text}");
        (rejected.diagnostics.len(), text, rejected.text_in(Language::French))
    };
    let (count, english, french) = text("pub mod api;\nmod node;\nuse node::Node;\nmod wire;\n");
    assert_eq!(count, 1, "{english}");
    let named = "`src/api.rs`, `src/node.rs`, `src/wire.rs`";
    let told = format!("src/lib.rs:1:1: missing beside this file: {named}; hand in the folder");
    assert!(english.contains(&told), "{english}");
    assert!(french.contains(&format!("il manque à côté de ce fichier : {named} ; rendez le dossier")), "{french}");
    let (count, english, _) = text("mod a;\npub fn f() -> u8 { a::g(); \"\" }\n");
    assert!(count > 1 && english.contains("`src/a.rs`") && english.contains("mismatched types"), "{english}");
}

#[test]
fn lints_do_not_decide_but_for_unsafe_code() {
    let check = |attributes: &str, rest: &str, rejected: Option<Reason>| {
        let built = build(&format!("{attributes}\nuse std::collections::BTreeSet;\n{NODE}\n{rest}"));
        assert_eq!(built.err().map(|why| why.reason), rejected, "{attributes} {rest}");
    };
    check("#![deny(warnings)]", "", None);
    check("#![forbid(warnings)]", "pub fn f(n: u8) {}", None);
    check("#![deny(unused, missing_docs, no_such_lint)]", "const NUMBER: u8 = 256;", None);
    check("#![forbid(unused)]", "#[allow(unused)]\npub fn f(n: u8) {}", None);
    check("#![deny(warnings)]", "pub fn f() -> u8 { \"\" }", Some(Reason::BuildFailed));
    check("#![deny(warnings)]", "pub fn f(p: *const u8) -> u8 { unsafe { *p } }", Some(Reason::Forbidden));
    check(
        "#![deny(unused)]",
        "macro_rules! m { ($($t:tt)*) => { $($t)* } }\nm! { pub fn f(p: *const u8) -> u8 { unsafe { *p } } }",
        Some(Reason::Forbidden),
    );
}

#[test]
fn crates_that_are_allowed_are_there() {
    let source = format!(
        "{NODE}\nuse sha2::{{Digest, Sha256}};\nuse std::hash::Hasher;\npub fn hashes(key: &[u8]) -> u64 {{\n let mut twox = twox_hash::XxHash64::with_seed(0);\n \
         twox.write(key);\n twox.finish() ^ xxhash_rust::xxh3::xxh3_64(key) ^ u64::from(Sha256::digest(key)[0])\n}}\n\
         pub async fn wait() {{ tokio::time::sleep(std::time::Duration::from_secs(1)).await; let _ = tokio::sync::Mutex::new(1).lock().await; }}"
    );
    build(&source).expect("it builds");
}

fn crash_of(get: &str, limits: Limits) -> Crash {
    let source = NODE.replace("self.data.get(key).filter", &format!("{get}\n        self.data.get(key).filter"));
    let mut node = subject(&source, limits);
    let mut world = World::new(0);
    node.call(&mut world, &new()).expect("it answers");
    let crash = node.call(&mut world, &self::get("a")).expect_err("it crashes");
    assert_eq!(node.call(&mut world, &self::get("a")), Err(crash.clone()), "a crash is final");
    crash
}

#[test]
fn each_limit_has_its_own_end() {
    let limits = Limits { fuel: 50_000_000, ..Limits::default() };
    assert_eq!(crash_of("let mut n = 0_u64; while key.len() < 9 { n = n.wrapping_add(1); }", limits), Crash::OutOfFuel);
    assert_eq!(crash_of("let _bulk = vec![1_u8; 80 << 20];", limits), Crash::OutOfMemory);
    assert_eq!(crash_of("for _ in 0..100_000 { println!(\"all tests passed\"); }", limits), Crash::TooMuchOutput);
    assert_eq!(crash_of("std::process::exit(0);", limits), Crash::Exit { code: 0 });
    let message = "no such key (at src/lib.rs:10:9)".to_owned();
    assert_eq!(
        crash_of("if key.len() < 9 { panic!(\"no such key\"); }", limits),
        Crash::Panic { message: message.replace(":9)", ":28)") }
    );
    let deep = "fn deep(n: u64) -> u64 { if n == 0 { 1 } else { deep(n + 1) / 2 + 1 } } if deep(key.len() as u64) == 7 { return None; }";
    let Crash::Panic { message } = crash_of(deep, limits) else { panic!("a stack overflow is a panic") };
    assert!(message.contains("stack overflow"), "{message}");
}
