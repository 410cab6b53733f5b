//! Replays agree with libCacheSim, to the request.

use cachedojo::cache::EvictionPolicy;
use cachedojo::random::Random;
use cachedojo::trace::{Request, replay};

/// How the objects of a made-up trace get their sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sizes {
    /// All are 1.
    Unit,
    /// Each object has one.
    Fixed,
    /// Each request says another one.
    Varying,
}
use Sizes::{Fixed, Unit, Varying};

/// The sizes of a cache, each with the misses and the bytes missed.
type Counts = &'static [(u64, u64, u64)];

/// What libCacheSim 0.3.5 counts for [`trace`]; `tests/trace_oracle.py` recomputes it.
#[rustfmt::skip]
#[expect(clippy::unreadable_literal, reason = "counts, to be compared as the script prints them")]
const LIBCACHESIM: &[(Sizes, &str, Counts)] = &[
    (Unit, "lru", &[(20, 19529, 19529), (100, 17798, 17798), (333, 13777, 13777), (1000, 7184, 7184)]),
    (Unit, "lfu", &[(20, 18806, 18806), (100, 16176, 16176), (333, 11900, 11900), (1000, 6018, 6018)]),
    (Unit, "fifo", &[(20, 19538, 19538), (100, 17921, 17921), (333, 14334, 14334), (1000, 8357, 8357)]),
    (Unit, "sieve", &[(20, 18872, 18872), (100, 16065, 16065), (333, 11898, 11898), (1000, 6018, 6018)]),
    (Unit, "s3fifo", &[(20, 18709, 18709), (100, 15927, 15927), (333, 11707, 11707), (1000, 6252, 6252)]),
    (Unit, "clock", &[(20, 19526, 19526), (100, 17702, 17702), (333, 13495, 13495), (1000, 6942, 6942)]),
    (Unit, "arc", &[(20, 18950, 18950), (100, 16323, 16323), (333, 12112, 12112), (1000, 6507, 6507)]),
    (Fixed, "lru", &[(1003, 19515, 949105), (5000, 17758, 864407), (20000, 12675, 617562)]),
    (Fixed, "lfu", &[(1003, 18891, 915782), (5000, 16164, 791902), (20000, 10925, 531690)]),
    (Fixed, "fifo", &[(1003, 19523, 949191), (5000, 17881, 869883), (20000, 13361, 650960)]),
    (Fixed, "sieve", &[(1003, 18889, 923069), (5000, 16051, 783719), (20000, 10897, 530649)]),
    (Fixed, "s3fifo", &[(1003, 18686, 916333), (5000, 15899, 777742), (20000, 10792, 527235)]),
    (Fixed, "clock", &[(1003, 19510, 948808), (5000, 17650, 859644), (20000, 12337, 599010)]),
    (Fixed, "arc", &[(1003, 18910, 921760), (5000, 16239, 793130), (20000, 11066, 541696)]),
    (Varying, "lru", &[(1003, 19516, 955167), (5000, 17719, 869738), (20000, 12672, 621373)]),
    (Varying, "lfu", &[(1003, 18730, 919007), (5000, 16293, 798485), (20000, 10638, 519333)]),
    (Varying, "fifo", &[(1003, 19523, 955557), (5000, 17849, 875550), (20000, 13351, 654333)]),
    (Varying, "sieve", &[(1003, 18683, 915093), (5000, 16005, 783990), (20000, 10599, 517950)]),
    (Varying, "s3fifo", &[(1003, 18670, 915444), (5000, 16040, 783977), (20000, 10611, 519869)]),
    (Varying, "clock", &[(1003, 19507, 954857), (5000, 17634, 865579), (20000, 12412, 609303)]),
    (Varying, "arc", &[(1003, 18808, 922367), (5000, 16152, 791065), (20000, 10988, 538690)]),
];

fn trace(sizes: Sizes) -> Vec<Request> {
    let mut random = Random::new(1);
    let request = |_| {
        let bound = random.below(5000);
        let bound = random.below(1 + bound);
        let id = random.below(1 + bound);
        let size = match sizes {
            Unit => 1,
            Fixed => 1 + id * 7919 % 97,
            Varying => 1 + random.below(97),
        };
        Request { id, size: u32::try_from(size).expect("small") }
    };
    (0..20_000).map(request).collect()
}

#[test]
fn every_policy_counts_what_libcachesim_counts() {
    let mut wrong = Vec::new();
    for &(sizes, name, counts) in LIBCACHESIM {
        let policy = EvictionPolicy::from_name(name).expect("a policy");
        let caches: Vec<u64> = counts.iter().map(|count| count.0).collect();
        let report = replay(&trace(sizes), &[policy], &caches);
        let found: Vec<_> = report.results.iter().map(|r| (r.size_bytes, r.misses, r.bytes_missed)).collect();
        if found != counts {
            wrong.push(format!("{name} with {sizes:?} sizes: {found:?}, not {counts:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
