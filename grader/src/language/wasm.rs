//! A compiled submission as a subject: run by wasmtime, with a world of our own in place of an operating system.
//!
//! A module can call ten functions of WASI: two virtual clocks, a sleep that moves them, seeded randomness, output, and an exit
//! that ends only the module. Fuel bounds its work and a limiter its memory. Work that fuel does not count (one instruction may
//! copy megabytes) is bounded by a coarse watchdog on the thread's own processor time, so that a busy machine changes no verdict.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cachedojo_lab::subject::{Crash, Subject, panic_message};
use cachedojo_lab::world::World;
use cachedojo_wire::{Request, Response, RingRequest, decode, encode};
use wasmtime::{
    AsContextMut, Caller, Config, Engine, Extern, InstancePre, Linker, Memory, MemoryType, Module, ResourceLimiter,
    Store, Strategy, Trap, TypedFunc, UpdateDeadline,
};

use crate::host::budget;
use crate::host::machine;
use crate::host::printable::harmless;
use crate::language::toolchain::{Factory, Limits, NotStarted};

/// Additional work for each key of a series of keys: such a request stands for thousands of calls, and a ring that
/// sorts its points at every look-up is slow, not wrong.
const FUEL_PER_KEY: u64 = 4_000_000;

/// A module, compiled for this machine, that makes fresh subjects. Cheap to clone, and shared between threads.
#[derive(Clone)]
pub struct Program {
    ready: Arc<InstancePre<State>>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Program")
    }
}

/// Native stack of a call, in bytes. The calling thread needs twice as much, which every Rust thread has by default.
const STACK_BYTES: usize = 1 << 20;
/// A tick of the watchdog.
const TICK: Duration = Duration::from_millis(250);
/// The largest answer that is read, in bytes: several times the memory limit of any check's node.
pub(crate) const ANSWER_BYTES_MAX: u64 = 4 << 20;

const WASI: &str = "wasi_snapshot_preview1";
const ENOSYS: i32 = 52;
const EBADF: i32 = 8;
const EFAULT: i32 = 21;

impl Program {
    /// Compiles a module. Cost: about 0.1 s for a submission's.
    ///
    /// # Errors
    /// A sentence, if the bytes are not a module, or not one that follows the seam.
    pub fn new(bytes: &[u8]) -> Result<Self, String> {
        let engine = engine()?;
        let module = Module::from_binary(engine, bytes)
            .map_err(|error| format!("this is no module that can be run: {error}"))?;
        let linker = world_functions(engine, &module)
            .map_err(|error| format!("the module asks for more than the world has: {error}"))?;
        let ready = linker
            .instantiate_pre(&module)
            .map_err(|error| format!("the module asks for more than the world has: {error}"))?;
        Ok(Self { ready: Arc::new(ready) })
    }

    /// A fresh subject with new memory.
    pub fn subject(&self, limits: Limits) -> WasmSubject {
        let state = State {
            world: World::new(0),
            printed: Vec::new(),
            output_bytes_max: limits.output_bytes,
            memory_bytes_max: limits.memory_bytes,
            memory_refused: false,
            spent_before: Duration::ZERO,
            call_began: Duration::ZERO,
            cut_off: false,
        };
        let mut store = Store::new(self.ready.module().engine(), state);
        store.limiter(|state| state);
        // Fuel and epochs are enabled in this engine, so these cannot fail.
        drop(store.set_fuel(limits.fuel));
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |mut context| {
            let state = context.data_mut();
            state.cut_off = is_over();
            let over = state.cut_off || state.spent() >= limits.instance_cpu;
            if over { Err(Trap::Interrupt.into()) } else { Ok(UpdateDeadline::Continue(1)) }
        });
        WasmSubject { program: self.clone(), store, exports: None, crash: None, fuel: limits.fuel }
    }
}

impl Factory for Program {
    fn subject(&self, limits: &Limits) -> Result<Box<dyn Subject>, NotStarted> {
        Ok(Box::new(Program::subject(self, *limits)))
    }
}

