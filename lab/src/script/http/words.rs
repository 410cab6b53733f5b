//! A shape and an answer that has not got it, in a reader's words: statuses, headers and fields of the body by their names.

use cachedojo_notation::text::Language;
use serde_json::Value;

use super::HttpShape;
use super::shape::{Difference, OR_ABSENT, after, on_one_line, range};

impl HttpShape {
    /// What was expected and what came instead, in words; `None` if the answer has the shape.
    pub fn difference_in_words(&self, answer: &str, language: Language) -> Option<(String, String)> {
        let came = actual_in_words(&self.difference(answer)?, answer, language);
        Some((self.expected(language), came))
    }

    fn expected(&self, language: Language) -> String {
        let (status, or, header, nothing) = match language {
            Language::English => ("status", " or ", "the header", "no"),
            Language::French => ("le statut", " ou ", "l'en-tête", "pas de"),
        };
        let statuses: Vec<String> = self.statuses.iter().map(u16::to_string).collect();
        let mut parts = vec![match statuses.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{status} {}{or}{last}", rest.join(", ")),
            _ => format!("{status} {}", statuses.concat()),
        }];
        for (name, value) in &self.headers {
            parts.push(match range(value) {
                Some(bounds) => format!("{header} `{name}` {}", between(bounds, language)),
                None => format!("{header} `{name}: {value}`"),
            });
        }
        let mut fields = Vec::new();
        if let Some(body) = &self.body {
            list_fields(body, String::new(), &mut fields);
        }
        parts.extend(fields.into_iter().map(|(path, wanted)| match wanted.as_str() {
            Some("absent") => format!("{nothing} `{path}`"),
            Some("any") => format!("`{path}`"),
            Some("text") if language == Language::French => format!("`{path}` : un texte"),
            Some("text") => format!("`{path}`: a text"),
            Some("time") if language == Language::French => {
                format!("`{path}` : un instant tel que 2024-01-01T00:00:00Z")
            }
            Some("time") => format!("`{path}`: a time such as 2024-01-01T00:00:00Z"),
            pattern => match (pattern.and_then(range), pattern.and_then(later_or_absent)) {
                (Some(bounds), _) => format!("`{path}` {}", between(bounds, language)),
                (None, Some(words)) => words.told(&path, language),
                (None, None) => format!("`{}`", pair(&path, &wanted.to_string())),
            },
        }));
        parts.join(", ")
    }
}

/// Patterns whose words have a part of their own.
enum LaterOrAbsent<'a> {
    After(&'a str),
    OrAbsent(&'a str),
}

fn later_or_absent(pattern: &str) -> Option<LaterOrAbsent<'_>> {
    after(pattern).map(LaterOrAbsent::After).or_else(|| pattern.strip_prefix(OR_ABSENT).map(LaterOrAbsent::OrAbsent))
}

impl LaterOrAbsent<'_> {
    fn told(&self, path: &str, language: Language) -> String {
        match (self, language) {
            (Self::After(bound), Language::English) => format!("`{path}`: a time after {bound}"),
            (Self::After(bound), Language::French) => format!("`{path}` : un instant après {bound}"),
            (Self::OrAbsent(text), Language::English) => {
                format!("`{}`, or no `{path}`", pair(path, &format!("{text:?}")))
            }
            (Self::OrAbsent(text), Language::French) => {
                format!("`{}`, ou pas de `{path}`", pair(path, &format!("{text:?}")))
            }
        }
    }
}

fn between((low, high): (f64, f64), language: Language) -> String {
    match language {
        Language::English => format!("from {low} to {high}"),
        Language::French => format!("de {low} à {high}"),
    }
}

/// A field of a body as it stands there; of a nested one with its path, of a body that is no object the value alone.
fn pair(path: &str, value: &str) -> String {
    if path.is_empty() { value.to_owned() } else { format!("\"{path}\": {value}") }
}

/// The fields that a body must have, by their paths: objects are gone through, everything else is a value.
fn list_fields<'a>(wanted: &'a Value, path: String, fields: &mut Vec<(String, &'a Value)>) {
    match wanted {
        Value::Object(all) if !all.is_empty() => {
            for (name, wanted) in all {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                list_fields(wanted, path, fields);
            }
        }
        wanted => fields.push((path, wanted)),
    }
}

/// What came: first what is wrong with it, then the answer.
fn actual_in_words(difference: &Difference, answer: &str, language: Language) -> String {
    let is_french = language == Language::French;
    let in_body = |path: &str| path.strip_prefix("body").unwrap_or(path).trim_start_matches('.').to_owned();
    let what = match difference {
        // What stands there is why there is no answer.
        Difference::Status(None) => return on_one_line(answer, ""),
        Difference::Status(Some(status)) if is_french => format!("le statut {status}"),
        Difference::Status(Some(status)) => format!("status {status}"),
        Difference::Header { name, found: None } if is_french => format!("une réponse sans l'en-tête `{name}`"),
        Difference::Header { name, found: None } => format!("an answer without the header `{name}`"),
        Difference::Header { name, found: Some(found) } if is_french => format!("l'en-tête `{name}: {found}`"),
        Difference::Header { name, found: Some(found) } => format!("the header `{name}: {found}`"),
        Difference::NotJson if is_french => "un corps qui n'est pas du JSON".to_owned(),
        Difference::NotJson => "a body that is no JSON".to_owned(),
        Difference::Body { path, found: None } if is_french => format!("un corps sans `{}`", in_body(path)),
        Difference::Body { path, found: None } => format!("a body without `{}`", in_body(path)),
        Difference::Body { path, found: Some(found) } => {
            let short = on_one_line(found, "");
            format!("`{}`", pair(&in_body(path), &short))
        }
    };
    let (before, answer) = (if is_french { " dans : " } else { " in: " }, on_one_line(answer, ""));
    format!("{what}{before}{answer}")
}

