//! Opens sockets, serves them, and closes them.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result};
use cachedojo::protocol::rest::Machine;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::cluster::{Cluster, NodeThread};
use crate::config::{Config, StoreUrl};
use crate::connection::{self, Door, HTTP_SORRY};
use crate::database::{AccessLog, Database};
use crate::memcached::{self, Memcached};
use crate::metrics::{Gauge, Metrics};
use crate::random::random_number;
use crate::service::{Parts, Service};
use crate::store::{RedisStore, Store};
use crate::time::Time;

/// The most connections that wait to be accepted: a further client would try again only after a second.
const WAITING_MAX: u32 = 4096;

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    is_tls: bool,
    memcached_address: Option<SocketAddr>,
    farewell: Duration,
    stop: watch::Sender<bool>,
    /// Ends when all connections have ended.
    inside: mpsc::Receiver<Infallible>,
    doors: Vec<JoinHandle<()>>,
    /// Ends when the last row of the access log has been written.
    writer: JoinHandle<()>,
    node: Option<(SocketAddr, NodeThread)>,
}

impl Server {
    /// Opens the sockets and starts to serve; must be called on a tokio runtime.
    ///
    /// # Errors
    /// A socket cannot be opened.
    pub async fn start(config: Config) -> Result<Self> {
        let time = if config.virtual_clock { Time::standing() } else { Time::host() };
        Self::start_at(config, time).await
    }

    /// The same with a given time.
    ///
    /// # Errors
    /// A socket cannot be opened.
    pub async fn start_at(config: Config, time: Time) -> Result<Self> {
        raise_descriptor_limit();
        let listener = listen(config.listen, "listen")?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let (inside, left) = mpsc::channel(1);
        let metrics = Arc::new(Metrics::default());
        let memcached = config.memcached.map(|_| Arc::new(Memcached::new(config.memory_bytes_max, time.clone())));
        let store = open_store(&config, &time)?;
        let database = Database::open(&config.database).await?;
        for (named, changes) in database.namespaces().await? {
            let restored = store.with_machine(|machine| machine.restore(&named, changes, time.now()));
            restored.with_context(|| format!("the settings of `{}` could not be taken over", named.name))?;
        }
        let (log, writer) = AccessLog::start(database.clone(), config.access_log);
        let is_alone = database.is_in_memory();
        if matches!(config.store, StoreUrl::Memory) {
            let settings = if is_alone { "entries and settings" } else { "entries" };
            tracing::info!("{settings} are in this process's memory, and gone when it ends");
        }
        let (cluster, node) = match config.node.clone() {
            Some(node) => {
                let (id, address) = (node.id, node.address());
                let listener = bind(address).with_context(|| {
                    format!(
                        "{address}, which --peers gives to {id}, cannot be had: end the {id} that runs already, or give {id} another address on all nodes"
                    )
                })?;
                let (cluster, ending) = Cluster::start(node, listener, stopped.clone())?;
                let address = cluster.address();
                tracing::info!(%address, node = %cluster.id(), "a node of a cluster");
                (Some(cluster), Some((address, ending)))
            }
            None => (None, None),
        };
        let (memcached_parts, metrics_parts) = (memcached.clone(), Arc::clone(&metrics));
        let parts = Parts { store, database, log, time, metrics: metrics_parts, memcached: memcached_parts, cluster };
        let service = Arc::new(Service::new(&config, parts));
        // So that a store that is of no use is told now, and not only when the first client fails.
        let asked = Arc::clone(&service);
        tokio::spawn(async move { asked.look_at_store().await });
        if !is_alone {
            tokio::spawn(Arc::clone(&service).follow(config.following, stopped.clone()));
        }
        let door = Door::new(config.connections_max, config.timeout, metrics, stopped, inside);
        let answer = move |request| {
            let service = Arc::clone(&service);
            async move { service.answer(request).await }
        };
        let (is_tls, has_token) = (config.tls.is_some(), config.token.is_some());
        let http = match config.tls {
            None => {
                let serve = move |visit| connection::serve_http(visit, answer.clone());
                tokio::spawn(door.clone().open(listener, Gauge::Http, HTTP_SORRY, serve))
            }
            Some(tls) => {
                let tls = TlsAcceptor::from(tls);
                let serve = move |visit| connection::serve_https(visit, answer.clone(), tls.clone());
                // Whoever is turned away has not been heard yet, so nothing that it would understand can be said.
                tokio::spawn(door.clone().open(listener, Gauge::Http, b"", serve))
            }
        };
        let mut doors = vec![http];
        tracing::info!(%address, is_tls, "serving HTTP");
        let mut memcached_address = None;
        if let (Some(address), Some(memcached)) = (config.memcached, memcached) {
            let listener = listen(address, "memcached")?;
            let address = listener.local_addr()?;
            memcached_address = Some(address);
            let serve = move |visit| memcached::serve(visit, Arc::clone(&memcached));
            doors.push(tokio::spawn(door.open(listener, Gauge::Memcached, memcached::SORRY, serve)));
            tracing::info!(%address, "serving memcached");
            if has_token {
                tracing::warn!(%address, "memcached's protocol asks nobody for the token: let only those reach it who may");
            }
        }
        let farewell = config.farewell;
        Ok(Self { address, is_tls, memcached_address, farewell, stop, inside: left, doors, writer, node })
    }