/// Whether modules can be run on this machine. Their memory is reserved as a whole, which fails with a limit on address space, or
/// if the system has none left; that is no submission's fault. Cost: some µs after the first call.
///
/// # Errors
/// They cannot: a sentence.
pub fn ready() -> Result<(), String> {
    static READY: OnceLock<Result<(), String>> = OnceLock::new();
    let look = || {
        let mut store = Store::new(engine()?, ());
        let reserved = Memory::new(&mut store, MemoryType::new(1, None));
        reserved.map(drop).map_err(|error| {
            format!("this machine cannot reserve a module's memory ({error:#}): see `ulimit -v`, and `grader doctor`")
        })
    };
    READY.get_or_init(look).clone()
}

/// Advances an engine's epoch as time passes, so that whatever runs in it comes to its deadline.
///
/// # Errors
/// No thread can be started.
pub(super) fn watchdog(engine: &Engine) -> std::io::Result<()> {
    let ticking = engine.clone();
    let started = std::thread::Builder::new().name("watchdog".to_owned()).spawn(move || {
        loop {
            std::thread::park_timeout(TICK);
            ticking.increment_epoch();
        }
    });
    started.map(drop)
}

/// The engine for modules without threads. Winch compiles a submission in a third of Cranelift's time, and no check runs long
/// enough for better code to pay.
fn engine() -> Result<&'static Engine, String> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    let made = ENGINE.get_or_init(|| {
        let mut config = Config::new();
        config.strategy(Strategy::Winch).consume_fuel(true).epoch_interruption(true).max_wasm_stack(STACK_BYTES);
        let engine = Engine::new(&config).map_err(|error| format!("wasmtime does not start: {error}"))?;
        watchdog(&engine).map_err(|error| format!("the watchdog does not start: {error}"))?;
        Ok(engine)
    });
    made.as_ref().map_err(Clone::clone)
}

/// The host's data for one instance.
struct State {
    world: World,
    printed: Vec<u8>,
    output_bytes_max: usize,
    memory_bytes_max: usize,
    memory_refused: bool,
    /// The processor time of the calls before this one.
    spent_before: Duration,
    /// The thread's processor time when the call began.
    call_began: Duration,
    /// Whether the whole grading's time ended during a call.
    cut_off: bool,
}

impl State {
    /// The processor time of this call and those before it.
    fn spent(&self) -> Duration {
        self.spent_before + machine::thread_time().saturating_sub(self.call_began)
    }
}

/// Whether this process is a grading with no time left for running the submission.
fn is_over() -> bool {
    budget::left_to_run().is_some_and(|left| left.is_zero())
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let granted = desired <= self.memory_bytes_max;
        self.memory_refused |= !granted;
        Ok(granted)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= 100_000)
    }
}

/// A running submission.
pub struct WasmSubject {
    program: Program,
    store: Store<State>,
    exports: Option<Exports>,
    crash: Option<Crash>,
    fuel: u64,
}

impl std::fmt::Debug for WasmSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WasmSubject").field("crash", &self.crash).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Exports {
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    call: TypedFunc<(), u64>,
}

impl Subject for WasmSubject {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        if let Some(crash) = &self.crash {
            return Err(crash.clone());
        }
        if self.exports.is_none() && is_over() {
            return Err(self.crash.insert(Crash::CutOff).clone());
        }
        std::mem::swap(&mut self.store.data_mut().world, world);
        if let Request::Ring(RingRequest::OwnersOf { count, .. }) = request {
            self.allow(u64::from(*count) * FUEL_PER_KEY);
        }
        self.store.data_mut().call_began = machine::thread_time();
        let printed_before = self.store.data().printed.len();
        let answer = self.exchange(&encode(request));
        let state = self.store.data_mut();
        state.spent_before = state.spent();
        std::mem::swap(&mut self.store.data_mut().world, world);
        answer.map_err(|failure| {
            let crash = self.crash_of(&failure, printed_before);
            self.crash = Some(crash.clone());
            crash
        })
    }

    fn fuel_used(&self) -> u64 {
        self.fuel.saturating_sub(self.store.get_fuel().unwrap_or(0))
    }

    fn memory_bytes(&self) -> u64 {
        self.exports.as_ref().map_or(0, |exports| exports.memory.data_size(&self.store) as u64)
    }
}

