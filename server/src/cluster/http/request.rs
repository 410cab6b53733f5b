//! What is asked, read and checked.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::Method;
use cachedojo::cluster::ids::SECOND;
use cachedojo::cluster::record::{Key, Value};
use cachedojo::cluster::{Level, Micros, NodeId};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::cluster::settings::read_id;

/// The longest key, tag, namespace and pattern, in bytes.
pub(super) const KEY_BYTES_MAX: usize = 1024;
/// The largest value, in bytes: up to 64 of them go in one message between nodes.
pub(super) const VALUE_BYTES_MAX: usize = 256 << 10;
/// The longest time to live, in seconds.
const TTL_MAX_S: u64 = 1 << 32;

/// A change of the members, as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Change {
    Join { join: String, address: Option<String> },
    Leave { leave: String },
}

/// What is to be deleted, as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reach {
    Key(String),
    Pattern(String),
    Tag(String),
    Namespace(String),
}

/// A right request.
#[derive(Debug)]
pub(super) enum Asked {
    /// The value of a key.
    Read { key: Key, level: Level },
    /// Store it, or delete it.
    Write { key: Key, value: Option<Value>, ttl: Option<Micros>, tag: Option<Arc<str>>, level: Level },
    /// Delete all that the engine's selector reaches.
    Invalidate(String),
    /// How the node sees the cluster.
    Status,
    /// Announce a node.
    Join(NodeId, Option<SocketAddr>),
    /// Let one go.
    Leave(NodeId),
}

/// Why it is not answered as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is nothing of that name.
    NoPath,
    /// It is asked in another way: these are the methods that it knows.
    Method(&'static str),
    /// Something in it is wrong.
    Bad(String),
    /// The value is too large.
    TooLarge,
}

pub(super) fn read(method: &Method, path: &str, query: &str, body: Vec<u8>) -> Result<Asked, Refusal> {
    if let Some(key) = path.strip_prefix("/cluster/keys/") {
        return read_operation(method, key, query, body);
    }
    match (path, method) {
        ("/cluster/status", &Method::GET) => Ok(Asked::Status),
        ("/cluster/status", _) => Err(Refusal::Method("GET")),
        ("/cluster/invalidate", &Method::POST) => read_invalidation(&body),
        ("/cluster/members", &Method::POST) => read_change(&body),
        ("/cluster/invalidate" | "/cluster/members", _) => Err(Refusal::Method("POST")),
        _ => Err(Refusal::NoPath),
    }
}

fn read_change(body: &[u8]) -> Result<Asked, Refusal> {
    let change = serde_json::from_slice(body).map_err(|_| {
        Refusal::Bad("write {\"join\": \"n4\", \"address\": \"127.0.0.1:7004\"} or {\"leave\": \"n2\"}".into())
    })?;
    match change {
        Change::Join { join, address } => {
            let address = address.map(|text| {
                let address: SocketAddr = text.parse().map_err(|_| {
                    Refusal::Bad(format!("`{text}` is no address: write one such as 127.0.0.1:7004, or none"))
                })?;
                if address.ip().is_unspecified() || address.port() == 0 {
                    return Err(Refusal::Bad(format!(
                        "nobody can be reached at {text}: write a node's own address and port"
                    )));
                }
                Ok(address)
            });
            Ok(Asked::Join(read_id(&join).map_err(|wrong| Refusal::Bad(wrong.to_string()))?, address.transpose()?))
        }
        Change::Leave { leave } => Ok(Asked::Leave(read_id(&leave).map_err(|wrong| Refusal::Bad(wrong.to_string()))?)),
    }
}

