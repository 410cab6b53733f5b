//! Translates an HTTP request into the engine's, and its reply into an HTTP answer. Also checks the token, bounds sizes and
//! times, counts and logs.

mod following;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use cachedojo::clock::Instant;
use cachedojo::protocol::rest::{Changed, Failure, HttpAnswer, Limits, Reply, Request, Settings};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::cluster::{self, Cluster};
use crate::config::Config;
use crate::database::{Access, AccessLog, Database};
use crate::memcached::Memcached;
use crate::metrics::Metrics;
use crate::openapi;
use crate::store::Store;
use crate::time::{Stopwatch, Time};

/// The most KiB of bodies being received, all together.
const BODIES_KIB_MAX: usize = 256 * 1024;
/// The header with a request's number.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header that sets a virtual time, and reports it.
const CLOCK: HeaderName = HeaderName::from_static("x-cache-clock");
/// The longest request number that is accepted from a client.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// The state that all requests share.
#[derive(Debug)]
pub struct Service {
    store: Store,
    database: Database,
    log: AccessLog,
    /// Only one change of settings at a time, so that the database always has what is set.
    changing: tokio::sync::Mutex<()>,
    limits: Limits,
    time: Time,
    metrics: Arc<Metrics>,
    /// Its counters are shown beside this service's.
    memcached: Option<Arc<Memcached>>,
    /// The node, where this is one of a cluster.
    cluster: Option<Cluster>,
    /// The token's digest: comparing digests does not reveal how much of a token was right.
    token: Option<[u8; 32]>,
    bodies: Semaphore,
    body_bytes_max: usize,
    timeout: std::time::Duration,
    requests: AtomicU64,
    openapi: Bytes,
}

/// The parts of a service.
#[derive(Debug)]
pub struct Parts {
    /// The entries.
    pub store: Store,
    /// The settings.
    pub database: Database,
    /// The accesses.
    pub log: AccessLog,
    /// The time.
    pub time: Time,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// The items of the other protocol, if it is enabled.
    pub memcached: Option<Arc<Memcached>>,
    /// The node, where this is one of a cluster.
    pub cluster: Option<Cluster>,
}

/// Reasons to answer without the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Unauthorized,
    BodyTooSlow,
    BodyTooLarge,
    /// The same where the body is one value: the document's own answer.
    ValueTooLarge,
    BodyPacked,
    BodyBroken,
    Busy,
    MethodNotAllowed,
}

impl Refusal {
    const fn status_and_text(self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "Missing or wrong bearer token"),
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, "Request took too long"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Body too large"),
            Self::ValueTooLarge => (StatusCode::BAD_REQUEST, "Value too large"),
            Self::BodyPacked => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Body must be JSON without a Content-Encoding"),
            Self::BodyBroken => (StatusCode::BAD_REQUEST, "Body ended early"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "Too many bodies at once"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
        }
    }
}

impl Service {
    /// A service over a store and a database.
    pub fn new(config: &Config, parts: Parts) -> Self {
        let Parts { store, database, log, time, metrics, memcached, cluster } = parts;
        Self {
            store,
            database,
            log,
            changing: tokio::sync::Mutex::new(()),
            limits: config.limits(),
            time,
            metrics,
            memcached,
            cluster,
            token: config.token.as_ref().map(|token| Sha256::digest(token).into()),
            bodies: Semaphore::new(BODIES_KIB_MAX),
            body_bytes_max: config.body_bytes_max,
            timeout: config.timeout,
            requests: AtomicU64::new(0),
            openapi: openapi::document(config.token.is_some()).into(),
        }
    }

