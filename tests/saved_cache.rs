//! Saving and loading: the same cache comes back, from Python too, and nothing else does any harm.

use std::time::Duration;

use cachedojo::cache::{CacheNode, EvictionPolicy, LoadError};
use cachedojo::clock::{Clock, Instant};
use cachedojo::random::Random;

/// `pickle.dumps` of Python 3.11, protocol 4, of a cache with the entries `greeting` and `été`, the first until 10 s.
const FROM_PYTHON: &[u8] = include_bytes!("saved_by_python.pickle");

fn node(policy: EvictionPolicy) -> (CacheNode, Clock) {
    let clock = Clock::new();
    (CacheNode::with_limits(2000, 30, policy, clock.clone()), clock)
}

#[test]
fn a_saved_cache_comes_back_as_it_was() {
    for seed in 0..100_000 {
        // Most sequences are short; a few fill the cache.
        let operations = if seed % 500 == 0 { 200 } else { seed % 12 };
        let mut random = Random::new(seed);
        let policy = [EvictionPolicy::LRU, EvictionPolicy::LFU, EvictionPolicy::FIFO, EvictionPolicy::TTL]
            [usize::try_from(random.below(4)).expect("small")];
        let (mut saved, clock) = node(policy);
        for _ in 0..operations {
            let key = format!("clé{}", random.below(1 + operations / 4));
            match random.below(6) {
                0 | 1 => {
                    let ttl = (random.below(2) == 0).then(|| Duration::from_millis(random.below(100)));
                    saved.set(key, vec![7; usize::try_from(random.below(80)).expect("small")], ttl);
                }
                2 => clock.advance(Duration::from_millis(1)),
                _ => _ = saved.get(&key),
            }
        }
        let bytes = saved.save();
        let mut loaded = CacheNode::with_limits(2000, 30, policy, clock.clone());
        loaded.set("before".into(), b"gone".to_vec(), None);
        loaded.load(&bytes).expect("what was saved can be loaded");
        saved.clean_expired();
        assert_eq!(loaded.entries(), saved.entries(), "seed {seed}, {policy:?}");
        // The expired entries that were met on the way out are counted only where they were met.
        assert_eq!(loaded.stats().hits, saved.stats().hits);
        assert_eq!((loaded.stats().misses, loaded.stats().evictions), (saved.stats().misses, saved.stats().evictions));
        // And it goes on as if it had never been away.
        let (mut stayed, mut back) = (saved.clone(), loaded.clone());
        for _ in 0..operations {
            let key = format!("clé{}", random.below(1 + operations / 3));
            for node in [&mut stayed, &mut back] {
                if node.read(&key).is_none() {
                    node.set(key.clone(), vec![7; 70], None);
                }
            }
        }
        assert_eq!(back.entries(), stayed.entries(), "seed {seed}, {policy:?}");
        assert_eq!(
            loaded.save(),
            {
                saved.load(&bytes).expect("again");
                saved.save()
            },
            "seed {seed}"
        );
    }
}

#[test]
fn deadlines_are_absolute_and_what_expired_in_between_is_left_out() {
    let (mut saved, clock) = node(EvictionPolicy::LRU);
    saved.set("ten".into(), b"v".to_vec(), Some(Duration::from_secs(10)));
    saved.set("one".into(), b"v".to_vec(), Some(Duration::from_secs(1)));
    saved.set("gone".into(), b"v".to_vec(), Some(Duration::ZERO));
    assert!(!saved.save().windows(4).any(|bytes| bytes == b"gone"));
    let bytes = saved.save();
    clock.advance(Duration::from_secs(1));
    saved.load(&bytes).expect("a cache");
    assert_eq!(saved.keys("*"), ["ten"]);
    assert_eq!(saved.peek("ten").expect("there").expires_at, Some(Instant::from_millis(10_000)));
    assert_eq!(saved.len(), 1);
}

#[test]
fn what_python_wrote_can_be_loaded() {
    let (mut loaded, clock) = node(EvictionPolicy::LRU);
    loaded.load(FROM_PYTHON).expect("a cache");
    assert_eq!(loaded.keys("*"), ["greeting", "été"]);
    assert_eq!(loaded.read("été"), Some("chaud".as_bytes()));
    assert_eq!((loaded.stats().hits, loaded.stats().misses, loaded.stats().evictions), (43, 3, 300));
    clock.advance(Duration::from_secs(10));
    assert!(!loaded.exists("greeting"));
}