fn read_operation(method: &Method, key: &str, query: &str, body: Vec<u8>) -> Result<Asked, Refusal> {
    let key: Cow<'_, str> = percent_decode_str(key)
        .decode_utf8()
        .map_err(|_| Refusal::Bad("the key is no text: percent-encode it as UTF-8".into()))?;
    check_name("a key", &key)?;
    let (mut level, mut ttl, mut tag) = (Level::Quorum, None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "level" => {
                level = Level::from_name(&value)
                    .ok_or_else(|| Refusal::Bad(format!("`{value}` is no level: write one, quorum or all")))?;
            }
            "ttl" if *method == Method::PUT => {
                let seconds = value.parse().ok().filter(|seconds| (1..=TTL_MAX_S).contains(seconds));
                let seconds = seconds.ok_or_else(|| {
                    Refusal::Bad(format!("`{value}` is no time to live: write whole seconds from 1 to {TTL_MAX_S}"))
                })?;
                ttl = Some(seconds * SECOND);
            }
            "tag" if *method == Method::PUT => {
                if value.is_empty() || value.len() > KEY_BYTES_MAX {
                    return Err(Refusal::Bad(format!("a tag has 1 to {KEY_BYTES_MAX} bytes")));
                }
                tag = Some(Arc::from(&*value));
            }
            _ => {
                let known = if *method == Method::PUT { "level, ttl and tag" } else { "level" };
                return Err(Refusal::Bad(format!("`{name}` is not known here: the query has {known}")));
            }
        }
    }
    let key = Key::from(key);
    match *method {
        Method::GET => Ok(Asked::Read { key, level }),
        Method::PUT if body.len() > VALUE_BYTES_MAX => Err(Refusal::TooLarge),
        Method::PUT => Ok(Asked::Write { key, value: Some(Value::from(body)), ttl, tag, level }),
        Method::DELETE => Ok(Asked::Write { key, value: None, ttl: None, tag: None, level }),
        _ => Err(Refusal::Method("GET, PUT, DELETE")),
    }
}

fn check_name(what: &str, name: &str) -> Result<(), Refusal> {
    if name.is_empty() || name.len() > KEY_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(Refusal::Bad(format!("{what} has 1 to {KEY_BYTES_MAX} bytes and no control characters")));
    }
    Ok(())
}

