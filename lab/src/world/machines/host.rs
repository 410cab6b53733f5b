//! A machine with a subject on it, and what is under way to it.

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
    /// Which start of the process: timers of an earlier one are void.
    pub(super) boot: u32,
    /// Until when it is busy: a node that sleeps hears nothing.
    pub(super) busy_until: Micros,
    pub(super) runs: Runs,
    pub(super) held: Vec<Input>,
}

/// Whether a node runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    Yes,
    /// It stands still, and finds what came meanwhile when it goes on.
    Paused,
    No,
}

/// What comes to a node, or from it.
pub(super) struct Due {
    pub(super) node: NodeId,
    /// For a timer, the start of the process that set it.
    pub(super) boot: Option<u32>,
    pub(super) what: Coming,
}

/// What is under way.
pub(super) enum Coming {
    /// Something that a node will hear.
    Input(Input),
    /// What a client will hear from a node that slept before it answered.
    Reply { number: u64, reply: MachineReply },
}

impl Host {
    /// Sets its clocks to the world's time and returns the monotonic one. Neither it nor the wall clock runs back when the node
    /// was ahead of the world by the looks that it took.
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

/// About what it takes while it is under way.
pub(super) fn size(coming: &Coming) -> usize {
    64 + match coming {
        Coming::Input(Input::Message { bytes, .. }) | Coming::Reply { reply: MachineReply::Value(Some(bytes)), .. } => {
            bytes.len()
        }
        _ => 0,
    }
}
