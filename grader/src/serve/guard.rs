//! Who may ask. The server listens on this machine only, but every page that its browser shows could ask too: so a request
//! must name this machine as its host (a stranger's name that resolves to 127.0.0.1 is a stranger), and where a browser
//! says which page it comes from, that must be this server's own. No other page may read an answer: there are no CORS
//! headers.

use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::api::Refusal;

/// Lets a request pass, or refuses it with a sentence.
pub async fn check(request: Request, next: Next) -> Response {
    let mut response = match refusal(request.headers()) {
        Some(why) => Refusal::new(StatusCode::FORBIDDEN, why).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // After a rebuild a reload must show the new page, and a report is nobody else's.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Why a request with these headers is refused.
fn refusal(headers: &HeaderMap) -> Option<&'static str> {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_ascii_lowercase();
    let host = headers.get(HOST).map(text).unwrap_or_default();
    if !is_this_machine(&host) {
        return Some("this server answers for this machine only: ask http://127.0.0.1 or http://localhost");
    }
    let own = |origin: &HeaderValue| text(origin).strip_prefix("http://").is_some_and(|from| from == host);
    if headers.get(ORIGIN).is_some_and(|origin| !own(origin)) {
        return Some("a page of another origin asked: only this server's own pages may");
    }
    let site = headers.get("sec-fetch-site").map(text).unwrap_or_default();
    (site == "cross-site" && headers.get("sec-fetch-mode").map(text).as_deref() != Some("navigate"))
        .then_some("a page of another site asked: only this server's own pages may")
}

/// Whether a `Host` header names this machine, whatever the port: it may be forwarded.
fn is_this_machine(host: &str) -> bool {
    let port = |rest: &str| rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| host.strip_prefix(name).is_some_and(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_and_its_own_pages_may_ask() {
        let refused = |headers: &[(&'static str, &'static str)]| {
            let map = headers
                .iter()
                .map(|(name, value)| (name.parse().expect("a header's name"), HeaderValue::from_static(value)));
            refusal(&map.collect()).is_some()
        };
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
