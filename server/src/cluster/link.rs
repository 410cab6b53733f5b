//! Connections between nodes. A node sends on connections that it opens itself, one to each other node, and hears on those that others
//! open. What cannot be sent at once is dropped and counted: messages may be lost, and a late one is worth less than none.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cachedojo::cluster::wire::Wire;
use cachedojo::cluster::{Envelope, NodeId};
use cachedojo::random::Random;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use super::frame::{
    Addresses, Answer, FRAME_MAX, Frame, GREETING_MAX, Greeting, Spoken, VERSION, put_frame, read_bytes, read_length,
};
use super::input::Input;

/// How long a connection, a greeting or a write may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// For how long nothing may come: nodes say every half second that they are alive.
const SILENCE: Duration = Duration::from_secs(30);
/// The messages that wait for one node.
const QUEUE: usize = 4096;
/// How many bytes are put together before they are written.
const WRITE: usize = 64 << 10;
/// The first pause before a connection is tried again, and the longest; each is up to twice as long by chance.
const PAUSE: Duration = Duration::from_millis(25);
const PAUSES_MAX: u32 = 6;
/// Connections that others may have here at a time.
const GUESTS_MAX: usize = 256;
/// What came and is not taken yet, from all nodes together, in KiB.
const ROOM_KIB: usize = 64 << 10;

/// How this node introduces itself, and where the others are. The machine says so; links begin anew when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) life: u16,
    pub(super) disk: u64,
    pub(super) others: BTreeMap<NodeId, Option<SocketAddr>>,
}

impl Identity {
    fn list(&self) -> Addresses {
        self.others.iter().map(|(&node, &address)| (node, address)).collect()
    }
}

/// What all connections of a node share.
#[derive(Debug)]
pub(super) struct Net {
    pub(super) me: NodeId,
    pub(super) cluster: Arc<str>,
    pub(super) proof: [u8; 32],
    /// Where it can be reached.
    pub(super) address: SocketAddr,
    pub(super) identity: watch::Receiver<Identity>,
    pub(super) inputs: mpsc::Sender<Input>,
    /// Messages that were not sent, and frames that were not taken.
    pub(super) dropped: AtomicU64,
    pub(super) refused: AtomicU64,
    /// Why a node could not be reached the last time.
    pub(super) troubles: Mutex<BTreeMap<NodeId, String>>,
    pub(super) runtime: Handle,
    pub(super) stop: watch::Receiver<bool>,
}

/// The way to the other nodes.
#[derive(Debug)]
pub(super) struct Links {
    pub(super) net: Arc<Net>,
    ways: BTreeMap<NodeId, (mpsc::Sender<Envelope>, Arc<AtomicBool>)>,
    random: Random,
}

impl Links {
    pub(super) const fn new(net: Arc<Net>, random: Random) -> Self {
        Self { net, ways: BTreeMap::new(), random }
    }

    /// Opens a way to a node, if there is none yet.
    pub(super) fn open(&mut self, to: NodeId) {
        if to == self.net.me || self.ways.contains_key(&to) {
            return;
        }
        let (queue, sent) = mpsc::channel(QUEUE);
        let is_up = Arc::new(AtomicBool::new(false));
        let random = Random::new(self.random.next_u64());
        let link = Link { net: Arc::clone(&self.net), to, sent, is_up: Arc::clone(&is_up), random };
        let mut stop = self.net.stop.clone();
        self.net.runtime.spawn(async move {
            tokio::select! {
                () = link.run() => {}
                () = crate::connection::stopped(&mut stop) => {}
            }
        });
        self.ways.insert(to, (queue, is_up));
    }