impl WasmSubject {
    fn allow(&mut self, more: u64) {
        let left = self.store.get_fuel().unwrap_or(0);
        // Fuel is enabled in this engine, so this cannot fail.
        drop(self.store.set_fuel(left.saturating_add(more)));
        self.fuel = self.fuel.saturating_add(more);
    }

    /// The submission's output, made harmless.
    pub fn printed(&self) -> String {
        harmless(&String::from_utf8_lossy(&self.store.data().printed))
    }

    fn exchange(&mut self, request: &[u8]) -> Result<Response, wasmtime::Error> {
        let exports = self.exports()?;
        let len = u32::try_from(request.len()).map_err(|_| Stop::Gibberish)?;
        let place = exports.alloc.call(&mut self.store, len)?;
        exports.memory.write(&mut self.store, place as usize, request).map_err(|_| Stop::Gibberish)?;
        let answer = exports.call.call(&mut self.store, ())?;
        let (place, len) = (answer >> 32, answer & u64::from(u32::MAX));
        if len > ANSWER_BYTES_MAX {
            return Err(Stop::TooMuchOutput.into());
        }
        let bytes = range(exports.memory.data(&self.store), place, len).ok_or(Stop::Gibberish)?;
        Ok(decode(bytes).ok_or(Stop::Gibberish)?)
    }

    fn exports(&mut self) -> Result<Exports, wasmtime::Error> {
        if let Some(exports) = &self.exports {
            return Ok(exports.clone());
        }
        let instance = self.program.ready.instantiate(&mut self.store)?;
        if let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut self.store, "_initialize") {
            initialize.call(&mut self.store, ())?;
        }
        let memory = instance.get_memory(&mut self.store, "memory").ok_or(Stop::Gibberish)?;
        let alloc = instance.get_typed_func(&mut self.store, "alloc")?;
        let call = instance.get_typed_func(&mut self.store, "call")?;
        Ok(self.exports.insert(Exports { memory, alloc, call }).clone())
    }

    /// The crash that a failed call means, from the trap and from the output during the call.
    fn crash_of(&self, failure: &wasmtime::Error, printed_before: usize) -> Crash {
        if let Some(stop) = failure.downcast_ref::<Stop>() {
            return match stop {
                Stop::Exit(code) => Crash::Exit { code: *code },
                Stop::TooMuchOutput => Crash::TooMuchOutput,
                Stop::Gibberish => Crash::Gibberish,
            };
        }
        let state = self.store.data();
        let said = String::from_utf8_lossy(&state.printed[printed_before..]);
        match failure.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) if state.cut_off => Crash::CutOff,
            Some(Trap::OutOfFuel | Trap::Interrupt) => Crash::OutOfFuel,
            // In safe code only a stack that grows below address zero accesses memory outside.
            Some(Trap::StackOverflow | Trap::MemoryOutOfBounds) => {
                Crash::Panic { message: "stack overflow: the recursion is too deep".to_owned() }
            }
            Some(_) => match panic_message(&said).map(|message| harmless(&message)) {
                Some(message) => Crash::Panic { message },
                None if state.memory_refused => Crash::OutOfMemory,
                None => Crash::Panic { message: "it aborted without a word".to_owned() },
            },
            // The module could not even be instantiated: its own data exceeds the limit.
            None if state.memory_refused || failure.to_string().contains("exceeds memory limits") => Crash::OutOfMemory,
            None if failure.to_string().contains("memory") => Crash::Machine { message: format!("{failure:#}") },
            None => Crash::Gibberish,
        }
    }
}

