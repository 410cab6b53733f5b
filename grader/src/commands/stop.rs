//! Ctrl-C and SIGTERM: the first asks a command to end, the second ends the process at once.

use std::io;
#[cfg(unix)]
use std::task::Poll;
use std::thread;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The exit code that shells use for a program ended by an interrupt.
const INTERRUPTED: i32 = 130;

/// What asked the command to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopSignal {
    /// Ctrl-C: work in progress may be finished.
    ByInterrupt,
    /// SIGTERM: the system will kill what does not end soon. Windows has no such signal.
    #[cfg_attr(not(unix), expect(dead_code, reason = "no signal of this system's asks for it"))]
    ByTermination,
}

/// Calls `stop` at the first Ctrl-C or SIGTERM; the second ends the process.
///
/// # Errors
/// This system does not support signals.
pub(super) fn on_stop(stop: impl FnOnce(StopSignal) + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut signals = runtime.block_on(async { Signals::listen() })?;
    let wait = move || {
        stop(runtime.block_on(signals.next()));
        runtime.block_on(signals.next());
        end_now();
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> StopSignal {
        std::future::poll_fn(|context| {
            if self.terminate.poll_recv(context).is_ready() {
                return Poll::Ready(StopSignal::ByTermination);
            }
            self.interrupt.poll_recv(context).map(|_| StopSignal::ByInterrupt)
        })
        .await
    }
}

/// Windows has Ctrl-C and no SIGTERM.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> StopSignal {
        // If the system gives no signals any more, wait for ever.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        StopSignal::ByInterrupt
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever asks twice will not wait for what is being graded")]
fn end_now() {
    std::process::exit(INTERRUPTED);
}
