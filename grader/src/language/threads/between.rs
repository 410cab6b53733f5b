//! Two modules in one world: one calls the other as if it were its own library, and can see nothing of it but its answers.
//!
//! A call crosses as bytes. Whoever calls waits; a thread of the other module takes the call, obeys it, and answers. What is called
//! runs when everybody who calls waits, so how long an answer takes cannot be seen. Both open files of one small disk.

use std::collections::{BTreeMap, VecDeque};

use cachedojo::random::Random;

/// Most files, and most bytes of all of them together.
const FILES_MAX: usize = 256;
const DISK_BYTES_MAX: usize = 16 << 20;
/// Calls that are no operation on an object: they make one, or end one.
pub(super) const OPERATION: u8 = 2;

/// What was seen of the calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crossings {
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
    pub(super) calls: VecDeque<(u32, Vec<u8>)>,
    /// Threads that wait for a call.
    pub(super) idle: Vec<u32>,
    /// How many threads obey calls: those that wait, those that do, and those that are on their way.
    workers: usize,
    /// How many threads more are wanted, and who starts them, where that one waits.
    pub(super) wanted: u32,
    pub(super) starter: Option<u32>,
    /// Whose call a thread obeys.
    pub(super) jobs: BTreeMap<u32, u32>,
    /// What a thread may take next.
    pub(super) given: BTreeMap<u32, Vec<u8>>,
    pub(super) seen: Crossings,
    /// Randomness of the called module: the calling one draws from the world's.
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
    /// Whom to wake for one more call: a thread that waits for one, or who starts one; nobody, where one is on its way.
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

    /// Obeys a request to the disk; `None` where that fails. Its first byte says what is asked for, four bytes how long the path is, and
    /// after the path comes what is written, or a second path.
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
