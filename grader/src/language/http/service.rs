//! A service that is asked: found at its address or started, waited for, told the time, and started again when it has ended.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cachedojo_lab::script::without_mark;

use crate::host::progress::{self, ServiceProgress};

use super::client::{self, Answer, Fault, HttpCall, PATIENCE};
use super::clock::{self, CLOCK, Clock};
use super::outside::is_outside;
use super::process::{Process, START};

/// How long a service may take until its first answer: it may have to be compiled.
const BEGINNING: Duration = Duration::from_secs(150);
/// So many seconds pass between two lines that tell that it is waited for.
const TELLING: u64 = 5;
/// How often it may close the connection during that time.
const ENDINGS_MAX: u32 = 50;
/// So many pauses a service has to end after it has stopped listening.
const ENDING_LOOKS: u32 = 50;
/// A service that takes connections at another port than its own for so many looks will not come to its own: it does not read
/// the variable.
const ELSEWHERE_LOOKS: u32 = 6;
/// So many requests pass between two such looks.
const LOOK_EVERY: u32 = 50;
/// The pause between requests during that time.
const ASKING: Duration = Duration::from_millis(20);
/// After so many requests that were waited for in vain it is not asked again.
const SILENCES_MAX: u32 = 3;
/// How often a service that ended is started again: a request that ends it costs the case in which it was sent, and no other.
const STARTS_MAX: u32 = 20;
/// The time for all requests together, and for all waiting. It passes on a busy machine too, so a right service uses a small part.
const ALL: Duration = Duration::from_secs(90);
/// How much of what it printed during a request without an answer is shown, in characters.
const PRINTED_MAX: usize = 160;
/// What a service that is started must do.
const WHERE: &str = "it must stay in the foreground (without `&` behind it) and listen on 127.0.0.1, at the port in the environment variable PORT";

/// A service that is running.
#[derive(Debug)]
pub struct Service {
    /// Its files, for starting it again.
    files: BTreeMap<String, String>,
    place: Mutex<Place>,
    /// Whether it takes the time from a header.
    pub(super) is_clocked: bool,
    /// What is wrong with that header, if it offers one that cannot be used.
    pub(super) clock_fault: Option<String>,
    /// The latest time that it was told, in milliseconds; its own clock may advance by itself.
    clock_ms: AtomicU64,
    runs: AtomicU32,
    starts: AtomicU32,
    silences: AtomicU32,
    /// Whether the last request got no answer: then it may have ended.
    is_doubted: AtomicBool,
    /// The time used by requests and by waiting, in microseconds.
    spent_us: AtomicU64,
    /// The suffix of this grading's namespaces.
    mark: String,
}

/// Where a service is asked, and its process if it was started here.
#[derive(Debug)]
struct Place {
    /// It is asked at the first of these that takes a connection.
    addresses: Vec<SocketAddr>,
    host: String,
    process: Option<Process>,
    /// Why it could not be started again; empty if it was not tried.
    lost: String,
}

