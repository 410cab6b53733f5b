//! Document 002's own words as tests: every answer of its API is provoked, every row of its functional table has a test.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Answer, Client, Running};

const DOCUMENT: &str = include_str!("document_002.md");

/// The endpoints of the document's JSON block.
fn endpoints() -> Vec<Value> {
    let json = DOCUMENT.split("```json").nth(2).and_then(|rest| rest.split("```").next()).expect("a JSON block");
    let json: Value = serde_json::from_str(json).expect("JSON");
    json["endpoints"].as_array().expect("a list").clone()
}

/// Whether an answer has all that the document's example has, of the same kinds. A string such as `any (JSON)` describes.
fn has_shape_of(example: &Value, found: &Value) -> bool {
    match (example, found) {
        (Value::Object(example), Value::Object(found)) => {
            example.iter().all(|(name, example)| found.get(name).is_some_and(|found| has_shape_of(example, found)))
        }
        (Value::String(text), _) if text == "any (JSON)" || text == "..." => true,
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, _) => true,
        _ => false,
    }
}

/// What brings an endpoint to answer so: steps before, then the request.
fn provoke(client: &mut Client, method: &str, path: &str, status: &str) -> Answer {
    let large = format!("{{\"value\":\"{}\"}}", "v".repeat(1024 * 1024 + 1));
    let put = |client: &mut Client, key: &str| {
        client.ask("PUT", &format!("/api/v1/cache/users/{key}"), "{\"value\":{\"id\":123}}");
    };
    match (method, path.rsplit('/').next().unwrap_or_default(), status) {
        ("GET", "{key}", "200") => {
            put(client, "user_123");
            client.ask("GET", "/api/v1/cache/users/user_123", "")
        }
        ("GET", "{key}", "404") => client.ask("GET", "/api/v1/cache/users/nobody", ""),
        ("GET", "{key}", "400") => client.ask("GET", "/api/v1/cache/no!such/user_123", ""),
        ("PUT", "{key}", "200") => {
            put(client, "user_123");
            client.ask("PUT", "/api/v1/cache/users/user_123", "{\"value\":1,\"ttl\":60,\"tags\":[\"a\"]}")
        }
        ("PUT", "{key}", "201") => {
            client.ask("DELETE", "/api/v1/cache/users", "");
            client.ask("PUT", "/api/v1/cache/users/user_123", "{\"value\":1,\"ttl\":60,\"tags\":[\"a\"]}")
        }
        ("PUT", "{key}", "400") => client.ask("PUT", "/api/v1/cache/users/user_123", &large),
        ("PUT", "{key}", "507") => {
            client.ask("PUT", "/api/v1/namespaces/tiny", "{\"max_size_bytes\":10}");
            client.ask("PUT", "/api/v1/cache/tiny/user_123", "{\"value\":\"0123456789\"}")
        }
        ("DELETE", "{key}", "200") => {
            put(client, "user_123");
            client.ask("DELETE", "/api/v1/cache/users/user_123", "")
        }
        ("DELETE", "{key}", "404") => client.ask("DELETE", "/api/v1/cache/users/nobody", ""),
        ("POST", "mget", "200") => {
            put(client, "key1");
            put(client, "key3");
            client.ask("POST", "/api/v1/cache/users/mget", "{\"keys\":[\"key1\",\"key2\",\"key3\"]}")
        }
        ("POST", "mset", "200") => {
            let body = "{\"entries\":[{\"key\":\"key1\",\"value\":\"val1\",\"ttl\":3600},{\"key\":\"key2\",\"value\":\"val2\",\"ttl\":7200}]}";
            client.ask("POST", "/api/v1/cache/users/mset", body)
        }
        ("DELETE", "{namespace}", "200") => client.ask("DELETE", "/api/v1/cache/users?pattern=user_*", ""),
        ("GET", "stats", "200") => client.ask("GET", "/api/v1/cache/users/stats", ""),
        ("GET", "health", "200") => client.ask("GET", "/health", ""),
        other => panic!("nothing provokes {other:?}"),
    }
}

