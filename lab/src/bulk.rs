//! Bounds what a run may tell: a few characters of script can ask for more events than any memory holds, so bytes are
//! counted.

use crate::event::What;

/// How many bytes of events a run may tell, and its expectations may look at. Beyond that the run ends.
pub(crate) const BULK_MAX: usize = 256 << 20;
/// What an event counts besides its texts.
const EVENT_BULK: usize = 256;
/// What a text counts besides its bytes.
const TEXT_BULK: usize = 48;

// The same count on every host, and at least the real size on any.
const _: () = assert!(size_of::<crate::event::Event>() <= EVENT_BULK);

/// About how many bytes this event takes; the text of the script itself is small and not counted.
pub(crate) fn bulk(what: &What) -> usize {
    let of_all = |names: &[String]| names.iter().map(|name| TEXT_BULK + name.len()).sum();
    EVENT_BULK
        + match what {
            What::Hit { value: text, .. }
            | What::Parsed { command: text }
            | What::Wrote { bytes: text }
            | What::Error { message: text }
            | What::Said { text }
            | What::Held { expected: text } => text.len(),
            What::Broken { expected, actual } => expected.len() + actual.len(),
            What::World { .. } => 1024,
            What::Nodes { nodes: names } | What::Keys { keys: names } => of_all(names),
            What::Spread { shares, .. } => shares.iter().map(|share| TEXT_BULK + share.node.len()).sum(),
            What::Moved { moves, .. } => moves.iter().map(|hop| 2 * TEXT_BULK + hop.from.len() + hop.to.len()).sum(),
            _ => 0,
        }
}

/// The events of one answer up to the limit, and one more: that one ends the run, whatever was told before it.
pub(crate) fn within_bulk(events: impl Iterator<Item = What>) -> Vec<What> {
    let mut told = 0;
    let is_within = |what: &What| {
        let before = told;
        told += bulk(what);
        before <= BULK_MAX
    };
    events.take_while(is_within).collect()
}
