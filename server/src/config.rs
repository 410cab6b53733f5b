//! Configuration: flags override the environment, which overrides the file, which overrides defaults; all of it is
//! checked before anything is opened.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cachedojo::protocol::rest::Limits;
use tokio_rustls::rustls::ServerConfig;
use tracing::level_filters::LevelFilter;

use crate::cluster::settings::{self as node_settings, NodeSettings, WrongNode};
use crate::tls;

/// How often the database is asked for settings that another service changed.
const FOLLOWING: Duration = Duration::from_secs(2);

/// What `--help` says after the flags.
const ELSEWHERE: &str = "Each setting may stand in the environment (CACHEDOJO_MEMORY_MB=200) and in the file (memory-mb = 200) as well: \
    a flag goes before the environment, and that before the file.\nExit codes: 0 told to stop, and stopped; 1 it could not start, or \
    went on no longer; 2 a setting is wrong.";

/// The flags. Each may stand in the environment as well (`CACHEDOJO_LISTEN` for `--listen`), and in the file that
/// `--config` names (`listen = "…"`).
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Parser)]
#[command(name = "cachedojo-server", version, about = "A cache over HTTP and the memcached protocol", after_help = ELSEWHERE)]
pub struct Flags {
    /// A TOML file with any of these settings
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where HTTP is answered [default: 127.0.0.1:8080; port 0: any free one]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Answer HTTPS instead: a PEM file with the certificate, then those that vouch for it
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<String>,
    /// The PEM file with the certificate's private key
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<String>,
    /// Where the memcached text protocol is answered, to whoever connects: it has no tokens [default: nowhere]
    #[arg(long, value_name = "ADDR")]
    pub memcached: Option<String>,
    /// Where the entries are: memory, redis://HOST:PORT, or redis+cluster://HOST:PORT,HOST:PORT… [default: memory]
    #[arg(long, value_name = "STORE")]
    pub store: Option<String>,
    /// Where settings and the access log are: sqlite:PATH or postgres://… [default: `sqlite::memory:`, without an access log]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Whether each request becomes a row of the database's table `cache_access_logs`, which nobody shortens but you: on or off
    /// [default: on]
    #[arg(long, value_name = "ON")]
    pub access_log: Option<String>,
    /// How long the store may take to answer, in milliseconds [default: 1000]
    #[arg(long, value_name = "N")]
    pub store_timeout_ms: Option<String>,
    /// What every request over HTTP but `/health` must present: `Authorization: Bearer …`. Better in the environment or the file
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// All entries, in MiB of keys, values and tags [default: 100]
    #[arg(long, value_name = "N")]
    pub memory_mb: Option<String>,
    /// A node of a cluster: over so many MiB of keys and values it evicts the least recently used, on all replicas [default: it evicts
    /// nothing, and refuses writes when it is full]. Give all nodes the same, below memory-mb
    #[arg(long, value_name = "N")]
    pub evict_mb: Option<String>,
    /// The largest value, in bytes of its JSON text without a text's quotes [default: 1048576]
    #[arg(long, value_name = "N")]
    pub value_bytes: Option<String>,
    /// The largest body of a request, in bytes [default: 8388608]
    #[arg(long, value_name = "N")]
    pub body_bytes: Option<String>,
    /// Connections at a time; of more, some are told to come back and others just closed [default: 4096]
    #[arg(long, value_name = "N")]
    pub connections: Option<String>,
    /// How long a request may take to come and to be answered, in milliseconds [default: 10000]
    #[arg(long, value_name = "N")]
    pub timeout_ms: Option<String>,
    /// How long those who are being answered at the end may take, in milliseconds [default: 5000]
    #[arg(long, value_name = "N")]
    pub farewell_ms: Option<String>,
    /// What is logged: off, error, warn, info or debug, which is every request [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub log: Option<String>,
    /// host, or virtual: time stands still but for the header `X-Cache-Clock: MILLISECONDS` [default: host]
    #[arg(long, value_name = "CLOCK")]
    pub clock: Option<String>,
    /// Which node of a cluster this is: n1 to n63 [default: none, and no cluster]
    #[arg(long, value_name = "ID")]
    pub node: Option<String>,
    /// The cluster's nodes, this one among them: n1=ADDR,n2=ADDR,… Those who found it name the same ones
    #[arg(long, value_name = "NODES")]
    pub peers: Option<String>,
    /// The cluster's name [default: cachedojo]
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// Where the node keeps what must outlive it [default: the folder NAME-ID]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<String>,
}

