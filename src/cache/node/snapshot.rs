//! A node's contents as a pickle, and back.
//!
//! ```text
//! {"format": "cachedojo/cache/v1",
//!  "stats": {"hits": 1, "misses": 0, "evictions": 0, "expired": 0},
//!  "entries": [(key, value, created_ms, expires_ms or None, last_accessed_ms, access_count), …]}
//! ```
//!
//! Keys are text, values bytes; times are absolute, in milliseconds of the node's clock; entries stand in the order of
//! leaving. Python reads it with `pickle.load`, and what `pickle.dump` writes (protocol 3 and up) can be loaded.
//!
//! In a file 16 bytes follow, which Python does not read: `cjv1`, the moment of saving in milliseconds of the node's clock
//! (8 bytes, little-endian), and the CRC-32 of all before it (4 bytes, little-endian).

use std::fmt;

use super::{CacheNode, Past, Record};
use crate::cache::pickle::{PickleError, Value, Writer, read};
use crate::clock::Instant;

/// The first bytes of the trailer of a saved file, and the trailer's length.
const SEAL: &[u8; 4] = b"cjv1";
const SEAL_BYTES: usize = 16;

const FORMAT: &str = "cachedojo/cache/v1";

/// How many times its size a file may grow when it is unpacked: Python's pickle writes a value that many keys share only once.
const GROWTH_MAX: usize = 64;

/// The largest counter that is loaded: counting on from a larger one could overflow. No cache reaches it by counting.
const COUNT_MAX: u64 = u64::MAX / 2;

/// Why a saved cache could not be loaded. The cache stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// The pickle ends early, or is malformed.
    Damaged {
        /// Where, in bytes from the start.
        offset: usize,
    },
    /// The file's checksum does not match its content.
    Altered,
    /// The pickle wants to build something other than plain data, which could run code.
    NotPlainData {
        /// Where, in bytes from the start.
        offset: usize,
    },
    /// A pickle, but not of a cache.
    NotACache,
    /// An entry is malformed, or its key occurs twice.
    BadEntry {
        /// Which one, from 0.
        index: usize,
    },
    /// Unpacked, the entries would be many times larger than the file.
    Inflated,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { offset } => write!(f, "the file is damaged at byte {offset}: load an older one"),
            Self::Altered => f.write_str("the file was altered, its checksum does not fit: load an older one"),
            Self::NotPlainData { offset } => {
                write!(f, "the file asks for more than plain data at byte {offset}: load only what a cache saved")
            }
            Self::NotACache => write!(f, "the file holds no cache in the format {FORMAT}: load what `save` wrote"),
            Self::BadEntry { index } => {
                write!(f, "entry {index} of the file is malformed or repeated: load an older one")
            }
            Self::Inflated => write!(f, "the file unpacks to over {GROWTH_MAX} times its size: load what `save` wrote"),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<PickleError> for LoadError {
    fn from(error: PickleError) -> Self {
        match error {
            PickleError::Damaged { offset } => Self::Damaged { offset },
            PickleError::NotPlainData { offset } => Self::NotPlainData { offset },
        }
    }
}

/// An entry of a file.
struct Row<'a> {
    key: &'a str,
    value: &'a [u8],
    expires_at: Option<Instant>,
    past: Past,
}

impl CacheNode {
    /// The living entries and the counters, as a pickle (the format is described at the top of the source of this function's
    /// module). O(n log n).
    pub fn save(&self) -> Vec<u8> {
        let now = self.clock.now();
        let mut writer = Writer::new();
        writer.dict(|writer| {
            writer.text("format");
            writer.text(FORMAT);
            writer.text("stats");
            writer.dict(|writer| {
                let counters = &self.ledger.counters;
                for (name, count) in [
                    ("hits", counters.hits),
                    ("misses", counters.misses),
                    ("evictions", counters.evictions),
                    ("expired", counters.expired),
                ] {
                    writer.text(name);
                    writer.number(count);
                }
            });
            writer.text("entries");
            writer.list(|writer| {
                for entry in self.entries().iter().filter(|entry| entry.expires_at.is_none_or(|at| now < at)) {
                    writer.tuple(|writer| {
                        writer.text(entry.key);
                        writer.bytes(entry.value);
                        writer.number(entry.created_at.as_millis());
                        match entry.expires_at {
                            Some(at) => writer.number(at.as_millis()),
                            None => writer.none(),
                        }
                        writer.number(entry.last_accessed.as_millis());
                        writer.number(entry.access_count);
                    });
                }
            });
        });
        writer.finish()
    }

