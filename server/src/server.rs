//! Sockets are opened, served and closed again.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::connection::{self, Door, HTTP_SORRY};
use crate::metrics::{Gauge, Metrics};
use crate::service::{self, Service};
use crate::time::Time;

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    memcached_address: Option<SocketAddr>,
    farewell: Duration,
    stop: watch::Sender<bool>,
    /// Ends when everybody has left.
    inside: mpsc::Receiver<Infallible>,
    doors: Vec<JoinHandle<()>>,
}

impl Server {
    /// Opens the sockets and begins to serve; must be called on a tokio runtime.
    ///
    /// # Errors
    /// A socket cannot be had.
    pub async fn start(config: Config) -> Result<Self> {
        let time = if config.virtual_clock { Time::standing() } else { Time::host() };
        Self::start_at(config, time).await
    }

    /// Does the same in the given time.
    ///
    /// # Errors
    /// A socket cannot be had.
    pub async fn start_at(config: Config, time: Time) -> Result<Self> {
        raise_descriptor_limit();
        let listener = listen(config.listen, "listen").await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let (inside, left) = mpsc::channel(1);
        let metrics = Arc::new(Metrics::default());
        let service = Arc::new(Service::new(&config, time, Arc::clone(&metrics)));
        let door = Door::new(config.connections_max, config.timeout, metrics, stopped, inside);
        let routes = Router::new().fallback(service::answer).with_state(service);
        let serve = move |visit| connection::serve_http(visit, routes.clone());
        let doors = vec![tokio::spawn(door.open(listener, Gauge::Http, HTTP_SORRY, serve))];
        tracing::info!(%address, "serving HTTP");
        Ok(Self { address, memcached_address: None, farewell: config.farewell, stop, inside: left, doors })
    }

    /// Where HTTP is answered.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The address of that.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where memcached's protocol is answered.
    pub const fn memcached_address(&self) -> Option<SocketAddr> {
        self.memcached_address
    }

    /// Serves until `stop` comes, then lets those finish who are being answered, but not for longer than the farewell.
    pub async fn serve_until(mut self, stop: impl Future<Output = ()>) {
        stop.await;
        tracing::info!("stopping");
        _ = self.stop.send(true);
        for door in self.doors {
            _ = door.await;
        }
        if tokio::time::timeout(self.farewell, self.inside.recv()).await.is_err() {
            tracing::warn!("some were still being answered when the time for that was over");
        }
        tracing::info!("stopped");
    }
}

async fn listen(address: SocketAddr, setting: &str) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{address} cannot be had: name another with --{setting}, or port 0 for any free one"))
}

/// A connection takes a descriptor, and many machines allow 1024 by default and far more on demand.
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
