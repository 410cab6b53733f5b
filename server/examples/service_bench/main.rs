//! `cargo xtask bench service`: document 002's performance table. The service stands beside memcached, Redis and a bare axum handler, in one
//! run: the same client on one core, each server on the other.
//!
//! Contestants take turns, round by round, so that load on the machine affects all of them alike; the median counts. Time is what a client
//! waits; beside it stands the processor time that the server took for an operation, which other programs on the machine disturb less.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a command")]
#![expect(clippy::disallowed_methods, reason = "a benchmark is what reads the host's clock")]

#[cfg(unix)]
mod bare;
#[cfg(unix)]
mod capacity;
#[cfg(unix)]
mod client;
#[cfg(unix)]
mod contestant;
#[cfg(unix)]
mod rows;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare"] => bare::serve(),
        ["capacity", server] => capacity::run(server),
        [server] => rows::run(server),
        _ => Err(std::io::Error::other("name the program of the service: cargo xtask bench service does")),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("service_bench: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(not(unix))]
fn main() {
    eprintln!("service_bench: it binds programs to cores as Unix does: run it there");
}
