//! The cache service's REST API: what each request is answered with.

use cachedojo::clock::Instant;
use cachedojo::protocol::rest::{HttpAnswer, Limits, LineMistake, Machine, parse_line};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// 2024-01-01T00:00:00Z.
const BASE_S: u64 = 1_704_067_200;

/// A conversation: `> request`, `< line of the answer` and `+ seconds` in turn. A request's path stands below the API's root.
#[track_caller]
fn check(conversation: &str) {
    let (mut machine, mut now_ms, mut answer, mut last) = (Machine::new(BASE_S), 0_u64, Vec::new(), String::new());
    for step in conversation.lines().map(str::trim_start).filter(|step| !step.is_empty()) {
        let (kind, text) = (&step[..1], step[1..].trim_start());
        match kind {
            "+" => now_ms += text.parse::<u64>().expect("milliseconds"),
            ">" => {
                assert!(answer.is_empty(), "{answer:?} is left of the answer to {last:?}");
                last = text.replacen(" /", " /api/v1/cache/", 1);
                let text = machine.answer_line(&last, Instant::from_millis(now_ms)).to_string();
                answer = text.lines().map(str::to_owned).rev().collect();
            }
            "<" => assert_eq!(answer.pop().as_deref(), Some(text), "answer to {last:?}"),
            _ => panic!("{step:?} is no step"),
        }
    }
    assert!(answer.is_empty(), "{answer:?} is left of the answer to {last:?}");
}

/// One request to a machine; status and body.
fn ask(machine: &mut Machine, line: &str) -> (u16, String) {
    let HttpAnswer { status, body, .. } = machine.answer_line(line, Instant::default());
    (status, body)
}

#[test]
fn an_entry_is_created_read_replaced_and_deleted() {
    check(
        r#"
        > GET /users/user_123
        < HTTP/1.1 404 Not Found
        < X-Cache-Hit: false
        < {"error":"Key not found"}
        > PUT /users/user_123 {"value": {"name": "John", "id": 123}, "tags": ["a", "b"]}
        < HTTP/1.1 201 Created
        < {"success":true,"key":"user_123","created":true}
        + 100000
        > GET /users/user_123
        < HTTP/1.1 200 OK
        < X-Cache-Hit: true
        < X-Cache-TTL: 3500
        < {"value":{"name": "John", "id": 123},"metadata":{"ttl_remaining":3500,"created_at":"2024-01-01T00:00:00Z"}}
        > PUT /users/user_123 {"value": null}
        < HTTP/1.1 200 OK
        < {"success":true,"key":"user_123","created":false}
        > GET /users/user_123
        < HTTP/1.1 200 OK
        < X-Cache-Hit: true
        < X-Cache-TTL: 3600
        < {"value":null,"metadata":{"ttl_remaining":3600,"created_at":"2024-01-01T00:01:40Z"}}
        > GET /posts/user_123
        < HTTP/1.1 404 Not Found
        < X-Cache-Hit: false
        < {"error":"Key not found"}
        > DELETE /users/user_123
        < HTTP/1.1 200 OK
        < {"success":true,"deleted":true}
        > DELETE /users/user_123
        < HTTP/1.1 404 Not Found
        < {"error":"Key not found"}
        "#,
    );
}

#[test]
fn an_entry_is_alive_before_its_deadline_and_gone_from_it_on() {
    check(
        r#"
        > PUT /a/k {"value": 1, "ttl": 60}
        < HTTP/1.1 201 Created
        < {"success":true,"key":"k","created":true}
        + 59999
        > GET /a/k
        < HTTP/1.1 200 OK
        < X-Cache-Hit: true
        < X-Cache-TTL: 1
        < {"value":1,"metadata":{"ttl_remaining":1,"created_at":"2024-01-01T00:00:00Z"}}
        + 1
        > DELETE /a/k
        < HTTP/1.1 404 Not Found
        < {"error":"Key not found"}
        > PUT /a/k {"value": 1, "ttl": 60}
        < HTTP/1.1 201 Created
        < {"success":true,"key":"k","created":true}
        + 60000
        > GET /a/k
        < HTTP/1.1 404 Not Found
        < X-Cache-Hit: false
        < {"error":"Key not found"}
        > PUT /a/k {"value": 1, "ttl": 0}
        < HTTP/1.1 201 Created
        < {"success":true,"key":"k","created":true}
        + 60000
        > PUT /a/k {"value": 1, "ttl": 18446744073709551615}
        < HTTP/1.1 200 OK
        < {"success":true,"key":"k","created":false}
        > GET /a/stats
        < HTTP/1.1 200 OK
        < {"hits":1,"misses":1,"hit_rate":0.5,"total_keys":1,"memory_used_mb":0.0,"memory_used_bytes":2,"evictions":0}
        "#,
    );
}

#[test]
fn many_keys_are_read_and_stored_at_once() {
    check(
        r#"
        > POST /n/mset {"entries": [{"key": "key1", "value": "a", "ttl": 1}, {"key": "key3", "value": [1, 2]}]}
        < HTTP/1.1 200 OK
        < {"success":true,"stored":2}
        > POST /n/mget {"keys": ["key3", "key2", "key1", "key3"]}
        < HTTP/1.1 200 OK
        < {"results":{"key3":{"value":[1, 2],"found":true},"key2":{"value":null,"found":false},"key1":{"value":"a","found":true}},"hits":3,"misses":1}
        + 1000
        > POST /n/mget {"keys": ["key1"]}
        < HTTP/1.1 200 OK
        < {"results":{"key1":{"value":null,"found":false}},"hits":0,"misses":1}
        > POST /n/mget {"keys": []}
        < HTTP/1.1 200 OK
        < {"results":{},"hits":0,"misses":0}
        "#,
    );
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
    assert_eq!(ask(&mut machine, "DELETE /api/v1/cache/other?pattern="), (200, expected));
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
fn another_method_is_told_which_are_allowed() {
    check(
        "
        > POST /n/k {}
        < HTTP/1.1 405 Method Not Allowed
        < Allow: DELETE, GET, PUT
        < {\"error\":\"Method not allowed\"}
        ",
    );
}

#[test]
fn values_have_a_largest_size() {
    let mut machine = Machine::new(BASE_S);
    let put = |length: usize| format!("PUT /api/v1/cache/n/k {{\"value\": \"{}\"}}", "v".repeat(length));
    assert_eq!(ask(&mut machine, &put(1024 * 1024 - 2)).0, 201);
    assert_eq!(ask(&mut machine, &put(1024 * 1024 - 1)), (400, "{\"error\":\"Value too large\"}".to_owned()));
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
    let health = "{\"status\":\"healthy\",\"redis\":\"connected\",\"memory_usage\":\"100%\"}";
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
