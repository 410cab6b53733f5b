//! A machine with a subject on it, and the events on their way to it.

use cachedojo::cluster::{Micros, NodeId};
use cachedojo_wire::machine::{Input, MachineReply};

use crate::subject::Subject;
use crate::world::{WALL_START_NS, World};

/// A machine and the subject on it.
pub(super) struct Host {
    pub(super) subject: Box<dyn Subject>,
    pub(super) world: World,
    pub(super) mono_start_ns: u64,
    pub(super) wall_shift_ns: i64,
    /// Counts the starts of the process: timers of an earlier one are void.
    pub(super) boot: u32,
    /// Until when it is busy: a node that sleeps handles no input.
    pub(super) busy_until: Micros,
    pub(super) runs: Runs,
    pub(super) held: Vec<Input>,
}

/// Whether a node is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    Yes,
    /// It stands still; inputs wait until it resumes.
    Paused,
    No,
}

/// An event on its way to a node, or from it.
pub(super) struct Due {
    pub(super) node: NodeId,
    /// For a timer, the start of the process that set it.
    pub(super) boot: Option<u32>,
    pub(super) what: Coming,
}

/// The kinds of events.
pub(super) enum Coming {
    /// An input for a node.
    Input(Input),
    /// An answer to a client, from a node that slept before it answered.
    Reply { number: u64, reply: MachineReply },
}

impl Host {
    /// Sets its clocks to the world's time and returns the monotonic one. Neither clock runs backwards if the node's readings
    /// have put it ahead of the world.
    pub(super) fn set_clocks(&mut self, now: Micros) -> u64 {
        let since = now.saturating_mul(1_000);
        let due = self.mono_start_ns.saturating_add(since);
        let ahead = self.world.monotonic_ns.saturating_sub(due);
        self.world.monotonic_ns = due.saturating_add(ahead);
        let wall = WALL_START_NS.saturating_add(since).saturating_add(ahead);
        self.world.wall_ns = wall.saturating_add_signed(self.wall_shift_ns);
        self.world.monotonic_ns
    }
}

/// About how many bytes it takes while it is under way.
pub(super) fn size(coming: &Coming) -> usize {
    64 + match coming {
        Coming::Input(Input::Message { bytes, .. }) | Coming::Reply { reply: MachineReply::Value(Some(bytes)), .. } => {
            bytes.len()
        }
        _ => 0,
    }
}
