//! What nodes say to each other, and its bytes.

use crate::storage::{Entry, Version};

/// A message between nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Keep this entry; `op` is the sender's operation, 0 for none. `sent_at` is the sender's time.
    Replicate { op: u64, key: String, entry: Entry, sent_at: u64 },
    /// Whether an entry was kept, and the highest counter that the replica knows.
    Ack { op: u64, kept: bool, counter: u64 },
    /// What do you hold of this key?
    Fetch { op: u64, key: String },
    /// That is what I hold: a value or a deletion, and its version.
    Found { op: u64, entry: Option<(Option<Vec<u8>>, Version)> },
    /// These keys, in these versions, belong on you too.
    Digest { items: Vec<(String, Version)> },
    /// Of a digest, what the replica lacks and what it holds.
    DigestReply { missing: Vec<String>, held: Vec<String> },
    /// Forget this key.
    Invalidate { key: String },
}

impl Message {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(Vec::new());
        match self {
            Self::Replicate { op, key, entry, sent_at } => {
                out.byte(1);
                out.number(*op);
                out.text(key);
                out.option(entry.value.as_ref(), |out, value| out.bytes(value));
                out.version(&entry.version);
                out.option(entry.expires_at.as_ref(), |out, at| out.number(*at));
                out.number(*sent_at);
            }
            Self::Ack { op, kept, counter } => {
                out.byte(2);
                out.number(*op);
                out.byte(u8::from(*kept));
                out.number(*counter);
            }
            Self::Fetch { op, key } => {
                out.byte(3);
                out.number(*op);
                out.text(key);
            }
            Self::Found { op, entry } => {
                out.byte(4);
                out.number(*op);
                out.option(entry.as_ref(), |out, (value, version)| {
                    out.option(value.as_ref(), |out, value| out.bytes(value));
                    out.version(version);
                });
            }
            Self::Digest { items } => {
                out.byte(5);
                out.number(items.len() as u64);
                for (key, version) in items {
                    out.text(key);
                    out.version(version);
                }
            }
            Self::DigestReply { missing, held } => {
                out.byte(6);
                for keys in [missing, held] {
                    out.number(keys.len() as u64);
                    for key in keys {
                        out.text(key);
                    }
                }
            }
            Self::Invalidate { key } => {
                out.byte(7);
                out.text(key);
            }
        }
        out.0
    }

    /// Reads a message; `None` when the bytes are none.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader(bytes);
        let message = match input.byte()? {
            1 => Self::Replicate {
                op: input.number()?,
                key: input.text()?,
                entry: Entry {
                    value: input.option(Reader::bytes)?,
                    version: input.version()?,
                    expires_at: input.option(Reader::number)?,
                },
                sent_at: input.number()?,
            },
            2 => Self::Ack { op: input.number()?, kept: input.byte()? == 1, counter: input.number()? },
            3 => Self::Fetch { op: input.number()?, key: input.text()? },
            4 => Self::Found {
                op: input.number()?,
                entry: input.option(|input| Some((input.option(Reader::bytes)?, input.version()?)))?,
            },
            5 => Self::Digest { items: input.list(|input| Some((input.text()?, input.version()?)))? },
            6 => Self::DigestReply { missing: input.list(Reader::text)?, held: input.list(Reader::text)? },
            7 => Self::Invalidate { key: input.text()? },
            _ => return None,
        };
        input.0.is_empty().then_some(message)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn option<T>(&mut self, value: Option<&T>, write: impl FnOnce(&mut Self, &T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn version(&mut self, version: &Version) {
        self.number(version.counter);
        self.text(&version.node_id);
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes.to_vec())
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?).ok()
    }

    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            _ => read(self).map(Some),
        }
    }

    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.number()?;
        (0..length).map(|_| read(self)).collect()
    }

    fn version(&mut self) -> Option<Version> {
        Some(Version { counter: self.number()?, node_id: self.text()? })
    }
}
