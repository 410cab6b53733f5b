//! What both sides of exercise `integration-tests` speak of, and its bytes: compiled into the tests' crate and beside the caches.

use std::collections::BTreeMap;
use std::time::Duration;

/// A value of a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheValue {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
}

impl From<&str> for CacheValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for CacheValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for CacheValue {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// How a cache is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// Most entries.
    pub max_size: usize,
    /// The TTL of entries that are given none; without one they stay.
    pub default_ttl: Option<Duration>,
    /// How often expired entries are cleaned up.
    pub cleanup_interval: Duration,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { max_size: 1000, default_ttl: None, cleanup_interval: Duration::from_secs(60) }
    }
}

/// A cache's statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Reads that found a value.
    pub hits: u64,
    /// Reads that found none.
    pub misses: u64,
    /// Entries that left because the cache was full.
    pub evictions: u64,
    /// Entries that are stored, expired ones that nobody has removed included.
    pub size: usize,
}

/// Why `increment` did not: the value is no number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    /// In a sentence.
    pub message: String,
}

/// An entry in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedEntry {
    /// Its value.
    pub value: CacheValue,
    /// When it expires, since 1970; never, where there is none.
    pub expires_at: Option<Duration>,
}

/// What a cache writes to a file and reads from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// The entries, by their keys.
    pub entries: BTreeMap<String, SavedEntry>,
    /// Reads that found a value.
    pub hits: u64,
    /// Reads that found none.
    pub misses: u64,
    /// Entries that left because the cache was full.
    pub evictions: u64,
}

const MARK: &[u8] = b"cache 1\n";

impl Saved {
    /// The file that holds it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out(MARK.to_vec());
        for number in [self.hits, self.misses, self.evictions, self.entries.len() as u64] {
            out.number(number);
        }
        for (key, entry) in &self.entries {
            out.text(key);
            out.value(&entry.value);
            out.time(entry.expires_at);
        }
        out.0
    }

    /// What a file holds; `None` where it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut bytes = In(bytes.strip_prefix(MARK)?);
        let (hits, misses, evictions) = (bytes.number()?, bytes.number()?, bytes.number()?);
        let mut entries = BTreeMap::new();
        for _ in 0..bytes.number()? {
            let (key, value, expires_at) = (bytes.text()?, bytes.value()?, bytes.time()?);
            entries.insert(key, SavedEntry { value, expires_at });
        }
        bytes.0.is_empty().then_some(Self { entries, hits, misses, evictions })
    }
}

/// A call, as it crosses. Those before [`CacheCall::Get`] are no operation on a cache.
#[derive(Debug)]
pub(crate) enum CacheCall {
    New(CacheSettings),
    Drop,
    Get(String),
    Set(String, CacheValue, Option<Duration>),
    Delete(String),
    Exists(String),
    Increment(String, i64),
    Keys(String),
    DeletePattern(String),
    Clear,
    Stats,
    Storage,
    Cleanup,
    CleanerIsRunning,
    Close,
    Save(String),
    Load(String),
}

/// What comes back.
#[derive(Debug)]
pub(crate) enum Answer {
    Done,
    Flag(bool),
    Count(u64),
    Value(Option<CacheValue>),
    Sum(Result<i64, ValueError>),
    Keys(Vec<String>),
    Stats(CacheCounts),
    Storage(BTreeMap<String, CacheValue>),
}

