//! Stands in for the simulated cluster where the feature `cluster` is off: the type exists, but no value of it can be
//! made.

use cachedojo::cluster::Micros;

use super::{ClusterCommand, Setup};
use crate::event::What;

/// A simulated cluster; without the feature there is never one.
#[derive(Debug, Clone)]
pub enum Absent {}

impl Absent {
    /// `None`: scripts with a simulated cluster are run elsewhere, by a build with the feature.
    pub const fn of(_setup: &Setup, _seed: u64, _wall_shift: i64) -> Option<Self> {
        None
    }

    /// The time since it began.
    pub const fn now(&self) -> Micros {
        match *self {}
    }

    /// Executes a command.
    pub const fn obey(&mut self, _command: &ClusterCommand, _told: &mut Vec<(Micros, What)>) {
        match *self {}
    }

    /// The nodes that hold a key.
    pub const fn holders(&self, _key: &str, _told: &mut Vec<(Micros, What)>) {
        match *self {}
    }

    /// Moves the wall clocks of all nodes.
    pub const fn jump(&mut self, _by: i64, _told: &mut Vec<(Micros, What)>) {
        match *self {}
    }

    /// The state of the cluster, for display.
    pub const fn view(&self) {
        match *self {}
    }
}
