//! The table of commands, and how each reads its arguments.

use cachedojo_wire::{
    ClusterRequest, Command as CacheCommand, Config, ExtraRequest, Member, NodeRequest, ParserRequest, Policy, Reply,
    Request, RingRequest,
};

use super::Fault;
use super::args::{Args, policy};
use crate::families::cluster::COMMANDS as CLUSTER;
use crate::script::Command;
use crate::script::mistake::Mistake;
use cachedojo_notation::duration::{Duration, parse_size};

/// A command of the language.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The words it begins with.
    pub name: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// What it does, in English.
    pub help_en: &'static str,
    /// What it does, in French.
    pub help_fr: &'static str,
    pub(crate) read: fn(&mut Args<'_>) -> Result<Command, Fault>,
}

/// Every command, in the order in which a learner meets them.
pub const COMMANDS: &[Entry] = &joined::<{ FIRST.len() + CLUSTER.len() }>(FIRST, CLUSTER);

const fn joined<const LENGTH: usize>(first: &[Entry], then: &[Entry]) -> [Entry; LENGTH] {
    let mut all = [first[0]; LENGTH];
    let mut at = 0;
    while at < LENGTH {
        all[at] = if at < first.len() { first[at] } else { then[at - first.len()] };
        at += 1;
    }
    all
}

