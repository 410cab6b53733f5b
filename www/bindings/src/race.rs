//! Policies side by side: the commands of one script to its node, executed by a node of each policy.

use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use cachedojo::cache::{CacheEvent, CacheNode, EvictionPolicy};
use cachedojo::clock::{Clock, Instant};
use cachedojo_lab::families::node::answer_of;
use cachedojo_lab::script::{Command, Dialect, parse};
use cachedojo_wire::{NodeRequest, Request, Response};

use crate::count::count;

/// The result of a race.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Race {
    /// Each policy, in the order of the request.
    pub lanes: Vec<Lane>,
    /// The first command at which they evict different keys, if there is one.
    pub parting: Option<RaceParting>,
    /// Reads of the node in the script.
    pub reads: u32,
}

/// One policy in a race.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Lane {
    /// The policy, as scripts spell it.
    pub policy: &'static str,
    /// Reads that found their key.
    pub hits: u32,
    /// Reads that did not.
    pub misses: u32,
    /// Entries that left to make room.
    pub evictions: u32,
    /// Hits per thousand of the reads so far, after as many parts of the run as there are numbers: at most
    /// [`MARKS_MAX`].
    pub ratio_per_mille: Vec<u32>,
}

/// Where policies differ.
#[derive(Serialize, Tsify)]
pub struct RaceParting {
    /// The command's index.
    pub step: u32,
    /// The script's line, counted from 1.
    pub line: u32,
    /// For each policy the keys that it evicted there, separated by spaces.
    pub victims: Vec<String>,
}

/// The most policies in one race.
const LANES_MAX: usize = 5;
/// Points of a lane's curve.
const MARKS_MAX: u32 = 100;

struct Runner {
    policy: EvictionPolicy,
    node: CacheNode,
    curve: Curve,
    evictions: u32,
}

/// Hits and misses, and their ratio over time.
pub(crate) struct Curve {
    hits: u32,
    misses: u32,
    /// After so many reads comes a point.
    every: u32,
    ratio: Vec<u32>,
}

impl Curve {
    /// Of a run with so many reads.
    pub(crate) fn new(reads: u32) -> Self {
        Self { hits: 0, misses: 0, every: reads.div_ceil(MARKS_MAX).max(1), ratio: Vec::new() }
    }

    /// Counts a read that found its key, or did not.
    pub(crate) fn hear(&mut self, found: bool) {
        self.hits += u32::from(found);
        self.misses += u32::from(!found);
        let so_far = self.hits + self.misses;
        if so_far.is_multiple_of(self.every) {
            self.ratio.push(per_mille(self.hits, so_far));
        }
    }

    /// As the page shows it.
    pub(crate) fn lane(self, policy: &'static str, evictions: u32) -> Lane {
        Lane { policy, hits: self.hits, misses: self.misses, evictions, ratio_per_mille: self.ratio }
    }
}

/// The policies of these names, of which the first [`LANES_MAX`] count.
pub(crate) fn policies_of(names: &[String]) -> Result<Vec<EvictionPolicy>, JsError> {
    let policies = names.iter().take(LANES_MAX).map(|name| {
        EvictionPolicy::ALL
            .into_iter()
            .find(|policy| policy.name() == name)
            .ok_or_else(|| JsError::new("no such policy"))
    });
    policies.collect()
}

/// Executes the script's commands to its node on a node of each policy: up to five policies, by the names that scripts
/// use. Without commands to a node there is no race. Cost: O(policies × commands).
///
/// # Errors
/// When there is no such policy.
#[wasm_bindgen]
#[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen hands a vector over")]
pub fn race(text: &str, policies: Vec<String>) -> Result<Option<Ts<Race>>, JsError> {
    let policies = policies_of(&policies)?;
    let script = parse(text, Dialect::Lab);
    let all = script
        .commands
        .iter()
        .filter(|step| matches!(&step.command, Command::Ask(Request::Node(NodeRequest::Get { .. }))));
    let reads = count(all.count());
    let clock = Clock::new();
    let (mut now_ms, mut runners, mut parting) = (0_u64, Vec::<Runner>::new(), None);
    for (index, step) in script.commands.iter().enumerate() {
        match &step.command {
            Command::Tick(ms) => {
                now_ms = now_ms.saturating_add(*ms);
                clock.set(Instant::from_millis(now_ms));
            }
            Command::Ask(Request::Node(NodeRequest::New { max_memory, .. })) => {
                runners = policies.iter().map(|&policy| Runner::new(policy, *max_memory, &clock, reads)).collect();
            }
            Command::Ask(Request::Node(request)) => {
                let victims: Vec<String> = runners.iter_mut().map(|runner| runner.obey(request)).collect();
                if parting.is_none() && victims.iter().any(|victim| *victim != victims[0]) {
                    parting = Some(RaceParting { step: count(index), line: step.line, victims });
                }
            }
            _ => {}
        }
    }
    let lanes: Vec<Lane> = runners.into_iter().map(Runner::lane).collect();
    Ok(if lanes.is_empty() { None } else { Some(Race { lanes, parting, reads }.into_ts()?) })
}

impl Runner {
    fn new(policy: EvictionPolicy, max_memory: u64, clock: &Clock, reads: u32) -> Self {
        let mut node = CacheNode::with_limits(max_memory, u64::MAX, policy, clock.clone());
        node.record_events(true);
        Self { policy, node, curve: Curve::new(reads), evictions: 0 }
    }

    /// Executes a request, and returns the keys that were evicted.
    fn obey(&mut self, request: &NodeRequest) -> String {
        if let Response::Entry(found) = answer_of(&mut self.node, request) {
            self.curve.hear(found.is_some());
        }
        let gone = self.node.take_events().into_iter().filter_map(|event| match event {
            CacheEvent::Evicted { key, .. } => Some(key),
            _ => None,
        });
        let gone: Vec<String> = gone.collect();
        self.evictions += count(gone.len());
        gone.join(" ")
    }

    fn lane(self) -> Lane {
        let Self { policy, curve, evictions, .. } = self;
        curve.lane(policy.name(), evictions)
    }
}

fn per_mille(part: u32, of: u32) -> u32 {
    u32::try_from(u64::from(part) * 1_000 / u64::from(of.max(1))).unwrap_or(u32::MAX)
}
