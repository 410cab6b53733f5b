//! The commands of a hash ring: which node is responsible for a key, how keys spread, which keys move.

use std::collections::BTreeMap;

use cachedojo::ring::HashRing;
use cachedojo_wire::{Member, Request, Response, RingRequest, numbered};

use super::convert::{from_member, member_ids, to_member};
use crate::event::{Move, Share, What};
use crate::script::Command;
use crate::script::args::{Args, Entry};
use crate::script::mistake::Fault;
use crate::subject::Crash;

/// The family's commands, in the order in which a learner meets them.
pub(super) const COMMANDS: &[Entry] = &[
    Entry {
        name: "ring new",
        usage: "ring new [points]",
        help_en: "Make an empty hash ring with so many points a node (150).",
        help_fr: "Crée un anneau vide avec tant de points par nœud (150).",
        read: |a| {
            let virtual_nodes = if a.next < a.tokens.len() { a.count("[points]", POINTS_MAX)? } else { 150 };
            Ok(ring(RingRequest::New { virtual_nodes }))
        },
    },
    Entry {
        name: "ring add",
        usage: "ring add <id> [at <address>] [weight <n>] [dead]",
        help_en: "Add a node to the ring, alive unless said otherwise.",
        help_fr: "Ajoute un nœud à l'anneau, vivant sauf mention contraire.",
        read: ring_add,
    },
    Entry {
        name: "ring remove",
        usage: "ring remove <id>",
        help_en: "Remove a node from the ring.",
        help_fr: "Retire un nœud de l'anneau.",
        read: |a| Ok(ring(RingRequest::Remove { id: a.string("<id>")? })),
    },
    Entry {
        name: "ring where",
        usage: "ring where <key>",
        help_en: "Ask which node answers for a key.",
        help_fr: "Demande quel nœud répond d'une clé.",
        read: |a| Ok(ring(RingRequest::Owner { key: a.key()? })),
    },
    Entry {
        name: "ring replicas",
        usage: "ring replicas <key> <count>",
        help_en: "Ask which nodes hold a key's copies.",
        help_fr: "Demande quels nœuds portent les copies d'une clé.",
        read: |a| Ok(ring(RingRequest::Replicas { key: a.key()?, count: a.number("<count>")? })),
    },
    Entry {
        name: "ring nodes",
        usage: "ring nodes",
        help_en: "List the ring's nodes.",
        help_fr: "Liste les nœuds de l'anneau.",
        read: |_| Ok(ring(RingRequest::Members)),
    },
    Entry {
        name: "ring spread",
        usage: "ring spread <prefix> <count>",
        help_en: "Count how many of prefix0, prefix1 … each node answers for; {} in the prefix is the number's place.",
        help_fr: "Compte combien de clés prefix0, prefix1 … reviennent à chaque nœud ; {} dans le préfixe marque la place du numéro.",
        read: |a| {
            let (prefix, count) = a.run_of_keys()?;
            Ok(Command::Spread { prefix, count })
        },
    },
    Entry {
        name: "ring mark",
        usage: "ring mark <prefix> <count>",
        help_en: "Remember who answers for prefix0, prefix1 …",
        help_fr: "Retient qui répond de prefix0, prefix1 …",
        read: |a| {
            let (prefix, count) = a.run_of_keys()?;
            Ok(Command::Mark { prefix, count })
        },
    },
    Entry {
        name: "ring moved",
        usage: "ring moved",
        help_en: "Count the marked keys that have another owner now.",
        help_fr: "Compte les clés retenues qui ont changé de nœud.",
        read: |_| Ok(Command::Moved),
    },
];

/// Short forms of the family's commands.
pub(super) const SHORT: &[Entry] = &[Entry {
    name: "where",
    usage: "where <key>",
    help_en: "Ask which nodes of the simulated cluster hold a key, and which of them an older value; without a cluster, short for `ring where`.",
    help_fr: "Demande quels nœuds de la grappe simulée ont une clé, et lesquels une valeur plus ancienne ; sans grappe, abrégé de « ring where ».",
    read: |a| Ok(Command::Where { key: a.key()? }),
}];

/// The most points of a node of weight 1.
pub(super) const POINTS_MAX: u32 = 10_000;
/// The largest weight, which multiplies them.
const WEIGHT_MAX: u32 = 100;

fn ring(request: RingRequest) -> Command {
    Command::Ask(Request::Ring(request))
}

fn ring_add(args: &mut Args<'_>) -> Result<Command, Fault> {
    let id = args.string("<id>")?;
    let addr = args.address(&id)?;
    let weight = if args.flag("weight") { args.count("<n>", WEIGHT_MAX)? } else { 1 };
    let is_alive = !args.flag("dead");
    Ok(ring(RingRequest::Add(Member { id, addr, weight, is_alive })))
}