const FIRST: &[Entry] = &[
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
    Entry {
        name: "cluster new",
        usage: "cluster new [rf=<n>] [memory=<size>] [policy=lru|lfu|fifo|ttl] [ttl=<duration>] [points=<n>]",
        help_en: "Make a cluster without servers.",
        help_fr: "Crée une grappe sans serveur.",
        read: cluster_new,
    },
    Entry {
        name: "cluster add",
        usage: "cluster add <id> [at <address>]",
        help_en: "Add a server.",
        help_fr: "Ajoute un serveur.",
        read: cluster_add,
    },
    Entry {
        name: "cluster remove",
        usage: "cluster remove <id>",
        help_en: "Remove a server.",
        help_fr: "Retire un serveur.",
        read: |a| Ok(cluster(ClusterRequest::Remove { id: a.string("<id>")? })),
    },
    Entry {
        name: "cluster where",
        usage: "cluster where <key>",
        help_en: "Ask which servers hold a key.",
        help_fr: "Demande quels serveurs portent une clé.",
        read: |a| Ok(cluster(ClusterRequest::ServersFor { key: a.key()? })),
    },
    Entry {
        name: "cluster get",
        usage: "cluster get <key>",
        help_en: "Read a key through the cluster.",
        help_fr: "Lit une clé par la grappe.",
        read: |a| Ok(execute(CacheCommand::Get { key: a.key()? })),
    },
    Entry {
        name: "cluster set",
        usage: "cluster set <key> <value> [ttl <duration>]",
        help_en: "Write a key through the cluster.",
        help_fr: "Écrit une clé par la grappe.",
        read: |a| {
            let (key, value, ttl_ms) = a.entry()?;
            Ok(execute(CacheCommand::Set { key, value, ttl_ms }))
        },
    },
    Entry {
        name: "cluster delete",
        usage: "cluster delete <key>",
        help_en: "Remove a key through the cluster.",
        help_fr: "Supprime une clé par la grappe.",
        read: |a| Ok(execute(CacheCommand::Delete { key: a.key()? })),
    },
    Entry {
        name: "cluster incr",
        usage: "cluster incr <key> <delta>",
        help_en: "Add to a number through the cluster.",
        help_fr: "Ajoute à un nombre par la grappe.",
        read: |a| Ok(execute(CacheCommand::Incr { key: a.key()?, delta: a.number("<delta>")? })),
    },
    Entry {
        name: "cluster touch",
        usage: "cluster touch <key> <duration>",
        help_en: "Renew a time to live through the cluster.",
        help_fr: "Renouvelle une durée de vie par la grappe.",
        read: |a| Ok(execute(CacheCommand::Touch { key: a.key()?, ttl_ms: a.duration()? })),
    },
    Entry {
        name: "cluster stats",
        usage: "cluster stats",
        help_en: "Show the cluster's counters.",
        help_fr: "Montre les compteurs de la grappe.",
        read: |_| Ok(execute(CacheCommand::Stats)),
    },
    Entry {
        name: "cluster rebalance",
        usage: "cluster rebalance",
        help_en: "Move keys to where they belong after a change of servers.",
        help_fr: "Déplace les clés après un changement de serveurs.",
        read: |_| Ok(cluster(ClusterRequest::Rebalance)),
    },
    Entry {
        name: "parse",
        usage: "parse <bytes>",
        help_en: "Hand bytes to the protocol parser, as \"get k\\r\\n\".",
        help_fr: "Donne des octets à l'analyseur de protocole, comme \"get k\\r\\n\".",
        read: |a| Ok(Command::Ask(Request::Parser(ParserRequest::Parse(a.bytes("<bytes>")?)))),
    },
    Entry {
        name: "serialize",
        usage: "serialize value <bytes> | nothing | stored | deleted | not-found | error <text>",
        help_en: "Ask for a response's bytes.",
        help_fr: "Demande les octets d'une réponse.",
        read: serialize,
    },
    Entry {
        name: "where",
        usage: "where <key>",
        help_en: "Ask which nodes of the simulated cluster hold a key; without one, short for `ring where`.",
        help_fr: "Demande quels nœuds de la grappe simulée ont une clé ; sans grappe, abrégé de « ring where ».",
        read: |a| Ok(Command::Where { key: a.key()? }),
    },
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
    Entry {
        name: "line",
        usage: "line <a line of the line protocol>",
        help_en: "Say one line of the PUT/GET/DELETE protocol.",
        help_fr: "Dit une ligne du protocole PUT/GET/DELETE.",
        read: |a| Ok(extra(ExtraRequest::Line(a.rest()))),
    },
    Entry {
        name: "mc",
        usage: "mc <a line of the memcached protocol>",
        help_en: "Say one line to a memcached session.",
        help_fr: "Dit une ligne à une session memcached.",
        read: |a| Ok(extra(ExtraRequest::Memcached(format!("{}\r\n", a.rest()).into_bytes()))),
    },
    Entry {
        name: "http",
        usage: "http <METHOD> <path> [JSON body]",
        help_en: "Send one request to the REST API.",
        help_fr: "Envoie une requête à l'API REST.",
        read: |a| Ok(extra(ExtraRequest::Rest(a.rest()))),
    },
    Entry {
        name: "tick",
        usage: "tick <duration>",
        help_en: "Let time pass.",
        help_fr: "Laisse passer le temps.",
        read: |a| Ok(Command::Tick(a.duration()?)),
    },
    Entry {
        name: "wall jump",
        usage: "wall jump <+|-><duration>",
        help_en: "Set the wall clock forward or back; the monotonic clock stays.",
        help_fr: "Avance ou recule l'horloge murale ; l'horloge monotone ne bouge pas.",
        read: wall_jump,
    },
    Entry {
        name: "expect",
        usage: "expect <answer> | <field>[+<field>…] <=|!=|<|<=|>|>=> <number>[%] | any of <a> | <b> | not <answer> | error | contains <id>… | without <id>… | contains those before | without those before | only to <id> | only from <id>",
        help_en: "Say what the last answer must be; `those before` are the ids in the answer before it.",
        help_fr: "Dit ce que doit être la dernière réponse ; « those before » désigne les ids de la réponse précédente.",
        read: |a| Ok(Command::Expect(a.expectation()?)),
    },
    Entry {
        name: "always",
        usage: "always <field>[+<field>…] <=|!=|<|<=|>|>=> <number>",
        help_en: "Check the node's counters after every command that follows.",
        help_fr: "Vérifie les compteurs du nœud après chaque commande qui suit.",
        read: |a| Ok(Command::Always(a.expectation()?)),
    },
    Entry {
        name: "for",
        usage: "for <first>..<last> <command with {}>",
        help_en: "Repeat a command, {} standing for the number.",
        help_fr: "Répète une commande, {} valant le numéro.",
        read: |a| Err(a.fault_here(Mistake::NestedFor)),
    },
];

/// The most points a node may have on a ring, and the most that a weight may multiply them by.
const POINTS_MAX: u32 = 10_000;
const WEIGHT_MAX: u32 = 100;

