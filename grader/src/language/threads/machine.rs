//! A running module with threads: each thread is an instance over one shared memory, and all are polled by hand on one thread of
//! the host.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context as Task, Poll, Waker};

use cachedojo::random::Random;
use cachedojo_lab::schedule::{Schedule, Switch};
use wasmtime::{
    Config, Engine, ExternType, Instance, InstancePre, Linker, MemoryType, Module, SharedMemory, Store, Strategy, Trap,
    UpdateDeadline, Val, WasmParams, WasmResults,
};

use super::between::{Between, Crossings};
use super::crossing;
use super::host::{self, Context};
use super::limits::{Limits, Stop};
use super::lines::Lines;
use super::memory::Memory;
use super::rewrite::{self, Map, STACK_LOW};
use super::tell::{self, Sources, Told};
use super::world::{SLICE, Side, World};
use crate::host::machine;
use crate::language::wasm::watchdog;

/// Native stack of a call, in bytes (most threads touch little of it), and the additional stack of a fiber for the host's own
/// functions.
const WASM_STACK_BYTES: usize = 1 << 20;
const HOST_STACK_BYTES: usize = 128 << 10;
/// The distance between a stack's end and the check: leaf functions do not check how deep they are.
const STACK_MARGIN: i32 = 2 << 10;

/// A module with threads, compiled for this machine. Cheap to clone, and shared between threads.
#[derive(Clone)]
pub struct Program {
    shared: Arc<Shared>,
}

struct Shared {
    /// The module before the rewrite.
    source: Vec<u8>,
    module: Module,
    functions: Linker<Context>,
    memory: MemoryType,
    /// The positions of its calls before the rewrite, needed only for stories.
    map: OnceLock<Map>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Program")
    }
}

impl Program {
    /// Rewrites and compiles a module of the target `wasm32-wasip1-threads`. Cost: about 0.1 s for a submission's.
    ///
    /// # Errors
    /// A sentence, if the bytes are not such a module.
    pub fn new(bytes: &[u8]) -> Result<Self, String> {
        let engine = engine()?;
        let rewritten = rewrite::rewrite(bytes, false).map_err(|error| error.to_string())?;
        let failed = |error: wasmtime::Error| format!("this is no module that can be run: {error}");
        let module = Module::from_binary(engine, &rewritten.bytes).map_err(failed)?;
        let memory = module.imports().find_map(|import| match import.ty() {
            ExternType::Memory(memory) => Some(memory),
            _ => None,
        });
        let memory = memory.ok_or("the module imports no memory")?;
        let mut functions = host::functions(engine, &module).map_err(failed)?;
        crossing::functions(&mut functions).map_err(failed)?;
        Ok(Self {
            shared: Arc::new(Shared { source: bytes.to_vec(), module, functions, memory, map: OnceLock::new() }),
        })
    }

    /// A fresh machine with this schedule.
    ///
    /// # Errors
    /// The host has no room for its memory.
    pub fn start(&self, limits: Limits, schedule: &Schedule) -> Result<Machine, NoRoom> {
        let world = Arc::new(Mutex::new(World::new(limits, schedule)));
        let Home { ready, context, store } = self.home(world, Side::Front)?;
        let (program, others) = (self.clone(), Vec::new());
        Ok(Machine { program, ready, context, store, instance: None, behind: None, others, dead: None })
    }

    /// A fresh machine of two modules: this one calls, `behind` is called; its function `serve` gets `number`. They share a world
    /// and a scheduler, but no memory.
    ///
    /// # Errors
    /// The host has no room for their memories.
    pub fn start_before(
        &self,
        behind: &Self,
        number: u32,
        limits: Limits,
        schedule: &Schedule,
    ) -> Result<Machine, NoRoom> {
        let mut machine = self.start(limits, schedule)?;
        let Home { ready, mut context, .. } = behind.home(Arc::clone(&machine.context.world), Side::Behind)?;
        {
            let mut world = machine.context.world();
            world.between = Some(Between::default());
            context.thread = world.add((0, 0), Side::Behind);
        }
        machine.others.push(Some(Box::pin(serve(ready.clone(), context.clone(), number))));
        machine.behind = Some((ready, context));
        Ok(machine)
    }

