//! What clients and operators ask of a node over HTTP.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /cluster/keys/{key}?level=` | 200 and the value's bytes; 404 |
//! | `PUT /cluster/keys/{key}?level=&ttl=&tag=` | 200: the body's bytes are stored |
//! | `DELETE /cluster/keys/{key}?level=` | 200: it is deleted |
//! | `POST /cluster/invalidate`, `{"key": …}`, `{"pattern": …}`, `{"tag": …}` or `{"namespace": …}` | 200: a quorum knows that all these are deleted |
//! | `GET /cluster/status` | how the node sees the cluster |
//! | `POST /cluster/members`, `{"join": "n4", "address": "…"}` or `{"leave": "n2"}` | 202: it is under way; `to_do` says what else it takes, of a node that was let go |
//!
//! With the header `X-Cache-Session` the first four belong to a [session](super::session).

mod request;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use cachedojo::cluster::record::Key;
use cachedojo::cluster::{Failure, Level, Outcome, Request, Version};
use serde_json::json;

use self::request::{Asked, Refusal, VALUE_BYTES_MAX};
use super::input::{Cannot, Full};
use super::session::{Session, WrongSession};
use super::{Cluster, Silent};

/// Tells the version of a key.
const VERSION: HeaderName = HeaderName::from_static("x-cache-version");
/// The session's token.
pub(super) const SESSION: HeaderName = HeaderName::from_static("x-cache-session");

/// Answers a request whose path begins with `/cluster/`.
pub async fn answer(
    cluster: Option<&Cluster>,
    method: &Method,
    (path, query): (&str, &str),
    headers: &HeaderMap,
    body: Vec<u8>,
) -> Response {
    let Some(cluster) = cluster else {
        let text = "this server is no node of a cluster: start it with --node and --peers";
        return error(StatusCode::NOT_FOUND, text);
    };
    let asked = match request::read(method, path, query, body) {
        Ok(asked) => asked,
        Err(refusal) => return refuse(refusal),
    };
    let mut session = match read_session(headers, &cluster.proof) {
        Ok(session) => session,
        Err(wrong) => return error(status_of(wrong), &wrong.to_string()),
    };
    let answered = obey(cluster, asked, session.as_mut()).await;
    let mut response = answered.unwrap_or_else(|silent| error(StatusCode::SERVICE_UNAVAILABLE, &silent.to_string()));
    let token = session.map(|session| HeaderValue::try_from(session.token(&cluster.proof)));
    if let Some(Ok(token)) = token {
        response.headers_mut().insert(SESSION, token);
    }
    response
}

/// The session that the headers name, if there is one.
fn read_session(headers: &HeaderMap, proof: &[u8]) -> Result<Option<Session>, WrongSession> {
    let lines: Vec<&[u8]> = headers.get_all(SESSION).iter().map(HeaderValue::as_bytes).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8(lines.join(&b',')).map_err(|_| WrongSession::NoToken)?;
    Session::read(&text, proof).map(Some)
}

const fn status_of(wrong: WrongSession) -> StatusCode {
    match wrong {
        WrongSession::NoToken => StatusCode::BAD_REQUEST,
        WrongSession::Full => StatusCode::CONFLICT,
    }
}

