//! A node's journal: one file of changes. Each batch is a frame with a checksum, synced to the disk before any message or answer that
//! depends on it leaves the node. When the changes outgrow the state, the file is written anew with the state alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use cachedojo::cluster::node::Head;
use cachedojo::cluster::store::{Edit, Store};
use cachedojo::cluster::wire::{Reader, Wire};
use cachedojo::cluster::{Micros, NodeId};

use super::frame::Place;

/// The first bytes of a journal of this version.
const BEGINNING: &[u8] = b"cachedojo node 1\n";
/// The file.
const NAME: &str = "journal";
/// The new file while it is written; it is then renamed to the journal.
const NEXT_NAME: &str = "journal.next";
/// The lock file of the process that uses the folder.
const LOCK_NAME: &str = "lock";
/// The file is written anew after so many bytes of changes, if the state is smaller than them.
const CHANGES_MIN: u64 = 1 << 20;
/// The size from which on a frame of the state is written out, in bytes.
const FRAME: usize = 1 << 20;
/// A frame's length and checksum, in bytes.
const HEADER: usize = 8;

/// An entry of the journal.
#[derive(Debug, Clone)]
pub(super) enum Kept {
    /// The owner of the file; always the first entry.
    Owner(Owner),
    /// The node's head, and the clocks' readings at that time.
    Head { head: Box<Head>, since: Arc<str>, mono: Micros, wall: Micros },
    /// A change of its records.
    Edit(Edit),
    /// The last known state of another node.
    Peer { node: NodeId, peer: Peer },
}

/// The owner of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    /// The cluster.
    pub(super) cluster: Arc<str>,
    /// The node.
    pub(super) node: NodeId,
    /// A random number that is made with each journal, so that a lost one is noticed.
    pub(super) disk: u64,
}

/// The last known state of another node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Peer {
    /// Its last address.
    pub(super) address: Option<SocketAddr>,
    /// The last life in which it was met; 0 when it never was.
    pub(super) life: u16,
    /// Its disk number then.
    pub(super) disk: u64,
}

/// The content of a journal.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) owner: Owner,
    pub(super) head: Head,
    /// The clocks' readings when the head was written.
    pub(super) since: Arc<str>,
    pub(super) mono: Micros,
    pub(super) wall: Micros,
    pub(super) store: Store,
    pub(super) peers: Vec<(NodeId, Peer)>,
}

/// An open journal, in a folder that is locked for this process.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    file: Option<File>,
    /// Bytes of changes since the file was last written anew, and bytes of the state then.
    changes: u64,
    held: u64,
    /// How many syncs there were.
    pub(super) syncs: u64,
    _lock: File,
}