#[test]
fn damaged_truncated_and_hostile_files_change_nothing() {
    let (mut victim, _) = node(EvictionPolicy::LRU);
    victim.set("k".into(), b"v".to_vec(), None);
    victim.get("k");
    let before = victim.clone().save();
    let whole = victim.save();
    for end in 0..whole.len() {
        assert!(victim.load(&whole[..end]).is_err(), "cut at {end}");
    }
    let mut random = Random::new(1);
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..=random.below(4) {
            let at = usize::try_from(random.below(bytes.len() as u64)).expect("an index");
            bytes[at] = u8::try_from(random.below(256)).expect("a byte");
        }
        let mut copy = victim.clone();
        if copy.load(&bytes).is_err() {
            assert_eq!(copy.save(), before);
        }
    }
    // `os.system("true")`, as a pickle would say it; nesting without end; a mark that never comes.
    assert_eq!(victim.load(b"cos\nsystem\n(S'true'\ntR."), Err(LoadError::NotPlainData { offset: 0 }));
    assert!(matches!(victim.load(b"\x80\x04\x8c\x02os\x8c\x06system\x93."), Err(LoadError::NotPlainData { .. })));
    assert!(victim.load(format!("{}{}", "(".repeat(100_000), "t".repeat(100_000)).as_bytes()).is_err());
    assert!(victim.load("]".repeat(100_000).as_bytes()).is_err());
    for bytes in
        // A list and a dictionary that hold themselves, and a number of two thousand million bytes.
        [
            b"]q\x00h\x00a.".as_slice(),
            b"}q\x00(h\x00h\x00u.",
            b"\x8b\xff\xff\xff\x7f\x00.",
            b"t",
            b"u.",
            b"(u.",
            b"]a.",
            b"N.",
            b"}.",
            b"\x8a\xffN.",
            b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff.",
        ]
    {
        assert!(victim.load(bytes).is_err(), "{bytes:?}");
    }
    assert_eq!(victim.save(), before);
}

/// A saved cache by hand: what stands in the dictionary of counters and after the mark of the entries, and what ends it.
fn file(counters: &[u8], entries: &[u8], end: &[u8]) -> Vec<u8> {
    let head = b"}(\x8c\x06format\x8c\x12cachedojo/cache/v1\x8c\x05stats}(";
    let content = [head, counters, b"u\x8c\x07entries]\x94(", entries, end].concat();
    [b"\x80\x04\x95".as_slice(), &(content.len() as u64).to_le_bytes(), &content].concat()
}

const COUNTERS: &[u8] = b"\x8c\x04hitsK\x01\x8c\x06missesK\x02\x8c\tevictionsK\x03\x8c\x07expiredK\x04";
const ENTRY: &[u8] = b"(\x8c\x01kC\x01vK\x00NK\x00K\x00t";

#[test]
fn what_python_would_refuse_to_read_is_refused_and_what_stands_twice_counts_once() {
    let (mut loaded, _) = node(EvictionPolicy::LRU);
    let twice = [b"\x8c\x04hitsK\x07".as_slice(), COUNTERS].concat();
    for good in [file(COUNTERS, ENTRY, b"eu."), file(&twice, ENTRY, b"eu.")] {
        loaded.load(&good).expect("a cache");
        assert_eq!((loaded.stats().hits, loaded.stats().expired, loaded.keys("*")), (1, 4, vec!["k".into()]));
    }
    let before = loaded.save();
    let good = file(COUNTERS, ENTRY, b"eu.");
    let other = b"(\x8c\x01lC\x01vK\x00NK\x00K\x00t";
    for (why, bytes) in [
        ("a protocol that there is not", [b"\x80\x06", &good[2..]].concat()),
        ("a frame longer than the file", [&good[..3], &(good.len() as u64 - 10).to_le_bytes(), &good[11..]].concat()),
        ("entries that are set like those of a dictionary", file(COUNTERS, &[ENTRY, other].concat(), b"uu.")),
        ("one that is set like that, in reach of no dictionary", file(COUNTERS, &[ENTRY, other].concat(), b"seu.")),
        ("one that is appended in reach of no list", file(COUNTERS, ENTRY, b"aeu.")),
        ("counters that are appended like those of a list", file(&[COUNTERS, b"e("].concat(), ENTRY, b"eu.")),
        ("a tuple of what is below the mark", file(COUNTERS, ENTRY, b"eN(\x85tu.")),
        ("a memory of what is below the mark", file(COUNTERS, ENTRY, b"eN(\x94tu.")),
        ("a key that stands there twice", file(COUNTERS, &[ENTRY, ENTRY].concat(), b"eu.")),
        ("a deadline that is a list", file(COUNTERS, b"(\x8c\x01kC\x01vK\x00h\x00K\x00K\x00t", b"eu.")),
    ] {
        assert!(loaded.load(&bytes).is_err(), "{why}");
    }
    assert_eq!(loaded.save(), before);
}

