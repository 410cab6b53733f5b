//! The playground and a grading API on one port of this machine.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`jobs`] | a bounded queue, and workers that grade what is in it |
//! | [`connections`] | connections, bounded in number and time |
//! | `request_heads` | what two programs could read differently in a request's head |
//! | [`guard`] | which requests are allowed: of this machine's programs and this server's pages only |
//! | [`api`] | requests and answers |
//! | [`page`] | where the built playground is |
//!
//! A submission that comes this way is written to a folder of its own and treated like any other: the same limits, the
//! same sandbox, the same report. A request names an exercise that was loaded at the start, never a path.

pub mod api;
mod connections;
mod french;
pub mod guard;
pub mod jobs;
pub mod page;
mod request_heads;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::middleware;
use tokio::sync::oneshot;
use tower_http::services::ServeDir;

use crate::host::outcome::UsageError;
use guard::Guard;
use jobs::Desk;

/// The port that is used if none is requested.
const PREFERRED_PORT: u16 = 8080;
/// How long requests in progress may go on at the end.
pub const FAREWELL: Duration = Duration::from_secs(5);

/// Takes a port of 127.0.0.1. Port 0 is any free one; no port is 8080, or any free one where that is taken.
///
/// # Errors
/// The port that was asked for is taken, or may not be had.
pub fn listen(port: Option<u16>) -> Result<TcpListener> {
    let listener = match (TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(PREFERRED_PORT))), port) {
        (Err(error), None) if error.kind() == ErrorKind::AddrInUse => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
        (Err(error), _) => {
            let port = port.unwrap_or(PREFERRED_PORT);
            let why =
                format!("port {port} cannot be had ({error}): name another with --port, or --port 0 for any free one");
            return Err(UsageError(why).into());
        }
        (Ok(listener), _) => listener,
    };
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Answers until `stop` says how long requests in progress may go on; then their gradings are stopped.
///
/// # Errors
/// The listener cannot be used any more.
pub fn answer(
    listener: TcpListener,
    desk: Desk,
    page: Option<&Path>,
    guard: Guard,
    stop: oneshot::Receiver<Duration>,
) -> Result<()> {
    let app = match page {
        Some(folder) => api::routes(desk).fallback_service(ServeDir::new(folder)),
        None => api::routes(desk).fallback(page::missing),
    };
    let app: Router = app.layer(middleware::from_fn_with_state(Arc::new(guard), guard::check));
    let app = app.layer(middleware::from_fn(api::in_asked_language));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        connections::serve(listener, app, connections::BOUNDS, async { stop.await.unwrap_or_default() }).await;
        Ok::<(), std::io::Error>(())
    })?;
    runtime.shutdown_background();
    Ok(())
}
