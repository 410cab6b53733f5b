//! `cargo xtask bench capacity`: the document's drawing, nginx before two servers that share one Redis, under its estimates at a tenth:
//! 100,000 active keys of 1 KB, ten reads to a write, and a hit rate above 90 %. Clients are cache-aside: what they do not find they load and
//! store. In the middle one server is killed, and stays away.

use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::client::{Client, Protocol};
use super::contestant::{Contestant, Who, http};
use super::rows::{ms, per_second};

/// Keys that are there at the start, of those that are asked for.
const ACTIVE: usize = 100_000;
const ASKED: usize = 110_000;
/// A value, in bytes.
const VALUE: usize = 1_000;
/// Requests, and the clients that take turns with them.
const REQUESTS: usize = 60_000;
const CLIENTS: usize = 32;
/// One request in so many is a write.
const WRITE_EVERY: usize = 11;

/// nginx, which ends when this is dropped.
struct Nginx {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
}

impl Nginx {
    fn start(servers: &[SocketAddr]) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("cachedojo-nginx-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let name = folder.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("  {kind}_temp_path {name}/{kind};\n"))
            .concat();
        let all: String = servers.iter().map(|server| format!("server {server}; ")).collect();
        let settings = format!(
            "worker_processes 1;\ndaemon off;\npid {name}/pid;\nerror_log {name}/errors;\nevents {{ worker_connections 1024; }}\n\
             http {{\n  access_log off;\n{temporary}  upstream service {{ {all}keepalive 64; }}\n  server {{\n    listen {address};\n    \
             keepalive_requests 1000000;\n    location / {{\n      proxy_pass http://service;\n      proxy_http_version 1.1;\n      \
             proxy_set_header Connection \"\";\n    }}\n  }}\n}}\n"
        );
        std::fs::write(folder.join("nginx.conf"), settings)?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(&folder).arg("-c").arg(folder.join("nginx.conf")).arg("-e").arg(folder.join("errors"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let nginx = Self { child, folder, address };
        for _ in 0..200 {
            if TcpStream::connect(address).is_ok() {
                return Ok(nginx);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(Error::other("nginx does not listen"))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked to end, it ends its worker too.
        _ = Command::new("kill").arg(self.child.id().to_string()).status();
        _ = self.child.wait();
        _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What came of the requests.
#[derive(Default)]
struct Counts {
    hits: usize,
    misses: usize,
    writes: usize,
    errors: usize,
    waits: Vec<Duration>,
}

pub(super) fn run(server: &str) -> Result<()> {
    let redis = Contestant::start(Who::Redis, server)?;
    let behind = || Contestant::over(server, redis.address);
    let (first, second) = (behind()?, behind()?);
    for server in [&first, &second] {
        server.client()?.ask(http("PUT", "/api/v1/namespaces/n", "{\"max_size_mb\":4000}").as_bytes())?;
    }
    let nginx = Nginx::start(&[first.address, second.address])?;
    let mut client = Client::new(nginx.address, Protocol::Http)?;
    for from in (0..ACTIVE).step_by(100) {
        let mut bytes = Vec::new();
        Who::RestOverRedis.set_many(from, 100, VALUE, &mut bytes);
        client.ask(&bytes)?;
    }
    let mut counts = Counts::default();
    let start = Instant::now();
    ask(nginx.address, 0..REQUESTS / 2, &mut counts)?;
    let (steady, steady_errors) = (start.elapsed(), counts.errors);
    drop(second);
    ask(nginx.address, REQUESTS / 2..REQUESTS, &mut counts)?;
    let took = start.elapsed();
    counts.waits.sort_unstable();
    let Counts { hits, misses, writes, errors, waits } = counts;
    println!("nginx, two servers, one Redis: {ACTIVE} keys of {VALUE} bytes, {CLIENTS} connections");
    println!(
        "  {REQUESTS} requests, {:.0}/s with two servers, {:.0}/s in all",
        per_second(REQUESTS / 2, steady),
        per_second(REQUESTS, took)
    );
    println!(
        "  {hits} hits, {misses} misses loaded and stored, {writes} writes: {:.1} % hit",
        100.0 * share(hits, misses)
    );
    println!(
        "  p50 {:.2} ms, p99 {:.2} ms (budget 10 ms)",
        ms(waits[waits.len() / 2]),
        ms(waits[waits.len() * 99 / 100])
    );
    println!("  {steady_errors} errors before one server was killed, {} after", errors - steady_errors);
    println!("  Redis has {} MB", redis.memory()? >> 20);
    Ok(())
}

/// Sends these requests, one of each client at a time; a miss is stored.
fn ask(address: SocketAddr, numbers: std::ops::Range<usize>, counts: &mut Counts) -> Result<()> {
    let mut clients = (0..CLIENTS).map(|_| Client::new(address, Protocol::Http)).collect::<Result<Vec<_>>>()?;
    for from in numbers.step_by(CLIENTS) {
        let mut sent = Vec::new();
        for (client, number) in clients.iter_mut().zip(from..) {
            let (key, is_write) = (key(number), number % WRITE_EVERY == 0);
            let mut bytes = Vec::new();
            if is_write {
                Who::RestOverRedis.set(key, VALUE, &mut bytes);
            } else {
                Who::RestOverRedis.get(key, &mut bytes);
            }
            client.send(&bytes)?;
            sent.push((key, is_write, Instant::now()));
        }
        for (client, (key, is_write, at)) in clients.iter_mut().zip(sent) {
            let status = client.receive_status()?;
            counts.waits.push(at.elapsed());
            match status {
                200 | 201 if is_write => counts.writes += 1,
                200 => counts.hits += 1,
                404 => {
                    counts.misses += 1;
                    let mut bytes = Vec::new();
                    Who::RestOverRedis.set(key, VALUE, &mut bytes);
                    client.send(&bytes)?;
                    counts.errors += usize::from(client.receive_status()? >= 300);
                }
                _ => counts.errors += 1,
            }
        }
    }
    Ok(())
}

/// Some keys are asked for far more often than others: by the cube of a number from 0 to 1.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1")]
fn key(number: usize) -> usize {
    let mixed = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let unit = (mixed >> 11) as f64 / (1_u64 << 53) as f64;
    ((unit * unit * unit) * ASKED as f64) as usize
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn share(part: usize, rest: usize) -> f64 {
    part as f64 / (part + rest) as f64
}
