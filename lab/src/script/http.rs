//! `expect http`: the shape that a service's answer must have, whichever service it is. JSON is compared by value, not by its
//! spaces or the order of its names, and may have more fields than expected.

#[cfg(not(feature = "services"))]
use cachedojo_notation::text::Language;

#[cfg(feature = "services")]
mod shape;
#[cfg(feature = "services")]
mod words;

/// The expected shape of an answer over HTTP: `200|201 [X-Cache-Hit: true; X-Cache-TTL: 59..60] {"value": 1}`. Empty, and never
/// compared, where the feature `services` is off: scripts with it are read and run elsewhere (`Script::lacks` tells which).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpShape {
    #[cfg(feature = "services")]
    statuses: Vec<u16>,
    #[cfg(feature = "services")]
    headers: Vec<(String, String)>,
    #[cfg(feature = "services")]
    body: Option<serde_json::Value>,
}

#[cfg(not(feature = "services"))]
impl HttpShape {
    /// The shape of any text, which is not read.
    pub const fn new(_text: &str) -> Option<Self> {
        Some(Self {})
    }

    /// No words, for what is not read is not known.
    pub const fn difference_in_words(&self, _answer: &str, _language: Language) -> Option<(String, String)> {
        None
    }
}
