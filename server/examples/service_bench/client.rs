//! One client for all: connections that each write some requests and then read as many answers.

use std::io::{Error, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How an answer's end is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    Memcached,
    Redis,
}

impl Protocol {
    /// The length of the first answer, if it is there whole.
    fn length(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Http => {
                let head = find(bytes, b"\r\n\r\n")? + 4;
                let text = std::str::from_utf8(&bytes[..head]).ok()?;
                let length = text.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
                })?;
                (bytes.len() >= head + length).then_some(head + length)
            }
            Self::Memcached => {
                let mut at = 0;
                while bytes[at..].starts_with(b"VALUE ") {
                    let line = at + find(&bytes[at..], b"\r\n")?;
                    let text = std::str::from_utf8(&bytes[at..line]).ok()?;
                    at = line + 2 + text.rsplit(' ').next()?.parse::<usize>().ok()? + 2;
                    if at > bytes.len() {
                        return None;
                    }
                }
                Some(at + find(&bytes[at..], b"\r\n")? + 2)
            }
            Self::Redis => resp(bytes),
        }
    }
}

fn resp(bytes: &[u8]) -> Option<usize> {
    let line = find(bytes, b"\r\n")?;
    let number = || std::str::from_utf8(&bytes[1..line]).ok()?.parse::<isize>().ok();
    match bytes[0] {
        b'$' => {
            let end = usize::try_from(number()?).map_or(line + 2, |length| line + 2 + length + 2);
            (bytes.len() >= end).then_some(end)
        }
        b'*' => {
            let mut at = line + 2;
            for _ in 0..number()? {
                at += resp(bytes.get(at..).filter(|rest| !rest.is_empty())?)?;
            }
            Some(at)
        }
        _ => Some(line + 2),
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// A connection.
pub(super) struct Client {
    stream: TcpStream,
    protocol: Protocol,
    bytes: Vec<u8>,
    read: Vec<u8>,
}

impl Client {
    pub(super) fn new(address: SocketAddr, protocol: Protocol) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_mins(2)))?;
        Ok(Self { stream, protocol, bytes: Vec::new(), read: vec![0; 256 << 10] })
    }

    pub(super) fn send(&mut self, requests: &[u8]) -> Result<()> {
        self.stream.write_all(requests)
    }

    /// Reads so many answers; the last one, and an error when one says that something is wrong.
    pub(super) fn receive(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut last = Vec::new();
        for _ in 0..count {
            let length = loop {
                // A long answer is looked at again only when as much again has come.
                match self.protocol.length(&self.bytes).filter(|_| !self.bytes.is_empty()) {
                    Some(length) => break length,
                    None => self.more()?,
                }
            };
            last = self.bytes.drain(..length).collect();
            let is_wrong = match self.protocol {
                Protocol::Http => !last.starts_with(b"HTTP/1.1 2"),
                Protocol::Memcached => last.starts_with(b"ERROR") || last.starts_with(b"SERVER_ERROR"),
                Protocol::Redis => last.starts_with(b"-"),
            };
            if is_wrong {
                return Err(Error::other(String::from_utf8_lossy(&last[..last.len().min(300)]).into_owned()));
            }
        }
        Ok(last)
    }

    /// Reads an answer over HTTP, whatever it is; its status.
    pub(super) fn receive_status(&mut self) -> Result<u16> {
        let length = loop {
            match self.protocol.length(&self.bytes) {
                Some(length) => break length,
                None => self.more()?,
            }
        };
        let answer: Vec<u8> = self.bytes.drain(..length).collect();
        let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        status.ok_or_else(|| Error::other("an answer without a status"))
    }

    fn more(&mut self) -> Result<()> {
        let count = self.stream.read(&mut self.read)?;
        if count == 0 {
            return Err(Error::other("the server hung up"));
        }
        self.bytes.extend_from_slice(&self.read[..count]);
        Ok(())
    }

    /// One request and its answer.
    pub(super) fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        self.send(request)?;
        self.receive(1)
    }
}

/// So many operations, `depth` at a time on each connection; the time that they took.
pub(super) fn drive(
    clients: &mut [Client],
    depth: usize,
    operations: usize,
    request: &dyn Fn(usize, &mut Vec<u8>),
) -> Result<Duration> {
    let (start, mut number, mut bytes) = (Instant::now(), 0, Vec::new());
    while number < operations {
        for client in clients.iter_mut() {
            bytes.clear();
            for _ in 0..depth {
                request(number, &mut bytes);
                number += 1;
            }
            client.send(&bytes)?;
        }
        for client in clients.iter_mut() {
            client.receive(depth)?;
        }
    }
    Ok(start.elapsed())
}

/// How long each of so many requests waits for its answer, on one connection, in order of length.
pub(super) fn waits(
    client: &mut Client,
    requests: usize,
    request: &dyn Fn(usize, &mut Vec<u8>),
    answers: usize,
) -> Result<Vec<Duration>> {
    let (mut waits, mut bytes) = (Vec::with_capacity(requests), Vec::new());
    for number in 0..requests {
        bytes.clear();
        request(number, &mut bytes);
        let start = Instant::now();
        client.send(&bytes)?;
        client.receive(answers)?;
        waits.push(start.elapsed());
    }
    waits.sort_unstable();
    Ok(waits)
}
