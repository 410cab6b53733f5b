//! The commands of the prototype's cluster in one process: `cluster new`, `cluster add`, `cluster set` and so on.

use cachedojo::clock::Clock;
use cachedojo::cluster::DistributedCache;
use cachedojo_notation::duration::{Duration, parse_size};
use cachedojo_notation::text::escape;
use cachedojo_wire::{ClusterRequest, Command as CacheCommand, Config, Policy, Reply, Request, Response};

use super::convert::{from_command, from_config, member_ids, to_member, to_reply};
use super::ring::POINTS_MAX;
use crate::event::What;
use crate::script::Command;
use crate::script::args::{Args, Entry, Unfit, policy};
use crate::script::mistake::{Fault, Mistake};
use crate::subject::Crash;

/// The family's commands, in the order in which a learner meets them.
pub(super) const COMMANDS: &[Entry] = &[
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
        name: "cluster remove-others",
        usage: "cluster remove-others <key>",
        help_en: "Remove every server that does not hold this key, by what `cluster where` answers.",
        help_fr: "Retire tout serveur qui ne porte pas cette clé, selon ce que répond « cluster where ».",
        read: |a| Ok(Command::RemoveOthers { key: a.key()? }),
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
];

fn cluster(request: ClusterRequest) -> Command {
    Command::Ask(Request::Cluster(request))
}

fn execute(command: CacheCommand) -> Command {
    cluster(ClusterRequest::Execute(command))
}

fn cluster_add(args: &mut Args<'_>) -> Result<Command, Fault> {
    let id = args.string("<id>")?;
    let addr = args.address(&id)?;
    Ok(cluster(ClusterRequest::Add { id, addr }))
}

fn cluster_new(args: &mut Args<'_>) -> Result<Command, Fault> {
    let mut config = Config {
        max_memory: 1 << 20,
        default_ttl_ms: None,
        policy: Policy::Lru,
        replication_factor: 3,
        virtual_nodes: 150,
    };
    while args
        .option(|name, value| {
            let found = || value.to_owned();
            let number = || value.parse().map_err(|_| Unfit::Mistake(Mistake::Number { found: found() }));
            match name {
                "rf" => config.replication_factor = number()?,
                "points" => match number()? {
                    points if points > POINTS_MAX => return Err(Unfit::Mistake(Mistake::Number { found: found() })),
                    points => config.virtual_nodes = points,
                },
                "memory" => {
                    let wrong = || Unfit::Mistake(Mistake::Size { found: found() });
                    config.max_memory = parse_size(value).ok_or_else(wrong)?;
                }
                "policy" => {
                    let wrong = || Unfit::Mistake(Mistake::Policy { found: found() });
                    config.policy = policy(value).ok_or_else(wrong)?;
                }
                "ttl" => {
                    let wrong = || Unfit::Mistake(Mistake::Duration { found: found() });
                    config.default_ttl_ms = Some(Duration::parse(value).ok_or_else(wrong)?.as_ms());
                }
                _ => return Err(Unfit::Name),
            }
            Ok(())
        })?
        .is_some()
    {}
    Ok(cluster(ClusterRequest::New(config)))
}

/// What the reference answers.
pub(crate) fn answer(cluster: &mut Option<DistributedCache>, clock: &Clock, request: &ClusterRequest) -> Response {
    if let ClusterRequest::New(config) = request {
        let mut fresh = DistributedCache::with_clock(from_config(config), clock.clone());
        fresh.local_node().record_events(true);
        *cluster = Some(fresh);
        return Response::Done;
    }
    let Some(cluster) = cluster else { return Response::NoObject };
    match request {
        ClusterRequest::New(_) => Response::Done,
        ClusterRequest::Add { id, addr } => {
            cluster.add_server(id.clone(), addr.clone());
            Response::Done
        }
        ClusterRequest::Remove { id } => {
            cluster.remove_server(id);
            Response::Done
        }
        ClusterRequest::ServersFor { key } => {
            Response::Members(cluster.servers_for_key(key).into_iter().map(to_member).collect())
        }
        ClusterRequest::Rebalance => {
            cluster.rebalance_now();
            Response::Done
        }
        ClusterRequest::Execute(command) => {
            Response::Reply(to_reply(cluster.execute_now(from_command(command.clone()))))
        }
    }
}

/// The event that a response means, given the request.
pub(crate) fn event_of(request: &ClusterRequest, response: Response) -> What {
    match (request, response) {
        (_, Response::NoObject) => What::NoObject { object: "cluster".into() },
        (ClusterRequest::New(_), Response::Done) => What::Created { object: "cluster".into() },
        (ClusterRequest::Add { id, .. }, Response::Done) => What::Joined { id: id.clone() },
        (ClusterRequest::Remove { id }, Response::Done) => What::Left { id: id.clone() },
        (ClusterRequest::ServersFor { .. }, Response::Members(members)) => What::Nodes { nodes: member_ids(members) },
        (ClusterRequest::Rebalance, Response::Done) => What::Rebalanced,
        (ClusterRequest::Execute(command), Response::Reply(reply)) => {
            let key = match command {
                CacheCommand::Get { key }
                | CacheCommand::Set { key, .. }
                | CacheCommand::Delete { key }
                | CacheCommand::Incr { key, .. }
                | CacheCommand::Touch { key, .. } => key.clone(),
                CacheCommand::Stats => String::new(),
            };
            match reply {
                Reply::Value(Some(value)) => What::Hit { key, value: escape(&value) },
                Reply::Value(None) => What::Miss { key },
                Reply::Stored => What::Stored { key },
                Reply::Deleted => What::Deleted { key },
                Reply::NotFound => What::NotFound { key },
                Reply::Error(message) => What::Error { message: escape(message.as_bytes()) },
                Reply::Stats(stats) => What::Stats(stats.into()),
            }
        }
        _ => What::Crashed { crash: Crash::Gibberish },
    }
}