fn node(request: NodeRequest) -> Command {
    Command::Ask(Request::Node(request))
}

fn ring(request: RingRequest) -> Command {
    Command::Ask(Request::Ring(request))
}

fn cluster(request: ClusterRequest) -> Command {
    Command::Ask(Request::Cluster(request))
}

fn execute(command: CacheCommand) -> Command {
    cluster(ClusterRequest::Execute(command))
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

fn ring_add(args: &mut Args<'_>) -> Result<Command, Fault> {
    let id = args.string("<id>")?;
    let addr = address(args, &id)?;
    let weight = if args.flag("weight") { args.count("<n>", WEIGHT_MAX)? } else { 1 };
    let is_alive = !args.flag("dead");
    Ok(ring(RingRequest::Add(Member { id, addr, weight, is_alive })))
}

fn cluster_add(args: &mut Args<'_>) -> Result<Command, Fault> {
    let id = args.string("<id>")?;
    let addr = address(args, &id)?;
    Ok(cluster(ClusterRequest::Add { id, addr }))
}

fn address(args: &mut Args<'_>, id: &str) -> Result<String, Fault> {
    if args.flag("at") { args.string("<address>") } else { Ok(format!("{id}:11211")) }
}

fn cluster_new(args: &mut Args<'_>) -> Result<Command, Fault> {
    let mut config = Config {
        max_memory: 1 << 20,
        default_ttl_ms: None,
        policy: Policy::Lru,
        replication_factor: 3,
        virtual_nodes: 150,
    };
    while args.next < args.tokens.len() {
        let token = args.take("<option>")?;
        let (span, found) = (token.span.clone(), token.raw.clone());
        let (name, value) = found.split_once('=').unwrap_or((&found, ""));
        let number = || value.parse().map_err(|_| (span.clone(), Mistake::Number { found: value.to_owned() }));
        match name {
            "rf" => config.replication_factor = number()?,
            "points" => {
                config.virtual_nodes = number()?;
                if config.virtual_nodes > POINTS_MAX {
                    return Err((span, Mistake::Number { found: value.to_owned() }));
                }
            }
            "memory" => {
                config.max_memory =
                    parse_size(value).ok_or_else(|| (span.clone(), Mistake::Size { found: value.to_owned() }))?;
            }
            "policy" => {
                config.policy =
                    policy(value).ok_or_else(|| (span.clone(), Mistake::Policy { found: value.to_owned() }))?;
            }
            "ttl" => {
                let ttl = Duration::parse(value)
                    .ok_or_else(|| (span.clone(), Mistake::Duration { found: value.to_owned() }))?;
                config.default_ttl_ms = Some(ttl.as_ms());
            }
            _ => return Err((span, Mistake::Option { found, usage: args.entry.usage })),
        }
    }
    Ok(cluster(ClusterRequest::New(config)))
}

fn serialize(args: &mut Args<'_>) -> Result<Command, Fault> {
    let token = args.take("<response>")?;
    let (span, found) = (token.span.clone(), token.raw.clone());
    let reply = match found.as_str() {
        "value" => Reply::Value(Some(args.bytes("<bytes>")?)),
        "nothing" => Reply::Value(None),
        "stored" => Reply::Stored,
        "deleted" => Reply::Deleted,
        "not-found" => Reply::NotFound,
        "error" => Reply::Error(args.string("<text>")?),
        _ => return Err((span, Mistake::Option { found, usage: args.entry.usage })),
    };
    Ok(Command::Ask(Request::Parser(ParserRequest::Serialize(reply))))
}

fn wall_jump(args: &mut Args<'_>) -> Result<Command, Fault> {
    let token = args.take("<duration>")?;
    let fault = (token.span.clone(), Mistake::Duration { found: token.raw.clone() });
    let (negative, digits) = match token.raw.split_at_checked(1) {
        Some(("-", rest)) => (true, rest),
        Some(("+", rest)) => (false, rest),
        _ => (false, token.raw.as_str()),
    };
    let ms = Duration::parse(digits).and_then(|duration| i64::try_from(duration.as_ms()).ok()).ok_or(fault)?;
    Ok(Command::WallJump(if negative { -ms } else { ms }))
}
