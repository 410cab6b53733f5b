//! The functions that a module with threads can call: those that the rewrite inserts, and the few of WASI that a world without
//! files has.

#![expect(clippy::needless_pass_by_value, reason = "wasmtime hands a caller over by value")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::{AsContext, Caller, Engine, Linker, Module, WasmBacktrace};

use super::limits::Stop;
use super::memory::Memory;
use super::operation::Operation;
use super::rewrite::{HOST, PAGES_MAX};
use super::story::{Frames, What};
use super::turn::{Gate, GiveUp};
use super::world::{Side, State, Woken, World};

const WASI: &str = "wasi_snapshot_preview1";
const ENOSYS: i32 = 52;
const EBADF: i32 = 8;
const EFAULT: i32 = 21;
const EINVAL: i32 = 28;

/// The time that reading a clock takes: two readings differ, as on any machine.
const CLOCK_READ_NS: u64 = 1_000;

/// The stack of a thread that does not ask for a size, in bytes. std reads it from the environment.
pub(super) const STACK_BYTES: u32 = 128 << 10;
const ENVIRONMENT: &[u8] = b"RUST_MIN_STACK=131072\0";

/// A page of memory, in bytes.
const PAGE: u64 = 1 << 16;

/// The host's data for one thread.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) world: Arc<Mutex<World>>,
    pub(super) thread: u32,
    pub(super) memory: Memory,
    /// Which of two modules it belongs to.
    pub(super) side: Side,
}

impl Context {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An address in the world's numbering: both modules have each address, so one gets an additional high bit, which
    /// no real address has.
    fn place(&self, address: u32) -> u32 {
        match self.side {
            Side::Front => address,
            Side::Behind => address | 1 << 31,
        }
    }

    pub(super) fn gate(&self) -> Gate {
        Gate { world: Arc::clone(&self.world), thread: self.thread }
    }

    pub(super) fn stop(&self, stop: Stop) -> wasmtime::Error {
        stopped(&mut self.world().stop, stop)
    }
}

/// Records why all threads end, unless that is known already; returns the error that ends the running one.
pub(super) fn stopped(known: &mut Option<Stop>, stop: Stop) -> wasmtime::Error {
    known.get_or_insert(stop);
    wasmtime::Error::msg("stopped by the scheduler")
}

pub(super) type In<'a> = Caller<'a, Context>;

