//! Why a request fails.

use super::limits::INTEGER_MAX;
use super::{Eviction, LineMistake, TAG_CHARS_MAX, TAGS_MAX};
use std::fmt;

/// Why a request fails; `Display` is the text in its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A script's line is not a request.
    BadRequest(LineMistake),
    /// A namespace has 1 to 100 letters, digits, `_` and `-`.
    InvalidNamespace,
    /// A key has 1 to 255 characters, and none is a control character.
    InvalidKey,
    /// The pattern or the tag of a query is empty, encoded wrongly, too long, or given twice.
    InvalidPattern,
    /// A flush is asked with a parameter of another name, and without a condition.
    UnknownParameter,
    /// The body is not JSON.
    MalformedJson,
    /// The body is JSON, but not an object.
    NotAnObject,
    /// There is no `value`.
    MissingValue,
    /// The value is over the limit.
    ValueTooLarge,
    /// The `ttl` is not a number of seconds.
    InvalidTtl,
    /// The `tags` are not a list of strings.
    InvalidTags,
    /// There are too many tags, or one is empty or too long.
    InvalidTag,
    /// The `keys` are not a list of strings.
    InvalidKeys,
    /// The `entries` are not a list of objects.
    InvalidEntries,
    /// More keys than one request may name, or their values are more than one answer may hold.
    TooManyKeys,
    /// The `default_ttl` is not a number of seconds.
    InvalidDefaultTtl,
    /// The size is not a number of bytes or mebibytes.
    InvalidSize,
    /// The size is given in two units.
    TwoSizes,
    /// There is no such policy.
    InvalidPolicy,
    /// There is no such setting.
    UnknownSetting,
    /// There is no such entry.
    KeyNotFound,
    /// There is no such namespace.
    NamespaceNotFound,
    /// The API has no such path.
    NotFound,
    /// The path has other methods: these.
    MethodNotAllowed {
        /// Separated by commas.
        allow: &'static str,
    },
    /// There is no room for it.
    StorageFull,
    /// There is no room for one more namespace.
    TooManyNamespaces,
    /// The store behind the service does not answer.
    Unavailable,
    /// The store behind the service took too long.
    TimedOut,
    /// The store behind the service took too long to delete all that was selected: some of it is deleted.
    Unfinished,
    /// The database behind the service, which has the settings, does not answer.
    NoDatabase,
}

impl Failure {
    /// The status code.
    pub const fn status(self) -> u16 {
        match self {
            Self::KeyNotFound | Self::NamespaceNotFound | Self::NotFound => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::StorageFull | Self::TooManyNamespaces => 507,
            Self::Unavailable | Self::NoDatabase => 503,
            Self::TimedOut | Self::Unfinished => 504,
            _ => 400,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadRequest(mistake) => return mistake.fmt(f),
            Self::InvalidNamespace => "Invalid namespace",
            Self::InvalidKey => "Invalid key",
            Self::InvalidPattern => "Invalid pattern",
            Self::UnknownParameter => "Unknown parameter: a flush takes pattern and tag",
            Self::MalformedJson => "Malformed JSON",
            Self::NotAnObject => "Body must be a JSON object",
            Self::MissingValue => "Missing value",
            Self::ValueTooLarge => "Value too large",
            Self::InvalidTtl => "TTL must be a whole number of seconds, 0 or more",
            Self::InvalidTags => "Tags must be a list of strings",
            Self::InvalidTag => return write!(f, "At most {TAGS_MAX} tags, each of 1 to {TAG_CHARS_MAX} characters"),
            Self::InvalidKeys => "Keys must be a list of strings",
            Self::InvalidEntries => "Entries must be a list of objects with key and value",
            Self::TooManyKeys => "Too many keys in one request",
            Self::InvalidDefaultTtl => {
                return write!(f, "Default TTL must be a whole number of seconds from 1 to {INTEGER_MAX}");
            }
            Self::InvalidSize => {
                return write!(f, "Size must be a whole number, 1 or more, of at most {INTEGER_MAX} MiB");
            }
            Self::TwoSizes => "Give max_size_mb or max_size_bytes, not both",
            Self::InvalidPolicy => {
                return write!(f, "Eviction policy must be {} (refuse what does not fit)", Eviction::listed("or"));
            }
            Self::UnknownSetting => "Settings are default_ttl, max_size_mb or max_size_bytes, and eviction_policy",
            Self::KeyNotFound => "Key not found",
            Self::NamespaceNotFound => "Namespace not found",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed { .. } => "Method not allowed",
            Self::StorageFull => "Cache storage full",
            Self::TooManyNamespaces => "Too many namespaces",
            Self::Unavailable => "Cache storage unavailable",
            Self::TimedOut => "Cache storage timed out",
            Self::Unfinished => "Deleted in part: ask again for the rest",
            Self::NoDatabase => "The database does not answer, or cannot store it",
        })
    }
}

impl std::error::Error for Failure {}
