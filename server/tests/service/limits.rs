//! What strangers may send, how much and how slowly: it costs them their connection and nobody else anything.

use crate::support::{Client, Running};

fn works(server: &Running) {
    assert_eq!(server.client().ask("GET", "/health", "").status, 200, "it goes on serving");
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let server = Running::new(&["--value-bytes", "1000", "--body-bytes", "2000"]);
    // Of one value the document has its own word.
    for (request, status, error) in [
        ("PUT /api/v1/cache/n/k", 400, "Value too large"),
        ("POST /api/v1/cache/n/mset", 413, "Body too large"),
        ("PUT /api/v1/namespaces/n", 413, "Body too large"),
    ] {
        let mut client = server.client();
        client.send(&format!("{request} HTTP/1.1\r\nHost: h\r\nContent-Length: 2001\r\n\r\n"));
        let answer = client.receive();
        assert_eq!((answer.status, answer.body), (status, format!("{{\"error\":\"{error}\"}}")), "{request}");
        assert!(client.is_hung_up());
    }
    works(&server);
}

/// Many clients read nothing before they have sent everything: their connection is not reset meanwhile, which would cost them the answer.
#[test]
fn who_sends_a_refused_body_to_its_end_is_answered_all_the_same() {
    let body = "x".repeat(20 << 20);
    for (flags, headers, status) in [
        (&[][..], "", 400),
        (&["--token", "t"], "", 401),
        (&[], "Content-Encoding: gzip\r\n", 415),
        (&["--connections", "1"], "", 503),
    ] {
        let server = Running::new(flags);
        let mut first = server.client();
        assert_eq!(first.ask("GET", "/health", "").status, 200);
        let mut client = server.client();
        // Who finds no place is answered before it asks, and heard out for half a second only.
        let body = if status == 503 { "{\"value\":1}" } else { &body };
        let answer = client.ask_with("PUT", "/api/v1/cache/n/k", headers, body);
        assert_eq!(answer.status, status, "{}", answer.body);
        drop((client, first));
    }
}

