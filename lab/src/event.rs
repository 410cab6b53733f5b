//! Everything that can be observed, as one enum. Text, JSON, pictures and verdicts are pure functions of events.

use std::fmt;

use cachedojo_wire::Stats;
use serde::{Deserialize, Serialize};

use crate::families::cluster::tell::WorldEvent;
use crate::missing;
use crate::subject::Crash;
use cachedojo::cache::CacheEvent;
use cachedojo_notation::duration::Duration;
use cachedojo_notation::text::{escape, word};

/// One event, with its place in the script and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Which command of the script, counted from 0 (a `for` line is many commands).
    pub step: u32,
    /// The script's line, counted from 1.
    pub line: u32,
    /// The monotonic time since the run began, in milliseconds.
    pub at_ms: u64,
    /// What was observed.
    #[serde(flatten)]
    pub what: What,
}

/// What an expectation met where no command has answered yet.
pub const NO_ANSWER: &str = "no answer";

/// The numbers that answers have: what [`What::field`] knows.
pub(crate) const FIELDS: [&str; 15] = [
    "hits",
    "misses",
    "evictions",
    "expired",
    "bytes",
    "entries",
    "value",
    "count",
    "distinct",
    "moved",
    "keys",
    "unowned",
    "nodes",
    "largest",
    "smallest",
];

/// Every kind of event: first a subject's answers, then what the world does, then the judge's findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum What {
    /// A read found its key.
    Hit {
        /// The key.
        key: String,
        /// The value, escaped where it is not printable.
        value: String,
    },
    /// A read found nothing.
    Miss {
        /// The key.
        key: String,
    },
    /// A write was accepted.
    Stored {
        /// The key.
        key: String,
    },
    /// A write was refused.
    Refused {
        /// The key.
        key: String,
    },
    /// A key was removed.
    Deleted {
        /// The key.
        key: String,
    },
    /// There was no such key to delete, touch or count.
    NotFound {
        /// The key.
        key: String,
    },
    /// A key's time to live was renewed.
    Touched {
        /// The key.
        key: String,
    },
    /// A counter's new value; `None` when there was no number to add to.
    Number {
        /// The key.
        key: String,
        /// The value after the addition.
        value: Option<i64>,
    },
    /// How many entries a command removed.
    Removed {
        /// The number of entries.
        count: u64,
    },
    /// A yes or no.
    Truth {
        /// The answer.
        value: bool,
    },
    /// A node's counters.
    Stats(StatsView),
    /// An object was created.
    Created {
        /// `node`, `ring` or `cluster`.
        object: String,
    },
    /// A member joined.
    Joined {
        /// Its id.
        id: String,
    },
    /// A member left.
    Left {
        /// Its id.
        id: String,
    },
    /// The cluster rebalanced.
    Rebalanced,
    /// The node that is responsible for a key.
    Owner {
        /// The key.
        key: String,
        /// The node's id, or none.
        node: Option<String>,
    },
    /// The nodes that hold a key, in order; or the members.
    Nodes {
        /// Their ids.
        nodes: Vec<String>,
    },
    /// How a series of keys spreads over the nodes.
    Spread {
        /// How many keys.
        keys: u32,
        /// Each owner and its number of keys, by id.
        shares: Vec<Share>,
        /// Keys without an owner.
        unowned: u32,
    },
    /// Which of the marked keys changed owner.
    Moved {
        /// How many keys were marked.
        keys: u32,
        /// How many moved.
        moved: u32,
        /// From which node to which, by id.
        moves: Vec<Move>,
    },
    /// The owners of a series of keys were remembered.
    Marked {
        /// How many keys.
        keys: u32,
    },
    /// What the parser read.
    Parsed {
        /// The command, in this language's words.
        command: String,
    },
    /// The parser refused the input.
    Rejected {
        /// One of the prototype's three errors.
        error: String,
    },
    /// Bytes that the subject wrote, escaped.
    Wrote {
        /// The bytes.
        bytes: String,
    },
    /// A cluster's error, in the subject's words.
    Error {
        /// The words.
        message: String,
    },
    /// A line of a protocol's answer.
    Said {
        /// The line, without its end.
        text: String,
    },
    /// Keys, in the order that the command defines.
    Keys {
        /// The keys.
        keys: Vec<String>,
    },
    /// The subject has no such item.
    NotImplemented {
        /// The item of the prototype.
        item: String,
    },
    /// A command for an object that was not created yet.
    NoObject {
        /// `node`, `ring`, `cluster` or `mark`; `nodes=3`, a simulated cluster, alone or beside the prototype's cluster.
        object: String,
    },
    /// The subject ended.
    Crashed {
        /// How it ended.
        crash: Crash,
    },
    /// An event inside the subject, which only it can report.
    Inside {
        /// What it was.
        event: CacheEvent,
    },
    /// Something happened in the simulated cluster.
    World {
        /// What it was.
        event: WorldEvent,
    },
    /// Time passed.
    Ticked {
        /// By how many milliseconds.
        ms: u64,
    },
    /// The wall clock jumped, the monotonic clock did not.
    WallJumped {
        /// By how many milliseconds.
        ms: i64,
    },
    /// An expectation held.
    Held {
        /// The expectation, as written.
        expected: String,
    },
    /// An expectation did not hold.
    Broken {
        /// The expectation, as written.
        expected: String,
        /// The actual answer.
        actual: String,
    },
}

