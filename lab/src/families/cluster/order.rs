//! The commands of the simulated cluster, as data.

use cachedojo::cluster::Settings;
use cachedojo::cluster::record::Key;

use crate::world::cluster::act::Act;
use crate::world::cluster::simulate;

/// A command to the simulated cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterCommand {
    /// Make one, and wait until it has settled.
    Make(Setup),
    /// Do something with it.
    Do(Act),
    /// Ask for the natural replicas of a key.
    Replicas(Key),
    /// The events of a key, oldest first.
    Explain(Key),
    /// The state of each node, and whether the rings agree.
    Health,
    /// Whether every promise has been kept so far.
    Check,
}

/// How a cluster is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// How many founders. Bounds: 1 to 16.
    pub nodes: u8,
    /// How many nodes keep a key. Bounds: 1 to 9.
    pub copies: usize,
    /// Points of a node on the ring.
    pub points: usize,
    /// Whether all timeouts are shorter, as in the simulator.
    pub haste: bool,
    /// How many bytes of keys and values a node may hold; `None` for no limit.
    pub memory: Option<usize>,
    /// A seed other than the script's.
    pub seed: Option<u64>,
}

impl Setup {
    /// The settings of all nodes.
    pub fn settings(&self) -> Settings {
        let settings = if self.haste { simulate::settings(self.copies) } else { Settings::default() };
        Settings { copies: self.copies, virtual_nodes: self.points, memory: self.memory, ..settings }
    }
}
