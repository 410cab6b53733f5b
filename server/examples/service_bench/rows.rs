//! The rows of the table.

use std::io::Result;
use std::time::{Duration, Instant};

use super::client::{Client, drive, waits};
use super::contestant::{Contestant, VALUE, Who, bind_client, http};

/// How often each contestant takes its turn.
const ROUNDS: usize = 3;
/// Keys that are there.
const KEYS: usize = 10_000;
/// Connections at once.
const CONNECTIONS: usize = 50;
/// Requests that are sent together where there is pipelining.
const DEPTH: usize = 32;
/// Requests whose waiting is measured, in each round.
const WAITS: usize = 500;
/// Operations of a round, for throughput.
const OPERATIONS: usize = 10_000;
/// A large value, in bytes.
const LARGE: usize = 1_000_000;
/// The keys of P-07 and of P-10.
const MANY: usize = 1_000_000;
const SCANNED: usize = 100_000;

pub(super) fn run(server: &str) -> Result<()> {
    let all = [Who::Rest, Who::RestOverRedis, Who::Bare, Who::Ours, Who::Memcached, Who::Redis];
    let contestants = all.iter().map(|&who| Contestant::start(who, server)).collect::<Result<Vec<_>>>()?;
    bind_client()?;
    for contestant in contestants.iter().filter(|contestant| contestant.who != Who::Bare) {
        fill(contestant, 0..KEYS, VALUE)?;
    }
    let of = |who: &[Who]| -> Vec<&Contestant> {
        contestants.iter().filter(|contestant| who.contains(&contestant.who)).collect()
    };
    let stores = [Who::Rest, Who::RestOverRedis, Who::Ours, Who::Memcached, Who::Redis];
    latency("P-01 GET, one key", 5, &of(&all), &|who, turn, out| {
        who.get(turn % KEYS, out);
        1
    })?;
    latency("P-02 SET, one key", 10, &of(&stores), &|who, turn, out| {
        who.set(turn % KEYS, VALUE, out);
        1
    })?;
    latency("P-03 MGET, 100 keys", 20, &of(&stores), &|who, turn, out| {
        who.get_many(turn * 7 % (KEYS - 100), 100, out);
        1
    })?;
    latency("P-04 MSET, 100 entries", 30, &of(&stores), &|who, turn, out| {
        who.set_many(turn * 7 % (KEYS - 100), 100, VALUE, out)
    })?;
    let (http, text) = ([Who::Bare, Who::Rest, Who::RestOverRedis], [Who::Memcached, Who::Ours, Who::Redis]);
    let get = |who: Who, turn: usize, out: &mut Vec<u8>| who.get(turn * 7 % KEYS, out);
    let set = |who: Who, turn: usize, out: &mut Vec<u8>| who.set(turn * 7 % KEYS, VALUE, out);
    throughput("P-05 reads, HTTP", 1, &of(&http), &get)?;
    throughput("P-05 reads, one at a time", 1, &of(&text), &get)?;
    throughput("P-05 reads, 32 in a pipeline", DEPTH, &of(&text), &get)?;
    throughput("P-06 writes, HTTP", 1, &of(&http[1..]), &set)?;
    throughput("P-06 writes, one at a time", 1, &of(&text), &set)?;
    throughput("P-06 writes, 32 in a pipeline", DEPTH, &of(&text), &set)?;
    println!("P-08 1000 connections at once, each with a request");
    for contestant in &contestants {
        let mut clients = contestant.clients(1000)?;
        let took = drive(&mut clients, 1, 1000, &|turn, out| contestant.who.get(turn % KEYS, out))?;
        println!("  {:<20} all answered, {:.0} ms", contestant.who.name(), ms(took));
    }
    println!("P-09 GET, 1 MB (target 50 ms), p99");
    // memcached itself takes items below 1 MiB only with all that belongs to them.
    for contestant in of(&stores) {
        let mut client = contestant.client()?;
        let mut bytes = Vec::new();
        contestant.who.set(0, LARGE, &mut bytes);
        client.ask(&bytes)?;
        let taken = waits(&mut client, 100, &|_, out| contestant.who.get(0, out), 1)?;
        println!("  {:<20} {:.2} ms", contestant.who.name(), ms(taken[98]));
    }
    drop(contestants);
    memory(server)
}

fn fill(contestant: &Contestant, keys: std::ops::Range<usize>, length: usize) -> Result<()> {
    let mut client = contestant.client()?;
    for from in keys.step_by(100) {
        let mut bytes = Vec::new();
        let answers = contestant.who.set_many(from, 100, length, &mut bytes);
        client.send(&bytes)?;
        client.receive(answers)?;
    }
    Ok(())
}

type Asking<'a> = &'a dyn Fn(Who, usize, &mut Vec<u8>) -> usize;

