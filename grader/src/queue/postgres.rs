//! The queue in PostgreSQL. A job in progress is a row that is locked on the worker's own connection: whenever the worker dies,
//! the connection and the lock end, and the next worker finds the row.

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool, Row as _, Transaction};
use tokio::runtime::Handle;

use super::job::{JOB_BYTES_MAX, OUTCOME_BYTES_MAX, PACK_BYTES_MAX};
use super::posting::{ABSENT_MS, CONNECT, KEPT_S, Posting, REFUSALS_MAX, Stage};

/// The queue in a database.
#[derive(Debug, Clone)]
pub(super) struct Postgres {
    pool: PgPool,
}

/// A job's row, locked until this is dropped.
#[derive(Debug)]
pub(super) struct Row {
    /// `None` after the job is finished.
    transaction: Option<Transaction<'static, sqlx::Postgres>>,
    /// The runtime on which the connection is returned or closed.
    runtime: Handle,
}

impl Drop for Row {
    fn drop(&mut self) {
        let _within = self.runtime.enter();
        drop(self.transaction.take());
    }
}

type Done<T> = Result<T, sqlx::Error>;

/// A fixed number of ours: programs that create the tables take turns by this lock.
const TABLES_LOCK: i64 = 0x0063_6163_6865_646f;

impl Postgres {
    pub(super) async fn open(url: &str, connections: u32) -> anyhow::Result<Self> {
        let options: PgConnectOptions = url.parse::<PgConnectOptions>()?.application_name("cachedojo grader");
        let options = options.disable_statement_logging();
        // One connection first: a pool would retry until its time is up, and then not say why.
        let first = tokio::time::timeout(CONNECT, PgConnection::connect_with(&options)).await;
        let mut first = first.map_err(|_| anyhow::anyhow!("it does not answer within {} s", CONNECT.as_secs()))??;
        make_tables(&mut first).await?;
        first.close().await?;
        let pool =
            PgPoolOptions::new().max_connections(connections).acquire_timeout(CONNECT).after_connect(|made, _| {
                Box::pin(async move {
                    // So that a machine that disappears is noticed within a minute, and its jobs are free again.
                    made.execute("SET tcp_keepalives_idle = 30").await?;
                    made.execute("SET tcp_keepalives_interval = 10").await?;
                    made.execute("SET tcp_keepalives_count = 3").await?;
                    made.execute("SET idle_in_transaction_session_timeout = 0").await?;
                    Ok(())
                })
            });
        Ok(Self { pool: pool.connect_lazy_with(options) })
    }

    pub(super) async fn put_pack(&self, digest: &str, bytes: &[u8]) -> Done<()> {
        let put = "INSERT INTO cachedojo_packs (digest, body) VALUES ($1, $2) ON CONFLICT (digest) DO UPDATE SET put_at = now()";
        sqlx::query(put).bind(digest).bind(bytes).execute(&self.pool).await.map(drop)
    }

    pub(super) async fn put(&self, posting: &Posting) -> Done<()> {
        let put = "INSERT INTO cachedojo_jobs (key, terms_id, terms, body) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING";
        let Posting { key, terms_id, terms, body } = posting;
        sqlx::query(put).bind(key).bind(terms_id).bind(terms).bind(body).execute(&self.pool).await.map(drop)
    }

    pub(super) async fn stages(&self, keys: &[&str]) -> Done<Vec<Option<Stage>>> {
        let there = "SELECT cachedojo_jobs.key IS NOT NULL, outcome IS NOT NULL FROM unnest($1) WITH ORDINALITY AS asked (key, number) \
                     LEFT JOIN cachedojo_jobs ON cachedojo_jobs.key = asked.key ORDER BY asked.number";
        let rows = sqlx::query(there).bind(keys).fetch_all(&self.pool).await?;
        let stage = |(is_there, is_done): (bool, bool)| match (is_there, is_done) {
            (false, _) => None,
            (true, false) => Some(Stage::Open),
            (true, true) => Some(Stage::Done),
        };
        rows.iter().map(|row| Ok(stage((row.try_get(0)?, row.try_get(1)?)))).collect()
    }

    pub(super) async fn outcome(&self, key: &str) -> Done<Option<Vec<u8>>> {
        let look = "SELECT outcome FROM cachedojo_jobs WHERE key = $1 AND octet_length(outcome) <= $2";
        let found = sqlx::query_scalar(look).bind(key).bind(bound(OUTCOME_BYTES_MAX));
        found.fetch_optional(&self.pool).await
    }

    pub(super) async fn forget(&self, key: &str) -> Done<()> {
        let forget = "WITH gone AS (DELETE FROM cachedojo_jobs WHERE key = $1 AND outcome IS NOT NULL RETURNING key) \
                      DELETE FROM cachedojo_attempts USING gone WHERE cachedojo_attempts.key = gone.key";
        sqlx::query(forget).bind(key).execute(&self.pool).await.map(drop)
    }

    pub(super) async fn workers(&self) -> Done<u64> {
        let count = "SELECT count(*) FROM cachedojo_workers WHERE seen_at > now() - $1 * interval '1 millisecond'";
        let count: i64 = sqlx::query_scalar(count).bind(f64::from(ABSENT_MS)).fetch_one(&self.pool).await?;
        Ok(count.unsigned_abs())
    }

