//! How a shape is read and compared.

use std::fmt::{self, Write as _};

use serde_json::Value;

use super::HttpShape;

/// What a pattern begins with if there may be nothing.
pub(super) const OR_ABSENT: &str = "absent or ";

/// The bounds of a number, from a pattern like `59..60`.
pub(super) fn range(pattern: &str) -> Option<(f64, f64)> {
    let (low, high) = pattern.split_once("..")?;
    Some((low.parse().ok()?, high.parse().ok()?))
}

/// The moment in a pattern like `after 2024-01-01T00:00:00`.
pub(super) fn after(pattern: &str) -> Option<&str> {
    pattern.strip_prefix("after ").filter(|bound| is_moment(bound))
}

impl HttpShape {
    /// Parses a shape; `None` if it is not one.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let (statuses, rest) = text.split_once(' ').unwrap_or((text, ""));
        let statuses: Option<Vec<u16>> = statuses.split('|').map(|status| status.parse().ok()).collect();
        let rest = rest.trim_start();
        let (headers, rest) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => ("", rest),
        };
        let pairs = headers.split(';').filter(|pair| !pair.trim().is_empty());
        let headers: Option<Vec<(String, String)>> = pairs
            .map(|pair| pair.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())))
            .collect();
        let rest = rest.trim();
        let body = if rest.is_empty() { None } else { Some(serde_json::from_str(rest).ok()?) };
        Some(Self { statuses: statuses?, headers: headers?, body })
    }

    /// Compares an answer: status line, headers and body, one line each. Whether it has the shape; the first difference, if there
    /// is one, and the answer.
    pub(crate) fn judge(&self, answer: &str) -> (bool, Option<String>) {
        let difference = self.difference(answer);
        let told = difference.as_ref().map_or(String::new(), ToString::to_string);
        (difference.is_none(), Some(on_one_line(answer, &told)))
    }

    /// The first difference of an answer, if there is one.
    pub(super) fn difference(&self, answer: &str) -> Option<Difference> {
        let mut lines = answer.lines();
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
        if !status.is_some_and(|status: u16| self.statuses.contains(&status)) {
            return Some(Difference::Status(status));
        }
        let mut rest: Vec<&str> = lines.collect();
        let body = rest.pop().unwrap_or_default();
        for (name, wanted) in &self.headers {
            let found =
                rest.iter().filter_map(|line| line.split_once(':')).find(|(known, _)| known.eq_ignore_ascii_case(name));
            let found = found.map(|(_, value)| value.trim());
            // An answer need not name its type; one that does must name the right one.
            let may_lack = name.eq_ignore_ascii_case("Content-Type");
            if !found.map_or(may_lack, |found| is_header(wanted, found)) {
                return Some(Difference::Header { name: name.clone(), found: found.map(str::to_owned) });
            }
        }
        let wanted = self.body.as_ref()?;
        let Ok(found) = serde_json::from_str::<Value>(body) else {
            return if asks_for_nothing(wanted) { None } else { Some(Difference::NotJson) };
        };
        differs(wanted, &found, &mut "body".to_owned())
    }
}

/// How an answer differs from a shape; `Display` is the words of a script's run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Difference {
    /// Its status is another, or it has none: it is no answer.
    Status(Option<u16>),
    /// A header has another value, or is missing.
    Header { name: String, found: Option<String> },
    /// Its body is no JSON.
    NotJson,
    /// A place of its body has another value, or is missing.
    Body { path: String, found: Option<String> },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_missing = |found: &Option<String>| found.clone().unwrap_or_else(|| "missing".to_owned());
        match self {
            Self::Status(_) => Ok(()),
            Self::Header { name, found } => write!(f, "header {name} is {}", or_missing(found)),
            Self::NotJson => f.write_str("the body is no JSON"),
            Self::Body { path, found } => write!(f, "{path} is {}", or_missing(found)),
        }
    }
}

/// The most characters of an answer that are shown.
const SHOWN_MAX: usize = 300;

/// An answer on one line, after what is wrong with it.
pub(super) fn on_one_line(answer: &str, what: &str) -> String {
    let mut text = what.to_owned();
    if !what.is_empty() {
        text.push_str(" in: ");
    }
    let line = answer.lines().collect::<Vec<_>>().join(" | ");
    text.extend(line.chars().take(SHOWN_MAX));
    if line.chars().count() > SHOWN_MAX {
        text.push('…');
    }
    text
}

fn is_header(wanted: &str, found: &str) -> bool {
    match range(wanted) {
        Some((low, high)) => found.parse::<f64>().is_ok_and(|number| low <= number && number <= high),
        None => wanted.eq_ignore_ascii_case(found),
    }
}

