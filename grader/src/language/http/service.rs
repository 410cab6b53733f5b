//! The process of a service: started in its own folder, waited for, and ended with all its children.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cachedojo_lab::script::without_mark;

use super::client::{self, Answer, Fault};
use crate::host::scratch;
use crate::host::{alone, machine};

/// How long a service may take until its first answer: it may have to be compiled.
const BEGINNING: Duration = Duration::from_secs(150);
/// How often it may close the connection during that time.
const ENDINGS_MAX: u32 = 50;
/// The pause between requests during that time.
const ASKING: Duration = Duration::from_millis(20);
/// After so many requests without an answer it is not asked again.
const FAULTS_MAX: u32 = 5;
/// The time for all requests together, and for all waiting.
const ALL: Duration = Duration::from_secs(45);
/// How many bytes of its output are shown if it does not start.
const WORDS_MAX: usize = 2000;
/// The limits of a service that is started outside of a grading, whose limits are lower: five minutes of processor time, files
/// of a gibibyte.
const LIMITS: &str = "{ ulimit -t 300; ulimit -f 2097152; } 2>/dev/null; ";
/// Runs the command in `$1` until it ends, or until standard input ends, which happens whenever the grader ends: then the whole
/// group is killed. A shell of its own reads the command, so that a comment, a bracket or a quote in it changes nothing here.
const WATCHED: &str = "exec 3<&0; ( exec sh -c \"$1\" ) </dev/null 3<&- & child=$!; \
    { read -r _ <&3; kill -9 -$$; } & exec 3<&-; wait $child";
/// The file of a submission with the command that starts the service, or its URL.
pub const START: &str = "start";
/// The header by which a service can be told the time.
const CLOCK: &str = "X-Cache-Clock";

/// A service that is running.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    host: String,
    process: Option<Process>,
    /// Whether it takes the time from a header.
    is_clocked: bool,
    /// The latest time that it was told, in milliseconds; its own clock may advance by itself.
    clock_ms: AtomicU64,
    runs: AtomicU32,
    faults: AtomicU32,
    /// The time used by requests and by waiting, in microseconds.
    spent_us: AtomicU64,
    /// The suffix of this grading's namespaces.
    mark: String,
}

/// The state of one run: its namespaces' suffix, and the script's time at its last request.
#[derive(Debug)]
pub struct Turn {
    suffix: String,
    last: Option<Duration>,
}

impl Turn {
    /// A path whose namespace is made unique to this run. A path without one is unchanged.
    pub fn own(&self, target: &str) -> String {
        for root in ["/api/v1/cache/", "/api/v1/namespaces/"] {
            if let Some(rest) = target.strip_prefix(root) {
                let end = rest.find(['/', '?']).unwrap_or(rest.len());
                let (name, rest) = rest.split_at(end);
                let is_name = !name.is_empty()
                    && name.len() < 60
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
                return if is_name { format!("{root}{name}{}{rest}", self.suffix) } else { target.to_owned() };
            }
        }
        target.to_owned()
    }
}

/// Why a service is not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOpened {
    /// Its address is inside this network, and only the submission names it.
    Inside,
    /// It cannot be started, ended, or does not answer: why, and what to do.
    Failed(String),
}

impl From<String> for NotOpened {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

/// Whether anybody on the internet can ask there: what is inside this machine or its network is not a stranger's to have asked.
fn is_outside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let shared = first == 100 && (64..128).contains(&second);
            !(first == 0
                || shared
                || address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_broadcast()
                || address.is_multicast())
        }
        IpAddr::V6(address) => {
            // Addresses that hold an IPv4 one for a gateway to unpack lead inside as well.
            let gated = matches!(address.segments(), [0x64, 0xff9b, ..] | [0x2002, ..] | [0, 0, 0, 0, 0, 0, ..]);
            !(gated
                || address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_multicast())
        }
    }
}

/// Whether a start file names a service that runs already.
pub fn is_url(text: &str) -> bool {
    text.starts_with("http://")
}

