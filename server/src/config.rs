//! Configuration: flags override the environment, which overrides the file, which overrides defaults; all of it is
//! checked before anything is opened.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use cachedojo::protocol::rest::Limits;
use serde::Deserialize;
use tracing::level_filters::LevelFilter;

/// The flags. Each may stand in the environment as well (`CACHEDOJO_LISTEN` for `--listen`), and in the file that
/// `--config` names (`listen = "…"`).
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Parser, Deserialize)]
#[command(name = "cachedojo-server", version, about = "A cache over HTTP and the memcached protocol")]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Flags {
    /// A TOML file with any of these settings
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Where HTTP is answered [default: 127.0.0.1:8080; port 0: any free one]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Where the memcached text protocol is answered [default: nowhere]
    #[arg(long, value_name = "ADDR")]
    pub memcached: Option<String>,
    /// Where the entries are: memory, or redis://HOST:PORT [default: memory]
    #[arg(long, value_name = "STORE")]
    pub store: Option<String>,
    /// Where settings and the access log are: sqlite:PATH or postgres://… [default: in memory, and gone with the process]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// How long the store may take to answer, in milliseconds [default: 1000]
    #[arg(long, value_name = "N")]
    pub store_timeout_ms: Option<String>,
    /// What every request must present: `Authorization: Bearer …`. Better in the environment or the file
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// All entries, in MiB of keys, values and tags [default: 100]
    #[arg(long, value_name = "N")]
    pub memory_mb: Option<String>,
    /// The largest value, in bytes of its JSON text [default: 1048576]
    #[arg(long, value_name = "N")]
    pub value_bytes: Option<String>,
    /// The largest body of a request, in bytes [default: 8388608]
    #[arg(long, value_name = "N")]
    pub body_bytes: Option<String>,
    /// Connections at a time; more are told to come back [default: 4096]
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
}

/// A complete, valid configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address for HTTP.
    pub listen: SocketAddr,
    /// The address for memcached's protocol.
    pub memcached: Option<SocketAddr>,
    /// The store of entries.
    pub store: StoreUrl,
    /// The database of settings and the access log.
    pub database: String,
    /// How long the store may take to answer.
    pub store_timeout: Duration,
    /// The token that every request must have.
    pub token: Option<String>,
    /// All entries, in bytes.
    pub memory_bytes_max: usize,
    /// The largest value, in bytes.
    pub value_bytes_max: usize,
    /// The largest body, in bytes.
    pub body_bytes_max: usize,
    /// Connections at a time.
    pub connections_max: usize,
    /// How long a request may take.
    pub timeout: Duration,
    /// How long requests in progress may take at the end.
    pub farewell: Duration,
    /// The log level.
    pub log: LevelFilter,
    /// Whether time moves only by the header `X-Cache-Clock`.
    pub virtual_clock: bool,
}