#[test]
fn every_answer_of_the_documents_api_is_given() {
    let server = Running::new(&[]);
    let mut client = server.client();
    let mut provoked = 0;
    for endpoint in endpoints() {
        let (method, path) = (endpoint["method"].as_str().expect("text"), endpoint["path"].as_str().expect("text"));
        for (status, example) in endpoint["responses"].as_object().expect("an object") {
            let answer = provoke(&mut client, method, path, status);
            assert_eq!(answer.status.to_string(), *status, "{method} {path}: {}", answer.body);
            assert!(has_shape_of(example, &answer.json()), "{method} {path}: {} is not like {example}", answer.body);
            if let Some(error) = example.get("error") {
                assert_eq!(answer.json()["error"], *error, "{method} {path} {status}");
            }
            if status == "200"
                && let Some(headers) = endpoint["headers_returned"].as_object()
            {
                assert!(headers.keys().all(|name| answer.header(name).is_some()), "{method} {path}: {answer:?}");
            }
            provoked += 1;
        }
    }
    assert_eq!(provoked, 14);
}

#[test]
fn the_documents_multi_get_gives_what_it_shows() {
    let server = Running::new(&[]);
    let answer = provoke(&mut server.client(), "POST", "mget", "200").json();
    assert_eq!((&answer["hits"], &answer["misses"]), (&2.into(), &1.into()));
    assert_eq!(answer["results"]["key2"], serde_json::json!({"value": null, "found": false}));
}

/// Every row of the functional table by its number: what it describes, done.
fn rows() -> BTreeMap<&'static str, fn(&mut Client)> {
    BTreeMap::from([
        ("F-01", get_existing as fn(&mut Client)),
        ("F-02", get_missing),
        ("F-03", set_new),
        ("F-04", update_existing),
        ("F-05", delete),
        ("F-06", delete_missing),
        ("F-07", ttl_expiration),
        ("F-08", custom_ttl),
        ("F-09", multi_get),
        ("F-10", multi_set),
        ("F-11", flush),
        ("F-12", pattern_flush),
        ("F-13", stats_accuracy),
        ("F-14", large_value),
        ("F-15", json_serialization),
    ])
}

#[test]
fn every_row_of_the_functional_table_holds() {
    let rows = rows();
    let ids: Vec<&str> = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| F-")?.split(' ').next()).collect();
    assert_eq!(ids.len(), rows.len(), "the table and the tests are the same rows");
    for id in ids {
        let id = format!("F-{id}");
        let test = rows.get(id.as_str()).unwrap_or_else(|| panic!("{id} has no test"));
        test(&mut Running::new(&[]).client());
    }
}

fn put(client: &mut Client, key: &str, body: &str) -> Answer {
    client.ask("PUT", &format!("/api/v1/cache/n/{key}"), body)
}

fn get(client: &mut Client, key: &str) -> Answer {
    client.ask("GET", &format!("/api/v1/cache/n/{key}"), "")
}

/// A read so many milliseconds after the beginning.
fn get_at(client: &mut Client, key: &str, ms: u64) -> Answer {
    let answer = client.ask_with("GET", &format!("/api/v1/cache/n/{key}"), &format!("X-Cache-Clock: {ms}\r\n"), "");
    assert_eq!(answer.header("x-cache-clock"), Some(ms.to_string().as_str()));
    answer
}

fn get_existing(client: &mut Client) {
    put(client, "k", "{\"value\":\"v\"}");
    let answer = get(client, "k");
    assert_eq!((answer.status, &answer.json()["value"]), (200, &"v".into()));
    assert_eq!((answer.header("X-Cache-Hit"), answer.header("X-Cache-TTL")), (Some("true"), Some("3600")));
}

fn get_missing(client: &mut Client) {
    let answer = get(client, "k");
    assert_eq!((answer.status, answer.body.as_str()), (404, "{\"error\":\"Key not found\"}"));
}

fn set_new(client: &mut Client) {
    let answer = put(client, "k", "{\"value\":1}");
    assert_eq!((answer.status, &answer.json()["created"]), (201, &true.into()));
}

fn update_existing(client: &mut Client) {
    put(client, "k", "{\"value\":1}");
    let answer = put(client, "k", "{\"value\":2}");
    assert_eq!((answer.status, &answer.json()["created"]), (200, &false.into()));
    assert_eq!(get(client, "k").json()["value"], 2);
}

fn delete(client: &mut Client) {
    put(client, "k", "{\"value\":1}");
    let answer = client.ask("DELETE", "/api/v1/cache/n/k", "");
    assert_eq!((answer.status, &answer.json()["deleted"]), (200, &true.into()));
    assert_eq!(get(client, "k").status, 404);
}