impl Service {
    /// Finds the service that the start file names, or starts it; then waits until it answers. `trusted` says that an address
    /// inside this network was named by who grades.
    ///
    /// # Errors
    /// It cannot be started, ended, or does not answer: why, and what to do.
    pub fn open(files: &BTreeMap<String, String>, trusted: bool) -> Result<Self, NotOpened> {
        let text = files.get(START).map(|text| without_mark(text).trim()).unwrap_or_default();
        let (host, process) = if is_url(text) {
            let host = text["http://".len()..].split('/').next().unwrap_or_default();
            let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
            (host, None)
        } else {
            let port = free_port().map_err(|error| format!("no port is free: {error}"))?;
            (format!("127.0.0.1:{port}"), Some(Process::start(text, files, port)?))
        };
        let address = host.to_socket_addrs().ok().and_then(|mut all| all.next());
        let address = address.ok_or_else(|| format!("`{host}` is no address: write http://HOST:PORT"))?;
        if process.is_none() && !trusted && !is_outside(address.ip()) {
            return Err(NotOpened::Inside);
        }
        let mut service = Self {
            address,
            host,
            process,
            is_clocked: false,
            clock_ms: AtomicU64::new(1),
            runs: AtomicU32::new(0),
            faults: AtomicU32::new(0),
            spent_us: AtomicU64::new(0),
            mark: mark(),
        };
        let first = service.wait_until_it_answers()?;
        service.is_clocked = first.header(CLOCK).is_some();
        Ok(service)
    }

    /// Begins a run.
    pub fn begin(&self) -> Turn {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        Turn { suffix: format!("-{}{number}", self.mark), last: None }
    }

    /// Sends a request, after letting the script's time (`now`) pass.
    ///
    /// # Errors
    /// There is no answer, and why.
    #[expect(clippy::disallowed_methods, reason = "what a stranger's service takes is measured and bounded")]
    pub fn ask(
        &self,
        turn: &mut Turn,
        now: Duration,
        method: &str,
        target: &str,
        body: Option<&str>,
    ) -> Result<Answer, String> {
        if self.faults.load(Ordering::Relaxed) >= FAULTS_MAX {
            return Err(format!("not asked: {FAULTS_MAX} requests before got no answer"));
        }
        if self.spent_us.load(Ordering::Relaxed) > micros(ALL) {
            return Err(format!("not asked: all requests before took more than {} s", ALL.as_secs()));
        }
        let began = Instant::now();
        let headers = self.pass_time(now.saturating_sub(turn.last.unwrap_or(now)));
        turn.last = Some(now);
        let answer = client::ask(self.address, &self.host, method, target, &headers, body);
        let told_ms = answer.as_ref().ok().and_then(|answer| answer.header(CLOCK)?.parse().ok());
        self.clock_ms.fetch_max(told_ms.unwrap_or(0), Ordering::Relaxed);
        self.spent_us.fetch_add(micros(began.elapsed()), Ordering::Relaxed);
        answer.map_err(|fault| {
            self.faults.fetch_add(1, Ordering::Relaxed);
            let death = self.process.as_ref().and_then(Process::death).unwrap_or_default();
            format!("no answer: {fault}{death}")
        })
    }

