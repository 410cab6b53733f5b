//! One node of a replicated cache: a state machine that hears an [`Input`] and returns [`Effect`]s. Nodes know each other by messages only.

mod api;
mod node;
mod wire;

pub use api::{Command, ConsistencyLevel, Effect, Input, NodeConfig, Reply};
pub use node::CacheNode;
