//! The commands of the simulated cluster: `cluster nodes=5 rf=3`, `write`, `read`, `kill`, `partition` and so on.

#[cfg(not(feature = "cluster"))]
pub mod absent;
mod order;
#[cfg(feature = "cluster")]
pub mod play;
pub mod tell;

use cachedojo::cluster::ids::MS;
use cachedojo::cluster::record::{Key, Selector};
use cachedojo::cluster::view::COPIES_MAX;
use cachedojo::cluster::{Level, Micros, NodeId, NodeSet};
use cachedojo_notation::duration::{Duration, parse_size};

use crate::script::Command;
use crate::script::args::{Args, Entry, Unfit};
use crate::script::mistake::{Fault, Mistake};
use crate::world::cluster::act::{Act, Operation};
use crate::world::cluster::drive::WRITE_MAX;

pub use order::{ClusterCommand, Setup};

/// The most founders of a cluster in a script.
const FOUNDERS_MAX: u32 = 16;
/// The most points of a node.
const POINTS_MAX: u32 = 1000;

/// The family's commands, in the order in which a learner meets them.
pub const COMMANDS: &[Entry] = &[
    Entry {
        name: "cluster",
        usage: "cluster nodes=<1-16> [rf=<1-9>] [memory=<size>] [points=<1-1000>] [haste=yes|no] [seed=<n>]",
        help_en: "Make a simulated cluster of so many nodes, each key on rf of them (3), and wait until it is at rest. With memory, a full node evicts the least recently used for all replicas.",
        help_fr: "Crée une grappe simulée de tant de nœuds, chaque clé sur rf d'entre eux (3), et attend qu'elle soit au repos. Avec memory, un nœud plein évince les moins récemment utilisées, pour toutes les répliques.",
        read: make,
    },
    Entry {
        name: "write",
        usage: "write <key> <value> [ttl=<duration>] [tag=<word>] [level=one|quorum|all] [via=<node>]",
        help_en: "Write a key in the simulated cluster, and wait for the answer.",
        help_fr: "Écrit une clé dans la grappe simulée, et attend la réponse.",
        read: |a| operation(a, "write", false),
    },
    Entry {
        name: "read",
        usage: "read <key> [level=one|quorum|all] [via=<node>]",
        help_en: "Read a key of the simulated cluster.",
        help_fr: "Lit une clé de la grappe simulée.",
        read: |a| operation(a, "read", false),
    },
    Entry {
        name: "erase",
        usage: "erase <key> [level=one|quorum|all] [via=<node>]",
        help_en: "Delete a key of the simulated cluster: a tombstone is written.",
        help_fr: "Supprime une clé de la grappe simulée : une pierre tombale est écrite.",
        read: |a| operation(a, "erase", false),
    },
    Entry {
        name: "invalidate",
        usage: "invalidate <key> | <pattern> | tag:<word> | namespace:<name> [via=<node>]",
        help_en: "Delete every key that is meant, as user:*, also one that arrives late.",
        help_fr: "Supprime toutes les clés visées, comme user:*, même celle qui arrive en retard.",
        read: |a| operation(a, "invalidate", false),
    },
    Entry {
        name: "begin",
        usage: "begin write|read|erase|invalidate …",
        help_en: "Start an operation without waiting for its answer; tick lets it go on.",
        help_fr: "Commence une opération sans attendre sa réponse ; tick la laisse continuer.",
        read: |a| {
            let word = a.take("<operation>")?.raw.clone();
            operation(a, &word, true)
        },
    },
    Entry {
        name: "session",
        usage: "session [name]",
        help_en: "What follows belongs to this session, which reads its own writes at any level; without a name to none.",
        help_fr: "La suite appartient à cette session, qui relit ses propres écritures à tout niveau ; sans nom, à aucune.",
        read: |a| {
            let name = if a.next < a.tokens.len() { a.string("[name]")? } else { String::new() };
            Ok(doing(Act::Session { name }))
        },
    },
    Entry {
        name: "kill",
        usage: "kill <node>",
        help_en: "End a node's process; its disk stays.",
        help_fr: "Arrête le processus d'un nœud ; son disque reste.",
        read: |a| Ok(doing(Act::Kill(node(a)?))),
    },
    Entry {
        name: "restart",
        usage: "restart <node> [with=nothing]",
        help_en: "Start a killed node again, with its disk or on a new machine.",
        help_fr: "Relance un nœud arrêté, avec son disque ou sur une machine neuve.",
        read: |a| {
            let node = node(a)?;
            let read = |name: &str, value: &str| match (name, value) {
                ("with", "nothing") => Ok(()),
                ("with", _) => Err(Unfit::Value),
                _ => Err(Unfit::Name),
            };
            let with_nothing = a.option(read)?.is_some();
            Ok(doing(Act::Restart { node, with_nothing }))
        },
    },
    Entry {
        name: "pause",
        usage: "pause <node>",
        help_en: "Let a node stand still, as a long garbage collection does.",
        help_fr: "Fige un nœud, comme le fait un long ramasse-miettes.",
        read: |a| Ok(doing(Act::Pause(node(a)?))),
    },
    Entry {
        name: "resume",
        usage: "resume <node>",
        help_en: "Let a paused node go on.",
        help_fr: "Laisse repartir un nœud figé.",
        read: |a| Ok(doing(Act::Resume(node(a)?))),
    },
    Entry {
        name: "partition",
        usage: "partition <node>… | <node>…",
        help_en: "Cut the network into groups that do not hear each other; a node that is not named is alone.",
        help_fr: "Coupe le réseau en groupes qui ne s'entendent pas ; un nœud qui n'est pas nommé est seul.",
        read: partition,
    },
    Entry {
        name: "block",
        usage: "block <node>-><node>",
        help_en: "Cut the network one way only.",
        help_fr: "Coupe le réseau dans un seul sens.",
        read: |a| {
            let (from, to) = arrow(a)?;
            Ok(doing(Act::Block { from, to }))
        },
    },
    Entry {
        name: "heal",
        usage: "heal",
        help_en: "End every partition, delay and loss of the network.",
        help_fr: "Met fin à toute partition, tout délai et toute perte du réseau.",
        read: |_| Ok(doing(Act::Heal)),
    },
    Entry {
        name: "delay",
        usage: "delay <node>-><node> <duration>",
        help_en: "Make messages of one way slower.",
        help_fr: "Ralentit les messages dans un sens.",
        read: |a| {
            let (from, to) = arrow(a)?;
            Ok(doing(Act::Delay { from, to, by: micros(a.duration()?) }))
        },
    },
    Entry {
        name: "disk",
        usage: "disk <node> <duration>",
        help_en: "Let each write of a node's disk take so long; the node answers nobody before it is done.",
        help_fr: "Fixe la durée de chaque écriture du disque d'un nœud ; le nœud ne répond à personne avant la fin.",
        read: |a| {
            let node = node(a)?;
            Ok(doing(Act::Disk { node, takes: micros(a.duration()?).min(WRITE_MAX) }))
        },
    },
    Entry {
        name: "drop",
        usage: "drop <percent>%",
        help_en: "Lose so many of all messages.",
        help_fr: "Perd cette part de tous les messages.",
        read: |a| Ok(doing(Act::Drop(permille(a)?))),
    },
    Entry {
        name: "duplicate",
        usage: "duplicate <percent>%",
        help_en: "Deliver so many of all messages twice.",
        help_fr: "Livre deux fois cette part de tous les messages.",
        read: |a| Ok(doing(Act::Duplicate(permille(a)?))),
    },
    Entry {
        name: "reorder",
        usage: "reorder <duration>",
        help_en: "Delay each message by chance, up to so long.",
        help_fr: "Retarde chaque message au hasard, jusqu'à cette durée.",
        read: |a| Ok(doing(Act::Reorder(micros(a.duration()?)))),
    },
    Entry {
        name: "skew",
        usage: "skew <node> <+|-><duration>",
        help_en: "Set by how much a node's wall clock is wrong.",
        help_fr: "Fixe l'erreur de l'horloge murale d'un nœud.",
        read: |a| Ok(doing(Act::Skew { node: node(a)?, by: signed(a)? })),
    },
    Entry {
        name: "clock",
        usage: "clock <node> jump <+|-><duration>",
        help_en: "Let a node's wall clock jump.",
        help_fr: "Fait sauter l'horloge murale d'un nœud.",
        read: |a| {
            let node = node(a)?;
            if !a.flag("jump") {
                return Err(a.fault_here(Mistake::Missing { what: "jump", usage: a.entry.usage }));
            }
            Ok(doing(Act::Jump { node, by: signed(a)? }))
        },
    },
    Entry {
        name: "join",
        usage: "join <node> [weight=<1-8>]",
        help_en: "Start a new node that asks to be a member, as n6.",
        help_fr: "Lance un nouveau nœud qui demande à être membre, comme n6.",
        read: |a| {
            let node = node(a)?;
            let weight = a.option(|name, value| match name {
                "weight" => value.parse().ok().filter(|weight| (1..=8).contains(weight)).ok_or(Unfit::Value),
                _ => Err(Unfit::Name),
            })?;
            Ok(doing(Act::Join { node, weight: weight.unwrap_or(1) }))
        },
    },
    Entry {
        name: "leave",
        usage: "leave <node>",
        help_en: "Let a member go: its keys are handed over first.",
        help_fr: "Laisse partir un membre : ses clés sont d'abord remises.",
        read: |a| Ok(doing(Act::Leave(node(a)?))),
    },
    Entry {
        name: "settle",
        usage: "settle",
        help_en: "Let time pass until the cluster is at rest, at most a minute; if it is not by then, it says what it waits for.",
        help_fr: "Laisse passer le temps jusqu'au repos de la grappe, une minute au plus ; si elle n'y est pas alors, dit ce qu'elle attend.",
        read: |_| Ok(doing(Act::Settle)),
    },
    Entry {
        name: "replicas",
        usage: "replicas <key>",
        help_en: "Ask on which nodes a key belongs; `where` tells which hold it.",
        help_fr: "Demande à quels nœuds une clé appartient ; « where » dit lesquels l'ont.",
        read: |a| Ok(Command::World(ClusterCommand::Replicas(a.key()?.into()))),
    },
    Entry {
        name: "health",
        usage: "health",
        help_en: "Show each node, and whether all agree on the ring.",
        help_fr: "Montre chaque nœud, et si tous s'accordent sur l'anneau.",
        read: |_| Ok(Command::World(ClusterCommand::Health)),
    },
    Entry {
        name: "explain",
        usage: "explain <key>",
        help_en: "Tell the story of one key, event by event.",
        help_fr: "Raconte l'histoire d'une clé, événement par événement.",
        read: |a| Ok(Command::World(ClusterCommand::Explain(a.key()?.into()))),
    },
    Entry {
        name: "check",
        usage: "check",
        help_en: "See whether the cluster kept every promise so far: sessions, copies, and for keys that were read and written at QUORUM and ALL only linearizable answers and deadlines. Of keys used at ONE, which promises none of this, it looks at sessions alone.",
        help_fr: "Vérifie que la grappe a tenu toutes ses promesses : sessions, copies, et pour les clés lues et écrites seulement à QUORUM et ALL, réponses linéarisables et échéances. Des clés employées à ONE, qui ne promet rien de tel, il n'examine que les sessions.",
        read: |_| Ok(Command::World(ClusterCommand::Check)),
    },
];