impl CacheCall {
    pub(crate) fn to_bytes(&self, cache: u32) -> Vec<u8> {
        let mut out = Out(Vec::new());
        let mut begin = |number: u8| {
            out.0.push(number);
            out.number(u64::from(cache));
        };
        match self {
            Self::New(settings) => {
                begin(0);
                out.number(settings.max_size as u64);
                out.time(settings.default_ttl);
                out.time(Some(settings.cleanup_interval));
            }
            Self::Drop => begin(1),
            Self::Get(key) => {
                begin(2);
                out.text(key);
            }
            Self::Set(key, value, ttl) => {
                begin(3);
                out.text(key);
                out.value(value);
                out.time(*ttl);
            }
            Self::Delete(key) => {
                begin(4);
                out.text(key);
            }
            Self::Exists(key) => {
                begin(5);
                out.text(key);
            }
            Self::Increment(key, amount) => {
                begin(6);
                out.text(key);
                out.number(amount.cast_unsigned());
            }
            Self::Keys(pattern) => {
                begin(7);
                out.text(pattern);
            }
            Self::DeletePattern(pattern) => {
                begin(8);
                out.text(pattern);
            }
            Self::Clear => begin(9),
            Self::Stats => begin(10),
            Self::Storage => begin(11),
            Self::Cleanup => begin(12),
            Self::CleanerIsRunning => begin(13),
            Self::Close => begin(14),
            Self::Save(path) => {
                begin(15);
                out.text(path);
            }
            Self::Load(path) => {
                begin(16);
                out.text(path);
            }
        }
        out.0
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<(u32, Self)> {
        let mut bytes = In(bytes);
        let what = bytes.byte()?;
        let cache = u32::try_from(bytes.number()?).ok()?;
        let call = match what {
            0 => Self::New(CacheSettings {
                max_size: usize::try_from(bytes.number()?).ok()?,
                default_ttl: bytes.time()?,
                cleanup_interval: bytes.time()??,
            }),
            1 => Self::Drop,
            2 => Self::Get(bytes.text()?),
            3 => Self::Set(bytes.text()?, bytes.value()?, bytes.time()?),
            4 => Self::Delete(bytes.text()?),
            5 => Self::Exists(bytes.text()?),
            6 => Self::Increment(bytes.text()?, bytes.number()?.cast_signed()),
            7 => Self::Keys(bytes.text()?),
            8 => Self::DeletePattern(bytes.text()?),
            9 => Self::Clear,
            10 => Self::Stats,
            11 => Self::Storage,
            12 => Self::Cleanup,
            13 => Self::CleanerIsRunning,
            14 => Self::Close,
            15 => Self::Save(bytes.text()?),
            16 => Self::Load(bytes.text()?),
            _ => return None,
        };
        Some((cache, call))
    }
}

impl Answer {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out(Vec::new());
        match self {
            Self::Done => out.0.push(0),
            Self::Flag(flag) => out.0.extend([1, u8::from(*flag)]),
            Self::Count(count) => {
                out.0.push(2);
                out.number(*count);
            }
            Self::Value(None) => out.0.push(3),
            Self::Value(Some(value)) => {
                out.0.push(4);
                out.value(value);
            }
            Self::Sum(Ok(sum)) => {
                out.0.push(5);
                out.number(sum.cast_unsigned());
            }
            Self::Sum(Err(error)) => {
                out.0.push(6);
                out.text(&error.message);
            }
            Self::Keys(keys) => {
                out.0.push(7);
                out.number(keys.len() as u64);
                keys.iter().for_each(|key| out.text(key));
            }
            Self::Stats(stats) => {
                out.0.push(8);
                for number in [stats.hits, stats.misses, stats.evictions, stats.size as u64] {
                    out.number(number);
                }
            }
            Self::Storage(storage) => {
                out.0.push(9);
                out.number(storage.len() as u64);
                for (key, value) in storage {
                    out.text(key);
                    out.value(value);
                }
            }
        }
        out.0
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut bytes = In(bytes);
        Some(match bytes.byte()? {
            0 => Self::Done,
            1 => Self::Flag(bytes.byte()? == 1),
            2 => Self::Count(bytes.number()?),
            3 => Self::Value(None),
            4 => Self::Value(Some(bytes.value()?)),
            5 => Self::Sum(Ok(bytes.number()?.cast_signed())),
            6 => Self::Sum(Err(ValueError { message: bytes.text()? })),
            7 => {
                let mut keys = Vec::new();
                for _ in 0..bytes.number()? {
                    keys.push(bytes.text()?);
                }
                Self::Keys(keys)
            }
            8 => Self::Stats(CacheCounts {
                hits: bytes.number()?,
                misses: bytes.number()?,
                evictions: bytes.number()?,
                size: usize::try_from(bytes.number()?).ok()?,
            }),
            9 => {
                let mut storage = BTreeMap::new();
                for _ in 0..bytes.number()? {
                    storage.insert(bytes.text()?, bytes.value()?);
                }
                Self::Storage(storage)
            }
            _ => return None,
        })
    }
}

/// A request to the disk: what is asked for, a path, and what goes with it.
pub(crate) fn file_request(what: u8, path: &str, data: &[u8]) -> Vec<u8> {
    let len = u32::try_from(path.len()).unwrap_or(u32::MAX);
    [&[what], &len.to_le_bytes()[..], path.as_bytes(), data].concat()
}

struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend(text.as_bytes());
    }

    fn value(&mut self, value: &CacheValue) {
        match value {
            CacheValue::Text(text) => {
                self.0.push(0);
                self.text(text);
            }
            CacheValue::Number(number) => {
                self.0.push(1);
                self.number(number.cast_unsigned());
            }
        }
    }

    fn time(&mut self, time: Option<Duration>) {
        self.0.push(u8::from(time.is_some()));
        if let Some(time) = time {
            self.number(time.as_secs());
            self.number(u64::from(time.subsec_nanos()));
        }
    }
}

struct In<'a>(&'a [u8]);

impl In<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn text(&mut self) -> Option<String> {
        let len = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn value(&mut self) -> Option<CacheValue> {
        match self.byte()? {
            0 => Some(CacheValue::Text(self.text()?)),
            1 => Some(CacheValue::Number(self.number()?.cast_signed())),
            _ => None,
        }
    }

    fn time(&mut self) -> Option<Option<Duration>> {
        match self.byte()? {
            0 => Some(None),
            1 => {
                let (seconds, nanos) = (self.number()?, u32::try_from(self.number()?).ok()?);
                (nanos < 1_000_000_000).then(|| Some(Duration::new(seconds, nanos)))
            }
            _ => None,
        }
    }
}
