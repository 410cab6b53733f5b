//! Settings, their audit trail and the access log in SQLite or PostgreSQL: the tables of the API document, and one for the audit
//! trail.

mod access;
mod writer;

pub use access::Access;
pub use writer::AccessLog;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use cachedojo::protocol::rest::{Changed, Eviction, Named, Settings};
use sqlx::any::{AnyPoolOptions, AnyRow, install_default_drivers};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, Connection as _, Row as _, SqlStr};

/// Connections to PostgreSQL at a time.
const CONNECTIONS_MAX: u32 = 4;
/// How long a database may take to be reached at the start.
const OPENING: Duration = Duration::from_secs(10);
/// How long a statement waits for a connection to PostgreSQL; one that is refused is tried for again so long.
const CONNECTING: Duration = Duration::from_secs(5);
/// The most namespaces and changes that are read at the start: the engine's own limits.
const CHANGES_MAX: i64 = 100;
/// The rows of the access log that one statement writes where so many wait; SQLite takes 32766 parameters.
const ROWS_AT_ONCE: usize = 64;

/// The migrations of each kind of database: a version, what it does, and its statements.
const SQLITE: &[(i64, &str, &str)] = &[(1, "tables of the API document", include_str!("sqlite_1.sql"))];
const POSTGRES: &[(i64, &str, &str)] = &[(1, "tables of the API document", include_str!("postgres_1.sql"))];

/// How a column's time is converted to whole seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

/// A database, open and up to date.
#[derive(Debug, Clone)]
pub struct Database {
    pool: AnyPool,
    kind: Kind,
    /// Whether it is gone with this process, and nobody else can read it meanwhile.
    is_in_memory: bool,
    /// The rows of settings that were told to be wrong, and why.
    told: Arc<Mutex<BTreeMap<String, String>>>,
}

/// What the table of settings holds.
#[derive(Debug, Default)]
pub struct SettingsRows {
    /// The settings that could be read, by name.
    pub sound: Vec<Named>,
    /// The namespaces whose rows hold what is no setting.
    pub wrong: BTreeSet<String>,
}

impl Database {
    /// Opens `sqlite:PATH` (a missing file is created), `sqlite::memory:` or `postgres://…`, and migrates its tables.
    ///
    /// # Errors
    /// It cannot be reached, or its tables belong to a newer version.
    pub async fn open(url: &str) -> Result<Self> {
        install_default_drivers();
        let kind = if url.starts_with("sqlite:") { Kind::Sqlite } else { Kind::Postgres };
        let is_in_memory = url.contains(":memory:") || url.contains("mode=memory");
        let full = if kind == Kind::Sqlite && !is_in_memory && !url.contains('?') {
            format!("{url}?mode=rwc")
        } else {
            url.to_owned()
        };
        let not_opened =
            || format!("the database cannot be opened: name another with --database ({})", without_password(url));
        // One connection first, since a pool says only that none came in time, and not why.
        if kind == Kind::Postgres {
            let first = tokio::time::timeout(OPENING, sqlx::AnyConnection::connect(&full)).await;
            let first = first.with_context(|| format!("nobody answers within {} s", OPENING.as_secs()));
            first.with_context(not_opened)?.with_context(not_opened)?.close().await.with_context(not_opened)?;
        }
        // A database in memory exists only in its connection; SQLite has one writer at a time anyway.
        let connections = if kind == Kind::Sqlite { 1 } else { CONNECTIONS_MAX };
        let mut options = AnyPoolOptions::new().max_connections(connections);
        if kind == Kind::Postgres {
            options = options.acquire_timeout(CONNECTING);
        }
        if is_in_memory {
            options = options.idle_timeout(None).max_lifetime(None).min_connections(1);
        }
        let pool = options.connect(&full).await.with_context(not_opened)?;
        let database = Self { pool, kind, is_in_memory, told: Arc::default() };
        database.migrate().await.context("the database's tables could not be brought up to date")?;
        Ok(database)
    }

    /// Whether it is gone with this process, and nobody else can read it meanwhile.
    pub const fn is_in_memory(&self) -> bool {
        self.is_in_memory
    }