    /// [`Self::save`] with a trailer: when it was saved, and a checksum.
    #[cfg(not(target_family = "wasm"))]
    pub(in crate::cache) fn save_sealed(&self) -> Vec<u8> {
        let mut bytes = self.save();
        bytes.extend(SEAL);
        bytes.extend(self.clock.now().as_millis().to_le_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// Replaces entries, deadlines and counters by the saved ones; limits, policy and clock stay. Entries that have expired since
    /// are left out; entries that do not fit are evicted, uncounted. The order of leaving is restored for LRU, LFU, FIFO and TTL;
    /// the other policies begin with fresh marks. No code of the file is run. O(n log n); memory while reading is at most 200
    /// times the file's length for a hostile file, 7 times for one of ours.
    ///
    /// Times are absolute. But where this cache's clock is behind the saving cache's (somebody set the wall clock back), times
    /// count from the moment of saving: no entry lives longer than it had left.
    ///
    /// # Errors
    /// When the bytes are not what [`Self::save`] writes, or the file was altered; then nothing changes.
    pub fn load(&mut self, bytes: &[u8]) -> Result<(), LoadError> {
        let mut loaded = self.to_empty();
        loaded.fill(bytes)?;
        self.take_over(loaded);
        Ok(())
    }

    /// [`Self::load`] into an empty cache, to be thrown away if it fails.
    pub(in crate::cache) fn fill(&mut self, bytes: &[u8]) -> Result<(), LoadError> {
        let (pickle, saved_at) = unseal(bytes)?;
        let behind_ms =
            saved_at.map_or(0, |saved_at| saved_at.as_millis().saturating_sub(self.clock.now().as_millis()));
        let saved = read(pickle)?;
        if saved.at("format") != Some(&Value::Text(FORMAT)) {
            return Err(LoadError::NotACache);
        }
        let (Some(stats), Some(Value::List(rows))) = (saved.at("stats"), saved.at("entries")) else {
            return Err(LoadError::NotACache);
        };
        let count = |name: &str| {
            stats.at(name).and_then(Value::number).filter(|&count| count <= COUNT_MAX).ok_or(LoadError::NotACache)
        };
        let mut keys = std::collections::BTreeSet::new();
        let mut room = bytes.len().saturating_mul(GROWTH_MAX);
        for (index, row) in rows.iter().enumerate() {
            let row =
                Row::of(row, behind_ms).filter(|row| keys.insert(row.key)).ok_or(LoadError::BadEntry { index })?;
            room = room.checked_sub(row.key.len() + row.value.len()).ok_or(LoadError::Inflated)?;
            self.restore(&row);
        }
        self.ledger.counters = super::CacheStats {
            hits: count("hits")?,
            misses: count("misses")?,
            evictions: count("evictions")?,
            expired: count("expired")?,
            ..Default::default()
        };
        Ok(())
    }

    fn restore(&mut self, row: &Row<'_>) {
        let now = self.clock.now();
        if row.expires_at.is_some_and(|at| now >= at) {
            return;
        }
        if self.store.insert(Record::new(row.key, row.value, row.past), row.expires_at, now, |_, _| {})
            && let Some(i) = self.store.find(row.key.as_bytes())
        {
            self.store.restore(i, row.past.access_count);
        }
    }
}

/// Splits a file into pickle and moment of saving, and checks the checksum; a file that Python wrote has no trailer.
fn unseal(bytes: &[u8]) -> Result<(&[u8], Option<Instant>), LoadError> {
    let Some((pickle, seal)) = bytes.split_last_chunk::<SEAL_BYTES>().filter(|(_, seal)| seal.starts_with(SEAL)) else {
        return Ok((bytes, None));
    };
    let [_, _, _, _, moment @ .., c0, c1, c2, c3] = *seal;
    let (sealed, _) = bytes.split_at(bytes.len() - 4);
    if crc32fast::hash(sealed) != u32::from_le_bytes([c0, c1, c2, c3]) {
        return Err(LoadError::Altered);
    }
    Ok((pickle, Some(Instant::from_millis(u64::from_le_bytes(moment)))))
}

impl<'a> Row<'a> {
    /// Reads an entry; its times are shifted back by `behind_ms`.
    fn of(row: &Value<'a>, behind_ms: u64) -> Option<Self> {
        let Value::Tuple(fields) = row else { return None };
        let [Value::Text(key), Value::Bytes(value), created, expires, accessed, count] = &**fields else { return None };
        let moment = |value: &Value<'_>| value.number().map(|ms| Instant::from_millis(ms.saturating_sub(behind_ms)));
        Some(Self {
            key,
            value,
            expires_at: if *expires == Value::None { None } else { Some(moment(expires)?) },
            past: Past {
                created_at: moment(created)?,
                last_accessed: moment(accessed)?,
                access_count: u32::try_from(count.number()?).unwrap_or(u32::MAX),
            },
        })
    }
}
