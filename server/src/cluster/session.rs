//! A client's session: the versions that it has seen, in a token that it gets with each answer and sends with its next request, whichever
//! node that goes to. A read in a session is never older than what the session has written or read before, at any level.
//!
//! The header is `X-Cache-Session`. `new` begins a session; without the header there is none. Who asks in parallel sends all the tokens
//! that it got, with commas between: the next one has what all of them have seen.
//!
//! **Bounds.** A token holds up to [`SEEN_MAX`] keys. When there would be more, it drops those that a quorum of replicas is known to have,
//! and from then on all reads of the session ask a quorum, which finds them. Those that perhaps one replica alone has are never dropped:
//! when there are [`SEEN_MAX`] of them, the session reads and writes further keys at `quorum` at least.
//!
//! **What ends.** A record that is dead is forgotten by all replicas after a while, and so nobody has its version any more. A read that is
//! behind its session therefore asks all replicas: what none of them has was forgotten, or lost with the only disk that held it, which
//! level `one` permits.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use cachedojo::cluster::record::hash_of;
use cachedojo::cluster::wire::{Reader, Wire};
use cachedojo::cluster::{Level, Version};
use sha2::{Digest as _, Sha256};

/// The most keys of a token.
pub(super) const SEEN_MAX: usize = 64;
/// The word that begins a session.
const NEW: &str = "new";
/// The version of a token's bytes.
const FORMAT: u8 = 1;
/// The bytes of a token that prove that a node of this cluster made it.
const SEAL_BYTES: usize = 8;
/// No clock comes to show this: it is 146,000 years away, and half of what a version can count.
const CLOCK_MAX: u64 = 1 << 62;

/// What a session has seen of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// The newest version.
    pub(super) version: Version,
    /// Whether a quorum of the replicas is known to have it.
    pub(super) is_at_quorum: bool,
}

/// What a session has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Session {
    /// By the hash of the key.
    seen: BTreeMap<u64, Seen>,
    /// Whether each read must ask a quorum.
    reads_quorum: bool,
}

/// Why there is no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrongSession {
    /// Not what a node of this cluster wrote.
    NoToken,
    /// Too many keys that perhaps one replica alone has.
    Full,
}

impl fmt::Display for WrongSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToken => {
                f.write_str("X-Cache-Session is no token of this cluster: send the last one that you got, or `new`")
            }
            Self::Full => write!(
                f,
                "these sessions have seen more than {SEEN_MAX} keys that perhaps one node alone has: send fewer tokens together"
            ),
        }
    }
}

impl std::error::Error for WrongSession {}

impl Session {
    /// Reads a header: tokens with commas between. `proof` is the cluster's.
    pub(super) fn read(header: &str, proof: &[u8]) -> Result<Self, WrongSession> {
        let mut session = Self::default();
        for token in header.split(',').map(str::trim) {
            if token != NEW {
                session.join(Self::open(token, proof).ok_or(WrongSession::NoToken)?);
            }
        }
        session.fold();
        if session.seen.len() > SEEN_MAX { Err(WrongSession::Full) } else { Ok(session) }
    }

    fn open(token: &str, proof: &[u8]) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (bytes, sealed) = bytes.split_at_checked(bytes.len().checked_sub(SEAL_BYTES)?)?;
        if seal(bytes, proof) != sealed {
            return None;
        }
        let mut reader = Reader::new(bytes);
        if u8::take(&mut reader)? != FORMAT {
            return None;
        }
        let mut session = Self { seen: BTreeMap::new(), reads_quorum: Wire::take(&mut reader)? };
        while !reader.is_empty() {
            let (key, version, is_at_quorum) =
                (u64::take(&mut reader)?, Version::take(&mut reader)?, Wire::take(&mut reader)?);
            if version.clock >= CLOCK_MAX {
                return None;
            }
            session.seen.insert(key, Seen { version, is_at_quorum });
        }
        Some(session)
    }

    /// Its token.
    pub(super) fn token(&self, proof: &[u8]) -> String {
        let mut bytes = vec![FORMAT];
        self.reads_quorum.put(&mut bytes);
        for (key, seen) in &self.seen {
            key.put(&mut bytes);
            seen.version.put(&mut bytes);
            seen.is_at_quorum.put(&mut bytes);
        }
        let sealed = seal(&bytes, proof);
        bytes.extend_from_slice(&sealed);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What it has seen of a key.
    pub(super) fn of(&self, key: &str) -> Option<Seen> {
        self.seen.get(&hash_of(key)).copied()
    }

    /// The level at which it reads when that one is asked for.
    pub(super) const fn reads_at(&self, level: Level) -> Level {
        match level {
            Level::One if self.reads_quorum => Level::Quorum,
            level => level,
        }
    }

    /// The level at which it reads or writes a key when that one is asked for: a token that is full has room for no further key at ONE.
    pub(super) fn level_for(&self, key: &str, level: Level) -> Level {
        let hash = hash_of(key);
        let alone = self.seen.iter().filter(|&(&other, seen)| other != hash && !seen.is_at_quorum);
        if level == Level::One && alone.count() >= SEEN_MAX { Level::Quorum } else { level }
    }

    /// It has read or written a version of a key at a level, which is the one that [`Self::level_for`] gave.
    pub(super) fn note(&mut self, key: &str, version: Version, level: Level) {
        if version > Version::NONE {
            self.see(hash_of(key), Seen { version, is_at_quorum: level != Level::One });
            self.fold();
        }
    }

    /// From now on it reads at QUORUM, and so needs no version that a quorum has. It does so after an invalidation, of which a single
    /// replica may not know yet, and when its token is full.
    pub(super) fn read_at_quorum(&mut self) {
        self.reads_quorum = true;
        self.seen.retain(|_, seen| !seen.is_at_quorum);
    }

    fn see(&mut self, key: u64, new: Seen) {
        let known = self.seen.entry(key).or_insert(new);
        if new.version > known.version {
            *known = new;
        } else if new.version == known.version {
            known.is_at_quorum |= new.is_at_quorum;
        }
        if self.reads_quorum && self.seen[&key].is_at_quorum {
            self.seen.remove(&key);
        }
    }

    fn join(&mut self, other: Self) {
        self.reads_quorum |= other.reads_quorum;
        for (key, seen) in other.seen {
            self.see(key, seen);
        }
    }

    fn fold(&mut self) {
        if self.seen.len() > SEEN_MAX {
            self.read_at_quorum();
        }
    }
}

