//! What a line of a script asks for.

use cachedojo_wire::Request;

use super::expect::Expectation;
use crate::families::cluster::ClusterCommand;

/// What a line of a script asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// One request to the subject.
    Ask(Request),
    /// How `count` keys named `prefix0`, `prefix1`, … spread over the ring.
    Spread {
        /// What comes before the number, or contains `{}` in its place.
        prefix: String,
        /// How many keys.
        count: u32,
    },
    /// Remember the owners of `count` keys.
    Mark {
        /// What comes before the number, or contains `{}` in its place.
        prefix: String,
        /// How many keys.
        count: u32,
    },
    /// Which of the marked keys have another owner now.
    Moved,
    /// Which node is responsible for a key, or holds it in the simulated cluster.
    Where {
        /// The key.
        key: String,
    },
    /// Remove the servers that do not hold a key from the prototype's cluster.
    RemoveOthers {
        /// The key.
        key: String,
    },
    /// A command to the simulated cluster.
    World(ClusterCommand),
    /// Let both clocks run for so many milliseconds.
    Tick(u64),
    /// Move the wall clock alone by so many milliseconds.
    WallJump(i64),
    /// Compare the last answer.
    Expect(Expectation),
    /// From here on, check the node's counters after every command to the node.
    Always(Expectation),
}
