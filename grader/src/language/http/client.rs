//! One request over HTTP/1.1 and its answer. It always ends: bytes, header lines and time are bounded. Redirects are
//! not followed and nothing is decompressed.

use std::fmt;
use std::io::{ErrorKind, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// The largest head, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How long one request may take, from the connection to the last byte.
/// It is long, because a right service is slow on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// How much of that is left for reading when sending has taken all the time.
const READING_SHARE: u32 = 3;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names and values in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection was refused.
    Refused(String),
    /// It took too long.
    TooSlow,
    /// The connection was closed before the answer was complete.
    EndedEarly,
    /// The connection was closed without a byte of an answer.
    HungUp,
    /// The answer has more bytes than are read.
    TooLarge,
    /// The answer is not HTTP.
    NoHttp(&'static str),
    /// The answer is compressed, although the request did not allow that.
    Packed(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "nobody answers: {why}"),
            Self::TooSlow => write!(f, "no whole answer within {} s", PATIENCE.as_secs()),
            Self::HungUp => f.write_str("it hung up without a word: did it fail at this request?"),
            Self::EndedEarly => f.write_str("it hung up before its answer was whole: is Content-Length right?"),
            Self::TooLarge => write!(f, "its answer is longer than {} MiB", ANSWER_BYTES_MAX >> 20),
            Self::NoHttp(what) => write!(f, "what it sent is no HTTP/1.1: {what}"),
            Self::Packed(encoding) => write!(f, "its answer is packed ({encoding}), though nobody asked for that"),
        }
    }
}

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct HttpCall<'a> {
    /// Its method.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// Further header lines, with their ends.
    pub headers: &'a str,
    /// The body, JSON.
    pub body: Option<&'a str>,
}

impl HttpCall<'_> {
    /// Its bytes.
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        let Self { method, target, headers, body } = self;
        let kind = if body.is_some() { "Content-Type: application/json\r\n" } else { "" };
        let (length, body) = (body.map_or(0, str::len), body.unwrap_or_default());
        format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAccept: application/json\r\n\
             {kind}{headers}Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// Sends one request on a connection of its own, to the first of the addresses that takes one, and reads the answer.
///
/// # Errors
/// See [`Fault`].
pub fn ask(addresses: &[SocketAddr], host: &str, call: &HttpCall<'_>) -> Result<Answer, Fault> {
    ask_first(addresses, host, call).map(|(answer, _)| answer)
}

/// As [`ask`], and says which address it was.
///
/// # Errors
/// See [`Fault`].
pub fn ask_first(addresses: &[SocketAddr], host: &str, call: &HttpCall<'_>) -> Result<(Answer, SocketAddr), Fault> {
    ask_within(PATIENCE, addresses, host, call)
}

#[expect(clippy::disallowed_methods, reason = "a stranger's service takes real time, which is bounded here")]
fn ask_within(
    patience: Duration,
    addresses: &[SocketAddr],
    host: &str,
    call: &HttpCall<'_>,
) -> Result<(Answer, SocketAddr), Fault> {
    let deadline = Instant::now() + patience;
    let refused = |error: std::io::Error| Fault::Refused(error.to_string());
    let mut first = None;
    // The addresses share the time to connect with the exchange itself: one that swallows packets leaves some for the next.
    for (&address, shares) in addresses.iter().zip((2..=addresses.len() + 1).rev()) {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(shares).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(&address, share.max(Duration::from_millis(1))) {
            Ok(stream) => {
                stream.set_nodelay(true).map_err(refused)?;
                return talk(stream, &call.bytes(host), deadline, patience).map(|answer| (answer, address));
            }
            Err(error) => drop(first.get_or_insert(refused(error))),
        }
    }
    Err(first.unwrap_or_else(|| Fault::Refused("there is no address".to_owned())))
}

/// Sends the bytes and reads the answer. A service may answer before it has read everything: then the answer counts, whether it
/// hangs up or leaves the rest unread.
fn talk(mut stream: TcpStream, request: &[u8], deadline: Instant, patience: Duration) -> Result<Answer, Fault> {
    send(&mut stream, request, deadline.checked_sub(patience / READING_SHARE).unwrap_or(deadline))?;
    read_answer(&mut Bounded { stream, deadline, bytes: Vec::new(), at: 0, ended: false })
}