const fn doing(act: Act) -> Command {
    Command::World(ClusterCommand::Do(act))
}

const fn micros(ms: u64) -> Micros {
    ms.saturating_mul(MS)
}

fn make(a: &mut Args<'_>) -> Result<Command, Fault> {
    let mut setup = Setup { nodes: 0, copies: 3, points: 150, haste: false, memory: None, seed: None };
    let up_to = |value: &str, most: u32| {
        value.parse::<u32>().ok().filter(|number| (1..=most).contains(number)).ok_or(Unfit::Value)
    };
    let most_copies = u32::try_from(COPIES_MAX).unwrap_or(u32::MAX);
    while a
        .option(|name, value| {
            match name {
                "nodes" => setup.nodes = u8::try_from(up_to(value, FOUNDERS_MAX)?).unwrap_or(u8::MAX),
                "rf" => setup.copies = up_to(value, most_copies)? as usize,
                "points" => setup.points = up_to(value, POINTS_MAX)? as usize,
                "memory" => {
                    let found = || Unfit::Mistake(Mistake::Size { found: value.to_owned() });
                    let bytes = parse_size(value).ok_or_else(found)?;
                    setup.memory = Some(usize::try_from(bytes).ok().filter(|&bytes| bytes > 0).ok_or(Unfit::Value)?);
                }
                "haste" => {
                    setup.haste = match value {
                        "yes" => true,
                        "no" => false,
                        _ => return Err(Unfit::Value),
                    }
                }
                "seed" => {
                    let wrong = |_| Unfit::Mistake(Mistake::Number { found: value.to_owned() });
                    setup.seed = Some(value.parse().map_err(wrong)?);
                }
                _ => return Err(Unfit::Name),
            }
            Ok(())
        })?
        .is_some()
    {}
    if setup.nodes == 0 {
        return Err(a.fault_here(Mistake::Missing { what: "nodes=<1-16>", usage: a.entry.usage }));
    }
    Ok(Command::World(ClusterCommand::Make(setup)))
}

