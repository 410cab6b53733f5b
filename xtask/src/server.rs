//! The page over HTTP, for this machine only: its files alone, or with a grader.

use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::runtime::Runtime;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

const PREFERRED_PORT: u16 = 8080;

/// Answers until it is dropped.
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
    /// Serves `folder` on `listener`.
    pub(crate) fn start(listener: TcpListener, folder: &Path) -> Result<Self> {
        let (runtime, address) = (Runtime::new()?, listener.local_addr()?);
        listener.set_nonblocking(true)?;
        // Not cached: after a rebuild, a reload must show the new page.
        let never_stored = SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let files = Router::new().fallback_service(ServeDir::new(folder)).layer(never_stored);
        runtime.spawn(async move { axum::serve(tokio::net::TcpListener::from_std(listener)?, files).await });
        Ok(Self { runtime, address })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Serves until Ctrl-C.
    pub(crate) fn wait_for_ctrl_c(self) -> Result<()> {
        self.runtime.block_on(tokio::signal::ctrl_c()).context("cannot wait for Ctrl-C")?;
        self.runtime.shutdown_background();
        Ok(())
    }
}

/// `grader serve` as a child process, which ends together with this one.
pub(crate) struct Grader {
    runtime: Runtime,
    child: Child,
    url: String,
}

/// What `grader serve` prints before its address, once it answers.
const ANNOUNCED: &str = "Playground: ";

impl Grader {
    /// Has `program` serve the page in `folder` on this port of 127.0.0.1 (0 is any free one), and waits until it does.
    pub(crate) fn start(program: &Path, folder: &Path, port: u16) -> Result<Self> {
        let runtime = Runtime::new()?;
        let mut command = Command::new(program);
        command.arg("serve").arg("--port").arg(port.to_string()).arg("--page").arg(folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let (child, url) = runtime.block_on(async {
            let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
            let written = child.stdout.take().context("a grader without a standard output")?;
            let mut lines = BufReader::new(written).lines();
            while let Some(line) = lines.next_line().await? {
                if let Some(url) = line.strip_prefix(ANNOUNCED) {
                    // Its further output is passed on, so that it never blocks on a full pipe.
                    let url = url.to_owned();
                    tokio::spawn(async move {
                        while let Ok(Some(line)) = lines.next_line().await {
                            println!("{line}");
                        }
                    });
                    return Ok((child, url));
                }
            }
            bail!("`grader serve` ended before it served: the lines above say why")
        })?;
        Ok(Self { runtime, child, url })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Serves until Ctrl-C or until this process is asked to end; the grader ends too.
    pub(crate) fn wait(mut self) -> Result<()> {
        self.runtime.block_on(async {
            tokio::select! {
                ended = self.child.wait() => {
                    let status = ended?;
                    ensure!(status.success(), "`grader serve` ended by itself: {status}");
                }
                told = tokio::signal::ctrl_c() => {
                    told.context("cannot wait for Ctrl-C")?;
                    // Ctrl-C reaches the grader too; it finishes the requests in progress first.
                    self.child.wait().await?;
                }
                () = terminated() => self.child.kill().await?,
            }
            Ok(())
        })
    }
}

/// Waits until this process is asked to end.
async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut asked) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        asked.recv().await;
        return;
    }
    std::future::pending::<()>().await;
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
