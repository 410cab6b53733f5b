//! What nodes say to each other, and its bytes.

use std::time::{Duration, Instant};

use crate::store::{Entry, Version};
use crate::wire::{Reader, Writer};

/// A message. Clocks differ from node to node, so an entry travels with the time that it has left.
pub enum Message {
    /// What do you hold of this key?
    Query { op: u64, key: String },
    /// That.
    Held { op: u64, entry: Option<Entry> },
    /// Keep this.
    Store { op: u64, key: String, entry: Entry },
    /// It is kept, or something later is.
    Stored { op: u64 },
    /// Of what belongs to me under this view, send what I lack; this I have. `start` is new with every start of my process: then I had
    /// forgotten all.
    Pull { round: u64, view: u64, start: u64, known: Vec<(String, Version)> },
    /// That is all.
    Push { round: u64, items: Vec<(String, Entry)> },
    /// I have all that belongs to me under this view. Have you?
    Ready { view: u64 },
    /// I have too.
    IsReady { view: u64 },
}

impl Message {
    pub fn encode(&self, now: Instant) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Self::Query { op, key } => {
                out.byte(1);
                out.number(*op);
                out.text(key);
            }
            Self::Held { op, entry } => {
                out.byte(2);
                out.number(*op);
                out.option(entry.as_ref(), |out, entry| write_entry(out, entry, now));
            }
            Self::Store { op, key, entry } => {
                out.byte(3);
                out.number(*op);
                out.text(key);
                write_entry(&mut out, entry, now);
            }
            Self::Stored { op } => {
                out.byte(4);
                out.number(*op);
            }
            Self::Pull { round, view, start, known } => {
                out.byte(5);
                out.number(*round);
                out.number(*view);
                out.number(*start);
                out.list(known, |out, (key, version)| {
                    out.text(key);
                    write_version(out, *version);
                });
            }
            Self::Push { round, items } => {
                out.byte(6);
                out.number(*round);
                out.list(items, |out, (key, entry)| {
                    out.text(key);
                    write_entry(out, entry, now);
                });
            }
            Self::Ready { view } => {
                out.byte(7);
                out.number(*view);
            }
            Self::IsReady { view } => {
                out.byte(8);
                out.number(*view);
            }
        }
        out.0
    }

    pub fn decode(bytes: &[u8], now: Instant) -> Option<Self> {
        let mut input = Reader(bytes);
        let input = &mut input;
        Some(match input.byte()? {
            1 => Self::Query { op: input.number()?, key: input.text()? },
            2 => Self::Held { op: input.number()?, entry: input.option(|input| read_entry(input, now))? },
            3 => Self::Store { op: input.number()?, key: input.text()?, entry: read_entry(input, now)? },
            4 => Self::Stored { op: input.number()? },
            5 => Self::Pull {
                round: input.number()?,
                view: input.number()?,
                start: input.number()?,
                known: input.list(|input| Some((input.text()?, read_version(input)?)))?,
            },
            6 => Self::Push {
                round: input.number()?,
                items: input.list(|input| Some((input.text()?, read_entry(input, now)?)))?,
            },
            7 => Self::Ready { view: input.number()? },
            8 => Self::IsReady { view: input.number()? },
            _ => return None,
        })
    }
}

fn write_version(out: &mut Writer, version: Version) {
    out.number(version.counter);
    out.number(version.writer);
}

fn read_version(input: &mut Reader<'_>) -> Option<Version> {
    Some(Version { counter: input.number()?, writer: input.number()? })
}

fn write_entry(out: &mut Writer, entry: &Entry, now: Instant) {
    write_version(out, entry.version);
    out.option(entry.value.as_ref(), |out, value| out.bytes(value));
    let left = entry.ends.map(|ends| ends.saturating_duration_since(now).as_micros() as u64);
    out.option(left.as_ref(), |out, left| out.number(*left));
}

fn read_entry(input: &mut Reader<'_>, now: Instant) -> Option<Entry> {
    let (version, value) = (read_version(input)?, input.option(Reader::bytes)?);
    let left = input.option(Reader::number)?;
    Some(Entry { version, value, ends: left.map(|left| now + Duration::from_micros(left)) })
}