    async fn migrate(&self) -> Result<()> {
        let migrations = match self.kind {
            Kind::Sqlite => SQLITE,
            Kind::Postgres => POSTGRES,
        };
        let migrations = migrations.iter().map(|&(version, what, sql)| {
            Migration::new(version, what.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
        });
        Ok(Migrator::with_migrations(migrations.collect()).run(&self.pool).await?)
    }

    /// A time's whole seconds since 1970, in SQL.
    fn seconds(&self, column: &str) -> String {
        match self.kind {
            Kind::Sqlite => format!("CAST(strftime('%s', {column}) AS BIGINT)"),
            Kind::Postgres => format!("CAST(EXTRACT(EPOCH FROM {column}) AS BIGINT)"),
        }
    }

    /// A moment, given as whole seconds since 1970 in parameter `number`, in SQL. Times are in UTC.
    fn moment(&self, number: usize) -> String {
        match self.kind {
            Kind::Sqlite => format!("datetime(${number}, 'unixepoch')"),
            Kind::Postgres => format!("(to_timestamp(${number}) AT TIME ZONE 'UTC')"),
        }
    }

    /// Every namespace whose settings were set, with its last changes.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn namespaces(&self) -> Result<Vec<(Named, Vec<Changed>)>> {
        let mut all = Vec::new();
        for named in self.settings().await?.sound {
            let changes = self.changes(&named.name).await?;
            all.push((named, changes));
        }
        Ok(all)
    }

