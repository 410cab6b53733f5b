//! A node of a cluster of processes: the engine's state machine, [`cachedojo::cluster`], with a network, a disk and clocks around it. It is the
//! very code that the simulated world proves; what is here carries messages, keeps what must be kept, and answers clients.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`settings`] | which node this is, and who the others are |
//! | `machine`, `input` | the thread that owns the node, and what it is told; how a node with an empty folder begins |
//! | `journal` | what is kept on the disk |
//! | `link`, `frame` | connections between nodes, and what goes over them |
//! | `clock` | the machine's clocks |
//! | [`http`], `description` | what clients and operators ask, and how other programs read of it |
//! | `session` | what a client has seen, so that it never reads anything older |
//!
//! **What is kept.** The agreed log, the vote, the records and where the clocks stand, before anything is sent or answered that follows from
//! them. A node that cannot write to its disk any more ends.
//!
//! Hints are not kept, and no promise needs them. What was acknowledged at QUORUM is in the journals of a quorum of its replicas, and at ONE in
//! that of one; a hint only brings it sooner to the others. Every three seconds each node compares digests with another one, and so a
//! replica that missed a write gets it from those that have it, though the node that kept the hint has ended meanwhile.
//!
//! **A disk that is lost.** A node with an empty folder asks the others whether they have met it. If they have, it comes back as a new life, as
//! the simulator's `restart with=nothing` does; if none has, and all answer, it is a founder that starts for the first time.
//!
//! **Time.** Within one start of the machine its clock goes on while the process is down. After the machine itself was started anew, the wall
//! clock bridges the gap: whoever sets that wrong while all nodes are down moves all deadlines by as much.
//!
//! **Who is let in.** Nodes that know the cluster's name and the service's token, and that were named in `--peers` or announced. Neither is
//! encrypted: the nodes' port belongs into a network of their own.

pub mod http;
pub mod settings;

mod clock;
mod description;
mod frame;
mod input;
mod journal;
mod link;
mod machine;
mod session;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use cachedojo::cluster::{NodeId, Outcome, Request, TICK};
use cachedojo::random::Random;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

pub use description::description;
use input::{Cannot, Full, Input};
use link::{Identity, Links, Net};
use machine::Machine;
use settings::NodeSettings;

use crate::random::random_number;

/// Inputs that wait for the machine.
const WAITING: usize = 4096;
/// How long the machine may take to answer; the engine gives up an operation after two seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// A node that runs in this process.
#[derive(Debug)]
pub struct Cluster {
    id: NodeId,
    address: SocketAddr,
    /// What the nodes of the cluster have in common, and no other one: seals the tokens of sessions.
    proof: [u8; 32],
    inputs: mpsc::Sender<Input>,
}

/// What ends with the node: to be waited for.
#[derive(Debug)]
pub struct NodeThread {
    inputs: mpsc::Sender<Input>,
    thread: JoinHandle<()>,
    failed: Option<oneshot::Receiver<String>>,
}

/// The machine does not answer: it has ended, or the disk is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silent;

impl std::fmt::Display for Silent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the node does not answer in time: try again, or ask another node")
    }
}

impl Cluster {
    /// Starts a node that hears others on `listener` until `stop` turns true; must be called on a tokio runtime.
    ///
    /// # Errors
    /// Its folder cannot be used, or what is in it cannot be relied on.
    pub fn start(
        config: NodeSettings,
        listener: TcpListener,
        stop: watch::Receiver<bool>,
    ) -> Result<(Self, NodeThread)> {
        let (id, address, proof) = (config.id, listener.local_addr()?, config.proof);
        let (inputs, waiting) = mpsc::channel(WAITING);
        let (introduced, identity) = watch::channel(Identity { life: 0, disk: 0, others: BTreeMap::new() });
        let net = Arc::new(Net {
            me: id,
            cluster: config.cluster.as_str().into(),
            proof,
            address,
            identity,
            inputs: inputs.clone(),
            dropped: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            troubles: Mutex::default(),
            runtime: Handle::current(),
            stop: stop.clone(),
        });
        let mut random = Random::new(random_number());
        let links = Links::new(Arc::clone(&net), Random::new(random.next_u64()));
        let machine = Machine::open(config, links, introduced, random.next_u64())?;
        let (fail, failed) = oneshot::channel();
        let run = move || {
            if let Err(error) = machine.run(waiting) {
                tracing::error!("the node ends: {error:#}");
                _ = fail.send(format!("{error:#}"));
            }
        };
        let thread = std::thread::Builder::new().name(id.to_string()).spawn(run).context("no thread to be had")?;
        tokio::spawn(link::listen(listener, net));
        tokio::spawn(tick(inputs.clone(), stop));
        Ok((Self { id, address, proof, inputs: inputs.clone() }, NodeThread { inputs, thread, failed: Some(failed) }))
    }

    /// Which node it is.
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// Where it hears other nodes.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    async fn ask<T>(&self, input: impl FnOnce(oneshot::Sender<T>) -> Input) -> Result<T, Silent> {
        let (reply, answer) = oneshot::channel();
        let asked = async {
            self.inputs.send(input(reply)).await.map_err(|_| Silent)?;
            answer.await.map_err(|_| Silent)
        };
        timeout(PATIENCE, asked).await.map_err(|_| Silent)?
    }

    async fn operate(&self, request: Request) -> Result<Result<Outcome, Full>, Silent> {
        self.ask(|reply| Input::Ask { request, reply }).await
    }

    async fn announce(&self, node: NodeId, address: Option<SocketAddr>) -> Result<Option<String>, Silent> {
        self.ask(|reply| Input::Announce { node, address, reply }).await
    }

    async fn let_go(&self, node: NodeId) -> Result<Result<(), Cannot>, Silent> {
        self.ask(|reply| Input::LetGo { node, reply }).await
    }

    /// Why no client should be sent here, if there is a reason.
    pub async fn trouble(&self) -> Option<String> {
        let asked = self.ask(|reply| Input::Trouble { reply }).await;
        asked.unwrap_or_else(|silent| Some(silent.to_string()))
    }

    async fn status(&self) -> Result<Value, Silent> {
        self.ask(|reply| Input::Status { reply }).await
    }
}

impl NodeThread {
    /// Why the node ended by itself; to be taken once. Its sender is gone without a word when the node ended because it was told to, or by a
    /// broken invariant.
    pub const fn failure(&mut self) -> Option<oneshot::Receiver<String>> {
        self.failed.take()
    }

    /// Ends the node, when what it was about to keep is kept.
    pub async fn end(self) {
        _ = self.inputs.send(Input::Stop).await;
        _ = tokio::task::spawn_blocking(|| self.thread.join()).await;
    }
}

/// Wakes the machine often enough for its ticks.
async fn tick(inputs: mpsc::Sender<Input>, mut stop: watch::Receiver<bool>) {
    let mut interval = tokio::time::interval(Duration::from_micros(TICK));
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            () = crate::connection::stopped(&mut stop) => return,
        }
        // Where it has enough to take already it looks at the clock by itself.
        if matches!(inputs.try_send(Input::Tick), Err(mpsc::error::TrySendError::Closed(_))) {
            return;
        }
    }
}
