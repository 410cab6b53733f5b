//! The line protocol: `PUT <key> <value>`, `GET <key>`, `DELETE <key>`, `EXIT`, one command a line.
//!
//! A line is split at its first two single spaces, so a value is the whole rest of the line and may hold spaces.
//! Quotes are characters like any other; tabs do not separate; command words are upper case.
//!
//! ```
//! use cachedojo::protocol::line::LineCache;
//!
//! let mut cache = LineCache::new();
//! let answers: Vec<String> =
//!     "PUT a b c\nGET a\nEXIT\n".lines().map(|line| cache.answer(line).to_string()).collect();
//! assert_eq!(answers, ["STORED", "b c", "BYE"]);
//! ```
//!
//! **Line ends.** A command contains no line end: scripts are split with [`str::lines`], so `\n` and `\r\n` both
//! end a line. A `\r` that is not followed by `\n` stays in the command, where it is an unprintable character, and the answer is
//! `ERROR`.
//!
//! [`LineCache`] answers one command after the other; [`simulate_distributed_cache`] runs all commands of a script
//! concurrently. Both give the same answers, because commands on one key keep their input order, and the order of
//! commands on different keys cannot be observed.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

mod simulate;

use super::Located;
use cachedojo_notation::text::Language;

pub use simulate::{simulate_distributed_cache, simulate_scheduled};

/// The longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 64;
/// The longest value, in bytes.
pub const VALUE_BYTES_MAX: usize = 256;

/// A cache that executes the line protocol, one command after the other.
#[derive(Debug, Clone, Default)]
pub struct LineCache {
    values: BTreeMap<String, String>,
    exited: bool,
}

impl LineCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// Executes one line (without its line end) and answers it. After `EXIT` nothing is executed and every line is
    /// answered with [`Answer::Bye`]: stop the script when [`Self::exited`] says so. O(log n).
    pub fn answer(&mut self, line: &str) -> Answer {
        match parse(line) {
            _ if self.exited => Answer::Bye,
            Ok(command) => self.obey(&command),
            Err(error) => Answer::Error(error),
        }
    }

    /// Executes one command. O(log n).
    pub fn obey(&mut self, command: &Command<'_>) -> Answer {
        match *command {
            Command::Put { key, value } => {
                self.values.insert(key.to_owned(), value.to_owned());
                Answer::Stored
            }
            Command::Get { key } => self.values.get(key).map_or(Answer::NotFound, |value| Answer::Value(value.clone())),
            Command::Delete { key } => self.values.remove(key).map_or(Answer::NotFound, |_| Answer::Deleted),
            Command::Exit => {
                self.exited = true;
                Answer::Bye
            }
        }
    }

    /// Whether `EXIT` was executed.
    pub fn exited(&self) -> bool {
        self.exited
    }

    /// The keys and their values, in the order of the keys.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// One command, borrowed from its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// `PUT <key> <value>`.
    Put {
        /// 1 to 64 ASCII letters or digits.
        key: &'a str,
        /// 1 to 256 printable ASCII characters.
        value: &'a str,
    },
    /// `GET <key>`.
    Get {
        /// 1 to 64 ASCII letters or digits.
        key: &'a str,
    },
    /// `DELETE <key>`.
    Delete {
        /// 1 to 64 ASCII letters or digits.
        key: &'a str,
    },
    /// `EXIT`.
    Exit,
}

impl<'a> Command<'a> {
    /// The key that the command reads or writes.
    pub fn key(&self) -> Option<&'a str> {
        match *self {
            Self::Put { key, .. } | Self::Get { key } | Self::Delete { key } => Some(key),
            Self::Exit => None,
        }
    }
}

/// What a command is answered with; `Display` is the protocol's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `STORED`.
    Stored,
    /// The value of a `GET`.
    Value(String),
    /// `DELETED`.
    Deleted,
    /// `NOT_FOUND`: there is nothing under this key.
    NotFound,
    /// `ERROR`: the line is not a command. The text is the same for every mistake; the variant says which it is.
    Error(Located<Mistake>),
    /// `BYE`: the end.
    Bye,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stored => "STORED",
            Self::Value(value) => value,
            Self::Deleted => "DELETED",
            Self::NotFound => "NOT_FOUND",
            Self::Error(_) => "ERROR",
            Self::Bye => "BYE",
        })
    }
}

/// Everything that can be wrong with a line; [`Mistake::message`] names the remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// The line is empty.
    Blank,
    /// The first word is not a command.
    UnknownCommand,
    /// There is no key.
    MissingKey,
    /// The key is longer than [`KEY_BYTES_MAX`].
    KeyTooLong,
    /// The key contains something other than ASCII letters and digits.
    KeyCharacter,
    /// There is no value.
    MissingValue,
    /// The value is longer than [`VALUE_BYTES_MAX`].
    ValueTooLong,
    /// The value contains something other than printable ASCII.
    ValueCharacter,
    /// Something follows a complete command.
    Extra,
}

