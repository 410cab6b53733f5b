//! A machine of the simulated world: its clocks, its disk, and the node that runs on it.

use cachedojo::cluster::raft::Role;
use cachedojo::cluster::view::View;
use cachedojo::cluster::{Disk, Envelope, Micros, Node, Readings, Request};

use super::drive::Drive;

/// Where a wall clock starts that no script has set: 2026-01-01T00:00:00Z, in microseconds since 1970.
pub const WALL_START: Micros = 1_767_225_600_000_000;

/// A machine and the node on it.
#[derive(Debug, Clone)]
pub struct Host {
    pub(super) state: State,
    pub(super) mono_start: Micros,
    pub(super) wall_shift: i64,
    /// Counts the starts of the process: events meant for an earlier one are void.
    pub(super) boot: u32,
    pub(super) incarnation: u16,
    pub(super) weight: u8,
    pub(super) drive: Drive,
    pub(super) held: Vec<Held>,
    /// The state that a script has put it in.
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

/// A node's state, seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is running.
    Up,
    /// It stands still; messages wait, and are delivered when it resumes.
    Paused,
    /// Its process does not exist.
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

    /// The node, if it is running or paused.
    pub fn node(&self) -> Option<&Node> {
        match &self.state {
            State::Up(node) => Some(node),
            State::Down(_) => None,
        }
    }

    /// The ring as the node knows it, or as its disk has it while it is down.
    pub fn ring(&self) -> Option<&View> {
        match &self.state {
            State::Up(node) => Some(node.view()),
            State::Down(disk) => disk.as_deref().map(Disk::view),
        }
    }

    /// The messages that wait for it while it is paused, and when they were sent.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (Micros, &Envelope)> {
        self.held.iter().filter_map(|held| match held {
            Held::Message { envelope, sent_at } => Some((*sent_at, envelope.as_ref())),
            Held::Ask { .. } => None,
        })
    }

    /// How long its disk takes for a write.
    pub const fn disk_takes(&self) -> Micros {
        self.drive.takes()
    }

    /// How far its wall clock is off, in microseconds.
    pub const fn wall_shift(&self) -> i64 {
        self.wall_shift
    }
}
