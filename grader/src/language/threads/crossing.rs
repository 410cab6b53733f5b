//! The functions by which one module calls another: see [`between`](super::between).

#![expect(clippy::needless_pass_by_value, reason = "wasmtime hands a caller over by value")]

use wasmtime::Linker;

use super::between::{Between, OPERATION};
use super::host::{Context, In, stopped};
use super::limits::Stop;
use super::turn::GiveUp;
use super::world::{Side, State, World};

/// The module name of these functions.
const BETWEEN: &str = "between";
/// The most bytes that cross at once.
const MESSAGE_BYTES_MAX: u32 = 4 << 20;

/// Adds the functions of both modules. A module that calls them without a second module, or from the wrong side, is stopped.
pub(super) fn functions(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    linker.func_wrap_async(BETWEEN, "ask", |caller: In<'_>, asked: (u32, u32)| Box::new(ask(caller, asked)))?;
    linker.func_wrap_async(BETWEEN, "arrive", |caller: In<'_>, (): ()| Box::new(arrive(caller)))?;
    linker.func_wrap_async(BETWEEN, "hear", |caller: In<'_>, (): ()| Box::new(hear(caller)))?;
    linker.func_wrap_async(BETWEEN, "say", |caller: In<'_>, said: (u32, u32)| Box::new(say(caller, said)))?;
    linker.func_wrap(BETWEEN, "take", take)?;
    linker.func_wrap(BETWEEN, "file", file)?;
    linker.func_wrap(BETWEEN, "move_clock", move_clock)?;
    Ok(())
}

/// The state that the two modules share, for a thread of the right side.
fn between(world: &mut World, is_right: bool) -> wasmtime::Result<&mut Between> {
    let World { between, stop, .. } = world;
    between.as_mut().filter(|_| is_right).ok_or_else(|| stopped(stop, Stop::Gibberish))
}

fn message(context: &Context, place: u32, len: u32) -> wasmtime::Result<Vec<u8>> {
    let bytes = (len <= MESSAGE_BYTES_MAX).then(|| context.memory.read(place, len)).flatten();
    bytes.ok_or_else(|| wasmtime::Error::msg("a message of more than 4 MiB, or outside the memory"))
}

fn len_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Sends a request to the other module and waits. Returns the answer's length; `take` then fetches it.
async fn ask(caller: In<'_>, (place, len): (u32, u32)) -> wasmtime::Result<u32> {
    let context = caller.data();
    let request = message(context, place, len)?;
    {
        let mut world = context.world();
        let between = between(&mut world, context.side == Side::Front)?;
        if request.first().is_some_and(|what| *what >= OPERATION) {
            *between.seen.operations.entry(context.thread).or_default() += 1;
        }
        between.calls.push_back((context.thread, request));
        if let Some(woken) = between.who_takes_it() {
            world.set_state(woken, State::Ready);
        }
        world.waits_for_other_side(context.thread);
    }
    context.gate().await;
    let world = context.world();
    Ok(world.between.as_ref().and_then(|between| between.given.get(&context.thread)).map_or(0, |bytes| len_of(bytes)))
}

/// Waits until one more serving thread is needed.
async fn arrive(caller: In<'_>) -> wasmtime::Result<()> {
    let context = caller.data();
    loop {
        {
            let mut world = context.world();
            let between = between(&mut world, context.side == Side::Behind)?;
            if between.wanted > 0 {
                between.wanted -= 1;
                return Ok(());
            }
            between.starter = Some(context.thread);
            world.waits_for_other_side(context.thread);
        }
        context.gate().await;
    }
}

/// Waits for a call. Returns its length.
async fn hear(caller: In<'_>) -> wasmtime::Result<u32> {
    let context = caller.data();
    loop {
        {
            let mut world = context.world();
            let between = between(&mut world, context.side == Side::Behind)?;
            if let Some((caller, request)) = between.calls.pop_front() {
                let len = len_of(&request);
                between.jobs.insert(context.thread, caller);
                between.given.insert(context.thread, request);
                return Ok(len);
            }
            between.idle.push(context.thread);
            world.waits_for_other_side(context.thread);
        }
        context.gate().await;
    }
}

/// Answers the call that this thread received last.
async fn say(caller: In<'_>, (place, len): (u32, u32)) -> wasmtime::Result<()> {
    let context = caller.data();
    let answer = message(context, place, len)?;
    {
        let mut world = context.world();
        let between = between(&mut world, context.side == Side::Behind)?;
        let Some(job) = between.jobs.remove(&context.thread) else {
            return Err(stopped(&mut world.stop, Stop::Gibberish));
        };
        between.given.insert(job, answer);
        world.set_state(job, State::Ready);
        world.lets_other_side_run();
    }
    GiveUp::default().await;
    Ok(())
}

/// Copies the bytes that are ready for this thread.
fn take(caller: In<'_>, place: u32) -> wasmtime::Result<()> {
    let context = caller.data();
    let given = context.world().between.as_mut().and_then(|between| between.given.remove(&context.thread));
    if given.is_some_and(|bytes| context.memory.write(place, &bytes)) {
        Ok(())
    } else {
        Err(context.stop(Stop::Gibberish))
    }
}

/// Sends a request to the disk. Returns the answer's length (`take` then fetches it), or -1.
fn file(caller: In<'_>, place: u32, len: u32) -> wasmtime::Result<i32> {
    let context = caller.data();
    let request = message(context, place, len)?;
    let mut world = context.world();
    let between = between(&mut world, true)?;
    Ok(match between.file(&request) {
        Some(answer) => {
            let len = len_of(&answer).cast_signed();
            between.given.insert(context.thread, answer);
            len
        }
        None => -1,
    })
}

/// Moves the wall clock, by which entries expire; no thread sleeps or wakes because of it.
fn move_clock(caller: In<'_>, ns: u64) {
    let mut world = caller.data().world();
    world.wall_ns = world.wall_ns.saturating_add(ns);
}
