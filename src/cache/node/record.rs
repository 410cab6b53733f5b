//! An entry as a node keeps it: one compact allocation, so that more entries fit into memory and into a cache line.

use std::ops::Range;

use crate::cache::hash::are_same;
use crate::cache::item::Item;
use crate::clock::Instant;

/// An entry's history: when it was stored and read, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) created_at: Instant,
    pub(super) last_accessed: Instant,
    pub(super) access_count: u32,
}

impl Past {
    /// The history of an entry that is stored now.
    pub(super) const fn begin(now: Instant) -> Self {
        Self { created_at: now, last_accessed: now, access_count: 0 }
    }
}

/// The moments of creation and of the last access (8 bytes each), the accesses (4), the key's length (1, or 5 from 255
/// on), the key, and the value, in one allocation. A node holds only its address and length, so that two or three nodes
/// share a cache line.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    bytes: Box<[u8]>,
}

/// Everything before the key, except the four extra bytes of a long key's length.
type Header = [u8; HEADER];

const CREATED_AT: Range<usize> = 0..8;
const LAST_ACCESSED: Range<usize> = 8..16;
const ACCESS_COUNT: Range<usize> = 16..20;
const KEY_LENGTH: usize = 20;
const HEADER: usize = KEY_LENGTH + 1;
/// Marks a length that follows in four more bytes.
const LONG: u8 = u8::MAX;

impl Record {
    /// Bytes beyond the key and the value; four more where a key is 255 bytes or longer.
    pub(super) const OVERHEAD_BYTES: u64 = HEADER as u64;

    pub(super) fn new(key: &str, value: &[u8], past: Past) -> Self {
        let short = u8::try_from(key.len()).ok().filter(|&length| length < LONG);
        let mut header: Header = [0; _];
        past.write(&mut header);
        header[KEY_LENGTH] = short.unwrap_or(LONG);
        let long = u32::try_from(key.len()).expect("a key is shorter than 4 GiB").to_le_bytes();
        let long: &[u8] = if short.is_some() { &[] } else { &long };
        let mut bytes = Vec::with_capacity(header.len() + long.len() + key.len() + value.len());
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(long);
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(value);
        Self { bytes: bytes.into_boxed_slice() }
    }

    /// Overwrites it with a new value of the same length, without a new allocation.
    pub(super) fn rewrite(&mut self, value: &[u8], past: Past) {
        let (header, _) = self.bytes.split_first_chunk_mut().expect("it is in use");
        past.write(header);
        let start = self.bytes.len() - value.len();
        self.bytes[start..].copy_from_slice(value);
    }

    pub(super) fn past(&self) -> Past {
        let header: &Header = self.bytes.first_chunk().expect("it is in use");
        let moment = |range: Range<usize>| Instant::from_millis(u64::from_le_bytes(field(header, range)));
        Past {
            created_at: moment(CREATED_AT),
            last_accessed: moment(LAST_ACCESSED),
            access_count: u32::from_le_bytes(field(header, ACCESS_COUNT)),
        }
    }

    /// Counts an access.
    #[inline]
    pub(super) fn touch(&mut self, now: Instant) {
        let header: &mut Header = self.bytes.first_chunk_mut().expect("it is in use");
        let count = u32::from_le_bytes(field(header, ACCESS_COUNT)).saturating_add(1);
        header[LAST_ACCESSED].copy_from_slice(&now.as_millis().to_le_bytes());
        header[ACCESS_COUNT].copy_from_slice(&count.to_le_bytes());
    }

    /// Whether that is its key. Compares without first reading the length stored in the record: that would make the
    /// processor wait for memory.
    #[inline]
    pub(super) fn has_key(&self, key: &[u8]) -> bool {
        match self.bytes.split_first_chunk::<HEADER>() {
            Some((header, rest)) if key.len() < usize::from(LONG) => {
                usize::from(header[KEY_LENGTH]) == key.len()
                    && rest.get(..key.len()).is_some_and(|known| are_same(known, key))
            }
            _ => self.key() == key,
        }
    }

    pub(super) fn key_text(&self) -> &str {
        std::str::from_utf8(self.key()).expect("keys come in as text")
    }

    #[inline]
    pub(super) fn value(&self) -> &[u8] {
        self.key_and_value().1
    }

    /// Key and value; both empty in a slot that is not in use.
    #[inline]
    fn key_and_value(&self) -> (&[u8], &[u8]) {
        let Some((header, rest)) = self.bytes.split_first_chunk::<HEADER>() else {
            return (&[], &[]);
        };
        match header[KEY_LENGTH] {
            LONG => {
                let (length, rest) = rest.split_first_chunk().expect("a long key has a long length");
                rest.split_at(u32::from_le_bytes(*length) as usize)
            }
            length => rest.split_at(length.into()),
        }
    }
}

impl Past {
    fn write(self, header: &mut Header) {
        header[CREATED_AT].copy_from_slice(&self.created_at.as_millis().to_le_bytes());
        header[LAST_ACCESSED].copy_from_slice(&self.last_accessed.as_millis().to_le_bytes());
        header[ACCESS_COUNT].copy_from_slice(&self.access_count.to_le_bytes());
    }
}

#[inline]
fn field<const N: usize>(header: &Header, range: Range<usize>) -> [u8; N] {
    header[range].try_into().expect("the field's width")
}

impl Item for Record {
    type Key = [u8];

    #[inline]
    fn key(&self) -> &[u8] {
        self.key_and_value().0
    }

    #[inline]
    fn weight(&self) -> u64 {
        let (key, value) = self.key_and_value();
        (key.len() + value.len()) as u64
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
            assert!(record.has_key(key.as_bytes()) && !record.has_key(&[key.as_bytes(), b"v"].concat()));
            assert!(length == 0 || !record.has_key("l".repeat(length).as_bytes()));
            record.rewrite(b"other", past);
            assert_eq!((record.key_text(), record.value(), record.past()), (key.as_str(), b"other".as_slice(), past));
        }
        assert!(!Record::default().has_key(b"k"));
    }
}