#[test]
fn nesting_is_bounded_whatever_nests() {
    for (count, is_fine) in [(1, true), (5, true), (6, false), (7, false), (100_000, false)] {
        let deep = [b"N".as_slice(), &vec![0x85; count]].concat();
        // In a tuple, and in a list or a dictionary whose latest member is not the deepest.
        for (before, after) in [(b"".as_slice(), b"\x85".as_slice()), (b"]", b"aNa"), (b"}N", b"sNNs")] {
            let end = [b"e\x8c\x05notes", before, &deep, after, b"\x85u."].concat();
            let bytes = file(COUNTERS, ENTRY, &end);
            let (mut loaded, _) = node(EvictionPolicy::LRU);
            assert_eq!(loaded.load(&bytes).is_ok(), is_fine, "{count} in {before:?}");
        }
    }
}

#[test]
fn what_was_written_down_stays_and_goes_on_after_loading() {
    let (mut loaded, _) = node(EvictionPolicy::LRU);
    loaded.record_events(true);
    for _ in 0..2 {
        loaded.set("big".into(), vec![0; 3000], None);
        loaded.load(&file(COUNTERS, ENTRY, b"eu.")).expect("a cache");
    }
    assert_eq!(loaded.take_events().len(), 2);
}

#[test]
fn counters_that_could_not_count_on_are_refused() {
    for name in ["hits", "misses", "evictions", "expired"] {
        for (count, is_fine) in [(u64::MAX / 2, true), (u64::MAX / 2 + 1, false), (u64::MAX, false)] {
            let number = [b"\x8a\x09".as_slice(), &count.to_le_bytes(), b"\x00"].concat();
            let length = u8::try_from(name.len()).expect("short");
            let counters = [COUNTERS, &[0x8c, length], name.as_bytes(), &number].concat();
            let (mut loaded, _) = node(EvictionPolicy::LRU);
            assert_eq!(loaded.load(&file(&counters, b"", b"eu.")).is_ok(), is_fine, "{name}: {count}");
        }
    }
}

