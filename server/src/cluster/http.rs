//! What clients and operators ask of a node over HTTP.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /cluster/keys/{key}?level=` | 200 and the value's bytes; 404 |
//! | `PUT /cluster/keys/{key}?level=&ttl=&tag=` | 200: the body's bytes are stored |
//! | `DELETE /cluster/keys/{key}?level=` | 200: it is deleted |
//! | `GET /cluster/status` | how the node sees the cluster |
//! | `POST /cluster/members`, `{"join": "n4", "address": "…"}` or `{"leave": "n2"}` | 202: it is under way |

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use cachedojo::cluster::ids::SECOND;
use cachedojo::cluster::record::{Key, Value};
use cachedojo::cluster::{Failure, Level, NodeId, Outcome, Request, Version};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::json;

use super::input::{Cannot, Full};
use super::settings::read_id;
use super::{Cluster, Silent};

/// The longest key, and the longest tag, in bytes.
const KEY_BYTES_MAX: usize = 1024;
/// The largest value, in bytes: up to 64 of them go in one message between nodes.
const VALUE_BYTES_MAX: usize = 256 << 10;
/// The longest time to live, in seconds.
const TTL_MAX_S: u64 = 1 << 32;
/// Tells the version of a key.
const VERSION: HeaderName = HeaderName::from_static("x-cache-version");

/// A change of the members, as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Change {
    Join { join: String, address: Option<String> },
    Leave { leave: String },
}

/// What is asked, read and checked.
#[derive(Debug)]
enum Asked {
    Operate(Request),
    Status,
    Join(NodeId, Option<SocketAddr>),
    Leave(NodeId),
}

/// Why it is not answered as it should be.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// There is nothing of that name.
    NoPath,
    /// It is asked in another way: these are the methods that it knows.
    Method(&'static str),
    /// Something in it is wrong.
    Bad(String),
    /// The value is too large.
    TooLarge,
}

/// Answers a request whose path begins with `/cluster/`.
pub async fn answer(
    cluster: Option<&Cluster>,
    method: &Method,
    (path, query): (&str, &str),
    body: Vec<u8>,
) -> Response {
    let Some(cluster) = cluster else {
        let text = "this server is no node of a cluster: start it with --node and --peers";
        return error(StatusCode::NOT_FOUND, text);
    };
    let asked = match read(method, path, query, body) {
        Ok(asked) => asked,
        Err(refusal) => return refuse(refusal),
    };
    let silent = "the node does not answer in time: try again, or ask another node";
    obey(cluster, asked).await.unwrap_or_else(|Silent| error(StatusCode::SERVICE_UNAVAILABLE, silent))
}

async fn obey(cluster: &Cluster, asked: Asked) -> Result<Response, Silent> {
    Ok(match asked {
        Asked::Operate(request) => match cluster.operate(request).await? {
            Ok(outcome) => tell(outcome),
            Err(Full) => error(
                StatusCode::INSUFFICIENT_STORAGE,
                "this node's records take as much as they may: raise memory-mb, add nodes, or delete some",
            ),
        },
        Asked::Status => json_answer(StatusCode::OK, &cluster.status().await?),
        Asked::Join(node, address) => {
            if node == cluster.id() {
                return Ok(error(StatusCode::CONFLICT, &format!("{node} is this node: announce another one")));
            }
            cluster.announce(node, address).await?;
            json_answer(StatusCode::ACCEPTED, &json!({"success": true, "node": node.to_string()}))
        }
        Asked::Leave(node) => match cluster.let_go(node).await? {
            Ok(()) => json_answer(StatusCode::ACCEPTED, &json!({"success": true, "node": node.to_string()})),
            Err(Cannot::NoMember(members)) => {
                error(StatusCode::NOT_FOUND, &format!("{node} is no member: the members are {members}"))
            }
            Err(Cannot::Last) => error(StatusCode::CONFLICT, "the last node cannot leave: let another one join first"),
            Err(Cannot::NotReady) => error(StatusCode::SERVICE_UNAVAILABLE, &Failure::NotReady.to_string()),
        },
    })
}

