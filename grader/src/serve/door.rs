//! Connections: so many at a time, each with so much time for what it has to say.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Most connections at a time; the next one waits in the system's queue. A browser takes six.
const CONNECTIONS_MAX: usize = 64;
/// How long a request's head may take to come, and an idle connection stays open.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// Largest head, in bytes.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// How long a connection lasts at most: a report is waited for at most two minutes, and a page is read in less.
const CONNECTION_MAX: Duration = Duration::from_mins(10);
/// How long to wait where the system has no connection to give.
const PAUSE: Duration = Duration::from_millis(50);

/// Answers connections until `stop` says for how long the last ones may go on.
pub(super) async fn serve(listener: TcpListener, app: Router, stop: impl Future<Output = Duration>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE).max_buf_size(HEAD_BYTES_MAX);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let last = GracefulShutdown::new();
    let mut stop = pin!(stop);
    let farewell = loop {
        let place = tokio::select! {
            farewell = &mut stop => break farewell,
            place = places.clone().acquire_owned() => place,
        };
        let accepted = tokio::select! {
            farewell = &mut stop => break farewell,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let service = TowerToHyperService::new(app.clone());
        let connection = last.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // What is wrong with a connection is told to whoever is at its other end, as far as that can be.
            _ = tokio::time::timeout(CONNECTION_MAX, connection).await;
            drop(place);
        });
    };
    drop(listener);
    tokio::select! {
        () = last.shutdown() => {}
        () = tokio::time::sleep(farewell) => {}
    }
}
