//! Which lines of a memcached script are one request: a command, and the value that follows it.

#[cfg(feature = "services")]
use cachedojo::protocol::memcached::{Parsed, Parser, Request};

/// For each line, given as the bytes that the server gets, whether a request begins with it; the others are data of the request
/// before. Without the services nothing is known of data: then each line is a request. Cost: O(bytes).
#[cfg(feature = "services")]
pub(super) fn beginnings(lines: &[Vec<u8>]) -> Vec<bool> {
    let script = lines.concat();
    let mut parser = Parser::new();
    // Where requests begin, in order, and from where on nobody listens.
    let (mut begins, mut at) = (Vec::new(), 0);
    let deaf_from = loop {
        let parsed = parser.parse(&script[at..]);
        if !matches!(parsed, Parsed::Skipped(_)) {
            begins.push(at);
        }
        match parsed {
            Parsed::Incomplete => break script.len(),
            Parsed::HangUp | Parsed::Request { request: Request::Quit | Request::Watch { .. }, .. } => break at,
            Parsed::Skipped(used) | Parsed::Request { used, .. } | Parsed::Refused { used, .. } => at += used,
        }
    };
    let mut begins = begins.into_iter().peekable();
    let mut start = 0;
    let begins_here = |line: &Vec<u8>| {
        while begins.next_if(|&begin| begin < start).is_some() {}
        let is = start >= deaf_from || begins.peek() == Some(&start);
        start += line.len();
        is
    };
    lines.iter().map(begins_here).collect()
}

#[cfg(not(feature = "services"))]
pub(super) fn beginnings(lines: &[Vec<u8>]) -> Vec<bool> {
    vec![true; lines.len()]
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "services")]
    use super::beginnings;

    #[cfg(feature = "services")]
    #[test]
    fn a_value_belongs_to_its_command() {
        for (text, expected) in [
            ("get a\nget b\n", &[true, true][..]),
            ("set a 0 0 5\nhello\nget a\n", &[true, false, true]),
            ("set a 0 0 5\r\nhello\r\nget a\r\n", &[true, false, true]),
            ("set a 0 0 3\nx\ny\nget a\n", &[true, false, false, true]),
            // Too short, the value takes a part of the next line, and what is left of that is no line of its own.
            ("set a 0 0 5\nhell\nget a\nget b\n", &[true, false, false, true]),
            ("set a 0 0 2\nlong\nget a\n", &[true, false, true]),
            // A refused command's value is skipped.
            ("set a b 0 2\nxy\nget a\n", &[true, false, true]),
            ("set a 0 0 2\n", &[true]),
            ("set a 0 0 9\nxy\nz\n", &[true, false, false]),
            ("foo\n\nget a\n", &[true, true, true]),
            ("quit\nset a 0 0 2\nxy\n", &[true, true, true]),
            ("", &[]),
        ] {
            let lines: Vec<_> = text.split_inclusive('\n').map(|line| line.as_bytes().to_vec()).collect();
            assert_eq!(beginnings(&lines), expected, "{text:?}");
        }
    }
}