fn delete_missing(client: &mut Client) {
    assert_eq!(client.ask("DELETE", "/api/v1/cache/n/k", "").status, 404);
}

fn ttl_expiration(client: &mut Client) {
    put(client, "k", "{\"value\":1}");
    assert_eq!(get_at(client, "k", 3_599_999).status, 200);
    assert_eq!(get_at(client, "k", 3_600_000).status, 404);
}

fn custom_ttl(client: &mut Client) {
    put(client, "k", "{\"value\":1,\"ttl\":60}");
    assert_eq!(get(client, "k").header("X-Cache-TTL"), Some("60"));
    assert_eq!(get_at(client, "k", 59_999).status, 200);
    assert_eq!(get_at(client, "k", 60_000).status, 404);
}

fn multi_get(client: &mut Client) {
    for key in ["a", "c", "e"] {
        put(client, key, "{\"value\":1}");
    }
    let answer = client.ask("POST", "/api/v1/cache/n/mget", "{\"keys\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}").json();
    assert_eq!((&answer["hits"], &answer["misses"]), (&3.into(), &2.into()));
    let found = |key: &str| answer["results"][key]["found"].as_bool().expect("found");
    assert_eq!(["a", "b", "c", "d", "e"].map(found), [true, false, true, false, true]);
}

fn multi_set(client: &mut Client) {
    let entries: Vec<String> = (1..=5).map(|n| format!("{{\"key\":\"k{n}\",\"value\":{n},\"ttl\":{n}0}}")).collect();
    let body = format!("{{\"entries\":[{}]}}", entries.join(","));
    assert_eq!(client.ask("POST", "/api/v1/cache/n/mset", &body).body, "{\"success\":true,\"stored\":5}");
    for n in 1..=5 {
        let answer = get(client, &format!("k{n}"));
        assert_eq!(answer.json()["value"], n);
        assert_eq!(answer.header("X-Cache-TTL"), Some(format!("{n}0").as_str()));
    }
}

fn flush(client: &mut Client) {
    for key in ["a", "b"] {
        put(client, key, "{\"value\":1}");
        client.ask("PUT", &format!("/api/v1/cache/other/{key}"), "{\"value\":1}");
    }
    assert_eq!(client.ask("DELETE", "/api/v1/cache/n", "").json()["deleted_count"], 2);
    assert_eq!((get(client, "a").status, client.ask("GET", "/api/v1/cache/other/a", "").status), (404, 200));
}

fn pattern_flush(client: &mut Client) {
    for key in ["user_1", "user_2", "post_1"] {
        put(client, key, "{\"value\":1}");
    }
    assert_eq!(client.ask("DELETE", "/api/v1/cache/n?pattern=user_*", "").json()["deleted_count"], 2);
    assert_eq!((get(client, "user_1").status, get(client, "post_1").status), (404, 200));
}

fn stats_accuracy(client: &mut Client) {
    put(client, "k", "{\"value\":1}");
    for _ in 0..3 {
        get(client, "k");
    }
    get(client, "none");
    client.ask("POST", "/api/v1/cache/n/mget", "{\"keys\":[\"k\",\"none\",\"nothing\",\"no\"]}");
    let stats = client.ask("GET", "/api/v1/cache/n/stats", "").json();
    assert_eq!((&stats["hits"], &stats["misses"], &stats["hit_rate"]), (&4.into(), &4.into(), &0.5.into()));
    assert_eq!((&stats["total_keys"], &stats["memory_used_bytes"]), (&1.into(), &2.into()));
}

fn large_value(client: &mut Client) {
    let body = |length: usize| format!("{{\"value\":\"{}\"}}", "v".repeat(length));
    assert_eq!(put(client, "k", &body(1024 * 1024)).status, 201);
    assert_eq!(get(client, "k").json()["metadata"]["size_bytes"], 1024 * 1024 + 2);
    let answer = put(client, "k", &body(1024 * 1024 + 1));
    assert_eq!((answer.status, answer.body.as_str()), (400, "{\"error\":\"Value too large\"}"));
}

fn json_serialization(client: &mut Client) {
    let value = r#"{"name":"Zoë","list":[1,2.5,-3e10,null,true,{"deep":[[]]}],"text":"\"\\\n\u0000","":{}}"#;
    put(client, "k", &format!("{{\"value\":{value}}}"));
    let expected: Value = serde_json::from_str(value).expect("JSON");
    assert_eq!(get(client, "k").json()["value"], expected);
}
