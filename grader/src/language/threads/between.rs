//! Two modules in one world: one calls the other like a library, and sees nothing of it but its answers.
//!
//! A call crosses as bytes. The calling thread waits; a thread of the other module takes the call, executes it, and answers. The
//! called module runs only while all threads of the calling one wait, so the time that an answer takes cannot be measured. Both
//! modules share one small disk.

use std::collections::{BTreeMap, VecDeque};

use cachedojo::random::Random;

/// The most files, and the most bytes of all of them together.
const FILES_MAX: usize = 256;
const DISK_BYTES_MAX: usize = 16 << 20;
/// From this code on, calls are operations on an object; the smaller ones create or close one.
pub(super) const OPERATION: u8 = 2;

/// Statistics of the calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crossings {
    /// How many operations each calling thread has made, by its number; the first thread has 0.
    pub operations: BTreeMap<u32, u64>,
    /// How often a calling thread slept.
    pub sleeps: u32,
    /// What the called module printed.
    pub printed: Vec<u8>,
}

/// The state that two modules share.
#[derive(Debug)]
pub(super) struct Between {
    /// Calls that no thread has taken yet: the caller and the request.
    pub(super) calls: VecDeque<(u32, Vec<u8>)>,
    /// Threads that wait for a call.
    pub(super) idle: Vec<u32>,
    /// How many threads serve calls: waiting, working, or being started.
    workers: usize,
    /// How many more threads are needed, and the thread that starts them, if it waits.
    pub(super) wanted: u32,
    pub(super) starter: Option<u32>,
    /// For each serving thread the thread whose call it executes.
    pub(super) jobs: BTreeMap<u32, u32>,
    /// The bytes that a thread may fetch next.
    pub(super) given: BTreeMap<u32, Vec<u8>>,
    pub(super) seen: Crossings,
    /// The called module's randomness; the calling one draws from the world's.
    pub(super) random: Random,
    disk: BTreeMap<String, Vec<u8>>,
}

impl Default for Between {
    fn default() -> Self {
        Self {
            calls: VecDeque::new(),
            idle: Vec::new(),
            workers: 0,
            wanted: 0,
            starter: None,
            jobs: BTreeMap::new(),
            given: BTreeMap::new(),
            seen: Crossings::default(),
            random: Random::new(1),
            disk: BTreeMap::new(),
        }
    }
}

impl Between {
    /// Which thread to wake for one more call: one that waits for calls, or the one that starts further threads; none
    /// if a new one is on its way.
    pub(super) fn who_takes_it(&mut self) -> Option<u32> {
        if let Some(worker) = self.idle.pop() {
            return Some(worker);
        }
        if self.calls.len() + self.jobs.len() <= self.workers {
            return None;
        }
        self.workers += 1;
        self.wanted += 1;
        self.starter.take()
    }

    /// Executes a disk request; `None` if it fails. The first byte is the operation, the next four are the path's length; after
    /// the path come the bytes to write, or a second path.
    pub(super) fn file(&mut self, request: &[u8]) -> Option<Vec<u8>> {
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

    /// There is only one folder: a path that names another cannot be written to.
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
