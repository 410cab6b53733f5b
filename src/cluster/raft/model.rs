//! The core as a transition system, so that every state within bounds can be visited: whoever may act, acts, and whatever message was
//! ever sent may come, once, twice, late or never. `cargo xtask simulate --model` visits them with the model checker stateright; the
//! tests here visit a small part with a search of their own, because stateright's features would compile half of the workspace anew.
//!
//! Clocks are left out. A timer may run out at any moment, so whatever the real clocks allow is among what is visited.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::{ELECTION, Entry, Raft, Role, Stable, Vote, quorum};
use crate::cluster::ids::{NodeId, NodeSet};
use crate::cluster::view::Change;
use crate::cluster::wire::Wire;
use crate::random::Random;
use crate::ring::hash64;

/// A defect that is put into the core on purpose: the search must find what it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// A node votes for every candidate of a term.
    VotesTwice,
    /// A node votes also for a candidate whose log lacks what its own has.
    VotesForAnyLog,
    /// A leader commits entries of earlier terms when it counts a majority that has them (figure 8).
    CountsOldTerms,
}

/// What is visited.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// The logs and terms at the beginning.
    pub start: Vec<Stable>,
    /// The greatest term.
    pub terms: u64,
    /// The most entries of a log.
    pub entries: usize,
    /// How many crashes there may be; a node's disk survives each.
    pub crashes: u8,
    /// What leaders may propose.
    pub proposals: Vec<Change>,
    /// Whether an election begins with a pre-vote. Without, every pre-vote counts as won: that allows more, in fewer steps.
    pub trials: bool,
    /// Whether a leader may send the entries that a node lacks bit by bit.
    pub batches: bool,
    /// What is wrong with the core.
    pub defect: Option<Defect>,
}

/// A message, from whom and to whom.
#[derive(Debug)]
pub struct Sent {
    from: NodeId,
    to: NodeId,
    vote: Vote,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoreStep {
    /// That message comes: its place among those that were sent.
    Comes(usize),
    /// A timer runs out: an election begins, or a leader sends heartbeats.
    Ticks(usize),
    /// A leader has not heard of a majority for long.
    StepsDown(usize),
    /// A process ends, and starts again with its disk.
    Crashes(usize),
    /// A leader proposes the change of that number.
    Proposes(usize, usize),
}

/// A state of all nodes and of the network, with what the properties need to know of the past.
#[derive(Debug, Clone)]
pub struct CoreState {
    nodes: Vec<Arc<Raft>>,
    /// Whatever was sent and may still have an effect, by its digest.
    sent: Vec<(u64, Arc<Sent>)>,
    crashes: u8,
    /// Who was elected in each term.
    leaders: Vec<NodeSet>,
    /// The entries that were ever committed, and the term of the node that was the first to commit each.
    committed: Vec<(Entry, u64)>,
    /// Whether a node has committed another entry than one before it.
    has_forked: bool,
    has_cut: bool,
    /// For each node the digest of its state.
    digests: Vec<u64>,
}

impl PartialEq for CoreState {
    fn eq(&self, other: &Self) -> bool {
        let sent = |state: &Self| state.sent.iter().map(|(digest, _)| *digest).collect::<Vec<_>>();
        let past = |state: &Self| (state.crashes, state.has_forked, state.has_cut);
        (past(self), &self.digests, &self.leaders, &self.committed)
            == (past(other), &other.digests, &other.leaders, &other.committed)
            && sent(self) == sent(other)
    }
}

impl Hash for CoreState {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.crashes, self.has_forked, self.has_cut).hash(state);
        self.digests.hash(state);
        self.sent.iter().for_each(|(digest, _)| digest.hash(state));
        self.leaders.iter().for_each(|who| who.iter().for_each(|node| node.hash(state)));
        self.committed.iter().for_each(|(entry, term)| (entry.term, *term).hash(state));
    }
}