    /// A module's memory, with everything that its threads are made from.
    fn home(&self, world: Arc<Mutex<World>>, side: Side) -> Result<Home, NoRoom> {
        let shared = &self.shared;
        let engine = shared.module.engine();
        let failed = |error: wasmtime::Error| NoRoom(format!("no machine for the module: {error}"));
        let memory = SharedMemory::new(engine, shared.memory.clone()).map_err(failed)?;
        let context = Context { world, thread: 0, memory: Memory(memory.clone()), side };
        let store = new_store(engine, context.clone());
        let mut linker = shared.functions.clone();
        linker.define(&store, "env", "memory", memory).map_err(failed)?;
        let ready = linker.instantiate_pre(&shared.module).map_err(failed)?;
        Ok(Home { ready, context, store })
    }

    fn map(&self) -> &Map {
        let make = || rewrite::rewrite(&self.shared.source, true).map(|rewritten| rewritten.map).unwrap_or_default();
        self.shared.map.get_or_init(make)
    }
}

/// The host has no space for a module's memory: the reason, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoRoom(String);

impl std::fmt::Display for NoRoom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoRoom {}

/// A module's memory, with everything that its threads are made from.
struct Home {
    ready: InstancePre<Context>,
    context: Context,
    store: Store<Context>,
}

/// The engine for modules with threads, with the fast compiler: no run is long enough for better code to pay.
fn engine() -> Result<&'static Engine, String> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    let made = ENGINE.get_or_init(|| {
        let mut config = Config::new();
        config
            .strategy(Strategy::Winch)
            .consume_fuel(true)
            .epoch_interruption(true)
            .wasm_threads(true)
            .shared_memory(true)
            .max_wasm_stack(WASM_STACK_BYTES)
            .async_stack_size(WASM_STACK_BYTES + HOST_STACK_BYTES);
        let engine = Engine::new(&config).map_err(|error| format!("wasmtime does not start: {error}"))?;
        watchdog(&engine).map_err(|error| format!("the watchdog does not start: {error}"))?;
        Ok(engine)
    });
    made.as_ref().map_err(Clone::clone)
}

fn new_store(engine: &Engine, context: Context) -> Store<Context> {
    let mut store = Store::new(engine, context);
    // Fuel and epochs are enabled in this engine, so these cannot fail.
    drop(store.set_fuel(u64::MAX / 2));
    drop(store.fuel_async_yield_interval(Some(SLICE)));
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|store| {
        let until = store.data().world().cpu_until;
        if machine::thread_time() < until { Ok(UpdateDeadline::Continue(1)) } else { Err(Trap::Interrupt.into()) }
    });
    store
}

type Running = Pin<Box<dyn Future<Output = wasmtime::Result<()>> + Send>>;

/// A running module. Dropping it ends its threads.
pub struct Machine {
    program: Program,
    ready: InstancePre<Context>,
    context: Context,
    store: Store<Context>,
    instance: Option<Instance>,
    /// The module that is called, if there are two.
    behind: Option<(InstancePre<Context>, Context)>,
    /// All threads but the caller's own, by id minus one; `None` for one that has ended.
    others: Vec<Option<Running>>,
    dead: Option<Stop>,
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").field("dead", &self.dead).finish_non_exhaustive()
    }
}

/// Time and randomness of a call.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The monotonic clock, in nanoseconds.
    pub monotonic_ns: u64,
    /// The wall clock, in nanoseconds since 1970.
    pub wall_ns: u64,
    /// The source of randomness.
    pub random: Random,
}