/// A complete, valid configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address for HTTP.
    pub listen: SocketAddr,
    /// What HTTPS connections are accepted with; without, HTTP is plain.
    pub tls: Option<Arc<ServerConfig>>,
    /// The address for memcached's protocol.
    pub memcached: Option<SocketAddr>,
    /// The store of entries.
    pub store: StoreUrl,
    /// The database of settings and the access log.
    pub database: String,
    /// Whether each request becomes a row of the access log, where the database is not in memory.
    pub access_log: bool,
    /// How long the store may take to answer.
    pub store_timeout: Duration,
    /// The token that every request must have.
    pub token: Option<String>,
    /// All entries, in bytes.
    pub memory_bytes_max: usize,
    /// The largest value, in bytes of its JSON text without a text's quotes.
    pub value_bytes_max: usize,
    /// The largest body, in bytes.
    pub body_bytes_max: usize,
    /// Connections at a time.
    pub connections_max: usize,
    /// How long a request may take.
    pub timeout: Duration,
    /// How long requests in progress may take at the end.
    pub farewell: Duration,
    /// How often the database is asked for settings that another service changed.
    pub following: Duration,
    /// The log level.
    pub log: LevelFilter,
    /// Whether time moves only by the header `X-Cache-Clock`.
    pub virtual_clock: bool,
    /// Which node of a cluster it is, if it is one.
    pub node: Option<NodeSettings>,
}

/// The store of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// In this process.
    Memory,
    /// In the Redis of that URL.
    Redis(String),
    /// In the Redis Cluster that has the Redis of these URLs among its own.
    RedisCluster(Vec<String>),
}

/// What is wrong with a configuration: which setting, where it was given, and what would be valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake(String);

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistake {}

/// How a setting is reached in [`Flags`].
type Access = fn(&mut Flags) -> &mut Option<String>;
const SETTINGS: &[(&str, Access)] = &[
    ("listen", |flags| &mut flags.listen),
    ("tls-cert", |flags| &mut flags.tls_cert),
    ("tls-key", |flags| &mut flags.tls_key),
    ("memcached", |flags| &mut flags.memcached),
    ("store", |flags| &mut flags.store),
    ("database", |flags| &mut flags.database),
    ("access-log", |flags| &mut flags.access_log),
    ("store-timeout-ms", |flags| &mut flags.store_timeout_ms),
    ("token", |flags| &mut flags.token),
    ("memory-mb", |flags| &mut flags.memory_mb),
    ("evict-mb", |flags| &mut flags.evict_mb),
    ("value-bytes", |flags| &mut flags.value_bytes),
    ("body-bytes", |flags| &mut flags.body_bytes),
    ("connections", |flags| &mut flags.connections),
    ("timeout-ms", |flags| &mut flags.timeout_ms),
    ("farewell-ms", |flags| &mut flags.farewell_ms),
    ("log", |flags| &mut flags.log),
    ("clock", |flags| &mut flags.clock),
    ("node", |flags| &mut flags.node),
    ("peers", |flags| &mut flags.peers),
    ("cluster", |flags| &mut flags.cluster),
    ("data", |flags| &mut flags.data),
];

