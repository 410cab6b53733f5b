//! Replaying a cache trace: which requests would a policy have missed, in a cache of a given size?
//!
//! A size bounds the sum of the objects' sizes, with no overhead counted, as in libCacheSim, whose counts these match to the
//! request. A miss inserts the object with the size of this request, after evicting until it fits; a hit changes neither size nor
//! place unless the policy says so. An object larger than the cache is a miss that evicts nothing. S3-FIFO also refuses an object
//! as large as its small queue (a tenth of the cache); one of exactly that size is refused only after room was made for it. A
//! cache of less than ten bytes, which libCacheSim refuses, has no small queue.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::cache::{self, AnyPolicy, Dense, EvictionPolicy, Item, Limits, Lookup, Naming, Policy, Store};

/// One request of a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub id: u64,
    /// Its size in bytes; 1 where the format has none.
    pub size: u64,
}

/// The result of a trace under one policy (or [`Belady`]'s rule) and one size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Replay<P = EvictionPolicy> {
    /// The policy.
    pub policy: P,
    /// The cache's size in bytes.
    pub size_bytes: u64,
    /// Requests that found nothing.
    pub misses: u64,
    /// Misses divided by requests; 0 for an empty trace.
    pub miss_ratio: f64,
    /// The sum of the sizes that the missed requests asked for.
    pub bytes_missed: u64,
    /// Bytes missed divided by the bytes that were asked for; 0 for an empty trace.
    pub byte_miss_ratio: f64,
}

/// Belady's rule, which knows all later requests: see [`floor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename = "belady", rename_all = "lowercase")]
pub enum Belady {
    /// The entry whose next request is furthest away leaves first.
    Belady,
}

/// The objects that a trace asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Footprint {
    /// How many there are.
    pub objects: u64,
    /// The working set in bytes: each object once, with the largest size that it is requested with. A cache of this size evicts
    /// nothing.
    pub working_set_bytes: u64,
}

/// A trace, replayed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// How many requests there were.
    pub requests: u64,
    /// The bytes that they asked for.
    pub bytes_requested: u64,
    /// One result for each policy and size, sizes within policies, in the order in which they were asked for.
    pub results: Vec<Replay>,
}

impl Footprint {
    /// The objects that these requests ask for. O(requests), in the memory of a number for each object.
    pub fn of(requests: &[Request]) -> Self {
        let mut largest: HashMap<u64, u64> = HashMap::new();
        let mut working_set_bytes = 0;
        for request in requests {
            let known = largest.entry(request.id).or_insert(0);
            working_set_bytes += request.size.saturating_sub(*known);
            *known = request.size.max(*known);
        }
        Self { objects: largest.len() as u64, working_set_bytes }
    }
}

/// The totals of a trace, which ratios are divided by.
#[derive(Debug, Clone, Copy)]
struct Total {
    requests: u64,
    bytes: u64,
}

impl Total {
    fn of(requests: &[Request]) -> Self {
        Self { requests: requests.len() as u64, bytes: requests.iter().map(|request| request.size).sum() }
    }

    /// The result where so many requests and bytes missed.
    fn replay<P>(self, policy: P, size_bytes: u64, (misses, bytes_missed): (u64, u64)) -> Replay<P> {
        Replay {
            policy,
            size_bytes,
            misses,
            miss_ratio: ratio(misses, self.requests),
            bytes_missed,
            byte_miss_ratio: ratio(bytes_missed, self.bytes),
        }
    }
}

/// Replays `requests`, whose sizes must add up to less than 2^64 as they do in every trace that `cachedojo_trace::read` returns, for
/// every policy and size. O(requests) for each; TTL, for want of deadlines, is FIFO.
pub fn replay(requests: &[Request], policies: &[EvictionPolicy], sizes_bytes: &[u64]) -> Report {
    let small = largest_of_small_ids(requests);
    let total = Total::of(requests);
    let one = |policy, size| total.replay(policy, size, one(requests, small, policy, size));
    let of_policy = |&policy| sizes_bytes.iter().map(move |&size| one(policy, size));
    let results = policies.iter().flat_map(of_policy).collect();
    Report { requests: total.requests, bytes_requested: total.bytes, results }
}

/// What caches of these sizes would miss by Belady's rule, which knows all later requests: the entry whose next request is
/// furthest away leaves, or is not inserted at all. Where all objects have one size, no policy misses less. Where sizes differ,
/// the minimum is NP-hard, and this is only a good estimate of it. O(requests x log objects) for each size.
pub fn floor(requests: &[Request], sizes_bytes: &[u64]) -> Vec<Replay<Belady>> {
    let total = Total::of(requests);
    let next = next_requests(requests);
    let one = |&size| total.replay(Belady::Belady, size, belady(requests, &next, size, |_| {}));
    sizes_bytes.iter().map(one).collect()
}

/// [`floor`] for one size, request by request: `heard` is told of each whether its object was there.
pub fn floor_telling(requests: &[Request], size_bytes: u64, heard: impl FnMut(bool)) {
    belady(requests, &next_requests(requests), size_bytes, heard);
}

/// A cache of one policy that is asked a trace's requests one by one. It counts as [`replay`] does, and tells who leaves; it is
/// slower, because it has one code for all policies.
#[derive(Debug, Clone)]
pub struct ReplayedCache(Store<Request, AnyPolicy>);

