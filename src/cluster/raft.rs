//! The agreed log: Raft (Ongaro and Ousterhout, 2014) after its figure 2, with pre-votes and single-server changes (Ongaro's
//! thesis, 4 and 9.6). It does no input or output: messages and time come in, messages go out.
//!
//! The log holds membership changes only, a handful in a cluster's life, so it is kept whole and never compacted. A voter is a
//! node in one incarnation: a node that lost its disk has forgotten its votes, and must be admitted anew.

use std::collections::BTreeMap;

use super::ids::{MS, Micros, NodeId, NodeSet};
use super::level::quorum;
use super::view::Change;
use crate::random::Random;

mod voters;

use voters::voters;

/// The shortest time without a leader after which a node starts an election; the longest is twice that.
pub const ELECTION: Micros = 600 * MS;
/// How often a leader sends heartbeats.
pub const HEARTBEAT: Micros = 150 * MS;
/// The most entries of the log. A further change is refused.
pub const LOG_MAX: usize = 10_000;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The term of the leader that made it.
    pub term: u64,
    /// What it says.
    pub change: Change,
}

/// What must outlive a crash.
#[derive(Debug, Clone, Default)]
pub struct Stable {
    /// The latest term that the node knows.
    pub term: u64,
    /// Whom it voted for in that term.
    pub vote: Option<NodeId>,
    /// The log; its first entry has index 1.
    pub log: Vec<Entry>,
}

impl Stable {
    /// Who votes, and in which incarnation, as this log says. Cost: O(log).
    pub fn voters(&self) -> BTreeMap<NodeId, u16> {
        voters(self.log.iter().map(|entry| &entry.change))
    }
}

/// What voters say to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vote {
    /// Would you vote for me in this term (a pre-vote)? Or: vote for me.
    Ask {
        /// A pre-vote: it changes no state.
        is_trial: bool,
        /// The candidate's term.
        term: u64,
        /// The index of its last entry.
        last: usize,
        /// And that entry's term.
        last_term: u64,
    },
    /// The answer.
    Given {
        /// Which question it answers.
        is_trial: bool,
        /// The term that was asked about, or a newer one.
        term: u64,
        /// Yes or no.
        yes: bool,
    },
    /// The leader's entries behind `before`; none in a heartbeat.
    Append {
        /// The leader's term.
        term: u64,
        /// The index of the entry before them.
        before: usize,
        /// And that entry's term.
        before_term: u64,
        /// The entries.
        entries: Vec<Entry>,
        /// How many entries are committed.
        commit: usize,
    },
    /// The follower's answer: up to which index its log equals the leader's, or where to look further back.
    Appended {
        /// The follower's term.
        term: u64,
        /// Whether the entry before was there.
        fits: bool,
        /// An index.
        index: usize,
    },
}

/// What a voter is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It takes entries.
    Follower,
    /// It asks whether it would win.
    Trial,
    /// It asks for votes.
    Candidate,
    /// It makes entries.
    Leader,
}

#[derive(Debug, Clone, Copy)]
struct Progress {
    next: usize,
    matched: usize,
    heard: Micros,
}

/// One node's part in the log.
#[derive(Debug, Clone)]
pub struct Raft {
    me: NodeId,
    incarnation: u16,
    pub(super) stable: Stable,
    role: Role,
    leader: Option<NodeId>,
    commit: usize,
    voters: BTreeMap<NodeId, u16>,
    votes: NodeSet,
    progress: BTreeMap<NodeId, Progress>,
    heard_leader: Option<Micros>,
    election_at: Micros,
    heartbeat_at: Micros,
    random: Random,
    out: Vec<(NodeId, Vote)>,
    has_cut: bool,
}

impl Raft {
    /// A node that starts, with what it had kept; `commit` entries are known to be committed.
    pub fn new(me: NodeId, incarnation: u16, stable: Stable, commit: usize, now: Micros, random: Random) -> Self {
        let mut raft = Self {
            me,
            incarnation,
            stable,
            role: Role::Follower,
            leader: None,
            commit,
            voters: BTreeMap::new(),
            votes: NodeSet::EMPTY,
            progress: BTreeMap::new(),
            heard_leader: None,
            election_at: 0,
            heartbeat_at: 0,
            random,
            out: Vec::new(),
            has_cut: false,
        };
        raft.voters = raft.stable.voters();
        raft.wait_for_election(now);
        raft
    }

    /// The state that must survive a crash.
    pub fn into_stable(self) -> Stable {
        self.stable
    }

    /// The latest term.
    pub const fn term(&self) -> u64 {
        self.stable.term
    }

    /// What it is.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The leader of its term, if it knows.
    pub const fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// How many entries are committed.
    pub const fn commit(&self) -> usize {
        self.commit
    }

