use std::collections::HashMap;

#[derive(Debug, Clone)]
pub struct NodeInfo {
    pub id: String,
    pub addr: String,
    pub weight: u32,
    pub is_alive: bool,
}

pub struct HashRing {
    points: Vec<(u64, String)>,
    nodes: HashMap<String, NodeInfo>,
    virtual_nodes: usize,
}

/// FNV-1a with murmur's last steps.
fn place(bytes: &[u8]) -> u64 {
    let mut h: u64 = 0xcbf29ce484222325;
    for b in bytes {
        h ^= *b as u64;
        h = h.wrapping_mul(0x100000001b3);
    }
    h ^= h >> 33;
    h = h.wrapping_mul(0xff51afd7ed558ccd);
    h ^= h >> 33;
    h = h.wrapping_mul(0xc4ceb9fe1a85ec53);
    h ^ (h >> 33)
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        HashRing { points: Vec::new(), nodes: HashMap::new(), virtual_nodes }
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        self.remove_node(&node.id);
        for n in 0..self.virtual_nodes * node.weight.max(1) as usize {
            self.points.push((place(format!("{}-vn{n}", node.id).as_bytes()), node.id.clone()));
        }
        self.points.sort_unstable();
        self.nodes.insert(node.id.clone(), node);
    }

    pub fn remove_node(&mut self, node_id: &str) {
        self.points.retain(|p| p.1 != node_id);
        self.nodes.remove(node_id);
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.from(key).find(|n| n.is_alive)
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let mut chosen: Vec<&NodeInfo> = Vec::with_capacity(count.min(self.nodes.len()));
        for node in self.from(key).filter(|n| n.is_alive) {
            if chosen.len() >= count {
                return chosen;
            }
            if !chosen.iter().any(|c| c.id == node.id) {
                chosen.push(node);
            }
        }
        chosen
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        let mut all: Vec<_> = self.nodes.values().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    fn from(&self, key: &str) -> impl Iterator<Item = &NodeInfo> {
        let h = place(key.as_bytes());
        let start = match self.points.binary_search_by(|p| p.0.cmp(&h)) {
            Ok(i) | Err(i) => i,
        };
        self.points.iter().cycle().skip(start).take(self.points.len()).map(|p| &self.nodes[&p.1])
    }
}
