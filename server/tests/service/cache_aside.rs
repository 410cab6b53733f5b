//! The client crate against the service.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cachedojo_client::{Cache as _, CacheAside, HttpCache};

use crate::support::Running;

const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn what_is_loaded_once_is_there_for_every_client() {
    let server = Running::new(&["--token", "secret"]);
    let cache = HttpCache::new(server.address, PATIENCE).with_token("secret");
    let loads = AtomicU32::new(0);
    let load = || {
        loads.fetch_add(1, Ordering::SeqCst);
        Some(vec!["é".to_owned(), "b".to_owned()])
    };
    let (one, other) = (CacheAside::new(cache.clone()), CacheAside::new(cache.clone()));
    let key = "users/ë 1?";
    assert_eq!(one.get_or_load("n", key, Some(60), load), Some(vec!["é".to_owned(), "b".to_owned()]));
    assert_eq!(other.get_or_load("n", key, Some(60), load), Some(vec!["é".to_owned(), "b".to_owned()]));
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    assert_eq!(cache.get("n", key).as_deref(), Some("[\"é\",\"b\"]"));
    let (status, body) = cache.ask("GET", "/api/v1/cache/n/users%2F%C3%AB%201%3F", "").expect("it answers");
    assert!(status == 200 && body.contains("\"ttl_remaining\":60,"), "{body}");
}

#[test]
fn a_service_that_is_away_or_refuses_is_done_without() {
    let mut server = Running::new(&["--token", "secret"]);
    let stranger = CacheAside::new(HttpCache::new(server.address, PATIENCE));
    assert_eq!(stranger.get_or_load("n", "k", None, || Some(1)), Some(1));
    assert_eq!(stranger.get_or_load("n", "k", None, || Some(2)), Some(2), "nothing was stored");
    server.stop().join().expect("it stops");
    assert_eq!(stranger.get_or_load("n", "k", None, || Some(3)), Some(3));
}