/// A property of a state, and its name.
pub type Property = (&'static str, fn(&CoreState) -> bool);

/// What must hold in every state.
pub const ALWAYS: [Property; 4] = [
    ("a term has at most one leader", |state| state.leaders.iter().all(|who| who.len() <= 1)),
    ("logs that have one entry in common are equal up to it", CoreState::logs_match),
    ("nodes commit the same entries", |state| !state.has_forked),
    ("a leader has all that was committed in earlier terms", CoreState::leaders_are_complete),
];

/// What must be reached: without, the others would hold of nothing.
pub const SOMETIMES: [Property; 4] = [
    ("somebody leads", |state| state.leading().next().is_some()),
    ("an entry is committed by two", |state| {
        state.nodes.iter().filter(|node| node.commit == state.committed.len() && node.commit > 1).count() > 1
    }),
    ("two lead at once, in different terms", |state| state.leading().count() > 1),
    ("an entry that was not committed is replaced", |state| state.has_cut),
];

fn node_at(at: usize) -> NodeId {
    u8::try_from(at + 1).ok().and_then(NodeId::new).unwrap_or_default()
}

/// The removal of a founder.
pub fn removal(node: u8) -> Change {
    Change::Remove { node: NodeId::new(node).unwrap_or_default(), incarnation: 1, may_return: false }
}

/// A log as a row of terms behind the founding of the cluster by so many nodes.
pub fn log(nodes: u8, term: u64, terms: &[u64]) -> Stable {
    let founders: NodeSet = (1..=nodes).filter_map(NodeId::new).collect();
    let first = Entry { term: 0, change: Change::Found { founders } };
    let rest = terms.iter().map(|&term| Entry { term, change: Change::Nothing });
    Stable { term, vote: None, log: std::iter::once(first).chain(rest).collect() }
}

impl Bounds {
    /// So many nodes that have just founded a cluster.
    pub fn fresh(nodes: u8, terms: u64, entries: usize) -> Self {
        let start = vec![log(nodes, 0, &[]); usize::from(nodes)];
        Self { start, terms, entries, crashes: 0, proposals: Vec::new(), trials: false, batches: false, defect: None }
    }

    /// Figure 8 of the paper, (b), with three nodes: n1 led term 1 and n2 term 2, and neither could send its entry. Since then n2
    /// stood for term 3, and nobody heard it.
    pub fn figure_8() -> Self {
        let voted = Stable { vote: NodeId::new(2), ..log(3, 3, &[2]) };
        let start = vec![log(3, 2, &[1]), voted, log(3, 2, &[])];
        Self { start, batches: true, ..Self::fresh(3, 4, 3) }
    }

    /// The state at the beginning. Of nodes that are all alike, n1 may be taken to be the first that stands for election.
    pub fn first(&self) -> CoreState {
        let start = |(at, stable): (usize, &Stable)| Raft::new(node_at(at), 1, stable.clone(), 1, 0, Random::new(0));
        let founding = self.start.iter().find_map(|stable| stable.log.first()).cloned();
        let mut state = CoreState {
            nodes: self.start.iter().enumerate().map(start).map(Arc::new).collect(),
            sent: Vec::new(),
            crashes: 0,
            leaders: vec![NodeSet::EMPTY; usize::try_from(self.terms).unwrap_or(0) + 1],
            committed: founding.map(|entry| (entry, 0)).into_iter().collect(),
            has_forked: false,
            has_cut: false,
            digests: vec![0; self.start.len()],
        };
        for at in 0..state.nodes.len() {
            let node = state.nodes[at].as_ref().clone();
            state.set(at, node, self);
        }
        let are_alike = self.start.iter().all(|stable| stable.log == self.start[0].log);
        let stands = if are_alike { self.after(&state, CoreStep::Ticks(0)) } else { None };
        stands.unwrap_or(state)
    }

    /// What may happen next.
    pub fn steps(&self, state: &CoreState) -> Vec<CoreStep> {
        let mut steps: Vec<CoreStep> = (0..state.sent.len()).map(CoreStep::Comes).collect();
        for (at, node) in state.nodes.iter().enumerate() {
            steps.push(CoreStep::Ticks(at));
            if state.crashes < self.crashes {
                steps.push(CoreStep::Crashes(at));
            }
            if node.role == Role::Leader {
                steps.push(CoreStep::StepsDown(at));
                steps.extend((0..self.proposals.len()).map(|number| CoreStep::Proposes(at, number)));
            }
        }
        steps
    }

    /// The state after a step; `None` when nothing changes, or when it is out of bounds.
    pub fn after(&self, state: &CoreState, step: CoreStep) -> Option<CoreState> {
        let at = match step {
            CoreStep::Comes(message) => usize::from(state.sent[message].1.to.number()) - 1,
            CoreStep::Ticks(at) | CoreStep::StepsDown(at) | CoreStep::Crashes(at) | CoreStep::Proposes(at, _) => at,
        };
        let mut node = state.nodes[at].as_ref().clone();
        match step {
            CoreStep::Comes(message) => self.hear(&mut node, &state.sent[message].1),
            CoreStep::Ticks(_) if self.trials || node.role == Role::Leader => node.tick(0),
            CoreStep::Ticks(_) => node.stand(false, 0),
            CoreStep::StepsDown(_) => node.tick(2 * ELECTION),
            CoreStep::Crashes(_) => {
                let commit = node.commit;
                node = Raft::new(node.me, 1, node.into_stable(), commit, 0, Random::new(0));
            }
            CoreStep::Proposes(_, number) => _ = node.propose(self.proposals.get(number)?.clone(), 0),
        }
        if node.stable.term > self.terms || node.stable.log.len() > self.entries {
            return None;
        }
        let mut next = state.clone();
        next.crashes += u8::from(matches!(step, CoreStep::Crashes(_)));
        let is_new = next.set(at, node, self);
        (is_new || next.crashes > state.crashes).then_some(next)
    }

    /// A message comes, to a core with the defect.
    fn hear(&self, node: &mut Raft, sent: &Sent) {
        let mut vote = sent.vote.clone();
        match (&mut vote, self.defect) {
            (Vote::Ask { is_trial: false, term, .. }, Some(Defect::VotesTwice)) if *term == node.stable.term => {
                node.stable.vote = None;
            }
            (Vote::Ask { last_term, .. }, Some(Defect::VotesForAnyLog)) => *last_term = u64::MAX,
            _ => {}
        }
        node.receive(sent.from, 1, vote, 0);
        if self.defect == Some(Defect::CountsOldTerms) && node.role == Role::Leader {
            let others = node.progress.values().map(|progress| progress.matched);
            let mut matched: Vec<usize> = others.chain([node.stable.log.len()]).collect();
            matched.sort_unstable_by(|a, b| b.cmp(a));
            let index = matched.get(quorum(node.voters.len()) - 1);
            node.commit = node.commit.max(index.copied().unwrap_or(0));
        }
    }
}

impl CoreState {
    /// The nodes that lead.
    fn leading(&self) -> impl Iterator<Item = &Raft> {
        self.nodes.iter().map(AsRef::as_ref).filter(|node| node.role == Role::Leader)
    }

    fn logs_match(&self) -> bool {
        let pairs = self.nodes.iter().enumerate().flat_map(|(at, a)| self.nodes[..at].iter().map(move |b| (a, b)));
        pairs.map(|(a, b)| (&a.stable.log, &b.stable.log)).all(|(a, b)| {
            let common = (0..a.len().min(b.len())).rev().find(|&at| a[at].term == b[at].term);
            common.is_none_or(|at| a[..=at] == b[..=at])
        })
    }

    fn leaders_are_complete(&self) -> bool {
        self.leading().all(|leader| {
            let mut earlier = self.committed.iter().enumerate().filter(|(_, (_, term))| *term < leader.stable.term);
            earlier.all(|(at, (entry, _))| leader.stable.log.get(at) == Some(entry))
        })
    }

    /// Takes in a node after its step: what it sent, elected and committed. Whether anything changed.
    fn set(&mut self, at: usize, mut node: Raft, bounds: &Bounds) -> bool {
        let mut is_new = false;
        for (to, vote) in node.take_messages() {
            let parts = match &vote {
                Vote::Append { term, before, before_term, entries, commit } if bounds.batches => {
                    let part = |count| {
                        let (term, before, before_term, commit) = (*term, *before, *before_term, *commit);
                        Vote::Append { term, before, before_term, entries: entries[..count].to_vec(), commit }
                    };
                    (1..entries.len()).map(part).collect()
                }
                _ => Vec::new(),
            };
            for vote in parts.into_iter().chain([vote]) {
                is_new |= self.send(Sent { from: node.me, to, vote });
            }
        }
        self.has_cut |= node.take_cut();
        if node.role == Role::Leader
            && let Some(who) = self.leaders.get_mut(usize::try_from(node.stable.term).unwrap_or(0))
        {
            is_new |= who.insert(node.me);
        }
        for (index, entry) in node.stable.log.iter().take(node.commit).enumerate() {
            match self.committed.get(index) {
                Some((known, _)) => self.has_forked |= known != entry,
                None => self.committed.push((entry.clone(), node.stable.term)),
            }
        }
        forget_times(&mut node);
        let digest = digest(&node);
        is_new |= self.digests[at] != digest;
        self.digests[at] = digest;
        self.nodes[at] = Arc::new(node);
        let nodes = &self.nodes;
        self.sent.retain(|(_, sent)| may_matter(sent, &nodes[usize::from(sent.to.number()) - 1]));
        is_new
    }

    fn send(&mut self, sent: Sent) -> bool {
        let is_there = self.nodes.get(usize::from(sent.to.number()) - 1);
        if !is_there.is_some_and(|to| may_matter(&sent, to)) {
            return false;
        }
        let mut bytes = vec![sent.from.number(), sent.to.number()];
        sent.vote.put(&mut bytes);
        let digest = hash64(&bytes);
        match self.sent.binary_search_by_key(&digest, |(digest, _)| *digest) {
            Ok(_) => false,
            Err(place) => {
                self.sent.insert(place, (digest, Arc::new(sent)));
                true
            }
        }
    }
}

/// Whether a message can still change anything at its receiver, now or later: terms never go back, and nobody leads or stands twice
/// in one.
fn may_matter(sent: &Sent, to: &Raft) -> bool {
    let now = to.stable.term;
    match sent.vote {
        Vote::Ask { .. } | Vote::Append { .. } => true,
        Vote::Given { yes: false, term, .. } | Vote::Given { is_trial: true, term, .. } => term > now,
        Vote::Given { term, .. } => term > now || term == now && to.role == Role::Candidate,
        Vote::Appended { term, .. } => term > now || term == now && to.role == Role::Leader,
    }
}

/// Makes nodes equal that differ only in their clocks, or in what no step reads any more.
fn forget_times(node: &mut Raft) {
    (node.election_at, node.heartbeat_at, node.heard_leader) = (0, 0, None);
    node.random = Random::new(0);
    node.leader = None;
    if !matches!(node.role, Role::Trial | Role::Candidate) {
        node.votes = NodeSet::EMPTY;
    }
    if node.role != Role::Leader {
        node.progress.clear();
    }
    node.progress.values_mut().for_each(|progress| progress.heard = 0);
}

fn digest(node: &Raft) -> u64 {
    let mut bytes = Vec::with_capacity(128);
    node.stable.put(&mut bytes);
    bytes.push(node.role as u8);
    node.commit.put(&mut bytes);
    node.votes.put(&mut bytes);
    for (to, progress) in &node.progress {
        to.put(&mut bytes);
        progress.next.put(&mut bytes);
        progress.matched.put(&mut bytes);
    }
    hash64(&bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashSet, VecDeque};
    use std::hash::DefaultHasher;

    use super::*;

    /// Visits at most so many states, the nearest first. The properties that were broken, those that were reached, and whether all
    /// states were visited.
    fn visit(bounds: &Bounds, limit: usize) -> (HashSet<&'static str>, HashSet<&'static str>, bool) {
        let key = |state: &CoreState| {
            let mut hasher = DefaultHasher::new();
            state.hash(&mut hasher);
            hasher.finish()
        };
        let first = bounds.first();
        let mut seen = HashSet::from([key(&first)]);
        let mut next = VecDeque::from([first]);
        let (mut broken, mut reached) = (HashSet::new(), HashSet::new());
        while let Some(state) = next.pop_front() {
            broken.extend(ALWAYS.iter().filter(|(_, holds)| !holds(&state)).map(|(name, _)| *name));
            reached.extend(SOMETIMES.iter().filter(|(_, holds)| holds(&state)).map(|(name, _)| *name));
            if !broken.is_empty() {
                return (broken, reached, false);
            }
            for state in bounds.steps(&state).into_iter().filter_map(|step| bounds.after(&state, step)) {
                if seen.len() < limit && seen.insert(key(&state)) {
                    next.push_back(state);
                }
            }
        }
        (broken, reached, seen.len() < limit)
    }

    #[test]
    fn the_core_keeps_its_promises_in_every_state_of_a_small_world() {
        let (broken, mut reached, is_all) = visit(&Bounds { crashes: 1, ..Bounds::fresh(3, 1, 2) }, 20_000);
        assert!(broken.is_empty() && is_all, "{broken:?}");
        for bounds in [
            Bounds::fresh(3, 2, 3),
            Bounds { trials: true, ..Bounds::fresh(3, 1, 2) },
            Bounds { proposals: vec![removal(3)], ..Bounds::fresh(3, 1, 3) },
            Bounds::figure_8(),
        ] {
            let (broken, also, _) = visit(&bounds, 4_000);
            assert!(broken.is_empty(), "{broken:?}");
            reached.extend(also);
        }
        let never: Vec<_> = SOMETIMES.iter().filter(|(name, _)| !reached.contains(name)).collect();
        assert!(never.is_empty(), "no state shows {never:?}");
    }

    #[test]
    fn a_defect_of_the_core_is_found() {
        for (defect, bounds, promise) in [
            (Defect::VotesTwice, Bounds::fresh(3, 1, 2), 0),
            (Defect::VotesForAnyLog, Bounds::fresh(3, 2, 2), 3),
            (Defect::CountsOldTerms, Bounds::figure_8(), 3),
        ] {
            let (broken, ..) = visit(&Bounds { defect: Some(defect), ..bounds }, 60_000);
            assert!(broken.contains(ALWAYS[promise].0), "{defect:?}: {broken:?}");
        }
    }
}
