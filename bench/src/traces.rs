//! Races of replaying a trace of small integers under LRU: a miss inserts the object.

use cachedojo::cache::replay::{Request, replay};
use cachedojo::cache::{Cache, EvictionPolicy};

use crate::caches::Lru;
use crate::zipf::zipf;
use crate::{Bench, Contestant};

const REQUESTS: usize = 2_000_000;

/// The obvious loop over any cache.
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

pub(crate) fn run(bench: &Bench) {
    for (objects, capacity) in [(1_000_000, 100_000), (100_000, 10_000)] {
        let ids = zipf(objects, REQUESTS, 3);
        let trace: Vec<Request> = ids.into_iter().map(|id| Request { id: id as u64, size: 1 }).collect();
        let trace = trace.as_slice();
        let few = u32::try_from(capacity).expect("small");
        let nonzero = std::num::NonZeroUsize::new(capacity).expect("not empty");
        let replayed = |name, policy| {
            Contestant::new(name, move || move || replay(trace, &[policy], &[capacity as u64]).results[0].misses)
        };
        let contestants = vec![
            replayed("cachedojo", EvictionPolicy::LRU),
            // The same cache and loop as the rivals', which cannot use that keys are small.
            contestant("cachedojo::Cache", trace, move || Cache::<u64, u64>::new(capacity)),
            contestant("lru", trace, move || lru::LruCache::<u64, u64>::new(nonzero)),
            contestant("hashlink", trace, move || hashlink::LruCache::<u64, u64>::new(capacity)),
            contestant("schnellru", trace, move || schnellru::LruMap::<u64, u64>::new(schnellru::ByLength::new(few))),
            contestant("quick_cache", trace, move || quick_cache::unsync::Cache::<u64, u64>::new(capacity)),
            contestant("mini-moka", trace, move || mini_moka::unsync::Cache::<u64, u64>::new(capacity as u64)),
        ];
        bench.race(&format!("replay, {objects} objects, {capacity} entries"), REQUESTS, contestants);
        let policies = EvictionPolicy::ALL.into_iter().filter(|policy| *policy != EvictionPolicy::TTL);
        let contestants = policies.map(|policy| replayed(policy.name(), policy)).collect();
        bench.race(&format!("each policy, {objects} objects, {capacity} entries"), REQUESTS, contestants);
    }
}

fn contestant<'a, C: Lru<u64> + 'a>(
    name: &'static str,
    trace: &'a [Request],
    new: impl Fn() -> C + 'a,
) -> Contestant<'a> {
    Contestant::new(name, move || move || replay_with(&mut new(), trace))
}
