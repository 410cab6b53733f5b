//! An entry as a node keeps it: one allocation, and no byte that could be spared.

use std::ops::Range;

use crate::cache::store::Item;
use crate::clock::Instant;

/// What is known of an entry beside its key and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) created_at: Instant,
    pub(super) last_accessed: Instant,
    pub(super) access_count: u32,
}

impl Past {
    /// That of an entry which is stored now.
    pub(super) const fn begin(now: Instant) -> Self {
        Self { created_at: now, last_accessed: now, access_count: 0 }
    }
}

/// The moments of creation and of the last access (8 bytes each), the accesses (4), the key's length (1, or 5 from 255
/// on), the key, and the value, in one allocation: its address is all that a node holds, so that two nodes
/// share a cache line.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    bytes: Box<[u8]>,
}

const CREATED_AT: Range<usize> = 0..8;
const LAST_ACCESSED: Range<usize> = 8..16;
const ACCESS_COUNT: Range<usize> = 16..20;
const KEY_LENGTH: usize = 20;
/// Stands for a length that takes four bytes more.
const LONG: u8 = u8::MAX;

impl Record {
    /// Bytes beyond the key and the value; four more where a key is 255 bytes or longer.
    pub(super) const OVERHEAD_BYTES: u64 = KEY_LENGTH as u64 + 1;

    pub(super) fn new(key: &str, value: &[u8], past: Past) -> Self {
        let short = u8::try_from(key.len()).ok().filter(|&length| length < LONG);
        let key_start = KEY_LENGTH + if short.is_some() { 1 } else { 5 };
        let mut bytes = Vec::with_capacity(key_start + key.len() + value.len());
        bytes.extend_from_slice(&past.created_at.as_millis().to_le_bytes());
        bytes.extend_from_slice(&past.last_accessed.as_millis().to_le_bytes());
        bytes.extend_from_slice(&past.access_count.to_le_bytes());
        bytes.push(short.unwrap_or(LONG));
        if short.is_none() {
            bytes.extend_from_slice(&u32::try_from(key.len()).expect("a key is shorter than 4 GiB").to_le_bytes());
        }
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(value);
        Self { bytes: bytes.into_boxed_slice() }
    }

    pub(super) fn past(&self) -> Past {
        let moment = |range: Range<usize>| Instant::from_millis(u64::from_le_bytes(self.field(range)));
        Past {
            created_at: moment(CREATED_AT),
            last_accessed: moment(LAST_ACCESSED),
            access_count: u32::from_le_bytes(self.field(ACCESS_COUNT)),
        }
    }

    /// Counts an access.
    #[inline]
    pub(super) fn touch(&mut self, now: Instant) {
        let count = u32::from_le_bytes(self.field(ACCESS_COUNT)).saturating_add(1);
        self.bytes[LAST_ACCESSED].copy_from_slice(&now.as_millis().to_le_bytes());
        self.bytes[ACCESS_COUNT].copy_from_slice(&count.to_le_bytes());
    }

    pub(super) fn key_text(&self) -> &str {
        std::str::from_utf8(self.key()).expect("keys come in as text")
    }

    #[inline]
    pub(super) fn value(&self) -> &[u8] {
        &self.bytes[self.key_range().end..]
    }

    fn field<const N: usize>(&self, range: Range<usize>) -> [u8; N] {
        self.bytes[range].try_into().expect("the field's width")
    }

    /// Where the key stands; in a slot that is not in use, nowhere.
    #[inline]
    fn key_range(&self) -> Range<usize> {
        match self.bytes.get(KEY_LENGTH) {
            None => 0..0,
            Some(&LONG) => {
                let start = KEY_LENGTH + 5;
                let length = u32::from_le_bytes(self.field(KEY_LENGTH + 1..start));
                start..start + length as usize
            }
            Some(&length) => KEY_LENGTH + 1..KEY_LENGTH + 1 + usize::from(length),
        }
    }
}

impl Item for Record {
    type Key = [u8];

    #[inline]
    fn key(&self) -> &[u8] {
        &self.bytes[self.key_range()]
    }

    #[inline]
    fn weight(&self) -> u64 {
        (self.bytes.len() - self.key_range().start) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_gives_back_what_went_in_whatever_the_keys_length() {
        let past = Past {
            created_at: Instant::from_millis(u64::MAX),
            last_accessed: Instant::from_millis(7),
            access_count: u32::MAX - 1,
        };
        for length in [0, 1, 254, 255, 256, 70_000] {
            let key = "k".repeat(length);
            let mut record = Record::new(&key, b"value", past);
            assert_eq!((record.key_text(), record.value(), record.past()), (key.as_str(), b"value".as_slice(), past));
            assert_eq!(record.weight(), length as u64 + 5);
            let now = Instant::from_millis(8);
            record.touch(now);
            record.touch(now);
            assert_eq!(record.past(), Past { last_accessed: now, access_count: u32::MAX, ..past });
            assert_eq!((record.key_text(), record.value()), (key.as_str(), b"value".as_slice()));
        }
    }
}
