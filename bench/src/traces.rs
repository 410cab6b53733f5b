//! Replaying a trace of small integers under LRU: a miss brings the object in.

use cachedojo::cache::EvictionPolicy;
use cachedojo::random::Random;
use cachedojo::trace::{Request, replay};

use crate::caches::Lru;
use crate::{Contestant, race};

const REQUESTS: usize = 2_000_000;

/// `length` numbers below `count`, number `i` about as often as 1 / (i + 1): Zipf's law with exponent 1, scattered so that
/// neighbours in popularity are no neighbours in memory.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a made-up distribution"
)]
pub(crate) fn zipf(count: usize, length: usize, seed: u64) -> Vec<usize> {
    let mut random = Random::new(seed);
    let mut scattered: Vec<usize> = (0..count).collect();
    for i in (1..count).rev() {
        scattered.swap(i, random.below(i as u64 + 1) as usize);
    }
    // The inverse of the harmonic numbers' integral: exp(u * ln(count + 1)) - 1 for u uniform in 0..1.
    let log = (count as f64 + 1.0).ln();
    let number = |random: &mut Random| {
        let uniform = random.next_u64() as f64 / u64::MAX as f64;
        (((uniform * log).exp() - 1.0) as usize).min(count - 1)
    };
    (0..length).map(|_| scattered[number(&mut random)]).collect()
}

fn replay_with(cache: &mut dyn Lru<u64>, trace: &[Request]) -> u64 {
    let mut misses = 0;
    for request in trace {
        if !cache.get(&request.id) {
            misses += 1;
            cache.put(request.id);
        }
    }
    misses
}

pub(crate) fn run() {
    for (objects, capacity) in [(1_000_000, 100_000), (100_000, 10_000)] {
        let ids = zipf(objects, REQUESTS, 3);
        let trace: Vec<Request> = ids.into_iter().map(|id| Request { id: id as u64, size: 1 }).collect();
        let trace = trace.as_slice();
        let capacity_u32 = u32::try_from(capacity).expect("small");
        let nonzero = std::num::NonZeroUsize::new(capacity).expect("not empty");
        let one = |policy| move || replay(trace, &[policy], &[capacity as u64]).results[0].misses;
        let contestants = vec![
            Contestant::new("cachedojo", one(EvictionPolicy::LRU)),
            Contestant::new("lru", move || replay_with(&mut lru::LruCache::new(nonzero), trace)),
            Contestant::new("hashlink", move || replay_with(&mut hashlink::LruCache::new(capacity), trace)),
            Contestant::new("schnellru", move || {
                replay_with(&mut schnellru::LruMap::<u64, u64>::new(schnellru::ByLength::new(capacity_u32)), trace)
            }),
            Contestant::new("quick_cache", move || {
                replay_with(&mut quick_cache::unsync::Cache::<u64, u64>::new(capacity), trace)
            }),
            Contestant::new("mini-moka", move || {
                replay_with(&mut mini_moka::unsync::Cache::<u64, u64>::new(capacity as u64), trace)
            }),
        ];
        race(&format!("replay, {objects} objects, {capacity} entries"), REQUESTS, contestants);
        let policies = EvictionPolicy::ALL.into_iter().filter(|policy| *policy != EvictionPolicy::TTL);
        let contestants = policies.map(|policy| Contestant::new(policy.name(), one(policy))).collect();
        race("  each policy", REQUESTS, contestants);
    }
}
