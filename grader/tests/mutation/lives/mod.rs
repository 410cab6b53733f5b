//! Random scripts whose expectations are computed by a naive model: lists that are searched from end to end, no index, no hash. A
//! life expects only what the statement fixes, so a program that fails an expectation is wrong, and every right program passes
//! all lives.

mod cluster;
mod model;
mod node;
mod parser;
mod ring;

use cachedojo::random::Random;

/// The promise that a life checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Promise {
    /// Only the sentence of a row: a program that fails most of these lives must lose at least half of the row.
    Core(&'static str),
    /// A failure scenario: a program that fails one of these lives must lose the scenario's points whole.
    Scenario(&'static str),
    /// Everything together: a program that fails one must lose something.
    Mixed(&'static str),
}

/// A script with its expectations.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    /// What it is about.
    pub(crate) promise: Promise,
    /// The script.
    pub(crate) script: String,
}

/// The kinds of lives, each with how many there are, and how one is written.
type Kind = (Promise, u64, fn(&mut Writer));

const KINDS: &[Kind] = &[
    (Promise::Core("get_miss"), 4, node::strangers),
    (Promise::Core("set_get"), 4, node::reads),
    (Promise::Core("delete"), 4, node::deletes),
    (Promise::Core("ttl_expire"), 6, node::expiry),
    (Promise::Core("lru_eviction"), 6, node::recency),
    (Promise::Core("consistent_hash"), 4, ring::moves),
    (Promise::Core("replication"), 4, cluster::places),
    (Promise::Core("incr_decr"), 4, node::sums),
    (Promise::Core("protocol_parse"), 3, parser::gets),
    (Promise::Core("stats"), 4, node::counts),
    (Promise::Scenario("scenario_a"), 6, node::removal),
    (Promise::Scenario("scenario_b"), 8, node::accounts),
    (Promise::Scenario("scenario_c"), 4, ring::shards),
    (Promise::Scenario("scenario_d"), 4, cluster::failures),
    (Promise::Scenario("scenario_e"), 6, node::misses),
    (Promise::Mixed("a node"), 24, node::everything),
    (Promise::Mixed("policies"), 8, node::policies),
    (Promise::Mixed("a ring"), 8, ring::everything),
    (Promise::Mixed("a cluster"), 16, cluster::everything),
    (Promise::Mixed("a parser"), 8, parser::everything),
];

/// All lives; the same whenever they are asked for. Cost: some hundred lines each.
pub(crate) fn all() -> Vec<Life> {
    let kinds = KINDS.iter().enumerate();
    let lives = kinds.flat_map(|(index, (promise, count, write))| {
        (0..*count).map(move |number| {
            let mut writer = Writer { random: Random::new(((index as u64) << 32) | number), script: String::new() };
            write(&mut writer);
            Life { promise: *promise, script: writer.script }
        })
    });
    lives.collect()
}

/// A script that is being written.
pub(crate) struct Writer {
    random: Random,
    script: String,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.script += line;
        self.script.push('\n');
    }

    fn expect(&mut self, line: &str, expected: &str) {
        self.line(line);
        self.line(&format!("expect {expected}"));
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.below(bound)
    }

    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.random.below(high - low + 1)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        *self.random.pick(from)
    }

    fn letter(&mut self) -> char {
        char::from(b'a' + self.random.below(26).to_le_bytes()[0])
    }

    /// So many names, no two alike, in no order, of one length.
    fn names(&mut self, count: usize) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        while names.len() < count {
            let letters: String = (0..5).map(|_| self.letter()).collect();
            let name = format!("{letters}{}", self.below(10));
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}
