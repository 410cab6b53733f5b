//! The sizes of caches that a trace is replayed with.

use cachedojo_notation::duration::parse_size;

/// A cache's size, as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheSize {
    /// Bytes, more than 0.
    Bytes(u64),
    /// In millionths of the working set.
    Share(u64),
}

impl CacheSize {
    /// Reads bytes, as `1000` or `128MiB`, or a share of the working set, as `10%` or `0.1`; `None` if it is neither, or nothing.
    pub fn parse(text: &str) -> Option<Self> {
        share(text).or_else(|| parse_size(text).filter(|&bytes| bytes > 0).map(Self::Bytes))
    }

    /// At least a byte: a share of a small trace may round to 0.
    pub fn bytes(self, working_set_bytes: u64) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Share(millionths) => {
                let bytes = u128::from(working_set_bytes) * u128::from(millionths) / 1_000_000;
                u64::try_from(bytes).unwrap_or(u64::MAX).max(1)
            }
        }
    }
}

/// A share of the working set: a number with `%`, or one below 1 with a point. At most six decimals of the whole count.
fn share(text: &str) -> Option<CacheSize> {
    let text = text.trim();
    let (number, scale) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), 4),
        None if text.starts_with("0.") => (text, 6),
        None => return None,
    };
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > scale || !is_number(whole) || !is_number(decimals) {
        return None;
    }
    let millionths: u64 = format!("{whole}{decimals:0<scale$}").parse().ok()?;
    (1..=1_000_000).contains(&millionths).then_some(CacheSize::Share(millionths))
}