/// The variables of these that look like a setting and are none: nothing reads them.
pub fn unread(names: impl Iterator<Item = String>) -> Vec<String> {
    // The grader's own, on a machine that has both.
    let known = ["CACHEDOJO_CONFIG", "CACHEDOJO_CACHE", "CACHEDOJO_PLAYGROUND"].map(str::to_owned);
    let known: Vec<String> = known.into_iter().chain(SETTINGS.iter().map(|(name, _)| variable(name))).collect();
    names.filter(|name| name.starts_with("CACHEDOJO_") && !known.contains(name)).collect()
}

/// The name of a setting in the environment.
fn variable(name: &str) -> String {
    format!("CACHEDOJO_{}", name.to_ascii_uppercase().replace('-', "_"))
}

/// The settings in a file: each a text or a whole number.
fn read_file(text: &str) -> Result<BTreeMap<String, String>, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
        format!("line {line} is no TOML ({}): write settings such as memory-mb = 200", error.message())
    })?;
    let setting = |(name, value): (String, toml::Value)| match value {
        _ if !SETTINGS.iter().any(|(known, _)| *known == name) => {
            let known = SETTINGS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            Err(format!("there is no setting `{name}`: the settings are {known}"))
        }
        toml::Value::String(text) => Ok((name, text)),
        toml::Value::Integer(number) => Ok((name, number.to_string())),
        _ => Err(format!("{name} is neither a text nor a whole number: write {name} = \"…\"")),
    };
    table.into_iter().map(setting).collect()
}

