//! Which requests are allowed. The server listens on this machine only, but every page in its browser could send requests too. So
//! a request must name this machine as its host (a foreign name that resolves to 127.0.0.1 is refused), and if the browser names
//! the page that it comes from, that must be this server's own. No other page may read an answer: there are no CORS headers.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cachedojo_lab::script::without_mark;
use hyper::body::Body as _;
use sha2::{Digest, Sha256};

use super::api::{BODY_BYTES_MAX, Refusal};
use crate::host::files::{open_named, read_at_most};
use crate::host::outcome::UsageError;

/// What the playground may load and do: its own files, WebAssembly, workers; and which pages may show it in a frame.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
/// The largest token file, in bytes; and the shortest token that cannot be guessed.
const TOKEN_BYTES_MAX: u64 = 4096;
const TOKEN_BYTES_MIN: usize = 16;

/// Which requests are allowed, and which pages may embed the playground.
#[derive(Debug)]
pub struct Guard {
    policy: HeaderValue,
    /// The digest of the token that API requests must have: comparing digests takes the same time for every token.
    token: Option<[u8; 32]>,
}

impl Guard {
    /// A guard that lets pages of `embed` show the playground, and requires the token in a file if one is named.
    ///
    /// # Errors
    /// An origin is invalid, or the file has no token.
    pub fn new(embed: &[String], token_file: Option<&Path>) -> Result<Self> {
        for origin in embed {
            let host = origin.strip_prefix("https://").or(origin.strip_prefix("http://"));
            let plain = |c: char| c.is_ascii_alphanumeric() || ".-:*[]".contains(c);
            if !host.is_some_and(|host| !host.is_empty() && host.chars().all(plain)) {
                let why = format!("`{origin}` is no origin: write --embed https://course.example, without a path");
                return Err(UsageError(why).into());
            }
        }
        let policy = embed.iter().fold(POLICY.to_owned(), |policy, origin| format!("{policy} {origin}"));
        Ok(Self { policy: HeaderValue::from_str(&policy)?, token: token_file.map(read_token).transpose()? })
    }

    fn bears_token(&self, headers: &HeaderMap) -> bool {
        let borne = only(headers, &AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        borne.map(|token| Sha256::digest(token.trim()).into()) == self.token
    }
}

fn read_token(file: &Path) -> Result<[u8; 32]> {
    let shown = file.display();
    let bytes = open_named(file)
        .and_then(|file| read_at_most(file, TOKEN_BYTES_MAX))
        .map_err(|error| UsageError(format!("no token can be read from `{shown}`: {error}")))?;
    let token = String::from_utf8(bytes)
        .map_err(|_| UsageError(format!("the token in `{shown}` is not UTF-8: save the file as UTF-8")))?;
    let token = without_mark(&token).trim();
    if token.len() < TOKEN_BYTES_MIN {
        let why =
            format!("the token in `{shown}` is too short: write at least {TOKEN_BYTES_MIN} characters, at random");
        return Err(UsageError(why).into());
    }
    Ok(Sha256::digest(token).into())
}

/// Passes a request on, or refuses it with a sentence.
pub async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut response = match guard.refusal(&request) {
        Some((status, why)) => Refusal::new(status, why).into_response(),
        None => next.run(request).await,
    };
    let unauthorized = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    if unauthorized {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // After a rebuild a reload must show the new page, and a report must not be cached for others.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A report as a page has a stricter policy already.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert_with(|| guard.policy.clone());
    response
}

impl Guard {
    /// Why a request is refused; `None` if it is not.
    fn refusal(&self, request: &Request) -> Option<(StatusCode, &'static str)> {
        // Before a byte of it has come: what is announced to be too large is not waited for.
        if request.body().size_hint().lower() > BODY_BYTES_MAX as u64 {
            let why = "a submission has at most 8 MiB: hand in source files only";
            return Some((StatusCode::PAYLOAD_TOO_LARGE, why));
        }
        if self.token.is_some() {
            // No page can send the token without knowing it, so a request with it may come from anywhere and name any
            // host.
            let passes = !request.uri().path().starts_with("/api/") || self.bears_token(request.headers());
            return (!passes)
                .then_some((StatusCode::UNAUTHORIZED, "this server asks for a token: Authorization: Bearer …"));
        }
        // A request line may name a host too, and then that one counts.
        let named = request.uri().authority().map(|name| name.as_str().to_ascii_lowercase());
        if named.is_some_and(|name| !is_this_machine(&name)) {
            return Some((StatusCode::FORBIDDEN, "this server answers for this machine only: ask http://127.0.0.1"));
        }
        refusal(request.method(), request.headers()).map(|why| (StatusCode::FORBIDDEN, why))
    }
}

/// The value of a header that occurs exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then(|| first.to_str().ok()).flatten()
}

