//! Where keys belong, by rendezvous: every member bids for every key, and the highest bids hold it.

pub struct Ring {
    members: Vec<String>,
}

impl Ring {
    pub fn new(members: &[String], _points: usize) -> Self {
        Self { members: members.to_vec() }
    }

    pub fn replicas(&self, key: &str, count: usize) -> Vec<String> {
        let bid = |member: &String| std::cmp::Reverse((hash(&format!("{key} {member}")), member.clone()));
        let mut bidders = self.members.clone();
        bidders.sort_by_cached_key(bid);
        bidders.truncate(count.max(1));
        bidders
    }
}

/// Bytes as digits of a number in an odd base, stirred by shifts after each.
pub fn hash(text: &str) -> u64 {
    let mut state = text.len() as u64;
    for byte in text.bytes() {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(u64::from(byte) + 1);
        state ^= state.rotate_right(29) >> 3;
    }
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
