//! The least that axum does for a request: what the service's own work is measured against.

use std::net::Ipv4Addr;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

/// As long as the service's answer to a GET here.
const BODY: &str = "{\"value\":\"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv\",\"metadata\":{\"ttl_remaining\":3600,\"created_at\":\"2026-01-01T00:00:00Z\",\"last_accessed\":\"2026-01-01T00:00:00Z\",\"access_count\":100,\"size_bytes\":102}}";

/// Serves for ever, and prints where.
pub(super) fn serve() -> std::io::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("bare: {}", listener.local_addr()?);
        let answer = || async { ([(CONTENT_TYPE, "application/json")], BODY) };
        axum::serve(listener, Router::new().route("/api/v1/cache/n/{key}", get(answer))).await
    })
}