/// Why a request with these headers is refused; `None` if it is not.
fn refusal(method: &Method, headers: &HeaderMap) -> Option<&'static str> {
    // With two of them, a proxy in between might read the other one than we do.
    if [HOST, ORIGIN].iter().any(|name| headers.get_all(name).iter().count() > 1) {
        return Some("a request names its host and its origin once");
    }
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_ascii_lowercase();
    let host = headers.get(HOST).map(text).unwrap_or_default();
    if !is_this_machine(&host) {
        return Some("this server answers for this machine only: ask http://127.0.0.1 or http://localhost");
    }
    let own = |origin: &HeaderValue| text(origin).strip_prefix("http://").is_some_and(|from| from == host);
    if headers.get(ORIGIN).is_some_and(|origin| !own(origin)) {
        return Some("a page of another origin asked: only this server's own pages may");
    }
    let fetch = |name: &str| headers.get(name).map(text).unwrap_or_default();
    let (site, mode) = (fetch("sec-fetch-site"), fetch("sec-fetch-mode"));
    // A browser names the origin of every POST; a form that hides it is not allowed.
    let reads = *method == Method::GET || *method == Method::HEAD;
    let is_browser = !site.is_empty() || !mode.is_empty();
    if !reads && is_browser && !headers.contains_key(ORIGIN) {
        return Some("a page that does not say where it is from asked: only this server's own pages may");
    }
    (site == "cross-site" && (mode != "navigate" || !reads))
        .then_some("a page of another site asked: only this server's own pages may")
}

