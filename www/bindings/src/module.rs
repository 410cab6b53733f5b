//! Compiled programs as subjects: mutants and submissions, which JavaScript instantiates beside the engine.
//!
//! JavaScript provides such a program's few WASI functions (`www/bindings/module.js`); their answers come from the run's world,
//! which both sides share during a call.

use std::cell::RefCell;
use std::rc::Rc;

use cachedojo_lab::subject::{Crash, Subject, panic_message};
use cachedojo_lab::world::World;
use cachedojo_wire::{Request, Response, decode, encode};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/module.js")]
extern "C" {
    /// A compiled program: makes fresh instances.
    pub type Program;

    #[wasm_bindgen(constructor)]
    fn new(module: &js_sys::WebAssembly::Module) -> Program;

    /// A fresh instance with new memory.
    #[wasm_bindgen(method, catch)]
    fn instantiate(this: &Program, world: SharedWorld) -> Result<Instance, JsValue>;

    /// One instance.
    pub type Instance;

    /// The answer's bytes. An exception tells how the program ended.
    #[wasm_bindgen(method, catch)]
    fn call(this: &Instance, request: &[u8]) -> Result<Vec<u8>, JsValue>;

    /// Its output since the last call began.
    #[wasm_bindgen(method)]
    fn printed(this: &Instance) -> String;

    /// Its memory, in bytes.
    #[wasm_bindgen(method, js_name = memoryBytes)]
    fn memory_bytes(this: &Instance) -> u32;
}

/// A compiled module as a program.
#[wasm_bindgen(js_name = programOf)]
pub fn program_of(module: &js_sys::WebAssembly::Module) -> Program {
    Program::new(module)
}

/// The time that reading a clock takes, in nanoseconds: the same as in the grader, so that both give the same times.
const CLOCK_READ_NS: u64 = 1_000;

/// The world of a run, as the program's WASI functions see it.
#[wasm_bindgen]
pub struct SharedWorld(Rc<RefCell<World>>);

#[wasm_bindgen]
impl SharedWorld {
    /// A clock's time in nanoseconds: 0 is the wall clock, any other the monotonic one.
    pub fn time(&self, clock: u32) -> u64 {
        let world = self.0.borrow();
        if clock == 0 { world.wall_ns } else { world.monotonic_ns }
    }

    /// [`SharedWorld::time`] when the program reads its clock, which takes a little time.
    #[wasm_bindgen(js_name = readClock)]
    pub fn read_clock(&self, clock: u32) -> u64 {
        let time = self.time(clock);
        self.0.borrow_mut().pass(CLOCK_READ_NS);
        time
    }

    /// Lets so many nanoseconds pass: a sleep.
    pub fn pass(&self, ns: u64) {
        self.0.borrow_mut().pass(ns);
    }

    /// The next eight random bytes, as a number.
    pub fn random(&self) -> u64 {
        self.0.borrow_mut().random.next_u64()
    }
}

/// A program as a subject.
pub(crate) struct ModuleSubject {
    world: Rc<RefCell<World>>,
    instance: Instance,
    crash: Option<Crash>,
}

impl ModuleSubject {
    /// A fresh subject. Cost: O(the program's memory).
    ///
    /// # Errors
    /// The program cannot be instantiated; JavaScript's message.
    pub(crate) fn new(program: &Program) -> Result<Self, String> {
        let world = Rc::new(RefCell::new(World::new(0)));
        let instance = program.instantiate(SharedWorld(Rc::clone(&world))).map_err(|error| words(&error))?;
        Ok(Self { world, instance, crash: None })
    }
}

impl Subject for ModuleSubject {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        if let Some(crash) = &self.crash {
            return Err(crash.clone());
        }
        std::mem::swap(&mut *self.world.borrow_mut(), world);
        let answer = self.instance.call(&encode(request));
        std::mem::swap(&mut *self.world.borrow_mut(), world);
        let response = match answer {
            Ok(bytes) => decode(&bytes).ok_or(Crash::Gibberish),
            Err(thrown) => Err(crash_of(&thrown, &self.instance.printed())),
        };
        response.inspect_err(|crash| self.crash = Some(crash.clone()))
    }

    fn memory_bytes(&self) -> u64 {
        u64::from(self.instance.memory_bytes())
    }
}

fn words(error: &JsValue) -> String {
    error.as_string().unwrap_or_else(|| js_sys::Error::from(error.clone()).message().into())
}

/// How a program ended, from what its call threw: an exit code as a number, or an error.
fn crash_of(thrown: &JsValue, printed: &str) -> Crash {
    if let Some(code) = thrown.as_f64() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an exit code is a whole 32-bit number"
        )]
        return Crash::Exit { code: code as u32 };
    }
    match words(thrown).as_str() {
        "output" => Crash::TooMuchOutput,
        "memory" => Crash::OutOfMemory,
        "gibberish" => Crash::Gibberish,
        message => match panic_message(printed) {
            Some(message) => Crash::Panic { message },
            None => Crash::Panic { message: message.to_owned() },
        },
    }
}
