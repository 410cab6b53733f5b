//! Why a line yields no request.

use super::mistake::Mistake;

/// Why a line yields no request.
pub(super) enum Stop<'a> {
    /// The line is valid, but its data block has not arrived.
    Incomplete { data_bytes: usize },
    /// The data block does not end where it should.
    BadData { data_bytes: usize },
    /// Another protocol.
    HangUp,
    /// The line cannot be parsed. It is answered even if it says `noreply`.
    Malformed { mistake: Mistake, span: &'a [u8] },
    /// The line says something impossible; a data block after it is skipped.
    Refused { mistake: Mistake, span: &'a [u8], data_bytes: Option<u64>, stale: Option<(&'a [u8], bool)> },
}

/// A refusal of a line that has no data block.
pub(super) fn refused(mistake: Mistake, span: &[u8]) -> Stop<'_> {
    Stop::Refused { mistake, span, data_bytes: None, stale: None }
}
