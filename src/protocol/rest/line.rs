//! One request as one line of a script.

use std::fmt;

use crate::protocol::Located;
use cachedojo_notation::text::Language;

/// A request: `METHOD /path?query [body]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// Path and query, percent-encoded.
    pub target: &'a str,
    /// The rest of the line, if there is any. Not checked here: refusing a body that is not JSON is the service's job.
    pub body: Option<&'a str>,
}

/// Everything that can be wrong with a line; [`LineMistake::message`] names the remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineMistake {
    /// The line is empty.
    Blank,
    /// The first word is not a method.
    Method,
    /// There is no path.
    MissingPath,
    /// The path does not begin with a slash.
    PathStart,
    /// The path holds a control character.
    PathCharacter,
}

impl LineMistake {
    /// One sentence that names the remedy.
    pub fn message(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english(),
            Language::French => self.french(),
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Blank => "The line is empty: write a request, such as `GET /api/v1/cache/users/u1`.",
            Self::Method => "A request begins with a method in capitals: write GET, PUT, POST or DELETE.",
            Self::MissingPath => "The path is missing: write it after the method, such as `/health`.",
            Self::PathStart => "A path begins with `/`: write the whole path, such as `/api/v1/cache/users/u1`.",
            Self::PathCharacter => "The path has a control character: percent-encode it, as in `%09`.",
        }
    }

    fn french(self) -> &'static str {
        match self {
            Self::Blank => "La ligne est vide : écrivez une requête, par exemple « GET /api/v1/cache/users/u1 ».",
            Self::Method => "Une requête commence par une méthode en majuscules : écrivez GET, PUT, POST ou DELETE.",
            Self::MissingPath => "Il manque le chemin : écrivez-le après la méthode, par exemple « /health ».",
            Self::PathStart => {
                "Un chemin commence par « / » : écrivez-le en entier, par exemple « /api/v1/cache/users/u1 »."
            }
            Self::PathCharacter => "Le chemin a un caractère de contrôle : encodez-le, par exemple « %09 ».",
        }
    }
}

impl fmt::Display for LineMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message(Language::English))
    }
}

/// Reads one line (without its line end) as a request. Spaces separate the method, the path and the body; the body is
/// the rest of the line.
///
/// # Errors
/// The first mistake of the line, with its place.
pub fn parse_line(line: &str) -> Result<Line<'_>, Located<LineMistake>> {
    let error = |mistake, span| Err(Located { mistake, span });
    let end = line.len();
    let Some((method, rest)) = word(line) else { return error(LineMistake::Blank, 0..end) };
    let at = offset(line, method);
    if !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return error(LineMistake::Method, at..at + method.len());
    }
    let Some((target, rest)) = word(rest) else { return error(LineMistake::MissingPath, end..end) };
    let at = offset(line, target);
    if !target.starts_with('/') {
        return error(LineMistake::PathStart, at..at + target.len());
    }
    if let Some((place, c)) = target.char_indices().find(|(_, c)| c.is_control()) {
        return error(LineMistake::PathCharacter, at + place..at + place + c.len_utf8());
    }
    let body = rest.trim();
    Ok(Line { method, target, body: (!body.is_empty()).then_some(body) })
}

/// The first word and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(' ');
    let word = text.split(' ').next().filter(|word| !word.is_empty())?;
    Some((word, &text[word.len()..]))
}

/// Where a part of a line stands in it.
fn offset(line: &str, part: &str) -> usize {
    part.as_ptr() as usize - line.as_ptr() as usize
}
