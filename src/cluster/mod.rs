//! The cluster: a replicated cache of many nodes, and the exercise's `DistributedCache` of one.
//!
//! # How a write travels
//!
//! A [`Node`] is a state machine: messages, ticks and requests come in, messages, answers and notes come out. Time, randomness and the
//! network are the host's; the simulated world of the `lab` crate is one host.
//!
//! A client may ask any node. `write user:1 Ada level=quorum`, asked of n4, goes like this:
//!
//! 1. **Placement.** n4 hashes the key ([`record::hash_of`]) and asks the [ring](view::Placement) of its *epoch* for the natural
//!    replicas, say n2, n5 and n1. The hash and the epoch go with every message, and every receiver checks both: a node under another ring, or
//!    with another hash, refuses instead of storing astray.
//! 2. **Query.** n4 asks the three which version they hold. [A quorum](level::quorum) answers, floor(3/2) + 1 = 2. It counts the replicas that the
//!    ring names, alive or not: too few alive is an error, never a smaller quorum.
//! 3. **Version.** n4's [hybrid clock](ids::HybridClock) hears of the answered versions and gives the next one, which exceeds them all. Without the
//!    query a coordinator whose clock lags would write below what is there, and its acknowledged write would be lost.
//! 4. **Store.** n4 sends the record: version, value, and the time to live as a *deadline in cluster time* ([`time`]), which no wall clock can
//!    move. Two acknowledgements later the client hears `stored`. Replicas keep whatever version is newest, in whatever order things come.
//! 5. **Stragglers.** n1 was silent. n4 asks again for a while, then keeps a *hint* for it, and sends that when n1 is back. What a hint does not
//!    reach, nodes find by comparing *digests* with each other, and reads mend.
//!
//! A **read** takes steps 1 and 2. If a quorum has the newest version it is answered; if not, the coordinator stores that version on a quorum
//! first (*read repair*): otherwise the next reader could see an older one. Reads and writes at QUORUM are linearizable for each key; this is the
//! register of Attiya, Bar-Noy and Dolev (1995) with the writers' clocks of Lynch and Shvartsman. At ONE, the nearest replica answers at once,
//! possibly with an old value; a *session* carries the versions that it has seen, and is never answered with less.
//!
//! A **delete** is a write of a tombstone; so is the *sweep* of an invalidation, which all nodes hold and which deletes every key that its
//! pattern, tag or namespace reaches, also one that arrives later. A tombstone outlives every hint, operation and message that could bring the
//! value back, and is forgotten only after all replicas said twice that they have it.
//!
//! An invalidation by pattern or namespace is a tombstone of its own version for every key that it reaches. One by *tag* deletes the value that
//! it meets, and nothing that has replaced that value: its tombstone is newer than that one write and older than every other. A read that meets
//! it asks the replicas once more, since answers from before it may lack a write that it does not delete, and brings the invalidation
//! itself to a quorum together with the tombstone: otherwise the next reader might not know of it. A write with the tag that is
//! under way meanwhile has its version before the invalidation's or after it. If before, it is deleted the moment it arrives, even if a read
//! after the invalidation still saw what was there before. (To
//! delete on a condition as if at one moment, replicas would have to agree on the order of each key's writes; those of a register do not.)
//!
//! **Membership** is a log that the nodes agree on ([`raft`]); a ring is never edited, but follows from the log. Ranges change hands in two
//! phases ([`node`]'s `members`), while reads and writes go on under both rings. A node that comes back with nothing is admitted as
//! a new life of it and vouches for nothing until it has pulled what a quorum holds; one that was removed comes back the same way; one that was
//! only away catches up. Whoever wants to be let in asks the nodes that it knows; one that does not lead names all members, so that the leader
//! is found though it came later. A node that has been silent for long is let go, so that its keys get their full number of copies again.
//!
//! What this promises, under lost, late, doubled and reordered messages, partitions, pauses, crashes and skewed clocks: no write acknowledged
//! at QUORUM or ALL is lost while fewer than a quorum of its replicas lose their disks between repairs; no deleted value comes back; nothing
//! lives longer than its deadline plus, or dies earlier than its deadline less, twice [`time::SKEW_BOUND`]; no two nodes of one epoch disagree on a
//! key's place. While no majority of the members is up with its disk, membership stands still: the last node cannot leave, and of two neither may
//! lose its disk. It assumes that nodes do not lie, that monotonic clocks run at one rate, and that a disk keeps what its node has acknowledged.
//! Nodes have no limit of memory and evict nothing: a replica that dropped a value by itself would let a quorum answer with an older one. An
//! eviction would have to be a delete of that one write ([`Version::swept`]), which the other replicas learn of.

pub mod ids;
pub mod level;
pub mod local;
pub mod message;
pub mod node;
mod prototype;
pub mod raft;
pub mod record;
pub mod store;
pub mod time;
pub mod view;
pub mod wire;

pub use ids::{Micros, NodeId, NodeSet, Version};
pub use level::{Level, quorum};
pub use message::{Effects, Envelope, Failure, Message, Note, Outcome, Request};
pub use node::{Disk, Head, Mark, Node, Readings, Settings, TICK};
pub use prototype::{CacheConfig, DistributedCache};