    /// Every namespace whose settings were set, by name. A row that holds what is no setting is left out, and told once.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn settings(&self) -> Result<SettingsRows> {
        let created = self.seconds("created_at");
        let sql = format!(
            "SELECT name, default_ttl, COALESCE(max_size_bytes, CAST(max_size_mb AS BIGINT) * 1048576) AS bytes, \
             eviction_policy, {created} AS created FROM cache_namespaces ORDER BY name"
        );
        let (mut kept, mut wrong) = (SettingsRows::default(), BTreeMap::new());
        for row in sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await? {
            let name: String = row.try_get("name")?;
            match read_row(&row, &name) {
                Ok(named) => kept.sound.push(named),
                Err(error) => _ = wrong.insert(name, format!("{error:#}")),
            }
        }
        kept.wrong = wrong.keys().cloned().collect();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for (namespace, why) in wrong.iter().filter(|(name, why)| told.get(*name) != Some(*why)) {
            tracing::warn!(namespace, why, "a row of settings is left out: correct it, or set the namespace anew");
        }
        *told = wrong;
        Ok(kept)
    }

    /// The last changes of a namespace's settings, the oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn changes(&self, namespace: &str) -> Result<Vec<Changed>> {
        let changed = self.seconds("changed_at");
        let sql = format!(
            "SELECT setting, old_value, new_value, {changed} AS changed FROM cache_audit WHERE namespace = $1 \
             ORDER BY id DESC LIMIT $2"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(namespace.to_owned()).bind(CHANGES_MAX);
        let mut changes = Vec::new();
        for row in query.fetch_all(&self.pool).await?.into_iter().rev() {
            changes.push(Changed {
                at_s: u64::try_from(row.try_get::<i64, _>("changed")?)?,
                setting: row.try_get("setting")?,
                old: row.try_get("old_value")?,
                new: row.try_get("new_value")?,
            });
        }
        Ok(changes)
    }

    /// Stores a namespace's settings with the changes that led to them: both or neither.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn keep(&self, named: &Named, changes: &[Changed]) -> Result<()> {
        let mut transaction = self.pool.begin().await?;
        let Settings { default_ttl_s, max_bytes, eviction } = named.settings;
        let created = self.moment(6);
        let sql = format!(
            "INSERT INTO cache_namespaces (name, default_ttl, max_size_mb, max_size_bytes, eviction_policy, created_at) \
             VALUES ($1, $2, $3, $4, $5, {created}) ON CONFLICT (name) DO UPDATE SET default_ttl = excluded.default_ttl, \
             max_size_mb = excluded.max_size_mb, max_size_bytes = excluded.max_size_bytes, \
             eviction_policy = excluded.eviction_policy"
        );
        let mebibytes = max_bytes.div_ceil(1024 * 1024).min(i32::MAX.unsigned_abs().into());
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(named.name.clone())
            .bind(i32::try_from(default_ttl_s)?)
            .bind(i32::try_from(mebibytes)?)
            .bind(i64::try_from(max_bytes)?)
            .bind(eviction.name())
            .bind(i64::try_from(named.created_at_s.unwrap_or_default())?)
            .execute(&mut *transaction)
            .await?;
        let changed = self.moment(5);
        for change in changes {
            let sql = format!(
                "INSERT INTO cache_audit (namespace, setting, old_value, new_value, changed_at) \
                 VALUES ($1, $2, $3, $4, {changed})"
            );
            sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(named.name.clone())
                .bind(change.setting.clone())
                .bind(change.old.clone())
                .bind(change.new.clone())
                .bind(i64::try_from(change.at_s)?)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Deletes a namespace's settings; the audit trail stays.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn forget(&self, namespace: &str) -> Result<()> {
        let query = sqlx::query("DELETE FROM cache_namespaces WHERE name = $1").bind(namespace.to_owned());
        query.execute(&self.pool).await?;
        Ok(())
    }

    /// Writes accesses in one transaction.
    async fn write(&self, rows: &[Access]) -> Result<()> {
        let mut transaction = self.pool.begin().await?;
        let (many, rest) = rows.as_chunks::<ROWS_AT_ONCE>();
        let together = self.insertion(ROWS_AT_ONCE);
        for rows in many {
            let query = sqlx::query(sqlx::AssertSqlSafe(together.clone()));
            bound(query, rows)?.execute(&mut *transaction).await?;
        }
        // One by one, so that there are two statements to prepare, not one for each number of rows.
        let alone = self.insertion(1);
        for row in rest {
            let query = sqlx::query(sqlx::AssertSqlSafe(alone.clone()));
            bound(query, std::slice::from_ref(row))?.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The statement that writes so many accesses.
    fn insertion(&self, rows: usize) -> String {
        let row = |number: usize| {
            let [namespace, pattern, operation, hit, latency, at] = [1, 2, 3, 4, 5, 6].map(|place| number * 6 + place);
            format!("(${namespace}, ${pattern}, ${operation}, ${hit}, ${latency}, {})", self.moment(at))
        };
        let rows: Vec<String> = (0..rows).map(row).collect();
        let columns = "namespace, key_pattern, operation, hit, latency_ms, timestamp";
        format!("INSERT INTO cache_access_logs ({columns}) VALUES {}", rows.join(", "))
    }
}

/// The settings in a row.
fn read_row(row: &AnyRow, name: &str) -> Result<Named> {
    // All but the name may be empty: then the default counts.
    let mut settings = Settings::default();
    if let Some(policy) = row.try_get::<Option<String>, _>("eviction_policy")? {
        settings.eviction = Eviction::from_name(&policy)
            .with_context(|| format!("cache_namespaces: `{policy}`, the policy of `{name}`, is none"))?;
    }
    let least_one = |column: &str, number: i64| {
        let number = u64::try_from(number).ok().filter(|number| *number > 0);
        number.with_context(|| format!("cache_namespaces: `{column}` of `{name}` must be 1 or more, or empty"))
    };
    if let Some(ttl_s) = row.try_get::<Option<i32>, _>("default_ttl")? {
        settings.default_ttl_s = least_one("default_ttl", ttl_s.into())?;
    }
    if let Some(bytes) = row.try_get::<Option<i64>, _>("bytes")? {
        settings.max_bytes = least_one("max_size_bytes", bytes)?;
    }
    let created = row.try_get::<Option<i64>, _>("created")?;
    let created_at_s = created.and_then(|created| u64::try_from(created).ok());
    Ok(Named { name: name.to_owned(), settings, created_at_s })
}

type AnyQuery<'a> = sqlx::query::Query<'a, sqlx::Any, sqlx::any::AnyArguments>;

/// The statement with what these rows hold.
fn bound<'a>(query: AnyQuery<'a>, rows: &[Access]) -> Result<AnyQuery<'a>> {
    rows.iter().try_fold(query, |query, row| {
        let query = query.bind(row.namespace.clone()).bind(row.key_pattern.clone()).bind(row.operation);
        Ok(query.bind(row.hit).bind(row.latency_ms).bind(i64::try_from(row.at_s)?))
    })
}

/// A database's address without its password.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => url.to_owned(),
    }
}