    /// The URL for HTTP or HTTPS.
    pub fn url(&self) -> String {
        format!("{}://{}/", if self.is_tls { "https" } else { "http" }, self.address)
    }

    /// Its address.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for memcached's protocol.
    pub const fn memcached_address(&self) -> Option<SocketAddr> {
        self.memcached_address
    }

    /// The address for the cluster's other nodes, if this is a node.
    pub fn node_address(&self) -> Option<SocketAddr> {
        self.node.as_ref().map(|(address, _)| *address)
    }

    /// Ends with the reason when the cluster's node ends by itself: its disk cannot be written, or an invariant is broken. To be
    /// called once; without a node it never ends.
    pub fn node_failure(&mut self) -> impl Future<Output = String> + use<> {
        let failed = self.node.as_mut().and_then(|(_, ending)| ending.failure());
        async move {
            match failed {
                Some(failed) => failed.await.unwrap_or_else(|_| "the node's thread ended".to_owned()),
                None => std::future::pending().await,
            }
        }
    }

    /// Serves until `stop` completes, then lets requests in progress finish, but no longer than the farewell.
    pub async fn serve_until(mut self, stop: impl Future<Output = ()>) {
        stop.await;
        tracing::info!("stopping");
        _ = self.stop.send(true);
        for door in self.doors {
            _ = door.await;
        }
        if let Some((_, ending)) = self.node {
            ending.end().await;
        }
        if tokio::time::timeout(self.farewell, self.inside.recv()).await.is_err() {
            tracing::warn!("some were still being answered when the time for that was over");
        }
        if tokio::time::timeout(self.farewell, self.writer).await.is_err() {
            tracing::warn!("the last rows of the access log could not be written in time");
        }
        tracing::info!("stopped");
    }
}

/// The store that the configuration names.
fn open_store(config: &Config, time: &Time) -> Result<Store> {
    let machine = Machine::with_limits(time.unix_base_s(), config.limits()).with_hash_seed(random_number());
    let times = (config.store_timeout, config.timeout);
    Ok(match &config.store {
        StoreUrl::Memory => Store::Memory(Mutex::new(machine)),
        StoreUrl::Redis(url) => Store::Redis(Box::new(RedisStore::new(url, times, machine)?)),
        StoreUrl::RedisCluster(urls) => Store::Redis(Box::new(RedisStore::of_cluster(urls, times, machine)?)),
    })
}

fn listen(address: SocketAddr, setting: &str) -> Result<TcpListener> {
    bind(address).map_err(|error| {
        let to_do = if error.kind() == std::io::ErrorKind::AddrNotAvailable {
            "no network of this machine has it: name one of its own"
        } else {
            "name another"
        };
        let free = if error.kind() == std::io::ErrorKind::AddrInUse { ", or port 0 for any free one" } else { "" };
        anyhow::Error::new(error).context(format!("{address} cannot be had: {to_do} with --{setting}{free}"))
    })
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // So that a port that was in use a moment ago can be opened at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING_MAX)
}

/// A connection needs a descriptor; many systems allow 1024 by default and far more on request.
#[cfg(unix)]
fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if setrlimit(Resource::Nofile, limit).is_err() {
        tracing::warn!("the limit of open files could not be raised");
    }
}

#[cfg(not(unix))]
fn raise_descriptor_limit() {}