impl Journal {
    /// Opens a node's folder and reads its journal; `None` if there is none.
    pub(super) fn open(folder: &Path) -> Result<(Self, Option<Found>)> {
        let name = folder.display();
        std::fs::create_dir_all(folder).with_context(|| format!("{name} cannot be made: name another with --data"))?;
        let lock = File::create(folder.join(LOCK_NAME))
            .with_context(|| format!("{name} cannot be written: name another with --data"))?;
        if lock.try_lock().is_err() {
            bail!("{name} is in use by another process: end it, or name another folder with --data");
        }
        let mut journal = Self { folder: folder.to_owned(), file: None, changes: 0, held: 0, syncs: 0, _lock: lock };
        let path = folder.join(NAME);
        let mut bytes = Vec::new();
        match OpenOptions::new().read(true).append(true).open(&path) {
            Ok(mut file) => {
                file.read_to_end(&mut bytes).with_context(|| format!("{} cannot be read", path.display()))?;
                journal.file = Some(file);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((journal, None)),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be opened", path.display())),
        }
        let (found, length) = read(&bytes).with_context(|| {
            format!(
                "{} cannot be relied on: keep it aside and start the node with an empty folder; it gets its records from the others",
                path.display()
            )
        })?;
        if let Some(file) = journal.file.as_ref().filter(|_| length < bytes.len()) {
            tracing::warn!(
                dropped = bytes.len() - length,
                "the last batch was never whole on the disk, so nothing followed from it"
            );
            file.set_len(length as u64)?;
            file.sync_all()?;
        }
        journal.changes = length as u64;
        Ok((journal, Some(found)))
    }

    /// Replaces the file by one with these entries. If that fails, the old file stays.
    pub(super) fn begin(&mut self, all: impl Iterator<Item = Kept>) -> Result<()> {
        let (path, next) = (self.folder.join(NAME), self.folder.join(NEXT_NAME));
        let write = || -> io::Result<u64> {
            let mut file = File::create(&next)?;
            file.write_all(BEGINNING)?;
            let mut frame = Vec::new();
            let mut written = 0;
            for kept in all {
                kept.put(&mut frame);
                if frame.len() >= FRAME {
                    written += write_frame(&mut file, &frame)?;
                    frame.clear();
                }
            }
            written += write_frame(&mut file, &frame)?;
            file.sync_all()?;
            std::fs::rename(&next, &path)?;
            // The name is on the disk only when the folder is.
            #[cfg(unix)]
            File::open(&self.folder)?.sync_all()?;
            self.file = Some(OpenOptions::new().append(true).open(&path)?);
            Ok(written)
        };
        self.held = write().with_context(|| format!("{} cannot be written", next.display()))?;
        self.changes = 0;
        self.syncs += 1;
        Ok(())
    }

    /// Appends a batch and syncs it.
    pub(super) fn add(&mut self, batch: &[Kept]) -> Result<()> {
        let file = self.file.as_mut().context("a journal is begun before it is added to")?;
        let mut frame = Vec::new();
        for kept in batch {
            kept.put(&mut frame);
        }
        let mut write = || {
            let written = write_frame(file, &frame)?;
            file.sync_data()?;
            Ok::<_, io::Error>(written)
        };
        let name = self.folder.display();
        self.changes += write()
            .with_context(|| format!("{name} cannot be written: a node that cannot keep what it promises ends"))?;
        self.syncs += 1;
        Ok(())
    }

    /// Whether it is time to write it anew.
    pub(super) const fn is_long(&self) -> bool {
        self.changes > CHANGES_MIN && self.changes > self.held
    }

    /// How many bytes the records took when they were last counted.
    pub(super) const fn held(&self) -> u64 {
        self.held
    }
}

fn write_frame(file: &mut File, frame: &[u8]) -> io::Result<u64> {
    let length = u32::try_from(frame.len()).map_err(|_| io::ErrorKind::FileTooLarge)?.to_le_bytes();
    let mut bytes = Vec::with_capacity(HEADER + frame.len());
    bytes.extend_from_slice(&length);
    bytes.extend_from_slice(&checksum(length, frame).to_le_bytes());
    bytes.extend_from_slice(frame);
    file.write_all(&bytes)?;
    Ok(bytes.len() as u64)
}

fn checksum(length: [u8; 4], frame: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(frame);
    hasher.finalize()
}

/// Reads a journal; also returns how many bytes belong to whole frames.
fn read(bytes: &[u8]) -> Result<(Found, usize)> {
    let mut rest = bytes.strip_prefix(BEGINNING).context("it is of another release, or no journal at all")?;
    let (mut owner, mut head, mut store, mut peers) = (None, None, Store::default(), Vec::new());
    while !rest.is_empty() {
        let at = bytes.len() - rest.len();
        let Some((frame, behind)) = next_frame(rest) else {
            ensure!(may_be_torn(rest), "at byte {at} it is not what was written");
            break;
        };
        let mut reader = Reader::new(frame);
        while !reader.is_empty() {
            match Kept::take(&mut reader).with_context(|| format!("what stands at byte {at} is of another release"))? {
                Kept::Owner(found) => owner = Some(found),
                Kept::Head { head: found, since, mono, wall } => head = Some((*found, since, mono, wall)),
                Kept::Edit(edit) => store.repeat(edit),
                Kept::Peer { node, peer } => peers.push((node, peer)),
            }
        }
        rest = behind;
    }
    let owner = owner.context("it does not say whose it is")?;
    let (head, since, mono, wall) = head.context("it has no head")?;
    Ok((Found { owner, head, since, mono, wall, store, peers }, bytes.len() - rest.len()))
}

fn next_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let (frame, behind) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    (checksum(*length, frame) == u32::from_le_bytes(*sum)).then_some((frame, behind))
}

/// Whether bytes that are not a whole frame can be the rest of a last write that a crash cut off.
fn may_be_torn(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk::<4>().map_or(u32::MAX, |length| u32::from_le_bytes(*length));
    let reaches_end = usize::try_from(length).map_or(true, |length| length.saturating_add(HEADER) >= bytes.len());
    reaches_end || bytes.iter().all(|&byte| byte == 0)
}

