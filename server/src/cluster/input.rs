//! What the machine is told, and what it answers.

use std::net::SocketAddr;

use cachedojo::cluster::{Envelope, NodeId, NodeSet, Outcome, Request};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::frame::{Addresses, Answer, Greeting};

/// What the machine is told.
#[derive(Debug)]
pub(super) enum Input {
    /// Time passes.
    Tick,
    /// It is to end.
    Stop,
    /// A client asks.
    Ask { request: Request, reply: oneshot::Sender<Result<Outcome, Full>> },
    /// An operator announces a node, so that it is let in when it comes.
    Announce { node: NodeId, address: Option<SocketAddr>, reply: oneshot::Sender<()> },
    /// An operator lets a node go.
    LetGo { node: NodeId, reply: oneshot::Sender<Result<(), Cannot>> },
    /// How is it?
    Status { reply: oneshot::Sender<Value> },
    /// A node connected.
    Greeted { greeting: Box<Greeting>, reply: oneshot::Sender<Answer> },
    /// A node answered this one's greeting, which was of that life.
    Answered { from: NodeId, to_life: u16, answer: Answer },
    /// A node says something; the room is free again when this is dropped.
    Message { envelope: Box<Envelope>, room: OwnedSemaphorePermit },
    /// A node tells of others.
    Others { others: Addresses },
}

/// The records take as much as they may.
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
