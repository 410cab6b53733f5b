//! A node of a cluster as a state machine: what happens to it comes in, what it wants done goes out, and nothing else
//! connects it with the world but its clocks and its randomness.

use serde::{Deserialize, Serialize};

/// What can be asked of a node. Everything but `Start` and `Cycle` needs one: without it the answer is
/// [`NoObject`](crate::Response::NoObject).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineRequest {
    /// Its process begins; answered by [`Effects`](crate::Response::Effects).
    Start(MachineSetup),
    /// Something happens to it; answered by [`Effects`](crate::Response::Effects).
    Handle(Input),
    /// So many nodes are made, hear all of `inputs` and are dropped, one after the other; answered by
    /// [`Done`](crate::Response::Done). The subject's own node, if there is one, stays as it is.
    Cycle {
        /// How each of them is made.
        setup: MachineSetup,
        /// What each of them hears.
        inputs: Vec<Input>,
        /// How many.
        count: u32,
    },
}

/// How a node is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineSetup {
    /// Its own name.
    pub id: String,
    /// The names of all members of the cluster, its own among them.
    pub members: Vec<String>,
    /// On how many nodes a key lives.
    pub copies: u32,
    /// Points of a node on the ring.
    pub points: u32,
}

/// Something that happens to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// A message came.
    Message {
        /// The sender.
        from: String,
        /// What it sent, in whatever format the nodes agree on.
        bytes: Vec<u8>,
    },
    /// The time of a timer is over.
    Timer {
        /// The number that the node gave it.
        timer: u64,
    },
    /// A client asks.
    Client {
        /// The number under which the answer is expected.
        number: u64,
        /// What it asks for.
        command: MachineCommand,
    },
    /// A node has become a member.
    Joined {
        /// Its name.
        id: String,
    },
    /// A node is no member any more.
    Left {
        /// Its name.
        id: String,
    },
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineCommand {
    /// Write a key.
    Put {
        /// The key.
        key: String,
        /// The value.
        value: Vec<u8>,
        /// Time to live in milliseconds; without one it lives for ever.
        ttl_ms: Option<u64>,
        /// How many replicas must confirm.
        level: MachineLevel,
    },
    /// Read a key.
    Get {
        /// The key.
        key: String,
        /// How many replicas must answer.
        level: MachineLevel,
    },
    /// Remove a key.
    Delete {
        /// The key.
        key: String,
        /// How many replicas must confirm.
        level: MachineLevel,
    },
    /// Have every node forget its copy of a key.
    Invalidate {
        /// The key.
        key: String,
    },
    /// What this very node holds, without asking another.
    Peek {
        /// The key.
        key: String,
    },
}

/// How many replicas of a key must take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineLevel {
    /// Any one.
    One,
    /// More than half.
    Quorum,
    /// Every one.
    All,
}

/// Something that a node wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineEffect {
    /// Send a message.
    Send {
        /// To whom.
        to: String,
        /// What.
        bytes: Vec<u8>,
    },
    /// Set a timer.
    Timer {
        /// The node's number for it.
        timer: u64,
        /// After how many milliseconds.
        after_ms: u64,
    },
    /// Answer a client.
    Reply {
        /// The number of what was asked.
        number: u64,
        /// The answer.
        reply: MachineReply,
    },
}

/// What a client hears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineReply {
    /// What a read found, or nothing.
    Value(Option<Vec<u8>>),
    /// It is done.
    Done,
    /// It could not be done, in the node's own words.
    Failed(String),
}

impl MachineRequest {
    /// The item of the exercise's prototype that answers this request.
    pub const fn item(&self) -> &'static str {
        match self {
            Self::Start(_) | Self::Cycle { .. } => "CacheNode::new",
            Self::Handle(_) => "CacheNode::handle",
        }
    }
}
