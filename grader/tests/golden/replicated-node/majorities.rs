//! Stages 1 to 3: a majority is asked, a majority keeps. Nobody is told anything afterwards, and members stay what they are.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use crate::api::{Command, ConsistencyLevel, Effect, Input, NodeConfig, Reply};
use crate::wire::{Reader, Writer};

#[derive(Clone, Default)]
struct Versioned {
    version: u64,
    writer: String,
    value: Option<Vec<u8>>,
    ttl: Option<Instant>,
}

impl Versioned {
    fn newer(&self, than: &Versioned) -> bool {
        (self.version, &self.writer) > (than.version, &than.writer)
    }
    fn get(&self) -> Option<Vec<u8>> {
        if self.ttl.is_some_and(|end| end <= Instant::now()) { None } else { self.value.clone() }
    }
    fn put(&self, w: &mut Writer) {
        w.number(self.version);
        w.text(&self.writer);
        w.option(self.value.as_ref(), |w, v| w.bytes(v));
        let ms = self.ttl.map(|end| end.saturating_duration_since(Instant::now()).as_millis() as u64);
        w.option(ms.as_ref(), |w, ms| w.number(*ms));
    }
    fn take(r: &mut Reader) -> Option<Versioned> {
        Some(Versioned {
            version: r.number()?,
            writer: r.text()?,
            value: r.option(|r| r.bytes())?,
            ttl: r.option(|r| r.number())?.map(|ms| Instant::now() + Duration::from_millis(ms)),
        })
    }
}

enum Phase {
    Reading(Vec<(String, Versioned)>),
    Writing(Versioned, Vec<String>),
}

struct Pending {
    request: u64,
    key: String,
    write: Option<(Option<Vec<u8>>, Option<Instant>)>,
    need: usize,
    phase: Phase,
    tries: u32,
}

pub struct CacheNode {
    config: NodeConfig,
    data: HashMap<String, Versioned>,
    pending: HashMap<u64, Pending>,
    next: u64,
}

impl CacheNode {
    pub fn new(config: NodeConfig) -> Self {
        // Other numbers after a restart.
        let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map(|t| t.as_nanos() as u64);
        CacheNode { config, data: HashMap::new(), pending: HashMap::new(), next: nanos.unwrap_or(1) }
    }

    pub fn start(&mut self) -> Vec<Effect> {
        Vec::new()
    }

    fn owners(&self, key: &str) -> Vec<String> {
        let mut points: Vec<(u64, &String)> = Vec::new();
        for member in &self.config.members {
            for i in 0..self.config.virtual_nodes {
                points.push((hash(&format!("{member}-{i}")), member));
            }
        }
        points.sort();
        let start = points.iter().position(|(p, _)| *p >= hash(key)).unwrap_or(0);
        let mut owners: Vec<String> = Vec::new();
        for i in 0..points.len() {
            let owner = points[(start + i) % points.len()].1;
            if !owners.contains(owner) && owners.len() < self.config.replication_factor {
                owners.push(owner.clone());
            }
        }
        owners
    }

