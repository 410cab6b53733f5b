//! What a module with threads may use, and why one is stopped.

/// What one module may use, all its threads together.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Work, in instructions of the module (roughly), counted in slices of [`SLICE`](super::world::SLICE).
    pub fuel: u64,
    /// Points: atomic instructions, waits and wake-ups.
    pub points: u64,
    /// Memory, in bytes: code's own, heap and all stacks.
    pub memory_bytes: u64,
    /// Bytes printed.
    pub output_bytes: usize,
    /// Threads that live at once.
    pub live: usize,
    /// Threads started in all.
    pub started: u32,
    /// Processor time of one call, for work that fuel does not see.
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

/// Threads that live at once, at most: each has a stack of the host's, and all of them fit into a grading's memory.
pub(super) const LIVE_MAX: usize = 6_000;

/// Why the module is stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Nobody can run, and nothing will ever change that: for each thread what it waits for, at which address.
    Deadlock(Vec<(u32, u32)>),
    /// All threads together did more than is allowed.
    OutOfWork,
    /// It asked for more memory than is allowed.
    OutOfMemory,
    /// A thread's stack grew past its end.
    StackOverflow {
        /// The thread.
        thread: u32,
        /// The stack's size, in bytes.
        bytes: u32,
    },
    /// It printed more than is allowed.
    TooMuchOutput,
    /// More threads than are allowed.
    TooManyThreads,
    /// It ended the process.
    Exit(u32),
    /// A thread ended by a trap: a panic aborts the whole module.
    Trap {
        /// The thread.
        thread: u32,
        /// wasmtime's word for it.
        reason: String,
    },
    /// The module does not follow the seam.
    Gibberish,
}