/// The functions for a module. Any other import of WASI exists too, but only returns an error.
///
/// # Errors
/// It imports something other than functions of WASI.
pub(super) fn functions(engine: &Engine, module: &Module) -> wasmtime::Result<Linker<Context>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(HOST, "point", point)?;
    linker.func_wrap_async(HOST, "switch", |caller: In<'_>, (): ()| Box::new(switch(caller)))?;
    linker
        .func_wrap_async(HOST, "wait", |caller: In<'_>, asked: (u32, u64, i64, u32)| Box::new(wait(caller, asked)))?;
    linker.func_wrap(HOST, "notify", notify)?;
    linker.func_wrap(HOST, "grow", grow)?;
    linker.func_wrap(HOST, "overflow", overflow)?;
    linker.func_wrap(HOST, "stack_size", |caller: In<'_>, bytes: u32| {
        let mut world = caller.data().world();
        let current = caller.data().thread;
        world.thread(current).asked_stack = Some(bytes);
    })?;
    linker.func_wrap("wasi", "thread-spawn", spawn)?;
    linker.func_wrap_async(WASI, "sched_yield", |caller: In<'_>, (): ()| Box::new(sched_yield(caller)))?;
    linker.func_wrap_async(WASI, "poll_oneoff", |caller: In<'_>, asked: (u32, u32, u32, u32)| {
        Box::new(poll_oneoff(caller, asked))
    })?;
    linker.func_wrap(WASI, "clock_time_get", clock_time_get)?;
    linker.func_wrap(WASI, "clock_res_get", |caller: In<'_>, _clock: i32, out: u32| {
        write(caller.data(), out, &1_u64.to_le_bytes())
    })?;
    linker.func_wrap(WASI, "random_get", random_get)?;
    linker.func_wrap(WASI, "fd_write", fd_write)?;
    linker.func_wrap(WASI, "environ_get", |caller: In<'_>, list: u32, text: u32| {
        write(caller.data(), list, &text.to_le_bytes()) | write(caller.data(), text, ENVIRONMENT)
    })?;
    linker.func_wrap(WASI, "environ_sizes_get", |caller: In<'_>, count: u32, bytes: u32| {
        let len = u32::try_from(ENVIRONMENT.len()).unwrap_or(0);
        write(caller.data(), count, &1_u32.to_le_bytes()) | write(caller.data(), bytes, &len.to_le_bytes())
    })?;
    linker.func_wrap(WASI, "args_get", |_: u32, _: u32| 0)?;
    linker.func_wrap(WASI, "args_sizes_get", |caller: In<'_>, count: u32, bytes: u32| {
        write(caller.data(), count, &[0; 4]) | write(caller.data(), bytes, &[0; 4])
    })?;
    // No folder is open. Any other answer would end the module.
    linker.func_wrap(WASI, "fd_prestat_get", |_: i32, _: u32| EBADF)?;
    linker.func_wrap(WASI, "proc_exit", |caller: In<'_>, code: u32| -> wasmtime::Result<()> {
        Err(caller.data().stop(Stop::Exit(code)))
    })?;
    // Files, sockets and the rest.
    linker.allow_shadowing(false);
    for import in module.imports().filter(|import| import.module() == WASI) {
        let Some(kind) = import.ty().func().cloned() else { continue };
        let answers = kind.results().len();
        // Functions defined above are kept: defining them again fails, which is ignored.
        drop(linker.func_new(WASI, import.name(), kind, move |_, _, results| {
            if answers == 1 {
                results[0] = wasmtime::Val::I32(ENOSYS);
            }
            Ok(())
        }));
    }
    Ok(linker)
}

/// A thread's call stack, for a story; empty if none is recorded.
fn frames(caller: &impl AsContext) -> Frames {
    let trace = WasmBacktrace::force_capture(caller);
    let place = |offset: Option<usize>| offset.and_then(|offset| u32::try_from(offset).ok()).unwrap_or(0);
    // The innermost frames are those of the inserted stand-in.
    trace.frames().iter().map(|frame| (frame.func_index(), place(frame.func_offset()))).collect()
}

/// Records an event, if a story is recorded.
fn note(caller: &In<'_>, what: What) {
    let context = caller.data();
    if context.world().log.is_some() {
        let frames = frames(caller);
        if let Some(log) = &mut context.world().log {
            log.add(context.thread, what, frames);
        }
    }
}

// ---- functions that the rewrite inserts ----

fn point(caller: In<'_>, code: i32, address: u32, first: u64, second: u64) -> i32 {
    let code = u8::try_from(code).unwrap_or(u8::MAX);
    let operation = Operation { code, address, operands: (first, second) };
    let context = caller.data();
    let mut world = context.world();
    let switches = world.point(operation, operation.effect_of_change(&context.memory));
    if world.log.is_some() {
        drop(world);
        let frames = frames(&caller);
        let mut world = context.world();
        if let Some(log) = &mut world.log {
            let what = if switches { What::HeldUp } else { What::Point };
            if switches {
                log.postponed.insert(context.thread, operation);
            } else {
                log.operated(context.thread, operation, operation.effect(&context.memory), &frames);
            }
            log.add(context.thread, what, frames);
        }
    }
    i32::from(switches)
}

async fn switch(caller: In<'_>) -> wasmtime::Result<()> {
    if caller.data().world().stop.is_some() {
        return Err(wasmtime::Error::msg("stopped by the scheduler"));
    }
    GiveUp::default().await;
    let context = caller.data();
    if context.world().log.is_some() {
        let frames = frames(&caller);
        if let Some(log) = &mut context.world().log
            && let Some(operation) = log.postponed.remove(&context.thread)
        {
            log.operated(context.thread, operation, operation.effect(&context.memory), &frames);
            log.add(context.thread, What::Point, frames);
        }
    }
    Ok(())
}

