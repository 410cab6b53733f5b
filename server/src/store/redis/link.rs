//! The way to Redis: to one, or to the nodes of a Redis Cluster.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, Pipeline, RedisFuture, Value};
use tokio::sync::OnceCell;

/// The longest pause between two reconnects; pauses grow up to it, with jitter.
const RECONNECT_PAUSE_MAX: Duration = Duration::from_millis(500);
/// How often an operation follows when its slot has moved to another node, or its node has gone.
const REDIRECTS_MAX: u32 = 4;
/// The shortest and the longest pause before it follows, in milliseconds.
const REDIRECT_PAUSE_MS: (u64, u64) = (20, 200);

/// Connects at its first use, and again when the connection is lost.
#[derive(Clone)]
pub(super) enum Link {
    /// One Redis.
    One(ConnectionManager),
    /// Those of a cluster, each asked for the slots that it has.
    Cluster(Arc<Nodes>),
}

/// A Redis Cluster.
pub(super) struct Nodes {
    client: ClusterClient,
    connection: OnceCell<ClusterConnection>,
}

impl Link {
    /// To the Redis of that URL, which may take so long to be connected to, and at most so long to answer.
    pub(super) fn one(url: &str, timeout: Duration, longest: Duration) -> redis::RedisResult<Self> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(longest))
            .set_number_of_retries(1)
            .set_max_delay(RECONNECT_PAUSE_MAX);
        Ok(Self::One(redis::Client::open(url)?.get_connection_manager_lazy(config)?))
    }

    /// To the cluster that these are nodes of.
    pub(super) fn cluster(urls: &[String], timeout: Duration, longest: Duration) -> redis::RedisResult<Self> {
        let client = ClusterClient::builder(urls.iter().map(String::as_str))
            .connection_timeout(timeout)
            .response_timeout(longest)
            .retries(REDIRECTS_MAX)
            .min_retry_wait(REDIRECT_PAUSE_MS.0)
            .max_retry_wait(REDIRECT_PAUSE_MS.1)
            .build()?;
        Ok(Self::Cluster(Arc::new(Nodes { client, connection: OnceCell::new() })))
    }

    /// Whether keys that one script touches must name their common slot.
    pub(super) const fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }
}

impl Nodes {
    async fn connection(&self) -> redis::RedisResult<ClusterConnection> {
        self.connection.get_or_try_init(|| self.client.get_async_connection()).await.cloned()
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_cluster() { "Cluster" } else { "One" })
    }
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(command),
            Self::Cluster(nodes) => {
                Box::pin(async move { nodes.connection().await?.req_packed_command(command).await })
            }
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(connection) => connection.req_packed_commands(commands, offset, count),
            Self::Cluster(nodes) => {
                Box::pin(async move { nodes.connection().await?.req_packed_commands(commands, offset, count).await })
            }
        }
    }

    fn get_db(&self) -> i64 {
        0
    }
}
