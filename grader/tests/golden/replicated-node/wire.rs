//! Messages as text: numbers in decimal with a comma behind, bytes in hexadecimal with a full stop behind.

/// Writes.
#[derive(Default)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    pub fn byte(&mut self, byte: u8) {
        self.number(u64::from(byte));
    }

    pub fn number(&mut self, number: u64) {
        self.0.extend(format!("{number},").bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0.extend(format!("{byte:02x}").bytes());
        }
        self.0.push(b'.');
    }

    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub fn option<T>(&mut self, value: Option<&T>, write: impl FnOnce(&mut Self, &T)) {
        match value {
            Some(value) => {
                self.0.push(b'+');
                write(self, value);
            }
            None => self.0.push(b'-'),
        }
    }

    pub fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        for item in items {
            self.0.push(b'+');
            write(self, item);
        }
        self.0.push(b'-');
    }
}

/// Reads; `None` where the text is none that a [`Writer`] wrote.
pub struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    fn until(&mut self, mark: u8) -> Option<&str> {
        let end = self.0.iter().position(|byte| *byte == mark)?;
        let (part, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        std::str::from_utf8(part).ok()
    }

    fn is_more(&mut self) -> Option<bool> {
        let (mark, rest) = self.0.split_first()?;
        self.0 = rest;
        match mark {
            b'+' => Some(true),
            b'-' => Some(false),
            _ => None,
        }
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.number()?.try_into().ok()
    }

    pub fn number(&mut self) -> Option<u64> {
        self.until(b',')?.parse().ok()
    }

    pub fn bytes(&mut self) -> Option<Vec<u8>> {
        let digits = self.until(b'.')?.as_bytes();
        let pairs = digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        pairs.collect()
    }

    pub fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?).ok()
    }

    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.is_more()? { read(self).map(Some) } else { Some(None) }
    }

    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        while self.is_more()? {
            items.push(read(self)?);
        }
        Some(items)
    }
}
