//! The API: `POST /api/v1/grade` with a submission as the body, `POST /api/v1/build` with the same for its module,
//! `GET /api/v1/exercises`, and `GET /api/v1/exercises/ID` for an exercise's statement, rows and starter. A module is built of
//! what its own request holds, and of nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path as FilePath, PathBuf};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_judge::report::GradeVerdict;
use cachedojo_notation::text::Language;
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::french;
use super::jobs::{Desk, LaidOut, NoReport, Order, PageModule, SUBMISSION};
use crate::host::{printable, scratch};
use crate::intake::archive;
use crate::pack::DEFAULT_ID;
use crate::report::{self, Format, PLAYGROUND, Setting};

/// The largest body, in bytes.
pub const BODY_BYTES_MAX: usize = 8 << 20;
/// The most files of a submission in JSON.
const FILES_MAX: usize = 256;
/// How long a body may take to arrive.
pub(super) const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// The most bytes of a submission's name.
const NAME_BYTES_MAX: usize = 200;
const NO_EXERCISE: &str = "there is no such exercise: see /api/v1/exercises";
const NO_SERVICES: &str = "services are not graded here: whoever runs this server may start it with --trust; `grader grade` on your own machine grades yours";

/// The routes.
pub fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/api/v1/grade", post(grade))
        .route("/api/v1/build", post(build))
        .route("/api/v1/exercises", get(exercises))
        .route("/api/v1/exercises/{id}", get(brief))
        // Without it the page's files would be looked through, and the answer to a mistyped address would have no sentence.
        .route("/api/{*anything}", any(nowhere))
        .method_not_allowed_fallback(|| async {
            let why = "POST a submission to /api/v1/grade or /api/v1/build, GET /api/v1/exercises";
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, why)
        })
        .with_state(desk)
}

async fn nowhere() -> Refusal {
    let why = "the API has /api/v1/grade, /api/v1/build and /api/v1/exercises, and nothing here";
    Refusal::new(StatusCode::NOT_FOUND, why)
}

/// A refused request: a status, and a sentence that says what to do.
#[derive(Debug, Clone)]
pub struct Refusal {
    status: StatusCode,
    why: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(status: StatusCode, why: &str) -> Self {
        Self { status, why: why.to_owned() }
    }
}

/// A refusal's sentence, kept beside the body in which it was written.
#[derive(Debug, Clone)]
struct Said(String);

/// Has every refusal of a request with `lang=fr` in its query in French, whoever refused it.
pub async fn in_asked_language(request: Request, next: Next) -> Response {
    let is_french = request.uri().query().is_some_and(|query| query.split('&').any(|wish| wish == "lang=fr"));
    let response = next.run(request).await;
    match response.extensions().get::<Said>().filter(|_| is_french).cloned() {
        None => response,
        Some(Said(why)) => {
            let (mut parts, _) = response.into_parts();
            // It counted the English sentence's.
            parts.headers.remove(CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(json!({ "error": french::in_french(&why) }).to_string()))
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.why }))).into_response();
        response.extensions_mut().insert(Said(self.why));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

/// The settings of a request, from the query; or from a JSON body, where the query has none.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    exercise: Option<String>,
    seed: Option<u64>,
    lang: Option<String>,
    format: Option<String>,
    playground: Option<String>,
    /// The sender's name of what is sent: of a file, of a folder.
    name: Option<String>,
}

impl Wish {
    fn or(self, other: Self) -> Self {
        Self {
            exercise: self.exercise.or(other.exercise),
            seed: self.seed.or(other.seed),
            lang: self.lang.or(other.lang),
            format: self.format.or(other.format),
            playground: self.playground.or(other.playground),
            name: self.name.or(other.name),
        }
    }
}

/// A submission as JSON. The settings stand here once more, as no flattened structure refuses unknown fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    files: BTreeMap<String, String>,
    exercise: Option<String>,
    seed: Option<u64>,
    lang: Option<String>,
    format: Option<String>,
    playground: Option<String>,
    name: Option<String>,
}

async fn exercises(State(desk): State<Desk>) -> Response {
    Json(json!({ "exercises": desk.offers() })).into_response()
}

async fn brief(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let found = desk.brief(&id).map(|brief| Json(brief).into_response());
    found.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, NO_EXERCISE))
}

