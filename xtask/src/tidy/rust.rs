//! Rust source as far as the rules need it: separates code from comments, removes tests, parses `use`. It expects rustfmt's
//! layout and never fails; code that it would misread does not compile.

/// Code with comments and texts blanked, and comments with everything else blanked; both have the source's length, line by line.
pub(crate) fn split(source: &str) -> (String, String) {
    let bytes = source.as_bytes();
    let (mut code, mut comments) = (vec![b' '; bytes.len()], vec![b' '; bytes.len()]);
    let mut at = 0;
    while at < bytes.len() {
        let rest = &source[at..];
        let (length, kind) = piece(rest, at > 0 && is_word(bytes[at - 1]));
        let into = match kind {
            Piece::Code => Some(&mut code),
            Piece::Comment => Some(&mut comments),
            Piece::Text => None,
        };
        if let Some(into) = into {
            into[at..at + length].copy_from_slice(&bytes[at..at + length]);
        }
        at += length;
    }
    for (index, byte) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        (code[index], comments[index]) = (*byte, *byte);
    }
    (String::from_utf8_lossy(&code).into_owned(), String::from_utf8_lossy(&comments).into_owned())
}

#[derive(Clone, Copy)]
enum Piece {
    Code,
    Comment,
    Text,
}

/// The piece at the beginning of `rest` and its length in bytes.
fn piece(rest: &str, in_word: bool) -> (usize, Piece) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), Piece::Comment);
    }
    if rest.starts_with("/*") {
        return (rest.find("*/").map_or(rest.len(), |end| end + 2), Piece::Comment);
    }
    if !in_word && let Some(length) = raw_text(rest) {
        return (length, Piece::Text);
    }
    if let Some(inner) = rest.strip_prefix('"') {
        let mut escaped = false;
        let end = inner.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        return (end.map_or(rest.len(), |end| end + 2), Piece::Text);
    }
    if let Some(inner) = rest.strip_prefix('\'') {
        // A character literal, or else a lifetime, which is code.
        let length = match inner.chars().next() {
            Some('\\') => inner[2..].find('\'').map(|end| end + 4),
            Some(c) if inner[c.len_utf8()..].starts_with('\'') => Some(c.len_utf8() + 2),
            _ => None,
        };
        return length.map_or((1, Piece::Code), |length| (length, Piece::Text));
    }
    (rest.chars().next().map_or(1, char::len_utf8), Piece::Code)
}

fn raw_text(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let close = body.find(&end).map_or(body.len(), |close| close + end.len());
    Some(rest.len() - body.len() + close)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// [`split`] code with everything under `#[cfg(test)]` blanked.
pub(crate) fn without_tests(code: &str) -> String {
    let mut code = code.to_owned();
    let mut from = 0;
    while let Some(found) = code[from..].find("#[cfg(test)]") {
        let start = from + found;
        let end = match code[start..].find(['{', ';']) {
            Some(opened) if code.as_bytes()[start + opened] == b'{' => closing(&code, start + opened),
            Some(length) => start + length + 1,
            None => code.len(),
        };
        let blank: String = code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        // Multi-byte characters occur only in texts, which are blank already.
        code.replace_range(start..end, &blank);
        from = start + 1;
    }
    code
}

/// The position after the brace that closes the one at `open`.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (offset, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + offset + 1;
        }
    }
    code.len()
}

/// One path of a `use`, and whether it is exported again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) path: Vec<String>,
    /// The name that it has in this file.
    pub(crate) name: String,
    pub(crate) is_export: bool,
}