fn operation(a: &mut Args<'_>, word: &str, begins: bool) -> Result<Command, Fault> {
    let usage = a.entry.usage;
    let key: Key = match word {
        "write" | "read" | "erase" => a.key()?.into(),
        "invalidate" => selector(a)?.into(),
        _ => return Err(a.fault_here(Mistake::Missing { what: "write, read, erase or invalidate", usage })),
    };
    let value = if word == "write" { a.bytes("<value>")?.into() } else { [].into() };
    let (mut level, mut via, mut ttl, mut tag) = (Level::Quorum, None, None, None);
    while a
        .option(|name, value| {
            let found = || value.to_owned();
            match name {
                "level" if word != "invalidate" => level = Level::from_name(value).ok_or(Unfit::Value)?,
                "via" => via = Some(node_id(value).ok_or_else(|| Unfit::Mistake(Mistake::Node { found: found() }))?),
                "ttl" if word == "write" => {
                    let wrong = || Unfit::Mistake(Mistake::Duration { found: found() });
                    ttl = Some(micros(Duration::parse(value).ok_or_else(wrong)?.as_ms()));
                }
                "tag" if word == "write" && value.is_empty() => return Err(Unfit::Value),
                "tag" if word == "write" => tag = Some(value.into()),
                _ => return Err(Unfit::Name),
            }
            Ok(())
        })?
        .is_some()
    {}
    let operation = match word {
        "write" => Operation::Write { value, ttl, tag },
        "read" => Operation::Read,
        "erase" => Operation::Erase,
        _ => Operation::Invalidate,
    };
    Ok(doing(Act::Operate { operation, key, level, via, begins }))
}

