//! The adapter of exercise `five-bugs`: a node as a state machine. See `../distributed_cache/adapter.rs` for the rules; here is one item
//! only, for a node is of one piece.
#![allow(unused)]

use std::cell::RefCell;
use std::string::String;
use std::time::Duration;
use std::vec::Vec;

use cachedojo_wire::machine::{self, MachineRequest};
use cachedojo_wire::{Request, Response};

#[unsafe(no_mangle)]
pub extern "C" fn call() -> u64 {
    toolbox::serve(obey)
}

fn obey(request: Request) -> Response {
    let item = request.item();
    match request {
        Request::Machine(request) => machine(request),
        _ => toolbox::not_implemented(item),
    }
}

#[cfg(not(item = "CacheNode::handle"))]
fn machine(_: MachineRequest) -> Response {
    toolbox::not_implemented("CacheNode::handle")
}

#[cfg(item = "CacheNode::handle")]
mod node {
    use super::*;
    use submission::{CacheNode, Command, ConsistencyLevel, Effect, Input, NodeConfig, Reply};

    std::thread_local! {
        static NODE: RefCell<Option<CacheNode>> = const { RefCell::new(None) };
    }

    pub fn obey(request: MachineRequest) -> Response {
        match request {
            MachineRequest::Start(setup) => NODE.with_borrow_mut(|node| {
                let node = node.insert(make(&setup));
                let effects: Vec<Effect> = CacheNode::start(node);
                Response::Effects(told(effects))
            }),
            MachineRequest::Handle(input) => NODE.with_borrow_mut(|node| match node {
                Some(node) => {
                    let effects: Vec<Effect> = CacheNode::handle(node, heard(input));
                    Response::Effects(told(effects))
                }
                None => Response::NoObject,
            }),
            MachineRequest::Cycle { setup, inputs, count } => {
                for _ in 0..count {
                    let mut node = make(&setup);
                    drop::<Vec<Effect>>(CacheNode::start(&mut node));
                    for input in &inputs {
                        drop::<Vec<Effect>>(CacheNode::handle(&mut node, heard(input.clone())));
                    }
                }
                Response::Done
            }
        }
    }

    fn make(setup: &machine::MachineSetup) -> CacheNode {
        CacheNode::new(NodeConfig {
            node_id: setup.id.clone(),
            members: setup.members.clone(),
            replication_factor: setup.copies as usize,
            virtual_nodes: setup.points as usize,
        })
    }

    fn level(level: machine::MachineLevel) -> ConsistencyLevel {
        match level {
            machine::MachineLevel::One => ConsistencyLevel::One,
            machine::MachineLevel::Quorum => ConsistencyLevel::Quorum,
            machine::MachineLevel::All => ConsistencyLevel::All,
        }
    }

    fn heard(input: machine::Input) -> Input {
        match input {
            machine::Input::Message { from, bytes } => Input::Message { from, bytes },
            machine::Input::Timer { timer } => Input::Timer { timer },
            machine::Input::Client { number, command } => Input::Client { request: number, command: asked(command) },
            machine::Input::Joined { id } => Input::Joined { node_id: id },
            machine::Input::Left { id } => Input::Left { node_id: id },
        }
    }

    fn asked(command: machine::MachineCommand) -> Command {
        match command {
            machine::MachineCommand::Put { key, value, ttl_ms, level: wanted } => {
                Command::Put { key, value, ttl: ttl_ms.map(Duration::from_millis), level: level(wanted) }
            }
            machine::MachineCommand::Get { key, level: wanted } => Command::Get { key, level: level(wanted) },
            machine::MachineCommand::Delete { key, level: wanted } => Command::Delete { key, level: level(wanted) },
            machine::MachineCommand::Invalidate { key } => Command::Invalidate { key },
            machine::MachineCommand::Peek { key } => Command::Peek { key },
        }
    }

    fn told(effects: Vec<Effect>) -> Vec<machine::MachineEffect> {
        let mut told: Vec<machine::MachineEffect> = Vec::new();
        for effect in effects {
            told.push(match effect {
                Effect::Send { to, bytes } => machine::MachineEffect::Send { to, bytes },
                Effect::Timer { timer, after } => {
                    // A timer is never over before its time.
                    let millis: u128 = Duration::as_nanos(&after).div_ceil(1_000_000);
                    machine::MachineEffect::Timer { timer, after_ms: u64::try_from(millis).unwrap_or(u64::MAX) }
                }
                Effect::Reply { request, reply } => {
                    machine::MachineEffect::Reply { number: request, reply: answered(reply) }
                }
            });
        }
        told
    }

    fn answered(reply: Reply) -> machine::MachineReply {
        match reply {
            Reply::Value(value) => machine::MachineReply::Value(value),
            Reply::Done => machine::MachineReply::Done,
            Reply::Failed(words) => machine::MachineReply::Failed(words),
        }
    }
}

#[cfg(item = "CacheNode::handle")]
fn machine(request: MachineRequest) -> Response {
    node::obey(request)
}
