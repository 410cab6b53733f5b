//! A module with threads as a subject.

use std::sync::Arc;
use std::time::Duration;

use cachedojo_lab::schedule::{Observed, Plan, Schedule};
use cachedojo_lab::subject::{Crash, Subject, panic_message};
use cachedojo_lab::world::World;
use cachedojo_wire::{Request, Response, decode, encode};

use super::limits::{LIVE_MAX, Limits, Stop};
use super::machine::{Machine, Program, Surroundings};
use super::tell::Sources;
use crate::host::budget;
use crate::host::printable::harmless;
use crate::language::toolchain::{self, Factory, NotStarted};
use crate::language::wasm::ANSWER_BYTES_MAX;

/// Makes subjects of one module with threads.
#[derive(Debug, Clone)]
pub struct ThreadedFactory {
    program: Program,
    sources: Arc<Sources>,
}

impl ThreadedFactory {
    /// The factory of a module; `sources` are the submission's files, for stories.
    ///
    /// # Errors
    /// A sentence, if the bytes are not a module with threads.
    pub fn new(module: &[u8], sources: Sources) -> Result<Self, String> {
        Ok(Self { program: Program::new(module)?, sources: Arc::new(sources) })
    }
}

impl Factory for ThreadedFactory {
    /// The limits are those of a subject without threads, except for more memory, because each thread's stack needs some.
    fn subject(&self, limits: &toolchain::Limits) -> Result<Box<dyn Subject>, NotStarted> {
        let toolchain::Limits { fuel, output_bytes, instance_cpu: call_cpu, .. } = *limits;
        let limits = Limits { fuel, output_bytes, call_cpu, ..Limits::default() };
        Ok(Box::new(ThreadedSubject::new(self.program.clone(), Arc::clone(&self.sources), limits)))
    }

    fn backend(&self) -> Option<&'static str> {
        Some("threads")
    }
}

/// A running submission with threads.
#[derive(Debug)]
pub struct ThreadedSubject {
    program: Program,
    sources: Arc<Sources>,
    limits: Limits,
    schedule: Schedule,
    machine: Option<Machine>,
    crash: Option<Crash>,
}

impl ThreadedSubject {
    /// A fresh subject, with the calm schedule unless another is set. `sources` are the submission's files, for stories.
    pub fn new(program: Program, sources: Arc<Sources>, limits: Limits) -> Self {
        Self { program, sources, limits, schedule: Schedule::new(Plan::Calm), machine: None, crash: None }
    }

    fn exchange(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        let left = budget::left_to_run();
        if left == Some(Duration::ZERO) {
            return Err(Crash::CutOff);
        }
        self.limits.call_cpu = self.limits.call_cpu.min(left.unwrap_or(Duration::MAX));
        let machine = if let Some(machine) = &mut self.machine {
            machine
        } else {
            let machine = self.program.start(self.limits, &self.schedule);
            self.machine.insert(machine.map_err(|_| Crash::OutOfMemory)?)
        };
        let mut around =
            Surroundings { monotonic_ns: world.monotonic_ns, wall_ns: world.wall_ns, random: world.random.clone() };
        let printed_before = machine.printed().len();
        let answer = answer(machine, &mut around, &encode(request));
        *world = World { monotonic_ns: around.monotonic_ns, wall_ns: around.wall_ns, random: around.random };
        answer.map_err(|stop| match stop {
            Stop::OutOfWork if budget::left_to_run() == Some(Duration::ZERO) => Crash::CutOff,
            stop => crash(machine, &self.sources, &stop, printed_before),
        })
    }
}

impl Subject for ThreadedSubject {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        if let Some(crash) = &self.crash {
            return Err(crash.clone());
        }
        self.exchange(world, request).inspect_err(|crash| self.crash = Some(crash.clone()))
    }

    fn fuel_used(&self) -> u64 {
        self.machine.as_ref().map_or(0, Machine::fuel)
    }

    fn set_schedule(&mut self, schedule: &Schedule) -> bool {
        self.schedule = schedule.clone();
        true
    }

    fn observed(&self) -> Option<Observed> {
        let machine = self.machine.as_ref()?;
        let story = if self.schedule.story.is_some() { machine.tell(&self.sources).story } else { Vec::new() };
        Some(Observed {
            started: machine.started(),
            steps: machine.points(),
            stride: 1,
            switches: machine.switches(),
            story,
        })
    }
}

fn answer(machine: &mut Machine, around: &mut Surroundings, request: &[u8]) -> Result<Response, Stop> {
    let len = u32::try_from(request.len()).map_err(|_| Stop::Gibberish)?;
    let place: u32 = machine.call(around, "alloc", len)?;
    if !machine.write(place, request) {
        return Err(Stop::Gibberish);
    }
    let answer: u64 = machine.call(around, "call", ())?;
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    let (place, len) = (half(answer >> 32), half(answer));
    if u64::from(len) > ANSWER_BYTES_MAX {
        return Err(Stop::Gibberish);
    }
    machine.read(place, len).and_then(|bytes| decode(&bytes)).ok_or(Stop::Gibberish)
}

/// The crash that a stop means for the judge.
fn crash(machine: &Machine, sources: &Sources, stop: &Stop, printed_before: usize) -> Crash {
    let panic = |message: &str| Crash::Panic { message: harmless(message) };
    match stop {
        Stop::Deadlock(_) => Crash::Deadlock { waits: machine.tell(sources).waits },
        Stop::OutOfWork => Crash::OutOfFuel,
        Stop::OutOfMemory => Crash::OutOfMemory,
        Stop::TooMuchOutput => Crash::TooMuchOutput,
        Stop::TooManyThreads => panic(&format!("more than {LIVE_MAX} threads live at once")),
        Stop::Exit(code) => Crash::Exit { code: *code },
        Stop::Gibberish => Crash::Gibberish,
        Stop::StackOverflow { thread: 0, .. } => panic("stack overflow: the recursion is too deep"),
        Stop::StackOverflow { thread, bytes: 0 } => {
            panic(&format!("stack overflow in thread {thread}: its recursion is too deep"))
        }
        Stop::StackOverflow { thread, bytes } => panic(&format!(
            "stack overflow in thread {thread}: its recursion is too deep for a stack of {} KiB",
            bytes >> 10
        )),
        Stop::Trap { thread, .. } => {
            let printed = machine.printed();
            let said = String::from_utf8_lossy(printed.get(printed_before..).unwrap_or_default()).into_owned();
            match panic_message(&said) {
                Some(message) if *thread > 0 => panic(&format!("{message} (in thread {thread})")),
                Some(message) => panic(&message),
                None if machine.memory_refused() => Crash::OutOfMemory,
                None => panic("it aborted without a word"),
            }
        }
    }
}