impl ReplayedCache {
    /// An empty cache of that size.
    pub fn new(policy: EvictionPolicy, size_bytes: u64) -> Self {
        let limits = Limits { weight: size_bytes, entries: u64::MAX };
        Self(Store::new(limits, AnyPolicy::of(policy, limits)))
    }

    /// Whether the object is there; a miss brings it in, as [`replay`] does, and adds the ids of those that leave to `gone`. O(1)
    /// and the number of those.
    pub fn request(&mut self, request: Request, gone: &mut Vec<u64>) -> bool {
        self.0.request(request, |left| gone.push(left.id))
    }
}

/// For each request the index of the next one of the same object; `usize::MAX`, past all of them, where there is none.
fn next_requests(requests: &[Request]) -> Vec<usize> {
    let mut last: HashMap<u64, usize> = HashMap::new();
    let mut next = vec![usize::MAX; requests.len()];
    for (place, request) in requests.iter().enumerate().rev() {
        if let Some(later) = last.insert(request.id, place) {
            next[place] = later;
        }
    }
    next
}

/// Misses and bytes missed.
fn belady(requests: &[Request], next: &[usize], size_bytes: u64, mut heard: impl FnMut(bool)) -> (u64, u64) {
    // The objects held, by the index of their next request, which is unique. Objects that are never requested again are
    // not held.
    let mut held: BTreeMap<usize, u64> = BTreeMap::new();
    let (mut weight, mut misses, mut bytes_missed) = (0, 0, 0);
    for (place, request) in requests.iter().enumerate() {
        let found = held.remove(&place);
        heard(found.is_some());
        let size = if let Some(size) = found {
            weight -= size;
            size
        } else {
            misses += 1;
            bytes_missed += request.size;
            request.size
        };
        if next[place] == usize::MAX || size > size_bytes {
            continue;
        }
        held.insert(next[place], size);
        weight += size;
        while weight > size_bytes {
            let Some((_, gone)) = held.pop_last() else { break };
            weight -= gone;
        }
    }
    (misses, bytes_missed)
}

/// Generic over the policy, so that the loop is compiled once for each and no request branches on it.
fn one(requests: &[Request], small: Option<u32>, policy: EvictionPolicy, size_bytes: u64) -> (u64, u64) {
    match policy {
        EvictionPolicy::LRU => run::<cache::Lru>(requests, small, size_bytes),
        EvictionPolicy::LFU => run::<cache::Lfu>(requests, small, size_bytes),
        EvictionPolicy::FIFO => run::<cache::Fifo>(requests, small, size_bytes),
        EvictionPolicy::TTL => run::<cache::Ttl>(requests, small, size_bytes),
        EvictionPolicy::Sieve => run::<cache::Sieve>(requests, small, size_bytes),
        EvictionPolicy::S3Fifo => run::<cache::S3Fifo>(requests, small, size_bytes),
        EvictionPolicy::Clock => run::<cache::Clock>(requests, small, size_bytes),
        EvictionPolicy::Arc => run::<cache::Arc>(requests, small, size_bytes),
        EvictionPolicy::TwoQueue => run::<cache::TwoQueue>(requests, small, size_bytes),
        EvictionPolicy::Lirs => run::<cache::Lirs>(requests, small, size_bytes),
        EvictionPolicy::WTinyLfu => run::<cache::WTinyLfu>(requests, small, size_bytes),
    }
}

/// Ids that are small integers, as in most published traces, need no hashing, and with sizes below 4 GiB half the memory: a
/// replay is fast while its data fits into the processor's cache. Returns the largest id if all are small.
fn largest_of_small_ids(requests: &[Request]) -> Option<u32> {
    let (largest_id, largest_size) =
        requests.iter().fold((0, 0), |(id, size), request| (request.id.max(id), request.size.max(size)));
    u32::try_from(largest_size).ok()?;
    u32::try_from(largest_id).ok().filter(|&largest| largest as usize / 4 <= requests.len())
}

fn run<P: Policy>(requests: &[Request], small: Option<u32>, size_bytes: u64) -> (u64, u64) {
    let limits = Limits { weight: size_bytes, entries: u64::MAX };
    match small {
        Some(largest) => {
            let store = Store::with_lookup(limits, Dense::new(largest), P::new(limits));
            #[expect(clippy::cast_possible_truncation, reason = "neither is larger than the largest")]
            count_misses(requests, store, |request| Small { id: request.id as u32, size: request.size as u32 })
        }
        None => count_misses(requests, Store::new(limits, P::new(limits)), |request| request),
    }
}

fn count_misses<T: Item, P: Policy, X: Lookup + Naming<T::Key>>(
    requests: &[Request],
    mut store: Store<T, P, X>,
    item_of: impl Fn(Request) -> T,
) -> (u64, u64) {
    let mut misses = 0;
    let mut bytes_missed = 0;
    for &request in requests {
        if !store.request(item_of(request), |_| {}) {
            misses += 1;
            bytes_missed += request.size;
        }
    }
    (misses, bytes_missed)
}

/// A [`Request`] whose id is a small integer and whose size is below 4 GiB.
#[derive(Debug, Clone, Copy, Default)]
struct Small {
    id: u32,
    size: u32,
}

impl Item for Small {
    type Key = u32;

    fn key(&self) -> &u32 {
        &self.id
    }

    fn weight(&self) -> u64 {
        u64::from(self.size)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio is shown with a few digits")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl Item for Request {
    type Key = u64;

    fn key(&self) -> &u64 {
        &self.id
    }

    fn weight(&self) -> u64 {
        self.size
    }
}