impl Wire for Kept {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Owner(Owner { cluster, node, disk }) => {
                out.push(1);
                cluster.put(out);
                node.put(out);
                disk.put(out);
            }
            Self::Head { head, since, mono, wall } => {
                out.push(2);
                head.put(out);
                since.put(out);
                mono.put(out);
                wall.put(out);
            }
            Self::Edit(edit) => {
                out.push(3);
                edit.put(out);
            }
            Self::Peer { node, peer } => {
                out.push(4);
                node.put(out);
                Place(peer.address).put(out);
                peer.life.put(out);
                peer.disk.put(out);
            }
        }
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        Some(match u8::take(from)? {
            1 => Self::Owner(Owner { cluster: Wire::take(from)?, node: Wire::take(from)?, disk: Wire::take(from)? }),
            2 => Self::Head {
                head: Box::new(Wire::take(from)?),
                since: Wire::take(from)?,
                mono: Wire::take(from)?,
                wall: Wire::take(from)?,
            },
            3 => Self::Edit(Wire::take(from)?),
            4 => Self::Peer {
                node: Wire::take(from)?,
                peer: Peer { address: Place::take(from)?.0, life: Wire::take(from)?, disk: Wire::take(from)? },
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cachedojo::cluster::record::Record;
    use cachedojo::cluster::{Disk, NodeSet, Readings, Settings, Version};

    fn node(number: u8) -> NodeId {
        NodeId::new(number).expect("a node")
    }

    fn beginning() -> Vec<Kept> {
        let now = Readings { mono: 5, wall: 6 };
        let settings = Settings::default();
        let disk = Disk::founder(node(1), NodeSet::of(node(1)), &settings, now);
        let head = cachedojo::cluster::Node::start(disk, settings, NodeSet::EMPTY, now, 1).head();
        let owner = Owner { cluster: "c".into(), node: node(1), disk: 9 };
        vec![Kept::Owner(owner), Kept::Head { head: Box::new(head), since: "boot".into(), mono: 5, wall: 6 }]
    }

    fn put(key: &str, clock: u64) -> Kept {
        let version = Version { clock, node: node(1), incarnation: 1, is_swept: false };
        Kept::Edit(Edit::Put { key: key.into(), record: Record::tombstone(version, clock) })
    }

    fn with_folder(name: &str, run: impl FnOnce(&Path)) {
        let folder = std::env::temp_dir().join(format!("cachedojo-journal-{name}-{}", std::process::id()));
        _ = std::fs::remove_dir_all(&folder);
        run(&folder);
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn what_was_added_is_found_again_and_a_torn_last_batch_is_not() {
        with_folder("torn", |folder| {
            let (mut journal, found) = Journal::open(folder).expect("a folder");
            assert!(found.is_none());
            assert!(Journal::open(folder).is_err_and(|error| error.to_string().contains("in use by another process")));
            journal.begin(beginning().into_iter()).expect("written");
            let peer = Peer { address: Some(([127, 0, 0, 1], 7).into()), life: 2, disk: 3 };
            journal.add(&[put("a", 1), Kept::Peer { node: node(2), peer }]).expect("written");
            journal.add(&[put("b", 2), Kept::Edit(Edit::Removed { key: "a".into() })]).expect("written");
            drop(journal);
            let path = folder.join(NAME);
            let whole = std::fs::read(&path).expect("a file");
            let keys = |folder| {
                let (_, found) = Journal::open(folder).expect("it opens");
                let found = found.expect("it is there");
                assert_eq!((found.owner.disk, found.mono, &*found.since), (9, 5, "boot"));
                assert_eq!(found.peers, [(node(2), peer)]);
                found.store.iter().map(|(key, _)| key.to_string()).collect::<Vec<_>>()
            };
            assert_eq!(keys(folder), ["b"]);
            for torn in 1..30 {
                std::fs::write(&path, &whole[..whole.len() - torn]).expect("written");
                assert_eq!(keys(folder), ["a"], "the second batch is void as a whole, {torn} bytes short");
            }
        });
    }

    #[test]
    fn a_byte_that_changed_in_the_middle_is_seen() {
        with_folder("rot", |folder| {
            let (mut journal, _) = Journal::open(folder).expect("a folder");
            journal.begin(beginning().into_iter()).expect("written");
            journal.add(&[put("a", 1)]).expect("written");
            journal.add(&[put("b", 2)]).expect("written");
            drop(journal);
            let path = folder.join(NAME);
            let mut bytes = std::fs::read(&path).expect("a file");
            bytes[BEGINNING.len() + HEADER + 2] ^= 1;
            std::fs::write(&path, &bytes).expect("written");
            let error = format!("{:#}", Journal::open(folder).expect_err("it is spoilt"));
            assert!(error.contains("start the node with an empty folder") && error.contains("at byte 17"), "{error}");
            std::fs::write(&path, "something else").expect("written");
            let error = format!("{:#}", Journal::open(folder).expect_err("no journal"));
            assert!(error.contains("no journal at all"), "{error}");
        });
    }

    #[test]
    fn a_long_journal_is_written_anew_with_what_is_held() {
        with_folder("long", |folder| {
            let (mut journal, _) = Journal::open(folder).expect("a folder");
            journal.begin(beginning().into_iter()).expect("written");
            let mut clock = 0;
            while !journal.is_long() {
                let batch: Vec<_> = (clock + 1..=clock + 1000).map(|clock| put("k", clock)).collect();
                journal.add(&batch).expect("written");
                clock += 1000;
            }
            let before = std::fs::metadata(folder.join(NAME)).expect("a file").len();
            journal.begin(beginning().into_iter().chain([put("k", clock)])).expect("written");
            assert!(!journal.is_long());
            let after = std::fs::metadata(folder.join(NAME)).expect("a file").len();
            assert!(before > CHANGES_MIN && after < 1000, "{before} {after}");
            journal.add(&[put("l", clock + 1)]).expect("the new file is added to");
            drop(journal);
            let (_, found) = Journal::open(folder).expect("it opens");
            assert_eq!(found.expect("it is there").store.len(), 2);
        });
    }
}