/// The counters, with the names that scripts use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatsView {
    /// Reads that found their key.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Entries evicted because of the limit.
    pub evictions: u64,
    /// Entries removed because they had expired.
    pub expired: u64,
    /// Bytes accounted.
    pub bytes: u64,
    /// Entries held.
    pub entries: u64,
}

impl From<Stats> for StatsView {
    fn from(stats: Stats) -> Self {
        Self {
            hits: stats.hits,
            misses: stats.misses,
            evictions: stats.evictions,
            expired: stats.expired,
            bytes: stats.bytes_stored,
            entries: stats.entry_count,
        }
    }
}

/// One node's share of a series of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The node's id.
    pub node: String,
    /// Its number of keys.
    pub keys: u32,
}

/// Keys that moved from one node to another; an empty id stands for no node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The owner before.
    pub from: String,
    /// The owner after.
    pub to: String,
    /// How many keys.
    pub keys: u32,
}

impl What {
    /// Whether this is the subject's answer to a command (then `expect` looks at it).
    pub fn is_answer(&self) -> bool {
        if let Self::World { event } = self {
            return event.is_answer();
        }
        !matches!(
            self,
            Self::Inside { .. }
                | Self::Ticked { .. }
                | Self::WallJumped { .. }
                | Self::Held { .. }
                | Self::Broken { .. }
                | Self::NoObject { .. }
        )
    }

    /// Whether a run's text leaves it out because such events are frequent; the JSON has them all.
    pub const fn is_quiet(&self) -> bool {
        matches!(self, Self::World { event } if event.is_quiet())
    }

    /// The number that `expect <field> <op> <number>` names: its value, and the value that 100 % stands for.
    pub fn field(&self, name: &str) -> Option<(i128, i128)> {
        let plain = |n: u64| Some((i128::from(n), 0));
        match (self, name) {
            (Self::Stats(stats), _) => match name {
                "hits" => plain(stats.hits),
                "misses" => plain(stats.misses),
                "evictions" => plain(stats.evictions),
                "expired" => plain(stats.expired),
                "bytes" => plain(stats.bytes),
                "entries" => plain(stats.entries),
                _ => None,
            },
            (Self::Number { value: Some(value), .. }, "value") => Some((i128::from(*value), 0)),
            (Self::Removed { count }, "count") => plain(*count),
            (Self::Nodes { nodes }, "count") => plain(nodes.len() as u64),
            (Self::Nodes { nodes }, "distinct") => {
                let mut ids: Vec<&str> = nodes.iter().map(String::as_str).collect();
                ids.sort_unstable();
                ids.dedup();
                plain(ids.len() as u64)
            }
            (Self::Keys { keys }, "count") => plain(keys.len() as u64),
            (Self::Moved { keys, moved, .. }, "moved") => Some((i128::from(*moved), i128::from(*keys))),
            (Self::Spread { keys, .. }, "keys") => plain(u64::from(*keys)),
            (Self::Spread { unowned, .. }, "unowned") => plain(u64::from(*unowned)),
            (Self::Spread { shares, .. }, "nodes") => plain(shares.len() as u64),
            // Percentages of the fair share: scaled by the number of nodes, so that no division has to be rounded.
            (Self::Spread { keys, shares, .. }, "largest" | "smallest") => {
                let counts = shares.iter().map(|share| share.keys);
                let extreme = if name == "largest" { counts.max() } else { counts.min() };
                Some((i128::from(extreme?) * shares.len() as i128, i128::from(*keys)))
            }
            _ => None,
        }
    }

