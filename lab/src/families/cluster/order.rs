//! What a script can ask of the simulated cluster.

use cachedojo::cluster::Settings;
use cachedojo::cluster::record::Key;

use crate::world::cluster::act::Act;
use crate::world::cluster::simulate;

/// A command to the simulated cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterCommand {
    /// Make one, and wait until it is at rest.
    Make(Setup),
    /// Do something with it.
    Do(Act),
    /// Ask for the natural replicas of a key.
    Replicas(Key),
    /// Tell the story of a key.
    Explain(Key),
    /// Show each node, and whether the rings agree.
    Health,
    /// See whether every promise was kept so far.
    Check,
}

/// What a cluster is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// How many founders. Bounds: 1 to 16.
    pub nodes: u8,
    /// On how many nodes a key lives. Bounds: 1 to 9.
    pub copies: usize,
    /// Points of a node on the ring.
    pub points: usize,
    /// Shorter waits everywhere, as the simulator has them.
    pub haste: bool,
    /// Another seed than the script's.
    pub seed: Option<u64>,
}

impl Setup {
    /// The settings of all nodes.
    pub fn settings(&self) -> Settings {
        let settings = if self.haste { simulate::settings(self.copies) } else { Settings::default() };
        Settings { copies: self.copies, virtual_nodes: self.points, ..settings }
    }
}
