//! Random scripts: the life of a node, a ring, a cluster and a parser, within what the statement fixes. Two programs that answer
//! one of them differently do not do the same.

use cachedojo::random::Random;
use cachedojo_lab::event::{Event, What};

/// A script, and the steps whose answers the statement leaves open.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    /// The script.
    pub(crate) script: String,
    /// Indices of commands.
    pub(crate) open: Vec<u32>,
}

struct Writer {
    random: Random,
    life: Life,
    steps: u32,
}

/// A life for a seed: a node's, a ring's, a cluster's or a parser's in turn. Cost: some hundred commands.
pub(crate) fn life(seed: u64) -> Life {
    let life = Life { script: String::new(), open: Vec::new() };
    let mut writer = Writer { random: Random::new(seed), life, steps: 0 };
    match seed % 5 {
        0 | 1 => writer.node(),
        2 => writer.ring(),
        3 => writer.cluster(),
        _ => writer.parser(),
    }
    writer.life
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.life.script += line;
        self.life.script.push('\n');
        self.steps += 1;
    }

    fn open(&mut self, line: &str) {
        self.life.open.push(self.steps);
        self.line(line);
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.below(bound)
    }

    /// Names that are in no order, and of one length.
    fn key(&mut self, bound: u64) -> String {
        let number = self.below(bound);
        format!("{}k{number}", (b'a' + (number * 7 % 26).to_le_bytes()[0]) as char)
    }

    fn node(&mut self) {
        let policy = *self.random.pick(&["lru", "lru", "fifo"]);
        self.line(&format!("node new 10000 {policy}"));
        let mut now = 0;
        // When a key that was given a deadline may be over: from then on what `delete`, `touch` and `incr` say is open.
        let mut over: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
        for _ in 0..70 {
            let key = self.key(9);
            let expired = over.get(&key).is_some_and(|at| *at <= now);
            let line = match self.below(20) {
                0..=6 => {
                    let size = 1700 + self.below(181);
                    let ttl = *self.random.pick(&[0, 0, 0, 50, 500, 100_000]);
                    over.remove(&key);
                    if ttl > 0 {
                        over.insert(key.clone(), now + ttl);
                    }
                    let ttl = if ttl > 0 { format!(" ttl {ttl}ms") } else { String::new() };
                    format!("node set {key} {size}*{}{ttl}", (b'a' + self.below(26).to_le_bytes()[0]) as char)
                }
                7..=13 => format!("node get {key}"),
                14 => format!("node delete {key}"),
                15 => {
                    over.remove(&key);
                    format!("node set {key} {}", self.below(200))
                }
                16 => format!("node incr {key} {}", self.below(40).cast_signed() - 20),
                17 => {
                    if !expired {
                        over.insert(key.clone(), now + 300);
                    }
                    format!("node touch {key} 300ms")
                }
                18 => {
                    let ms = 5 + self.below(200);
                    now += ms;
                    format!("tick {ms}ms")
                }
                _ => "node clean".to_owned(),
            };
            let asks = ["node delete", "node touch", "node incr"].iter().any(|word| line.starts_with(word));
            if asks && expired || line == "node clean" {
                self.open(&line);
            } else {
                self.line(&line);
            }
        }
        self.line("node clean");
        self.line("node stats");
    }

    fn ring(&mut self) {
        self.line("ring new 20");
        for _ in 0..14 {
            let id = 1 + self.below(12);
            let line = match self.below(5) {
                0 | 1 => format!("ring remove n{id}"),
                2 => format!("ring remove n{id}\nring add n{id} dead"),
                _ => format!("ring remove n{id}\nring add n{id}"),
            };
            line.lines().for_each(|line| self.line(line));
            for _ in 0..3 {
                let (key, count) = (self.key(1000), self.below(5));
                self.line(&format!("ring where {key}"));
                self.line(&format!("ring replicas {key} {count}"));
            }
        }
        self.line("ring nodes");
    }

    fn cluster(&mut self) {
        let rf = 1 + self.below(3);
        let ttl = *self.random.pick(&["", " ttl=5s"]);
        self.line(&format!("cluster new rf={rf}{ttl}"));
        (1..=4).for_each(|id| self.line(&format!("cluster add n{id}")));
        let mut there = vec![1, 2, 3, 4];
        for _ in 0..50 {
            let key = self.key(9);
            match self.below(16) {
                0..=3 => {
                    let value = self.below(500);
                    let ttl = *self.random.pick(&["", "", " ttl 400ms", " ttl 60s"]);
                    self.line(&format!("cluster set {key} {value}{ttl}"));
                }
                4..=8 => self.line(&format!("cluster get {key}")),
                9 => self.open(&format!("cluster delete {key}")),
                10 => self.open(&format!("cluster incr {key} 3")),
                11 => self.open(&format!("cluster touch {key} 2s")),
                12 => self.line("tick 150ms"),
                13 => self.line(&format!("cluster where {key}")),
                _ => {
                    let id = 1 + self.below(6);
                    if let Some(at) = there.iter().position(|known| *known == id) {
                        if there.len() > 1 {
                            there.remove(at);
                            self.line(&format!("cluster remove n{id}"));
                        }
                    } else {
                        there.push(id);
                        self.line(&format!("cluster add n{id}"));
                    }
                    self.line("cluster rebalance");
                }
            }
        }
    }

    fn parser(&mut self) {
        for _ in 0..40 {
            let name =
                *self.random.pick(&["get", "GET", "set", "Set", "delete", "incr", "decr", "touch", "stats", "gte", ""]);
            let (key, number) = (self.key(99), self.below(50));
            let line = match name {
                "set" | "Set" => {
                    let length = self.below(8);
                    let data: String =
                        (0..length).map(|_| *self.random.pick(&["a", " ", "\\r", "\\n", "\\x00", "\\xff"])).collect();
                    let exptime = *self.random.pick(&["0", "0", "90", "x"]);
                    let length = match self.below(9) {
                        0 => "x".to_owned(),
                        1 => (length + 3).to_string(),
                        _ => length.to_string(),
                    };
                    format!("{name} {key} 0 {exptime} {length}\\r\\n{data}\\r\\n")
                }
                "incr" | "decr" | "touch" => {
                    let number = if self.below(6) == 0 { "x".to_owned() } else { number.to_string() };
                    format!("{name} {key} {number}\\r\\n")
                }
                "stats" | "" => format!("{name}\\r\\n"),
                _ if self.below(6) == 0 => format!("{name}\\r\\n"),
                _ => format!("{name} {key}\\r\\n"),
            };
            self.line(&format!("parse \"{line}\""));
        }
        for answer in ["stored", "deleted", "not-found"] {
            self.line(&format!("serialize {answer}"));
        }
    }
}

/// What of a run the statement fixes: answers, without the order of nodes, the way of weighing and the kind of an error.
pub(crate) fn fixed(life: &Life, events: &[Event]) -> Vec<(u32, String)> {
    let told = events.iter().filter(|event| !life.open.contains(&event.step)).map(|event| {
        let text = match &event.what {
            What::Nodes { nodes } => {
                let mut nodes = nodes.clone();
                nodes.sort();
                nodes.join(" ")
            }
            What::Stats(stats) => format!("{} {} {}", stats.entries, stats.hits, stats.misses),
            What::Rejected { .. } | What::Error { .. } => "error".to_owned(),
            What::NotFound { .. } | What::Miss { .. } => "nothing".to_owned(),
            What::Crashed { .. } => "crash".to_owned(),
            what => what.to_string(),
        };
        (event.step, text)
    });
    told.collect()
}