#[test]
fn a_body_without_an_end_is_cut_off() {
    let server = Running::new(&["--value-bytes", "1000", "--body-bytes", "2000"]);
    let mut client = server.client();
    client.send("PUT /api/v1/cache/n/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = [b"400\r\n".as_slice(), &[b' '; 0x400], b"\r\n"].concat();
    while client.try_send(&chunk).is_ok() {}
    works(&server);
}

#[test]
fn a_head_or_a_body_that_does_not_come_is_not_waited_for_for_ever() {
    let server = Running::new(&["--timeout-ms", "50"]);
    let mut client = server.client();
    client.send("GET /health HTTP/1.1\r\nHost:");
    assert!(client.is_hung_up());
    let mut client = server.client();
    client.send("PUT /api/v1/cache/n/k HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{");
    let answer = client.receive();
    assert_eq!((answer.status, answer.body.as_str()), (408, "{\"error\":\"Request took too long\"}"));
    assert!(client.is_hung_up());
    works(&server);
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let server = Running::new(&[]);
    let mut client = server.client();
    let long = "h".repeat(64 * 1024);
    // It may hang up before all has been sent.
    let sent = client.try_send(format!("GET /health HTTP/1.1\r\nHost: h\r\nX-Long: {long}\r\n\r\n").as_bytes());
    assert!(sent.is_err() || client.receive_status().is_none_or(|status| status == 431));
    let mut client = server.client();
    let many = "X-Many: 1\r\n".repeat(100);
    client.send(&format!("GET /health HTTP/1.1\r\nHost: h\r\n{many}\r\n"));
    assert_eq!(client.receive_status(), Some(431));
    works(&server);
}

#[test]
fn nonsense_is_refused_and_hung_up_on() {
    let server = Running::new(&[]);
    for nonsense in ["\x16\x03\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"] {
        let mut client = server.client();
        client.send(nonsense);
        assert_eq!(client.receive_status(), Some(400), "{nonsense:?}");
        assert!(client.is_hung_up());
    }
    let mut client = server.client();
    let body = "{\"value\": \u{7f}";
    assert_eq!(client.ask("PUT", "/api/v1/cache/n/k", body).body, "{\"error\":\"Malformed JSON\"}");
    client.send("PUT /api/v1/cache/n/k HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n");
    client.try_send(b"\xff\xfe").expect("sent");
    assert_eq!(client.receive().body, "{\"error\":\"Malformed JSON\"}", "what is no text is no JSON");
    for (headers, status) in [("Content-Encoding: gzip\r\n", 415), ("Content-Encoding: Identity\r\n", 201)] {
        let answer = server.client().ask_with("PUT", "/api/v1/cache/n/packed", headers, "{\"value\":1}");
        assert_eq!(answer.status, status, "{headers}: {}", answer.body);
    }
    works(&server);
}

#[test]
fn who_finds_no_place_is_told_so_and_the_next_one_fares_better() {
    let server = Running::new(&["--connections", "2"]);
    let (mut first, mut second) = (server.client(), server.client());
    assert_eq!((first.ask("GET", "/health", "").status, second.ask("GET", "/health", "").status), (200, 200));
    let mut third = server.client();
    let answer = third.receive();
    assert_eq!((answer.status, answer.body.as_str()), (503, "{\"error\":\"Too many connections\"}"));
    assert_eq!(answer.header("Retry-After"), Some("1"));
    assert!(third.is_hung_up());
    drop(first);
    // Until the server has noticed, there is no place yet.
    let is_served = |mut client: Client| client.try_ask("GET", "/health").is_some_and(|status| status == 200);
    assert!((0..10_000).any(|_| is_served(server.client())), "a place came free");
    assert_eq!(second.ask("GET", "/health", "").status, 200);
}

#[test]
fn a_token_is_asked_for_everywhere_but_at_health() {
    let server = Running::new(&["--token", "secret-1"]);
    let mut client = server.client();
    assert_eq!(client.ask("GET", "/health", "").status, 200);
    for (headers, status) in [
        ("", 401),
        ("Authorization: Bearer secret-2\r\n", 401),
        ("Authorization: Basic secret-1\r\n", 401),
        ("Authorization: secret-1\r\n", 401),
        ("Authorization: Bearer secret-1\r\n", 404),
        ("authorization: bearer secret-1\r\n", 404),
    ] {
        let answer = client.ask_with("GET", "/api/v1/cache/n/k", headers, "");
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.header("WWW-Authenticate").is_some(), status == 401);
        let status = if status == 401 { 401 } else { 200 };
        assert_eq!(client.ask_with("GET", "/metrics", headers, "").status, status, "{headers:?}");
    }
    // Who is refused before the body has come is told that nothing more is read here.
    for (request, headers) in [("PUT /api/v1/cache/n/k", ""), ("POST /metrics", "Authorization: Bearer secret-1\r\n")] {
        let mut client = server.client();
        client.send(&format!("{request} HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: 2\r\n\r\n"));
        assert_eq!(client.receive().header("Connection"), Some("close"), "{request}");
        assert!(client.is_hung_up());
    }
}

#[test]
fn a_stopping_server_answers_whom_it_is_serving_and_nobody_else() {
    let mut server = Running::new(&[]);
    let (mut busy, mut idle) = (server.client(), server.client());
    assert_eq!(idle.ask("GET", "/health", "").status, 200);
    busy.send("PUT /api/v1/cache/n/k HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
    // It asks for the body once it is being served.
    assert_eq!(busy.receive_continue(), 100);
    let stopping = server.stop();
    assert!(idle.is_hung_up(), "who is asking for nothing is hung up on");
    busy.send("{\"value\":1}");
    assert_eq!(busy.receive().status, 201);
    assert!(busy.is_hung_up(), "this was its last request");
    stopping.join().expect("it stops");
    assert!(std::net::TcpStream::connect(server.address).is_err(), "nobody listens any more");
}