/// What `invalidate` deletes: a name behind `tag:` and `namespace:`, and a `]` for each `[` of a pattern.
fn selector(a: &mut Args<'_>) -> Result<String, Fault> {
    let text = a.string("<selector>")?;
    let mut is_open = false;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => _ = rest.next(),
            '[' => is_open = true,
            ']' => is_open = false,
            _ => {}
        }
    }
    let is_nameless = matches!(text.split_once(':'), Some(("tag" | "namespace", "")));
    if (is_open && Selector::read(&text).is_some_and(|read| matches!(read, Selector::Pattern(_)))) || is_nameless {
        return Err((a.tokens[a.next - 1].span.clone(), Mistake::Selector { found: text }));
    }
    Ok(text)
}

fn node_id(token: &str) -> Option<NodeId> {
    NodeId::from_name(token)
}

fn node(a: &mut Args<'_>) -> Result<NodeId, Fault> {
    let token = a.take("<node>")?;
    node_id(&token.raw).ok_or_else(|| (token.span.clone(), Mistake::Node { found: token.raw.clone() }))
}

/// A way from a node to another: `n1->n2`, with blanks around the arrow or without.
fn arrow(a: &mut Args<'_>) -> Result<(NodeId, NodeId), Fault> {
    let first = a.take("<node>-><node>")?;
    let (mut text, mut span) = (first.raw.clone(), first.span.clone());
    while let Some(next) = a.tokens.get(a.next).filter(|next| text.ends_with("->") || next.raw.starts_with("->")) {
        text.push_str(&next.raw);
        (a.next, span.end) = (a.next + 1, next.span.end);
    }
    let Some((from, to)) = text.split_once("->").filter(|(_, to)| !to.is_empty()) else {
        return Err((span, Mistake::Way { found: text }));
    };
    let node = |name: &str| node_id(name).ok_or_else(|| (span.clone(), Mistake::Node { found: name.to_owned() }));
    Ok((node(from)?, node(to)?))
}

