//! Signatures that are not the prototype's: what has a plain meaning is graded all the same, the rest costs only what
//! needs it, and either is told once, with both declarations.

use cachedojo_judge::{Report, Verdict};
use cachedojo_notation::text::Language;
use grader::intake::submission::Submission;
use grader::pack::{DEFAULT_ID, Pack};
use grader::run::bench::Bench;

/// Grades the solution after `edits`, each of which must find its place; `more` is added at its end.
fn grade(edits: &[(&str, &str)], more: &str) -> Report {
    let pack = Pack::load(DEFAULT_ID).expect("a sound pack");
    let mut source = pack.files["solution/src/lib.rs"].clone();
    for (from, to) in edits {
        assert!(source.contains(from), "the solution has no `{from}` any more: mend this test");
        source = source.replace(from, to);
    }
    let bench = Bench::open(&pack, false).expect("a toolbox");
    bench.grade(&Submission::from_source("test", &(source + more)), 0, Language::English).expect("a report")
}

/// Edits that give a method of the solution another name, so that one of another signature can stand in its place.
fn hidden(method: &str) -> Vec<(String, String)> {
    let calls = match method {
        "get" => vec!["get_mut(home)?."],
        "clean_expired" | "servers_for_key" => vec!["self."],
        "remove_node" => vec!["self.", "self.ring."],
        "add_node" | "get_nodes" => vec!["self.ring."],
        "set" | "delete" | "incr" | "touch" => vec!["|node| node."],
        "stats" => vec!["map(CacheNode::"],
        _ => vec![],
    };
    let call = |before: &str| {
        let after = if method == "stats" { ")" } else { "(" };
        (format!("{before}{method}{after}"), format!("{before}own_{method}{after}"))
    };
    calls.into_iter().map(call).chain([(format!("fn {method}("), format!("fn own_{method}("))]).collect()
}

fn grade_with(methods: &[&str], more: &str) -> Report {
    let edits: Vec<(String, String)> = methods.iter().flat_map(|method| hidden(method)).collect();
    let edits: Vec<(&str, &str)> = edits.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    grade(&edits, more)
}

fn lost(report: &Report) -> Vec<(&str, Verdict, u32)> {
    let lost = report.checks.iter().filter(|check| check.verdict != Verdict::Pass);
    lost.map(|check| (check.id.as_str(), check.verdict, check.max_points - check.points)).collect()
}

fn assert_reported(report: &Report, item: &str, found: &str) {
    let about = format!("`{item}` is not as the prototype has it");
    let said: Vec<_> = report.diagnostics.iter().filter(|one| one.message.starts_with(&about)).collect();
    let [said] = said.as_slice() else { panic!("`{item}` is told once: {:?}", report.diagnostics) };
    assert!(said.message.contains("expected `pub ") && said.message.contains(found), "{}", said.message);
}