    /// Executes a request of the API, and logs it.
    async fn obey(&self, request: Request) -> Result<Reply, Failure> {
        let (watch, now) = (Stopwatch::start(), self.time.now());
        let (operation, is_logged) = (request.operation(), self.log.is_kept());
        let logged = if is_logged { Access::of(&request) } else { None };
        let reply = match request {
            Request::Configure { .. } | Request::Forget { .. } => self.change(request, now).await,
            request => self.store.obey(request, now).await,
        };
        if let Some((namespace, key_pattern)) = logged {
            let latency_ms = watch.elapsed().as_secs_f64() * 1000.0;
            let (hit, at_s) = (Access::hit(&reply), self.time.unix_s());
            self.log.add(Access { namespace, key_pattern, operation, hit, latency_ms, at_s });
        }
        reply
    }

    /// What the database answers within half the time that a request may take: it is asked twice for a change.
    async fn in_time<T>(&self, asked: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        let answered = tokio::time::timeout(self.timeout / 2, asked).await;
        answered.context("the database took too long").and_then(|answered| answered)
    }

    /// Changes settings here and in the database: both, or neither. What is forgotten is forgotten in the database first, so that a
    /// refused request has emptied nothing.
    async fn change(&self, request: Request, now: Instant) -> Result<Reply, Failure> {
        // What another service set meanwhile stays, where this request names another setting.
        let alone = async {
            let alone = self.changing.lock().await;
            self.take_over_alone().await.map(|()| alone)
        };
        let _alone = self.in_time(alone).await.map_err(|error| {
            tracing::error!(error = format!("{error:#}"), "settings could not be read");
            Failure::NoDatabase
        })?;
        let namespace = request.namespace().unwrap_or_default().to_owned();
        let failed = |error: anyhow::Error| {
            tracing::error!(namespace, error = format!("{error:#}"), "settings could not be kept");
            Failure::NoDatabase
        };
        if matches!(request, Request::Forget { .. }) {
            self.in_time(self.database.forget(&namespace)).await.map_err(failed)?;
        }
        let (old, known) = self.settings_and_changes(&namespace);
        let reply = self.store.obey(request, now).await?;
        if let Reply::Settings(named) = &reply {
            let all = self.settings_and_changes(&namespace).1;
            // A full trail loses its first rows, so new ones are counted from the end.
            let count = old.differences(named.settings).len();
            let new = all.len().saturating_sub(count);
            if let Err(error) = self.in_time(self.database.keep(named, &all[new..])).await {
                let mut before = named.clone();
                before.settings = old;
                _ = self.store.with_machine(|machine| machine.restore(&before, known, now));
                return Err(failed(error));
            }
        }
        Ok(reply)
    }

    /// Asks the store how it is; the log says so if it does not answer.
    pub async fn look_at_store(&self) {
        _ = self.store.obey(Request::Health, self.time.now()).await;
    }

    fn settings_and_changes(&self, namespace: &str) -> (Settings, Vec<Changed>) {
        self.store.with_machine(|machine| (machine.settings(namespace), machine.changes(namespace)))
    }

    /// Why the cluster's node serves nobody, if this is one and there is a reason.
    async fn node_trouble(&self) -> Option<String> {
        match &self.cluster {
            Some(cluster) => cluster.trouble().await,
            None => None,
        }
    }

    fn metrics_text(&self) -> String {
        let (stats, namespaces) = self.store.totals();
        let memcached = self.memcached.as_ref().map(|memcached| memcached.totals());
        let held = self.store.is_memory().then_some((stats.entries, stats.bytes, stats.evictions));
        self.metrics.text((stats.hits, stats.misses), held, namespaces, self.log.counts(), memcached)
    }

