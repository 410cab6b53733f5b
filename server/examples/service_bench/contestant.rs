//! The servers that are measured, each a process of its own, and what they are asked in their words.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Error, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::client::{Client, Protocol};

/// A value's bytes, without quotes.
pub(super) const VALUE: usize = 100;
/// How often a server that is starting is tried.
const TRIES: usize = 200;

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// The service over HTTP, with its own store.
    Rest,
    /// The service over HTTP, with Redis behind it.
    RestOverRedis,
    /// A handler that always says the same.
    Bare,
    /// The service's memcached port.
    Ours,
    Memcached,
    Redis,
}

impl Who {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rest => "REST",
            Self::RestOverRedis => "REST, Redis behind",
            Self::Bare => "bare axum",
            Self::Ours => "memcached port",
            Self::Memcached => "memcached",
            Self::Redis => "Redis",
        }
    }

    pub(super) const fn protocol(self) -> Protocol {
        match self {
            Self::Rest | Self::RestOverRedis | Self::Bare => Protocol::Http,
            Self::Ours | Self::Memcached => Protocol::Memcached,
            Self::Redis => Protocol::Redis,
        }
    }

    /// Asks for a key.
    pub(super) fn get(self, key: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(
            match self.protocol() {
                Protocol::Http => format!("GET /api/v1/cache/n/user_{key:07} HTTP/1.1\r\nHost: h\r\n\r\n"),
                Protocol::Memcached => format!("get user_{key:07}\r\n"),
                Protocol::Redis => format!("*2\r\n$3\r\nGET\r\n$12\r\nuser_{key:07}\r\n"),
            }
            .as_bytes(),
        );
    }

    /// Stores a key, with a value of that many bytes.
    pub(super) fn set(self, key: usize, length: usize, out: &mut Vec<u8>) {
        let value = "v".repeat(length);
        out.extend_from_slice(
            match self.protocol() {
                Protocol::Http => {
                    http("PUT", &format!("/api/v1/cache/n/user_{key:07}"), &format!("{{\"value\":\"{value}\"}}"))
                }
                Protocol::Memcached => format!("set user_{key:07} 0 3600 {length}\r\n{value}\r\n"),
                Protocol::Redis => {
                    format!(
                        "*5\r\n$3\r\nSET\r\n$12\r\nuser_{key:07}\r\n${length}\r\n{value}\r\n$2\r\nEX\r\n$4\r\n3600\r\n"
                    )
                }
            }
            .as_bytes(),
        );
    }

    /// Asks for so many keys at once; one answer.
    pub(super) fn get_many(self, from: usize, count: usize, out: &mut Vec<u8>) {
        let keys: Vec<String> = (from..from + count).map(|key| format!("user_{key:07}")).collect();
        out.extend_from_slice(
            match self.protocol() {
                Protocol::Http => {
                    http("POST", "/api/v1/cache/n/mget", &format!("{{\"keys\":[\"{}\"]}}", keys.join("\",\"")))
                }
                Protocol::Memcached => format!("get {}\r\n", keys.join(" ")),
                Protocol::Redis => {
                    let keys: String = keys.iter().map(|key| format!("$12\r\n{key}\r\n")).collect();
                    format!("*{}\r\n$4\r\nMGET\r\n{keys}", count + 1)
                }
            }
            .as_bytes(),
        );
    }

    /// Stores so many keys at once; how many answers come.
    pub(super) fn set_many(self, from: usize, count: usize, length: usize, out: &mut Vec<u8>) -> usize {
        let value = "v".repeat(length);
        let keys = (from..from + count).map(|key| format!("user_{key:07}"));
        match self.protocol() {
            Protocol::Http => {
                let entries: Vec<String> =
                    keys.map(|key| format!("{{\"key\":\"{key}\",\"value\":\"{value}\"}}")).collect();
                let body = format!("{{\"entries\":[{}]}}", entries.join(","));
                out.extend_from_slice(http("POST", "/api/v1/cache/n/mset", &body).as_bytes());
                1
            }
            Protocol::Redis => {
                let pairs: String = keys.map(|key| format!("$12\r\n{key}\r\n${length}\r\n{value}\r\n")).collect();
                out.extend_from_slice(format!("*{}\r\n$4\r\nMSET\r\n{pairs}", 2 * count + 1).as_bytes());
                1
            }
            // It has no such request: they are sent one after another without waiting.
            Protocol::Memcached => {
                (from..from + count).for_each(|key| self.set(key, length, out));
                count
            }
        }
    }
}