fn seal(bytes: &[u8], proof: &[u8]) -> [u8; SEAL_BYTES] {
    let whole = Sha256::new().chain_update("cachedojo session\n").chain_update(proof).chain_update(bytes).finalize();
    std::array::from_fn(|at| whole[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use cachedojo::cluster::NodeId;

    const PROOF: &[u8] = b"proof";

    fn version(clock: u64) -> Version {
        Version { clock, node: NodeId::new(2).expect("a node"), incarnation: 3, is_swept: false }
    }

    fn session(seen: &[(&str, u64, Level)]) -> Session {
        let mut session = Session::default();
        for &(key, clock, level) in seen {
            session.note(key, version(clock), level);
        }
        session
    }

    #[test]
    fn a_token_says_what_its_session_has_seen_and_tokens_are_joined() {
        let one = session(&[("a", 5, Level::One), ("b", 7, Level::Quorum), ("a", 4, Level::Quorum)]);
        let other = session(&[("a", 5, Level::All), ("c", 1, Level::One)]);
        for (header, expected) in [
            ("new".to_owned(), Session::default()),
            (one.token(PROOF), one.clone()),
            (
                format!("{}, new ,{}", one.token(PROOF), other.token(PROOF)),
                session(&[("a", 5, Level::Quorum), ("b", 7, Level::Quorum), ("c", 1, Level::One)]),
            ),
        ] {
            assert_eq!(Session::read(&header, PROOF), Ok(expected), "{header}");
        }
    }

    #[test]
    fn what_no_node_of_the_cluster_wrote_is_refused() {
        let token = session(&[("a", 5, Level::One)]).token(PROOF);
        let mut altered = token.clone().into_bytes();
        altered[4] ^= 1;
        let altered = String::from_utf8_lossy(&altered).into_owned();
        let far = session(&[("a", CLOCK_MAX, Level::One)]).token(PROOF);
        let other = session(&[]).token(b"another cluster's");
        for header in ["", "old", &token[1..], &format!("{token},"), &altered, &far, &other] {
            assert_eq!(Session::read(header, PROOF), Err(WrongSession::NoToken), "{header}");
        }
    }

    #[test]
    fn a_full_token_reads_at_quorum_and_drops_what_a_quorum_has() {
        let mut session = Session::default();
        for number in 0..SEEN_MAX as u64 {
            let level = if number < 3 { Level::One } else { Level::Quorum };
            session.note(&format!("k{number}"), version(number + 1), level);
        }
        assert_eq!((session.seen.len(), session.reads_at(Level::One)), (SEEN_MAX, Level::One));
        session.note("more", version(1), Level::Quorum);
        assert_eq!((session.seen.len(), session.reads_at(Level::One)), (3, Level::Quorum));
        assert_eq!(session.reads_at(Level::All), Level::All);
        session.note("yet more", version(1), Level::All);
        assert_eq!(session.seen.len(), 3);
        for number in 3..SEEN_MAX {
            session.note(&format!("one{number}"), version(1), Level::One);
        }
        assert_eq!(
            [session.level_for("k0", Level::One), session.level_for("new", Level::One)],
            [Level::One, Level::Quorum]
        );
        let mut other = Session::default();
        other.note("new", version(1), Level::One);
        let both = format!("{},{}", session.token(PROOF), other.token(PROOF));
        assert_eq!(Session::read(&both, PROOF), Err(WrongSession::Full));
        session.note("k0", version(1), Level::Quorum);
        assert_eq!(session.level_for("new", Level::One), Level::One, "a quorum is known to have that one");
    }
}
