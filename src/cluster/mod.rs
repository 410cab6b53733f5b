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
//!
//! # How a full node evicts
//!
//! With [`Settings::memory`] a node holds at most so many bytes of keys and values, counted as the engine's `CacheNode` counts them. A replica that
//! dropped a value by itself would let a quorum answer with an older one, so **an eviction is a delete of that one write**: a tombstone of
//! [`Version::swept`], newer than that write and older than every other.
//!
//! - *Who decides:* any node that holds the write, for itself. After each message or tick that put it over its limit, it picks values whose time is
//!   over, then the least recently used ones (a write or a question of a coordinator is a use), keeps their tombstones at once, and sends
//!   these to the other replicas as a coordinator sends a delete: asked again, then hints, then comparing; during a handover to those of both
//!   rings; forgotten as every tombstone is. No agreement is needed: whatever is known of a newer write, the tombstone is older than it.
//! - *What it promises:* once a QUORUM read has found the key absent, every later one finds it absent or finds a newer write, never this value
//!   or an older one. A read that meets the tombstone asks once more, as one that meets an invalidation by tag: the write that it deletes may
//!   have been replaced since the other answers. Until the tombstone is on a quorum a read may still find the value. To a session, the
//!   tombstone is as new as the value.
//! - *Bound:* it is over its limit only while it handles one message, by what that brings: one value, or 64 of a handover, a
//!   comparison. A node that starts with a lower limit than before evicts once it knows cluster time. Tombstones, invalidations and the values in
//!   hints and operations under way are not counted; a tombstone stays for [`Settings::grace`], so the faster the writes, the more of
//!   them there are. A value that is bigger than the limit is refused ([`Failure::TooBig`]).
//! - *Cost:* O(log records) here, and the messages of a delete, without its query. Replicas that fill up alike evict alike, and each then tells the others: up
//!   to `copies` times these messages. A key lives no longer than on the node that first needs its room, so with few points on the ring
//!   or nodes of unequal weight the cluster holds less than the sum of its limits.

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
