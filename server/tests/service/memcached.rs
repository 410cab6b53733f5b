//! memcached's protocol over real sockets.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use crate::support::Running;

fn server(flags: &[&str]) -> Running {
    Running::new(&[&["--memcached", "127.0.0.1:0"], flags].concat())
}

fn connect(server: &Running) -> BufReader<TcpStream> {
    BufReader::new(TcpStream::connect(server.memcached.expect("it listens")).expect("a connection"))
}

/// Sends a request and reads as many lines.
fn ask(client: &mut BufReader<TcpStream>, request: &str, lines: usize) -> String {
    client.get_mut().write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    for _ in 0..lines {
        client.read_line(&mut answer).expect("a line");
    }
    answer
}

#[test]
fn connections_share_the_items_and_nothing_else() {
    let server = server(&[]);
    let (mut one, mut other) = (connect(&server), connect(&server));
    assert_eq!(ask(&mut one, "set greeting 5 60 5\r\nhello\r\n", 1), "STORED\r\n");
    assert_eq!(ask(&mut other, "get greeting\r\n", 3), "VALUE greeting 5 5\r\nhello\r\nEND\r\n");
    // A request in halves stays its own connection's.
    one.get_mut().write_all(b"set half 0 0 4\r\nab").expect("sent");
    assert_eq!(ask(&mut other, "mg half v\r\nmg greeting v t\r\n", 3), "EN\r\nVA 5 t60\r\nhello\r\n");
    assert_eq!(ask(&mut one, "cd\r\n", 1), "STORED\r\n");
    assert_eq!(ask(&mut one, "quit\r\n", 1), "", "it hangs up");
    assert_eq!(ask(&mut other, "get half\r\n", 3), "VALUE half 0 4\r\nabcd\r\nEND\r\n");
}

#[test]
fn any_number_of_requests_may_be_sent_at_once() {
    let server = server(&[]);
    let mut client = connect(&server);
    let value = "v".repeat(900_000);
    assert_eq!(ask(&mut client, &format!("set a 0 0 900000\r\n{value}\r\n"), 1), "STORED\r\n");
    let count = 50;
    client.get_mut().write_all("get a\r\n".repeat(count).as_bytes()).expect("sent");
    let mut answer = vec![0; count * ("VALUE a 0 900000\r\n".len() + value.len() + "\r\nEND\r\n".len())];
    client.read_exact(&mut answer).expect("all of it");
    assert!(answer.ends_with(b"v\r\nEND\r\n"));
    assert_eq!(ask(&mut client, "mn\r\n", 1), "MN\r\n");
}

/// It would take gigabytes to hold these answers; whoever does not take them is hung up on.
#[test]
fn who_does_not_take_the_answers_is_hung_up_on() {
    let server = server(&["--timeout-ms", "50"]);
    let mut client = connect(&server);
    let value = "v".repeat(900_000);
    assert_eq!(ask(&mut client, &format!("set a 0 0 900000\r\n{value}\r\n"), 1), "STORED\r\n");
    let mut deaf = connect(&server);
    let requests = "get a\r\n".repeat(2000);
    while deaf.get_mut().write_all(requests.as_bytes()).is_ok() {}
    assert_eq!(ask(&mut client, "mn\r\n", 1), "MN\r\n");
}

#[test]
fn a_watcher_is_told_without_asking() {
    let server = server(&[]);
    let (mut watcher, mut client) = (connect(&server), connect(&server));
    assert_eq!(ask(&mut watcher, "watch fetchers\r\n", 1), "OK\r\n");
    ask(&mut client, "get nothing\r\n", 1);
    let line = ask(&mut watcher, "", 1);
    assert!(line.contains("type=item_get key=nothing status=not_found"), "{line}");
}

#[test]
fn places_are_shared_with_http_and_counted() {
    let server = server(&["--connections", "2"]);
    let mut http = server.client();
    let mut client = connect(&server);
    ask(&mut client, "set a 0 0 1\r\n1\r\nget a\r\nget b\r\n", 5);
    let metrics = http.ask("GET", "/metrics", "").body;
    for line in [
        "cachedojo_connections{protocol=\"memcached\"} 1",
        "cachedojo_memcached_items 1",
        "cachedojo_memcached_gets_total 2",
        "cachedojo_memcached_get_misses_total 1",
        "cachedojo_memcached_sets_total 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
    let mut third = connect(&server);
    let mut sorry = String::new();
    third.read_to_string(&mut sorry).expect("a word and the end");
    assert_eq!(sorry, "ERROR Too many open connections\r\n");
}

#[test]
fn a_stopping_server_hangs_up() {
    let mut server = server(&[]);
    let mut client = connect(&server);
    assert_eq!(ask(&mut client, "mn\r\n", 1), "MN\r\n");
    server.stop().join().expect("it stops");
    assert_eq!(ask_gone(&mut client), 0);
}

fn ask_gone(client: &mut BufReader<TcpStream>) -> usize {
    client.read_to_end(&mut Vec::new()).unwrap_or(0)
}