    pub(super) async fn refusals(&self, terms_id: &str) -> Done<Vec<(u64, String)>> {
        let look = "SELECT worker, why FROM cachedojo_refusals JOIN cachedojo_workers ON number = worker \
                    WHERE terms_id = $1 AND seen_at > now() - $2 * interval '1 millisecond' ORDER BY worker LIMIT $3";
        let asked = sqlx::query(look).bind(terms_id).bind(f64::from(ABSENT_MS)).bind(i64::from(REFUSALS_MAX));
        let rows = asked.fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get::<i64, _>(0)?.unsigned_abs(), row.try_get(1)?))).collect()
    }

    pub(super) async fn enter(&self) -> Done<u64> {
        let enter = "INSERT INTO cachedojo_workers DEFAULT VALUES RETURNING number";
        let number: i64 = sqlx::query_scalar(enter).fetch_one(&self.pool).await?;
        Ok(number.unsigned_abs())
    }

    pub(super) async fn beat(&self, worker: u64) -> Done<()> {
        let beat = "UPDATE cachedojo_workers SET seen_at = now() WHERE number = $1";
        sqlx::query(beat).bind(number(worker)).execute(&self.pool).await.map(drop)
    }

    pub(super) async fn leave(&self, worker: u64) -> Done<()> {
        for leave in
            ["DELETE FROM cachedojo_workers WHERE number = $1", "DELETE FROM cachedojo_refusals WHERE worker = $1"]
        {
            sqlx::query(leave).bind(number(worker)).execute(&self.pool).await?;
        }
        Ok(())
    }

    pub(super) async fn take(&self, refused: &[&str]) -> Done<Option<(Posting, Row)>> {
        let take = "SELECT key, terms_id, terms, CASE WHEN octet_length(body) <= $2 THEN body ELSE ''::bytea END \
                    FROM cachedojo_jobs WHERE outcome IS NULL AND terms_id <> ALL ($1) \
                    ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED";
        let mut transaction = self.pool.begin().await?;
        let row = sqlx::query(take).bind(refused).bind(bound(JOB_BYTES_MAX)).fetch_optional(&mut *transaction).await?;
        let Some(row) = row else { return Ok(None) };
        let (key, terms_id, terms, body) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let posting = Posting { key, terms_id, terms, body };
        let row = Row { transaction: Some(transaction), runtime: Handle::current() };
        Ok(Some((posting, row)))
    }

    pub(super) async fn pack(&self, digest: &str) -> Done<Option<Vec<u8>>> {
        let look = "SELECT body FROM cachedojo_packs WHERE digest = $1 AND octet_length(body) <= $2";
        sqlx::query_scalar(look).bind(digest).bind(bound(PACK_BYTES_MAX)).fetch_optional(&self.pool).await
    }

    /// On another connection than the lock's: whatever that one has changed is undone when the worker dies.
    pub(super) async fn begin(&self, worker: u64, key: &str) -> Done<u64> {
        let begin = "INSERT INTO cachedojo_attempts (key, worker) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        sqlx::query(begin).bind(key).bind(number(worker)).execute(&self.pool).await?;
        let count = "SELECT count(*) FROM cachedojo_attempts WHERE key = $1";
        let count: i64 = sqlx::query_scalar(count).bind(key).fetch_one(&self.pool).await?;
        Ok(count.unsigned_abs())
    }

    pub(super) async fn finish(&self, key: &str, outcome: &[u8]) -> Done<()> {
        sqlx::query(FINISH).bind(key).bind(outcome).execute(&self.pool).await.map(drop)
    }

    pub(super) async fn let_go(&self, worker: u64, key: &str) -> Done<()> {
        let forget = "DELETE FROM cachedojo_attempts WHERE key = $1 AND worker = $2";
        sqlx::query(forget).bind(key).bind(number(worker)).execute(&self.pool).await.map(drop)
    }

    pub(super) async fn refuse(&self, worker: u64, terms_id: &str, why: &str) -> Done<()> {
        let refuse =
            "INSERT INTO cachedojo_refusals (terms_id, worker, why) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        sqlx::query(refuse).bind(terms_id).bind(number(worker)).bind(why).execute(&self.pool).await.map(drop)
    }
}

const FINISH: &str = "UPDATE cachedojo_jobs SET outcome = $2 WHERE key = $1 AND outcome IS NULL";

impl Row {
    pub(super) async fn finish(mut self, key: &str, outcome: &[u8]) -> Done<()> {
        let Some(mut transaction) = self.transaction.take() else { return Ok(()) };
        sqlx::query(FINISH).bind(key).bind(outcome).execute(&mut *transaction).await?;
        transaction.commit().await
    }
}

/// Creates missing tables, and deletes what nobody has collected for a long time.
async fn make_tables(connection: &mut PgConnection) -> Done<()> {
    let is_there = "SELECT to_regclass('cachedojo_jobs') IS NOT NULL";
    let mut transaction = connection.begin().await?;
    if !sqlx::query_scalar::<_, bool>(is_there).fetch_one(&mut *transaction).await? {
        // If two programs start at once, the second finds the tables of the first.
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(TABLES_LOCK).execute(&mut *transaction).await?;
        sqlx::raw_sql(include_str!("postgres.sql")).execute(&mut *transaction).await?;
    }
    for old in [
        "DELETE FROM cachedojo_jobs WHERE key IN (SELECT key FROM cachedojo_jobs \
         WHERE put_at < now() - $1 * interval '1 second' FOR UPDATE SKIP LOCKED)",
        "DELETE FROM cachedojo_packs WHERE put_at < now() - $1 * interval '1 second'",
        "DELETE FROM cachedojo_workers WHERE seen_at < now() - $1 * interval '1 second'",
        "DELETE FROM cachedojo_attempts WHERE at < now() - $1 * interval '1 second'",
        "DELETE FROM cachedojo_refusals WHERE at < now() - $1 * interval '1 second'",
    ] {
        sqlx::query(old).bind(f64::from(KEPT_S)).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

fn number(worker: u64) -> i64 {
    i64::try_from(worker).unwrap_or(i64::MAX)
}

fn bound(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}
