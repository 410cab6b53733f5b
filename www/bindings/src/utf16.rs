//! Positions in a text, as editors count them.

use crate::count::count;

/// Byte offsets of a text as UTF-16 offsets; cheap for offsets that ascend.
pub(crate) struct Utf16<'a> {
    text: &'a str,
    bytes: usize,
    units: usize,
}

impl<'a> Utf16<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, bytes: 0, units: 0 }
    }

    pub(crate) fn offset(&mut self, bytes: usize) -> u32 {
        if bytes < self.bytes {
            (self.bytes, self.units) = (0, 0);
        }
        self.units += self.text[self.bytes..bytes].encode_utf16().count();
        self.bytes = bytes;
        count(self.units)
    }
}