impl Machine {
    /// Calls an exported function on the caller's own thread and runs all threads until it returns; threads that are still alive
    /// go on in the next call.
    ///
    /// # Errors
    /// Why the module was stopped; every later call gives the same error.
    pub fn call<P: WasmParams + Sync, R: WasmResults + Sync + Send>(
        &mut self,
        around: &mut Surroundings,
        name: &str,
        parameters: P,
    ) -> Result<R, Stop> {
        if let Some(stop) = &self.dead {
            return Err(stop.clone());
        }
        let mut world = self.context.world();
        world.call_begins(around.monotonic_ns, around.wall_ns, &around.random);
        world.cpu_until = machine::thread_time() + world.limits.call_cpu;
        drop(world);
        let answer = self.run(name, parameters);
        let mut world = self.context.world();
        world.call_ends();
        *around =
            Surroundings { monotonic_ns: world.monotonic_ns, wall_ns: world.wall_ns, random: world.random.clone() };
        drop(world);
        answer.inspect_err(|stop| self.dead = Some(stop.clone()))
    }

    fn run<P: WasmParams + Sync, R: WasmResults + Sync + Send>(
        &mut self,
        name: &str,
        parameters: P,
    ) -> Result<R, Stop> {
        let Self { ready, context, store, instance, behind, others, .. } = self;
        let homes = [Some((ready.clone(), context.clone())), behind.clone()];
        let world = Arc::clone(&context.world);
        let lock = || world.lock().unwrap_or_else(PoisonError::into_inner);
        let main = async {
            let instance = match instance {
                Some(instance) => instance,
                None => instance.insert(begin(ready, store).await?),
            };
            let function = instance.get_typed_func::<P, R>(&mut *store, name)?;
            function.call_async(&mut *store, parameters).await
        };
        let mut main = std::pin::pin!(main);
        let mut task = Task::from_waker(Waker::noop());
        let mut turns = 0_u32;
        let mut begun = false;
        loop {
            let next = {
                let mut world = lock();
                while let Some((thread, argument)) = world.spawned.first().copied() {
                    world.spawned.remove(0);
                    let side = world.thread(thread).side;
                    let Some((ready, context)) = &homes[side as usize] else { return Err(Stop::Gibberish) };
                    let context = Context { thread, ..context.clone() };
                    others.push(Some(Box::pin(live(ready.clone(), context, argument))));
                }
                if !begun {
                    turns += 1;
                    world.call_waits_too_long(turns);
                }
                world.next_turn()?
            };
            begun |= next == 0;
            let polled = match next.checked_sub(1) {
                None => match main.as_mut().poll(&mut task) {
                    Poll::Ready(Ok(answer)) => return Ok(answer),
                    Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                    Poll::Pending => Poll::Pending,
                },
                Some(other) => match others.get_mut(other as usize).and_then(Option::as_mut) {
                    Some(running) => running.as_mut().poll(&mut task),
                    None => return Err(Stop::Gibberish),
                },
            };
            match polled {
                Poll::Ready(Err(error)) => return Err(why(&mut lock(), next, &error)),
                Poll::Ready(Ok(())) => {
                    others[next as usize - 1] = None;
                    lock().ended(next);
                }
                Poll::Pending => lock().paused(),
            }
        }
    }

    /// Bytes of its memory. Cost: O(len).
    pub fn read(&self, place: u32, len: u32) -> Option<Vec<u8>> {
        self.context.memory.read(place, len)
    }

    /// Writes into its memory; `false` if the place is outside.
    pub fn write(&self, place: u32, bytes: &[u8]) -> bool {
        self.context.memory.write(place, bytes)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.context.world()
    }

    /// The output of its threads.
    pub fn printed(&self) -> Vec<u8> {
        self.world().printed.clone()
    }

    /// Whether it exceeded its memory.
    pub fn memory_refused(&self) -> bool {
        self.world().memory_refused
    }

    /// How many threads were started, without the caller's own.
    pub fn started(&self) -> u32 {
        self.world().started()
    }

