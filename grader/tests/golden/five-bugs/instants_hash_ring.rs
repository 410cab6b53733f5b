//! A sorted list of points, computed anew as a whole whenever the members change.

pub struct ConsistentHashRing {
    virtual_nodes: usize,
    nodes: Vec<String>,
    /// Each with the index of its node.
    points: Vec<(u64, usize)>,
}

impl ConsistentHashRing {
    pub fn new(virtual_nodes: usize, nodes: &[String]) -> Self {
        let mut ring = Self { virtual_nodes, nodes: nodes.to_vec(), points: Vec::new() };
        ring.compute();
        ring
    }

    pub fn add_node(&mut self, node_id: &str) -> bool {
        let is_new = !self.nodes.iter().any(|node| node == node_id);
        if is_new {
            self.nodes.push(node_id.to_string());
            self.compute();
        }
        is_new
    }

    pub fn remove_node(&mut self, node_id: &str) -> bool {
        match self.nodes.iter().position(|node| node == node_id) {
            Some(index) => {
                self.nodes.remove(index);
                self.compute();
                true
            }
            None => false,
        }
    }

    fn compute(&mut self) {
        // Members hear of each other in different orders: the ring must not depend on it.
        self.nodes.sort();
        let mut points = Vec::with_capacity(self.nodes.len() * self.virtual_nodes);
        for (index, node) in self.nodes.iter().enumerate() {
            points.extend((0..self.virtual_nodes).map(|number| (one_at_a_time(&format!("{number}/{node}")), index)));
        }
        points.sort_unstable();
        self.points = points;
    }

    pub fn get_nodes_for_key(&self, key: &str, count: usize) -> Vec<String> {
        let from = self.points.partition_point(|(point, _)| *point < one_at_a_time(key));
        let mut chosen = Vec::new();
        for step in 0..self.points.len() {
            let (_, index) = self.points[(from + step) % self.points.len()];
            if chosen.len() < count && !chosen.contains(&index) {
                chosen.push(index);
            }
        }
        chosen.into_iter().map(|index| self.nodes[index].clone()).collect()
    }

    pub fn nodes(&self) -> Vec<String> {
        self.nodes.clone()
    }
}

/// Jenkins' one-at-a-time, on 64 bits.
fn one_at_a_time(text: &str) -> u64 {
    let mut hash = 0_u64;
    for byte in text.bytes() {
        hash = hash.wrapping_add(byte.into());
        hash = hash.wrapping_add(hash << 20);
        hash ^= hash >> 12;
    }
    hash = hash.wrapping_add(hash << 6);
    hash ^= hash >> 22;
    hash = hash.wrapping_add(hash << 30);
    hash ^ (hash >> 29)
}
