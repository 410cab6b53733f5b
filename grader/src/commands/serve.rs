//! `grader serve`: the playground and the grading API, on one port of this machine.

use std::collections::BTreeMap;
use std::io::Write;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::oneshot;

use super::stop::{StopSignal, on_stop};
use crate::cli::ServeArgs;
use crate::host;
use crate::host::outcome::{Outcome, say};
use crate::pack::{Pack, built_in_ids};
use crate::run::bench::Bench;
use crate::serve::guard::Guard;
use crate::serve::{FAREWELL, answer, jobs, listen, page};

/// Serves until Ctrl-C; requests in progress are still answered.
///
/// # Errors
/// The port is taken, there is no such exercise or page, or this machine lacks what grading needs.
pub fn serve(args: &ServeArgs) -> Result<Outcome> {
    let listener = listen(args.port)?;
    let page = page::find(args.page.as_deref())?;
    let guard = Guard::new(&args.embed, args.token_file.as_deref())?;
    let packs =
        built_in_ids().iter().chain(&args.exercise).map(|id| super::load_pack(id)).collect::<Result<Vec<_>>>()?;
    let benches = benches(&packs, args.trust)?;
    let (stop, stopped) = oneshot::channel();
    let farewell = |asked| if asked == StopSignal::ByInterrupt { FAREWELL } else { Duration::ZERO };
    on_stop(move |asked| _ = stop.send(farewell(asked))).context("waiting for Ctrl-C")?;
    let (address, (desk, workers)) = (listener.local_addr()?, jobs::open(&benches));
    let mut out = std::io::stdout().lock();
    match &page {
        Some(_) => writeln!(out, "Playground: http://{address}/")?,
        None => say(&format!("there is no playground to show: {}", page::REMEDY)),
    }
    writeln!(out, "Grading API: http://{address}/api/v1/grade")?;
    out.flush()?;
    let jobs = host::workers(args.jobs);
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| workers.work());
        }
        // `answer` drops the desk at its end; then the workers end.
        answer(listener, desk, page.as_deref(), guard, stopped)
    })?;
    Ok(Outcome::Passed)
}

fn benches(packs: &[Pack], trust: bool) -> Result<BTreeMap<String, Bench<'_>>> {
    packs.iter().map(|pack| Ok((pack.exercise.id.clone(), Bench::open(pack, trust)?))).collect()
}
