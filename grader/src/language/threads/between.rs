//! Two modules in one world: one calls the other as if it were its own library, and can see nothing of it but its answers.
//!
//! A call crosses as bytes. Whoever calls waits; a thread of the other module takes the call, obeys it, and answers. What is called
//! runs when everybody who calls waits, so how long an answer takes cannot be seen. Both open files of one small disk.

use std::collections::{BTreeMap, VecDeque};

use cachedojo::random::Random;
use wasmtime::Linker;

use super::host::{Context, In};
use super::turn::GiveUp;
use super::world::{Side, State, Stop};

/// The module name of these functions.
const BETWEEN: &str = "between";
/// Most bytes that cross at once.
const MESSAGE_BYTES_MAX: u32 = 4 << 20;
/// Most files, and most bytes of all of them together.
const FILES_MAX: usize = 256;
const DISK_BYTES_MAX: usize = 16 << 20;
/// Calls that are no operation on an object: they make one, or end one.
const OPERATION: u8 = 2;

/// What was seen of the calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// How many operations each calling thread has asked for, by its number; the first thread has 0.
    pub operations: BTreeMap<u32, u64>,
    /// How often a calling thread slept.
    pub sleeps: u32,
    /// What the called module printed.
    pub printed: Vec<u8>,
}

/// What two modules tell each other.
#[derive(Debug)]
pub(super) struct Between {
    /// Calls that nobody has taken yet: who asks, and what.
    calls: VecDeque<(u32, Vec<u8>)>,
    /// Threads that wait for a call.
    idle: Vec<u32>,
    /// How many threads more are wanted, and who starts them, where that one waits.
    wanted: u32,
    starter: Option<u32>,
    /// Whose call a thread obeys.
    jobs: BTreeMap<u32, u32>,
    /// What a thread may take next.
    given: BTreeMap<u32, Vec<u8>>,
    operations: BTreeMap<u32, u64>,
    pub(super) sleeps: u32,
    pub(super) printed: Vec<u8>,
    /// Randomness of the called module: the calling one draws from the world's.
    pub(super) random: Random,
    disk: BTreeMap<String, Vec<u8>>,
}

impl Default for Between {
    fn default() -> Self {
        Self {
            calls: VecDeque::new(),
            idle: Vec::new(),
            wanted: 0,
            starter: None,
            jobs: BTreeMap::new(),
            given: BTreeMap::new(),
            operations: BTreeMap::new(),
            sleeps: 0,
            printed: Vec::new(),
            random: Random::new(1),
            disk: BTreeMap::new(),
        }
    }
}

impl Between {
    pub(super) fn observed(&self) -> Observed {
        Observed { operations: self.operations.clone(), sleeps: self.sleeps, printed: self.printed.clone() }
    }

    /// Obeys a request to the disk; `None` where that fails. Its first byte says what is asked for, four bytes how long the path is, and
    /// after the path comes what is written, or a second path.
    fn file(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        let (what, rest) = request.split_first()?;
        let (len, rest) = rest.split_first_chunk::<4>()?;
        let (path, data) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        let path = std::str::from_utf8(path).ok()?;
        match what {
            b'r' => self.disk.get(path).cloned(),
            b'w' => self.write(path, data.to_vec()),
            b'm' => {
                let (target, data) = (std::str::from_utf8(data).ok()?, self.disk.get(path)?.clone());
                self.write(target, data)?;
                self.disk.remove(path).map(|_| Vec::new())
            }
            b'd' => self.disk.remove(path).map(|_| Vec::new()),
            b'l' => Some(self.disk.keys().flat_map(|name| [name.as_bytes(), b"\n"].concat()).collect()),
            _ => None,
        }
    }

    /// There is one folder and no other: a path that names one cannot be written to.
    fn write(&mut self, path: &str, data: Vec<u8>) -> Option<Vec<u8>> {
        let others: usize = self.disk.iter().filter(|(name, _)| *name != path).map(|(_, bytes)| bytes.len()).sum();
        let fits = others + data.len() <= DISK_BYTES_MAX
            && (self.disk.contains_key(path) || self.disk.len() < FILES_MAX)
            && !path.is_empty()
            && path.len() <= 255
            && !path.contains(['/', '\\', '\n', '\0']);
        fits.then(|| {
            self.disk.insert(path.to_owned(), data);
            Vec::new()
        })
    }
}

