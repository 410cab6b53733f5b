//! Recognises a script that was pasted into the wrong dialect.

use super::colour::words;
use super::parsed::{Dialect, lines};
use super::{advise, parse};

/// Longer texts are not tried in other dialects.
const BYTES_MAX: usize = 256 << 10;

/// The dialect in which a script was probably written: most of its lines are mistakes in the given one, and hardly any in the
/// other. Cost: O(text) for each dialect, if more than half of the lines are mistakes.
pub fn likely_dialect(text: &str, dialect: Dialect) -> Option<Dialect> {
    if text.len() > BYTES_MAX {
        return None;
    }
    let written = lines(text).filter(|line| !line.content.trim().is_empty()).count();
    if written == 0 || 2 * mistaken(text, dialect) <= written {
        return None;
    }
    let others = Dialect::ALL.into_iter().filter(|other| *other != dialect);
    let (count, other) = others.map(|other| (mistaken(text, other), other)).min_by_key(|(count, _)| *count)?;
    // memcached takes a line too long to read for no mistake of its own.
    let is_known = other != Dialect::Memcached || 5 * unfamiliar(text) <= written;
    (5 * count <= written && is_known).then_some(other)
}

/// How many lines are mistakes.
fn mistaken(text: &str, dialect: Dialect) -> usize {
    if dialect == Dialect::Memcached && !cfg!(feature = "services") {
        return unfamiliar(text);
    }
    let read = parse(text, dialect).diagnostics.into_iter().chain(advise(text, dialect));
    let mut wrong: Vec<u32> = read.map(|diagnostic| diagnostic.line).collect();
    wrong.sort_unstable();
    wrong.dedup();
    wrong.len()
}

/// How many lines have no word of memcached's: nearly its mistakes, found without its parser.
fn unfamiliar(text: &str) -> usize {
    let familiar = words(text, Dialect::Memcached);
    let has_word = |start: usize, end: usize| {
        familiar[familiar.partition_point(|word| word.span.start < start)..]
            .first()
            .is_some_and(|word| word.span.start < end)
    };
    lines(text).filter(|line| !has_word(line.start, line.start + line.raw.len())).count()
}

#[cfg(test)]
mod tests {
    use super::likely_dialect;
    use super::{mistaken, unfamiliar};
    use crate::script::Dialect::{self, Lab, Line, Memcached, Rest};

    #[test]
    fn a_script_in_another_dialect_is_recognised() {
        let scripts = [
            (Line, "PUT user1 Alice\nPUT user2 Bob\nGET user1\nEXIT"),
            (Memcached, "set k 0 60 5\r\nhello\r\nget k\r\n"),
            (Rest, "PUT /api/v1/cache/a/b {\"value\": 1}\n\nGET /api/v1/cache/a/b"),
            (Lab, "# a node\nnode new 100\nnode set a 1\n\nnode get a\nexpect value 1"),
        ];
        for (of, text) in scripts {
            for shown_as in Dialect::ALL {
                let expected = (of != shown_as).then_some(of);
                assert_eq!(likely_dialect(text, shown_as), expected, "{of:?} as {shown_as:?}: {text}");
            }
        }
    }

    #[test]
    fn memcached_is_recognised_by_its_words_alone_too() {
        for text in [
            "set k 0 60 5\r\nhello\r\nget k\r\n",
            "set k 0 60 5\nhello\nget k",
            "PUT user1 Alice\nGET user1",
            "node new 100\nnode set a 1\nget a",
            "GET /health\nmg k v",
        ] {
            assert_eq!(unfamiliar(text), mistaken(text, Memcached), "{text:?}");
        }
    }

    #[test]
    fn a_few_mistakes_make_no_other_dialect() {
        for text in ["", "\n\n", "PUT a 1\nGETT a\nGET a", "what is this", "node gte k\nnode st k"] {
            assert_eq!(likely_dialect(text, Line).filter(|_| text.starts_with("PUT")), None);
            assert_eq!(likely_dialect(text, Lab).filter(|_| text.starts_with("node")), None, "{text}");
        }
        assert_eq!(likely_dialect("what is this\nnothing at all", Lab), None);
        assert_eq!(likely_dialect(&"x".repeat(200_000), Lab), None);
    }
}