/// Settings, each with the place where it was given.
struct Given(Vec<(&'static str, String, String)>);

impl Config {
    /// The configuration that results from flags, environment and file.
    ///
    /// # Errors
    /// The first invalid setting, in one sentence.
    pub fn new(flags: &Flags, environment: impl Fn(&str) -> Option<String>) -> Result<Self, Mistake> {
        let given = Given::gather(flags, environment)?;
        let config = Self {
            listen: given.address("listen")?.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            tls: given.tls()?,
            memcached: given.address("memcached")?,
            store: given.store()?,
            database: given.database()?,
            access_log: given.one_of("access-log", &["on", "off"], "on")? == "on",
            store_timeout: given.milliseconds("store-timeout-ms", 1_000)?,
            token: given.token()?,
            memory_bytes_max: given.number("memory-mb", 1, 1 << 20, 100)? << 20,
            value_bytes_max: given.number("value-bytes", 1, 1 << 30, 1 << 20)?,
            body_bytes_max: given.number("body-bytes", 1024, 1 << 30, 8 << 20)?,
            connections_max: given.number("connections", 1, 1_000_000, 4096)?,
            timeout: given.milliseconds("timeout-ms", 10_000)?,
            farewell: given.milliseconds("farewell-ms", 5_000)?,
            following: FOLLOWING,
            log: given.one_of("log", &["off", "error", "warn", "info", "debug"], "info")?.parse().expect("a level"),
            virtual_clock: given.one_of("clock", &["host", "virtual"], "host")? == "virtual",
            node: given.cluster_node()?,
        };
        if config.node.is_some() && config.virtual_clock {
            return Err(Mistake(
                "the nodes of a cluster follow their machines' clocks: leave out clock or node".into(),
            ));
        }
        if let Some((address, one, other)) = config.address_twice() {
            return Err(Mistake(format!("{address} is given to {one} and to {other}: give each its own")));
        }
        if config.body_bytes_max < config.value_bytes_max {
            let (body, value) = (config.body_bytes_max, config.value_bytes_max);
            return Err(Mistake(format!(
                "a body of {body} bytes cannot hold a value of {value}: raise body-bytes or lower value-bytes"
            )));
        }
        Ok(config)
    }

    /// An address that two settings name, and which.
    fn address_twice(&self) -> Option<(SocketAddr, &'static str, &'static str)> {
        let node = self.node.as_ref().map(NodeSettings::address);
        let all = [("listen", Some(self.listen)), ("memcached", self.memcached), ("this node in peers", node)];
        let named = |at: usize| Some((all[at].0, all[at].1.filter(|address| address.port() != 0)?));
        [(0, 1), (0, 2), (1, 2)].into_iter().find_map(|(one, other)| {
            let ((one, address), (other, same)) = (named(one)?, named(other)?);
            (address == same).then_some((address, one, other))
        })
    }

    /// The limits, in the engine's form.
    pub const fn limits(&self) -> Limits {
        Limits { value_bytes_max: self.value_bytes_max, storage_bytes_max: self.memory_bytes_max }
    }
}

impl Given {
    fn gather(flags: &Flags, environment: impl Fn(&str) -> Option<String>) -> Result<Self, Mistake> {
        let path = flags.config.clone().or_else(|| environment("CACHEDOJO_CONFIG").map(PathBuf::from));
        let mut file = match &path {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Mistake(format!("{} cannot be read ({error}): name a TOML file with --config", path.display()))
                })?;
                read_file(&text).map_err(|wrong| Mistake(format!("{}: {wrong}", path.display())))?
            }
            None => BTreeMap::new(),
        };
        let mut flags = flags.clone();
        let found = SETTINGS.iter().filter_map(|&(name, access)| {
            let variable = variable(name);
            if let Some(value) = access(&mut flags).take() {
                return Some((name, value, format!("--{name}")));
            }
            if let Some(value) = environment(&variable) {
                return Some((name, value, variable));
            }
            let path = path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
            file.remove(name).map(|value| (name, value, format!("{name} in {path}")))
        });
        Ok(Self(found.collect()))
    }

    fn get(&self, name: &str) -> Option<(&str, &str)> {
        let found = self.0.iter().find(|(known, _, _)| *known == name);
        found.map(|(_, value, place)| (value.as_str(), place.as_str()))
    }

    fn address(&self, name: &str) -> Result<Option<SocketAddr>, Mistake> {
        let Some((value, place)) = self.get(name) else { return Ok(None) };
        let address = value.parse().map_err(|_| {
            Mistake(format!("{place}: `{value}` is no address: write one such as 127.0.0.1:8080 or [::1]:8080"))
        })?;
        Ok(Some(address))
    }

    fn tls(&self) -> Result<Option<Arc<ServerConfig>>, Mistake> {
        match (self.get("tls-cert"), self.get("tls-key")) {
            (None, None) => Ok(None),
            (Some((certificate, _)), Some((key, _))) => {
                tls::read(Path::new(certificate), Path::new(key)).map(Some).map_err(|wrong| Mistake(wrong.to_string()))
            }
            (Some((_, place)), None) => Err(Mistake(format!("{place} needs its key: name it with tls-key"))),
            (None, Some((_, place))) => Err(Mistake(format!("{place} needs its certificate: name it with tls-cert"))),
        }
    }

    fn store(&self) -> Result<StoreUrl, Mistake> {
        let Some((value, place)) = self.get("store") else { return Ok(StoreUrl::Memory) };
        if value == "memory" {
            return Ok(StoreUrl::Memory);
        }
        // The reason is shown, and the value is not: it may contain a password.
        let is_sound = |url: &String| {
            let opened = redis::Client::open(url.as_str()).map(|_| ());
            opened.map_err(|error| Mistake(format!("{place}: {error}: write redis://HOST:PORT")))
        };
        if value.starts_with("redis://") {
            let url = value.to_owned();
            return is_sound(&url).map(|()| StoreUrl::Redis(url));
        }
        if let Some(nodes) = value.strip_prefix("redis+cluster://") {
            // `user:password@` stands once, and is all nodes'.
            let (login, nodes) = nodes.rsplit_once('@').map_or(("", nodes), |(login, nodes)| (login, nodes));
            let at = if login.is_empty() { "" } else { "@" };
            let urls = nodes.split(',').map(|node| format!("redis://{login}{at}{}", node.trim()));
            let urls: Vec<String> = urls.collect();
            return urls.iter().try_for_each(is_sound).map(|()| StoreUrl::RedisCluster(urls));
        }
        // The value is not shown: it may contain a password.
        Err(Mistake(format!(
            "{place} is no store: write memory, redis://HOST:PORT or redis+cluster://HOST:PORT,HOST:PORT"
        )))
    }

    fn database(&self) -> Result<String, Mistake> {
        let Some((value, place)) = self.get("database") else { return Ok("sqlite::memory:".to_owned()) };
        if value == "sqlite:" {
            return Err(Mistake(format!("{place}: `sqlite:` names no file: write sqlite:PATH, or sqlite::memory:")));
        }
        if ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| value.starts_with(scheme)) {
            return Ok(value.to_owned());
        }
        // The value is not shown: it may contain a password.
        Err(Mistake(format!("{place} is no database: write sqlite:PATH, sqlite::memory: or postgres://…")))
    }

    fn token(&self) -> Result<Option<String>, Mistake> {
        let Some((value, place)) = self.get("token") else { return Ok(None) };
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Mistake(format!("{place}: a token has printable ASCII characters and no spaces")));
        }
        Ok(Some(value.to_owned()))
    }

    fn cluster_node(&self) -> Result<Option<NodeSettings>, Mistake> {
        let ((node, place), (peers, peers_place)) = match (self.get("node"), self.get("peers")) {
            (Some(node), Some(peers)) => (node, peers),
            (Some((_, place)), None) => {
                return Err(Mistake(format!(
                    "{place} needs peers: name all nodes, as in n1=127.0.0.1:7001,n2=127.0.0.1:7002"
                )));
            }
            (None, _) => {
                let alone = ["peers", "cluster", "data", "evict-mb"].into_iter().find_map(|name| self.get(name));
                return alone.map_or(Ok(None), |(_, place)| {
                    Err(Mistake(format!("{place} is for a node of a cluster: say with node which one this is")))
                });
            }
        };
        let at = |place: &str| {
            let place = place.to_owned();
            move |wrong: WrongNode| Mistake(format!("{place}: {wrong}"))
        };
        let id = node_settings::read_id(node).map_err(at(place))?;
        let peers = NodeSettings::read_peers(peers).map_err(at(peers_place))?;
        let (name, _) = self.get("cluster").unwrap_or(("cachedojo", ""));
        let folder = self.get("data").map(|(folder, _)| folder);
        let memory = self.number("memory-mb", 1, 1 << 20, 100)?;
        let evict = self.get("evict-mb").map(|_| self.number("evict-mb", 1, 1 << 20, 1)).transpose()?;
        if let Some(evict) = evict.filter(|&evict| evict >= memory) {
            return Err(Mistake(format!(
                "evict-mb is {evict} and memory-mb {memory}, which counts what deletes leave behind too: lower evict-mb or raise memory-mb"
            )));
        }
        let evict_bytes = evict.map(|evict| evict << 20);
        NodeSettings::new(id, peers, name, folder, self.token()?.as_deref(), (memory as u64) << 20)
            .map(|settings| Some(NodeSettings { evict_bytes, ..settings }))
            .map_err(|wrong| Mistake(wrong.to_string()))
    }

    fn number(&self, name: &str, least: usize, most: usize, default: usize) -> Result<usize, Mistake> {
        let Some((value, place)) = self.get(name) else { return Ok(default) };
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let wrong = if is_number { "out of range" } else { "no number" };
        value.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
            Mistake(format!("{place}: `{value}` is {wrong}: write a whole number from {least} to {most}"))
        })
    }

    fn milliseconds(&self, name: &str, default: u64) -> Result<Duration, Mistake> {
        let default = usize::try_from(default).expect("a few thousand");
        let number = self.number(name, 1, 3_600_000, default)?;
        Ok(Duration::from_millis(number as u64))
    }

    fn one_of<'a>(&'a self, name: &str, words: &[&str], default: &'a str) -> Result<&'a str, Mistake> {
        let Some((value, place)) = self.get(name) else { return Ok(default) };
        if words.contains(&value) {
            return Ok(value);
        }
        Err(Mistake(format!("{place}: `{value}` is none of its words: write one of {}", words.join(", "))))
    }
}