    fn is_authorized(&self, path: &str, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        // A load balancer requests `/health` without a token.
        if path == "/health" {
            return true;
        }
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.split_once(' '));
        given.is_some_and(|(scheme, given)| {
            scheme.eq_ignore_ascii_case("bearer") && *token == <[u8; 32]>::from(Sha256::digest(given.trim()))
        })
    }

    /// The whole body, within the limits of its size, its time, and all bodies together.
    async fn read_body(&self, head: &Head, body: Incoming) -> Result<Vec<u8>, Refusal> {
        // Most requests have none, and need no timer then.
        if body.is_end_stream() {
            return Ok(Vec::new());
        }
        let coding = head.headers.get(header::CONTENT_ENCODING);
        if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(Refusal::BodyPacked);
        }
        let all = self.collect(body);
        let all = tokio::time::timeout(self.timeout, all).await.unwrap_or(Err(Refusal::BodyTooSlow));
        let is_entry = head.method == Method::PUT && head.uri.path().starts_with("/api/v1/cache/");
        all.map_err(|refusal| match refusal {
            Refusal::BodyTooLarge if is_entry => Refusal::ValueTooLarge,
            refusal => refusal,
        })
    }

    async fn collect(&self, mut body: Incoming) -> Result<Vec<u8>, Refusal> {
        let announced = body.size_hint().lower();
        if announced > self.body_bytes_max as u64 {
            return Err(Refusal::BodyTooLarge);
        }
        let mut bytes = Vec::new();
        let mut reserved = self.bodies.try_acquire_many(0).map_err(|_| Refusal::Busy)?;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame.map_err(|_| Refusal::BodyBroken)?.into_data() else { continue };
            if bytes.len() + frame.len() > self.body_bytes_max {
                return Err(Refusal::BodyTooLarge);
            }
            bytes.extend_from_slice(&frame);
            // By the sum: a body may come in chunks of a byte each.
            let more = bytes.len().div_ceil(1024).saturating_sub(reserved.num_permits());
            let more = u32::try_from(more).map_err(|_| Refusal::BodyTooLarge)?;
            reserved.merge(self.bodies.try_acquire_many(more).map_err(|_| Refusal::Busy)?);
        }
        Ok(bytes)
    }

    /// The request's number in logs: its own if it is short and plain, else the next one.
    fn request_id(&self, headers: &HeaderMap) -> HeaderValue {
        let is_plain = |value: &&HeaderValue| {
            (1..=REQUEST_ID_BYTES_MAX).contains(&value.len())
                && value.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
        };
        headers.get(REQUEST_ID).filter(is_plain).cloned().unwrap_or_else(|| {
            let number = self.requests.fetch_add(1, Ordering::Relaxed);
            let id = format!("{:x}-{number:x}", self.time.unix_base_s());
            HeaderValue::from_str(&id).expect("digits and a hyphen")
        })
    }
}

/// The head of a request.
type Head = axum::http::request::Parts;

/// The result of a request, for the log and the counters.
struct Done {
    response: Response,
    operation: &'static str,
    namespace: Option<String>,
    /// Whether the request's body was read to its end.
    is_read: bool,
}

