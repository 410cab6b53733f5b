//! A machine of the simulated world: its clocks, its disk, and the node that runs on it.

use cachedojo::cluster::raft::Role;
use cachedojo::cluster::{Disk, Envelope, Micros, Node, Readings, Request};

use super::drive::Drive;

/// Where wall clocks start that nobody has set: 2026-01-01T00:00:00Z, in microseconds since 1970.
pub const WALL_START: Micros = 1_767_225_600_000_000;

/// A machine and what runs on it.
#[derive(Debug, Clone)]
pub struct Host {
    pub(super) state: State,
    pub(super) mono_start: Micros,
    pub(super) wall_shift: i64,
    /// Which start of the process: what was due to an earlier one is void.
    pub(super) boot: u32,
    pub(super) incarnation: u16,
    pub(super) weight: u8,
    pub(super) drive: Drive,
    pub(super) held: Vec<Held>,
    /// What an outsider would expect of it.
    pub status: Status,
}

#[derive(Debug, Clone)]
pub(super) enum State {
    Up(Box<Node>),
    Down(Option<Box<Disk>>),
}

#[derive(Debug, Clone)]
pub(super) enum Held {
    Message { envelope: Box<Envelope>, sent_at: Micros },
    Ask { number: u64, request: Request },
}

/// How a node is, seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It runs.
    Up,
    /// It stands still, and finds what came meanwhile when it goes on.
    Paused,
    /// It is not there.
    Down,
}

impl Host {
    pub(super) fn readings(&self, now: Micros) -> Readings {
        Readings {
            mono: now + self.mono_start,
            wall: WALL_START.saturating_add(now).saturating_add_signed(self.wall_shift),
        }
    }

    pub(super) fn leads(&self) -> bool {
        self.node().is_some_and(|node| node.term().1 == Role::Leader)
    }

    /// The node, while it runs or is paused.
    pub fn node(&self) -> Option<&Node> {
        match &self.state {
            State::Up(node) => Some(node),
            State::Down(_) => None,
        }
    }

    /// How long its disk takes for a write.
    pub const fn disk_takes(&self) -> Micros {
        self.drive.takes()
    }

    /// By how much its wall clock is wrong, in microseconds.
    pub const fn wall_shift(&self) -> i64 {
        self.wall_shift
    }
}
