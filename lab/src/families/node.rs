//! The commands of a cache node: `node new`, `node set`, `node get` and so on, as in the exercise's prototype; and questions that
//! only the reference answers (`node order`, `node keys` …).

use std::time::Duration;

use cachedojo::cache::CacheNode;
use cachedojo::clock::Clock;
use cachedojo_notation::duration::parse_size;
use cachedojo_notation::text::escape;
use cachedojo_wire::{ExtraRequest, NodeRequest, Policy, Request, Response};

use super::convert::{from_policy, to_stats};
use crate::event::What;
use crate::script::Command;
use crate::script::args::{Args, Entry};
use crate::script::mistake::{Fault, Mistake};
use crate::subject::Crash;

/// The family's commands, in the order in which a learner meets them.
pub(super) const COMMANDS: &[Entry] = &[
    Entry {
        name: "node new",
        usage: "node new <memory> [lru|lfu|fifo|ttl]",
        help_en: "Make an empty cache node with a memory limit.",
        help_fr: "Crée un nœud de cache vide avec une limite de mémoire.",
        read: node_new,
    },
    Entry {
        name: "node get",
        usage: "node get <key>",
        help_en: "Read a key.",
        help_fr: "Lit une clé.",
        read: |a| Ok(node(NodeRequest::Get { key: a.key()? })),
    },
    Entry {
        name: "node set",
        usage: "node set <key> <value> [ttl <duration>]",
        help_en: "Write a key, for ever or for a while. `40*x` is forty times x.",
        help_fr: "Écrit une clé, pour toujours ou pour un temps. « 40*x » vaut quarante fois x.",
        read: |a| {
            let (key, value, ttl_ms) = a.entry()?;
            Ok(node(NodeRequest::Set { key, value, ttl_ms }))
        },
    },
    Entry {
        name: "node delete",
        usage: "node delete <key>",
        help_en: "Remove a key.",
        help_fr: "Supprime une clé.",
        read: |a| Ok(node(NodeRequest::Delete { key: a.key()? })),
    },
    Entry {
        name: "node incr",
        usage: "node incr <key> <delta>",
        help_en: "Add to a number; a negative delta subtracts.",
        help_fr: "Ajoute à un nombre ; un delta négatif soustrait.",
        read: |a| Ok(node(NodeRequest::Incr { key: a.key()?, delta: a.number("<delta>")? })),
    },
    Entry {
        name: "node touch",
        usage: "node touch <key> <duration>",
        help_en: "Give a key a new time to live.",
        help_fr: "Donne à une clé une nouvelle durée de vie.",
        read: |a| Ok(node(NodeRequest::Touch { key: a.key()?, ttl_ms: a.duration()? })),
    },
    Entry {
        name: "node clean",
        usage: "node clean",
        help_en: "Remove every entry whose time is over.",
        help_fr: "Retire toutes les entrées périmées.",
        read: |_| Ok(node(NodeRequest::CleanExpired)),
    },
    Entry {
        name: "node stats",
        usage: "node stats",
        help_en: "Show the node's counters.",
        help_fr: "Montre les compteurs du nœud.",
        read: |_| Ok(node(NodeRequest::Stats)),
    },
    Entry {
        name: "node order",
        usage: "node order",
        help_en: "Show the keys, the next victim first (reference only).",
        help_fr: "Montre les clés, la prochaine victime d'abord (référence seule).",
        read: |_| Ok(extra(ExtraRequest::Order)),
    },
    Entry {
        name: "node exists",
        usage: "node exists <key>",
        help_en: "Ask for a key without touching it (reference only).",
        help_fr: "Demande si une clé existe sans y toucher (référence seule).",
        read: |a| Ok(extra(ExtraRequest::Exists { key: a.key()? })),
    },
    Entry {
        name: "node keys",
        usage: "node keys <glob>",
        help_en: "List the keys that match, as user:* (reference only).",
        help_fr: "Liste les clés qui correspondent, comme user:* (référence seule).",
        read: |a| Ok(extra(ExtraRequest::Keys { pattern: a.string("<glob>")? })),
    },
    Entry {
        name: "node delete-pattern",
        usage: "node delete-pattern <glob>",
        help_en: "Remove the keys that match (reference only).",
        help_fr: "Supprime les clés qui correspondent (référence seule).",
        read: |a| Ok(extra(ExtraRequest::DeletePattern { pattern: a.string("<glob>")? })),
    },
    Entry {
        name: "node increment",
        usage: "node increment <key> <amount>",
        help_en: "Add to a number, a missing one counting as 0 (reference only).",
        help_fr: "Ajoute à un nombre, absent valant 0 (référence seule).",
        read: |a| Ok(extra(ExtraRequest::Increment { key: a.key()?, amount: a.number("<amount>")? })),
    },
    Entry {
        name: "node clear",
        usage: "node clear",
        help_en: "Empty the node and its counters (reference only).",
        help_fr: "Vide le nœud et ses compteurs (référence seule).",
        read: |_| Ok(extra(ExtraRequest::Clear)),
    },
];

/// Short forms of the family's commands.
pub(super) const SHORT: &[Entry] = &[
    Entry {
        name: "stats",
        usage: "stats",
        help_en: "Short for `node stats`.",
        help_fr: "Abrégé de « node stats ».",
        read: |_| Ok(node(NodeRequest::Stats)),
    },
    Entry {
        name: "order",
        usage: "order",
        help_en: "Short for `node order`.",
        help_fr: "Abrégé de « node order ».",
        read: |_| Ok(extra(ExtraRequest::Order)),
    },
];

