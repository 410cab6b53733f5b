//! The cache service's REST API: what each request is answered with.

use cachedojo::clock::Instant;
use cachedojo::protocol::rest::{
    ANSWER_BYTES_MAX, ENDPOINTS, HttpAnswer, KEYS_MAX, Limits, LineMistake, Machine, NAMESPACES_MAX, parse_line,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// 2024-01-01T00:00:00Z.
const BASE_S: u64 = 1_704_067_200;

/// One request to a machine; status and body.
fn ask(machine: &mut Machine, line: &str) -> (u16, String) {
    let HttpAnswer { status, body, .. } = machine.answer_line(line, Instant::default());
    (status, body)
}

#[test]
fn a_namespace_is_flushed_whole_or_by_pattern() {
    let mut machine = Machine::new(BASE_S);
    for key in ["user_1", "user_2", "post_1", "a%20b", "caf%C3%A9"] {
        assert_eq!(ask(&mut machine, &format!("PUT /api/v1/cache/n/{key} {{\"value\": 1}}")).0, 201);
        assert_eq!(ask(&mut machine, &format!("PUT /api/v1/cache/other/{key} {{\"value\": 1}}")).0, 201);
    }
    for (query, deleted) in [
        ("?pattern=user_*", 2),
        ("?pattern=user_*", 0),
        ("?x=1&pattern=a+b", 1),
        ("?pattern=caf%3F", 1),
        ("", 1),
        ("", 0),
    ] {
        let expected = format!("{{\"success\":true,\"deleted_count\":{deleted}}}");
        assert_eq!(ask(&mut machine, &format!("DELETE /api/v1/cache/n{query}")), (200, expected), "{query:?}");
    }
    assert!(ask(&mut machine, "GET /api/v1/cache/other/stats").1.contains("\"total_keys\":5"));
    let expected = "{\"success\":true,\"deleted_count\":5}".to_owned();
    assert_eq!(ask(&mut machine, "DELETE /api/v1/cache/other"), (200, expected));
}

#[test]
fn every_wrong_request_says_why() {
    let mut machine = Machine::new(BASE_S);
    let long = "n".repeat(101);
    let long_key = "k".repeat(256);
    for (line, status, error) in [
        ("GET /api/v1/cache/a!b/k", 400, "Invalid namespace"),
        ("GET /api/v1/cache//k", 400, "Invalid namespace"),
        ("GET /api/v1/cache/%zz/k", 400, "Invalid namespace"),
        ("DELETE /api/v1/cache/", 400, "Invalid namespace"),
        (&format!("GET /api/v1/cache/{long}/k"), 400, "Invalid namespace"),
        ("GET /api/v1/cache/n/", 400, "Invalid key"),
        ("GET /api/v1/cache/n/%", 400, "Invalid key"),
        ("GET /api/v1/cache/n/%ff", 400, "Invalid key"),
        ("GET /api/v1/cache/n/a%0Ab", 400, "Invalid key"),
        (&format!("GET /api/v1/cache/n/{long_key}"), 400, "Invalid key"),
        ("PUT /api/v1/cache/n/k", 400, "Malformed JSON"),
        ("PUT /api/v1/cache/n/k {\"value\": }", 400, "Malformed JSON"),
        ("PUT /api/v1/cache/n/k {\"value\": 1} x", 400, "Malformed JSON"),
        ("PUT /api/v1/cache/n/k [1]", 400, "Body must be a JSON object"),
        ("PUT /api/v1/cache/n/k {}", 400, "Missing value"),
        ("PUT /api/v1/cache/n/k {\"value\": 1, \"ttl\": -1}", 400, "TTL must be a whole number of seconds, 0 or more"),
        ("PUT /api/v1/cache/n/k {\"value\": 1, \"ttl\": 1.5}", 400, "TTL must be a whole number of seconds, 0 or more"),
        (
            "PUT /api/v1/cache/n/k {\"value\": 1, \"ttl\": \"1\"}",
            400,
            "TTL must be a whole number of seconds, 0 or more",
        ),
        ("PUT /api/v1/cache/n/k {\"value\": 1, \"tags\": \"a\"}", 400, "Tags must be a list of strings"),
        ("POST /api/v1/cache/n/mget {\"keys\": \"a\"}", 400, "Keys must be a list of strings"),
        ("POST /api/v1/cache/n/mget {}", 400, "Keys must be a list of strings"),
        ("POST /api/v1/cache/n/mget {\"keys\": [\"\"]}", 400, "Invalid key"),
        ("POST /api/v1/cache/n/mget", 400, "Malformed JSON"),
        ("POST /api/v1/cache/n/mset {}", 400, "Entries must be a list of objects with key and value"),
        (
            "POST /api/v1/cache/n/mset {\"entries\": [{\"value\": 1}]}",
            400,
            "Entries must be a list of objects with key and value",
        ),
        (
            "POST /api/v1/cache/n/mset {\"entries\": [{\"key\": \"a\", \"value\": 1}, {\"key\": \"b\"}]}",
            400,
            "Missing value",
        ),
        ("DELETE /api/v1/cache/n?pattern=%zz", 400, "Invalid pattern"),
        ("DELETE /api/v1/cache/n?x=1&pattern=%ff", 400, "Invalid pattern"),
        ("DELETE /api/v1/cache/n?pattern=a*&pattern=b*", 400, "Invalid pattern"),
        ("DELETE /api/v1/cache/n?tag=a&pattern=b*&tag=a", 400, "Invalid pattern"),
        ("DELETE /api/v1/cache/n?patern=user_*", 400, "Unknown parameter: a flush takes pattern and tag"),
        ("DELETE /api/v1/cache/n?tags=x", 400, "Unknown parameter: a flush takes pattern and tag"),
        ("DELETE /api/v1/cache/n?pattern=", 400, "Invalid pattern"),
        ("DELETE /api/v1/cache/n?pattern=a*&tag=", 400, "Invalid pattern"),
        ("DELETE /api/v1/cache/n?tag", 400, "Invalid pattern"),
        ("GET /api/v1/cache/n/a", 404, "Key not found"),
        ("GET /", 404, "Not found"),
        ("GET /api/v1/cache", 404, "Not found"),
        ("GET /api/v1/cache/n/a/b", 404, "Not found"),
        ("GET /api/v1/cache/n", 405, "Method not allowed"),
        ("PUT /api/v1/cache/n/stats {\"value\": 1}", 405, "Method not allowed"),
        ("GET /api/v1/cache/n/mget", 405, "Method not allowed"),
        ("PATCH /api/v1/cache/n/k", 405, "Method not allowed"),
        ("POST /health", 405, "Method not allowed"),
    ] {
        assert_eq!(ask(&mut machine, line), (status, format!("{{\"error\":\"{error}\"}}")), "{line:?}");
    }
}

#[test]
fn values_have_a_largest_size() {
    let mut machine = Machine::new(BASE_S);
    let put = |length: usize| format!("PUT /api/v1/cache/n/k {{\"value\": \"{}\"}}", "v".repeat(length));
    assert_eq!(ask(&mut machine, &put(1024 * 1024)).0, 201);
    assert_eq!(ask(&mut machine, &put(1024 * 1024 + 1)), (400, "{\"error\":\"Value too large\"}".to_owned()));
}

#[test]
fn a_full_cache_lets_the_least_recently_used_entry_go() {
    let limits = Limits { value_bytes_max: 100, storage_bytes_max: 30 };
    let mut machine = Machine::with_limits(BASE_S, limits);
    let put = |key: &str| format!("PUT /api/v1/cache/n/{key} {{\"value\": \"12345678\"}}");
    for (line, status) in [
        (put("a").as_str(), 201),
        (&put("b"), 201),
        ("GET /api/v1/cache/n/a", 200),
        (&put("c"), 201),
        ("GET /api/v1/cache/n/b", 404),
        ("GET /api/v1/cache/n/a", 200),
        ("PUT /api/v1/cache/n/d {\"value\": \"123456789012345678901234567\"}", 201),
        ("PUT /api/v1/cache/n/d {\"value\": \"1234567890123456789012345678\"}", 507),
        (
            "POST /api/v1/cache/n/mset {\"entries\": [{\"key\": \"e\", \"value\": \"1234567890123456789012345678\"}]}",
            507,
        ),
        ("GET /api/v1/cache/n/d", 200),
    ] {
        assert_eq!(ask(&mut machine, line).0, status, "{line:?}");
    }
    let stats = ask(&mut machine, "GET /api/v1/cache/n/stats").1;
    assert!(stats.contains("\"total_keys\":1,"), "{stats}");
    assert!(stats.ends_with("\"evictions\":3}"), "{stats}");
    let health = "{\"status\":\"healthy\",\"redis\":\"connected\",\"memory_usage\":\"100%\",\"store\":\"memory\"}";
    assert_eq!(ask(&mut machine, "GET /health"), (200, health.to_owned()));
}

#[test]
fn a_value_comes_back_as_it_was_written() {
    let mut machine = Machine::new(BASE_S);
    for value in
        [r#"{"b": 1, "a": [true, null, 1.50, 1e400, 123456789012345678901234567890]}"#, r#""\u00e9\n""#, "\"é\"", "0"]
    {
        ask(&mut machine, &format!("PUT /api/v1/cache/n/k {{\"value\": {value}}}"));
        let body = ask(&mut machine, "GET /api/v1/cache/n/k").1;
        assert!(body.starts_with(&format!("{{\"value\":{value},\"metadata\"")), "{body}");
    }
}

#[test]
fn every_mistake_of_a_line_has_its_place() {
    #[track_caller]
    fn check(line: &str, mistake: LineMistake, wrong: &str) {
        let error = parse_line(line).expect_err("the line is wrong");
        assert_eq!((error.mistake, &line[error.span]), (mistake, wrong), "{line:?}");
    }
    check("", LineMistake::Blank, "");
    check("   ", LineMistake::Blank, "   ");
    check("get /health", LineMistake::Method, "get");
    check(" GET", LineMistake::MissingPath, "");
    check("GET  health", LineMistake::PathStart, "health");
    check("GET /a\tb", LineMistake::PathCharacter, "\t");
    let (status, body) = ask(&mut Machine::new(BASE_S), "get /health");
    assert_eq!((status, body.contains("capitals")), (400, true), "{body}");
    let line = parse_line("PUT  /api/v1/cache/n/k   {\"value\": \"a b\"} ").expect("a request");
    assert_eq!((line.method, line.target, line.body), ("PUT", "/api/v1/cache/n/k", Some("{\"value\": \"a b\"}")));
    assert_eq!(parse_line("GET /health ").expect("a request").body, None);
}

#[test]
fn a_whole_number_may_be_written_as_json_writes_it() {
    for (number, status) in [
        ("60", 201),
        ("60.0", 201),
        ("6e1", 201),
        ("0.0", 201),
        ("null", 201),
        ("60.5", 400),
        ("-0.5", 400),
        ("1e300", 201),
    ] {
        let put = format!("PUT /api/v1/cache/n/k {{\"value\": 1, \"ttl\": {number}}}");
        assert_eq!(ask(&mut Machine::new(BASE_S), &put).0, status, "{number}");
    }
    let mut machine = Machine::new(BASE_S);
    let (status, body) = ask(&mut machine, "PUT /api/v1/namespaces/n {\"default_ttl\": 52105.0}");
    assert!(status == 200 && body.contains("\"default_ttl\":52105,"), "{body}");
}

#[test]
fn a_key_is_as_long_as_its_characters_are_many() {
    for (letter, count, status) in [("a", 255, 201), ("a", 256, 400), ("%C3%A9", 255, 201), ("%C3%A9", 256, 400)] {
        let put = format!("PUT /api/v1/cache/n/{} {{\"value\": 1}}", letter.repeat(count));
        assert_eq!(ask(&mut Machine::new(BASE_S), &put).0, status, "{count} times {letter}");
    }
}

#[test]
fn every_wrong_setting_says_why() {
    let mut machine = Machine::new(BASE_S);
    for (body, error) in [
        ("[]", "Body must be a JSON object"),
        (r#"{"default_ttl": 0}"#, "Default TTL must be a whole number of seconds from 1 to 2147483647"),
        (r#"{"default_ttl": 2147483648}"#, "Default TTL must be a whole number of seconds from 1 to 2147483647"),
        (r#"{"max_size_mb": 0}"#, "Size must be a whole number, 1 or more, of at most 2147483647 MiB"),
        (r#"{"max_size_mb": 9999999999}"#, "Size must be a whole number, 1 or more, of at most 2147483647 MiB"),
        (r#"{"max_size_bytes": 1.5}"#, "Size must be a whole number, 1 or more, of at most 2147483647 MiB"),
        (r#"{"max_size_bytes": 1, "max_size_mb": 1}"#, "Give max_size_mb or max_size_bytes, not both"),
        (
            r#"{"eviction_policy": "MRU"}"#,
            "Eviction policy must be LRU, LFU, FIFO, TTL, SIEVE, S3FIFO, CLOCK, ARC, 2Q, LIRS, WTINYLFU or NONE (refuse what does not fit)",
        ),
        (r#"{"ttl": 1}"#, "Settings are default_ttl, max_size_mb or max_size_bytes, and eviction_policy"),
    ] {
        let answer = ask(&mut machine, &format!("PUT /api/v1/namespaces/n {body}"));
        assert_eq!(answer, (400, format!("{{\"error\":\"{error}\"}}")), "{body}");
    }
    assert_eq!(ask(&mut machine, "GET /api/v1/namespaces").1, "{\"namespaces\":[]}");
}

/// What is left of a, b and c, each of ten bytes, in a namespace of thirty after a was read and d came in.
#[test]
fn each_policy_chooses_who_leaves_a_full_namespace() {
    for (policy, status, left) in [
        ("LRU", 201, "acd"),
        ("LFU", 201, "acd"),
        ("FIFO", 201, "bcd"),
        ("TTL", 201, "abd"),
        ("SIEVE", 201, "acd"),
        ("CLOCK", 201, "acd"),
        ("NONE", 507, "abc"),
    ] {
        let mut machine = Machine::new(BASE_S);
        let settings =
            format!("PUT /api/v1/namespaces/n {{\"max_size_bytes\": 30, \"eviction_policy\": \"{policy}\"}}");
        assert_eq!(ask(&mut machine, &settings).0, 200);
        let put = |key: &str, ttl: u32| format!("PUT /api/v1/cache/n/{key} {{\"value\": \"1234567\", \"ttl\": {ttl}}}");
        for (key, ttl) in [("a", 90), ("b", 80), ("c", 70)] {
            assert_eq!(ask(&mut machine, &put(key, ttl)).0, 201);
        }
        assert_eq!(ask(&mut machine, "GET /api/v1/cache/n/a").0, 200);
        assert_eq!(ask(&mut machine, &put("d", 60)).0, status, "{policy}");
        let keys: String = machine.entries().map(|(_, key, _, _)| key).collect();
        assert_eq!(keys, left, "{policy}");
        // What is there may be replaced, under every policy.
        let known = left.chars().next().expect("a key").to_string();
        assert_eq!(ask(&mut machine, &put(&known, 60)).0, 200, "{policy}");
        // Another policy and half the room: the entries stay in order, and those that do not fit leave.
        let smaller = "PUT /api/v1/namespaces/n {\"max_size_bytes\": 19, \"eviction_policy\": \"LRU\"}";
        assert_eq!(ask(&mut machine, smaller).0, 200);
        assert_eq!(machine.len(), 1, "{policy}");
        let stats = ask(&mut machine, "GET /api/v1/cache/n/stats").1;
        assert!(stats.contains("\"memory_used_bytes\":10,"), "{policy}: {stats}");
    }
}

#[test]
fn a_namespace_that_refuses_throws_nothing_away_when_it_is_made_smaller() {
    let mut machine = Machine::new(BASE_S);
    for (line, status) in [
        ("PUT /api/v1/namespaces/n {\"eviction_policy\": \"NONE\"}", 200),
        ("PUT /api/v1/cache/n/a {\"value\": \"1234567\"}", 201),
        ("PUT /api/v1/namespaces/n {\"max_size_bytes\": 9}", 507),
        ("GET /api/v1/cache/n/a", 200),
        ("PUT /api/v1/namespaces/n {\"max_size_bytes\": 10, \"default_ttl\": 5}", 200),
        ("PUT /api/v1/namespaces/n {\"max_size_bytes\": 9, \"eviction_policy\": \"LRU\"}", 200),
        ("GET /api/v1/cache/n/a", 404),
        ("PUT /api/v1/cache/n/a {\"value\": \"123456\"}", 201),
        ("PUT /api/v1/namespaces/n {\"max_size_bytes\": 8, \"eviction_policy\": \"NONE\"}", 507),
        ("PUT /api/v1/namespaces/n {\"eviction_policy\": \"NONE\"}", 200),
    ] {
        assert_eq!(ask(&mut machine, line).0, status, "{line}");
    }
    assert!(ask(&mut machine, "GET /api/v1/namespaces/n").1.contains("\"max_size_bytes\":9,"));
}

#[test]
fn when_all_is_full_the_largest_namespace_makes_room_and_one_that_refuses_keeps_what_it_has() {
    let mut machine = Machine::with_limits(BASE_S, Limits { value_bytes_max: 100, storage_bytes_max: 60 });
    let put = |namespace: &str, key: u32| format!("PUT /api/v1/cache/{namespace}/{key} {{\"value\": \"1234567\"}}");
    assert_eq!(ask(&mut machine, "PUT /api/v1/namespaces/keeps {\"eviction_policy\": \"none\"}").0, 200);
    for (line, status) in [
        (put("keeps", 1), 201),
        (put("keeps", 2), 201),
        (put("a", 1), 201),
        (put("b", 1), 201),
        (put("b", 2), 201),
        (put("b", 3), 201),
        (put("a", 2), 201),
        (put("keeps", 3), 201),
        (put("keeps", 4), 201),
        (put("keeps", 5), 201),
        (put("keeps", 6), 201),
        (put("keeps", 7), 507),
        (put("a", 1), 507),
        ("POST /api/v1/cache/a/mset {\"entries\": [{\"key\": \"x\", \"value\": 1}]}".to_owned(), 507),
        ("GET /api/v1/cache/keeps/1".to_owned(), 200),
    ] {
        assert_eq!(ask(&mut machine, &line).0, status, "{line:?}");
    }
    let stats = ["a", "b"].map(|name| ask(&mut machine, &format!("GET /api/v1/cache/{name}/stats")).1);
    assert!(stats.iter().all(|stats| stats.contains("\"total_keys\":0,")), "{stats:?}");
    assert!(stats[1].ends_with("\"evictions\":3}"), "b was the largest at first: {stats:?}");
}

#[test]
fn namespaces_that_only_were_asked_for_are_bounded_and_give_way() {
    let mut machine = Machine::new(BASE_S);
    assert_eq!(ask(&mut machine, "PUT /api/v1/namespaces/set {\"default_ttl\": 9}").0, 200);
    assert_eq!(ask(&mut machine, "PUT /api/v1/cache/used/k {\"value\": 1}").0, 201);
    for number in 0..2 * NAMESPACES_MAX {
        assert_eq!(ask(&mut machine, &format!("GET /api/v1/cache/asked{number}/k")).0, 404);
    }
    assert_eq!(machine.totals().1, NAMESPACES_MAX);
    let misses = |machine: &mut Machine, name: &str| ask(machine, &format!("GET /api/v1/cache/{name}/stats")).1;
    assert!(misses(&mut machine, "asked0").starts_with("{\"hits\":0,\"misses\":0,"), "it gave way");
    let last = format!("asked{}", 2 * NAMESPACES_MAX - 1);
    assert!(misses(&mut machine, &last).starts_with("{\"hits\":0,\"misses\":1,"), "it is there");
    assert!(ask(&mut machine, "GET /api/v1/namespaces/set").1.contains("\"default_ttl\":9,"));
    assert_eq!(ask(&mut machine, "GET /api/v1/cache/used/k").0, 200);
    // Those that hold something do not give way.
    for number in 0..NAMESPACES_MAX - 2 {
        assert_eq!(ask(&mut machine, &format!("PUT /api/v1/cache/held{number}/k {{\"value\": 1}}")).0, 201);
    }
    let full = (507, "{\"error\":\"Too many namespaces\"}".to_owned());
    assert_eq!(ask(&mut machine, "PUT /api/v1/cache/more/k {\"value\": 1}"), full);
    assert_eq!(ask(&mut machine, "GET /api/v1/cache/more/k").0, 404);
    assert_eq!(ask(&mut machine, "DELETE /api/v1/namespaces/held0").0, 200);
    assert_eq!(ask(&mut machine, "PUT /api/v1/cache/more/k {\"value\": 1}").0, 201);
}

#[test]
fn one_request_names_so_many_keys_and_one_answer_holds_so_much() {
    let mut machine = Machine::new(BASE_S);
    let value = "v".repeat(1024 * 1024 - 2);
    for number in 0..=ANSWER_BYTES_MAX / (1024 * 1024) {
        ask(&mut machine, &format!("PUT /api/v1/cache/n/{number} {{\"value\": \"{value}\"}}"));
    }
    let mget = |keys: &[String]| format!("POST /api/v1/cache/n/mget {{\"keys\": [{}]}}", keys.join(","));
    let one = vec!["\"0\"".to_owned(); KEYS_MAX];
    let (status, body) = ask(&mut machine, &mget(&one));
    assert_eq!((status, body.len() < 2 * 1024 * 1024), (200, true), "a key that is named often is answered once");
    assert!(body.ends_with(&format!("\"hits\":{KEYS_MAX},\"misses\":0}}")));
    let refused = (400, "{\"error\":\"Too many keys in one request\"}".to_owned());
    assert_eq!(ask(&mut machine, &mget(&vec!["\"0\"".to_owned(); KEYS_MAX + 1])), refused);
    let all: Vec<String> = (0..=ANSWER_BYTES_MAX / (1024 * 1024)).map(|number| format!("\"{number}\"")).collect();
    assert_eq!(ask(&mut machine, &mget(&all)), refused);
    assert_eq!(ask(&mut machine, &mget(&all[1..])).0, 200);
}

#[test]
fn the_table_of_endpoints_is_what_is_answered() {
    let mut machine = Machine::new(BASE_S);
    for endpoint in ENDPOINTS {
        let path = endpoint.path.replace("{namespace}", "n").replace("{key}", "k");
        let body = endpoint.body.map(|_| "{}").unwrap_or_default();
        let status = ask(&mut machine, &format!("{} {path} {body}", endpoint.method)).0;
        assert!(endpoint.responses.iter().any(|response| response.status == status), "{endpoint:?}: {status}");
        let answer = machine.answer_line(&format!("NONE {path}"), Instant::default());
        let of_path = ENDPOINTS.iter().filter(|other| other.path == endpoint.path).map(|other| other.method);
        let mut methods: Vec<&str> = of_path.collect();
        methods.sort_unstable();
        assert_eq!(answer.headers, [("Allow", methods.join(", "))], "{endpoint:?}");
    }
}

proptest! {
    /// Reads, writes and deletes against a map; deadlines are checked by the clock.
    #[test]
    fn entries_behave_as_in_a_naive_model(
        steps in prop::collection::vec((0..4_u8, 0..4_u8, 1..4_u64, 0..1500_u64), 1..80),
    ) {
        let mut machine = Machine::new(BASE_S);
        let (mut model, mut now_ms) = (BTreeMap::new(), 0);
        let (mut hits, mut misses) = (0, 0);
        for (index, (action, key, ttl_s, wait_ms)) in steps.into_iter().enumerate() {
            now_ms += wait_ms;
            model.retain(|_, &mut (_, deadline_ms)| now_ms < deadline_ms);
            let path = format!("/api/v1/cache/n/k{key}");
            let body = format!("{{\"value\":{index},\"ttl\":{ttl_s}}}");
            let mut ask = |method, body| machine.handle(method, &path, body, Instant::from_millis(now_ms));
            match action {
                0 => {
                    let status = if model.insert(key, (index, now_ms + ttl_s * 1000)).is_none() { 201 } else { 200 };
                    prop_assert_eq!(ask("PUT", Some(&body)).status, status);
                }
                1 => {
                    let status = if model.remove(&key).is_some() { 200 } else { 404 };
                    prop_assert_eq!(ask("DELETE", None).status, status);
                }
                _ => {
                    let answer = ask("GET", None);
                    if let Some((value, deadline_ms)) = model.get(&key) {
                        let left = (deadline_ms - now_ms).div_ceil(1000);
                        let start = format!("{{\"value\":{value},\"metadata\":{{\"ttl_remaining\":{left},");
                        prop_assert!(answer.body.starts_with(&start), "{}", answer.body);
                        hits += 1;
                    } else {
                        prop_assert_eq!(answer.status, 404);
                        misses += 1;
                    }
                }
            }
        }
        model.retain(|_, &mut (_, deadline_ms)| now_ms < deadline_ms);
        let stats = machine.handle("GET", "/api/v1/cache/n/stats", None, Instant::from_millis(now_ms)).body;
        let start = format!("{{\"hits\":{hits},\"misses\":{misses},");
        prop_assert!(stats.starts_with(&start), "{stats}");
        prop_assert!(stats.contains(&format!("\"total_keys\":{},", model.len())), "{stats}");
    }

    #[test]
    fn no_line_makes_it_panic(line in "(GET|PUT|POST|DELETE)? ?/?[ -~\\n]{0,60}|PUT /api/v1/cache/n/k .{0,40}") {
        let _ = Machine::new(BASE_S).answer_line(&line, Instant::default());
    }
}