/// `memory.atomic.wait`: returns 0 woken, 1 the value differs, 2 timeout.
async fn wait(caller: In<'_>, (address, expected, timeout, bytes): (u32, u64, i64, u32)) -> wasmtime::Result<i32> {
    let context = caller.data();
    let Some(number) = context.memory.number(address, bytes) else {
        return Err(wasmtime::Error::msg("a wait outside the memory"));
    };
    if number != expected {
        return Ok(1);
    }
    let timed = timeout >= 0;
    let owner = {
        let world = context.world();
        // Only a story tells it, and it takes a look at every thread.
        world.log.as_ref().and_then(|_| world.owner_of(context.side, address))
    };
    note(&caller, What::Waits { address, timed, owner });
    {
        let mut world = context.world();
        let until = timed.then(|| world.monotonic_ns.saturating_add(timeout.unsigned_abs()));
        world.set_state(context.thread, State::Waiting { address: context.place(address), until });
    }
    context.gate().await;
    let late = context.world().thread(context.thread).woken == Woken::Late;
    note(&caller, What::GoesOn { late });
    Ok(if late { 2 } else { 0 })
}

fn notify(caller: In<'_>, address: u32, count: u32) -> u32 {
    let address = caller.data().place(address);
    let woken = caller.data().world().notify(address, count);
    u32::try_from(woken.len()).unwrap_or(u32::MAX)
}

fn grow(caller: In<'_>, pages: u32) -> i32 {
    let context = caller.data();
    let old = context.memory.0.size();
    let new = old + u64::from(pages);
    let mut world = context.world();
    if new > PAGES_MAX || new * PAGE > world.limits.memory_bytes || context.memory.0.grow(u64::from(pages)).is_err() {
        world.memory_refused = true;
        return -1;
    }
    i32::try_from(old).unwrap_or(-1)
}

fn overflow(caller: In<'_>) -> wasmtime::Result<()> {
    note(&caller, What::Point);
    let context = caller.data();
    let (top, low) = context.world().thread(context.thread).stack;
    Err(context.stop(Stop::StackOverflow { thread: context.thread, bytes: top.saturating_sub(low) }))
}

fn spawn(caller: In<'_>, argument: i32) -> i32 {
    let context = caller.data();
    // wasi-libc's `start_args` begins with the new stack's top.
    let top = context.memory.number(argument.cast_unsigned(), 4).and_then(|top| u32::try_from(top).ok());
    let child = context.world().spawn(argument, top.unwrap_or(0), STACK_BYTES);
    match child {
        Some(child) => {
            note(&caller, What::Starts { child });
            child.cast_signed()
        }
        None => -1,
    }
}

// ---- WASI ----

async fn sched_yield(caller: In<'_>) -> wasmtime::Result<i32> {
    note(&caller, What::Yields);
    caller.data().world().yielded();
    GiveUp::default().await;
    Ok(0)
}

/// A sleep: nothing else can be waited for.
async fn poll_oneoff(caller: In<'_>, (asked, events, count, out): (u32, u32, u32, u32)) -> wasmtime::Result<i32> {
    const SUBSCRIPTION: u32 = 48;
    const SUBSCRIPTIONS_MAX: u32 = 16;
    let context = caller.data();
    if count == 0 || count > SUBSCRIPTIONS_MAX {
        return Ok(EINVAL);
    }
    let Some(bytes) = context.memory.read(asked, count * SUBSCRIPTION) else { return Ok(EFAULT) };
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap_or_default());
    let wait = |one: &[u8]| {
        let world = context.world();
        match one[8] {
            0 if one[40] & 1 == 1 => number(one, 24).saturating_sub(time_of(&world, one[16])),
            0 => number(one, 24),
            _ => 0,
        }
    };
    let waits: Vec<(u64, u64, u8)> =
        bytes.chunks_exact(SUBSCRIPTION as usize).map(|one| (wait(one), number(one, 0), one[8])).collect();
    let shortest = waits.iter().map(|(wait, ..)| *wait).min().unwrap_or(0);
    note(&caller, What::Sleeps { ns: shortest });
    {
        let mut world = context.world();
        let until = world.monotonic_ns.saturating_add(shortest);
        if let Some(between) = world.between.as_mut().filter(|_| context.side == Side::Front && shortest > 0) {
            between.seen.sleeps += 1;
        }
        if shortest == 0 {
            world.yielded();
        } else {
            world.set_state(context.thread, State::Sleeping { until });
        }
    }
    if shortest == 0 {
        GiveUp::default().await;
    } else {
        context.gate().await;
    }
    let mut happened = Vec::new();
    for (_, user, kind) in waits.iter().filter(|(wait, ..)| *wait == shortest) {
        let mut event = [0; 32];
        event[..8].copy_from_slice(&user.to_le_bytes());
        event[10] = *kind;
        happened.extend_from_slice(&event);
    }
    let number_happened = u32::try_from(happened.len() / 32).unwrap_or(0);
    Ok(write(context, events, &happened) | write(context, out, &number_happened.to_le_bytes()))
}

