//! How much a run may tell. A few letters can ask for more than any memory holds, so what is told is counted.

use crate::event::What;

/// Bytes that a run may tell, and that its expectations may look at. What is over ends the run.
pub(crate) const BULK_MAX: usize = 256 << 20;
/// What an event takes besides its texts.
const EVENT_BULK: usize = 256;
/// What a text takes besides its letters.
const TEXT_BULK: usize = 48;

// Counted alike on every host, and not less than what it takes on any.
const _: () = assert!(size_of::<crate::event::Event>() <= EVENT_BULK);

/// About as many bytes as it takes to tell this; what the script says itself is small enough.
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

/// The events of one answer as far as a run may tell them, and one more: the run is then ended, whatever it told before.
pub(crate) fn told_within(events: impl Iterator<Item = What>) -> Vec<What> {
    let mut told = 0;
    let is_within = |what: &What| {
        let before = told;
        told += bulk(what);
        before <= BULK_MAX
    };
    events.take_while(is_within).collect()
}