    /// Sends a message, or drops it.
    pub(super) fn send(&mut self, to: NodeId, envelope: Envelope) {
        self.open(to);
        let is_sent = self
            .ways
            .get(&to)
            .is_some_and(|(queue, is_up)| is_up.load(Ordering::Relaxed) && queue.try_send(envelope).is_ok());
        if !is_sent {
            self.net.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether messages can be sent to a node.
    pub(super) fn is_up(&self, to: NodeId) -> bool {
        self.ways.get(&to).is_some_and(|(_, is_up)| is_up.load(Ordering::Relaxed))
    }
}

struct Link {
    net: Arc<Net>,
    to: NodeId,
    sent: mpsc::Receiver<Envelope>,
    is_up: Arc<AtomicBool>,
    random: Random,
}

impl Link {
    async fn run(mut self) {
        let mut identity = self.net.identity.clone();
        let mut failures = 0;
        loop {
            let mine = identity.borrow_and_update().clone();
            let Some(address) = mine.others.get(&self.to).copied().flatten() else {
                // It tells its address when it connects.
                if identity.changed().await.is_err() {
                    return;
                }
                continue;
            };
            match timeout(PATIENCE, self.greet(address, &mine))
                .await
                .unwrap_or_else(|_| Err("it does not answer".into()))
            {
                Ok(Some(stream)) => {
                    failures = 0;
                    self.trouble(None);
                    // What was meant for a connection that is gone is late.
                    while self.sent.try_recv().is_ok() {}
                    self.is_up.store(true, Ordering::Relaxed);
                    let ended = self.talk(stream, &mine, &mut identity).await;
                    self.is_up.store(false, Ordering::Relaxed);
                    tracing::info!(to = %self.to, "the connection ended: {ended}");
                }
                Ok(None) => {}
                Err(why) => self.trouble(Some(why)),
            }
            failures = (failures + 1).min(PAUSES_MAX);
            let pause = PAUSE * 2_u32.pow(failures);
            let jitter = Duration::from_millis(self.random.below(u64::try_from(pause.as_millis()).unwrap_or(0)));
            tokio::select! {
                () = sleep(pause + jitter) => {}
                _ = identity.changed() => {}
            }
        }
    }

    fn trouble(&self, why: Option<String>) {
        let mut troubles = self.net.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            None => _ = troubles.remove(&self.to),
            Some(why) => {
                if troubles.get(&self.to) != Some(&why) {
                    tracing::warn!(to = %self.to, "{why}");
                    troubles.insert(self.to, why);
                }
            }
        }
    }

    /// Connects and greets, and passes the answer to the machine. Returns the connection if both nodes know their lives.
    async fn greet(&self, address: SocketAddr, mine: &Identity) -> Result<Option<TcpStream>, String> {
        let (net, to) = (&self.net, self.to);
        let unreachable = |error: std::io::Error| format!("{to} at {address} cannot be reached: {error}");
        let mut stream = TcpStream::connect(address).await.map_err(unreachable)?;
        _ = stream.set_nodelay(true);
        let greeting = Greeting {
            cluster: Arc::clone(&net.cluster),
            proof: net.proof.to_vec(),
            from: net.me,
            to,
            address: Some(net.address),
            life: mine.life,
            disk: mine.disk,
            others: mine.list(),
        };
        let mut bytes = Vec::new();
        put_frame(&greeting.spoken(), &mut bytes);
        stream.write_all(&bytes).await.map_err(unreachable)?;
        let length = read_length(&mut stream, GREETING_MAX).await.map_err(unreachable)?;
        let bytes = read_bytes(&mut stream, length).await.map_err(unreachable)?;
        let answer = Answer::from_bytes(&bytes).ok_or_else(|| format!("{address} does not answer as a node does"))?;
        match &answer {
            Answer::Refused { sentence } => return Err(format!("{to} at {address} refuses this node: {sentence}")),
            Answer::Over { life } => tracing::warn!(%to, life, "that node knows a later life of this one"),
            Answer::Welcome { .. } => {}
        }
        let goes_on = matches!(answer, Answer::Welcome { life, .. } if life > 0 && mine.life > 0);
        _ = net.inputs.send(Input::Answered { from: to, to_life: mine.life, answer }).await;
        Ok(goes_on.then_some(stream))
    }

    /// Sends queued messages until the connection ends, or this node's life or the other's address changes.
    async fn talk(&mut self, stream: TcpStream, mine: &Identity, identity: &mut watch::Receiver<Identity>) -> String {
        let (mut from, mut to): (OwnedReadHalf, OwnedWriteHalf) = stream.into_split();
        let mut told = mine.others.clone();
        let mut bytes = Vec::with_capacity(WRITE);
        let mut byte = [0];
        loop {
            bytes.clear();
            tokio::select! {
                sent = self.sent.recv() => {
                    let Some(envelope) = sent else { return "this node ends".into() };
                    self.put(envelope, &mut bytes);
                    while bytes.len() < WRITE && let Ok(envelope) = self.sent.try_recv() {
                        self.put(envelope, &mut bytes);
                    }
                }
                changed = identity.changed() => {
                    let now = identity.borrow_and_update().clone();
                    if changed.is_err() || (now.life, now.disk) != (mine.life, mine.disk) {
                        return "this node begins a new life".into();
                    }
                    if now.others.get(&self.to) != mine.others.get(&self.to) {
                        return "it is elsewhere now".into();
                    }
                    if now.others != told {
                        put_frame(&Frame::Others(now.list()).to_bytes(), &mut bytes);
                        told = now.others;
                    }
                }
                // The other side says nothing more, so whatever comes is the end.
                read = from.read(&mut byte) => {
                    return read.map_or_else(|error| error.to_string(), |_| "the other side ended it".into());
                }
            }
            match timeout(PATIENCE, to.write_all(&bytes)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.to_string(),
                Err(_) => return "the other side takes nothing".into(),
            }
        }
    }

    fn put(&self, envelope: Envelope, out: &mut Vec<u8>) {
        let frame = Frame::Message(Box::new(envelope)).to_bytes();
        if frame.len() > FRAME_MAX {
            self.net.dropped.fetch_add(1, Ordering::Relaxed);
        } else {
            put_frame(&frame, out);
        }
    }
}

/// Lets other nodes in until it is time to stop.
pub(super) async fn listen(listener: TcpListener, net: Arc<Net>) {
    let (guests, room) = (Arc::new(Semaphore::new(GUESTS_MAX)), Arc::new(Semaphore::new(ROOM_KIB)));
    let mut stop = net.stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = crate::connection::stopped(&mut stop) => return,
        };
        let Ok((stream, _)) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        let Ok(guest) = Arc::clone(&guests).try_acquire_owned() else {
            net.refused.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let (net, room, mut stop) = (Arc::clone(&net), Arc::clone(&room), net.stop.clone());
        tokio::spawn(async move {
            let heard = tokio::select! {
                heard = hear(stream, &net, &room) => heard,
                () = crate::connection::stopped(&mut stop) => Ok(()),
            };
            if let Err(error) = heard {
                net.refused.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%error, "a node's connection ended");
            }
            drop(guest);
        });
    }
}

