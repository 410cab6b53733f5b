//! Connections: so many at a time, each with so much time for what it has to say.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// How many there may be at a time; the next one waits in the system's queue. A browser takes six.
    connections: usize,
    /// How long a request's head may take to come, and an idle connection stays open.
    head: Duration,
    /// How long a connection lasts at most: a report is waited for at most two minutes, and a page is read in less.
    whole: Duration,
}

/// What a server of this machine allows.
pub(super) const BOUNDS: Bounds =
    Bounds { connections: 64, head: Duration::from_secs(15), whole: Duration::from_mins(10) };
/// Largest head, in bytes.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// How long to wait where the system has no connection to give.
const PAUSE: Duration = Duration::from_millis(50);

/// Answers connections until `stop` says for how long the last ones may go on.
pub(super) async fn serve(listener: TcpListener, app: Router, bounds: Bounds, stop: impl Future<Output = Duration>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.head).max_buf_size(HEAD_BYTES_MAX);
    let places = Arc::new(Semaphore::new(bounds.connections));
    let last = GracefulShutdown::new();
    let mut stop = pin!(stop);
    let farewell = loop {
        let place = tokio::select! {
            farewell = &mut stop => break farewell,
            place = places.clone().acquire_owned() => place,
        };
        let accepted = tokio::select! {
            farewell = &mut stop => break farewell,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let service = TowerToHyperService::new(app.clone());
        let connection = last.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // What is wrong with a connection is told to whoever is at its other end, as far as that can be.
            _ = tokio::time::timeout(bounds.whole, connection).await;
            drop(place);
        });
    };
    drop(listener);
    tokio::select! {
        () = last.shutdown() => {}
        () = tokio::time::sleep(farewell) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use axum::routing::get;

    use super::*;

    /// Long enough for whatever is not to end, short enough for a test.
    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(50);

    /// Talks to a server with these bounds, on a thread of its own.
    fn with(bounds: Bounds, talk: impl FnOnce(std::net::SocketAddr) + Send + 'static) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            let app = Router::new().route("/", get(|| async { "here" }));
            let talked = tokio::task::spawn_blocking(move || talk(address));
            let stop = async { talked.await.map(|()| Duration::ZERO).expect("it says what is wrong") };
            serve(listener, app, bounds, stop).await;
        });
    }

    fn asked(address: std::net::SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// What is read of a connection until it is closed.
    fn rest(mut stream: TcpStream) -> Vec<u8> {
        let mut rest = Vec::new();
        // A connection that is cut off may say so by an error.
        _ = stream.read_to_end(&mut rest);
        rest
    }

    #[test]
    fn a_head_that_never_ends_is_not_waited_for() {
        with(Bounds { connections: 1, head: SHORT, whole: LONG }, |address| {
            for begun in [&b""[..], b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET /"] {
                let mut stream = TcpStream::connect(address).expect("it listens");
                stream.write_all(begun).expect("it reads");
                assert!(!rest(stream).starts_with(b"HTTP/1.1 2"));
                assert!(asked(address).ends_with("here"), "the one place is free again");
            }
        });
    }

    #[test]
    fn so_many_are_answered_at_a_time_and_the_others_later() {
        with(Bounds { connections: 2, head: SHORT, whole: LONG }, |address| {
            let idle: Vec<_> = (0..20).map(|_| TcpStream::connect(address).expect("it listens")).collect();
            assert!(asked(address).ends_with("here"), "idle connections are closed, and the next has its turn");
            for stream in idle {
                assert!(rest(stream).is_empty());
            }
        });
    }

    #[test]
    fn no_connection_lasts_for_ever() {
        with(Bounds { connections: 1, head: LONG, whole: SHORT }, |address| {
            let stream = TcpStream::connect(address).expect("it listens");
            assert!(rest(stream).is_empty());
        });
    }

    #[test]
    fn a_head_that_is_too_large_is_refused() {
        with(Bounds { connections: 1, head: LONG, whole: LONG }, |address| {
            let mut stream = TcpStream::connect(address).expect("it listens");
            let head = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(2 * HEAD_BYTES_MAX));
            _ = stream.write_all(head.as_bytes());
            assert!(!rest(stream).starts_with(b"HTTP/1.1 2"));
        });
    }
}
