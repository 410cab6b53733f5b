//! The limits of a module with threads, and the reasons why one is stopped.

/// The limits of one module, for all its threads together.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Work, roughly in instructions, counted in slices of [`SLICE`](super::world::SLICE).
    pub fuel: u64,
    /// Scheduling points: atomic instructions, waits and wake-ups.
    pub points: u64,
    /// Memory, in bytes: data, heap and all stacks.
    pub memory_bytes: u64,
    /// Bytes of output.
    pub output_bytes: usize,
    /// Threads that live at once.
    pub live: usize,
    /// Threads started in total.
    pub started: u32,
    /// Processor time of one call, for work that fuel does not count.
    pub call_cpu: std::time::Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 4_000_000_000,
            points: 20_000_000,
            memory_bytes: 1792 << 20,
            output_bytes: 1 << 20,
            live: LIVE_MAX,
            started: 60_000,
            call_cpu: std::time::Duration::from_secs(12),
        }
    }
}

/// The most threads that live at once: those of ten thousand commands may all wait at one gate. Each has a native stack, and all
/// stacks must fit into a grading's memory.
pub(super) const LIVE_MAX: usize = 12_000;

/// The reasons why a module is stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// No thread can ever run again: for each thread what it waits for, and at which address.
    Deadlock(Vec<(u32, u32)>),
    /// All threads together exceeded their work.
    OutOfWork,
    /// It exceeded its memory.
    OutOfMemory,
    /// A thread's stack overflowed.
    StackOverflow {
        /// The thread.
        thread: u32,
        /// The stack's size, in bytes.
        bytes: u32,
    },
    /// It printed too much.
    TooMuchOutput,
    /// It has too many threads.
    TooManyThreads,
    /// It ended the process.
    Exit(u32),
    /// A thread trapped: a panic aborts the whole module.
    Trap {
        /// The thread.
        thread: u32,
        /// wasmtime's message.
        reason: String,
    },
    /// The module does not follow the seam's protocol.
    Gibberish,
}