pub(super) fn http(method: &str, path: &str, body: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A server that runs; it ends when this is dropped.
pub(super) struct Contestant {
    pub(super) who: Who,
    pub(super) address: SocketAddr,
    child: Child,
    /// What stands behind it.
    behind: Option<Box<Self>>,
}

impl Contestant {
    /// Starts it on its core, with what it needs behind it.
    pub(super) fn start(who: Who, server: &str) -> Result<Self> {
        Self::begin(who, server, None)
    }

    /// Starts the service over a Redis that runs.
    pub(super) fn over(server: &str, redis: SocketAddr) -> Result<Self> {
        Self::begin(Who::RestOverRedis, server, Some(redis))
    }

    fn begin(who: Who, server: &str, redis: Option<SocketAddr>) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut behind = None;
        let mut command = match who {
            Who::Bare => on_core(std::env::current_exe()?),
            Who::Memcached => on_core("memcached"),
            Who::Redis => on_core("redis-server"),
            _ => on_core(server),
        };
        let (port, listen) = (port.to_string(), address.to_string());
        match who {
            Who::Rest => _ = command.args(["--listen", &listen, "--memory-mb", "4000", "--log", "off"]),
            Who::Ours => {
                command.args([
                    "--listen",
                    "127.0.0.1:0",
                    "--memcached",
                    &listen,
                    "--memory-mb",
                    "4000",
                    "--log",
                    "off",
                ]);
            }
            Who::RestOverRedis => {
                if redis.is_none() {
                    behind = Some(Box::new(Self::start(Who::Redis, server)?));
                }
                let redis = redis.or(behind.as_ref().map(|redis| redis.address)).expect("one of both");
                command.args([
                    "--listen",
                    &listen,
                    "--store",
                    &format!("redis://{redis}"),
                    "--store-timeout-ms",
                    "60000",
                    "--log",
                    "off",
                ]);
            }
            Who::Bare => _ = command.arg("bare"),
            Who::Memcached => {
                _ = command.args(["-u", "nobody", "-l", "127.0.0.1", "-p", &port, "-t", "1", "-m", "4000"]);
            }
            Who::Redis => {
                _ = command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
            }
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|error| Error::other(format!("{} does not start: {error}", who.name())))?;
        let mut contestant = Self { who, address, child, behind };
        let said = contestant.child.stdout.take().map(BufReader::new);
        if who == Who::Bare {
            let mut line = String::new();
            said.map(|mut said| said.read_line(&mut line)).transpose()?;
            contestant.address = line.trim().trim_start_matches("bare: ").parse().map_err(Error::other)?;
        } else if let Some(said) = said {
            std::thread::spawn(move || said.lines().for_each(drop));
        }
        for _ in 0..TRIES {
            if TcpStream::connect(contestant.address).is_ok() {
                if who == Who::Rest {
                    let body = "{\"max_size_mb\":4000}";
                    contestant.client()?.ask(http("PUT", "/api/v1/namespaces/n", body).as_bytes())?;
                }
                return Ok(contestant);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(Error::other(format!("{} does not listen", who.name())))
    }

    pub(super) fn client(&self) -> Result<Client> {
        Client::new(self.address, self.who.protocol())
    }

    pub(super) fn clients(&self, count: usize) -> Result<Vec<Client>> {
        (0..count).map(|_| self.client()).collect()
    }

    /// The processor time that it has taken so far, with what stands behind it.
    pub(super) fn processor(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().filter_map(|field| field.parse::<u64>().ok()).sum();
        let behind = self.behind.as_ref().map_or(Ok(Duration::ZERO), |behind| behind.processor())?;
        Ok(Duration::from_millis(ticks * 10) + behind)
    }

    /// The memory that it has, in bytes.
    pub(super) fn memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().split(' ').next()?.parse::<u64>().ok());
        Ok(kib.unwrap_or(0) << 10)
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A program on one core of its own; on a machine of one core, on that.
fn on_core(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "0"]).arg(program);
    command
}

/// Binds this thread, which is the client, to the next core.
pub(super) fn bind_client() -> Result<()> {
    let core = if std::thread::available_parallelism()?.get() > 1 { "1" } else { "0" };
    let me = std::process::id().to_string();
    let bound = Command::new("taskset").args(["--cpu-list", "--pid", core, &me]).stdout(Stdio::null()).status()?;
    if bound.success() { Ok(()) } else { Err(Error::other("taskset cannot bind this program to a core")) }
}
