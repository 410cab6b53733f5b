use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::api::{Command, Effect, Input, NodeConfig, Reply};

// stage 1 only, the rest next week
pub struct CacheNode {
    map: HashMap<String, (Vec<u8>, Instant, Option<Duration>)>,
}

impl CacheNode {
    pub fn new(_config: NodeConfig) -> Self {
        CacheNode { map: HashMap::new() }
    }

    pub fn start(&mut self) -> Vec<Effect> {
        vec![]
    }

    fn lookup(&mut self, key: &str) -> Option<Vec<u8>> {
        let (value, written, ttl) = self.map.get(key)?;
        if let Some(ttl) = ttl {
            if written.elapsed() >= *ttl {
                self.map.remove(key);
                return None;
            }
        }
        Some(value.clone())
    }

    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let Input::Client { request, command } = input else { return vec![] };
        let reply = match command {
            Command::Put { key, value, ttl, .. } => {
                self.map.insert(key, (value, Instant::now(), ttl));
                Reply::Done
            }
            Command::Get { key, .. } | Command::Peek { key } => Reply::Value(self.lookup(&key)),
            Command::Delete { key, .. } | Command::Invalidate { key } => {
                self.map.remove(&key);
                Reply::Done
            }
        };
        vec![Effect::Reply { request, reply }]
    }
}