async fn grade(
    State(desk): State<Desk>,
    query: Result<Query<Wish>, QueryRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let Query(wish) = query.map_err(|rejection| unasked(&rejection.body_text()))?;
    // The page that this program itself serves.
    let host = request.headers().get(HOST).and_then(|value| value.to_str().ok()).map(|host| format!("http://{host}/"));
    let (_place, order, wish) = ordered(&desk, wish, request).await?;
    let format = match wish.format {
        None => Format::Json,
        Some(name) => Format::from_str(&name, false).map_err(|_| bad(&formats()))?,
    };
    let mut setting = Setting::from_environment(order.language, host.as_deref().unwrap_or(PLAYGROUND));
    setting.playground = wish.playground.unwrap_or(setting.playground);
    let report = desk.report(order).await.map_err(Refusal::from)?;
    let status = match report.verdict {
        GradeVerdict::HarnessError => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::OK,
    };
    let text = report::render(&report, format, &setting);
    let mut response = (status, [(CONTENT_TYPE, content_type(format))], text).into_response();
    if format == Format::Html {
        // The page is ours, but contains a stranger's text: it may not load or do anything.
        let policy = HeaderValue::from_static("sandbox; default-src 'none'; style-src 'unsafe-inline'");
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// The answer to a query that cannot be read, with the library's reason.
fn unasked(why: &str) -> Refusal {
    let why = why.trim_start_matches("Failed to deserialize query string: ");
    bad(&format!(
        "the query cannot be read ({why}): it may hold exercise, seed (a whole number from 0), lang, format, playground and name"
    ))
}

/// The module of a submission, as `grader build` makes it, so that the page shows what this very submission does.
async fn build(
    State(desk): State<Desk>,
    query: Result<Query<Wish>, QueryRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let Query(wish) = query.map_err(|rejection| unasked(&rejection.body_text()))?;
    let (_place, order, _) = ordered(&desk, wish, request).await?;
    match desk.module(order).await.map_err(Refusal::from)? {
        PageModule::Module(module) => Ok(([(CONTENT_TYPE, "application/wasm")], module).into_response()),
        PageModule::Refused(why) => Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, &why)),
    }
}

/// What is to be done with what was sent, what is wished besides, and a place in the queue: taken once the body is whole, so that
/// slow senders keep nobody out, and before anything is written. How many bodies are read at once is bounded by the connections.
async fn ordered(desk: &Desk, wish: Wish, request: Request) -> Result<(OwnedSemaphorePermit, Order, Wish), Refusal> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let body = body(request.into_body(), BODY_PATIENCE).await?;
    let place = desk.place().ok_or_else(busy)?;
    // Unpacking and writing wait for the disk.
    let laid_out = tokio::task::spawn_blocking(move || lay_out(&kind, &body, wish)).await;
    let (submission, mut wish) =
        laid_out.map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the grader failed"))??;
    let exercise = wish.exercise.take().unwrap_or_else(|| DEFAULT_ID.to_owned());
    match desk.offers().iter().find(|offer| offer.id == exercise) {
        None => return Err(bad(NO_EXERCISE)),
        // Whoever sends it cannot add the flag: this is no verdict on what was sent.
        Some(offer) if !offer.is_graded => return Err(Refusal::new(StatusCode::FORBIDDEN, NO_SERVICES)),
        Some(_) => {}
    }
    let language = match wish.lang.as_deref() {
        None | Some("en") => Language::English,
        Some("fr") => Language::French,
        Some(_) => return Err(bad("there is no such language: lang is en or fr")),
    };
    Ok((place, Order { submission, exercise, seed: wish.seed.unwrap_or(0), language }, wish))
}

impl From<NoReport> for Refusal {
    fn from(why: NoReport) -> Self {
        match why {
            NoReport::Busy => busy(),
            NoReport::TooLate => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "too many submissions are graded before this one: ask again later",
            ),
            NoReport::Failed(why) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, &why),
        }
    }
}

fn busy() -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "many submissions wait already: ask again soon")
}

fn bad(why: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, why)
}

async fn body(body: Body, patience: Duration) -> Result<Vec<u8>, Refusal> {
    match tokio::time::timeout(patience, to_bytes(body, BODY_BYTES_MAX)).await {
        Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "the submission took too long to come")),
        Ok(Err(error)) if !is_too_long(&error) => Err(bad("the submission did not come whole: send it again")),
        Ok(Err(_)) => {
            let why = format!("a submission has at most {BODY_BYTES_MAX} bytes: hand in source files only");
            Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, &why))
        }
        Ok(Ok(bytes)) => Ok(bytes.into()),
    }
}

/// Whether a body has more than [`BODY_BYTES_MAX`]; else its connection was lost.
fn is_too_long(error: &axum::Error) -> bool {
    use std::error::Error;
    error.source().is_some_and(<dyn Error>::is::<http_body_util::LengthLimitError>)
}

/// The submission as files: from JSON or an archive; any other body is a file of its own name, `src/lib.rs` where it has none.
fn lay_out(kind: &str, body: &[u8], mut wish: Wish) -> Result<(LaidOut, Wish), Refusal> {
    let failed = |error: std::io::Error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, &error.kind().to_string());
    if body.is_empty() {
        return Err(bad("the body is empty: it is the submission"));
    }
    let home = scratch::folder().map_err(failed)?;
    let mut place = home.path().join(SUBMISSION);
    fs::create_dir(&place).map_err(failed)?;
    let is_json = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if is_json {
        let sent: Sent = serde_json::from_slice(body).map_err(|error| {
            bad(&format!("no submission ({error}): write {{\"files\": {{\"src/lib.rs\": \"…\"}}}}"))
        })?;
        let Sent { files, exercise, seed, lang, format, playground, name } = sent;
        write_files(&place, &files)?;
        wish = wish.or(Wish { exercise, seed, lang, format, playground, name });
    }
    let name = wish.name.as_deref().and_then(own_name);
    if !is_json {
        place = lay_out_bytes(home.path(), place, name.as_deref().map(FilePath::new), body)?;
    }
    let name = name.unwrap_or_else(|| SUBMISSION.to_owned());
    Ok((LaidOut { folder: home, place, name }, wish))
}