#[test]
fn borrowed_bytes_results_and_numbers_of_other_widths_cost_nothing() {
    let report = grade_with(
        &["get", "set", "delete", "incr", "touch", "clean_expired", "stats"],
        "impl CacheNode {
            pub fn get(&mut self, key: String) -> Option<&[u8]> { self.own_get(&key).map(|entry| &entry.value[..]) }
            pub fn set(&mut self, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), String> {
                if self.own_set(key.to_string(), value.to_vec(), ttl) { Ok(()) } else { Err(\"too large\".into()) }
            }
            pub fn delete(&mut self, key: impl AsRef<str>) -> Option<CacheEntry> {
                let old = self.slots.get(key.as_ref()).map(|slot| slot.entry.clone());
                if self.own_delete(key.as_ref()) { old } else { None }
            }
            pub fn incr(&mut self, key: String, delta: i32) -> Result<i64, String> {
                self.own_incr(&key, i64::from(delta)).ok_or(String::new())
            }
            pub fn touch(&mut self, key: &String, ttl: Option<Duration>) -> Result<bool, ()> {
                Ok(self.own_touch(key, ttl.unwrap()))
            }
            pub fn clean_expired(&mut self) -> u64 { self.own_clean_expired() as u64 }
            pub fn stats(&self) -> std::sync::Arc<CacheStats> { std::sync::Arc::new(self.own_stats()) }
        }",
    );
    assert_eq!(lost(&report), []);
    assert_reported(&report, "CacheNode::get", "found `pub fn get(&mut self, key: String) -> Option<&[u8]>`");
    assert_reported(&report, "CacheNode::set", "found `pub fn set(&mut self, key: &str,");
    assert_reported(&report, "CacheNode::delete", "Option<CacheEntry>");
    assert_reported(&report, "CacheNode::incr", "Result<i64, String>");
    assert_reported(&report, "CacheNode::touch", "Result<bool, ()>");
    assert_reported(&report, "CacheNode::clean_expired", "-> u64");
    assert_eq!(report.diagnostics.len(), 7, "{:?}", report.diagnostics);
}

#[test]
fn owned_values_ids_for_nodes_and_calls_that_do_or_do_not_wait_cost_nothing() {
    let report = grade_with(
        &["get", "set", "add_node", "remove_node", "get_node", "get_nodes", "nodes", "servers_for_key", "execute",
          "rebalance", "parse", "serialize"],
        "impl CacheNode {
            pub async fn get<K: AsRef<str>>(&mut self, key: K) -> Result<Vec<u8>, String> {
                self.own_get(key.as_ref()).map(|entry| entry.value.clone()).ok_or(String::new())
            }
            pub fn set(&mut self, key: impl Into<String>, value: impl Into<Vec<u8>>, ttl: Option<Duration>)
                -> Option<Vec<u8>> {
                self.own_set(key.into(), value.into(), ttl);
                None
            }
        }
        impl HashRing {
            pub fn add_node(&mut self, node: &NodeInfo) -> bool { self.own_add_node(node.clone()); true }
            pub fn remove_node(&mut self, node_id: String) -> Option<NodeInfo> { self.own_remove_node(&node_id); None }
            pub fn get_node(&self, key: &str) -> Option<String> { self.own_get_node(key).map(|node| node.id.clone()) }
            pub fn get_nodes(&self, key: &str, count: u8) -> Option<Vec<std::sync::Arc<NodeInfo>>> {
                Some(self.own_get_nodes(key, count.into()).into_iter().map(|n| std::sync::Arc::new(n.clone())).collect())
            }
            pub fn nodes(&self) -> impl Iterator<Item = &String> { self.nodes.keys() }
        }
        impl DistributedCache {
            pub fn servers_for_key(&self, key: &str) -> Vec<String> {
                self.own_servers_for_key(key).into_iter().map(|node| node.id.clone()).collect()
            }
            pub fn execute(&mut self, cmd: &CacheCommand) -> Result<CacheResponse, String> {
                let mut response = None;
                let mut work = Box::pin(async { response = Some(self.own_execute(cmd.clone()).await) });
                let waker = std::task::Waker::noop();
                while work.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending() {}
                drop(work);
                response.ok_or(String::new())
            }
            pub fn rebalance(&mut self) {
                let mut work = Box::pin(self.own_rebalance());
                while work.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_pending() {}
            }
        }
        impl ProtocolParser {
            pub fn parse(input: Vec<u8>) -> Result<(CacheCommand, usize), String> {
                Self::own_parse(&input).map(|command| (command, input.len())).map_err(|_| String::new())
            }
            pub fn serialize(&self, response: CacheResponse) -> String {
                String::from_utf8(Self::own_serialize(&response)).unwrap()
            }
        }",
    );
    assert_eq!(lost(&report), [], "{:?}", report.diagnostics);
    assert_reported(&report, "CacheNode::get", "found `pub async fn get<K: AsRef<str>>");
    assert_reported(&report, "HashRing::get_node", "-> Option<String>`");
    assert_reported(&report, "DistributedCache::execute", "found `pub fn execute(&mut self, cmd: &CacheCommand)");
    assert_reported(
        &report,
        "ProtocolParser::serialize",
        "found `pub fn serialize(&self, response: CacheResponse) -> String`",
    );
    assert_eq!(report.diagnostics.len(), 12, "{:?}", report.diagnostics);
}