/// Sends as much as is taken until the deadline.
#[expect(clippy::disallowed_methods, reason = "a stranger's service takes real time, which is bounded here")]
fn send(stream: &mut TcpStream, mut rest: &[u8], deadline: Instant) -> Result<(), Fault> {
    while !rest.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        stream.set_write_timeout(Some(left)).map_err(|error| Fault::Refused(error.to_string()))?;
        match stream.write(rest) {
            Ok(count) if count > 0 => rest = &rest[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => break,
        }
    }
    Ok(())
}

/// The bytes received so far, with the stream for more.
struct Bounded<S> {
    stream: S,
    deadline: Instant,
    bytes: Vec<u8>,
    /// The position up to which they are used.
    at: usize,
    ended: bool,
}

/// A stream whose reads can have a deadline.
trait Timed: Read {
    fn wait_at_most(&self, time: Duration) -> std::io::Result<()>;
}

impl Timed for TcpStream {
    fn wait_at_most(&self, time: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(time))
    }
}

impl<S: Timed> Bounded<S> {
    /// Reads some more; `false` at the end.
    #[expect(clippy::disallowed_methods, reason = "a stranger's service takes real time, which is bounded here")]
    fn more(&mut self) -> Result<bool, Fault> {
        if self.ended {
            return Ok(false);
        }
        if self.bytes.len() > ANSWER_BYTES_MAX {
            return Err(Fault::TooLarge);
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Fault::TooSlow);
        }
        self.stream.wait_at_most(left).map_err(|error| Fault::Refused(error.to_string()))?;
        let mut part = [0; 16 * 1024];
        match self.stream.read(&mut part) {
            Ok(0) => self.ended = true,
            Ok(count) => self.bytes.extend_from_slice(&part[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(Fault::TooSlow);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.ended = true,
        }
        Ok(!self.ended)
    }

    /// The next line without its end.
    fn line(&mut self) -> Result<String, Fault> {
        let mut looked = self.at;
        loop {
            if let Some(end) = self.bytes[looked..].iter().position(|byte| *byte == b'\n') {
                let line = &self.bytes[self.at..looked + end];
                let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
                self.at = looked + end + 1;
                return Ok(line);
            }
            looked = self.bytes.len();
            if looked - self.at > HEAD_BYTES_MAX {
                return Err(Fault::NoHttp("a line without an end"));
            }
            if !self.more()? {
                return Err(Fault::EndedEarly);
            }
        }
    }

    /// The next `count` bytes.
    fn take(&mut self, count: usize) -> Result<Vec<u8>, Fault> {
        if count > ANSWER_BYTES_MAX {
            return Err(Fault::TooLarge);
        }
        while self.bytes.len() - self.at < count {
            if !self.more()? {
                return Err(Fault::EndedEarly);
            }
        }
        let taken = self.bytes[self.at..self.at + count].to_vec();
        self.at += count;
        Ok(taken)
    }
}

fn read_answer<S: Timed>(reader: &mut Bounded<S>) -> Result<Answer, Fault> {
    loop {
        let answer = match read_one(reader) {
            Err(Fault::EndedEarly) if reader.bytes.is_empty() => return Err(Fault::HungUp),
            answer => answer?,
        };
        // Interim answers (100 Continue) are skipped; the limit of bytes bounds how many there can be.
        if !(100..200).contains(&answer.status) {
            return Ok(answer);
        }
    }
}

fn read_one<S: Timed>(reader: &mut Bounded<S>) -> Result<Answer, Fault> {
    let line = reader.line()?;
    let mut words = line.splitn(3, ' ');
    let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
    let status = words.next().filter(|_| is_http).and_then(|status| status.parse().ok());
    let status: u16 = status.filter(|status| (100..600).contains(status)).ok_or(Fault::NoHttp("no status line"))?;
    let (mut headers, head_at) = (Vec::new(), reader.at);
    loop {
        let line = reader.line()?;
        if line.is_empty() {
            break;
        }
        if reader.at - head_at > HEAD_BYTES_MAX {
            return Err(Fault::NoHttp("a head that is too large"));
        }
        let (name, value) = line.split_once(':').ok_or(Fault::NoHttp("a header line without a colon"))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    if let Some(encoding) =
        answer.header("content-encoding").filter(|encoding| !encoding.eq_ignore_ascii_case("identity"))
    {
        return Err(Fault::Packed(encoding.chars().take(20).collect()));
    }
    if (100..200).contains(&status) || status == 204 || status == 304 {
        return Ok(answer);
    }
    let is_chunked = match answer.header("transfer-encoding") {
        None => false,
        Some(coding) if coding.eq_ignore_ascii_case("chunked") => true,
        Some(coding) => return Err(Fault::Packed(coding.chars().take(20).collect())),
    };
    answer.body = if is_chunked {
        read_chunks(reader)?
    } else if let Some(length) = answer.header("content-length") {
        reader.take(length.parse().map_err(|_| Fault::NoHttp("a Content-Length that is no number"))?)?
    } else {
        while reader.more()? {}
        reader.take(reader.bytes.len() - reader.at)?
    };
    Ok(answer)
}

fn read_chunks<S: Timed>(reader: &mut Bounded<S>) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    loop {
        let line = reader.line()?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let count = usize::from_str_radix(digits, 16).map_err(|_| Fault::NoHttp("a chunk without a length"))?;
        if count == 0 {
            while !reader.line()?.is_empty() {}
            return Ok(body);
        }
        body.extend(reader.take(count)?);
        if !reader.line()?.is_empty() {
            return Err(Fault::NoHttp("a chunk that is longer than it says"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    impl Timed for Cursor<Vec<u8>> {
        fn wait_at_most(&self, _: Duration) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a deadline that is not reached")]
    fn read(bytes: &[u8]) -> Result<Answer, Fault> {
        let deadline = Instant::now() + Duration::from_mins(10);
        let stream = Cursor::new(bytes.to_vec());
        read_answer(&mut Bounded { stream, deadline, bytes: Vec::new(), at: 0, ended: false })
    }

    #[test]
    fn answers_of_every_framing_are_read() {
        for bytes in [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.0 200 OK\r\n\r\n{}",
            "HTTP/1.1 200\r\ntransfer-encoding: chunked\r\n\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}left over",
        ] {
            let answer = read(bytes.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {bytes}"));
            assert_eq!((answer.status, answer.body.as_slice()), (200, b"{}".as_slice()), "{bytes}");
        }
    }

    #[test]
    fn a_hostile_answer_ends_in_a_sentence() {
        let endless_head = format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(20_000));
        let endless_line = format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(200_000));
        let endless_body = format!("HTTP/1.1 200 OK\r\n\r\n{}", "y".repeat(9 << 20));
        let continues = "HTTP/1.1 100 Continue\r\n\r\n".repeat(400_000);
        for (bytes, fault) in [
            ("", Fault::HungUp),
            ("HTTP/1.1 200 OK\r\nContent-", Fault::EndedEarly),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Fault::Packed("gzip, chunked".to_owned())),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", Fault::EndedEarly),
            ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}", Fault::TooLarge),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Fault::NoHttp("a Content-Length that is no number")),
            ("SSH-2.0-x\r\n", Fault::NoHttp("no status line")),
            ("HTTP/1.1 999 X\r\n\r\n", Fault::NoHttp("no status line")),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", Fault::NoHttp("a header line without a colon")),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Fault::NoHttp("a chunk without a length")),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", Fault::TooLarge),
            ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", Fault::Packed("gzip".to_owned())),
            (&endless_head, Fault::NoHttp("a head that is too large")),
            (&endless_line, Fault::NoHttp("a line without an end")),
            (&endless_body, Fault::TooLarge),
            (&continues, Fault::TooLarge),
        ] {
            assert_eq!(read(bytes.as_bytes()), Err(fault), "{}", &bytes[..bytes.len().min(60)]);
        }
    }

    #[test]
    fn an_answer_counts_although_the_request_is_never_read() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has one");
        let body = "x".repeat(32 << 20);
        for keeps_open in [true, false] {
            let listener = listener.try_clone().expect("a second handle");
            let service = std::thread::spawn(move || {
                let (mut client, _) = listener.accept().expect("somebody asks");
                client.write_all(b"HTTP/1.1 413 X\r\nContent-Length: 2\r\n\r\n{}").expect("it is taken");
                keeps_open.then_some(client)
            });
            let call = HttpCall { method: "PUT", target: "/x", headers: "", body: Some(&body) };
            let answer = ask_within(Duration::from_secs(3), &[address], "127.0.0.1", &call);
            assert_eq!(answer.map(|(answer, _)| answer.status), Ok(413), "{keeps_open}");
            drop(service.join());
        }
    }

    #[test]
    fn the_first_address_that_takes_a_connection_is_asked() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free").local_addr();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has one");
        let service = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("somebody asks");
            client.write_all(b"HTTP/1.0 204 X\r\n\r\n").expect("it is taken");
        });
        let call = HttpCall { method: "GET", target: "/", headers: "", body: None };
        let answer = ask_first(&[free.expect("it had one"), address], "localhost", &call);
        assert_eq!(answer.map(|(answer, place)| (answer.status, place)), Ok((204, address)));
        drop(service.join());
    }
}