/// The state of one run: its namespaces' suffix, and the script's time at its last request.
#[derive(Debug)]
pub struct Turn {
    suffix: String,
    pub(super) last: Option<Duration>,
    /// When its last request was sent, once the time before it had passed.
    pub(super) sent: Option<Instant>,
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

/// What the start file says.
pub(super) fn start_text(files: &BTreeMap<String, String>) -> &str {
    files.get(START).map(|text| without_mark(text).trim()).unwrap_or_default()
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
        let text = start_text(files);
        let mut place = if is_url(text) { Place::named(text, trusted)? } else { Place::started(files)? };
        let first = place.wait_until_it_answers()?;
        let clock = clock::look(&first, &mut |call| place.ask(call));
        Ok(Self {
            files: files.clone(),
            place: Mutex::new(place),
            is_clocked: matches!(clock, Clock::At(_)),
            clock_ms: AtomicU64::new(if let Clock::At(ms) = clock { ms } else { 1 }),
            clock_fault: if let Clock::Broken(why) = clock { Some(why) } else { None },
            runs: AtomicU32::new(0),
            starts: AtomicU32::new(0),
            silences: AtomicU32::new(0),
            is_doubted: AtomicBool::new(false),
            spent_us: AtomicU64::new(0),
            mark: mark(),
        })
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a run. A service that has ended is started again.
    pub fn begin(&self) -> Turn {
        // Who hangs up may have ended, whether its shell has noticed or not.
        if self.is_doubted.load(Ordering::Relaxed) && self.place().refuses() {
            _ = self.start_again();
        }
        Turn { suffix: self.fresh(), last: None, sent: None }
    }

    /// Ends the process and starts it again, and says whether it answers; nothing if it was not started here, or too often. If it
    /// does not answer, later requests tell why.
    #[expect(clippy::disallowed_methods, reason = "what a stranger's service takes is measured and bounded")]
    pub fn start_again(&self) -> Option<bool> {
        let (mut place, began) = (self.place(), Instant::now());
        // What did not start again once is not waited for again: each time could take all of `BEGINNING`.
        let is_given_up = place.process.is_none() || !place.lost.is_empty();
        let is_over = is_given_up || self.spent_us.load(Ordering::Relaxed) > micros(ALL);
        if is_over || self.starts.fetch_add(1, Ordering::Relaxed) >= STARTS_MAX {
            return None;
        }
        // First of all the earlier process: with it goes whatever is a child of this one.
        place.process = None;
        let again = Place::started(&self.files).and_then(|mut again| again.wait_until_it_answers().map(|_| again));
        match again {
            Ok(again) => *place = again,
            Err(why) => place.lost = format!("; it did not start again: {why}"),
        }
        self.spent_us.fetch_add(micros(began.elapsed()), Ordering::Relaxed);
        Some(place.lost.is_empty())
    }

    /// A suffix that no namespace had yet.
    fn fresh(&self) -> String {
        format!("-{}{}", self.mark, self.runs.fetch_add(1, Ordering::Relaxed))
    }

    /// The path of a namespace that was not used yet.
    pub fn fresh_root(&self) -> String {
        format!("/api/v1/cache/extra{}", self.fresh())
    }

    /// Where it takes connections.
    pub fn address(&self) -> Option<SocketAddr> {
        self.place().addresses.first().copied()
    }

    /// Sends a request of no script's: no time passes, nothing is counted, and several callers may do so at a time.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn call(&self, call: &HttpCall<'_>) -> Result<Answer, Fault> {
        let (addresses, host) = {
            let place = self.place();
            (place.addresses.clone(), place.host.clone())
        };
        client::ask(&addresses, &host, call)
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
        if self.silences.load(Ordering::Relaxed) >= SILENCES_MAX {
            return Err(format!("not asked: {SILENCES_MAX} requests before got no answer in time"));
        }
        if self.spent_us.load(Ordering::Relaxed) > micros(ALL) {
            return Err(format!("not asked: all requests before took more than {} s", ALL.as_secs()));
        }
        let began = Instant::now();
        let headers = self.pass_time(now.saturating_sub(turn.last.unwrap_or(now)));
        let is_first = turn.last.replace(now).is_none();
        turn.sent = Some(Instant::now());
        let call = HttpCall { method, target, headers: &headers, body };
        let (mut place, mut answer, mut printed) = self.sent(&call);
        // It was ended by the run before, and took one more connection while it did.
        if is_first && answer.is_err() && self.is_doubted.load(Ordering::Relaxed) && place.refuses() {
            drop(place);
            _ = self.start_again();
            (place, answer, printed) = self.sent(&call);
        }
        let told_ms = answer.as_ref().ok().and_then(|answer| answer.header(CLOCK)?.parse().ok());
        self.clock_ms.fetch_max(told_ms.unwrap_or(0), Ordering::Relaxed);
        self.spent_us.fetch_add(micros(began.elapsed()), Ordering::Relaxed);
        self.is_doubted.store(answer.is_err(), Ordering::Relaxed);
        answer.map_err(|fault| {
            self.silences.fetch_add(u32::from(fault == Fault::TooSlow), Ordering::Relaxed);
            let ending = place.process.as_ref().map_or(String::new(), |process| ending(process, printed));
            format!("no answer: {fault}{ending}{}", place.lost)
        })
    }

    /// The answer to a request, and how much the service had printed before; with the lock on its place.
    fn sent(&self, call: &HttpCall<'_>) -> (MutexGuard<'_, Place>, Result<Answer, Fault>, u64) {
        let place = self.place();
        let printed = place.process.as_ref().map_or(0, Process::printed);
        let answer = place.ask(call);
        if matches!(answer, Err(Fault::HungUp | Fault::EndedEarly | Fault::Refused(_))) {
            place.let_it_end();
        }
        (place, answer, printed)
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
}

impl Place {
    /// The address in a URL.
    fn named(url: &str, trusted: bool) -> Result<Self, NotOpened> {
        let rest = &url["http://".len()..];
        let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if !matches!(path, "" | "/") {
            let root =
                format!("`{path}` behind the address is not asked: the API begins at the root, so name http://{host}");
            return Err(root.into());
        }
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        let host = if has_port { host.to_owned() } else { format!("{host}:80") };
        let addresses: Vec<_> = host.to_socket_addrs().into_iter().flatten().collect();
        if addresses.is_empty() {
            return Err(format!("`{host}` is no address: write http://HOST:PORT").into());
        }
        if !trusted && !addresses.iter().all(|address| is_outside(address.ip())) {
            return Err(NotOpened::Inside);
        }
        Ok(Self { addresses, host, process: None, lost: String::new() })
    }