/// Whether a text is a date and a time such as `2024-01-01T00:00:00Z`: a fraction of a second may stand in it, and any offset or none.
fn is_moment(text: &str) -> bool {
    let number = |at: usize, length: usize| -> Option<u32> {
        let digits = text.get(at..at + length).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits?.parse().ok()
    };
    let has = |at: usize, among: &[u8]| text.as_bytes().get(at).is_some_and(|byte| among.contains(byte));
    let within = |at: usize, low: u32, high: u32| number(at, 2).is_some_and(|number| (low..=high).contains(&number));
    let is_date = number(0, 4).is_some() && has(4, b"-") && within(5, 1, 12) && has(7, b"-") && within(8, 1, 31);
    let is_time = has(10, b"Tt ")
        && within(11, 0, 23)
        && has(13, b":")
        && within(14, 0, 59)
        && has(16, b":")
        && within(17, 0, 60);
    let rest = text.get(19..).unwrap_or_default();
    let rest = rest.strip_prefix('.').map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let is_offset = matches!(rest, "" | "Z" | "z") || (rest.starts_with(['+', '-']) && matches!(rest.len(), 5 | 6));
    is_date && is_time && is_offset
}

/// Whether a moment comes after another, both to the second and wherever they are on earth.
fn is_later(found: &str, bound: &str) -> bool {
    let place = |text: &str| text.get(..10).zip(text.get(11..19)).map(|(date, time)| format!("{date}{time}"));
    place(found) > place(bound)
}

/// Whether a shape only says what may not be there: a body that is no JSON object, or none at all, has nothing of it.
fn asks_for_nothing(wanted: &Value) -> bool {
    wanted.as_object().is_some_and(|fields| !fields.is_empty() && fields.values().all(may_be_absent))
}

/// Whether a place need not be there: the text after `absent or ` is what it must be if it is.
fn may_be_absent(wanted: &Value) -> bool {
    wanted.as_str().is_some_and(|pattern| pattern == "absent" || pattern.starts_with(OR_ABSENT))
}

/// The first difference, with its path: everything wanted must be found. In a pattern the text `"59..60"` stands for a number in
/// that range, `"any"` for anything, `"text"` for any text, `"time"` for a moment, `"after 2024-01-01T00:00:00"` for a later one,
/// `"absent"` for nothing or null, and `"absent or x"` for that or the text x.
fn differs(wanted: &Value, found: &Value, path: &mut String) -> Option<Difference> {
    let other = |path: &str, found: Option<&Value>| {
        Some(Difference::Body { path: path.to_owned(), found: found.map(Value::to_string) })
    };
    let is_so = match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, wanted) in wanted {
                let length = path.len();
                _ = write!(path, ".{name}");
                let value = found.get(name);
                let is_absent = wanted == "absent";
                match value {
                    None | Some(Value::Null) if may_be_absent(wanted) => {}
                    None => return other(path, None),
                    Some(value) if is_absent => return other(path, Some(value)),
                    Some(value) => {
                        if let Some(what) = differs(wanted, value, path) {
                            return Some(what);
                        }
                    }
                }
                path.truncate(length);
            }
            true
        }
        (Value::Array(wanted), Value::Array(found)) => {
            for (index, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                let length = path.len();
                _ = write!(path, "[{index}]");
                if let Some(what) = differs(wanted, found, path) {
                    return Some(what);
                }
                path.truncate(length);
            }
            wanted.len() == found.len()
        }
        (Value::Number(wanted), Value::Number(found)) => wanted == found || wanted.as_f64() == found.as_f64(),
        (Value::String(pattern), found) => match pattern.as_str() {
            "any" => true,
            "text" => found.is_string(),
            "time" => found.as_str().is_some_and(is_moment),
            pattern => match (range(pattern), after(pattern)) {
                (Some((low, high)), _) => found.as_f64().is_some_and(|number| low <= number && number <= high),
                (None, Some(bound)) => found.as_str().is_some_and(|found| is_moment(found) && is_later(found, bound)),
                (None, None) => found.as_str() == Some(pattern.strip_prefix(OR_ABSENT).unwrap_or(pattern)),
            },
        },
        (wanted, found) => wanted == found || asks_for_nothing(wanted),
    };
    if is_so { None } else { other(path, Some(found)) }
}

#[cfg(test)]
mod tests {
    use super::HttpShape;

    const ANSWER: &str = "HTTP/1.1 200 OK\nX-Cache-Hit: true\nX-Cache-TTL: 60\n\
        {\"value\":{\"id\":1.0,\"tags\":[\"a\",\"b\"]},\"metadata\":{\"ttl_remaining\":60,\"created_at\":\"2026\"}}";