fn read_invalidation(body: &[u8]) -> Result<Asked, Refusal> {
    let reach = serde_json::from_slice(body).map_err(|_| {
        Refusal::Bad(
            "write one of {\"key\": \"user:1\"}, {\"pattern\": \"user:*\"}, {\"tag\": \"hot\"} and {\"namespace\": \"user\"}".into(),
        )
    })?;
    let delete =
        |key: String| Asked::Write { key: key.into(), value: None, ttl: None, tag: None, level: Level::Quorum };
    Ok(match reach {
        Reach::Key(key) => {
            check_name("a key", &key)?;
            delete(key)
        }
        Reach::Pattern(pattern) => {
            check_name("a pattern", &pattern)?;
            if !pattern.contains(['*', '?', '[', '\\']) {
                return Ok(delete(pattern));
            }
            // Where the engine would read a tag or a namespace, the first letter stands as a class of one.
            match pattern.split_once(':') {
                Some(("tag" | "namespace", _)) => Asked::Invalidate(format!("[{}]{}", &pattern[..1], &pattern[1..])),
                _ => Asked::Invalidate(pattern),
            }
        }
        Reach::Tag(tag) => {
            check_name("a tag", &tag)?;
            Asked::Invalidate(format!("tag:{tag}"))
        }
        Reach::Namespace(name) => {
            check_name("a namespace", &name)?;
            Asked::Invalidate(format!("namespace:{name}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the request is read as, or what is wrong with it.
    fn check(method: &str, target: &str, body: &str) -> String {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        match read(&method, path, query, body.as_bytes().to_vec()) {
            Ok(Asked::Read { key, level }) => format!("read {key} {level}"),
            Ok(Asked::Write { key, value: None, level, .. }) => format!("erase {key} {level}"),
            Ok(Asked::Write { key, value: Some(value), ttl, tag, level }) => {
                format!("write {key} {} {ttl:?} {tag:?} {level}", String::from_utf8_lossy(&value))
            }
            Ok(other) => format!("{other:?}"),
            Err(Refusal::Bad(text)) => text,
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn every_request_is_read_or_refused_with_a_sentence() {
        for (method, target, body, read) in [
            ("GET", "/cluster/keys/user%3A1", "", "read user:1 quorum"),
            ("GET", "/cluster/keys/a/b?level=one", "", "read a/b one"),
            ("DELETE", "/cluster/keys/k?level=all", "", "erase k all"),
            ("PUT", "/cluster/keys/k?ttl=3&tag=hot", "v", "write k v Some(3000000) Some(\"hot\") quorum"),
            ("PUT", "/cluster/keys/k", "", "write k  None None quorum"),
            ("GET", "/cluster/keys/", "", "a key has 1 to 1024 bytes and no control characters"),
            ("GET", "/cluster/keys/%01", "", "a key has 1 to 1024 bytes and no control characters"),
            ("GET", "/cluster/keys/%ff", "", "the key is no text: percent-encode it as UTF-8"),
            ("GET", "/cluster/keys/k?level=two", "", "`two` is no level: write one, quorum or all"),
            ("GET", "/cluster/keys/k?ttl=3", "", "`ttl` is not known here: the query has level"),
            ("PUT", "/cluster/keys/k?ttl=0", "", "`0` is no time to live: write whole seconds from 1 to 4294967296"),
            ("POST", "/cluster/keys/k", "", "Method(\"GET, PUT, DELETE\")"),
            ("POST", "/cluster/status", "", "Method(\"GET\")"),
            ("GET", "/cluster", "", "NoPath"),
            ("GET", "/cluster/invalidate", "", "Method(\"POST\")"),
            ("POST", "/cluster/invalidate", "{\"key\": \"tag:*\"}", "erase tag:* quorum"),
            ("POST", "/cluster/invalidate", "{\"pattern\": \"user:1\"}", "erase user:1 quorum"),
            ("POST", "/cluster/invalidate", "{\"pattern\": \"user:*\"}", "Invalidate(\"user:*\")"),
            ("POST", "/cluster/invalidate", "{\"pattern\": \"tag:*\"}", "Invalidate(\"[t]ag:*\")"),
            ("POST", "/cluster/invalidate", "{\"tag\": \"hot\"}", "Invalidate(\"tag:hot\")"),
            ("POST", "/cluster/invalidate", "{\"namespace\": \"user\"}", "Invalidate(\"namespace:user\")"),
            (
                "POST",
                "/cluster/invalidate",
                "{\"namespace\": \"\"}",
                "a namespace has 1 to 1024 bytes and no control characters",
            ),
            (
                "POST",
                "/cluster/invalidate",
                "{\"tag\": \"hot\", \"key\": \"k\"}",
                "write one of {\"key\": \"user:1\"}, {\"pattern\": \"user:*\"}, {\"tag\": \"hot\"} and {\"namespace\": \"user\"}",
            ),
            ("POST", "/cluster/members", "{\"leave\": \"n2\"}", "Leave(NodeId(2))"),
            ("POST", "/cluster/members", "{\"join\": \"n4\"}", "Join(NodeId(4), None)"),
            ("POST", "/cluster/members", "{\"join\": \"n64\"}", "`n64` is no node: nodes are n1 to n63"),
            (
                "POST",
                "/cluster/members",
                "{\"join\": \"n4\", \"address\": \"here\"}",
                "`here` is no address: write one such as 127.0.0.1:7004, or none",
            ),
            (
                "POST",
                "/cluster/members",
                "{\"join\": \"n4\", \"leave\": \"n2\"}",
                "write {\"join\": \"n4\", \"address\": \"127.0.0.1:7004\"} or {\"leave\": \"n2\"}",
            ),
        ] {
            assert_eq!(check(method, target, body), read, "{method} {target} {body}");
        }
        let large = "x".repeat(VALUE_BYTES_MAX + 1);
        assert_eq!(check("PUT", "/cluster/keys/k", &large), "TooLarge");
        assert!(check("PUT", "/cluster/keys/k", &large[1..]).starts_with("write k xxx"));
    }
}
