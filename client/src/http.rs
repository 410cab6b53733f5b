//! The cache service over HTTP, one connection for each request: an example of how little is needed, and what the tests of the
//! service use. It parses what the service sends and no more: no TLS, no answer in chunks, no redirection, and an address
//! instead of a name. A program with more requests should use an HTTP library, which also keeps connections open.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Cache;

/// The most bytes of an answer that are read.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// The service at an address.
#[derive(Debug, Clone)]
pub struct HttpCache {
    address: SocketAddr,
    token: Option<String>,
    timeout: Duration,
}

/// Why there is no answer from the service.
#[derive(Debug)]
pub enum Trouble {
    /// The connection failed, or took too long.
    Connection(io::Error),
    /// Its answer is not HTTP.
    Gibberish,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => write!(f, "the cache service cannot be asked: {error}"),
            Self::Gibberish => f.write_str("the cache service answered what is no HTTP: is it one?"),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Connection(error)
    }
}

impl HttpCache {
    /// The service at that address; a request may take `timeout` from its connection to the last byte of its answer.
    pub const fn new(address: SocketAddr, timeout: Duration) -> Self {
        Self { address, token: None, timeout }
    }

    /// Sends that bearer token with every request.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Sends a request; returns the status and the body of the answer.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn ask(&self, method: &str, target: &str, body: &str) -> Result<(u16, String), Trouble> {
        let since = now();
        let stream = TcpStream::connect_timeout(&self.address, self.timeout)?;
        let mut stream = Bounded { stream, since, timeout: self.timeout };
        let token = self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let (host, length) = (self.address, body.len());
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{token}Content-Length: {length}\r\n\r\n"
        );
        stream.write_all(format!("{head}{body}").as_bytes())?;
        let mut reader = BufReader::new(stream.take(ANSWER_BYTES_MAX));
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(Trouble::Gibberish)?;
        let mut length: Option<u64> = None;
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Err(Trouble::Gibberish);
            }
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
        }
        let mut body = Vec::new();
        reader.take(length.ok_or(Trouble::Gibberish)?).read_to_end(&mut body)?;
        let is_whole = length == Some(body.len() as u64);
        let body = String::from_utf8(body).ok().filter(|_| is_whole).ok_or(Trouble::Gibberish)?;
        Ok((status, body))
    }
}

/// A connection until a deadline: a server that sends a byte now and then does not hold it longer.
struct Bounded {
    stream: TcpStream,
    since: Instant,
    timeout: Duration,
}

impl Bounded {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.timeout.saturating_sub(now().duration_since(self.since));
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl io::Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(into)
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[expect(clippy::disallowed_methods, reason = "a deadline for another machine is on the host's clock")]
fn now() -> Instant {
    Instant::now()
}

impl Cache for HttpCache {
    fn get(&self, namespace: &str, key: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct Body {
            value: Box<RawValue>,
        }
        let (status, body) = self.ask("GET", &path(namespace, key), "").ok()?;
        if status != 200 {
            return None;
        }
        serde_json::from_str::<Body>(&body).ok().map(|body| body.value.get().to_owned())
    }

    fn set(&self, namespace: &str, key: &str, json: &str, ttl_s: Option<u64>) {
        let ttl = ttl_s.map(|ttl_s| format!(",\"ttl\":{ttl_s}")).unwrap_or_default();
        // A value that cannot be stored is loaded again by the next caller.
        _ = self.ask("PUT", &path(namespace, key), &format!("{{\"value\":{json}{ttl}}}"));
    }
}

/// The path of an entry, percent-encoded.
fn path(namespace: &str, key: &str) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    format!("/api/v1/cache/{}/{}", encode(namespace), encode(key))
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::time::Duration;

    use super::{HttpCache, Trouble};

    #[test]
    fn a_server_that_sends_a_byte_now_and_then_is_given_up() {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let server = std::thread::spawn(move || -> io::Result<()> {
            let (mut stream, _) = listener.accept()?;
            // Nothing more comes from the client after its request: reading is a pause that ends when the client is gone.
            stream.set_read_timeout(Some(Duration::from_millis(5)))?;
            loop {
                stream.write_all(b"a")?;
                if matches!(stream.read(&mut [0; 1024]), Ok(0)) {
                    return Ok(());
                }
            }
        });
        let asked = HttpCache::new(address, Duration::from_millis(200)).ask("GET", "/health", "");
        let is_late = |kind| matches!(kind, io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock);
        assert!(matches!(&asked, Err(Trouble::Connection(error)) if is_late(error.kind())), "{asked:?}");
        // It ended because the client hung up, whichever call noticed it.
        drop(server.join().expect("it does not panic"));
    }
}
