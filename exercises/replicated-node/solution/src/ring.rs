//! Where keys belong: it follows from the members and the key alone, on every node and after every start.

/// Points on a circle, each of a node. A key belongs to the nodes of the next points clockwise.
pub struct Ring(Vec<(u64, String)>);

impl Ring {
    pub fn new(members: &[String], points: usize) -> Self {
        let mut ring = Vec::new();
        for member in members {
            for point in 0..points.max(1) {
                ring.push((hash(&format!("{member}#{point}")), member.clone()));
            }
        }
        ring.sort();
        Self(ring)
    }

    /// The nodes that a key belongs to: so many, as far as there are so many.
    pub fn replicas(&self, key: &str, count: usize) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let place = hash(key);
        let start = self.0.partition_point(|(point, _)| *point < place);
        for (_, node) in self.0[start..].iter().chain(&self.0[..start]) {
            if found.len() == count.max(1) {
                break;
            }
            if !found.contains(node) {
                found.push(node.clone());
            }
        }
        found
    }
}

/// FNV-1a with a finish that mixes the high bits: no seed, so the same in every process.
pub fn hash(text: &str) -> u64 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}