/// Reads one connection: the greeting, then the messages.
async fn hear(mut stream: TcpStream, net: &Net, room: &Arc<Semaphore>) -> std::io::Result<()> {
    _ = stream.set_nodelay(true);
    let spoken = timeout(PATIENCE, async {
        let length = read_length(&mut stream, GREETING_MAX).await?;
        read_bytes(&mut stream, length).await
    });
    let spoken = Spoken::read(&spoken.await??);
    let (answer, greeting) = answer(spoken, net).await;
    let mut bytes = Vec::new();
    put_frame(&answer.to_bytes(), &mut bytes);
    timeout(PATIENCE, stream.write_all(&bytes)).await??;
    let (Answer::Welcome { life, .. }, Some(greeting)) = (answer, greeting) else { return Ok(()) };
    if life == 0 || greeting.life == 0 {
        return Ok(());
    }
    let invalid = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    loop {
        let length = timeout(SILENCE, read_length(&mut stream, FRAME_MAX)).await??;
        let kib = u32::try_from(length.div_ceil(1024)).map_err(|_| invalid())?;
        let Ok(room) = Arc::clone(room).acquire_many_owned(kib).await else { return Ok(()) };
        let bytes = timeout(SILENCE, read_bytes(&mut stream, length)).await??;
        let input = match Frame::from_bytes(&bytes).ok_or_else(invalid)? {
            Frame::Message(envelope) => {
                // A node speaks for itself only, in the life that it greeted with.
                if envelope.from != greeting.from || envelope.incarnation != greeting.life {
                    return Err(invalid());
                }
                Input::Message { envelope, room }
            }
            Frame::Others(others) => Input::Others { others },
        };
        if net.inputs.send(input).await.is_err() {
            return Ok(());
        }
    }
}

/// The answer to a greeting.
async fn answer(spoken: Spoken, net: &Net) -> (Answer, Option<Greeting>) {
    let refused = |sentence: String| (Answer::Refused { sentence: sentence.into() }, None);
    let greeting = match spoken {
        Spoken::This(greeting) => *greeting,
        Spoken::Version(version) => {
            return refused(format!(
                "it speaks version {version}, and this node version {VERSION}: run one release on all nodes"
            ));
        }
        Spoken::Nothing => {
            return refused("that is no greeting of a node: this port is for the cluster's nodes".into());
        }
    };
    let Greeting { from, to, cluster, proof, .. } = &greeting;
    if *cluster != net.cluster {
        return refused(format!(
            "this is the cluster `{}`, not `{cluster}`: give both nodes one name with --cluster",
            net.cluster
        ));
    }
    if *proof != net.proof {
        return refused("its token is another one: give all nodes the same --token, or none".into());
    }
    if *to != net.me {
        return refused(format!("this is {}, not {to}: correct its address in --peers", net.me));
    }
    if *from == net.me {
        return refused(format!("{from} is this node itself: give each node its own --node"));
    }
    let (reply, answered) = oneshot::channel();
    let asked = net.inputs.send(Input::Greeted { greeting: Box::new(greeting.clone()), reply }).await;
    match answered.await.ok().filter(|_| asked.is_ok()) {
        Some(answer) => (answer, Some(greeting)),
        None => refused("this node ends".into()),
    }
}