    /// The entry of that index, counted from 1.
    pub fn entry(&self, index: usize) -> Option<&Change> {
        self.stable.log.get(index.checked_sub(1)?).map(|entry| &entry.change)
    }

    /// Takes the messages that are to be sent.
    pub fn take_messages(&mut self) -> Vec<(NodeId, Vote)> {
        std::mem::take(&mut self.out)
    }

    /// Whether uncommitted entries of its log were replaced by the leader's since the last call.
    pub const fn take_cut(&mut self) -> bool {
        std::mem::replace(&mut self.has_cut, false)
    }

    /// Whether it leads, has committed an entry of its own term, and has no uncommitted entry: then it may change membership.
    pub fn may_propose(&self) -> bool {
        let last = self.stable.log.last();
        self.role == Role::Leader
            && self.commit == self.stable.log.len()
            && last.is_some_and(|entry| entry.term == self.stable.term)
            && self.stable.log.len() < LOG_MAX
    }

    /// Appends an entry, if it [may](Self::may_propose).
    pub fn propose(&mut self, change: Change, now: Micros) -> bool {
        let may = self.may_propose();
        if may {
            self.append(change, now);
        }
        may
    }

    /// Whether a vote of that node in that incarnation counts.
    fn is_voter(&self, node: NodeId, incarnation: u16) -> bool {
        self.voters.get(&node) == Some(&incarnation)
    }

    fn term_at(&self, index: usize) -> u64 {
        index.checked_sub(1).and_then(|at| self.stable.log.get(at)).map_or(0, |entry| entry.term)
    }

    fn majority(&self) -> usize {
        quorum(self.voters.len())
    }

    fn wait_for_election(&mut self, now: Micros) {
        self.election_at = now + ELECTION + self.random.below(ELECTION);
    }

    /// Time passes.
    pub fn tick(&mut self, now: Micros) {
        if self.role == Role::Leader {
            let alive = self.progress.values().filter(|progress| now < progress.heard + 2 * ELECTION).count();
            let myself = usize::from(self.is_voter(self.me, self.incarnation));
            if alive + myself < self.majority() {
                // A leader that hears from no majority steps down: there may be another one by now.
                self.follow(None, now);
            } else if now >= self.heartbeat_at {
                self.replicate_to_all(now);
            }
        } else if now >= self.election_at && self.is_voter(self.me, self.incarnation) {
            self.stand(true, now);
        }
    }

    fn stand(&mut self, is_trial: bool, now: Micros) {
        self.leader = None;
        self.role = if is_trial { Role::Trial } else { Role::Candidate };
        if !is_trial {
            self.stable.term += 1;
            self.stable.vote = Some(self.me);
        }
        self.votes = [self.me].into_iter().collect();
        self.wait_for_election(now);
        if self.votes.len() >= self.majority() {
            return self.win(is_trial, now);
        }
        let term = self.stable.term + u64::from(is_trial);
        let last = self.stable.log.len();
        let ask = Vote::Ask { is_trial, term, last, last_term: self.term_at(last) };
        for &node in self.voters.keys().filter(|&&node| node != self.me) {
            self.out.push((node, ask.clone()));
        }
    }

    fn win(&mut self, is_trial: bool, now: Micros) {
        if is_trial {
            return self.stand(false, now);
        }
        self.role = Role::Leader;
        self.leader = Some(self.me);
        self.progress.clear();
        self.append(Change::Nothing, now);
    }

    fn follow(&mut self, leader: Option<NodeId>, now: Micros) {
        self.role = Role::Follower;
        self.leader = leader;
        self.wait_for_election(now);
    }

    /// A newer term makes this node a follower.
    fn see_term(&mut self, term: u64, now: Micros) {
        if term > self.stable.term {
            self.stable.term = term;
            self.stable.vote = None;
            self.follow(None, now);
        }
    }

    /// A message comes from a node in one of its lives.
    pub fn receive(&mut self, from: NodeId, incarnation: u16, message: Vote, now: Micros) {
        match message {
            Vote::Ask { is_trial, term, last, last_term } => self.asked(from, is_trial, term, (last_term, last), now),
            Vote::Given { is_trial, term, yes } => {
                if !yes {
                    self.see_term(term, now);
                } else if self.is_voter(from, incarnation) {
                    self.given(from, is_trial, term, now);
                }
            }
            Vote::Append { term, before, before_term, entries, commit } => {
                self.see_term(term, now);
                if term < self.stable.term {
                    let index = self.stable.log.len();
                    return self.out.push((from, Vote::Appended { term: self.stable.term, fits: false, index }));
                }
                self.heard_leader = Some(now);
                self.follow(Some(from), now);
                let answer = self.take_entries(before, before_term, entries, commit);
                self.out.push((from, answer));
            }
            Vote::Appended { term, fits, index } => {
                self.see_term(term, now);
                if self.role == Role::Leader && term == self.stable.term && self.is_voter(from, incarnation) {
                    self.appended(from, fits, index, now);
                }
            }
        }
    }

