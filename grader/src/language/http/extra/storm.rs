//! Chaos as counts: while there is trouble, and after it, so many of so many requests are answered. Nothing is timed.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::super::client::{HttpCall, PATIENCE};
use super::super::service::Service;
use super::outcome::{ROW, RowOutcome, Unanswered, send};

/// Requests whose answers are counted.
const ASKED: usize = 20;
/// Connections of a storm: a tenth of the document's, since a learner's machine has to bear them too; fewer where the system lets
/// this process have fewer.
const CONNECTIONS: usize = 1_000;
/// How long one connection is waited for: a service whose queue is full need not take it.
const WELCOME: Duration = Duration::from_millis(50);
/// The time for making connections.
const GATHERING: Duration = Duration::from_secs(20);
/// Connections with half a request each.
const HALVES: usize = 100;
/// Connections with a whole request each: a tenth of the document's as well.
const POOL: usize = 100;
/// Large values that are stored: more than a small machine's share for one service.
const LARGES: usize = 64;
/// The bytes of each.
const LARGE: usize = 1_000_000;

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Storm {
    /// A thousand connections that say nothing; the service is asked after them.
    Crowd,
    /// A hundred connections that stop in the middle of a header; the service is asked beside them.
    HalfRequests,
    /// A hundred connections that stop in the middle of a body; the service is asked beside them.
    HalfBodies,
    /// Many large values; each is stored or refused.
    Full,
    /// A hundred connections with a request each, all at once; each is answered.
    Pool,
    /// Requests that are no HTTP; the service is asked after them.
    Nonsense,
    /// The process is killed and started again.
    Restart,
}

impl Storm {
    pub(super) fn make(self, service: &Service) -> RowOutcome {
        match self {
            Self::Crowd => {
                let crowd = crowd(service, CONNECTIONS, b"");
                let count = crowd.len();
                drop(crowd);
                all_answered(service, &format!("after {count} connections"), &format!("après {count} connexions"))
            }
            Self::HalfRequests => {
                let crowd = crowd(service, HALVES, b"GET /health HTTP/1.1\r\nHost: x\r\nX-");
                let outcome = all_answered(service, "beside half requests", "à côté de demi-requêtes");
                drop(crowd);
                outcome
            }
            Self::HalfBodies => {
                let half = format!(
                    "PUT {}/k HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{{",
                    service.fresh_root()
                );
                let crowd = crowd(service, HALVES, half.as_bytes());
                let outcome = all_answered(service, "beside half bodies", "à côté de demi-corps");
                drop(crowd);
                outcome
            }
            Self::Full => full(service),
            Self::Pool => pool(service),
            Self::Nonsense => {
                let long_line = vec![b'x'; 70_000];
                for bytes in [&b"\0\xff\n\n"[..], b"HELO x\r\n\r\n", b"GET\r\n\r\n", &long_line] {
                    drop(crowd(service, 1, bytes));
                }
                all_answered(service, "after nonsense", "après des absurdités")
            }
            Self::Restart => match service.start_again() {
                Some(true) => all_answered(service, "after a restart", "après un redémarrage"),
                Some(false) => {
                    RowOutcome::of(false, "it did not start again".to_owned(), "il n'a pas redémarré".to_owned())
                }
                None => RowOutcome::not_started_here(),
            },
        }
    }
}

/// The connections, of so many that are tried, that the service takes; each sent these bytes.
#[expect(
    clippy::disallowed_methods,
    reason = "a stranger's service takes connections in real time, which is bounded here"
)]
fn crowd(service: &Service, count: usize, bytes: &[u8]) -> Vec<TcpStream> {
    let (began, address) = (Instant::now(), service.address());
    let connect = |_| {
        let mut stream = TcpStream::connect_timeout(&address?, WELCOME).ok()?;
        stream.set_write_timeout(Some(WELCOME)).ok()?;
        // Whoever hangs up at once has heard enough.
        _ = stream.write_all(bytes);
        Some(stream)
    };
    (0..count).take_while(|_| began.elapsed() < GATHERING).filter_map(connect).collect()
}

/// Whether there is time for another request.
#[expect(clippy::disallowed_methods, reason = "a stranger's service takes real time, which is bounded here")]
fn lasting() -> impl Fn() -> bool {
    let began = Instant::now();
    move || began.elapsed() < ROW
}

/// Whether all requests of a row are answered as they should be.
fn all_answered(service: &Service, en: &str, fr: &str) -> RowOutcome {
    let target = format!("{}/k", service.fresh_root());
    let call = |method, body| HttpCall { method, target: &target, headers: "", body };
    let pair = |_: usize| {
        send(service, &call("PUT", Some("{\"value\": 1}")), &[])?;
        send(service, &call("GET", None), &[])
    };
    let (count, lost) = until_lost(ASKED, pair);
    let (en, fr) = (format!("{count} of {ASKED} answered {en}"), format!("{count} sur {ASKED} ont eu réponse {fr}"));
    lost.map_or_else(
        || RowOutcome::of(count == ASKED, en.clone(), fr.clone()),
        |lost| RowOutcome::lost_at(&lost, &en, &fr),
    )
}

/// How many of so many requests went well before the first that did not, and that one. A service that does not answer once is not
/// waited for as often again.
fn until_lost(times: usize, ask: impl Fn(usize) -> Result<(), Unanswered>) -> (usize, Option<Unanswered>) {
    let lasts = lasting();
    for number in 0..times {
        if !lasts() {
            return (number, None);
        }
        if let Err(lost) = ask(number) {
            return (number, Some(lost));
        }
    }
    (times, None)
}

fn full(service: &Service) -> RowOutcome {
    let (root, body) = (service.fresh_root(), format!("{{\"value\": \"{}\"}}", "x".repeat(LARGE)));
    let (count, lost) = until_lost(LARGES, |number| {
        let target = format!("{root}/k{number}");
        let call = HttpCall { method: "PUT", target: &target, headers: "", body: Some(&body) };
        send(service, &call, &[200, 201, 400, 413, 507])
    });
    let (en, fr) = (
        format!("{count} of {LARGES} values of a megabyte stored, or refused with 400, 413 or 507"),
        format!("{count} valeurs d'un mégaoctet sur {LARGES} stockées, ou refusées par 400, 413 ou 507"),
    );
    match lost {
        Some(lost) => RowOutcome::lost_at(&lost, &en, &fr),
        None if count < LARGES => RowOutcome::of(false, en, fr),
        None => {
            all_answered(service, &format!("after {LARGES} large values"), &format!("après {LARGES} grandes valeurs"))
        }
    }
}

/// Connections that are all there at once, each with a request: every one is answered.
fn pool(service: &Service) -> RowOutcome {
    let request = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let crowd = crowd(service, POOL, request);
    let (taken, lasts) = (crowd.len(), lasting());
    let count =
        crowd.into_iter().take_while(|_| lasts()).filter_map(|stream| is_answered(stream).ok()?.then_some(())).count();
    RowOutcome::of(
        count == POOL,
        format!("of {POOL} connections at once {taken} were taken, and {count} got status 200 to `GET /health`"),
        format!(
            "sur {POOL} connexions à la fois, {taken} ont été prises et {count} ont reçu le statut 200 à `GET /health`"
        ),
    )
}

/// Whether an answer of success begins on this connection.
fn is_answered(mut stream: TcpStream) -> std::io::Result<bool> {
    let mut head = [0; 12];
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.read_exact(&mut head)?;
    Ok(head.starts_with(b"HTTP/1.") && head.ends_with(b" 200"))
}