fn read(method: &Method, path: &str, query: &str, body: Vec<u8>) -> Result<Asked, Refusal> {
    if let Some(key) = path.strip_prefix("/cluster/keys/") {
        return read_operation(method, key, query, body).map(Asked::Operate);
    }
    match (path, method) {
        ("/cluster/status", &Method::GET) => Ok(Asked::Status),
        ("/cluster/status", _) => Err(Refusal::Method("GET")),
        ("/cluster/members", &Method::POST) => read_change(&body),
        ("/cluster/members", _) => Err(Refusal::Method("POST")),
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

fn read_operation(method: &Method, key: &str, query: &str, body: Vec<u8>) -> Result<Request, Refusal> {
    let key: Cow<'_, str> = percent_decode_str(key)
        .decode_utf8()
        .map_err(|_| Refusal::Bad("the key is no text: percent-encode it as UTF-8".into()))?;
    if key.is_empty() || key.len() > KEY_BYTES_MAX || key.chars().any(char::is_control) {
        return Err(Refusal::Bad(format!("a key has 1 to {KEY_BYTES_MAX} bytes and no control characters")));
    }
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
    let (key, at_least) = (Key::from(key), Version::NONE);
    match *method {
        Method::GET => Ok(Request::Read { key, level, at_least }),
        Method::PUT if body.len() > VALUE_BYTES_MAX => Err(Refusal::TooLarge),
        Method::PUT => Ok(Request::Write { key, value: Some(Value::from(body)), ttl, tag, level, at_least }),
        Method::DELETE => Ok(Request::Write { key, value: None, ttl: None, tag: None, level, at_least }),
        _ => Err(Refusal::Method("GET, PUT, DELETE")),
    }
}

fn tell(outcome: Outcome) -> Response {
    let (mut response, version) = match outcome {
        Outcome::Read { value: Some(value), version } => {
            (respond(StatusCode::OK, "application/octet-stream", value.to_vec()), version)
        }
        Outcome::Read { value: None, version } => (error(StatusCode::NOT_FOUND, "Key not found"), version),
        Outcome::Written { version } => {
            (json_answer(StatusCode::OK, &json!({"success": true, "version": version.to_string()})), version)
        }
        Outcome::Noted => return json_answer(StatusCode::ACCEPTED, &json!({"success": true})),
        Outcome::Failed(failure) => {
            let status = match failure {
                Failure::BadKey => StatusCode::BAD_REQUEST,
                Failure::TooFew { .. } | Failure::NotReady | Failure::Down | Failure::TooManySweeps => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
            };
            return error(status, &failure.to_string());
        }
    };
    if let Ok(version) = HeaderValue::from_str(&version.to_string()) {
        response.headers_mut().insert(VERSION, version);
    }
    response
}

fn refuse(refusal: Refusal) -> Response {
    match refusal {
        Refusal::NoPath => error(
            StatusCode::NOT_FOUND,
            "there is nothing of that name: ask /cluster/keys/{key}, /cluster/status or /cluster/members",
        ),
        Refusal::Method(allowed) => {
            let mut response = error(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
            response
        }
        Refusal::Bad(text) => error(StatusCode::BAD_REQUEST, &text),
        Refusal::TooLarge => {
            let text = format!("a value in the cluster has at most {VALUE_BYTES_MAX} bytes: split it");
            error(StatusCode::PAYLOAD_TOO_LARGE, &text)
        }
    }
}

fn error(status: StatusCode, text: &str) -> Response {
    let mut response = json_answer(status, &json!({"error": text}));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn json_answer(status: StatusCode, body: &serde_json::Value) -> Response {
    respond(status, "application/json", body.to_string())
}

fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the request is read as, or what is wrong with it.
    fn check(method: &str, target: &str, body: &str) -> String {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        match read(&method, path, query, body.as_bytes().to_vec()) {
            Ok(Asked::Operate(Request::Read { key, level, .. })) => format!("read {key} {level}"),
            Ok(Asked::Operate(Request::Write { key, value: None, level, .. })) => format!("erase {key} {level}"),
            Ok(Asked::Operate(Request::Write { key, value: Some(value), ttl, tag, level, .. })) => {
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
