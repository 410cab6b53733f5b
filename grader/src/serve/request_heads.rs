//! The heads of requests, looked at while they pass to the server: two lengths of one body, `Content-Length` and
//! `Transfer-Encoding`, are read differently by two programs, and what one takes for a body the other takes for the next request.
//! The library that reads requests drops one of the two without a word.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most bytes of a line that are kept: no header that counts here is longer.
const LINE_BYTES_MAX: usize = 256;

/// What was seen in a connection's heads so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    two_lengths: AtomicBool,
    chunked: AtomicBool,
}

impl Seen {
    /// Whether a request had both headers.
    pub(super) fn two_lengths(&self) -> bool {
        self.two_lengths.load(Ordering::Relaxed)
    }

    /// Whether a body came in chunks: nothing after it is looked at, so it must be the connection's last.
    pub(super) fn chunked(&self) -> bool {
        self.chunked.load(Ordering::Relaxed)
    }
}

/// Where in a connection's bytes the next one is.
#[derive(Debug)]
enum At {
    Head,
    /// So many bytes of a body are still to come.
    Body(u64),
    /// In what is not looked at any more.
    Rest,
}

/// Finds the heads in a connection's bytes.
#[derive(Debug)]
struct Heads {
    at: At,
    line: Vec<u8>,
    /// Whether a line of this head has passed: empty ones before it mean nothing.
    begun: bool,
    length: Option<u64>,
    chunked: bool,
}

impl Heads {
    fn new() -> Self {
        Self { at: At::Head, line: Vec::new(), begun: false, length: None, chunked: false }
    }

    /// Looks at the next bytes. Cost: O(bytes).
    fn pass(&mut self, mut bytes: &[u8], seen: &Seen) {
        while !bytes.is_empty() {
            match self.at {
                At::Rest => return,
                At::Body(left) => {
                    let passed = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = &bytes[passed..];
                    self.at = if left == passed as u64 { At::Head } else { At::Body(left - passed as u64) };
                }
                At::Head => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let part = &bytes[..end.unwrap_or(bytes.len())];
                    let room = LINE_BYTES_MAX.saturating_sub(self.line.len());
                    self.line.extend_from_slice(&part[..part.len().min(room)]);
                    bytes = &bytes[end.map_or(bytes.len(), |end| end + 1)..];
                    if end.is_some() {
                        self.line_ends(seen);
                    }
                }
            }
        }
    }

    fn line_ends(&mut self, seen: &Seen) {
        let line = std::mem::take(&mut self.line).trim_ascii().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix(b"content-length:") {
            let number = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok());
            // One that is no number is refused where it is read.
            self.length = Some(number.unwrap_or(0));
        } else if line.starts_with(b"transfer-encoding:") {
            self.chunked = true;
        } else if line.is_empty() && self.begun {
            seen.two_lengths.fetch_or(self.chunked && self.length.is_some(), Ordering::Relaxed);
            seen.chunked.fetch_or(self.chunked, Ordering::Relaxed);
            let at = match self.length {
                _ if self.chunked => At::Rest,
                None | Some(0) => At::Head,
                Some(length) => At::Body(length),
            };
            *self = Self { at, ..Self::new() };
            return;
        }
        self.begun |= !line.is_empty();
    }
}

/// A connection whose heads are looked at.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    heads: Heads,
    seen: Arc<Seen>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, seen: Arc<Seen>) -> Self {
        Self { stream, heads: Heads::new(), seen }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let this = &mut *self;
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.heads.pass(&buffer.filled()[before..], &this.seen);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lengths_are_seen_however_the_bytes_come() {
        let length = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n";
        for (bytes, two_lengths, chunked) in [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), false, false),
            ("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), true, true),
            ("POST / HTTP/1.1\ntransfer-ENCODING:chunked\nA: b\nCONTENT-length:0\n\n".to_owned(), true, true),
            ("\r\n\r\nPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), false, true),
            // What stands in a body is no head; what follows it is one.
            (format!("{}\n\n123\nTransfer-Encoding: x\n\n", "POST / HTTP/1.1\nContent-Length: 25"), false, false),
            (format!("{length}12345GET / HTTP/1.1\nContent-Length: 1\nTransfer-Encoding: x\n\n"), true, true),
            (format!("GET / HTTP/1.1\nX: {}\n\n", "transfer-encoding: x".repeat(99)), false, false),
        ] {
            for step in [1, 2, 7, bytes.len()] {
                let (mut heads, seen) = (Heads::new(), Seen::default());
                for part in bytes.as_bytes().chunks(step) {
                    heads.pass(part, &seen);
                }
                assert_eq!((seen.two_lengths(), seen.chunked()), (two_lengths, chunked), "{bytes:?} by {step}");
            }
        }
    }
}
