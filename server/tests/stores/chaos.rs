//! The document's chaos table with real processes. Nothing waits for a time to pass: what must come about is asked for
//! until it does, and each asking is bounded by the service's own timeouts.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::processes::{Process, redis};
use crate::redis::{Pair, put};
use crate::support::{Client, Running};

/// The service as a process of its own, and where it answers.
fn service(flags: &[&str]) -> (Process, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cachedojo-server"));
    command.args(["--listen", "127.0.0.1:0", "--log", "off"]).args(flags);
    let process = Process::start(command, "Cache service: ");
    let address = process.ready.split("http://").nth(1).map(|url| url.trim_end_matches('/'));
    let address = address.and_then(|address| address.parse().ok()).expect("an address");
    (process, address)
}

/// Askings until something has come about: with the pauses a minute at least, on a machine that is busy with other tests.
const ASKINGS: usize = 12_000;
/// The pause after an asking, so that they do not take the processor from what is waited for.
const PAUSE: Duration = Duration::from_millis(5);

pub(crate) fn until(mut is_so: impl FnMut() -> bool) -> bool {
    let mut is_so_now = || {
        is_so() || {
            std::thread::park_timeout(PAUSE);
            false
        }
    };
    (0..ASKINGS).any(|_| is_so_now())
}

fn get(client: &mut Client, key: &str) -> u16 {
    client.ask("GET", &format!("/api/v1/cache/n/{key}"), "").status
}

/// C-01 and C-02: Redis is killed: errors with a body, no crash, and what needs no Redis is answered. It comes back: so
/// does the service, by itself.
#[test]
fn redis_down_and_up_again() {
    let mut pair = Pair::new(&[], &["--store-timeout-ms", "300"]);
    let mut client = pair.server.client();
    assert_eq!(put(&mut client, "k", "{\"value\":1}").status, 201);
    pair.redis.kill();
    for _ in 0..5 {
        let answer = client.ask("GET", "/api/v1/cache/n/k", "");
        assert!([503, 504].contains(&answer.status), "{answer:?}");
        assert!(answer.json()["error"].as_str().is_some_and(|error| error.starts_with("Cache storage ")));
        assert!(put(&mut client, "k", "{\"value\":1}").status >= 500);
    }
    let health = client.ask("GET", "/health", "");
    assert!([503, 504].contains(&health.status), "{health:?}");
    let (health, error) = (health.json(), |error: &str| error.starts_with("Cache storage "));
    assert_eq!((&health["status"], &health["redis"]), (&"unhealthy".into(), &"disconnected".into()));
    assert!(health["error"].as_str().is_some_and(error), "{health}");
    assert_eq!(client.ask("GET", "/openapi.json", "").status, 200);
    pair.redis = redis(pair.port, &[]);
    assert!(until(|| get(&mut client, "k") == 404), "it reconnects; this Redis had no disk");
    assert_eq!(put(&mut client, "k", "{\"value\":2}").status, 201);
    let health = client.ask("GET", "/health", "").json();
    assert_eq!((&health["redis"], &health["store"]), (&"connected".into(), &"redis".into()));
}

/// A Redis that becomes a read-only replica, as after a failover: nothing can be counted, so nothing is served, and health says so.
#[test]
fn redis_becomes_a_replica_and_a_master_again() {
    let pair = Pair::new(&[], &[]);
    let mut client = pair.server.client();
    assert_eq!(put(&mut client, "k", "{\"value\":1}").status, 201);
    for (follows, status) in [(["127.0.0.1", "1"], 503), (["no", "one"], 200)] {
        let mut told = Command::new("redis-cli");
        told.args(["-p", &pair.port.to_string(), "replicaof"]).args(follows);
        assert!(told.output().expect("redis-cli").status.success());
        assert_eq!(get(&mut client, "k"), status);
        assert_eq!(client.ask("GET", "/health", "").status, status);
    }
}