async fn obey(cluster: &Cluster, asked: Asked, session: Option<&mut Session>) -> Result<Response, Silent> {
    let answered = match asked {
        Asked::Read { key, level } => read(cluster, key, level, session).await?,
        Asked::Write { key, value, ttl, tag, level } => {
            let (level, at_least) = session.as_deref().map_or((level, Version::NONE), |session| {
                let seen = session.of(&key).map_or(Version::NONE, |seen| seen.version);
                (session.level_for(&key, level), seen)
            });
            let request = Request::Write { key: key.clone(), value, ttl, tag, level, at_least };
            let outcome = cluster.operate(request).await?;
            note(session, &key, level, &outcome);
            outcome
        }
        Asked::Invalidate(selector) => {
            let outcome = cluster.operate(Request::Invalidate { selector }).await?;
            if let (Some(session), Ok(Outcome::Written { .. })) = (session, &outcome) {
                session.read_at_quorum();
            }
            outcome
        }
        Asked::Status => return Ok(json_answer(StatusCode::OK, &cluster.status().await?)),
        Asked::Join(node, _) if node == cluster.id() => {
            return Ok(error(StatusCode::CONFLICT, &format!("{node} is this node: announce another one")));
        }
        Asked::Join(node, address) => {
            let mut answer = json!({"success": true, "node": node.to_string()});
            if let Some(todo) = cluster.announce(node, address).await? {
                answer["to_do"] = json!(todo);
            }
            return Ok(json_answer(StatusCode::ACCEPTED, &answer));
        }
        Asked::Leave(node) => {
            return Ok(match cluster.let_go(node).await? {
                Ok(()) => json_answer(StatusCode::ACCEPTED, &json!({"success": true, "node": node.to_string()})),
                Err(Cannot::NoMember(members)) => {
                    error(StatusCode::NOT_FOUND, &format!("{node} is no member: the members are {members}"))
                }
                Err(Cannot::Last) => {
                    error(StatusCode::CONFLICT, "the last node cannot leave: let another one join first")
                }
                Err(Cannot::NotReady) => not_ready(cluster).await,
            });
        }
    };
    Ok(match answered {
        Ok(Outcome::Failed(Failure::NotReady)) => not_ready(cluster).await,
        Ok(outcome) => tell(outcome),
        Err(Full) => error(
            StatusCode::INSUFFICIENT_STORAGE,
            "this node's records take as much as they may: raise memory-mb, add nodes, or delete some",
        ),
    })
}

/// Of a node that serves nobody: whether it will in a moment, or what has to be done.
async fn not_ready(cluster: &Cluster) -> Response {
    let ask = |trouble| format!("{trouble}; meanwhile ask another node");
    let text = cluster.trouble().await.map_or_else(|| Failure::NotReady.to_string(), ask);
    error(StatusCode::SERVICE_UNAVAILABLE, &text)
}

type Answered = Result<Outcome, Full>;

/// Reads a key; in a session, nothing older than what it has seen.
async fn read(cluster: &Cluster, key: Key, level: Level, session: Option<&mut Session>) -> Result<Answered, Silent> {
    let ask = |level, at_least| cluster.operate(Request::Read { key: key.clone(), level, at_least });
    let Some(session) = session else { return ask(level, Version::NONE).await };
    let mut level = session.level_for(&key, session.reads_at(level));
    let mut answered = ask(level, Version::NONE).await?;
    if let (Some(seen), Ok(Outcome::Read { version, .. })) = (session.of(&key), &answered)
        && *version < seen.version
    {
        if seen.is_at_quorum && level == Level::One {
            level = Level::Quorum;
            answered = ask(level, Version::NONE).await?;
        } else if !seen.is_at_quorum && level != Level::All {
            // Some replica has it, unless it was forgotten or lost: and then all of them say so.
            answered = first_read(ask(level, seen.version), ask(Level::All, Version::NONE)).await?;
        }
    }
    note(Some(session), &key, level, &answered);
    Ok(answered)
}

/// The first of two that reads something, or how the second one failed.
async fn first_read(
    one: impl Future<Output = Result<Answered, Silent>>,
    other: impl Future<Output = Result<Answered, Silent>>,
) -> Result<Answered, Silent> {
    let has_read = |answered: &Result<Answered, Silent>| matches!(answered, Ok(Ok(Outcome::Read { .. })));
    let (mut one, mut other) = (std::pin::pin!(one), std::pin::pin!(other));
    tokio::select! {
        first = &mut one => if has_read(&first) { first } else { other.await },
        first = &mut other => if has_read(&first) { first } else { one.await },
    }
}

/// The session has seen what was answered.
fn note(session: Option<&mut Session>, key: &Key, level: Level, answered: &Answered) {
    if let (Some(session), Ok(Outcome::Read { version, .. } | Outcome::Written { version })) = (session, answered) {
        session.note(key, *version, level);
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
                Failure::TooBig { .. } => StatusCode::PAYLOAD_TOO_LARGE,
                Failure::TooFew { .. }
                | Failure::Behind { .. }
                | Failure::NotReady
                | Failure::Down
                | Failure::TooManySweeps => StatusCode::SERVICE_UNAVAILABLE,
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
            "there is nothing of that name: ask /cluster/keys/{key}, /cluster/invalidate, /cluster/status or /cluster/members",
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