/// Every path of every `use` in [`split`] code, and the code without those lines.
pub(crate) fn uses(code: &str) -> (Vec<Use>, String) {
    let (mut found, mut rest, mut at) = (Vec::new(), code.to_owned(), 0);
    while let Some(offset) = rest[at..].find("use ") {
        let start = at + offset;
        at = start + 4;
        if start > 0 && is_word(rest.as_bytes()[start - 1]) {
            continue;
        }
        let Some(length) = rest[start..].find(';') else { break };
        let line = rest[..start].rfind('\n').map_or(0, |end| end + 1);
        let is_export = rest[line..start].trim_start().starts_with("pub");
        let tree = rest[start + 4..start + length].to_owned();
        expand(&tree, &mut Vec::new(), is_export, &mut found);
        let blank: String = rest[start..=start + length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        rest.replace_range(start..=start + length, &blank);
    }
    (found, rest)
}

fn expand(tree: &str, prefix: &mut Vec<String>, is_export: bool, found: &mut Vec<Use>) {
    let tree = tree.trim();
    let head = tree.find('{').map_or(tree, |open| &tree[..open]);
    let mut path: Vec<String> =
        head.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let depth = prefix.len();
    if let Some(open) = tree.find('{') {
        prefix.append(&mut path);
        let inner = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
        let (mut nesting, mut start) = (0, 0);
        for (index, c) in inner.char_indices().chain([(inner.len(), ',')]) {
            match c {
                '{' => nesting += 1,
                '}' => nesting -= 1,
                ',' if nesting == 0 => {
                    if !inner[start..index].trim().is_empty() {
                        expand(&inner[start..index], prefix, is_export, found);
                    }
                    start = index + 1;
                }
                _ => {}
            }
        }
    } else {
        let mut name = None;
        if let Some(last) = path.last_mut()
            && let Some((original, alias)) = last.clone().split_once(" as ")
        {
            (*last, name) = (original.trim().to_owned(), Some(alias.trim().to_owned()));
        }
        let mut whole: Vec<String> = prefix.iter().cloned().chain(path).collect();
        if whole.last().is_some_and(|last| last == "self") {
            whole.pop();
        }
        let name = name.or_else(|| whole.last().cloned()).unwrap_or_default();
        found.push(Use { path: whole, name, is_export });
    }
    prefix.truncate(depth);
}

/// Every path in [`split`] code that begins with one of `heads` (a whole word, not in the middle of a path).
pub(crate) fn paths(code: &str, heads: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for head in heads {
        let mut at = 0;
        while let Some(offset) = code[at..].find(&format!("{head}::")) {
            let start = at + offset;
            at = start + head.len();
            let before = code[..start].bytes().next_back().unwrap_or(b' ');
            if is_word(before) || before == b':' {
                continue;
            }
            let end = code[start..]
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
                .unwrap_or(code.len() - start);
            found.push(
                code[start..start + end].split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_comments_are_told_apart() {
        let source = "let a = \"// no\"; // yes 'x\nlet b = 'c'; let c: &'static str = r#\"\"use z;\"#; /* more */ d\n";
        let (code, comments) = split(source);
        assert_eq!((code.len(), comments.len()), (source.len(), source.len()));
        assert_eq!(comments.split_whitespace().collect::<Vec<_>>(), ["//", "yes", "'x", "/*", "more", "*/"]);
        let words: Vec<_> = code.split_whitespace().collect();
        assert_eq!(words, ["let", "a", "=", ";", "let", "b", "=", ";", "let", "c:", "&'static", "str", "=", ";", "d"]);
    }

    #[test]
    fn uses_are_taken_apart() {
        let (found, rest) =
            uses("pub use a::{b, c::{self, D as E}};\nuse crate::f;\nlet x = reuse g;\n#[x(1)]\nuse h::i;\n");
        let shown: Vec<_> = found.iter().map(|u| (u.path.join("::"), u.name.as_str(), u.is_export)).collect();
        let shown: Vec<_> = shown.iter().map(|(path, name, export)| (path.as_str(), *name, *export)).collect();
        let wanted = [
            ("a::b", "b", true),
            ("a::c", "c", true),
            ("a::c::D", "E", true),
            ("crate::f", "f", false),
            ("h::i", "i", false),
        ];
        assert_eq!(shown, wanted);
        assert_eq!(rest.split_whitespace().collect::<Vec<_>>(), ["pub", "let", "x", "=", "reuse", "g;", "#[x(1)]"]);
    }

    #[test]
    fn tests_are_cut_off() {
        let code =
            without_tests("fn a() {}\n#[cfg(test)]\nmod tests { fn b() { c } }\n#[cfg(test)]\nuse d;\nfn e() {}\n");
        assert_eq!(code.split_whitespace().collect::<Vec<_>>(), ["fn", "a()", "{}", "fn", "e()", "{}"]);
        assert_eq!(code.lines().count(), 6);
    }
}