    #[track_caller]
    fn check(shape: &str, answer: &str, wrong: &str) {
        let shape = HttpShape::new(shape).expect("a shape");
        let (has, told) = shape.judge(answer);
        let said = told.filter(|_| !has).unwrap_or_default();
        let said = said.split(" in: ").next().unwrap_or_default();
        assert_eq!(said, wrong, "{shape:?}");
    }

    #[test]
    fn an_answer_is_compared_by_meaning() {
        check("200", ANSWER, "");
        check("200|201 [x-cache-hit: True; X-Cache-TTL: 59..60]", ANSWER, "");
        check(
            "200 {\"metadata\": {\"created_at\": \"text\", \"ttl_remaining\": \"59..60\"}, \"value\": {\"id\": 1}}",
            ANSWER,
            "",
        );
        check("200 {\"value\": \"any\", \"error\": \"absent\"}", ANSWER, "");
        check("200 {\"value\": {\"tags\": [\"a\", \"b\"]}}", ANSWER, "");
    }

    #[test]
    fn the_first_difference_is_named() {
        check("200 [X-Cache-TTL: 50..59]", ANSWER, "header X-Cache-TTL is 60");
        check("200 [X-Other: 1]", ANSWER, "header X-Other is missing");
        check("200 {\"value\": {\"id\": 2}}", ANSWER, "body.value.id is 1.0");
        check("200 {\"value\": {\"tags\": [\"a\"]}}", ANSWER, "body.value.tags is [\"a\",\"b\"]");
        check("200 {\"created\": true}", ANSWER, "body.created is missing");
        check("200 {\"value\": \"absent\"}", ANSWER, "body.value is {\"id\":1.0,\"tags\":[\"a\",\"b\"]}");
        check("200 {}", "HTTP/1.1 200 OK\nnot json", "the body is no JSON");
        // A body of another kind, or none, has nothing of what may not be there.
        for body in ["not json", "", "[]", "null", "{\"error\": 1}"] {
            check("200 {\"value\": \"absent\"}", &format!("HTTP/1.1 200 OK\n{body}"), "");
        }
        check("404", "HTTP/1.1 200 OK\n{}", "HTTP/1.1 200 OK | {}");
        check("200", "(no answer)", "(no answer)");
    }

    #[test]
    fn a_moment_is_a_date_and_a_time() {
        for (text, is_moment) in [
            ("2024-01-01T00:00:00Z", true),
            ("2024-12-31T23:59:60.123456+00:00", true),
            ("2024-01-01T00:00:00-0530", true),
            ("2024-01-01 00:00:00.5", true),
            ("yesterday", false),
            ("", false),
            ("2024-01-01", false),
            ("2024-13-01T00:00:00Z", false),
            ("2024-01-01T24:00:00Z", false),
            ("2024-01-01T00:00:00 or so", false),
            ("1704067200", false),
            ("2024-01-01T00:00:0é", false),
        ] {
            assert_eq!(super::is_moment(text), is_moment, "{text:?}");
        }
        check("200 {\"metadata\": {\"created_at\": \"time\"}}", ANSWER, "body.metadata.created_at is \"2026\"");
        let shape = "200 {\"at\": \"after 2024-01-01T00:00:00\"}";
        for (at, wrong) in [
            ("2024-01-01 00:00:01.5", ""),
            ("2026-11-30T04:00:00+02:00", ""),
            ("2024-01-01T00:00:00Z", "body.at is \"2024-01-01T00:00:00Z\""),
            ("now", "body.at is \"now\""),
        ] {
            check(shape, &format!("HTTP/1.1 200 OK\n{{\"at\":\"{at}\"}}"), wrong);
        }
    }

    #[test]
    fn what_may_be_absent_must_be_right_where_it_is_there() {
        let shape = "200 [Content-Type: application/json] {\"value\": \"absent or x\"}";
        for (answer, wrong) in [
            ("{\"value\":\"x\"}", ""),
            ("{\"value\":null}", ""),
            ("{\"error\":\"gone\"}", ""),
            ("", ""),
            ("{\"value\":\"\"}", "body.value is \"\""),
            ("{\"value\":\"absent or x\"}", "body.value is \"absent or x\""),
        ] {
            check(shape, &format!("HTTP/1.1 200 OK\n{answer}"), wrong);
        }
        check(shape, "HTTP/1.1 200 OK\nContent-Type: text/html\n{}", "header Content-Type is text/html");
    }

    #[test]
    fn what_is_no_shape_is_refused() {
        for text in ["", "ok", "200 {", "200 [X", "2000000", "200 [X-Y]", "200 x"] {
            assert_eq!(HttpShape::new(text), None, "{text:?}");
        }
    }
}