/// Whether a `Host` header names this machine; the port may be any, because it may be forwarded.
fn is_this_machine(host: &str) -> bool {
    let port = |rest: &str| rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| host.strip_prefix(name).is_some_and(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        refusal(method, &map).is_some()
    }

    #[test]
    fn what_is_posted_says_where_it_is_from() {
        let host = ("host", "localhost:80");
        for (headers, refused) in [
            (&[host][..], false),
            (&[host, ("origin", "http://localhost:80"), ("sec-fetch-site", "same-origin")], false),
            (&[host, ("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate")], true),
            (&[host, ("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], true),
            (&[host, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], true),
        ] {
            assert_eq!(refuses(&Method::POST, headers), refused, "{headers:?}");
        }
    }

    #[test]
    fn a_host_or_an_origin_is_named_once() {
        let own = ("origin", "http://localhost:80");
        for headers in [
            &[("host", "localhost:80"), ("host", "localhost:80")][..],
            &[("host", "localhost:80"), ("host", "evil.example")],
            &[("host", "localhost:80"), own, ("origin", "http://evil.example")],
            &[("host", "localhost:80"), own, own],
        ] {
            assert!(refuses(&Method::POST, headers), "{headers:?}");
        }
    }

    #[test]
    fn a_host_in_the_request_line_is_one_too() {
        let guard = Guard::new(&[], None).expect("nothing is asked for");
        let refused = |uri: &str| {
            let request = Request::builder().uri(uri).header(HOST, "localhost:80").body(axum::body::Body::empty());
            guard.refusal(&request.expect("a request")).is_some()
        };
        assert!(refused("http://evil.example/") && !refused("http://localhost:80/") && !refused("/"));
    }

    #[test]
    fn what_is_announced_to_be_too_large_is_refused_unread() {
        let guard = Guard::new(&[], None).expect("nothing is asked for");
        for (size, refused) in [(BODY_BYTES_MAX, false), (BODY_BYTES_MAX + 1, true)] {
            let body = axum::body::Body::from(vec![0; size]);
            let request = Request::builder().uri("/").header(HOST, "localhost").body(body).expect("a request");
            let status = guard.refusal(&request).map(|(status, _)| status);
            assert_eq!(status, refused.then_some(StatusCode::PAYLOAD_TOO_LARGE), "{size}");
        }
        assert_eq!(BODY_BYTES_MAX, 8 << 20, "the sentence names it");
    }

    #[test]
    fn whoever_bears_the_token_may_ask_by_any_name() {
        let file = tempfile::NamedTempFile::new().expect("there is room");
        std::fs::write(file.path(), "0123456789abcdef\n").expect("there is room");
        let guard = Guard::new(&[], Some(file.path())).expect("it is a token");
        let asks = |path: &str, token: Option<&str>| {
            let request = Request::builder().uri(path).header(HOST, "course.example");
            let request = token.into_iter().fold(request, |request, token| request.header(AUTHORIZATION, token));
            guard.refusal(&request.body(axum::body::Body::empty()).expect("a request")).map(|(status, _)| status)
        };
        assert_eq!(asks("/api/v1/grade", Some("Bearer 0123456789abcdef")), None);
        for token in [None, Some("Bearer 0123456789abcde"), Some("Bearer "), Some("0123456789abcdef")] {
            assert_eq!(asks("/api/v1/grade", token), Some(StatusCode::UNAUTHORIZED), "{token:?}");
        }
        assert_eq!(asks("/index.html", None), None);
        std::fs::write(file.path(), "short").expect("there is room");
        assert!(Guard::new(&[], Some(file.path())).is_err());
    }

    #[test]
    fn only_named_sites_may_show_the_page() {
        let guard = Guard::new(&["https://course.example".to_owned()], None).expect("it is an origin");
        assert!(
            guard.policy.to_str().is_ok_and(|policy| policy.ends_with("frame-ancestors 'self' https://course.example"))
        );
        for origin in ["course.example", "https://a b", "https://a;script-src *", "https://", "javascript:x"] {
            assert!(Guard::new(&[origin.to_owned()], None).is_err(), "{origin}");
        }
    }

    #[test]
    fn only_this_machine_and_its_own_pages_may_ask() {
        let refused = |headers: &[(&'static str, &'static str)]| refuses(&Method::GET, headers);
        for headers in [
            &[("host", "127.0.0.1:8080")][..],
            &[("host", "localhost")],
            &[("host", "LOCALHOST:1")],
            &[("host", "[::1]:80")],
            &[("host", "127.0.0.1:80"), ("origin", "http://127.0.0.1:80"), ("sec-fetch-site", "same-origin")],
            &[("host", "localhost:80"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
        ] {
            assert!(!refused(headers), "{headers:?}");
        }
        for headers in [
            &[][..],
            &[("host", "evil.example")],
            &[("host", "127.0.0.1.evil.example")],
            &[("host", "localhost:80@evil.example")],
            &[("host", "127.0.0.1:80"), ("origin", "http://evil.example")],
            &[("host", "127.0.0.1:80"), ("origin", "http://127.0.0.1:81")],
            &[("host", "127.0.0.1:80"), ("origin", "null")],
            &[("host", "127.0.0.1:80"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
        ] {
            assert!(refused(headers), "{headers:?}");
        }
    }
}
