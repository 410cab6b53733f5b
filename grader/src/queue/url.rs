//! A queue's address. Its password is never shown, neither in messages nor in debug output.

use std::fmt;

/// The accepted forms, for messages.
const FORMS: &str = "write redis://HOST:PORT or postgres://USER@HOST/DATABASE";
/// Replaces a password.
const HIDDEN: &str = "***";

/// The program that holds the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// PostgreSQL.
    InPostgres,
    /// Redis.
    InRedis,
}

/// A queue's address.
#[derive(Clone, PartialEq, Eq)]
pub struct QueueUrl {
    /// The program that holds the queue.
    pub kept: Kept,
    text: String,
}

/// Why a text is not a queue's address; the sentence contains nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoQueue {
    /// It does not begin like one.
    Scheme,
    /// Redis with TLS, which is not supported.
    RedisTls,
    /// It names no host.
    Host,
    /// The client cannot parse it; its message.
    Malformed(String),
}

impl fmt::Display for NoQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme => write!(f, "--queue names no queue: {FORMS}"),
            Self::RedisTls => f.write_str(
                "--queue: this grader speaks to Redis without TLS: write redis:// and go through a tunnel, or take postgres://",
            ),
            Self::Host => write!(f, "--queue names no machine: {FORMS}"),
            Self::Malformed(why) => write!(f, "--queue cannot be read ({why}): {FORMS}"),
        }
    }
}

impl std::error::Error for NoQueue {}

impl QueueUrl {
    /// Parses an address.
    ///
    /// # Errors
    /// See [`NoQueue`].
    pub fn parse(text: &str) -> Result<Self, NoQueue> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(NoQueue::Scheme)?;
        let kept = match scheme {
            "redis" | "valkey" => Kept::InRedis,
            "postgres" | "postgresql" => Kept::InPostgres,
            "rediss" | "valkeys" => return Err(NoQueue::RedisTls),
            _ => return Err(NoQueue::Scheme),
        };
        let url = Self { kept, text: text.to_owned() };
        if rest.rsplit('@').next().unwrap_or_default().split(['/', '?']).next().unwrap_or_default().is_empty() {
            return Err(NoQueue::Host);
        }
        let malformed = match kept {
            Kept::InRedis => ::redis::Client::open(text).err().map(|error| error.to_string()),
            Kept::InPostgres => text.parse::<sqlx::postgres::PgConnectOptions>().err().map(|error| error.to_string()),
        };
        malformed.map_or(Ok(()), |why| Err(NoQueue::Malformed(url.without_secrets(&why))))?;
        Ok(url)
    }

    /// The complete address with its password, only for the client.
    pub(super) fn secret(&self) -> &str {
        &self.text
    }

    /// A message without the passwords that are in the address.
    pub fn without_secrets(&self, message: &str) -> String {
        let mut message = message.replace(&self.text, &self.to_string());
        for secret in self.passwords() {
            message = message.replace(&secret, HIDDEN);
        }
        // Errors wrap each other, and say the same once more.
        let mut parts: Vec<&str> = message.split(": ").collect();
        parts.dedup();
        parts.join(": ")
    }

    /// The passwords as written, and unescaped.
    fn passwords(&self) -> Vec<String> {
        let written = self.written_passwords();
        let meant = written.iter().map(|text| unescaped(text)).collect::<Vec<_>>();
        written.into_iter().map(str::to_owned).chain(meant).filter(|text| !text.is_empty()).collect()
    }

    fn written_passwords(&self) -> Vec<&str> {
        let rest = self.text.split_once("://").map_or("", |(_, rest)| rest);
        // The last `@`: a password that was not escaped may contain another.
        let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
        let in_query = rest.split(['?', '&']).skip(1).filter_map(|field| {
            let (name, value) = field.split_once('=')?;
            name.to_lowercase().contains("pass").then_some(value)
        });
        user.split_once(':').map(|(_, password)| password).into_iter().chain(in_query).collect()
    }
}

/// Decodes percent-encoding.
fn unescaped(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        if let (b'%', Some(byte)) = (first, digits) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl fmt::Display for QueueUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.text.clone();
        for password in self.written_passwords().into_iter().filter(|password| !password.is_empty()) {
            for (before, after) in [(':', "@"), ('=', "")] {
                shown = shown.replace(&format!("{before}{password}{after}"), &format!("{before}{HIDDEN}{after}"));
            }
        }
        f.write_str(&shown)
    }
}

impl fmt::Debug for QueueUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QueueUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_never_shown() {
        for (text, shown) in [
            ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379"),
            ("redis://:s3cret@host:1/2", "redis://:***@host:1/2"),
            ("postgres://ada@host/db", "postgres://ada@host/db"),
            ("postgres://ada:s3cret@host/db", "postgres://ada:***@host/db"),
            ("postgresql://ada:s3cret@host:5/db?sslmode=disable", "postgresql://ada:***@host:5/db?sslmode=disable"),
            ("postgres://ada:s3%63ret@host/db", "postgres://ada:***@host/db"),
            ("postgres://ada@host/db?password=s3cret", "postgres://ada@host/db?password=***"),
            ("postgres://s3cret:s3cret@host/db", "postgres://s3cret:***@host/db"),
        ] {
            let url = QueueUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("QueueUrl({shown})"));
            if shown != text && !text.contains("//s3cret") {
                let told = url.without_secrets(&format!("at {text}: password s3cret is wrong"));
                assert!(!told.contains("s3cret") && !told.contains("s3%63ret"), "{told}");
            }
        }
    }

    #[test]
    fn what_is_no_queue_is_told_in_a_sentence_without_it() {
        for (text, why) in [
            ("", "names no queue"),
            ("s3cret", "names no queue"),
            ("ada:s3cret@host", "names no queue"),
            ("mysql://ada:s3cret@host/db", "names no queue"),
            ("http://s3cret", "names no queue"),
            ("rediss://:s3cret@host", "without TLS"),
            ("redis://", "names no machine"),
            ("postgres://ada:s3cret@/db", "names no machine"),
            ("redis://:s3cret@host:port", "cannot be read"),
            ("postgres://ada:s3cret@host:99999/db", "cannot be read"),
        ] {
            let told = QueueUrl::parse(text).expect_err(text).to_string();
            assert!(told.contains(why) && !told.contains("s3cret") && told.contains("://"), "{text}: {told}");
        }
    }
}
