//! Tests of the first three requirements: a table in a macro, tests that return a `Result`, modules, threads behind a barrier.

use distributed_cache::{CacheSettings, CacheValue, DistributedCache, clock};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

type Told = Result<(), String>;

fn of_size(max_size: usize) -> DistributedCache {
    DistributedCache::new(CacheSettings { max_size, ..Default::default() })
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, wanted: T) -> Told {
    if found == wanted { Ok(()) } else { Err(format!("{found:?}, not {wanted:?}")) }
}

macro_rules! after {
    ($($millis:literal => $found:expr),+) => {{
        $(
            let cache = of_size(9);
            cache.set_for("k", "v".into(), Duration::from_secs(10));
            clock::advance(Duration::from_millis($millis));
            same(cache.get("k"), $found)?;
        )+
    }};
}

mod deadlines {
    use super::*;

    #[test]
    fn to_the_second() -> Told {
        after!(9_900 => Some(CacheValue::from("v")), 10_000 => None, 10_500 => None);
        Ok(())
    }

    #[test]
    fn what_is_over_leaves_and_reading_changes_no_deadline() -> Told {
        let cache = of_size(9);
        cache.set_for("k", 1.into(), Duration::from_millis(10_500));
        clock::advance(Duration::from_millis(10_400));
        same(cache.get("k"), Some(1.into()))?;
        clock::advance(Duration::from_millis(200));
        same(cache.get("k"), None)?;
        same((cache.storage().len(), cache.stats().misses), (0, 1))
    }
}

mod room {
    use super::*;

    fn survivors(use_it: impl Fn(&DistributedCache)) -> Vec<String> {
        let cache = of_size(3);
        for key in ["a", "b", "c"] {
            cache.set(key, key.into());
        }
        use_it(&cache);
        cache.set("d", "d".into());
        assert_eq!((cache.stats().evictions, cache.stats().size), (1, 3));
        cache.storage().into_keys().collect()
    }

    #[test]
    fn the_least_recently_used_goes() {
        assert_eq!(survivors(|_| ()), ["b", "c", "d"]);
        assert_eq!(survivors(|cache| drop(cache.get("a"))), ["a", "c", "d"]);
        assert_eq!(survivors(|cache| cache.set("a", 0.into())), ["a", "c", "d"]);
    }
}

mod sums {
    use super::*;

    #[test]
    fn nothing_is_lost_between_threads() {
        let (cache, gate) = (Arc::new(of_size(9)), Arc::new(Barrier::new(10)));
        let adders: Vec<_> = (0..10)
            .map(|_| {
                let (cache, gate) = (Arc::clone(&cache), Arc::clone(&gate));
                thread::spawn(move || {
                    gate.wait();
                    (0..100).filter(|_| cache.increment("n", 1).is_err()).count()
                })
            })
            .collect();
        let refused: usize = adders.into_iter().map(|adder| adder.join().expect("no panic")).sum();
        assert_eq!((refused, cache.get("n")), (0, Some(1000.into())));
    }

    #[test]
    fn the_first_amount_is_the_value_and_a_deadline_stays() -> Told {
        let cache = of_size(9);
        same(cache.increment("n", 5).ok(), Some(5))?;
        cache.set_for("m", 1.into(), Duration::from_secs(10));
        same(cache.increment("m", 2).ok(), Some(3))?;
        clock::advance(Duration::from_secs(11));
        same(cache.get("m"), None)
    }
}