impl Mistake {
    /// One sentence that names the remedy.
    pub fn message(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english(),
            Language::French => self.french(),
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Blank => "The line is empty: write a command, such as `GET user1`.",
            Self::UnknownCommand => {
                "This is no command: write PUT, GET, DELETE or EXIT, in capitals, with one space after it."
            }
            Self::MissingKey => "The key is missing: write it after exactly one space.",
            Self::KeyTooLong => "The key is too long: use at most 64 characters.",
            Self::KeyCharacter => "A key has only the letters A-Z and a-z and the digits 0-9: remove this character.",
            Self::MissingValue => "The value is missing: write it after the key and one space.",
            Self::ValueTooLong => "The value is too long: use at most 256 characters.",
            Self::ValueCharacter => "A value has only printable ASCII characters: remove this one.",
            Self::Extra => "The command is complete before this: remove what follows.",
        }
    }

    fn french(self) -> &'static str {
        match self {
            Self::Blank => "La ligne est vide : écrivez une commande, par exemple « GET user1 ».",
            Self::UnknownCommand => {
                "Ce n'est pas une commande : écrivez PUT, GET, DELETE ou EXIT, en majuscules, puis une seule espace."
            }
            Self::MissingKey => "Il manque la clé : écrivez-la après exactement une espace.",
            Self::KeyTooLong => "La clé est trop longue : 64 caractères au plus.",
            Self::KeyCharacter => "Une clé n'a que les lettres A-Z et a-z et les chiffres 0-9 : retirez ce caractère.",
            Self::MissingValue => "Il manque la valeur : écrivez-la après la clé et une espace.",
            Self::ValueTooLong => "La valeur est trop longue : 256 caractères au plus.",
            Self::ValueCharacter => "Une valeur n'a que des caractères ASCII imprimables : retirez celui-ci.",
            Self::Extra => "La commande est complète avant ceci : retirez ce qui suit.",
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message(Language::English))
    }
}

/// Reads one line (without its line end) as a command.
///
/// # Errors
/// The first mistake of the line, with its place.
pub fn parse(line: &str) -> Result<Command<'_>, Located<Mistake>> {
    let mut fields = Fields { line, next: Some(0) };
    let (verb, at) = fields.word().unwrap_or(("", 0));
    let command = match verb {
        "PUT" => {
            let key = fields.key()?;
            Command::Put { key, value: fields.value()? }
        }
        "GET" => Command::Get { key: fields.key()? },
        "DELETE" => Command::Delete { key: fields.key()? },
        "EXIT" => Command::Exit,
        "" if line.is_empty() => return error(Mistake::Blank, 0..0),
        _ => return error(Mistake::UnknownCommand, at..at + verb.len()),
    };
    match fields.next {
        Some(rest) => error(Mistake::Extra, rest - 1..line.len()),
        None => Ok(command),
    }
}

fn error<T>(mistake: Mistake, span: Range<usize>) -> Result<T, Located<Mistake>> {
    Err(Located { mistake, span })
}

/// Splits a line at single spaces; two spaces in a row enclose an empty field.
struct Fields<'a> {
    line: &'a str,
    /// Where the next field begins; `None` when the line is used up.
    next: Option<usize>,
}

impl<'a> Fields<'a> {
    fn word(&mut self) -> Option<(&'a str, usize)> {
        let start = self.next?;
        let rest = &self.line[start..];
        let length = rest.find(' ').unwrap_or(rest.len());
        self.next = (length < rest.len()).then_some(start + length + 1);
        Some((&rest[..length], start))
    }

    fn key(&mut self) -> Result<&'a str, Located<Mistake>> {
        let end = self.line.len();
        let Some((key, start)) = self.word() else { return error(Mistake::MissingKey, end..end) };
        if key.is_empty() {
            return error(Mistake::MissingKey, start..start);
        }
        if let Some(span) = find_char(key, start, |c| !c.is_ascii_alphanumeric()) {
            return error(Mistake::KeyCharacter, span);
        }
        if key.len() > KEY_BYTES_MAX {
            return error(Mistake::KeyTooLong, start..start + key.len());
        }
        Ok(key)
    }

    fn value(&mut self) -> Result<&'a str, Located<Mistake>> {
        let end = self.line.len();
        let start = self.next.take().unwrap_or(end);
        let value = &self.line[start..];
        if value.is_empty() {
            return error(Mistake::MissingValue, end..end);
        }
        if let Some(span) = find_char(value, start, |c| !matches!(c, ' '..='~')) {
            return error(Mistake::ValueCharacter, span);
        }
        if value.len() > VALUE_BYTES_MAX {
            return error(Mistake::ValueTooLong, start..end);
        }
        Ok(value)
    }
}

/// The first character that is `wrong`, as a byte range of the line in which `text` begins at `start`.
fn find_char(text: &str, start: usize, wrong: impl Fn(char) -> bool) -> Option<Range<usize>> {
    let (at, c) = text.char_indices().find(|&(_, c)| wrong(c))?;
    Some(start + at..start + at + c.len_utf8())
}
