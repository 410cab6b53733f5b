//! In the place of the simulated cluster where it is left out: there is none, and none can be made.

use cachedojo::cluster::Micros;

use super::{ClusterCommand, Setup};
use crate::event::What;

/// A simulated cluster, of which there is none.
#[derive(Debug, Clone)]
pub enum Absent {}

impl Absent {
    /// None: whoever leaves the cluster out has scripts with one run elsewhere.
    pub const fn of(_setup: &Setup, _seed: u64) -> Option<Self> {
        None
    }

    /// The time since it began.
    pub const fn now(&self) -> Micros {
        match *self {}
    }

    /// Obeys a command.
    pub const fn obey(&mut self, _command: &ClusterCommand, _told: &mut Vec<(Micros, What)>) {
        match *self {}
    }

    /// Who holds a key.
    pub const fn holders(&self, _key: &str) -> What {
        match *self {}
    }

    /// What there is to see.
    pub const fn view(&self) {
        match *self {}
    }
}
