//! Runs all commands of a script concurrently: on threads natively, by a seeded scheduler in WebAssembly, which has no
//! threads here.
//!
//! Both take the commands in input order and give each a ticket for its *lane*, one of a few partitions of the keys. In
//! a lane, commands run in the order of their tickets, so commands on one key keep their input order. Lanes run in any
//! order, and no answer depends on it.

use super::{Answer, Command, LineCache, Mistake, parse};
use crate::protocol::Located;
use crate::random::Random;
use std::collections::VecDeque;

/// Parts of the key space that run independently of each other.
const LANES: usize = 16;

/// Runs all commands concurrently and gives their answers in input order, up to and including the first `BYE`.
///
/// Natively every command runs on a thread of its own, a bounded number of them alive at a time, so 10,000 commands and more are
/// fine. In WebAssembly a deterministic scheduler ([`simulate_scheduled`]) gives the same answers. `EXIT` lets running commands
/// finish and starts none after it. O(n log n) for n commands.
pub fn simulate_distributed_cache(commands: &[String]) -> Vec<String> {
    #[cfg(not(target_arch = "wasm32"))]
    return threads::simulate(commands);
    #[cfg(target_arch = "wasm32")]
    return simulate_scheduled(commands, Random::new(0));
}

/// The same on one thread: in each step `random` picks one of the lanes with work, and its first command runs.
pub fn simulate_scheduled(commands: &[String], mut random: Random) -> Vec<String> {
    let started = up_to_exit(commands);
    let mut answers = vec![String::new(); started.len()];
    let mut lanes: Vec<_> = (0..LANES).map(|_| (LineCache::new(), VecDeque::new())).collect();
    for (index, task) in started.into_iter().enumerate() {
        lanes[lane_of(&task)].1.push_back((index, task));
    }
    let mut busy: Vec<_> = lanes.into_iter().filter(|(_, tasks)| !tasks.is_empty()).collect();
    while !busy.is_empty() {
        let drawn = usize::try_from(random.below(busy.len() as u64)).expect("it is below a usize");
        let (cache, tasks) = &mut busy[drawn];
        if let Some((index, task)) = tasks.pop_front() {
            answers[index] = run(cache, &task);
        }
        if tasks.is_empty() {
            busy.swap_remove(drawn);
        }
    }
    answers
}

type Task<'a> = Result<Command<'a>, Located<Mistake>>;

/// The commands to run: all up to and including the first `EXIT`.
fn up_to_exit(commands: &[String]) -> Vec<Task<'_>> {
    let exit = commands.iter().position(|command| parse(command) == Ok(Command::Exit));
    let started = exit.map_or(commands, |last| &commands[..=last]);
    started.iter().map(|command| parse(command)).collect()
}

/// The lane of a task; tasks without a key share the first. FNV-1a, because the lane must be the same on every host.
fn lane_of(task: &Task<'_>) -> usize {
    let key = task.as_ref().ok().and_then(Command::key).unwrap_or_default();
    let hash = key.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash as usize % LANES
}

fn run(cache: &mut LineCache, task: &Task<'_>) -> String {
    match task {
        Ok(command) => cache.obey(command).to_string(),
        Err(error) => Answer::Error(error.clone()).to_string(),
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod threads {
    use super::{LANES, LineCache, Task, lane_of, run, up_to_exit};
    use std::sync::{Condvar, Mutex, PoisonError};

    /// Threads alive at a time: enough that commands really overlap, few enough for any machine's limits.
    const ALIVE_MAX: usize = 64;

    pub(super) fn simulate(commands: &[String]) -> Vec<String> {
        let started = up_to_exit(commands);
        let mut answers = vec![String::new(); started.len()];
        let lanes: Vec<Lane> = (0..LANES).map(|_| Lane::default()).collect();
        let mut tickets = [0_u64; LANES];
        for (tasks, slots) in started.chunks(ALIVE_MAX).zip(answers.chunks_mut(ALIVE_MAX)) {
            std::thread::scope(|scope| {
                let threads = tasks.iter().zip(slots).map(|(task, slot)| {
                    let lane = lane_of(task);
                    let ticket = tickets[lane];
                    tickets[lane] += 1;
                    let lane = &lanes[lane];
                    scope.spawn(move || *slot = lane.run(ticket, task))
                });
                // The scope ends when its threads' work is done, but only a joined thread is gone for the operating system: so
                // never more than ALIVE_MAX exist.
                for thread in threads.collect::<Vec<_>>() {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                }
            });
        }
        answers
    }

    /// A partition of the keys behind a ticket lock: ticket n runs after n others, whichever thread wakes first.
    #[derive(Default)]
    struct Lane {
        state: Mutex<(u64, LineCache)>,
        turn: Condvar,
    }

    impl Lane {
        fn run(&self, ticket: u64, task: &Task<'_>) -> String {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let waiting = self.turn.wait_while(state, |(served, _)| *served != ticket);
            let mut state = waiting.unwrap_or_else(PoisonError::into_inner);
            let answer = run(&mut state.1, task);
            state.0 += 1;
            self.turn.notify_all();
            answer
        }
    }
}