/// C-03: Redis is full: with a policy of its own it evicts, and the counts follow; without one, 507 and nothing is lost.
#[test]
fn memory_full() {
    let value = format!("{{\"value\":\"{}\"}}", "v".repeat(50_000));
    let pair = Pair::new(&["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru"], &[]);
    let mut client = pair.server.client();
    for number in 0..200 {
        assert_eq!(put(&mut client, &format!("k{number}"), &value).status, 201, "entry {number}");
    }
    // Which of them Redis lets go is its own choice: it looks at a few keys, and at whole seconds.
    let answers: Vec<u16> = (0..200).map(|number| get(&mut client, &format!("k{number}"))).collect();
    let there = answers.iter().filter(|status| **status == 200).count();
    let gone = answers.iter().filter(|status| **status == 404).count();
    assert!((10..=80).contains(&there) && there + gone == 200, "{there} there, {gone} gone");

    let pair = Pair::new(&["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"], &[]);
    let mut client = pair.server.client();
    let stored = (0..200).take_while(|number| put(&mut client, &format!("k{number}"), &value).status == 201).count();
    assert!((10..199).contains(&stored), "{stored}");
    let answer = put(&mut client, "more", &value);
    assert_eq!((answer.status, answer.body.as_str()), (507, "{\"error\":\"Cache storage full\"}"));
    let stats = client.ask("GET", "/api/v1/cache/n/stats", "").json();
    assert_eq!(stats["total_keys"], stored);
    assert_eq!(get(&mut client, "k0"), 200, "what was acknowledged is there");
}

/// C-04 and C-06: Redis stops answering: each request ends within its time, others are served meanwhile, and when Redis
/// goes on so do they.
#[test]
fn redis_that_does_not_answer() {
    let pair = Pair::new(&[], &["--store-timeout-ms", "200"]);
    let mut client = pair.server.client();
    assert_eq!(put(&mut client, "k", "{\"value\":1}").status, 201);
    pair.redis.signal("STOP");
    let answers = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| get(&mut pair.server.client(), "k"))).collect();
        assert_eq!(client.ask("GET", "/metrics", "").status, 200, "served meanwhile");
        threads.into_iter().map(|thread| thread.join().expect("it ends")).collect::<Vec<_>>()
    });
    assert!(answers.iter().all(|status| [503, 504].contains(status)), "{answers:?}");
    pair.redis.signal("CONT");
    assert!(until(|| get(&mut client, "k") == 200));
}

/// C-04: a slow network: every answer of Redis is held back for longer than a request may take, then for no time.
#[test]
fn a_slow_network() {
    let pair = Pair::new(&[], &[]);
    let slow = Proxy::new(pair.port);
    let url = format!("redis://127.0.0.1:{}", slow.port);
    let server = Running::new(&["--store", &url, "--store-timeout-ms", "200"]);
    let mut client = server.client();
    assert_eq!(put(&mut client, "k", "{\"value\":1}").status, 201);
    let held = slow.gate.lock().expect("nobody panics");
    let answer = client.ask("GET", "/api/v1/cache/n/k", "");
    assert!([503, 504].contains(&answer.status), "{answer:?}");
    drop(held);
    assert!(until(|| get(&mut client, "k") == 200));
}

/// Carries bytes to a port of this machine and back. Nothing comes back while somebody holds the gate.
struct Proxy {
    port: u16,
    gate: Arc<Mutex<()>>,
}

impl Proxy {
    fn new(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let gate = Arc::new(Mutex::new(()));
        let shared = Arc::clone(&gate);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else { return };
                let (near2, far2) = (near.try_clone().expect("a socket"), far.try_clone().expect("a socket"));
                let (open, gate) = (Mutex::new(()), Arc::clone(&shared));
                std::thread::spawn(move || carry(near, far, &open));
                std::thread::spawn(move || carry(far2, near2, &gate));
            }
        });
        Self { port, gate }
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, gate: &Mutex<()>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        drop(gate.lock());
        if to.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
    _ = to.shutdown(std::net::Shutdown::Both);
}

/// C-05: more connections than there are places: each is served or told to come back, those inside are served on, and
/// afterwards all is as before.
#[test]
fn a_storm_of_connections() {
    // The storm may take longer than silence is suffered otherwise.
    let (_process, address) = service(&["--connections", "500", "--timeout-ms", "600000"]);
    let mut inside = Client::new(address);
    assert_eq!(put(&mut inside, "k", "{\"value\":1}").status, 201);
    let storm: Vec<TcpStream> = (0..10_000).map_while(|_| TcpStream::connect(address).ok()).collect();
    assert!(storm.len() > 900, "this machine lets a process have {} sockets", storm.len());
    assert_eq!(get(&mut inside, "k"), 200, "in the storm");
    let late = Client::new(address).receive_status();
    assert!(matches!(late, None | Some(503)), "{late:?}");
    drop(storm);
    assert!(until(|| Client::new(address).try_ask("GET", "/health") == Some(200)), "after the storm");
    assert_eq!(get(&mut inside, "k"), 200);
}
