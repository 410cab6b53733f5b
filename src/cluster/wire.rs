//! The byte form of what nodes say to each other and of what a disk keeps. Numbers are little-endian, a length stands before what
//! it counts, and an enum's variant has a number that is never given to another one. It holds nothing that says where it ends, and no
//! checksum: whoever sends or keeps it puts a frame around it.
//!
//! Decoding takes bytes from anywhere: it allocates no more than a small multiple of what came, and refuses what no node would send.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::ids::{HybridClock, NodeId, NodeSet, Version};
use super::message::{Envelope, Message, Placed};
use super::raft::{Entry, LOG_MAX, Stable, Vote};
use super::record::Record;
use super::store::{Edit, LEAVES};
use super::time::{Offset, TimeBounds};
use super::view::{Change, Member};

/// What has a byte form.
pub trait Wire: Sized {
    /// Appends it.
    fn put(&self, out: &mut Vec<u8>);
    /// Takes it off the front; `None` when it is not there whole and right.
    fn take(from: &mut Reader<'_>) -> Option<Self>;

    /// Its bytes.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    /// Reads bytes that hold it and nothing else.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader { bytes };
        let read = Self::take(&mut reader)?;
        reader.bytes.is_empty().then_some(read)
    }
}

/// Bytes that are being read.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Begins at the front.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Whether all is read.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    /// A length, of things that take at least a byte each.
    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(u32::take(self)?).ok()?;
        (length <= self.bytes.len()).then_some(length)
    }
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Wire for $number {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(from: &mut Reader<'_>) -> Option<Self> {
                Some(Self::from_le_bytes(from.bytes(size_of::<Self>())?.try_into().ok()?))
            }
        }
    )* };
}

macro_rules! structs {
    ($($name:ident { $($field:ident),* })*) => { $(
        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }

            fn take(from: &mut Reader<'_>) -> Option<Self> {
                Some(Self { $($field: Wire::take(from)?),* })
            }
        }
    )* };
}

macro_rules! enums {
    ($($name:ident { $($number:literal $variant:ident { $($field:tt $bound:ident),* })* })*) => { $(
        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant { $($field: $bound),* } => {
                        out.push($number);
                        $($bound.put(out);)*
                    })*
                }
            }

            fn take(from: &mut Reader<'_>) -> Option<Self> {
                Some(match u8::take(from)? {
                    $($number => Self::$variant { $($field: Wire::take(from)?),* },)*
                    _ => return None,
                })
            }
        }
    )* };
}

numbers!(u8, u16, u32, u64, i64);

structs! {
    Placed { key, hash }
    Member { incarnation, weight }
    Entry { term, change }
    Stable { term, vote, log }
    Record { version, value, written, deadline, tag }
    TimeBounds { least, most }
    Offset { least, most }
    HybridClock { last }
}

enums! {
    Message {
        1 Query { op op, at at }
        2 Answer { op op, key key, record record, floor floor, sweeps sweeps }
        3 Store { op op, at at, record record, sweep sweep }
        4 Stored { op op, key key }
        5 Refused { op op, key key }
        6 Hint { at at, record record }
        7 Hinted { key key, version version }
        8 Digest { leaves leaves }
        9 Versions { leaves leaves, list list }
        10 Want { keys keys }
        11 Records { list list }
        12 Confirm { at at, version version }
        13 Confirmed { key key, version version, yes yes }
        14 Forget { at at, version version }
        15 Pull { after after }
        16 Batch { after after, list list, last last, floor floor }
        17 Whole {}
        18 Vote { 0 vote }
        19 Hello { weight weight }
        20 Members { nodes nodes }
        21 Removed { incarnation incarnation, may_return may_return }
        22 Leave { node node }
        23 Beat { ring ring }
        24 TimeAsk { asked asked }
        25 TimeIs { asked asked, bounds bounds }
    }
    Vote {
        1 Ask { is_trial is_trial, term term, last last, last_term last_term }
        2 Given { is_trial is_trial, term term, yes yes }
        3 Append { term term, before before, before_term before_term, entries entries, commit commit }
        4 Appended { term term, fits fits, index index }
    }
    Change {
        1 Found { founders founders }
        2 Nothing {}
        3 Admit { node node, member member }
        4 Remove { node node, incarnation incarnation, may_return may_return }
        5 Begin { members members, may_return may_return }
        6 Finish { epoch epoch }
    }
    Edit {
        1 Put { key key, record record }
        2 Removed { key key }
        3 Raised { forgotten forgotten, highest highest }
        4 Cleared {}
    }
}

impl Wire for Envelope {
    fn put(&self, out: &mut Vec<u8>) {
        self.from.put(out);
        self.incarnation.put(out);
        self.epoch.put(out);
        self.sent.put(out);
        self.message.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let envelope = Self {
            from: Wire::take(from)?,
            incarnation: Wire::take(from)?,
            epoch: Wire::take(from)?,
            sent: Wire::take(from)?,
            message: Wire::take(from)?,
        };
        // A term that no more can be added to would end the node that adds.
        let term = match &envelope.message {
            Message::Vote(
                Vote::Ask { term, .. }
                | Vote::Given { term, .. }
                | Vote::Append { term, .. }
                | Vote::Appended { term, .. },
            ) => *term,
            _ => 0,
        };
        u32::try_from(term).is_ok().then_some(envelope)
    }
}

/// An index of the agreed log, or a number of its entries.
impl Wire for usize {
    fn put(&self, out: &mut Vec<u8>) {
        u32::try_from(*self).unwrap_or(u32::MAX).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        Self::try_from(u32::take(from)?).ok().filter(|&index| index <= 2 * LOG_MAX)
    }
}

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        match u8::take(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Wire for NodeId {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.number());
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        Self::new(u8::take(from)?)
    }
}

impl Wire for NodeSet {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().fold(0_u64, |bits, node| bits | 1 << node.number()).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let bits = u64::take(from)?;
        (bits & 1 == 0).then(|| (1..64).filter(|at| bits & 1 << at != 0).filter_map(NodeId::new).collect())
    }
}

impl Wire for Version {
    fn put(&self, out: &mut Vec<u8>) {
        self.clock.put(out);
        self.node.put(out);
        self.incarnation.put(out);
        self.is_swept.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let clock = Wire::take(from)?;
        // [`Version::NONE`] is of no node.
        let node = match u8::take(from)? {
            0 => NodeId::default(),
            number => NodeId::new(number)?,
        };
        Some(Self { clock, node, incarnation: Wire::take(from)?, is_swept: Wire::take(from)? })
    }
}

impl Wire for [u64; LEAVES] {
    fn put(&self, out: &mut Vec<u8>) {
        for leaf in self {
            leaf.put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let mut leaves = [0; LEAVES];
        for leaf in &mut leaves {
            *leaf = u64::take(from)?;
        }
        Some(leaves)
    }
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).put(out);
    out.extend_from_slice(bytes);
}

impl Wire for Arc<[u8]> {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(self, out);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let length = from.length()?;
        Some(from.bytes(length)?.into())
    }
}

impl Wire for Arc<str> {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(self.as_bytes(), out);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let length = from.length()?;
        Some(std::str::from_utf8(from.bytes(length)?).ok()?.into())
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        Some(if bool::take(from)? { Some(T::take(from)?) } else { None })
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        u32::try_from(self.len()).unwrap_or(u32::MAX).put(out);
        for item in self {
            item.put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let length = from.length()?;
        let mut list = Self::new();
        for _ in 0..length {
            list.push(T::take(from)?);
        }
        Some(list)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}
