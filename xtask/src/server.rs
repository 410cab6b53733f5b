//! A folder of static files over HTTP, for this machine only.

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

const PREFERRED_PORT: u16 = 8080;

/// Answers from its start until it is dropped.
pub(crate) struct Server {
    runtime: Runtime,
    address: SocketAddr,
}

impl Server {
    /// Serves `folder` on 127.0.0.1. Port 0 is any free one; no port is 8080, or any free one where that is taken.
    pub(crate) fn start(folder: &Path, port: Option<u16>) -> Result<Self> {
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(listen(port))?;
        let address = listener.local_addr()?;
        // Not cached at all: after a rebuild a reload must show the new page.
        let never_stored = SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let files = Router::new().fallback_service(ServeDir::new(folder)).layer(never_stored);
        runtime.spawn(async move { axum::serve(listener, files).await });
        Ok(Self { runtime, address })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Goes on serving until Ctrl-C.
    pub(crate) fn wait_for_ctrl_c(self) -> Result<()> {
        self.runtime.block_on(tokio::signal::ctrl_c()).context("cannot wait for Ctrl-C")?;
        self.runtime.shutdown_background();
        Ok(())
    }
}

async fn listen(port: Option<u16>) -> Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(PREFERRED_PORT))).await {
        Err(error) if error.kind() == ErrorKind::AddrInUse => match port {
            Some(port) => {
                bail!("port {port} is taken by another program: name another with --port, or --port 0 for any free one")
            }
            None => Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?),
        },
        bound => bound.context("cannot listen on 127.0.0.1: name another port with --port"),
    }
}