    /// A service that has just been started. One that listens on the other loopback address only is found there.
    fn started(files: &BTreeMap<String, String>) -> Result<Self, String> {
        let port = free_port().map_err(|error| format!("no port is free: {error}"))?;
        let process = Some(Process::start(files, port).map_err(|why| why.to_string())?);
        let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let addresses = addresses.map(|address| SocketAddr::new(address, port)).to_vec();
        Ok(Self { addresses, host: format!("127.0.0.1:{port}"), process, lost: String::new() })
    }

    /// Whether nobody takes connections there.
    fn refuses(&self) -> bool {
        self.addresses.iter().all(|address| TcpStream::connect_timeout(address, PATIENCE).is_err())
    }

    /// Waits for a moment if nobody listens any more: between a service's last breath and its shell's end some time passes.
    #[expect(clippy::disallowed_methods, reason = "a process takes real time to end")]
    fn let_it_end(&self) {
        for _ in 0..ENDING_LOOKS {
            let is_ending = self.process.as_ref().is_some_and(|process| process.death().is_none());
            if !is_ending || !self.refuses() {
                break;
            }
            std::thread::sleep(ASKING);
        }
    }

    fn ask(&self, call: &HttpCall<'_>) -> Result<Answer, Fault> {
        client::ask(&self.addresses, &self.host, call)
    }

    /// Asks until there is an answer. From then on the service is asked at the address that gave it.
    #[expect(clippy::disallowed_methods, reason = "a process takes real time to begin")]
    fn wait_until_it_answers(&mut self) -> Result<Answer, String> {
        let (began, mut ended_early) = (Instant::now(), 0);
        let (mut asked, mut elsewhere) = (0_u32, 0);
        let headers = format!("{CLOCK}: 1\r\n");
        let call = HttpCall { method: "GET", target: "/health", headers: &headers, body: None };
        let mut told = 0;
        loop {
            let fault = match client::ask_first(&self.addresses, &self.host, &call) {
                Ok((answer, address)) => {
                    self.addresses = vec![address];
                    return Ok(answer);
                }
                Err(fault) => fault,
            };
            if let Some((process, death)) = self.process.as_ref().and_then(|it| Some((it, it.death()?))) {
                let words = last_words(process);
                return Err(format!("the service ended before it answered ({death}); {WHERE}{words}"));
            }
            // A service that closes the connection may be about to end, which takes a moment to be seen.
            let hung_up = matches!(fault, Fault::EndedEarly | Fault::HungUp);
            ended_early += u32::from(hung_up);
            let may_begin = matches!(fault, Fault::Refused(_)) || (hung_up && ended_early < ENDINGS_MAX);
            if self.process.is_none() || !may_begin || began.elapsed() > BEGINNING {
                let hint = if self.process.is_some() { WHERE } else { "start it, then try again" };
                let words = self.process.as_ref().map_or_else(String::new, last_words);
                return Err(format!("GET http://{}/health: {fault}; {hint}{words}", self.host));
            }
            asked += 1;
            let waited = began.elapsed().as_secs();
            if waited >= told + TELLING {
                told = waited;
                progress::report(ServiceProgress::Waiting {
                    host: self.host.clone(),
                    waited,
                    most: BEGINNING.as_secs(),
                });
            }
            if let Some(process) = self.process.as_ref().filter(|_| asked.is_multiple_of(LOOK_EVERY)) {
                let ports = process.ports();
                elsewhere = if ports.is_empty() { 0 } else { elsewhere + 1 };
                if elsewhere >= ELSEWHERE_LOOKS {
                    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
                    return Err(format!(
                        "nothing listens at the port in the environment variable PORT: the service listens at {} instead; read \
                         PORT, and listen there",
                        ports.join(", ")
                    ));
                }
            }
            std::thread::sleep(ASKING);
        }
    }
}

/// What a service that did not begin has printed, if it has.
fn last_words(process: &Process) -> String {
    let words = process.words(0);
    if words.trim().is_empty() { String::new() } else { format!("; its last words: {words}") }
}

/// What is known of a service that gave no answer: how it ended, if it did, and what it printed during the request.
fn ending(process: &Process, from: u64) -> String {
    let words: Vec<_> = process.words(from).lines().map(|line| line.trim().to_owned()).collect();
    // Lines of dashes and carets say nothing.
    let words = words.into_iter().filter(|line| line.contains(char::is_alphanumeric)).collect::<Vec<_>>().join(" | ");
    let from = words.chars().count().saturating_sub(PRINTED_MAX);
    let words: String = words.chars().skip(from).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let death = process.death().map_or_else(String::new, |death| format!("; the service has ended ({death})"));
    if words.is_empty() { death } else { format!("{death}; it printed: {words}") }
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
