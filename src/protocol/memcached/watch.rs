//! `watch`: clients that ask for kinds of happenings get one line for each.

use super::write::INFALLIBLE;
use std::collections::BTreeMap;
use std::io::Write as _;

/// The most clients that may watch at a time.
const WATCHERS_MAX: usize = 20;
/// Lines that a watcher has not fetched yet are kept up to so many bytes; further ones are only counted.
pub(super) const LOG_BYTES_MAX: usize = 256 * 1024;
/// The names of the kinds, in the order in which memcached looks for them.
const NAMES: [&str; 10] = [
    "rawcmds",
    "evictions",
    "fetchers",
    "mutations",
    "sysevents",
    "connevents",
    "proxyreqs",
    "proxyevents",
    "proxyuser",
    "deletions",
];

/// The kinds of lines that a watcher may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Streams(u16);

impl Streams {
    /// Evicted items.
    pub const EVICTIONS: Self = Self(1 << 1);
    /// Items that are looked up.
    pub const FETCHERS: Self = Self(1 << 2);
    /// Attempts to store an item.
    pub const MUTATIONS: Self = Self(1 << 3);
    /// Clients that connect and disconnect.
    pub const CONNEVENTS: Self = Self(1 << 5);
    /// Items that are deleted.
    pub const DELETIONS: Self = Self(1 << 9);

    /// The kind whose name begins with `word`, the first of them if there are several.
    pub(super) fn from_word(word: &[u8]) -> Option<Self> {
        NAMES.iter().position(|name| name.as_bytes().starts_with(word)).map(|at| Self(1 << at))
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The watchers, with the lines that they have not fetched yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    watchers: BTreeMap<u64, Watcher>,
    lines: u64,
}

#[derive(Debug, Clone)]
struct Watcher {
    streams: Streams,
    pending: Vec<u8>,
    skipped: u64,
}

impl Log {
    /// Makes a client a watcher; `false` when there are too many.
    pub(super) fn add_watcher(&mut self, client: u64, streams: Streams) -> bool {
        let has_room = self.watchers.len() < WATCHERS_MAX;
        if has_room {
            self.watchers.insert(client, Watcher { streams, pending: Vec::new(), skipped: 0 });
        }
        has_room
    }

    pub(super) fn remove_watcher(&mut self, client: u64) {
        self.watchers.remove(&client);
    }

    pub(super) fn is_watcher(&self, client: u64) -> bool {
        self.watchers.contains_key(&client)
    }

    /// Moves a watcher's lines to `out`.
    pub(super) fn fetch(&mut self, client: u64, out: &mut Vec<u8>) {
        if let Some(watcher) = self.watchers.get_mut(&client) {
            out.append(&mut watcher.pending);
        }
    }

    /// Whether anybody watches this kind. Nearly always nobody does, so this is checked before a line is built.
    pub(super) fn wants(&self, stream: Streams) -> bool {
        self.watchers.values().any(|watcher| watcher.streams.overlaps(stream))
    }

    /// A line of this kind: the Unix time in seconds and microseconds, the line's number, and what `write` adds.
    pub(super) fn line(&mut self, stream: Streams, unix_time: (u64, u64), write: impl FnOnce(&mut Vec<u8>)) {
        if !self.wants(stream) {
            return;
        }
        self.lines += 1;
        let mut line = Vec::new();
        let (seconds, microseconds) = unix_time;
        write!(line, "ts={seconds}.{microseconds} gid={} ", self.lines).expect(INFALLIBLE);
        write(&mut line);
        line.push(b'\n');
        for watcher in self.watchers.values_mut().filter(|watcher| watcher.streams.overlaps(stream)) {
            if watcher.pending.len() + line.len() > LOG_BYTES_MAX {
                watcher.skipped += 1;
                continue;
            }
            if watcher.skipped > 0 {
                writeln!(watcher.pending, "skipped={}", watcher.skipped).expect(INFALLIBLE);
                watcher.skipped = 0;
            }
            watcher.pending.extend_from_slice(&line);
        }
    }
}

/// Writes a key without spaces and line ends: all but letters, digits and `-._~` as `%` and two digits.
pub(super) fn write_encoded(key: &[u8], out: &mut Vec<u8>) {
    for &byte in key {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte);
        } else {
            write!(out, "%{byte:02X}").expect(INFALLIBLE);
        }
    }
}