/// Lays out what is no JSON in the folder `place`, and says where the submission is then.
fn lay_out_bytes(home: &FilePath, place: PathBuf, name: Option<&FilePath>, body: &[u8]) -> Result<PathBuf, Refusal> {
    let failed = |error: std::io::Error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, &error.kind().to_string());
    // What calls itself an archive is no source, whatever is in it.
    if name.is_some_and(archive::is_archive) || archive::is_packed(body) {
        let refused = |refused: archive::Refused| bad(&refused.to_string());
        let packed = home.join("packed");
        fs::write(&packed, body).map_err(failed)?;
        // The exercise may be named only inside the archive. A service is not graded here: to one, every file would belong.
        let languages = CodeLanguage::ALL.into_iter().filter(|code| *code != CodeLanguage::Http).collect::<Vec<_>>();
        archive::unpack_learner(&packed, &place, &languages).map_err(refused)?;
        return Ok(place);
    }
    if let Some(name) = name.filter(|name| name.extension().is_some()) {
        let file = place.join(name);
        fs::write(&file, body).map_err(failed)?;
        return Ok(file);
    }
    fs::create_dir(place.join("src")).and_then(|()| fs::write(place.join("src/lib.rs"), body)).map_err(failed)?;
    Ok(place)
}

/// The name that a sender gives to what is sent, as a file here may be called: without folders, on one line.
fn own_name(name: &str) -> Option<String> {
    let own = printable::line(name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next()?.trim());
    let is_name = !own.is_empty() && own.len() <= NAME_BYTES_MAX && !own.trim_matches('.').is_empty();
    is_name.then_some(own)
}

fn write_files(folder: &FilePath, files: &BTreeMap<String, String>) -> Result<(), Refusal> {
    if files.is_empty() || files.len() > FILES_MAX {
        return Err(bad(&format!("a submission has from 1 to {FILES_MAX} files")));
    }
    for (name, text) in files {
        let path = FilePath::new(name);
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        if name.len() > 200 || name.contains(['\0', '\\']) || !path.components().all(plain) {
            return Err(bad("a file's name is a short path like src/lib.rs, without `..`"));
        }
        let target = folder.join(path);
        let parent = target.parent().unwrap_or(folder);
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&target, text));
        written.map_err(|error| match error.kind() {
            ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::AlreadyExists => {
                bad("two files' names stand in each other's way")
            }
            kind => Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, &kind.to_string()),
        })?;
    }
    Ok(())
}

fn formats() -> String {
    let names = Format::all().iter().filter_map(ValueEnum::to_possible_value).map(|value| value.get_name().to_owned());
    format!("there is no such format: format is one of {}", names.collect::<Vec<_>>().join(", "))
}

fn content_type(format: Format) -> &'static str {
    match format {
        Format::Text | Format::Github | Format::Autolab => "text/plain; charset=utf-8",
        Format::Markdown => "text/markdown; charset=utf-8",
        Format::Html => "text/html; charset=utf-8",
        Format::Junit => "application/xml",
        Format::Sarif => "application/sarif+json",
        Format::Json
        | Format::Gradescope
        | Format::Classroom50
        | Format::Prairielearn
        | Format::Exercism
        | Format::Check50
        | Format::MutationElements => "application/json",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_never_ends_or_is_too_large_is_refused() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let status = |content: Body, patience: Duration| {
            runtime.block_on(async { body(content, patience).await.map_err(|refusal| refusal.status) })
        };
        let long = Duration::from_mins(1);
        let never = Body::new(Never);
        assert_eq!(status(never, Duration::from_millis(10)), Err(StatusCode::REQUEST_TIMEOUT));
        assert_eq!(status(Body::from(vec![b' '; BODY_BYTES_MAX + 1]), long), Err(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(status(Body::new(Lost), long), Err(StatusCode::BAD_REQUEST));
        assert_eq!(status(Body::from("whole"), long), Ok(b"whole".to_vec()));
    }

    #[test]
    fn a_submission_that_has_not_come_takes_no_place() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let benches = BTreeMap::new();
        let (desk, _workers) = super::super::jobs::open(&benches);
        let free = || std::iter::from_fn(|| desk.place()).collect::<Vec<_>>().len();
        let all = free();
        runtime.block_on(async {
            let mut coming = std::pin::pin!(ordered(&desk, Wish::default(), Request::new(Body::new(Never))));
            std::future::poll_fn(|context| {
                assert!(coming.as_mut().poll(context).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
            assert_eq!(free(), all);
        });
    }

    /// A body whose connection is lost.
    struct Lost;

    impl hyper::body::Body for Lost {
        type Data = axum::body::Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
            std::task::Poll::Ready(Some(Err(ErrorKind::ConnectionReset.into())))
        }
    }

    /// A body of which nothing ever arrives.
    struct Never;

    impl hyper::body::Body for Never {
        type Data = axum::body::Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
            std::task::Poll::Pending
        }
    }
}
