//! Connections: a bounded number at a time, each with bounded time. When all places are taken, the oldest connection without a
//! request in progress makes room for the next one: so idle connections keep nobody out.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse as _;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};

use super::api::{self, Refusal};
use super::jobs;
use super::request_heads::{Seen, Watched};

/// The limits of connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The most connections at a time; the next one waits in the system's queue. A browser uses six.
    connections: usize,
    /// How long a request's head may take to arrive, and how long an idle connection stays open.
    head: Duration,
    /// How long a connection lasts at most: as long as a report may take, with its request and some time to read it.
    whole: Duration,
}

/// The limits of this server.
pub(super) const BOUNDS: Bounds = Bounds {
    connections: 64,
    head: Duration::from_secs(15),
    whole: jobs::LONGEST.saturating_add(api::BODY_PATIENCE).saturating_add(Duration::from_mins(1)),
};
/// The largest head, in bytes.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// How long to wait after the system failed to accept a connection, and between two looks for a place.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a connection that has to make room may go on reading its answer.
const GRACE: Duration = Duration::from_millis(500);

/// What is said to a request whose body could be read in two ways.
const TWO_LENGTHS: &str = "a body has one length: send Content-Length or Transfer-Encoding, not both";

/// A connection that has a place.
#[derive(Debug, Default)]
struct Seat {
    /// Whether it has sent a request yet.
    asked: AtomicBool,
    /// Whether it waits for an answer.
    waits: AtomicBool,
    /// Whether it must make room.
    leaves: AtomicBool,
    leave: Notify,
}

/// Tells the oldest connection that waits for no answer to make room. Cost: O(connections).
fn make_room(seats: &mut Vec<Weak<Seat>>) {
    seats.retain(|seat| seat.strong_count() > 0);
    let idle = |seat: &Arc<Seat>| !seat.waits.load(Ordering::Relaxed) && !seat.leaves.load(Ordering::Relaxed);
    if let Some(seat) = seats.iter().filter_map(Weak::upgrade).find(idle) {
        seat.leaves.store(true, Ordering::Relaxed);
        seat.leave.notify_one();
    }
}

/// Serves connections until `stop` says how long the last ones may go on.
pub(super) async fn serve(listener: TcpListener, app: Router, bounds: Bounds, stop: impl Future<Output = Duration>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.head).max_buf_size(HEAD_BYTES_MAX);
    let places = Arc::new(Semaphore::new(bounds.connections));
    let last = GracefulShutdown::new();
    let mut stop = pin!(stop);
    let mut seats = Vec::new();
    let farewell = 'open: loop {
        let accepted = tokio::select! {
            farewell = &mut stop => break farewell,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let place = loop {
            if let Ok(place) = places.clone().try_acquire_owned() {
                break place;
            }
            make_room(&mut seats);
            tokio::select! {
                farewell = &mut stop => break 'open farewell,
                () = tokio::time::sleep(PAUSE) => {}
                place = places.clone().acquire_owned() => if let Ok(place) = place { break place },
            }
        };
        let seat = Arc::new(Seat::default());
        seats.push(Arc::downgrade(&seat));
        let (app, asking) = (TowerToHyperService::new(app.clone()), seat.clone());
        let seen = Arc::new(Seen::default());
        let stream = Watched::new(stream, seen.clone());
        let service = service_fn(move |request| {
            let (answer, seat, is_last) =
                ((!seen.two_lengths()).then(|| app.call(request)), asking.clone(), seen.chunked());
            seat.asked.store(true, Ordering::Relaxed);
            seat.waits.store(true, Ordering::Relaxed);
            async move {
                let mut answer = match answer {
                    Some(answer) => answer.await,
                    None => Ok(Refusal::new(StatusCode::BAD_REQUEST, TWO_LENGTHS).into_response()),
                };
                if let (Ok(answer), true) = (&mut answer, is_last) {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                seat.waits.store(false, Ordering::Relaxed);
                answer
            }
        });
        let connection = last.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A connection's error was reported to its client, if that was possible.
            let mut connection = pin!(tokio::time::timeout(bounds.whole, connection));
            tokio::select! {
                _ = &mut connection => {}
                () = seat.leave.notified() => {
                    if seat.asked.load(Ordering::Relaxed) {
                        _ = tokio::time::timeout(GRACE, &mut connection).await;
                    }
                    if seat.waits.load(Ordering::Relaxed) {
                        _ = connection.await;
                    }
                }
            }
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

    /// Long enough to count as never, short enough for a test.
    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(50);

    /// Runs `talk` with a server with these limits, on a thread of its own.
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

    /// Reads a connection until it is closed.
    fn rest(mut stream: TcpStream) -> Vec<u8> {
        let mut rest = Vec::new();
        // A connection that is cut off may end with an error.
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
    fn idle_connections_keep_nobody_out() {
        with(Bounds { connections: 3, head: LONG, whole: LONG }, |address| {
            let begun = |bytes: &[u8]| {
                let mut stream = TcpStream::connect(address).expect("it listens");
                stream.set_read_timeout(Some(LONG / 4)).expect("a time");
                stream.write_all(bytes).expect("it reads");
                stream
            };
            let mut kept = begun(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            kept.read_exact(&mut [0; 16]).expect("it answers, and stays open");
            let idle: Vec<_> =
                (0..20).map(|_| begun(b"")).chain((0..20).map(|_| begun(b"GET / HTTP/1.1\r\n"))).collect();
            let mut next = begun(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let mut answer = String::new();
            next.read_to_string(&mut answer).expect("it has its turn");
            assert!(answer.ends_with("here"), "{answer}");
            drop((kept, idle));
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
    fn a_body_of_two_lengths_is_refused_and_one_in_chunks_is_the_last() {
        with(Bounds { connections: 1, head: LONG, whole: LONG }, |address| {
            let both = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n";
            for (headers, answer) in [(both, "HTTP/1.1 400"), ("Transfer-Encoding: chunked\r\n", "HTTP/1.1 200")] {
                let mut stream = TcpStream::connect(address).expect("it listens");
                let head = format!("GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n0\r\n\r\n");
                stream.write_all(head.as_bytes()).expect("it reads");
                // It is closed: a smuggled request would not be answered.
                let rest = String::from_utf8_lossy(&rest(stream)).into_owned();
                assert!(rest.starts_with(answer) && rest.contains("connection: close"), "{rest}");
            }
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
