//! Links into the playground: `#v1.` + base64url(deflate-raw(JSON)), the same format as the page's.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cachedojo_lab::script::{self, Dialect};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

/// The playground's address, unless another is given.
pub const PLAYGROUND: &str = "http://127.0.0.1:8080/";
/// The most bytes that a link may unpack to, the same as in the page.
const TEXT_BYTES_MAX: u64 = 16 << 20;
/// The largest integer that a JavaScript number represents exactly.
const SAFE_INTEGER_MAX: u64 = (1 << 53) - 1;

/// The content of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// The script.
    pub script: String,
    /// Its dialect.
    pub dialect: Dialect,
    /// The world's seed.
    pub seed: Seed,
    /// The position of the page: right after this command.
    pub step: u32,
    /// The exercise it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercise: Option<String>,
}

/// A seed in JSON for JavaScript: a number if that is exact, else its digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Seed {
    /// At most 2^53 - 1.
    Number(u64),
    /// Any other.
    Digits(String),
}

impl From<u64> for Seed {
    fn from(seed: u64) -> Self {
        if seed <= SAFE_INTEGER_MAX { Self::Number(seed) } else { Self::Digits(seed.to_string()) }
    }
}

/// The link that opens a check's script at the page served at `base`.
pub fn to_playground(base: &str, script: &str, exercise: &str, seed: u64) -> String {
    // A case of the line protocol is not a script in the lab dialect: its lines begin with the protocol's words.
    let says = |line: &str| matches!(line.split(' ').next(), Some("PUT" | "GET" | "DELETE" | "EXIT"));
    let in_line = script.lines().any(says) && !script::parse(script, Dialect::Lab).diagnostics.is_empty();
    let linked = Linked {
        script: script.to_owned(),
        dialect: if in_line { Dialect::Line } else { Dialect::Lab },
        seed: seed.into(),
        step: 0,
        exercise: Some(exercise.to_owned()),
    };
    let base = base.split('#').next().unwrap_or_default();
    format!("{base}{}", encode(&linked))
}

/// The link's fragment, from `#` on. Cost: O(script).
pub fn encode(linked: &Linked) -> String {
    let json = serde_json::to_vec(linked).expect("plain data is always JSON");
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
    let bytes = packer.write_all(&json).and_then(|()| packer.finish()).expect("memory takes any writing");
    format!("#v1.{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The content of a fragment; `None` if it is not a link of this version.
pub fn decode(fragment: &str) -> Option<Linked> {
    let packed = URL_SAFE_NO_PAD.decode(fragment.strip_prefix("#v1.")?).ok()?;
    let mut json = Vec::new();
    DeflateDecoder::new(packed.as_slice()).take(TEXT_BYTES_MAX).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_gives_back_what_it_was_made_of() {
        for (script, seed) in [("", 0), ("set é \"日本\"\ntick 9.9s\nexpect 1", 7), ("x", u64::MAX)] {
            let link = to_playground("http://127.0.0.1:8080/#old", script, "distributed-cache", seed);
            let fragment = link.strip_prefix("http://127.0.0.1:8080/").expect("the base, without its fragment");
            let linked = decode(fragment).expect("a link");
            assert_eq!((linked.script.as_str(), linked.seed), (script, Seed::from(seed)));
            assert_eq!((linked.dialect, linked.step), (Dialect::Lab, 0));
            assert_eq!(linked.exercise.as_deref(), Some("distributed-cache"));
        }
    }

    #[test]
    fn a_case_of_the_line_protocol_opens_in_its_own_dialect() {
        let link = to_playground("", "PUT a b\nGET a\n", "line-cache", 0);
        assert_eq!(decode(&link).expect("a link").dialect, Dialect::Line);
    }

    #[test]
    fn the_fragment_needs_no_escaping_in_an_address() {
        let noisy: String = (0..2000_u32).filter_map(|n| char::from_u32(n * 7919 % 0xd7ff)).collect();
        let link = to_playground("", &noisy, "x", 0);
        assert!(link[1..].chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)), "{link}");
    }

    #[test]
    fn a_seed_that_javascript_would_round_travels_as_digits() {
        assert_eq!(Seed::from(SAFE_INTEGER_MAX), Seed::Number(SAFE_INTEGER_MAX));
        assert_eq!(Seed::from(SAFE_INTEGER_MAX + 1), Seed::Digits("9007199254740992".to_owned()));
    }

    #[test]
    fn other_versions_and_damage_are_no_links() {
        for fragment in ["", "#v2.AAAA", "#v1.", "#v1.!!", "#v1.AAAA", "v1."] {
            assert_eq!(decode(fragment), None, "{fragment}");
        }
    }
}
