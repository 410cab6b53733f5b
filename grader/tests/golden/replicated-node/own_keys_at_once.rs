use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use crate::api::{Command, Effect, Input, NodeConfig, Reply};
use crate::wire::{Reader, Writer};

// stages 1 and 2: no copies yet
pub struct CacheNode {
    me: String,
    ring: BTreeMap<u64, String>,
    map: HashMap<String, (Vec<u8>, Option<Instant>)>,
    asked: HashMap<u64, u64>,
    next: u64,
}

const PUT: u8 = 0;
const GET: u8 = 1;
const DELETE: u8 = 2;

fn hash(text: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

impl CacheNode {
    pub fn new(config: NodeConfig) -> Self {
        let mut ring = BTreeMap::new();
        for member in &config.members {
            for point in 0..config.virtual_nodes {
                ring.insert(hash(&format!("{member}#{point}")), member.clone());
            }
        }
        Self { me: config.node_id, ring, map: HashMap::new(), asked: HashMap::new(), next: 0 }
    }

    pub fn start(&mut self) -> Vec<Effect> {
        vec![]
    }

    fn owner(&self, key: &str) -> String {
        let next = self.ring.range(hash(key)..).next().or_else(|| self.ring.iter().next());
        next.map(|(_, node)| node.clone()).unwrap_or_default()
    }

    fn look_up(&self, key: &str) -> Option<Vec<u8>> {
        let (value, until) = self.map.get(key)?;
        until.is_none_or(|until| Instant::now() < until).then(|| value.clone())
    }

    fn obey(&mut self, what: u8, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Reply {
        match what {
            PUT => {
                self.map.insert(key.to_owned(), (value, ttl.map(|ttl| Instant::now() + ttl)));
                Reply::Done
            }
            GET => Reply::Value(self.look_up(key)),
            _ => {
                self.map.remove(key);
                Reply::Done
            }
        }
    }

    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Client { request, command } => self.command(request, command),
            Input::Message { from, bytes } => self.message(from, &bytes).unwrap_or_default(),
            Input::Timer { timer } => {
                let reply = Reply::Failed("no answer".to_owned());
                self.asked.remove(&timer).map(|request| Effect::Reply { request, reply }).into_iter().collect()
            }
            Input::Joined { .. } | Input::Left { .. } => vec![],
        }
    }

    fn command(&mut self, request: u64, command: Command) -> Vec<Effect> {
        let (what, key, value, ttl) = match command {
            Command::Put { key, value, ttl, .. } => (PUT, key, value, ttl),
            Command::Get { key, .. } => (GET, key, vec![], None),
            Command::Delete { key, .. } | Command::Invalidate { key } => (DELETE, key, vec![], None),
            Command::Peek { key } => {
                return vec![Effect::Reply { request, reply: Reply::Value(self.look_up(&key)) }];
            }
        };
        let owner = self.owner(&key);
        if owner == self.me {
            let reply = self.obey(what, &key, value, ttl);
            return vec![Effect::Reply { request, reply }];
        }
        self.next += 1;
        self.asked.insert(self.next, request);
        let mut out = Writer::default();
        out.byte(9);
        out.number(self.next);
        out.byte(what);
        out.text(&key);
        out.bytes(&value);
        out.number(ttl.map_or(0, |ttl| ttl.as_millis() as u64));
        vec![Effect::Send { to: owner, bytes: out.0 }, Effect::Timer { timer: self.next, after: Duration::from_secs(2) }]
    }

    fn message(&mut self, from: String, bytes: &[u8]) -> Option<Vec<Effect>> {
        let mut input = Reader(bytes);
        let kind = input.byte()?;
        let number = input.number()?;
        if kind != 9 {
            let reply = if kind == 0 { Reply::Done } else { Reply::Value(input.option(Reader::bytes)?) };
            let request = self.asked.remove(&number)?;
            return Some(vec![Effect::Reply { request, reply }]);
        }
        let (what, key, value, ttl) = (input.byte()?, input.text()?, input.bytes()?, input.number()?);
        let reply = self.obey(what, &key, value, (ttl > 0).then(|| Duration::from_millis(ttl)));
        let mut out = Writer::default();
        match reply {
            Reply::Value(value) => {
                out.byte(1);
                out.number(number);
                out.option(value.as_ref(), |out, value| out.bytes(value));
            }
            Reply::Done | Reply::Failed(_) => {
                out.byte(0);
                out.number(number);
            }
        }
        Some(vec![Effect::Send { to: from, bytes: out.0 }])
    }
}