/// What 99 of 100 requests wait at most, one after the other.
fn latency(title: &str, target_ms: u32, contestants: &[&Contestant], ask: Asking<'_>) -> Result<()> {
    println!("{title} (target {target_ms} ms), p50 and p99");
    let mut rounds = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for (contestant, rounds) in contestants.iter().zip(&mut rounds) {
            let who = contestant.who;
            let answers = ask(who, 0, &mut Vec::new());
            let request = |turn: usize, out: &mut Vec<u8>| _ = ask(who, turn, out);
            let taken = waits(&mut contestant.client()?, WAITS, &request, answers)?;
            rounds.push((taken[WAITS / 2], taken[WAITS * 99 / 100]));
        }
    }
    for (contestant, rounds) in contestants.iter().zip(&rounds) {
        let [p50, p99] =
            [median(rounds.iter().map(|round| ms(round.0))), median(rounds.iter().map(|round| ms(round.1)))];
        println!("  {:<20} {p50:.3} ms  {p99:.3} ms", contestant.who.name());
    }
    Ok(())
}

/// Operations a second on 50 connections, and the server's processor time for one; ratios to the first one.
fn throughput(
    title: &str,
    depth: usize,
    contestants: &[&Contestant],
    ask: &dyn Fn(Who, usize, &mut Vec<u8>),
) -> Result<()> {
    println!("{title}, {CONNECTIONS} connections");
    let operations = OPERATIONS * depth.min(10);
    let mut clients =
        contestants.iter().map(|contestant| contestant.clients(CONNECTIONS)).collect::<Result<Vec<_>>>()?;
    let mut rounds = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for ((contestant, clients), rounds) in contestants.iter().zip(&mut clients).zip(&mut rounds) {
            let before = contestant.processor()?;
            let clients: &mut [Client] = clients;
            let took = drive(clients, depth, operations, &|turn, out| ask(contestant.who, turn, out))?;
            rounds.push((
                per_second(operations, took),
                micros(contestant.processor()?.saturating_sub(before), operations),
            ));
        }
    }
    let of = |rounds: &[(f64, f64)]| {
        (median(rounds.iter().map(|round| round.0)), median(rounds.iter().map(|round| round.1)))
    };
    let first = of(&rounds[0]);
    for (contestant, rounds) in contestants.iter().zip(&rounds) {
        let (rate, each) = of(rounds);
        println!(
            "  {:<20} {rate:>9.0}/s ({:.2}x)  {each:.2} us of its processor each ({:.2}x)",
            contestant.who.name(),
            rate / first.0,
            each / first.1
        );
    }
    Ok(())
}

/// P-07 and P-10, each in a server of its own.
fn memory(server: &str) -> Result<()> {
    println!("P-07 memory of {MANY} keys of {VALUE} bytes (target 2 GB)");
    let (mut redis, mut scans) = (0, Vec::new());
    for who in [Who::Redis, Who::Memcached, Who::Ours, Who::Rest] {
        let contestant = Contestant::start(who, server)?;
        let before = contestant.memory()?;
        fill(&contestant, 0..SCANNED, VALUE)?;
        if matches!(who, Who::Redis | Who::Rest) {
            scans.push((who, scan(&contestant)?));
        }
        fill(&contestant, 0..MANY, VALUE)?;
        let taken = contestant.memory()? - before;
        redis = if who == Who::Redis { taken } else { redis };
        println!(
            "  {:<20} {:>5} MB, {} bytes a key ({:.2}x)",
            who.name(),
            taken >> 20,
            taken / MANY as u64,
            ratio(taken, redis)
        );
    }
    println!("P-10 pattern scan, {SCANNED} keys, 1000 of them match (target 5 s)");
    for (who, took) in scans {
        println!("  {:<20} {:.0} ms", who.name(), ms(took));
    }
    Ok(())
}

/// Finds and deletes by a pattern.
fn scan(contestant: &Contestant) -> Result<Duration> {
    let mut client = contestant.client()?;
    let start = Instant::now();
    if contestant.who == Who::Rest {
        client.ask(http("DELETE", "/api/v1/cache/n?pattern=user_0001*", "").as_bytes())?;
        return Ok(start.elapsed());
    }
    let mut cursor = "0".to_owned();
    loop {
        let scan = format!("SCAN {cursor} MATCH user_0001* COUNT 1000\r\n");
        let told = String::from_utf8_lossy(&client.ask(scan.as_bytes())?).into_owned();
        let mut words = told.split("\r\n").filter(|word| !word.starts_with(['*', '$']));
        cursor = words.next().unwrap_or("0").to_owned();
        let keys: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        if !keys.is_empty() {
            client.ask(format!("DEL {}\r\n", keys.join(" ")).as_bytes())?;
        }
        if cursor == "0" {
            return Ok(start.elapsed());
        }
    }
}

pub(super) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(super) fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn micros(took: Duration, count: usize) -> f64 {
    took.as_secs_f64() * 1e6 / count as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn ratio(one: u64, other: u64) -> f64 {
    one as f64 / other as f64
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
