//! The inputs of the thread that owns the node, each with the channel for its answer.

use std::net::SocketAddr;

use cachedojo::cluster::{Envelope, NodeId, NodeSet, Outcome, Request};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::frame::{Addresses, Answer, Greeting};

/// An input of the machine.
#[derive(Debug)]
pub(super) enum Input {
    /// Time passes.
    Tick,
    /// The process ends.
    Stop,
    /// A client asks.
    Ask { request: Request, reply: oneshot::Sender<Result<Outcome, Full>> },
    /// An operator announces a node, so that it is let in when it comes. The answer tells what else has to be done for that.
    Announce { node: NodeId, address: Option<SocketAddr>, reply: oneshot::Sender<Option<String>> },
    /// An operator lets a node go.
    LetGo { node: NodeId, reply: oneshot::Sender<Result<(), Cannot>> },
    /// An operator asks for the status.
    Status { reply: oneshot::Sender<Value> },
    /// Whoever sends clients here asks why none should be sent.
    Trouble { reply: oneshot::Sender<Option<String>> },
    /// A node connected.
    Greeted { greeting: Box<Greeting>, reply: oneshot::Sender<Answer> },
    /// A node answered the greeting that this node sent in life `to_life`.
    Answered { from: NodeId, to_life: u16, answer: Answer },
    /// A message from a node; dropping `room` frees its share of the memory for unread messages.
    Message { envelope: Box<Envelope>, room: OwnedSemaphorePermit },
    /// A node sent the list of nodes that it knows.
    Others { others: Addresses },
}

/// The records take all the memory that they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// Why a node cannot be let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cannot {
    /// It is none of the members.
    NoMember(NodeSet),
    /// It is the last one.
    Last,
    /// This node does not know the members yet.
    NotReady,
}