    fn asked(&mut self, from: NodeId, is_trial: bool, term: u64, theirs: (u64, usize), now: Micros) {
        // Nodes that hear a leader grant no votes: a node that was away must not unseat it.
        let has_leader = self.role == Role::Leader
            || self.leader.is_some() && self.heard_leader.is_some_and(|heard| now < heard + ELECTION);
        if has_leader {
            return;
        }
        if !is_trial {
            self.see_term(term, now);
        }
        let is_current = theirs >= (self.term_at(self.stable.log.len()), self.stable.log.len());
        let is_free = is_trial || self.stable.vote.is_none_or(|vote| vote == from);
        let yes = term >= self.stable.term + u64::from(is_trial) && is_current && is_free;
        if yes && !is_trial {
            self.stable.vote = Some(from);
            self.wait_for_election(now);
        }
        self.out.push((from, Vote::Given { is_trial, term: if yes { term } else { self.stable.term }, yes }));
    }

    fn given(&mut self, from: NodeId, is_trial: bool, term: u64, now: Micros) {
        let asks = match self.role {
            Role::Trial => is_trial && term == self.stable.term + 1,
            Role::Candidate => !is_trial && term == self.stable.term,
            Role::Follower | Role::Leader => false,
        };
        if asks {
            self.votes.insert(from);
            if self.votes.len() >= self.majority() {
                self.win(is_trial, now);
            }
        }
    }

    fn take_entries(&mut self, before: usize, before_term: u64, entries: Vec<Entry>, commit: usize) -> Vote {
        let term = self.stable.term;
        if before > self.stable.log.len() || self.term_at(before) != before_term {
            let index = self.stable.log.len().min(before.saturating_sub(1));
            return Vote::Appended { term, fits: false, index };
        }
        let index = before + entries.len();
        for (at, entry) in (before..).zip(entries) {
            if self.stable.log.get(at).is_some_and(|held| held.term != entry.term) {
                self.stable.log.truncate(at);
                self.has_cut = true;
            }
            if at == self.stable.log.len() {
                self.stable.log.push(entry);
            }
        }
        self.voters = self.stable.voters();
        self.commit = self.commit.max(commit.min(index));
        Vote::Appended { term, fits: true, index }
    }

    fn append(&mut self, change: Change, now: Micros) {
        self.stable.log.push(Entry { term: self.stable.term, change });
        self.voters = self.stable.voters();
        self.replicate_to_all(now);
        self.count_commits();
    }

    fn replicate_to_all(&mut self, now: Micros) {
        self.heartbeat_at = now + HEARTBEAT;
        let fresh = Progress { next: self.stable.log.len(), matched: 0, heard: now };
        let others: Vec<_> = self.voters.keys().copied().filter(|&node| node != self.me).collect();
        self.progress.retain(|node, _| others.contains(node));
        for node in others {
            self.progress.entry(node).or_insert(fresh);
            self.replicate(node);
        }
    }

    fn replicate(&mut self, node: NodeId) {
        let Some(progress) = self.progress.get(&node) else { return };
        let before = progress.next.max(1) - 1;
        let entries = self.stable.log[before.min(self.stable.log.len())..].to_vec();
        let (term, before_term, commit) = (self.stable.term, self.term_at(before), self.commit);
        self.out.push((node, Vote::Append { term, before, before_term, entries, commit }));
    }

    fn appended(&mut self, from: NodeId, fits: bool, index: usize, now: Micros) {
        let Some(progress) = self.progress.get_mut(&from) else { return };
        progress.heard = now;
        if fits {
            progress.matched = progress.matched.max(index);
            progress.next = progress.next.max(index + 1);
            self.count_commits();
        } else if index >= progress.matched {
            progress.next = index + 1;
            self.replicate(from);
        }
    }

    /// Commits entries that a majority has, if the last is of the own term: older entries are committed along with it, never by
    /// counting replicas (figure 8).
    fn count_commits(&mut self) {
        let myself = self.is_voter(self.me, self.incarnation).then_some(self.stable.log.len());
        let mut matched: Vec<_> = self.progress.values().map(|progress| progress.matched).chain(myself).collect();
        matched.sort_unstable_by(|a, b| b.cmp(a));
        let Some(&index) = matched.get(self.majority() - 1) else { return };
        if index > self.commit && self.term_at(index) == self.stable.term {
            self.commit = index;
            // Tell the others at once, not with the next heartbeat.
            let others: Vec<_> = self.progress.keys().copied().collect();
            for node in others {
                self.replicate(node);
            }
        }
    }
}

#[cfg(test)]
pub mod model;
