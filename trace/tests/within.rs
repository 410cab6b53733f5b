//! A trace read within bounds, without what unpacks, and replayed request by request, as the page does.

use cachedojo::cache::EvictionPolicy;
use cachedojo::random::Random;
use cachedojo_notation::text::Language;
use cachedojo_trace::{
    Format, ObjectNames, ReplayedCache, Request, TraceError, floor, floor_telling, read_within, replay,
};

fn check(format: &Format, text: &str, most: usize) -> Result<(Vec<u64>, ObjectNames), TraceError> {
    let (trace, names) = read_within(format, text.as_bytes(), most)?;
    Ok((trace.requests.iter().map(|request| request.id).collect(), names))
}

fn format(name: &str) -> Format {
    Format::from_name(name).expect("a format")
}

#[test]
fn a_trace_of_one_request_more_than_allowed_is_refused_in_every_format() {
    let records = "\0\0\0\0aaaaaaaa\x01\0\0\0bbbbbbbb".repeat(3);
    let msr = "1,h,0,Read,0,4096,1\n1,h,0,Read,4096,8192,1\n";
    for (name, text) in [
        ("keys", "a\n\nb\na\n"),
        ("csv", "id,size\na,1\nb,2\na,1\n"),
        ("lirs", "1\n*\n2\n1\n"),
        ("arc", "1 2 0 0\n1 1 0 0\n"),
        ("msr", msr),
        ("oracle-general", records.as_str()),
    ] {
        assert_eq!(check(&format(name), text, 3).map(|(ids, _)| ids.len()), Ok(3), "{name}");
        assert_eq!(check(&format(name), text, 2).map(|_| ()), Err(TraceError::TooMany { most: 2 }), "{name}");
    }
}

#[test]
fn objects_keep_their_names_where_the_format_has_names() {
    for (name, text, wanted) in [
        ("keys", "b\na\nb\n", [Some("b"), Some("a"), None]),
        ("csv", "size,id\n1,\"x y\"\n2,z\n", [Some("x y"), Some("z"), None]),
        ("lirs", "7\n8\n", [None; 3]),
        // These are the disks' names, not the blocks'.
        ("msr", "1,h,0,Read,0,4096,1\n", [None; 3]),
    ] {
        let (_, names) = check(&format(name), text, 9).expect(text);
        assert_eq!([0, 1, 2].map(|id| names.text(id)), wanted, "{name}");
    }
}

#[test]
fn what_is_packed_is_told_so_by_any_reader() {
    for packed in [
        include_bytes!("packed/keys.gz").as_slice(),
        include_bytes!("packed/keys.bz2"),
        include_bytes!("packed/keys.xz"),
        include_bytes!("packed/keys.zst"),
    ] {
        let refused = read_within(&Format::Keys, packed, 9).map(|_| ()).expect_err("packed");
        assert_eq!(refused, TraceError::Compressed);
        assert!(refused.message(Language::French).starts_with("la trace est compressée : décompressez-la"));
    }
}

#[test]
fn every_mistake_is_told_in_both_languages_with_its_place() {
    let (line, offset) = (17, 17);
    for mistake in [
        TraceError::TruncatedRecord { offset },
        TraceError::NotText { offset },
        TraceError::MissingField { line, field: "size".into() },
        TraceError::NotANumber { line, text: "x".into() },
        TraceError::NoColumn { name: "17".into() },
        TraceError::TooLong { line },
        TraceError::TooLarge { line },
        TraceError::TooMany { most: 17 },
        TraceError::Damaged { packing: "gzip", cause: "17".into() },
    ] {
        let [english, french] = [Language::English, Language::French].map(|language| mistake.message(language));
        assert!(english.contains("17") && french.contains("17") && english != french, "{english} / {french}");
        assert_eq!(english, mistake.to_string());
    }
}

#[test]
fn a_replay_request_by_request_counts_as_one_at_a_stretch_for_every_policy() {
    let mut random = Random::new(5);
    let request = |_| {
        let bound = 1 + random.below(300);
        let id = random.below(bound);
        Request { id, size: 1 + id % 7 }
    };
    let requests: Vec<Request> = (0..3000).map(request).collect();
    for size_bytes in [1, 10, 100, 2000] {
        for policy in EvictionPolicy::ALL {
            let (mut lane, mut gone) = (ReplayedCache::new(policy, size_bytes), Vec::new());
            let misses = requests.iter().filter(|&&request| !lane.request(request, &mut gone)).count() as u64;
            let whole = replay(&requests, &[policy], &[size_bytes]).results[0];
            assert_eq!(misses, whole.misses, "{} {size_bytes}", policy.name());
            assert!(gone.len() as u64 <= misses, "nobody leaves who has not come: {}", policy.name());
            assert!(size_bytes != 100 || !gone.is_empty(), "{}", policy.name());
        }
        let mut misses = 0;
        floor_telling(&requests, size_bytes, |found| misses += u64::from(!found));
        assert_eq!(misses, floor(&requests, &[size_bytes])[0].misses, "{size_bytes}");
    }
    let (mut lane, mut gone) = (ReplayedCache::new(EvictionPolicy::FIFO, 2), Vec::new());
    let found = [1, 2, 1, 3, 1].map(|id| lane.request(Request { id, size: 1 }, &mut gone));
    assert_eq!((found, gone), ([false, false, true, false, false], vec![1, 2]));
}