#[test]
fn a_file_that_swells_when_it_is_unpacked_is_refused() {
    // One value of 64 KiB, remembered, and asked for again by sixty thousand keys.
    let mut bytes = Vec::new();
    for i in 0..60_000_u32 {
        bytes.extend(b"(X\x04\x00\x00\x00");
        bytes.extend(format!("{i:04x}").bytes().take(4));
        if i == 0 {
            bytes.extend(b"B\x00\x00\x01\x00");
            bytes.resize(bytes.len() + 65_536, 7);
            bytes.push(0x94);
        } else {
            bytes.extend(b"h\x01");
        }
        bytes.extend(b"K\x00NK\x00K\x00t");
    }
    let bytes = file(COUNTERS, &bytes, b"eu.");
    assert_eq!(CacheNode::new(100, EvictionPolicy::LRU).load(&bytes), Err(LoadError::Inflated));
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn a_file_appears_whole_or_not_at_all() {
    use cachedojo::cache::{load_from_file, save_to_file};
    let folder = std::env::temp_dir().join(format!("cachedojo-saved-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("cache.pickle");
    let (mut saved, _) = node(EvictionPolicy::LRU);
    saved.set("k".into(), b"v".to_vec(), None);
    save_to_file(&saved, &file).expect("a writable folder");
    let (mut loaded, _) = node(EvictionPolicy::LRU);
    load_from_file(&mut loaded, &file).expect("a cache");
    assert_eq!(loaded.entries(), saved.entries());
    assert!(save_to_file(&saved, &folder.join("missing/cache.pickle")).is_err());
    assert!(save_to_file(&saved, &folder).is_err(), "a folder stands where the file should be");
    assert!(load_from_file(&mut loaded, &folder.join("nothing")).is_err());
    assert_eq!(loaded.entries(), saved.entries());
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1, "nothing is left lying about");
    std::fs::remove_dir_all(&folder).expect("ours");
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn several_that_save_at_once_leave_one_whole_file() {
    use cachedojo::cache::{load_from_file, save_to_file};
    let folder = std::env::temp_dir().join(format!("cachedojo-saved-at-once-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("cache.pickle");
    std::thread::scope(|scope| {
        for writer in 1..=4_u8 {
            let file = &file;
            scope.spawn(move || {
                let mut saved = CacheNode::new(1_000_000, EvictionPolicy::LRU);
                saved.set("writer".into(), vec![writer; 10_000 * usize::from(writer)], None);
                for _ in 0..25 {
                    save_to_file(&saved, file).expect("a writable folder");
                    let mut loaded = CacheNode::new(1_000_000, EvictionPolicy::LRU);
                    load_from_file(&mut loaded, file).expect("whole at every moment");
                    let value = loaded.read("writer").expect("there");
                    assert_eq!(value, vec![value[0]; 10_000 * usize::from(value[0])]);
                }
            });
        }
    });
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1, "nothing is left lying about");
    std::fs::remove_dir_all(&folder).expect("ours");
}

#[cfg(not(target_family = "wasm"))]
mod files {
    use std::fs::{self, File};
    use std::path::PathBuf;

    use cachedojo::cache::{load_from_file, save_to_file};

    use super::*;

    /// A folder of the test's own, which goes with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("cachedojo-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).expect("a folder");
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).expect("a folder");
            let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
            let mut names: Vec<_> = names.collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn one_entry() -> CacheNode {
        let (mut saved, _) = node(EvictionPolicy::LRU);
        saved.set("k".into(), b"value".to_vec(), None);
        saved
    }

    #[test]
    fn a_deadline_holds_in_the_next_process() {
        let folder = Folder::new("restart");
        let file = folder.0.join("cache.pickle");
        // What two processes have: clocks of the host that began at different moments.
        let before = Clock::host();
        before.set(Instant::from_millis(before.now().as_millis() - 1_000_000));
        let mut saved = CacheNode::with_clock(1000, EvictionPolicy::LRU, before);
        saved.set("short".into(), b"v".to_vec(), Some(Duration::from_millis(300)));
        saved.set("long".into(), b"v".to_vec(), Some(Duration::from_hours(1)));
        save_to_file(&saved, &file).expect("a writable folder");
        let mut loaded = CacheNode::with_clock(1000, EvictionPolicy::LRU, Clock::host());
        load_from_file(&mut loaded, &file).expect("a cache");
        assert_eq!(loaded.keys("*"), ["long"], "a thousand seconds passed between the two");
        assert_eq!(loaded.peek("long").map(|entry| entry.expires_at), Some(saved.peek("long").unwrap().expires_at));
        // 2020 and 2100: the moments are Unix times.
        let now = Clock::host().now();
        assert!((Instant::from_millis(1_577_836_800_000)..Instant::from_millis(4_102_444_800_000)).contains(&now));
    }

    #[test]
    fn a_wall_clock_that_went_back_gives_nobody_more_time() {
        let folder = Folder::new("back");
        let file = folder.0.join("cache.pickle");
        let (mut saved, clock) = node(EvictionPolicy::LRU);
        clock.set(Instant::from_millis(100_000));
        saved.set("k".into(), b"v".to_vec(), Some(Duration::from_millis(300)));
        clock.advance(Duration::from_millis(100));
        save_to_file(&saved, &file).expect("a writable folder");
        for (now_ms, expires_ms) in [(60_000, 60_200), (100_100, 100_300), (100_150, 100_300)] {
            let (mut loaded, clock) = node(EvictionPolicy::LRU);
            clock.set(Instant::from_millis(now_ms));
            load_from_file(&mut loaded, &file).expect("a cache");
            let entry = loaded.peek("k").expect("there");
            assert_eq!(entry.expires_at, Some(Instant::from_millis(expires_ms)), "{now_ms}");
            assert!(entry.created_at <= clock.now(), "{now_ms}");
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen() {
        let folder = Folder::new("flipped");
        let (file, other) = (folder.0.join("cache.pickle"), folder.0.join("other"));
        save_to_file(&one_entry(), &file).expect("a writable folder");
        let whole = fs::read(&file).expect("a file");
        let (mut victim, _) = node(EvictionPolicy::LRU);
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(victim.load(&bytes).is_err(), "bit {bit}");
        }
        for end in (0..whole.len()).filter(|&end| end != whole.len() - 16) {
            assert!(victim.load(&whole[..end]).is_err(), "cut at {end}");
        }
        // A value that Python would take, other than it was.
        let at = whole.windows(5).position(|bytes| bytes == b"value").expect("there");
        let mut bytes = whole.clone();
        bytes[at..at + 5].copy_from_slice(b"VALUE");
        assert_eq!(victim.load(&bytes), Err(LoadError::Altered));
        fs::write(&other, &bytes).expect("a writable folder");
        let error = load_from_file(&mut victim, &other).expect_err("altered");
        assert_eq!(error.to_string(), "the file was altered, its checksum does not fit: load an older one");
        assert!(victim.is_empty());
        victim.load(&whole[..whole.len() - 16]).expect("without a seal it is as Python writes it");
    }

    #[test]
    fn names_of_up_to_255_bytes_are_saved_to() {
        let folder = Folder::new("names");
        for length in [1, 200, 249, 250, 251, 255] {
            let file = folder.0.join("n".repeat(length));
            save_to_file(&one_entry(), &file).unwrap_or_else(|error| panic!("{length}: {error}"));
            save_to_file(&one_entry(), &file).expect("again");
        }
        let file = folder.0.join("é".repeat(127));
        save_to_file(&one_entry(), &file).expect("a name of 254 bytes");
        assert_eq!(folder.names().len(), 7, "nothing is left lying about");
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let folder = Folder::new("killed");
        let file = folder.0.join("cache.pickle");
        let part = |name: &str| folder.0.join(format!("cache.pickle.part{name}"));
        save_to_file(&one_entry(), &file).expect("a writable folder");
        let whole = fs::read(&file).expect("a file");
        // Cut anywhere, of an older version, and not even begun.
        fs::write(part("4711-0"), &whole[..20]).expect("a writable folder");
        fs::write(part("4711-1"), &whole).expect("a writable folder");
        fs::write(part("0"), &whole[..2]).expect("a writable folder");
        fs::write(part("4711-2"), "").expect("a writable folder");
        // One that is being written, another program's, and other names.
        let busy = File::create(part("4712-0")).expect("a writable folder");
        busy.lock().expect("a file system with locks");
        fs::write(part("1"), "a part of a download").expect("a writable folder");
        fs::write(part("-of-mine"), "").expect("a writable folder");
        fs::write(folder.0.join("cache.pickle.bak"), "").expect("a writable folder");
        save_to_file(&one_entry(), &file).expect("a writable folder");
        let left = [
            "cache.pickle",
            "cache.pickle.bak",
            "cache.pickle.part-of-mine",
            "cache.pickle.part1",
            "cache.pickle.part4712-0",
        ];
        assert_eq!(folder.names(), left);
        drop(busy);
        save_to_file(&one_entry(), &file).expect("a writable folder");
        assert_eq!(folder.names(), left[..4], "now it is left over too");
    }

    #[cfg(unix)]
    #[test]
    fn mode_and_links_are_kept() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = Folder::new("modes");
        let mode = |path: &PathBuf| fs::metadata(path).expect("a file").permissions().mode() & 0o7777;
        let (file, link, to_link) = (folder.0.join("real"), folder.0.join("link"), folder.0.join("to-link"));
        save_to_file(&one_entry(), &file).expect("a writable folder");
        symlink("real", &link).expect("a link");
        symlink(&link, &to_link).expect("a link");
        for permissions in [0o600, 0o640, 0o444] {
            fs::set_permissions(&file, fs::Permissions::from_mode(permissions)).expect("ours");
            for path in [&file, &link, &to_link] {
                save_to_file(&CacheNode::new(10, EvictionPolicy::LRU), path).expect("a writable folder");
                assert_eq!(mode(&file), permissions);
                assert!(link.is_symlink() && to_link.is_symlink() && !file.is_symlink());
            }
        }
        let (mut loaded, _) = node(EvictionPolicy::LRU);
        load_from_file(&mut loaded, &to_link).expect("a cache");
        // A link to what is not there yet, a circle, and what is no file.
        let (new, dangling, circle) = (folder.0.join("new"), folder.0.join("dangling"), folder.0.join("circle"));
        symlink("new", &dangling).expect("a link");
        save_to_file(&one_entry(), &dangling).expect("a writable folder");
        assert!(dangling.is_symlink() && new.is_file());
        symlink("circle", &circle).expect("a link");
        for no_file in [&circle, &PathBuf::from("/dev/null")] {
            let error = save_to_file(&one_entry(), no_file).expect_err("no file");
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        }
        assert_eq!(folder.names(), ["circle", "dangling", "link", "new", "real", "to-link"]);
    }
}