/// The store of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// In this process.
    Memory,
    /// In the Redis of that URL.
    Redis(String),
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
    ("memcached", |flags| &mut flags.memcached),
    ("store", |flags| &mut flags.store),
    ("database", |flags| &mut flags.database),
    ("store-timeout-ms", |flags| &mut flags.store_timeout_ms),
    ("token", |flags| &mut flags.token),
    ("memory-mb", |flags| &mut flags.memory_mb),
    ("value-bytes", |flags| &mut flags.value_bytes),
    ("body-bytes", |flags| &mut flags.body_bytes),
    ("connections", |flags| &mut flags.connections),
    ("timeout-ms", |flags| &mut flags.timeout_ms),
    ("farewell-ms", |flags| &mut flags.farewell_ms),
    ("log", |flags| &mut flags.log),
    ("clock", |flags| &mut flags.clock),
];

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
            memcached: given.address("memcached")?,
            store: given.store()?,
            database: given.database()?,
            store_timeout: given.milliseconds("store-timeout-ms", 1_000)?,
            token: given.token()?,
            memory_bytes_max: given.number("memory-mb", 1, 1 << 20, 100)? << 20,
            value_bytes_max: given.number("value-bytes", 1, 1 << 30, 1 << 20)?,
            body_bytes_max: given.number("body-bytes", 1024, 1 << 30, 8 << 20)?,
            connections_max: given.number("connections", 1, 1_000_000, 4096)?,
            timeout: given.milliseconds("timeout-ms", 10_000)?,
            farewell: given.milliseconds("farewell-ms", 5_000)?,
            log: given.one_of("log", &["off", "error", "warn", "info", "debug"], "info")?.parse().expect("a level"),
            virtual_clock: given.one_of("clock", &["host", "virtual"], "host")? == "virtual",
        };
        if config.body_bytes_max < config.value_bytes_max {
            let (body, value) = (config.body_bytes_max, config.value_bytes_max);
            return Err(Mistake(format!(
                "a body of {body} bytes cannot hold a value of {value}: raise body-bytes or lower value-bytes"
            )));
        }
        Ok(config)
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
                toml::from_str::<Flags>(&text).map_err(|error| {
                    let known = SETTINGS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                    let error = error.message();
                    Mistake(format!("{}: {error}: the settings are {known}, each a string", path.display()))
                })?
            }
            None => Flags::default(),
        };
        let mut flags = flags.clone();
        let found = SETTINGS.iter().filter_map(|&(name, access)| {
            let variable = format!("CACHEDOJO_{}", name.to_ascii_uppercase().replace('-', "_"));
            if let Some(value) = access(&mut flags).take() {
                return Some((name, value, format!("--{name}")));
            }
            if let Some(value) = environment(&variable) {
                return Some((name, value, variable));
            }
            let path = path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
            access(&mut file).take().map(|value| (name, value, format!("{name} in {path}")))
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

    fn store(&self) -> Result<StoreUrl, Mistake> {
        match self.get("store") {
            None | Some(("memory", _)) => Ok(StoreUrl::Memory),
            Some((url, _)) if url.starts_with("redis://") => Ok(StoreUrl::Redis(url.to_owned())),
            Some((value, place)) => {
                Err(Mistake(format!("{place}: `{value}` is no store: write memory or redis://HOST:PORT")))
            }
        }
    }

    fn database(&self) -> Result<String, Mistake> {
        let Some((value, place)) = self.get("database") else { return Ok("sqlite::memory:".to_owned()) };
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

    fn number(&self, name: &str, least: usize, most: usize, default: usize) -> Result<usize, Mistake> {
        let Some((value, place)) = self.get(name) else { return Ok(default) };
        value.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
            Mistake(format!("{place}: `{value}` is out of range: write a whole number from {least} to {most}"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn config(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Config, Mistake> {
        let arguments = ["cachedojo-server"].iter().chain(arguments);
        let flags = Flags::try_parse_from(arguments).expect("known flags");
        Config::new(&flags, |name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn flags_come_before_environment_before_file_before_default() {
        let folder = std::env::temp_dir().join(format!("cachedojo-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("server.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\nmemory-mb = \"7\"\nconnections = \"3\"\n").expect("a file");
        let file = ["--config", path.to_str().expect("text")];
        let with_flag = [file[0], file[1], "--listen", "127.0.0.1:3"];
        let environment = [("CACHEDOJO_LISTEN", "127.0.0.1:2"), ("CACHEDOJO_MEMORY_MB", "8")];
        let read = config(&with_flag, &environment).expect("right");
        assert_eq!((read.listen.port(), read.memory_bytes_max, read.connections_max), (3, 8 << 20, 3));
        let read = config(&file, &environment[..1]).expect("right");
        assert_eq!((read.listen.port(), read.memory_bytes_max), (2, 7 << 20));
        let read = config(&[], &[]).expect("right");
        assert_eq!((read.listen.port(), read.memory_bytes_max, read.virtual_clock), (8080, 100 << 20, false));
        std::fs::write(&path, "listen-to = \"127.0.0.1:1\"\n").expect("a file");
        let mistake = config(&file, &[]).expect_err("no such setting").to_string();
        assert!(
            mistake.contains("unknown field `listen-to`") && mistake.contains("the settings are listen,"),
            "{mistake}"
        );
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn every_wrong_setting_is_named_with_its_place_and_what_would_be_right() {
        for (arguments, sentence) in [
            (
                ["--listen", "localhost"],
                "--listen: `localhost` is no address: write one such as 127.0.0.1:8080 or [::1]:8080",
            ),
            (["--memory-mb", "0"], "--memory-mb: `0` is out of range: write a whole number from 1 to 1048576"),
            (["--timeout-ms", "soon"], "--timeout-ms: `soon` is out of range: write a whole number from 1 to 3600000"),
            (["--log", "loud"], "--log: `loud` is none of its words: write one of off, error, warn, info, debug"),
            (["--clock", "none"], "--clock: `none` is none of its words: write one of host, virtual"),
            (["--store", "disk"], "--store: `disk` is no store: write memory or redis://HOST:PORT"),
            (
                ["--database", "mysql://x"],
                "--database is no database: write sqlite:PATH, sqlite::memory: or postgres://…",
            ),
            (["--token", "a b"], "--token: a token has printable ASCII characters and no spaces"),
            (
                ["--body-bytes", "2000"],
                "a body of 2000 bytes cannot hold a value of 1048576: raise body-bytes or lower value-bytes",
            ),
        ] {
            assert_eq!(config(&arguments, &[]).expect_err("wrong").to_string(), sentence);
        }
        let environment = [("CACHEDOJO_MEMCACHED", "x")];
        assert!(config(&[], &environment).expect_err("wrong").to_string().starts_with("CACHEDOJO_MEMCACHED: `x`"));
        let missing = config(&["--config", "/nowhere/x.toml"], &[]).expect_err("wrong").to_string();
        assert!(missing.starts_with("/nowhere/x.toml cannot be read"), "{missing}");
    }

    #[test]
    fn every_setting_is_a_flag() {
        let mut all = Flags::default();
        for &(name, access) in SETTINGS {
            *access(&mut all) = Some(name.to_owned());
        }
        let Flags { config: _, listen, memcached, token, memory_mb, value_bytes, body_bytes, .. } = all.clone();
        let Flags { connections, timeout_ms, farewell_ms, log, clock, .. } = all;
        let fields =
            [listen, memcached, token, memory_mb, value_bytes, body_bytes, connections, timeout_ms, farewell_ms];
        assert!(fields.iter().chain(&[log, clock]).all(Option::is_some));
    }
}