fn node(request: NodeRequest) -> Command {
    Command::Ask(Request::Node(request))
}

fn extra(request: ExtraRequest) -> Command {
    Command::Ask(Request::Extra(request))
}

fn node_new(args: &mut Args<'_>) -> Result<Command, Fault> {
    let token = args.take("<memory>")?;
    let max_memory = parse_size(&token.raw).ok_or((token.span.clone(), Mistake::Size { found: token.raw.clone() }))?;
    let policy = if args.next < args.tokens.len() { args.policy()? } else { Policy::Lru };
    Ok(node(NodeRequest::New { max_memory, policy }))
}

/// What the reference answers.
pub(crate) fn answer(node: &mut Option<CacheNode>, clock: &Clock, request: &NodeRequest) -> Response {
    if let NodeRequest::New { max_memory, policy } = request {
        let mut fresh = CacheNode::with_limits(*max_memory, u64::MAX, from_policy(*policy), clock.clone());
        fresh.record_events(true);
        *node = Some(fresh);
        return Response::Done;
    }
    node.as_mut().map_or(Response::NoObject, |node| answer_of(node, request))
}

/// What a node of the engine answers. [`NodeRequest::New`] leaves it as it is: who holds the node makes a new one.
pub fn answer_of(node: &mut CacheNode, request: &NodeRequest) -> Response {
    match request {
        NodeRequest::New { .. } => Response::Done,
        NodeRequest::Get { key } => Response::Entry(node.read(key).map(<[u8]>::to_vec)),
        NodeRequest::Set { key, value, ttl_ms } => {
            Response::Bool(node.set(key.clone(), value.clone(), ttl_ms.map(Duration::from_millis)))
        }
        NodeRequest::Delete { key } => Response::Bool(node.delete(key)),
        NodeRequest::Incr { key, delta } => Response::Number(node.incr(key, *delta)),
        NodeRequest::Touch { key, ttl_ms } => Response::Bool(node.touch(key, Duration::from_millis(*ttl_ms))),
        NodeRequest::CleanExpired => Response::Count(node.clean_expired() as u64),
        NodeRequest::Stats => Response::Stats(to_stats(&node.stats())),
    }
}

/// The reference's answer to requests beyond the prototype.
pub(crate) fn answer_extra(node: &mut CacheNode, request: &ExtraRequest) -> Response {
    match request {
        ExtraRequest::Order => Response::Lines(node.entries().iter().map(|entry| entry.key.to_owned()).collect()),
        ExtraRequest::Exists { key } => Response::Bool(node.exists(key)),
        ExtraRequest::Keys { pattern } => Response::Lines(node.keys(pattern)),
        ExtraRequest::DeletePattern { pattern } => Response::Count(node.delete_pattern(pattern) as u64),
        ExtraRequest::Increment { key, amount } => Response::Number(node.increment(key, *amount).ok()),
        ExtraRequest::Clear => {
            node.clear();
            Response::Done
        }
        ExtraRequest::Line(_) | ExtraRequest::Memcached(_) | ExtraRequest::Rest(_) => Response::NoObject,
    }
}

/// The event that a response means, given the request.
pub(crate) fn event_of(request: &NodeRequest, response: Response) -> What {
    match (request, response) {
        (_, Response::NoObject) => What::NoObject { object: "node".into() },
        (NodeRequest::New { .. }, Response::Done) => What::Created { object: "node".into() },
        (NodeRequest::Get { key }, Response::Entry(Some(value))) => {
            What::Hit { key: key.clone(), value: escape(&value) }
        }
        (NodeRequest::Get { key }, Response::Entry(None)) => What::Miss { key: key.clone() },
        (NodeRequest::Set { key, .. }, Response::Bool(true)) => What::Stored { key: key.clone() },
        (NodeRequest::Set { key, .. }, Response::Bool(false)) => What::Refused { key: key.clone() },
        (NodeRequest::Delete { key }, Response::Bool(true)) => What::Deleted { key: key.clone() },
        (NodeRequest::Touch { key, .. }, Response::Bool(true)) => What::Touched { key: key.clone() },
        (NodeRequest::Delete { key } | NodeRequest::Touch { key, .. }, Response::Bool(false)) => {
            What::NotFound { key: key.clone() }
        }
        (NodeRequest::Incr { key, .. }, Response::Number(value)) => What::Number { key: key.clone(), value },
        (NodeRequest::CleanExpired, Response::Count(count)) => What::Removed { count },
        (NodeRequest::Stats, Response::Stats(stats)) => What::Stats(stats.into()),
        _ => What::Crashed { crash: Crash::Gibberish },
    }
}

/// The event that a response to a request beyond the prototype means.
pub(crate) fn extra_event_of(request: &ExtraRequest, response: Response) -> What {
    match (request, response) {
        (_, Response::NoObject) => What::NoObject { object: "node".into() },
        (ExtraRequest::Order | ExtraRequest::Keys { .. }, Response::Lines(keys)) => What::Keys { keys },
        (ExtraRequest::Exists { .. }, Response::Bool(value)) => What::Truth { value },
        (ExtraRequest::DeletePattern { .. }, Response::Count(count)) => What::Removed { count },
        (ExtraRequest::Increment { key, .. }, Response::Number(value)) => What::Number { key: key.clone(), value },
        (ExtraRequest::Clear, Response::Done) => What::Removed { count: 0 },
        _ => What::Crashed { crash: Crash::Gibberish },
    }
}
