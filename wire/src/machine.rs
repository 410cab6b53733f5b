//! A node of a cluster as a state machine: inputs come in, effects go out. Apart from its clocks and its randomness,
//! nothing else connects it with the outside.

use serde::{Deserialize, Serialize};

/// A request to a node. Everything but `Start` and `Cycle` needs one: without it the answer is
/// [`NoObject`](crate::Response::NoObject).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineRequest {
    /// The node's process starts; answered by [`Effects`](crate::Response::Effects).
    Start(MachineSetup),
    /// An input for it; answered by [`Effects`](crate::Response::Effects).
    Handle(Input),
    /// Makes `count` nodes, one after the other; each handles all of `inputs` and is dropped. Answered by
    /// [`Done`](crate::Response::Done). The subject's own node, if there is one, is not changed.
    Cycle {
        /// How each of them is made.
        setup: MachineSetup,
        /// The inputs of each of them.
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
    /// The names of all members of the cluster, its own included.
    pub members: Vec<String>,
    /// How many nodes keep a key.
    pub copies: u32,
    /// Points of a node on the ring.
    pub points: u32,
}

/// An input of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// A message arrived.
    Message {
        /// The sender.
        from: String,
        /// The bytes that it sent, in whatever format the nodes use.
        bytes: Vec<u8>,
    },
    /// A timer has run out.
    Timer {
        /// The number that the node gave it.
        timer: u64,
    },
    /// A client's request.
    Client {
        /// The number that the answer must carry.
        number: u64,
        /// The request.
        command: MachineCommand,
    },
    /// A node has become a member.
    Joined {
        /// Its name.
        id: String,
    },
    /// A node is no longer a member.
    Left {
        /// Its name.
        id: String,
    },
}

/// A client's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineCommand {
    /// Write a key.
    Put {
        /// The key.
        key: String,
        /// The value.
        value: Vec<u8>,
        /// Time to live in milliseconds; `None` for ever.
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
    /// What this node itself holds, without asking another.
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

/// An effect that a node asks for.
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
        /// The node's own number for it.
        timer: u64,
        /// After how many milliseconds.
        after_ms: u64,
    },
    /// Answer a client.
    Reply {
        /// The number of the client's request.
        number: u64,
        /// The answer.
        reply: MachineReply,
    },
}

/// The answer to a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineReply {
    /// What a read found, or nothing.
    Value(Option<Vec<u8>>),
    /// It is done.
    Done,
    /// It failed; the node's words say why.
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