    fn ask(&self, op: u64) -> Vec<Effect> {
        let pending = &self.pending[&op];
        let mut effects = vec![Effect::Timer { timer: op, after: Duration::from_millis(500) }];
        for to in self.owners(&pending.key) {
            let mut w = Writer::default();
            match &pending.phase {
                Phase::Reading(_) => {
                    w.byte(b'r');
                    w.number(op);
                    w.text(&pending.key);
                }
                Phase::Writing(v, _) => {
                    w.byte(b'w');
                    w.number(op);
                    w.text(&pending.key);
                    v.put(&mut w);
                }
            }
            effects.push(Effect::Send { to, bytes: w.0 });
        }
        effects
    }

    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Client { request, command } => self.client(request, command),
            Input::Message { from, bytes } => self.message(&from, &mut Reader(&bytes)).unwrap_or_default(),
            Input::Timer { timer } => match self.pending.get_mut(&timer) {
                Some(pending) if pending.tries < 4 => {
                    pending.tries += 1;
                    self.ask(timer)
                }
                Some(pending) => {
                    let reply = Reply::Failed("timeout".to_string());
                    let effect = Effect::Reply { request: pending.request, reply };
                    self.pending.remove(&timer);
                    vec![effect]
                }
                None => vec![],
            },
            _ => vec![],
        }
    }

    fn client(&mut self, request: u64, command: Command) -> Vec<Effect> {
        let (key, level, write) = match command {
            Command::Peek { key } => {
                let value = self.data.get(&key).and_then(|v| v.get());
                return vec![Effect::Reply { request, reply: Reply::Value(value) }];
            }
            Command::Get { key, level } => (key, level, None),
            Command::Put { key, value, ttl, level } => (key, level, Some((Some(value), ttl.map(|t| Instant::now() + t)))),
            Command::Delete { key, level } => (key, level, Some((None, None))),
            Command::Invalidate { key } => (key, ConsistencyLevel::Quorum, Some((None, None))),
        };
        let n = self.owners(&key).len();
        let need = match level {
            ConsistencyLevel::One => 1,
            ConsistencyLevel::Quorum => n / 2 + 1,
            ConsistencyLevel::All => n,
        };
        self.next += 1;
        self.pending.insert(self.next, Pending { request, key, write, need, phase: Phase::Reading(vec![]), tries: 0 });
        self.ask(self.next)
    }

    fn message(&mut self, from: &str, r: &mut Reader) -> Option<Vec<Effect>> {
        let (kind, op) = (r.byte()?, r.number()?);
        let mut w = Writer::default();
        match kind {
            b'r' => {
                w.byte(b'R');
                w.number(op);
                self.data.get(&r.text()?).cloned().unwrap_or_default().put(&mut w);
            }
            b'w' => {
                let (key, new) = (r.text()?, Versioned::take(r)?);
                let held = self.data.entry(key).or_default();
                if new.newer(held) {
                    *held = new;
                }
                w.byte(b'W');
                w.number(op);
            }
            b'R' => {
                let answer = Versioned::take(r)?;
                let pending = self.pending.get_mut(&op)?;
                let Phase::Reading(answers) = &mut pending.phase else { return None };
                if !answers.iter().any(|(node, _)| node == from) {
                    answers.push((from.to_string(), answer));
                }
                if answers.len() < pending.need {
                    return None;
                }
                let mut newest = Versioned::default();
                for (_, answer) in answers.iter() {
                    if answer.newer(&newest) {
                        newest = answer.clone();
                    }
                }
                if let Some((value, ttl)) = &pending.write {
                    let version = newest.version + 1;
                    newest = Versioned { version, writer: format!("{} {op}", self.config.node_id), value: value.clone(), ttl: *ttl };
                }
                pending.phase = Phase::Writing(newest, vec![]);
                return Some(self.ask(op));
            }
            b'W' => {
                let pending = self.pending.get_mut(&op)?;
                let Phase::Writing(v, acks) = &mut pending.phase else { return None };
                if !acks.contains(&from.to_string()) {
                    acks.push(from.to_string());
                }
                if acks.len() < pending.need {
                    return None;
                }
                let reply = if pending.write.is_some() { Reply::Done } else { Reply::Value(v.get()) };
                let effect = Effect::Reply { request: pending.request, reply };
                self.pending.remove(&op);
                return Some(vec![effect]);
            }
            _ => return None,
        }
        Some(vec![Effect::Send { to: from.to_string(), bytes: w.0 }])
    }
}

fn hash(s: &str) -> u64 {
    let mut h: u64 = 5381;
    for b in s.bytes() {
        h = h.wrapping_mul(33) ^ b as u64;
        h ^= h << 13;
        h ^= h >> 7;
        h ^= h << 17;
    }
    h
}