/// Why the host stopped the module.
#[derive(Debug)]
enum Stop {
    Exit(u32),
    TooMuchOutput,
    Gibberish,
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Stop {}

// ---- the world's functions ----

fn world_functions(engine: &Engine, module: &Module) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(WASI, "clock_time_get", clock_time_get)?;
    linker.func_wrap(WASI, "clock_res_get", |mut caller: Caller<'_, State>, _clock: i32, out: u32| {
        write_at(&mut caller, out, &1_u64.to_le_bytes())
    })?;
    linker.func_wrap(WASI, "poll_oneoff", poll_oneoff)?;
    linker.func_wrap(WASI, "random_get", random_get)?;
    linker.func_wrap(WASI, "fd_write", fd_write)?;
    linker.func_wrap(WASI, "environ_get", |_: u32, _: u32| 0)?;
    linker.func_wrap(WASI, "environ_sizes_get", no_strings)?;
    linker.func_wrap(WASI, "args_get", |_: u32, _: u32| 0)?;
    linker.func_wrap(WASI, "args_sizes_get", no_strings)?;
    linker.func_wrap(WASI, "sched_yield", || 0)?;
    // No folder is open. Any other answer would end the module.
    linker.func_wrap(WASI, "fd_prestat_get", |_: i32, _: u32| EBADF)?;
    linker.func_wrap(WASI, "proc_exit", |code: u32| -> wasmtime::Result<()> { Err(Stop::Exit(code).into()) })?;
    // Files, sockets and the rest do not exist: these functions return an error.
    for import in module.imports().filter(|import| import.module() == WASI) {
        if let (Some(kind), true) =
            (import.ty().func(), linker.get_by_import(&mut Store::new(engine, nothing()), &import).is_none())
        {
            let answers = kind.results().len();
            linker.func_new(WASI, import.name(), kind.clone(), move |_, _, results| {
                if answers == 1 {
                    results[0] = wasmtime::Val::I32(ENOSYS);
                }
                Ok(())
            })?;
        }
    }
    Ok(linker)
}

fn nothing() -> State {
    State {
        world: World::new(0),
        printed: Vec::new(),
        output_bytes_max: 0,
        memory_bytes_max: 0,
        memory_refused: false,
        spent_before: Duration::ZERO,
        call_began: Duration::ZERO,
        cut_off: false,
    }
}

fn no_strings(mut caller: Caller<'_, State>, count: u32, bytes: u32) -> i32 {
    write_at(&mut caller, count, &[0; 4]) | write_at(&mut caller, bytes, &[0; 4])
}

/// The time that reading a clock takes: two readings differ, as on any machine, so "used longest ago" can be decided by times
/// alone.
const CLOCK_READ_NS: u64 = 1_000;

fn clock_time_get(mut caller: Caller<'_, State>, clock: i32, _precision: u64, out: u32) -> i32 {
    let world = &mut caller.data_mut().world;
    let time = time_of(world, clock.unsigned_abs());
    world.pass(CLOCK_READ_NS);
    write_at(&mut caller, out, &time.to_le_bytes())
}

/// Clock 0 is the wall clock; the monotonic clock and the processor clocks are one.
fn time_of(world: &World, clock: u32) -> u64 {
    if clock == 0 { world.wall_ns } else { world.monotonic_ns }
}

