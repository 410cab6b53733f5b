//! Why the reading of a line ends without a request.

use super::mistake::Mistake;

/// Why there is no request in a line.
pub(super) enum Stop<'a> {
    /// The line is fine, but its data block is not here yet.
    Incomplete { data_bytes: usize },
    /// The data block does not end where it should.
    BadData { data_bytes: usize },
    /// Another protocol.
    HangUp,
    /// The line cannot be taken apart. It is answered even if it says `noreply`.
    Malformed { mistake: Mistake, span: &'a [u8] },
    /// The line says something impossible; a data block that follows it is skipped.
    Refused { mistake: Mistake, span: &'a [u8], data_bytes: Option<u64>, stale: Option<(&'a [u8], bool)> },
}

/// A refusal of a line that has no data block.
pub(super) fn refused(mistake: Mistake, span: &[u8]) -> Stop<'_> {
    Stop::Refused { mistake, span, data_bytes: None, stale: None }
}