#[cfg(test)]
mod tests {
    use super::HttpShape;
    use cachedojo_notation::text::Language::{English, French};

    const ANSWER: &str = "HTTP/1.1 200\nX-Cache-TTL: 60\n{\"value\":1,\"metadata\":{\"ttl\":60}}";
    const LINE: &str = "HTTP/1.1 200 | X-Cache-TTL: 60 | {\"value\":1,\"metadata\":{\"ttl\":60}}";

    #[track_caller]
    fn check(shape: &str, answer: &str, english: [&str; 2], french: [&str; 2]) {
        let shape = HttpShape::new(shape).expect("a shape");
        for (language, [expected, came]) in [(English, english), (French, french)] {
            let told = shape.difference_in_words(answer, language).expect("it differs");
            assert_eq!((told.0.as_str(), told.1.as_str()), (expected, came), "{shape:?}");
        }
    }

    #[test]
    fn what_was_expected_and_what_came_are_told_in_the_words_of_the_document() {
        let in_line = |what: &str, french: bool| format!("{what}{}{LINE}", if french { " dans : " } else { " in: " });
        for (shape, english, french) in [
            ("201|507", ["status 201 or 507", "status 200"], ["le statut 201 ou 507", "le statut 200"]),
            ("201|400|507", ["status 201, 400 or 507", "status 200"], ["le statut 201, 400 ou 507", "le statut 200"]),
            (
                "200 [X-Cache-TTL: 50..59]",
                ["status 200, the header `X-Cache-TTL` from 50 to 59", "the header `X-Cache-TTL: 60`"],
                ["le statut 200, l'en-tête `X-Cache-TTL` de 50 à 59", "l'en-tête `X-Cache-TTL: 60`"],
            ),
            (
                "200 [X-Cache-Hit: true]",
                ["status 200, the header `X-Cache-Hit: true`", "an answer without the header `X-Cache-Hit`"],
                ["le statut 200, l'en-tête `X-Cache-Hit: true`", "une réponse sans l'en-tête `X-Cache-Hit`"],
            ),
            (
                "200 {\"metadata\": {\"ttl\": \"1..5\", \"tags\": \"absent\"}, \"value\": \"any\"}",
                ["status 200, no `metadata.tags`, `metadata.ttl` from 1 to 5, `value`", "`\"metadata.ttl\": 60`"],
                ["le statut 200, pas de `metadata.tags`, `metadata.ttl` de 1 à 5, `value`", "`\"metadata.ttl\": 60`"],
            ),
            (
                "200 {\"metadata\": {\"ttl\": \"after 2024-01-01T00:00:00\"}, \"value\": \"absent or x\"}",
                [
                    "status 200, `metadata.ttl`: a time after 2024-01-01T00:00:00, `\"value\": \"x\"`, or no `value`",
                    "`\"metadata.ttl\": 60`",
                ],
                [
                    "le statut 200, `metadata.ttl` : un instant après 2024-01-01T00:00:00, `\"value\": \"x\"`, ou pas de `value`",
                    "`\"metadata.ttl\": 60`",
                ],
            ),
            (
                "200 {\"value\": 2}",
                ["status 200, `\"value\": 2`", "`\"value\": 1`"],
                ["le statut 200, `\"value\": 2`", "`\"value\": 1`"],
            ),
            (
                "200 {\"error\": \"text\"}",
                ["status 200, `error`: a text", "a body without `error`"],
                ["le statut 200, `error` : un texte", "un corps sans `error`"],
            ),
            (
                "200 {\"value\": \"time\"}",
                ["status 200, `value`: a time such as 2024-01-01T00:00:00Z", "`\"value\": 1`"],
                ["le statut 200, `value` : un instant tel que 2024-01-01T00:00:00Z", "`\"value\": 1`"],
            ),
        ] {
            let [en, fr] = [in_line(english[1], false), in_line(french[1], true)];
            check(shape, ANSWER, [english[0], &en], [french[0], &fr]);
        }
        check(
            "200 {}",
            "HTTP/1.1 200\nno",
            ["status 200, `{}`", "a body that is no JSON in: HTTP/1.1 200 | no"],
            ["le statut 200, `{}`", "un corps qui n'est pas du JSON dans : HTTP/1.1 200 | no"],
        );
        let none = "(no answer: it hung up)";
        check("200", none, ["status 200", none], ["le statut 200", none]);
        assert_eq!(HttpShape::new("200").expect("a shape").difference_in_words(ANSWER, English), None);
    }
}
