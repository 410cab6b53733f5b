//! A folder of static files over HTTP, for this machine only.

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use tokio::runtime::Runtime;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

const PREFERRED_PORT: u16 = 8080;

/// Answers from its start until it is dropped.
pub(crate) struct Server {
    runtime: Runtime,
    address: SocketAddr,
}

/// Takes a port of 127.0.0.1. Port 0 is any free one; no port is 8080, or any free one where that is taken.
pub(crate) fn listen(port: Option<u16>) -> Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(PREFERRED_PORT))) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => match port {
            Some(port) => {
                bail!("port {port} is taken by another program: name another with --port, or --port 0 for any free one")
            }
            None => Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?),
        },
        bound => bound.context("cannot listen on 127.0.0.1: name another port with --port"),
    }
}

impl Server {
    /// Serves `folder` to whoever connects to `listener`.
    pub(crate) fn start(listener: TcpListener, folder: &Path) -> Result<Self> {
        let (runtime, address) = (Runtime::new()?, listener.local_addr()?);
        listener.set_nonblocking(true)?;
        // Not cached at all: after a rebuild a reload must show the new page.
        let never_stored = SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let files = Router::new().fallback_service(ServeDir::new(folder)).layer(never_stored);
        runtime.spawn(async move { axum::serve(tokio::net::TcpListener::from_std(listener)?, files).await });
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

#[cfg(test)]
mod tests {
    use super::{Server, listen};
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use xshell::Shell;

    /// The answer to a GET, head and body.
    fn get(server: &Server, path: &str) -> String {
        let mut stream = TcpStream::connect(server.address).expect("a server");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    #[test]
    fn a_folder_is_served_with_the_types_that_browsers_insist_on_and_nothing_beside_it() {
        let shell = Shell::new().expect("a shell");
        let folder = shell.create_temp_dir().expect("a folder");
        let page = folder.path().join("page");
        for (name, text) in [("index.html", "<p>hello</p>"), ("a.js", "1"), ("a.wasm", "2"), ("../secret", "3")] {
            shell.write_file(page.join(name), text).expect("a new file");
        }
        let server = Server::start(listen(Some(0)).expect("a port"), &page).expect("a server");
        for (path, expected) in [
            ("/", "content-type: text/html"),
            ("/", "<p>hello</p>"),
            ("/", "cache-control: no-store"),
            ("/a.js", "content-type: text/javascript"),
            ("/a.wasm", "content-type: application/wasm"),
            ("/missing", "HTTP/1.1 404"),
            ("/../secret", "HTTP/1.1 404"),
            ("/%2e%2e/secret", "HTTP/1.1 404"),
        ] {
            let answer = get(&server, path);
            assert!(answer.contains(expected), "{path} lacks {expected}: {answer}");
        }
    }

    #[test]
    fn a_port_that_is_taken_is_an_error_only_if_it_was_asked_for() {
        let first = listen(Some(0)).expect("a port");
        let taken = first.local_addr().expect("an address").port();
        let error = listen(Some(taken)).expect_err("it is taken").to_string();
        assert!(error.contains("taken by another program: name another with --port"), "{error}");
        let (one, other) = (listen(None), listen(None));
        assert!(one.is_ok() && other.is_ok());
    }
}
