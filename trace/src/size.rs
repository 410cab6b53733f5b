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

#[cfg(test)]
mod tests {
    use super::CacheSize;

    #[test]
    fn a_size_is_bytes_or_a_share_of_the_working_set() {
        for (text, bytes) in [
            ("1000", Some(1000)),
            ("1.5KiB", Some(1536)),
            ("10%", Some(20_000)),
            ("0.1", Some(20_000)),
            ("0.0001%", Some(1)),
            ("12.5 %", Some(25_000)),
            ("100%", Some(200_000)),
            ("0.000001", Some(1)),
            ("1.0", Some(1)),
            ("101%", None),
            ("0%", None),
            ("0.0", None),
            ("0.0000001", None),
            ("-1%", None),
            ("%", None),
            (".5", None),
            ("x", None),
            ("", None),
        ] {
            let size = CacheSize::parse(text).map(|size| size.bytes(200_000));
            assert_eq!(size, bytes, "{text:?}");
        }
        assert_eq!(CacheSize::Share(1_000_000).bytes(u64::MAX), u64::MAX);
        assert_eq!(CacheSize::Share(1).bytes(0), 1);
    }
}