#[test]
fn types_with_other_fields_and_variants_of_other_shapes_cost_nothing() {
    let edits = [
        ("EvictionPolicy::LRU", "EvictionPolicy::Lru"),
        ("    LRU,", "    Lru,"),
        ("CacheCommand::Get { key: key.to_string() }", "CacheCommand::Get(key.to_string())"),
        ("CacheCommand::Get { key }", "CacheCommand::Get(key)"),
        ("    Get { key: String },", "    Get(String),"),
        ("    pub replication_factor: usize,", "    pub replication_factor: u32, pub name: Option<String>,"),
        ("self.config.replication_factor)", "self.config.replication_factor as usize)"),
        (
            "#[derive(Debug, Clone)]\npub struct CacheConfig",
            "impl Default for EvictionPolicy { fn default() -> Self { Self::FIFO } }\n#[derive(Debug, Clone, Default)]\npub struct CacheConfig",
        ),
    ];
    let report = grade(&edits, "");
    assert_eq!(lost(&report), [], "{:?}", report.diagnostics);
    let items: Vec<&str> = report.diagnostics.iter().filter_map(|one| one.message.split('`').nth(1)).collect();
    assert_eq!(items, ["CacheConfig", "CacheCommand::Get", "EvictionPolicy::LRU"]);
}

#[test]
fn a_parameter_that_is_not_there_costs_what_asks_for_it() {
    let report = grade_with(
        &["set", "delete", "clean_expired"],
        "impl CacheNode {
            pub fn set(&mut self, key: String, value: Vec<u8>) -> bool { self.own_set(key, value, None) }
            pub fn delete(&mut self, key: &str) { self.own_delete(key); }
            pub fn clean_expired(&mut self) { self.own_clean_expired(); }
        }",
    );
    let rows: Vec<&str> = lost(&report).into_iter().map(|(id, ..)| id).collect();
    // Scenario B sets a deadline among its mixed operations, so it needs the parameter too.
    assert!(!rows.contains(&"set_get") && rows.contains(&"scenario_b"), "{rows:?}");
    assert!(lost(&report).contains(&("delete", Verdict::Fail, 1)), "{rows:?}");
    assert!(rows.contains(&"ttl_expire"), "{rows:?}");
    assert!(report.score >= 70, "{} {rows:?}", report.score);
}

#[test]
fn what_has_no_plain_meaning_is_named_once_and_costs_what_needs_it() {
    let report = grade_with(
        &["get"],
        "impl CacheNode {
            pub fn get(&mut self, place: usize) -> Option<&CacheEntry> { let key = place.to_string(); self.own_get(&key) }
        }",
    );
    assert_reported(&report, "CacheNode::get", "so it is not graded: expected");
    assert_eq!(report.diagnostics.len(), 1);
    let blamed = report.checks.iter().filter(|check| check.verdict == Verdict::NotImplemented);
    assert_eq!(blamed.map(|check| check.id.as_str()).collect::<Vec<_>>(), ["get_miss"]);
    for check in report.checks.iter().filter(|check| check.verdict == Verdict::Skipped) {
        assert!(check.message.starts_with("Skipped because `CacheNode::get` is missing"), "{}", check.message);
    }
    for id in ["consistent_hash", "replication", "protocol_parse", "scenario_c", "scenario_d"] {
        assert!(report.checks.iter().any(|check| check.id == id && check.verdict == Verdict::Pass), "{id}");
    }
}

/// The solution, whose `NodeInfo` has one more public field.
fn grade_with_field(field: &str, value: &str) -> Report {
    let is_alive = "    pub is_alive: bool,\n}";
    let more = format!("    pub is_alive: bool,\n    pub {field},\n}}");
    let name = field.split(':').next().unwrap_or_default();
    let made = format!("NodeInfo {{ {name}: {value}, id, addr");
    grade(&[(is_alive, more.as_str()), ("NodeInfo { id, addr", made.as_str())], "")
}

#[test]
fn a_further_field_costs_nothing_where_it_has_a_default_and_is_named_first_where_it_has_none() {
    let report = grade_with_field("zone: Option<String>", "None");
    assert_eq!((report.score, lost(&report)), (100, vec![]));
    assert_eq!(report.diagnostics, []);
    let report = grade_with_field("since: Instant", "Instant::now()");
    let first = &report.diagnostics[0].message;
    assert!(first.starts_with("`NodeInfo` has public fields that the prototype lacks (`since`)"), "{first}");
    for said in &report.diagnostics {
        let internal = ["conversions::", "Nodes`", "PerhapsNode", "others", "Counters"];
        assert!(!internal.iter().any(|name| said.message.contains(name)), "{}", said.message);
    }
}
