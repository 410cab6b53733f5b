//! A server on a port of its own, and a client that takes nothing for granted.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use cachedojo_server::config::{Config, Flags};
use cachedojo_server::server::Server;
use cachedojo_server::time::Time;
use clap::Parser as _;
use serde_json::Value;
use tokio::sync::oneshot;

/// 2024-01-01T00:00:00Z.
pub(crate) const BASE_S: u64 = 1_704_067_200;
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server in this process, in standing time; dropping it stops it.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) memcached: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn new(flags: &[&str]) -> Self {
        let arguments = ["cachedojo-server", "--listen", "127.0.0.1:0", "--clock", "virtual"].iter().chain(flags);
        let flags = Flags::try_parse_from(arguments).expect("known flags");
        let mut config = Config::new(&flags, |_| None).expect("a right configuration");
        // So that nobody waits for what one service changes to be seen by another.
        config.following = Duration::from_millis(10);
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("threads").block_on(async {
                let server = Server::start_at(config, Time::standing_at(BASE_S)).await.expect("a port");
                tell.send((server.address(), server.memcached_address())).expect("somebody waits");
                server.serve_until(async { _ = stopped.await }).await;
            });
        });
        let (address, memcached) = told.recv_timeout(PATIENCE).expect("it starts");
        Self { address, memcached, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Tells it to stop; the thread ends when it has.
    pub(crate) fn stop(&mut self) -> JoinHandle<()> {
        drop(self.stop.take());
        self.thread.take().expect("it is stopped once")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it stops");
        }
    }
}

/// One connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self::try_new(address).expect("it listens")
    }

    /// A connection to where perhaps nobody listens.
    pub(crate) fn try_new(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// A request with an empty body or a JSON one.
    pub(crate) fn ask(&mut self, method: &str, target: &str, body: &str) -> Answer {
        self.ask_with(method, target, "", body)
    }

    /// A request with header lines, each with its line end.
    pub(crate) fn ask_with(&mut self, method: &str, target: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        self.send(&format!("{method} {target} HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {length}\r\n\r\n{body}"));
        self.receive()
    }

    pub(crate) fn send(&mut self, bytes: &str) {
        self.stream.get_mut().write_all(bytes.as_bytes()).expect("it takes requests");
    }

    /// Sends what the other side may no longer want.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    pub(crate) fn receive(&mut self) -> Answer {
        let status = self.line();
        let status = status.split(' ').nth(1).unwrap_or_else(|| panic!("{status:?} is no status line"));
        let status = status.parse().expect("a number");
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").expect("a header");
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut answer = Answer { status, headers, body: String::new() };
        let length = answer.header("content-length").expect("a length").parse().expect("a number");
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a whole body");
        answer.body = String::from_utf8(body).expect("text");
        answer
    }

    /// Whether the other side hangs up without another byte.
    pub(crate) fn is_hung_up(&mut self) -> bool {
        let mut byte = [0];
        !matches!(self.stream.read(&mut byte), Ok(1..))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line");
        line.trim_end_matches(['\r', '\n']).to_owned()
    }
}

impl Client {
    /// A request, where the other side may hang up instead of answering; the status.
    pub(crate) fn try_ask(&mut self, method: &str, target: &str) -> Option<u16> {
        self.try_send(format!("{method} {target} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).ok()?;
        self.receive_status()
    }

    /// The status of an answer, if one comes; what follows it is left.
    pub(crate) fn receive_status(&mut self) -> Option<u16> {
        let mut line = String::new();
        self.stream.read_line(&mut line).ok()?;
        let status = line.split(' ').nth(1)?.parse().ok()?;
        while !line.trim_end().is_empty() {
            line.clear();
            self.stream.read_line(&mut line).ok()?;
        }
        Some(status)
    }

    /// The status of an answer that has nothing behind its status line.
    pub(crate) fn receive_continue(&mut self) -> u16 {
        self.receive_status().expect("an answer")
    }
}