/// Clock 0 is the wall clock; the monotonic clock and the processor clocks are one.
fn time_of(world: &World, clock: u8) -> u64 {
    if clock == 0 { world.wall_ns } else { world.monotonic_ns }
}

fn clock_time_get(caller: In<'_>, clock: u32, _precision: u64, out: u32) -> i32 {
    let context = caller.data();
    let time = {
        let mut world = context.world();
        let time = time_of(&world, u8::from(clock != 0));
        // Only the tests' own readings take time: otherwise tests could distinguish caches by how often they read the
        // clock.
        if context.side == Side::Front {
            world.pass(CLOCK_READ_NS);
        }
        time
    };
    write(context, out, &time.to_le_bytes())
}

fn random_get(mut caller: In<'_>, out: u32, len: u32) -> i32 {
    // Randomness counts as work: a byte costs as much fuel as an instruction.
    let left = caller.get_fuel().unwrap_or(0).saturating_sub(u64::from(len));
    drop(caller.set_fuel(left));
    let context = caller.data();
    let mut world = context.world();
    for start in (0..len).step_by(8) {
        // A source of their own for caches: otherwise tests could distinguish them by how much randomness they use.
        let random = match (&mut world.between, context.side) {
            (Some(between), Side::Behind) => between.random.next_u64(),
            _ => world.random.next_u64(),
        };
        let bytes = random.to_le_bytes();
        let here = (len - start).min(8) as usize;
        if !context.memory.write(out.wrapping_add(start), &bytes[..here]) {
            return EFAULT;
        }
    }
    0
}

fn fd_write(caller: In<'_>, file: i32, pieces: u32, count: u32, out: u32) -> wasmtime::Result<i32> {
    const PIECES_MAX: u32 = 1_024;
    if file != 1 && file != 2 {
        return Ok(EBADF);
    }
    let context = caller.data();
    let Some(list) = context.memory.read(pieces, count.min(PIECES_MAX) * 8) else { return Ok(EFAULT) };
    let mut written = 0_u32;
    for piece in list.chunks_exact(8) {
        let number = |at: usize| u32::from_le_bytes(piece[at..at + 4].try_into().unwrap_or_default());
        let (place, len) = (number(0), number(4));
        let room = {
            let mut world = context.world();
            let printed = said(&mut world, context.side).len();
            world.limits.output_bytes.saturating_sub(printed)
        };
        if len as usize > room {
            return Err(context.stop(Stop::TooMuchOutput));
        }
        let Some(bytes) = context.memory.read(place, len) else { return Ok(EFAULT) };
        said(&mut context.world(), context.side).extend_from_slice(&bytes);
        written = written.saturating_add(len);
    }
    Ok(write(context, out, &written.to_le_bytes()))
}

/// A module's output: neither of two sees the other's.
fn said(world: &mut World, side: Side) -> &mut Vec<u8> {
    match (&mut world.between, side) {
        (Some(between), Side::Behind) => &mut between.seen.printed,
        _ => &mut world.printed,
    }
}

fn write(context: &Context, place: u32, bytes: &[u8]) -> i32 {
    if context.memory.write(place, bytes) { 0 } else { EFAULT }
}
