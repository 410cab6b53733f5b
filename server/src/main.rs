//! The command line of the cache service.

use std::process::ExitCode;

use cachedojo_server::config::{Config, Flags, unread};
use cachedojo_server::server::Server;
use clap::Parser as _;

/// 0 when it was told to stop and did; 2 wrong usage; 1 it could not start.
fn main() -> ExitCode {
    let config = match Config::new(&Flags::parse(), |name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(mistake) => {
            eprintln!("cachedojo-server: {mistake}");
            return ExitCode::from(2);
        }
    };
    for name in unread(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())) {
        eprintln!("cachedojo-server: the variable {name} is no setting, and is not read: --help lists the settings");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cachedojo-server: no threads to be had ({error}): raise the limit of processes");
            return ExitCode::FAILURE;
        }
    };
    tracing_subscriber::fmt().json().with_max_level(config.log).with_writer(std::io::stderr).init();
    match runtime.block_on(run(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cachedojo-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> anyhow::Result<()> {
    let mut server = Server::start(config).await?;
    println!("Cache service: {}", server.url());
    if let Some(address) = server.memcached_address() {
        println!("memcached: {address}");
    }
    if let Some(address) = server.node_address() {
        println!("cluster: {address}");
    }
    let (stop, failure) = (stopped()?, server.node_failure());
    let mut failed = None;
    let either = async {
        tokio::select! {
            () = stop => {}
            why = failure => failed = Some(why),
        }
    };
    server.serve_until(either).await;
    failed.map_or(Ok(()), |why| Err(anyhow::anyhow!(why)))
}

/// Ends when the process is told to: INT (Ctrl-C) or TERM.
#[cfg(unix)]
fn stopped() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stopped() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        _ = tokio::signal::ctrl_c().await;
    })
}
