//! The page's REST dialect and the server give the same bytes for the same requests.

use cachedojo::clock::Instant;
use cachedojo::protocol::rest::{Machine, parse_line};

use crate::support::{BASE_S, Running};

/// Every line is sent to both at the same moments; statuses, headers and bodies are compared.
#[test]
fn the_server_and_the_scripts_machine_answer_alike() {
    let server = Running::new(&[]);
    let (mut client, mut machine) = (server.client(), Machine::new(BASE_S));
    let tour = include_str!("../../../tests/scenarios/rest_tour.txt");
    let tour = tour.lines().take_while(|line| *line != "----").filter(|line| !line.starts_with('#'));
    let more = [
        r#"PUT /api/v1/cache/n/caf%C3%A9 {"value": {"a": [1, 2.50, "\u00e9"]}, "ttl": 7, "tags": ["x", "y"]}"#,
        "GET /api/v1/cache/n/caf%C3%A9",
        "GET /api/v1/cache/n/caf%C3%A9?ignored=1",
        r#"PUT /api/v1/namespaces/n {"max_size_bytes": 60, "eviction_policy": "none"}"#,
        r#"PUT /api/v1/cache/n/more {"value": "0123456789012345678901234567890123456789"}"#,
        "DELETE /api/v1/cache/n?tag=x",
        "GET /api/v1/namespaces",
        "GET /api/v1/namespaces/n/audit",
        "PATCH /api/v1/cache/n/k {}",
        "GET /no/such/path",
        "PUT /api/v1/cache/n/k",
        "GET /api/v1/cache/n/stats",
        "DELETE /api/v1/namespaces/n",
    ];
    for (number, line) in (0..).zip(tour.chain(more)) {
        let ms = number * 700;
        let expected = machine.answer_line(line, Instant::from_millis(ms));
        let request = parse_line(line).expect("a request");
        let clock = format!("X-Cache-Clock: {ms}\r\n");
        let answer = client.ask_with(request.method, request.target, &clock, request.body.unwrap_or_default());
        assert_eq!((answer.status, &answer.body), (expected.status, &expected.body), "{line}");
        for (name, value) in &expected.headers {
            assert_eq!(answer.header(name), Some(value.as_str()), "{name} of {line}");
        }
        assert_eq!(answer.header("content-type"), Some("application/json"), "{line}");
    }
}
