//! Saved caches and other programs: Python itself, and a well-kept crate, read what we write and write what we read.
#![cfg(not(target_family = "wasm"))]

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use cachedojo::cache::{CacheNode, EvictionPolicy, LoadError};
use cachedojo::clock::{Clock, Instant};
use serde_pickle::{DeOptions, HashableValue, SerOptions, Value, value_from_slice, value_to_vec};

/// A cache with something of everything.
fn varied() -> CacheNode {
    let clock = Clock::new();
    clock.set(Instant::from_millis(300));
    let mut node = CacheNode::with_clock(10_000_000, EvictionPolicy::LRU, clock);
    node.set("greeting".into(), b"hello".to_vec(), Some(Duration::from_secs(10)));
    node.set("été".into(), "chaud".as_bytes().to_vec(), Some(Duration::from_millis(u64::MAX)));
    node.set("🦀".repeat(3000), (0..=255).collect(), None);
    node.set(String::new(), Vec::new(), None);
    node.set("large".into(), vec![0x80; 100_000], None);
    for i in 0..2500 {
        node.set(format!("key{i}"), i.to_string().into_bytes(), None);
    }
    for _ in 0..3 {
        node.get("greeting");
        node.get("nobody");
    }
    node
}

fn python(script: &str, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new("python3")
        .arg(format!("{}/tests/{script}", env!("CARGO_MANIFEST_DIR")))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is on PATH: `apt-get install python3` puts it there");
    let mut stdin = child.stdin.take().expect("piped");
    let output = std::thread::scope(|scope| {
        // A script that fails early reads no further: its own words below say more than a broken pipe.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().expect("it ends")
    });
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn python_reads_what_we_save_and_we_load_what_python_writes() {
    let saved = varied();
    for protocol in ["3", "4", "5"] {
        let theirs = python("saved_cache.py", &[protocol], &saved.save()).stdout;
        let mut loaded = CacheNode::with_clock(10_000_000, EvictionPolicy::LRU, saved.clock().clone());
        loaded.load(&theirs).unwrap_or_else(|error| panic!("protocol {protocol}: {error}"));
        // Those that Python added came last, so they are the last to leave.
        let (entries, added) = (loaded.entries(), loaded.len() - saved.len());
        assert_eq!(entries[..saved.len()], saved.entries(), "protocol {protocol}");
        let deadlines: Vec<_> = entries[saved.len()..].iter().map(|entry| entry.expires_at).collect();
        let expected =
            [1_u64 << 31, (1 << 31) - 1, 1 << 32, 1 << 63, u64::MAX].map(|ms| Some(Instant::from_millis(ms)));
        assert!(expected.iter().all(|deadline| deadlines.contains(deadline)), "protocol {protocol}: {deadlines:?}");
        let largest = loaded.peek("number 18446744073709551615").expect("there");
        assert_eq!(largest.access_count, u64::from(u32::MAX), "protocol {protocol}: where counting stops");
        assert_eq!(added, 13, "protocol {protocol}");
        assert_eq!(loaded.stats().hits, saved.stats().hits);
    }
    // Before protocol 3 Python has bytes only as the result of a call.
    let old = python("saved_cache.py", &["2"], &saved.save()).stdout;
    let mut untouched = varied();
    assert!(matches!(untouched.load(&old), Err(LoadError::NotPlainData { .. })));
    assert_eq!(untouched.save(), saved.save());
}

#[test]
fn python_computes_the_same_owners_on_the_ring() {
    let computed = String::from_utf8(python("ring_golden.py", &[], b"").stdout).expect("digits");
    assert_eq!(computed, include_str!("ring_golden.txt"));
}

#[test]
fn serde_pickle_reads_what_we_save_and_we_load_what_it_writes() {
    let saved = varied();
    let Value::Dict(mut cache) = value_from_slice(&saved.save(), DeOptions::new()).expect("a pickle") else {
        panic!("a dictionary")
    };
    let text = |text: &str| HashableValue::String(text.into());
    let Some(Value::List(rows)) = cache.get_mut(&text("entries")) else { panic!("a list of entries") };
    assert_eq!(rows.len(), saved.len());
    for (row, entry) in rows.iter().zip(saved.entries()) {
        let Value::Tuple(fields) = row else { panic!("a tuple") };
        assert_eq!(fields[..2], [Value::String(entry.key.into()), Value::Bytes(entry.value.into())]);
        assert_eq!(fields[5], Value::I64(entry.access_count.cast_signed()));
    }
    let added = [Value::String("from a crate".into()), Value::Bytes(vec![0, 255])];
    rows.push(Value::Tuple([added.to_vec(), vec![Value::I64(1), Value::None, Value::I64(2), Value::I64(3)]].concat()));
    let theirs = value_to_vec(&Value::Dict(cache), SerOptions::new()).expect("plain data");
    let mut loaded = CacheNode::with_clock(10_000_000, EvictionPolicy::LRU, saved.clock().clone());
    loaded.load(&theirs).expect("a cache");
    let entries = loaded.entries();
    let (last, first) = entries.split_last().expect("many");
    assert_eq!(first, saved.entries());
    assert_eq!((last.key, last.value, last.access_count), ("from a crate", [0, 255].as_slice(), 3));
}