/// What the reference answers.
pub(crate) fn answer(ring: &mut Option<HashRing>, request: &RingRequest) -> Response {
    if let RingRequest::New { virtual_nodes } = request {
        *ring = Some(HashRing::new(*virtual_nodes as usize));
        return Response::Done;
    }
    let Some(ring) = ring else { return Response::NoObject };
    match request {
        RingRequest::New { .. } => Response::Done,
        RingRequest::Add(member) => {
            ring.add_node(from_member(member.clone()));
            Response::Done
        }
        RingRequest::Remove { id } => {
            ring.remove_node(id);
            Response::Done
        }
        RingRequest::Owner { key } => Response::Member(ring.get_node(key).map(to_member)),
        RingRequest::Replicas { key, count } => {
            Response::Members(ring.get_nodes(key, *count as usize).into_iter().map(to_member).collect())
        }
        RingRequest::Members => Response::Members(ring.nodes().into_iter().map(to_member).collect()),
        RingRequest::OwnersOf { prefix, count } => owners_of(ring, prefix, *count),
    }
}

fn owners_of(ring: &HashRing, prefix: &str, count: u32) -> Response {
    let (mut ids, mut known, mut owners) = (Vec::new(), BTreeMap::new(), Vec::new());
    for number in 0..count {
        let owner = ring.get_node(&numbered(prefix, number));
        owners.push(owner.map_or(u32::MAX, |owner| {
            *known.entry(owner.id.as_str()).or_insert_with(|| {
                ids.push(owner.id.clone());
                u32::try_from(ids.len() - 1).unwrap_or(u32::MAX)
            })
        }));
    }
    Response::Owners { ids, owners }
}

/// The event that a response means, given the request.
pub(crate) fn event_of(request: &RingRequest, response: Response) -> What {
    if matches!(response, Response::NoObject) {
        return What::NoObject { object: "ring".into() };
    }
    // The request decides which answers there are: so whoever adds a request is asked here for its event.
    let event = match request {
        RingRequest::New { .. } => matches!(response, Response::Done).then(|| What::Created { object: "ring".into() }),
        RingRequest::Add(member) => matches!(response, Response::Done).then(|| What::Joined { id: member.id.clone() }),
        RingRequest::Remove { id } => matches!(response, Response::Done).then(|| What::Left { id: id.clone() }),
        RingRequest::Owner { key } => match response {
            Response::Member(member) => Some(What::Owner { key: key.clone(), node: member.map(|member| member.id) }),
            _ => None,
        },
        RingRequest::Replicas { .. } => match response {
            Response::Members(members) => Some(What::Nodes { nodes: member_ids(members) }),
            _ => None,
        },
        RingRequest::Members => match response {
            Response::Members(members) => {
                // The prototype defines no order for `nodes()`, so the ids are sorted.
                let mut nodes = member_ids(members);
                nodes.sort_unstable();
                Some(What::Nodes { nodes })
            }
            _ => None,
        },
        // Asked by commands that compare owners, which tell an event of their own.
        RingRequest::OwnersOf { .. } => None,
    };
    event.unwrap_or(What::Crashed { crash: Crash::Gibberish })
}

/// The owners of a series of keys at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Owners {
    /// Each owner once, not one id for each key: there may be a hundred thousand keys.
    pub(crate) ids: Vec<String>,
    /// For each key its owner's index in `ids`; `ids.len()` for no owner.
    pub(crate) of_keys: Vec<u32>,
}

impl Owners {
    fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.of_keys.iter().map(|&owner| self.ids.get(owner as usize).map(String::as_str))
    }

    /// How many keys.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.of_keys.len()).unwrap_or(u32::MAX)
    }
}

/// How a series of keys spreads over its owners.
pub(crate) fn spread(owners: &Owners) -> What {
    let mut shares: BTreeMap<&str, u32> = BTreeMap::new();
    for owner in owners.iter().flatten() {
        *shares.entry(owner).or_default() += 1;
    }
    let unowned = owners.iter().filter(Option::is_none).count();
    What::Spread {
        keys: owners.count(),
        shares: shares.into_iter().map(|(node, keys)| Share { node: node.to_owned(), keys }).collect(),
        unowned: u32::try_from(unowned).unwrap_or(u32::MAX),
    }
}

/// Which keys have another owner than before.
pub(crate) fn moves(before: &Owners, after: &Owners) -> What {
    let mut hops: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for (from, to) in before.iter().zip(after.iter()).filter(|(from, to)| from != to) {
        *hops.entry((from.unwrap_or(""), to.unwrap_or(""))).or_default() += 1;
    }
    let moves: Vec<_> =
        hops.into_iter().map(|((from, to), keys)| Move { from: from.to_owned(), to: to.to_owned(), keys }).collect();
    What::Moved { keys: before.count(), moved: moves.iter().map(|hop| hop.keys).sum(), moves }
}
