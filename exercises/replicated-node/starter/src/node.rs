//! A node: it hears inputs and returns what it wants done.

use crate::api::{Effect, Input, NodeConfig, Reply};

pub struct CacheNode {
    config: NodeConfig,
}

impl CacheNode {
    /// A node that holds nothing yet. [`CacheNode::start`] comes next.
    pub fn new(config: NodeConfig) -> Self {
        Self { config }
    }

    /// What the node wants done when its process begins: a timer, perhaps, or messages to the others.
    pub fn start(&mut self) -> Vec<Effect> {
        Vec::new()
    }

    /// Obeys one input, and returns what is to be done.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Client { request, .. } => {
                let words = format!("{} cannot do anything yet", self.config.node_id);
                vec![Effect::Reply { request, reply: Reply::Failed(words) }]
            }
            Input::Message { .. } | Input::Timer { .. } | Input::Joined { .. } | Input::Left { .. } => Vec::new(),
        }
    }
}
