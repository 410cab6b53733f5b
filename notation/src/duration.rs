//! Durations and sizes as scripts write them: `50ms`, `9.9s`, `1h`; `100`, `4KiB`, `1MiB`.

use std::fmt;

/// A span of time in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(u64);

/// Units with their milliseconds.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Units of size in lower case with their bytes: powers of 1000, and with an `i` of 1024.
const SIZES: [(&str, u64); 10] = [
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

impl Duration {
    /// A span of `ms` milliseconds.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Its milliseconds.
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// Parses `9.9s`; `None` if the unit is missing or unknown, or the result is not a whole number of milliseconds
    /// below 2^64.
    pub fn parse(text: &str) -> Option<Self> {
        let digits_end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = text.split_at(digits_end);
        let unit_ms = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        scaled(number, unit_ms).map(Self)
    }
}

/// Parses a size in bytes, such as `100`, `1kB` (1000), `1KiB` (1024) or `1.5 MiB`, in any case; `None` if it is not a
/// whole number of bytes below 2^64.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits_end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits_end);
    let unit = unit.trim_start().to_ascii_lowercase();
    let unit_bytes = SIZES.iter().find(|(name, _)| *name == unit)?.1;
    scaled(number, unit_bytes)
}

/// A decimal number times a unit, exactly; `None` if the result is not a whole `u64`, or there are more than nine decimals.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.len() > 9 || (number.contains('.') && fraction.is_empty()) {
        return None;
    }
    let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    let parts = if fraction.is_empty() { 0 } else { u128::from(fraction.parse::<u64>().ok()?) * u128::from(unit) };
    if parts % u128::from(scale) != 0 {
        return None;
    }
    let total = u128::from(whole.parse::<u64>().ok()?) * u128::from(unit) + parts / u128::from(scale);
    u64::try_from(total).ok()
}

/// The shortest exact form: `50ms`, `9.9s`, `2m`, `1h`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0;
        for (unit, unit_ms) in UNITS.iter().rev().take(3) {
            if ms > 0 && ms.is_multiple_of(*unit_ms) {
                return write!(f, "{}{unit}", ms / unit_ms);
            }
        }
        if ms < 1_000 {
            return write!(f, "{ms}ms");
        }
        let thousandths = format!("{:03}", ms % 1_000);
        match thousandths.trim_end_matches('0') {
            "" => write!(f, "{}s", ms / 1_000),
            decimals => write!(f, "{}.{decimals}s", ms / 1_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print_exactly() {
        for (text, ms) in [
            ("50ms", 50),
            ("9.9s", 9_900),
            ("1h", 3_600_000),
            ("1.5m", 90_000),
            ("0s", 0),
            ("2d", 172_800_000),
            ("1.500000000s", 1_500),
        ] {
            assert_eq!(Duration::parse(text).map(Duration::as_ms), Some(ms), "{text}");
        }
        for (ms, text) in [
            (0, "0ms"),
            (50, "50ms"),
            (9_900, "9.9s"),
            (90_000, "90s"),
            (120_000, "2m"),
            (3_600_000, "1h"),
            (86_400_000, "1d"),
            (1_001, "1.001s"),
        ] {
            assert_eq!(Duration::from_ms(ms).to_string(), text);
            assert_eq!(Duration::parse(text), Some(Duration::from_ms(ms)), "{text} reads back");
        }
        for text in [
            "",
            "5",
            "s",
            "5x",
            "1.5ms",
            "-1s",
            "1.s",
            ".5s",
            "99999999999999999999s",
            "1e3s",
            "18446744073709551615s",
            "1.2.3s",
            "1.5000000000s",
            "1.50000000000000000000s",
            ".s",
        ] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
        assert_eq!(Duration::parse("18446744073709551615ms"), Some(Duration::from_ms(u64::MAX)));
    }

    #[test]
    fn sizes_read_exactly() {
        for (text, bytes) in [
            ("0", 0),
            ("100", 100),
            ("100B", 100),
            ("1KiB", 1_024),
            ("1.5KiB", 1_536),
            ("1.5GiB", 1_610_612_736),
            ("128MiB", 134_217_728),
            ("2kB", 2_000),
            ("1KB", 1_000),
            ("1gb", 1_000_000_000),
            (" 1 tib ", 1 << 40),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in
            ["", "x", "MiB", "1.5", "1.0001KiB", "-1", "+1", "1K", "1 2", "1e3", "0x10", "18446744073709551615TiB"]
        {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }
}