    /// Lets the time since the last request pass: by telling the service in a header, which is returned, otherwise by
    /// waiting.
    #[expect(clippy::disallowed_methods, reason = "where a service takes no time from a header, time has to pass")]
    fn pass_time(&self, passed: Duration) -> String {
        if self.is_clocked {
            let passed_ms = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX / 2);
            let ms = self.clock_ms.load(Ordering::Relaxed).saturating_add(passed_ms);
            return format!("{CLOCK}: {ms}\r\n");
        }
        std::thread::sleep(passed.min(ALL));
        String::new()
    }

    #[expect(clippy::disallowed_methods, reason = "a process takes real time to begin")]
    fn wait_until_it_answers(&self) -> Result<Answer, String> {
        let (began, mut ended_early) = (Instant::now(), 0);
        loop {
            let fault = match client::ask(self.address, &self.host, "GET", "/health", &format!("{CLOCK}: 1\r\n"), None)
            {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            if let Some(death) = self.process.as_ref().and_then(Process::death) {
                return Err(format!("the service ended before it answered{death}"));
            }
            // A service that closes the connection may be about to end, which takes a moment to be seen.
            ended_early += u32::from(fault == Fault::EndedEarly);
            let may_begin =
                matches!(fault, Fault::Refused(_)) || (fault == Fault::EndedEarly && ended_early < ENDINGS_MAX);
            let is_waited_for = self.process.is_some() && may_begin;
            if !is_waited_for || began.elapsed() > BEGINNING {
                let hint = "it must listen on 127.0.0.1, at the port in the environment variable PORT";
                let hint = if self.process.is_some() { hint } else { "start it, then try again" };
                return Err(format!("GET http://{}/health: {fault}; {hint}", self.host));
            }
            std::thread::sleep(ASKING);
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A port that is free at this moment.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Different in each grading, because a service that keeps running keeps its data.
#[expect(clippy::disallowed_methods, reason = "only namespaces' names depend on it, which no report shows")]
fn mark() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{:x}x", (since.as_nanos() % (1 << 40)) ^ u128::from(std::process::id()))
}

/// A process, with its folder and all its children.
#[derive(Debug)]
struct Process {
    child: std::sync::Mutex<Child>,
    words: PathBuf,
    _folder: tempfile::TempDir,
}

impl Process {
    fn start(command: &str, files: &BTreeMap<String, String>, port: u16) -> Result<Self, String> {
        let mut lines = command.lines();
        let command = lines.next().map(str::trim).filter(|command| !command.is_empty());
        let command = command.ok_or("the file `start` is empty: write the command that starts the service into it")?;
        let own = lines.find_map(|line| line.strip_prefix("cwd "));
        let failed = |error: std::io::Error| format!("the service cannot be laid out: {error}");
        let folder = scratch::folder().map_err(failed)?;
        for (name, text) in files.iter().filter(|_| own.is_none()) {
            let path = folder.path().join("service").join(name);
            fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
            fs::write(path, text).map_err(failed)?;
        }
        let words = folder.path().join("words");
        let log = fs::File::create(&words).map_err(failed)?;
        // With process numbers of its own, so that it can name nobody outside.
        let mut shell = alone::alone("sh");
        shell
            .arg("-c")
            .arg(format!("{LIMITS}{WATCHED}"))
            .args(["sh", command])
            .env("PORT", port.to_string())
            .env("PYTHONDONTWRITEBYTECODE", "1");
        shell.current_dir(own.map_or_else(|| folder.path().join("service"), PathBuf::from));
        shell.stdin(Stdio::piped()).stdout(log.try_clone().map_err(failed)?).stderr(log);
        // In a group of its own, so that its children end with it.
        machine::in_own_group(&mut shell);
        let child = shell.spawn().map_err(|error| {
            format!("`{command}` cannot be started ({error}): where there is no `sh`, start it yourself and give --url")
        })?;
        Ok(Self { child: std::sync::Mutex::new(child), words, _folder: folder })
    }

    /// A message with its last output, if it has ended.
    fn death(&self) -> Option<String> {
        let mut child = self.child.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let status = child.try_wait().ok()??;
        let mut words = Vec::new();
        _ = fs::File::open(&self.words).and_then(|file| file.take(1 << 20).read_to_end(&mut words));
        let words = String::from_utf8_lossy(&words[words.len().saturating_sub(WORDS_MAX)..]).into_owned();
        Some(format!(" ({status}); its last words: {}", words.trim()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        machine::end_group(child.id());
        _ = child.kill();
        _ = child.wait();
        machine::end_orphans();
    }
}

#[cfg(test)]
mod tests {
    use super::is_outside;

    #[test]
    fn what_is_inside_this_network_is_not_a_strangers_to_have_asked() {
        for (address, outside) in [
            ("93.184.215.14", true),
            ("2606:2800:21f:cb07::1", true),
            ("127.0.0.1", false),
            ("127.9.9.9", false),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("100.64.0.1", false),
            ("169.254.169.254", false),
            ("255.255.255.255", false),
            ("::1", false),
            ("::", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:93.184.215.14", true),
            ("64:ff9b::7f00:1", false),
            ("2002:7f00:1::", false),
            ("fe80::1", false),
            ("fd12::1", false),
        ] {
            assert_eq!(is_outside(address.parse().expect("it is an address")), outside, "{address}");
        }
    }
}