    /// The node ids that `expect contains …` looks at.
    pub fn ids(&self) -> Option<Vec<&str>> {
        match self {
            Self::Nodes { nodes } => Some(nodes.iter().map(String::as_str).collect()),
            Self::Owner { node, .. } => Some(node.iter().map(String::as_str).collect()),
            Self::Keys { keys } => Some(keys.iter().map(String::as_str).collect()),
            Self::Spread { shares, .. } => Some(shares.iter().map(|share| share.node.as_str()).collect()),
            _ => None,
        }
    }
}

/// The text of an event: what `expect` compares and `grader run` prints, one line each.
impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hit { value, .. } => f.write_str(&word(value)),
            Self::Miss { .. } | Self::Number { value: None, .. } => f.write_str("nothing"),
            Self::Stored { .. } => f.write_str("stored"),
            Self::Refused { .. } => f.write_str("refused"),
            Self::Deleted { .. } => f.write_str("deleted"),
            Self::NotFound { .. } => f.write_str("not found"),
            Self::Touched { .. } => f.write_str("touched"),
            Self::Number { value: Some(value), .. } => write!(f, "{value}"),
            Self::Removed { count } => write!(f, "removed {count}"),
            Self::Truth { value } => f.write_str(if *value { "yes" } else { "no" }),
            Self::Stats(stats) => write!(
                f,
                "hits={} misses={} evictions={} expired={} bytes={} entries={}",
                stats.hits, stats.misses, stats.evictions, stats.expired, stats.bytes, stats.entries
            ),
            Self::Created { object } => write!(f, "{object} ready"),
            Self::Joined { id } => write!(f, "{} joined", name(id)),
            Self::Left { id } => write!(f, "{} left", name(id)),
            Self::Rebalanced => f.write_str("rebalanced"),
            Self::Owner { node, .. } => f.write_str(&node.as_deref().map_or("nobody".into(), name)),
            Self::Nodes { nodes } if nodes.is_empty() => f.write_str("nobody"),
            Self::Nodes { nodes: names } | Self::Keys { keys: names } => {
                let words: Vec<_> = names.iter().map(|raw| name(raw)).collect();
                f.write_str(&words.join(" "))
            }
            Self::Spread { keys, shares, unowned } => {
                write!(f, "{keys} keys:")?;
                for share in shares {
                    write!(f, " {}={}", name(&share.node), share.keys)?;
                }
                if *unowned > 0 { write!(f, " nobody={unowned}") } else { Ok(()) }
            }
            Self::Moved { keys, moved, moves } => {
                write!(f, "moved {moved} of {keys}")?;
                for (i, hop) in moves.iter().enumerate() {
                    write!(f, "{}{hop}", if i == 0 { ": " } else { " " })?;
                }
                Ok(())
            }
            Self::Marked { keys } => write!(f, "marked {keys}"),
            Self::Parsed { command } => f.write_str(command),
            Self::Rejected { error } => f.write_str(error),
            Self::Wrote { bytes } => f.write_str(&word(bytes)),
            Self::Error { message } => write!(f, "error: {message}"),
            Self::Said { text } => f.write_str(text),
            Self::NotImplemented { item } => write!(f, "not implemented: {item}"),
            Self::NoObject { object } => f.write_str(&missing::in_english(object)),
            Self::Crashed { crash } => write!(f, "{crash}"),
            Self::Inside { event: CacheEvent::Evicted { key, policy, for_key } } => {
                write!(f, "~ {} evicted {} to make room for {}", policy.name(), name(key), name(for_key))
            }
            Self::Inside { event: CacheEvent::Expired { key, .. } } => write!(f, "~ {} expired", name(key)),
            Self::Inside { event: CacheEvent::Refused { key, bytes, limit_bytes } } => {
                write!(f, "~ {} weighs {bytes} bytes, the limit is {limit_bytes}", name(key))
            }
            Self::World { event } => write!(f, "{event}"),
            Self::Ticked { ms } => write!(f, "+{}", Duration::from_ms(*ms)),
            Self::WallJumped { ms } => {
                let sign = if *ms < 0 { '-' } else { '+' };
                write!(f, "wall clock {sign}{}", Duration::from_ms(ms.unsigned_abs()))
            }
            Self::Held { expected } => write!(f, "ok: {expected}"),
            Self::Broken { expected, actual } => write!(f, "BROKEN: expected {expected}, got {actual}"),
        }
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |id: &str| if id.is_empty() { "nobody".into() } else { name(id) };
        write!(f, "{}->{}={}", end(&self.from), end(&self.to), self.keys)
    }
}

/// A key or an id, which may contain anything, written as one word.
pub(crate) fn name(raw: &str) -> String {
    word(&escape(raw.as_bytes()))
}