/// A sleep: time moves to the earliest deadline at once. Nothing else can be waited for.
fn poll_oneoff(mut caller: Caller<'_, State>, subscriptions: u32, events: u32, count: u32, out: u32) -> i32 {
    const SUBSCRIPTION: usize = 48;
    const EVENT: usize = 32;
    let Some(memory) = memory_of(&mut caller) else { return EFAULT };
    let (data, state) = memory.data_and_store_mut(&mut caller);
    let Some(asked) = range(data, u64::from(subscriptions), u64::from(count) * SUBSCRIPTION as u64) else {
        return EFAULT;
    };
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap_or_default());
    let wait = |subscription: &[u8]| {
        if subscription[8] != 0 {
            return 0;
        }
        let clock = u32::from_le_bytes(subscription[16..20].try_into().unwrap_or_default());
        let absolute = subscription[40] & 1 == 1;
        let timeout = number(subscription, 24);
        if absolute { timeout.saturating_sub(time_of(&state.world, clock)) } else { timeout }
    };
    let waits: Vec<(u64, u64, u8)> =
        asked.chunks_exact(SUBSCRIPTION).map(|one| (wait(one), number(one, 0), one[8])).collect();
    let Some(shortest) = waits.iter().map(|(wait, ..)| *wait).min() else { return 28 };
    state.world.pass(shortest);
    let mut happened = Vec::new();
    for (_, user, kind) in waits.iter().filter(|(wait, ..)| *wait == shortest) {
        let mut event = [0; EVENT];
        event[..8].copy_from_slice(&user.to_le_bytes());
        event[10] = *kind;
        happened.extend_from_slice(&event);
    }
    let number_happened = u32::try_from(happened.len() / EVENT).unwrap_or(0);
    write_at(&mut caller, events, &happened) | write_at(&mut caller, out, &number_happened.to_le_bytes())
}

fn random_get(mut caller: Caller<'_, State>, out: u32, len: u32) -> i32 {
    // Randomness counts as work: a byte costs as much fuel as an instruction.
    let left = caller.get_fuel().unwrap_or(0).saturating_sub(u64::from(len));
    drop(caller.set_fuel(left));
    let Some(memory) = memory_of(&mut caller) else { return EFAULT };
    let (data, state) = memory.data_and_store_mut(&mut caller);
    let place = out as usize..(out as usize).saturating_add(len as usize);
    let Some(bytes) = data.get_mut(place) else { return EFAULT };
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&state.world.random.next_u64().to_le_bytes()[..chunk.len()]);
    }
    0
}

fn fd_write(mut caller: Caller<'_, State>, file: i32, pieces: u32, count: u32, out: u32) -> wasmtime::Result<i32> {
    if file != 1 && file != 2 {
        return Ok(EBADF);
    }
    let Some(memory) = memory_of(&mut caller) else { return Ok(EFAULT) };
    let (data, state) = memory.data_and_store_mut(&mut caller);
    let Some(list) = range(data, u64::from(pieces), u64::from(count) * 8) else { return Ok(EFAULT) };
    let mut written = 0_u32;
    for piece in list.chunks_exact(8) {
        let number = |at: usize| u32::from_le_bytes(piece[at..at + 4].try_into().unwrap_or_default());
        let Some(bytes) = range(data, u64::from(number(0)), u64::from(number(4))) else { return Ok(EFAULT) };
        if state.printed.len() + bytes.len() > state.output_bytes_max {
            return Err(Stop::TooMuchOutput.into());
        }
        state.printed.extend_from_slice(bytes);
        written = written.saturating_add(number(4));
    }
    Ok(write_at(&mut caller, out, &written.to_le_bytes()))
}

fn memory_of(caller: &mut Caller<'_, State>) -> Option<Memory> {
    caller.get_export("memory").and_then(Extern::into_memory)
}

/// Bytes of a memory; `None` if the range is outside.
fn range(memory: &[u8], place: u64, len: u64) -> Option<&[u8]> {
    let start = usize::try_from(place).ok()?;
    let end = start.checked_add(usize::try_from(len).ok()?)?;
    memory.get(start..end)
}

fn write_at(caller: &mut Caller<'_, State>, place: u32, bytes: &[u8]) -> i32 {
    let Some(memory) = memory_of(caller) else { return EFAULT };
    match memory.write(caller.as_context_mut(), place as usize, bytes) {
        Ok(()) => 0,
        Err(_) => EFAULT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_outside_the_memory_are_no_range() {
        assert_eq!(range(&[1, 2, 3], 1, 2), Some(&[2, 3][..]));
        assert_eq!(range(&[1, 2, 3], 2, 2), None);
        assert_eq!(range(&[1, 2, 3], u64::MAX, 2), None);
    }
}