impl Service {
    /// Answers one HTTP request, and returns whether its body was read to its end. Every GET can be a HEAD, which load balancers send:
    /// hyper leaves out the body.
    pub async fn answer(&self, mut request: axum::http::Request<Incoming>) -> (Response, bool) {
        let watch = Stopwatch::start();
        let id = self.request_id(request.headers());
        if let Some(ms) = request.headers().get(CLOCK).and_then(|ms| ms.to_str().ok()?.parse().ok()) {
            self.time.move_to(ms);
        }
        let (method, target) = (request.method().clone(), request.uri().clone());
        if method == Method::HEAD {
            *request.method_mut() = Method::GET;
        }
        let Done { mut response, operation, namespace, is_read } = self.dispatch(request).await;
        if self.time.is_virtual() {
            response.headers_mut().insert(CLOCK, self.time.now().as_millis().into());
        }
        let (status, took) = (response.status(), watch.elapsed());
        self.metrics.count_request(operation, status.as_u16(), took);
        let latency_ms = took.as_secs_f64() * 1000.0;
        let (request_id, path, code) = (id.to_str().unwrap_or_default(), target.path(), status.as_u16());
        if status.is_server_error() && status != StatusCode::INSUFFICIENT_STORAGE {
            tracing::error!(request_id, %method, path, status = code, latency_ms, operation, namespace);
        } else {
            tracing::debug!(request_id, %method, path, status = code, latency_ms, operation, namespace);
        }
        response.headers_mut().insert(REQUEST_ID, id);
        // Where the body is not read, no further request can follow on this connection.
        if !is_read {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        (response, is_read)
    }

    async fn dispatch(&self, request: axum::http::Request<Incoming>) -> Done {
        let is_read = request.body().is_end_stream();
        let plain = |response, operation| Done { response, operation, namespace: None, is_read };
        let path = request.uri().path();
        if !self.is_authorized(path, request.headers()) {
            return plain(refuse(Refusal::Unauthorized), "UNAUTHORIZED");
        }
        match path {
            "/metrics" | "/openapi.json" if request.method() != Method::GET => {
                let mut response = refuse(Refusal::MethodNotAllowed);
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
                plain(response, "OTHER")
            }
            "/metrics" => plain(respond(StatusCode::OK, "text/plain; version=0.0.4", self.metrics_text()), "METRICS"),
            "/openapi.json" => plain(respond(StatusCode::OK, "application/json", self.openapi.clone()), "OPENAPI"),
            _ => self.ask(request).await,
        }
    }

    /// A request of the API.
    async fn ask(&self, request: axum::http::Request<Incoming>) -> Done {
        let (head, body) = request.into_parts();
        let done = |response, operation, namespace| Done { response, operation, namespace, is_read: true };
        let body = match self.read_body(&head, body).await {
            Ok(body) => body,
            Err(refusal) => return Done { is_read: false, ..done(refuse(refusal), "OTHER", None) },
        };
        if head.uri.path().starts_with("/cluster/") {
            let target = (head.uri.path(), head.uri.query().unwrap_or_default());
            let response =
                cluster::http::answer(self.cluster.as_ref(), &head.method, target, &head.headers, body).await;
            return done(response, "CLUSTER", None);
        }
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let body = (!body.is_empty()).then_some(body);
        // Bytes that are not text are not JSON either, and are refused as such.
        let text = body.as_deref().map(|body| std::str::from_utf8(body).unwrap_or("\u{fffd}"));
        let request = match Request::read(head.method.as_str(), target, text, &self.limits) {
            Ok(request) => request,
            Err(failure) => return done(send(failure.into()), "OTHER", None),
        };
        let (operation, namespace) = (request.operation(), request.namespace().map(str::to_owned));
        let is_health = matches!(request, Request::Health);
        let reply = match self.obey(request).await {
            Err(failure) if is_health => unhealthy(failure.status(), false, &failure.to_string()),
            Ok(healthy) if is_health => {
                let trouble = self.node_trouble().await;
                trouble.map_or_else(|| send(healthy.into()), |why| unhealthy(503, true, &why))
            }
            reply => send(reply.into()),
        };
        done(reply, operation, namespace)
    }
}

/// The engine's answer over HTTP.
fn send(answer: HttpAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).expect("the engine's codes are codes");
    let mut response = respond(status, "application/json", answer.body);
    for (name, value) in answer.headers {
        let name = HeaderName::try_from(name).expect("the engine's headers are plain");
        response.headers_mut().insert(name, HeaderValue::try_from(value).expect("and so are their values"));
    }
    response
}

/// The state in `/health` of a store that does not answer, or of a node that serves nobody, in the document's form, with the reason.
fn unhealthy(status: u16, is_store_well: bool, why: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("the engine's codes are codes");
    let redis = if is_store_well { "connected" } else { "disconnected" };
    let body = serde_json::json!({"status": "unhealthy", "redis": redis, "error": why});
    respond(status, "application/json", body.to_string())
}

fn refuse(refusal: Refusal) -> Response {
    let (status, text) = refusal.status_and_text();
    let mut response = respond(status, "application/json", format!("{{\"error\":\"{text}\"}}"));
    let headers = response.headers_mut();
    match refusal {
        Refusal::Unauthorized => _ = headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
        Refusal::Busy => _ = headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1")),
        _ => {}
    }
    response
}

fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
