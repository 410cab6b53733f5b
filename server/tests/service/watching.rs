//! How others see the service: its description, its counters, and the numbers that requests go by.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::SystemTime;

use cachedojo::protocol::rest::ENDPOINTS;
use cachedojo_server::time::Time;
use serde_json::Value;

use crate::support::Running;

#[test]
fn the_served_description_has_every_endpoint_and_every_answer_fits_it() {
    let server = Running::new(&[]);
    let mut client = server.client();
    let document = client.ask("GET", "/openapi.json", "").json();
    for endpoint in ENDPOINTS {
        let operation = &document["paths"][endpoint.path][endpoint.method.to_ascii_lowercase()];
        assert_eq!(operation["operationId"], endpoint.id);
    }
    // Each endpoint in both ways: as it should be asked, and where nothing is there.
    let body = |schema: &str| match schema {
        "NewEntry" => r#"{"value": {"a": 1}, "ttl": 5, "tags": ["t"]}"#,
        "Keys" => r#"{"keys": ["k", "none"]}"#,
        "NewEntries" => r#"{"entries": [{"key": "k", "value": 1}]}"#,
        "SettingsChange" => r#"{"default_ttl": 60, "max_size_bytes": 1000}"#,
        other => panic!("no body for {other}"),
    };
    let mut order: Vec<_> = ENDPOINTS.iter().collect();
    order.sort_by_key(|endpoint| (endpoint.method == "DELETE", endpoint.method != "PUT"));
    for endpoint in order {
        for namespace in ["n", "no!such"] {
            let path = endpoint.path.replace("{namespace}", namespace).replace("{key}", "k");
            let answer = client.ask(endpoint.method, &path, endpoint.body.map_or("", body));
            let responses = &document["paths"][endpoint.path][endpoint.method.to_ascii_lowercase()]["responses"];
            let response = &responses[answer.status.to_string()];
            let reference = &response["content"]["application/json"]["schema"];
            let mut schema = reference.clone();
            schema["components"] = document["components"].clone();
            assert!(reference.is_object(), "{} {path}: {} is not described", endpoint.method, answer.status);
            let validator = jsonschema::validator_for(&schema).expect("a schema");
            let found: Value = answer.json();
            assert!(validator.is_valid(&found), "{} {path}: {found} against {reference}", endpoint.method);
        }
    }
}

#[test]
fn the_description_names_a_token_only_where_one_is_asked_for() {
    for (arguments, security, health) in [
        (&[][..], Value::Null, Value::Null),
        (&["--token", "t"], serde_json::json!([{"token": []}]), serde_json::json!([])),
    ] {
        let server = Running::new(arguments);
        let head = if arguments.is_empty() { "" } else { "Authorization: Bearer t\r\n" };
        let document = server.client().ask_with("GET", "/openapi.json", head, "").json();
        assert_eq!(document["security"], security);
        assert_eq!(document["paths"]["/health"]["get"]["security"], health);
        assert!(document["paths"]["/health"]["get"]["responses"]["401"].is_null(), "it is asked for no token");
        assert_eq!(document["components"]["securitySchemes"].is_null(), arguments.is_empty());
    }
}

#[test]
fn what_can_be_asked_for_by_get_can_be_by_head() {
    let server = Running::new(&[]);
    let put = server.client().ask("PUT", "/api/v1/cache/n/k", "{\"value\":1}");
    assert_eq!(put.status, 201);
    for (path, status, header) in [
        ("/health", "200 OK", "content-type: application/json"),
        ("/metrics", "200 OK", "content-type: text/plain"),
        ("/openapi.json", "200 OK", "content-type: application/json"),
        ("/api/v1/cache/n/k", "200 OK", "x-cache-hit: true"),
        ("/api/v1/cache/n/none", "404 Not Found", "x-cache-hit: false"),
        ("/api/v1/cache/n/mget", "405 Method Not Allowed", "allow: POST"),
    ] {
        let mut stream = TcpStream::connect(server.address).expect("a connection");
        write!(stream, "HEAD {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")) && head.contains(header), "{path}: {head}");
        assert_eq!(body, "", "{path}");
    }
}

#[test]
fn counters_count() {
    let server = Running::new(&[]);
    let mut client = server.client();
    client.ask("PUT", "/api/v1/cache/n/k", "{\"value\":\"v\"}");
    for key in ["k", "k", "none"] {
        client.ask("GET", &format!("/api/v1/cache/n/{key}"), "");
    }
    client.ask("GET", "/nowhere", "");
    let metrics = client.ask("GET", "/metrics", "").body;
    for line in [
        "cachedojo_requests_total{operation=\"PUT\",status=\"201\"} 1",
        "cachedojo_requests_total{operation=\"GET\",status=\"200\"} 2",
        "cachedojo_requests_total{operation=\"GET\",status=\"404\"} 1",
        "cachedojo_requests_total{operation=\"OTHER\",status=\"404\"} 1",
        "cachedojo_request_seconds_count{operation=\"GET\"} 3",
        "cachedojo_request_seconds_bucket{operation=\"GET\",le=\"+Inf\"} 3",
        "cachedojo_connections{protocol=\"http\"} 1",
        "cachedojo_hits_total 2",
        "cachedojo_misses_total 1",
        "cachedojo_entries 1",
        "cachedojo_bytes 4",
        "cachedojo_namespaces 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
    // Each name is introduced once, before its samples.
    let mut introduced = Vec::new();
    for line in metrics.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            introduced.push(rest.split(' ').next().expect("a name"));
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().expect("a name");
            let family = introduced.last().expect("introduced");
            assert!(
                name == *family || ["_bucket", "_sum", "_count"].iter().any(|end| name == format!("{family}{end}"))
            );
        }
    }
    let mut unique = introduced.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), introduced.len());
}

#[test]
fn a_request_keeps_its_number_or_is_given_one() {
    let server = Running::new(&[]);
    let mut client = server.client();
    let mine = client.ask_with("GET", "/health", "X-Request-Id: order-17\r\n", "");
    assert_eq!(mine.header("X-Request-Id"), Some("order-17"));
    let long = format!("X-Request-Id: {}\r\n", "x".repeat(65));
    let given: Vec<_> = ["", "X-Request-Id: a b\r\n", &long]
        .iter()
        .map(|headers| client.ask_with("GET", "/health", headers, "").header("X-Request-Id").expect("one").to_owned())
        .collect();
    assert!(given[0] != given[1] && given[1] != given[2] && given.iter().all(|id| id.len() < 30), "{given:?}");
}

/// An entry is not created before it is asked for: a time that is told in whole seconds begins with the host's.
#[test]
#[expect(clippy::disallowed_methods, reason = "the host's time is what is compared with")]
fn the_time_of_day_is_the_hosts_to_the_millisecond() {
    let host = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970").as_millis();
    let before = host();
    let time = Time::host();
    let told = u128::from(time.unix_base_s()) * 1000 + u128::from(time.now().as_millis());
    assert!((before..=host() + 1).contains(&told), "{told} is not after {before}");
}