fn partition(a: &mut Args<'_>) -> Result<Command, Fault> {
    if a.next >= a.tokens.len() {
        return Err(a.fault_here(Mistake::Missing { what: "<node>", usage: a.entry.usage }));
    }
    let tokens = a.rest_of_tokens()?;
    let mut groups = Vec::new();
    for group in tokens.split(|token| token.is("|")) {
        let mut nodes = NodeSet::EMPTY;
        for token in group {
            let node = node_id(&token.raw);
            let node = node.ok_or_else(|| (token.span.clone(), Mistake::Node { found: token.raw.clone() }))?;
            nodes.insert(node);
        }
        if nodes.is_empty() {
            return Err(a.fault_here(Mistake::Missing { what: "<node>", usage: a.entry.usage }));
        }
        groups.push(nodes);
    }
    Ok(doing(Act::Partition(groups)))
}

fn permille(a: &mut Args<'_>) -> Result<u64, Fault> {
    let token = a.take("<percent>%")?;
    let tenths = token.raw.strip_suffix('%').and_then(|number| {
        let (whole, tenth) = number.split_once('.').unwrap_or((number, "0"));
        let digit = tenth.len() == 1;
        Some(whole.parse::<u64>().ok()?.checked_mul(10)? + tenth.parse::<u64>().ok().filter(|_| digit)?)
    });
    tenths
        .filter(|tenths| *tenths <= 1000)
        .ok_or_else(|| (token.span.clone(), Mistake::Percent { found: token.raw.clone() }))
}

fn signed(a: &mut Args<'_>) -> Result<i64, Fault> {
    let token = a.take("<+|-><duration>")?;
    let (is_back, length) = match token.raw.split_at_checked(1) {
        Some(("-", rest)) => (true, rest),
        Some(("+", rest)) => (false, rest),
        _ => (false, token.raw.as_str()),
    };
    let by = Duration::parse(length).and_then(|length| i64::try_from(micros(length.as_ms())).ok());
    let by = by.ok_or_else(|| (token.span.clone(), Mistake::Duration { found: token.raw.clone() }))?;
    Ok(if is_back { -by } else { by })
}
