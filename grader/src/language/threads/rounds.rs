//! Recognises a thread that goes round in circles: unlocks, locks and looks again, and finds each time what it found before.
//!
//! A plan that prefers such a thread would starve the one that it waits for, which no machine does.

/// The most operations of one round.
const LONGEST: usize = 16;

/// A thread's latest operations, and how long they have repeated.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// Signs of the latest operations; the next one replaces the oldest.
    latest: [u64; LONGEST],
    at: usize,
    /// For each length of a round: how many operations in a row were the same as the one a round before.
    repeated: [u32; LONGEST],
}

impl Rounds {
    /// Notes an operation's sign. Returns how many operations in a row have only repeated a round. Cost: a few compares, since it
    /// is called at each scheduling point.
    pub(super) fn note(&mut self, sign: u64) -> u32 {
        let mut most = 0;
        for length in 1..=LONGEST {
            let before = self.latest[(self.at + LONGEST - length) % LONGEST];
            let repeated = &mut self.repeated[length - 1];
            *repeated = if before == sign { *repeated + 1 } else { 0 };
            most = most.max(*repeated);
        }
        self.latest[self.at] = sign;
        self.at = (self.at + 1) % LONGEST;
        most
    }

    /// Forgets how long it has repeated: something has changed.
    pub(super) fn begin_anew(&mut self) {
        self.repeated = [0; LONGEST];
    }
}

#[cfg(test)]
mod tests {
    use super::Rounds;

    #[test]
    fn rounds_are_counted_whatever_their_length_and_whatever_comes_twice_in_them() {
        for (operations, most) in [
            ("aaaaaaaa", 7),
            ("abababab", 6),
            ("abbcabbcabbc", 8),
            ("aabbaabbaabb", 8),
            ("abcdefgh", 0),
            ("abababac", 0),
            ("abcdefghijklmnopabcdefghijklmnop", 16),
            // A round longer than 16 is none.
            ("abcdefghijklmnopqabcdefghijklmnopq", 0),
        ] {
            let mut rounds = Rounds::default();
            let last = operations.bytes().map(|sign| rounds.note(u64::from(sign))).last();
            assert_eq!(last, Some(most), "{operations}");
        }
    }
}