    /// How many scheduling points there have been, of all threads.
    pub fn points(&self) -> u64 {
        self.world().points
    }

    /// Statistics of the calls between two modules; `None` if there is one.
    pub fn observed_between(&self) -> Option<Crossings> {
        self.world().between.as_ref().map(|between| between.seen.clone())
    }

    /// The work so far, of the threads that have ended and of the caller's own.
    pub fn fuel(&self) -> u64 {
        let own = (u64::MAX / 2).saturating_sub(self.store.get_fuel().unwrap_or(u64::MAX / 2));
        self.world().fuel_of_ended + own
    }

    /// How the run differed from the calm one; `None` if there were too many switches to keep.
    pub fn switches(&self) -> Option<Vec<Switch>> {
        let world = self.world();
        (!world.chooser.overflowed).then(|| world.chooser.switches.clone())
    }

    /// The story, if the schedule asked for one. Cost: some 10 ms, plus the story's length.
    pub fn tell(&self, sources: &Sources) -> Told {
        let lines = Lines::of(&self.program.shared.source);
        tell::tell(&self.world(), self.program.map(), &lines, sources, self.dead.as_ref())
    }
}

/// Starts the caller's own thread, up to its first call.
async fn begin(ready: &InstancePre<Context>, store: &mut Store<Context>) -> wasmtime::Result<Instance> {
    let instance = ready.instantiate_async(&mut *store).await?;
    set_stack_low(&instance, store, STACK_MARGIN);
    if let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut *store, "_initialize") {
        initialize.call_async(&mut *store, ()).await?;
    }
    Ok(instance)
}

/// Runs the first thread of the called module, which serves calls.
async fn serve(ready: InstancePre<Context>, context: Context, number: u32) -> wasmtime::Result<()> {
    let mut store = new_store(ready.module().engine(), context);
    let instance = begin(&ready, &mut store).await?;
    let serve = instance.get_typed_func::<u32, ()>(&mut store, "serve")?;
    serve.call_async(&mut store, number).await
}

/// Runs another thread to its end.
async fn live(ready: InstancePre<Context>, context: Context, argument: i32) -> wasmtime::Result<()> {
    let thread = context.thread;
    let (world, low) = (Arc::clone(&context.world), context.world().thread(thread).stack.1);
    let mut store = new_store(ready.module().engine(), context);
    let instance = match ready.instantiate_async(&mut store).await {
        // A trap is the module's own fault; any other error means that this machine has no space for one more thread.
        Err(error) if !error.is::<Trap>() => return Err(store.data().stop(Stop::TooManyThreads)),
        made => made?,
    };
    set_stack_low(&instance, &mut store, low.cast_signed().saturating_add(STACK_MARGIN));
    let start = instance.get_typed_func::<(i32, i32), ()>(&mut store, "wasi_thread_start")?;
    start.call_async(&mut store, (thread.cast_signed(), argument)).await?;
    let used = (u64::MAX / 2).saturating_sub(store.get_fuel().unwrap_or(0));
    world.lock().unwrap_or_else(PoisonError::into_inner).fuel_of_ended += used;
    Ok(())
}

fn set_stack_low(instance: &Instance, store: &mut Store<Context>, low: i32) {
    if let Some(global) = instance.get_global(&mut *store, STACK_LOW) {
        // The rewrite made this global a mutable number, so this cannot fail.
        drop(global.set(&mut *store, Val::I32(low)));
    }
}

/// The stop that a thread's failure means.
fn why(world: &mut World, thread: u32, error: &wasmtime::Error) -> Stop {
    if let Some(stop) = world.stop.take() {
        return stop;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel | Trap::Interrupt) => Stop::OutOfWork,
        Some(Trap::StackOverflow) => Stop::StackOverflow { thread, bytes: 0 },
        Some(trap) => Stop::Trap { thread, reason: trap.to_string() },
        None => Stop::Gibberish,
    }
}
