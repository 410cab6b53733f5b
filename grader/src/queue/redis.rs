//! The queue in Redis. A worker that takes a job writes its number beside it, and sends a heartbeat every few seconds; a worker
//! without a heartbeat loses its jobs.

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{FromRedisValue, Script, cmd};
use std::time::Duration;

use super::job::{JOB_BYTES_MAX, OUTCOME_BYTES_MAX, PACK_BYTES_MAX};
use super::posting::{ABSENT_MS, CONNECT, KEPT_S, Posting, REFUSALS_MAX, Stage};

/// How long an answer may take once the queue has answered before: the answer may be large.
const ANSWER: Duration = Duration::from_secs(30);
/// The beginning of all keys. The braces keep them in one slot of a Redis cluster.
const PREFIX: &str = "{cachedojo}:";

/// The queue in a Redis server.
#[derive(Clone)]
pub(super) struct Redis {
    connection: ConnectionManager,
    script: Script,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

type Done<T> = Result<T, redis::RedisError>;

impl Redis {
    pub(super) async fn open(url: &str) -> anyhow::Result<Self> {
        let client = ::redis::Client::open(url)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER))
            .set_number_of_retries(0);
        let opening = tokio::time::timeout(CONNECT, client.get_connection_manager_with_config(config)).await;
        let mut connection =
            opening.map_err(|_| anyhow::anyhow!("it does not answer within {} s", CONNECT.as_secs()))??;
        cmd("PING").query_async::<()>(&mut connection).await?;
        Ok(Self { connection, script: Script::new(include_str!("redis.lua")) })
    }

    pub(super) async fn put_pack(&self, digest: &str, bytes: &[u8]) -> Done<()> {
        self.ask(cmd("SET").arg(key("pack", digest)).arg(bytes).arg("EX").arg(KEPT_S)).await
    }

    pub(super) async fn put(&self, posting: &Posting) -> Done<()> {
        let Posting { key, terms_id, terms, body } = posting;
        let mut call = self.script.arg("PUT");
        call.arg(key).arg(terms_id).arg(terms).arg(body).arg(KEPT_S);
        self.run(&call).await
    }

    pub(super) async fn stages(&self, keys: &[&str]) -> Done<Vec<Option<Stage>>> {
        let mut stages = Vec::with_capacity(keys.len());
        for keys in keys.chunks(500) {
            let mut asked = redis::pipe();
            for key in keys {
                asked.exists(self::key("outcome", key)).exists(self::key("job", key));
            }
            let found: Vec<bool> = asked.query_async(&mut self.connection.clone()).await?;
            stages.extend(found.chunks(2).map(|pair| match pair {
                [true, _] => Some(Stage::Done),
                [_, true] => Some(Stage::Open),
                _ => None,
            }));
        }
        Ok(stages)
    }

    pub(super) async fn outcome(&self, key: &str) -> Done<Option<Vec<u8>>> {
        self.bounded(&self::key("outcome", key), OUTCOME_BYTES_MAX).await
    }

    pub(super) async fn forget(&self, key: &str) -> Done<()> {
        self.ask(cmd("DEL").arg(self::key("outcome", key))).await
    }

    pub(super) async fn workers(&self) -> Done<u64> {
        self.run(&self.script.arg("WORKERS")).await
    }

    pub(super) async fn refusals(&self, terms_id: &str) -> Done<Vec<(u64, String)>> {
        let mut found: Vec<(u64, String)> =
            self.run(self.script.arg("REFUSALS").arg(terms_id).arg(REFUSALS_MAX)).await?;
        found.sort_unstable();
        Ok(found)
    }

    pub(super) async fn enter(&self) -> Done<u64> {
        let worker = self.ask(cmd("INCR").arg(format!("{PREFIX}workers_ever"))).await?;
        self.beat(worker).await?;
        Ok(worker)
    }

    pub(super) async fn beat(&self, worker: u64) -> Done<()> {
        self.run(self.script.arg("BEAT").arg(worker).arg(ABSENT_MS)).await
    }

    pub(super) async fn leave(&self, worker: u64) -> Done<()> {
        self.run(self.script.arg("LEAVE").arg(worker)).await
    }

    pub(super) async fn take(&self, worker: u64, refused: &[&str]) -> Done<Option<Posting>> {
        // A worker that counted as gone is back.
        self.beat(worker).await?;
        let mut call = self.script.arg("TAKE");
        call.arg(worker).arg(JOB_BYTES_MAX);
        for terms_id in refused {
            call.arg(*terms_id);
        }
        let found: Option<(String, String, String, Vec<u8>)> = self.run(&call).await?;
        Ok(found.map(|(key, terms_id, terms, body)| Posting { key, terms_id, terms, body }))
    }

    pub(super) async fn pack(&self, digest: &str) -> Done<Option<Vec<u8>>> {
        self.bounded(&key("pack", digest), PACK_BYTES_MAX).await
    }

    pub(super) async fn begin(&self, worker: u64, key: &str) -> Done<u64> {
        self.run(self.script.arg("BEGIN").arg(key).arg(worker)).await
    }

    pub(super) async fn finish(&self, key: &str, outcome: &[u8]) -> Done<()> {
        let mut call = self.script.arg("FINISH");
        call.arg(key).arg(outcome).arg(KEPT_S);
        self.run(&call).await
    }

    pub(super) async fn let_go(&self, worker: u64, key: &str) -> Done<()> {
        self.run(self.script.arg("LET_GO").arg(key).arg(worker)).await
    }

    pub(super) async fn refuse(&self, worker: u64, terms_id: &str, why: &str) -> Done<()> {
        let hash = key("refusals", terms_id);
        let mut both = redis::pipe();
        both.hset(&hash, worker, why).ignore().expire(&hash, i64::from(KEPT_S)).ignore();
        both.query_async(&mut self.connection.clone()).await
    }

    async fn bounded(&self, key: &str, bytes_max: usize) -> Done<Option<Vec<u8>>> {
        let bytes: usize = self.ask(cmd("STRLEN").arg(key)).await?;
        if bytes == 0 || bytes > bytes_max {
            return Ok(None);
        }
        self.ask(cmd("GET").arg(key)).await
    }

    async fn ask<T: FromRedisValue>(&self, command: &redis::Cmd) -> Done<T> {
        command.query_async(&mut self.connection.clone()).await
    }

    async fn run<T: FromRedisValue>(&self, call: &redis::ScriptInvocation<'_>) -> Done<T> {
        call.invoke_async(&mut self.connection.clone()).await
    }
}

fn key(kind: &str, name: &str) -> String {
    format!("{PREFIX}{kind}:{name}")
}