/// Adds the functions of both modules: a module whose world has no second one finds them deaf.
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

fn deaf(context: &Context) -> wasmtime::Error {
    context.stop(Stop::Gibberish)
}

fn message(context: &Context, place: u32, len: u32) -> wasmtime::Result<Vec<u8>> {
    let bytes = (len <= MESSAGE_BYTES_MAX).then(|| context.memory.read(place, len)).flatten();
    bytes.ok_or_else(|| wasmtime::Error::msg("a message of more than 4 MiB, or outside the memory"))
}

fn len_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Asks the other module, and waits: how long the answer is, which `take` then gives.
async fn ask(caller: In<'_>, (place, len): (u32, u32)) -> wasmtime::Result<u32> {
    let context = caller.data();
    let request = message(context, place, len)?;
    {
        let mut world = context.world();
        let Some(between) = world.between.as_mut().filter(|_| context.side == Side::Front) else {
            drop(world);
            return Err(deaf(context));
        };
        if request.first().is_some_and(|what| *what >= OPERATION) {
            *between.operations.entry(context.thread).or_default() += 1;
        }
        between.calls.push_back((context.thread, request));
        let woken = match between.idle.pop() {
            Some(worker) => Some(worker),
            None => {
                between.wanted += 1;
                between.starter.take()
            }
        };
        if let Some(woken) = woken {
            world.set_state(woken, State::Ready);
        }
        world.waits_for_other_side(context.thread);
    }
    context.gate().await;
    let world = context.world();
    Ok(world.between.as_ref().and_then(|between| between.given.get(&context.thread)).map_or(0, |bytes| len_of(bytes)))
}

/// Waits until one more thread is wanted that obeys calls.
async fn arrive(caller: In<'_>) -> wasmtime::Result<()> {
    let context = caller.data();
    loop {
        {
            let mut world = context.world();
            let Some(between) = world.between.as_mut().filter(|_| context.side == Side::Behind) else {
                drop(world);
                return Err(deaf(context));
            };
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

/// Waits for a call: how long it is.
async fn hear(caller: In<'_>) -> wasmtime::Result<u32> {
    let context = caller.data();
    loop {
        {
            let mut world = context.world();
            let Some(between) = world.between.as_mut().filter(|_| context.side == Side::Behind) else {
                drop(world);
                return Err(deaf(context));
            };
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

/// Answers the call that this thread has heard.
async fn say(caller: In<'_>, (place, len): (u32, u32)) -> wasmtime::Result<()> {
    let context = caller.data();
    let answer = message(context, place, len)?;
    {
        let mut world = context.world();
        let job = world.between.as_mut().and_then(|between| {
            let job = between.jobs.remove(&context.thread)?;
            between.given.insert(job, answer);
            Some(job)
        });
        let Some(job) = job else {
            drop(world);
            return Err(deaf(context));
        };
        world.set_state(job, State::Ready);
        world.lets_other_side_run();
    }
    GiveUp::default().await;
    Ok(())
}

/// Copies what was given to this thread.
fn take(caller: In<'_>, place: u32) -> wasmtime::Result<()> {
    let context = caller.data();
    let given = context.world().between.as_mut().and_then(|between| between.given.remove(&context.thread));
    match given.is_some_and(|bytes| context.memory.write(place, &bytes)) {
        true => Ok(()),
        false => Err(deaf(context)),
    }
}

/// Asks the disk: how long the answer is, which `take` then gives, or -1.
fn file(caller: In<'_>, place: u32, len: u32) -> wasmtime::Result<i32> {
    let context = caller.data();
    let request = message(context, place, len)?;
    let mut world = context.world();
    let Some(between) = &mut world.between else {
        drop(world);
        return Err(deaf(context));
    };
    Ok(match between.file(&request) {
        Some(answer) => {
            let len = len_of(&answer).cast_signed();
            between.given.insert(context.thread, answer);
            len
        }
        None => -1,
    })
}

/// Moves the wall's clock, by which entries expire; nobody sleeps, and nobody wakes.
fn move_clock(caller: In<'_>, ns: u64) {
    let mut world = caller.data().world();
    world.wall_ns = world.wall_ns.saturating_add(ns);
}
