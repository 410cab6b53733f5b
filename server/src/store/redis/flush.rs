//! Going through a namespace, in steps, so that other requests do not wait for long.

use cachedojo::protocol::rest::{Failure, Selection};

use super::{RedisStore, read_tags};
use crate::time::Stopwatch;

/// How many keys are examined or deleted in one step.
const STEP: usize = 500;
/// How many of all keys of Redis are passed in one step.
const SCAN_STEP: usize = 2000;

/// Where keys are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Among those that a service stored.
    Books,
    /// Among all of Redis's: those that another program stored are read as well, so they can be deleted.
    All,
}

impl RedisStore {
    /// Deletes what is selected, and says how many there were. Each step has the store's time, and all of them a request's.
    pub(super) async fn flush(&self, namespace: &str, selection: &Selection) -> Result<u64, Failure> {
        let (watch, mut deleted) = (Stopwatch::start(), 0);
        for place in [Place::Books, Place::All] {
            let mut cursor = 0;
            loop {
                let step = self.in_time(self.timeout, self.step(namespace, selection, place, cursor));
                let (next, count) = step.await.map_err(|failure| match failure {
                    Failure::TimedOut if deleted > 0 => Failure::Unfinished,
                    failure => failure,
                })?;
                deleted += count;
                if next == 0 {
                    break;
                }
                if watch.elapsed() >= self.request_timeout {
                    return Err(Failure::Unfinished);
                }
                cursor = next;
            }
        }
        if *selection == Selection::default() {
            self.in_time(self.timeout, self.run::<()>(namespace, self.operation("EMPTIED", namespace))).await?;
        }
        Ok(deleted)
    }

    /// Deletes some of what is selected; where to go on, 0 at the end, and how many there were.
    async fn step(
        &self,
        namespace: &str,
        selection: &Selection,
        place: Place,
        cursor: u64,
    ) -> Result<(u64, u64), Failure> {
        let (next, mut keys) = self.page(namespace, place, cursor).await?;
        // Redis may name a key twice.
        keys.sort_unstable();
        keys.dedup();
        let mut tags = vec![Vec::new(); keys.len()];
        // A step may have found none, and an empty pipeline is refused.
        if selection.tag.is_some() && !keys.is_empty() {
            let space = self.space(namespace);
            let mut pipeline = redis::pipe();
            for key in &keys {
                pipeline.hget(format!("cache_meta:{space}:{key}"), "tags");
            }
            let mut link = self.link.clone();
            let texts: Vec<Option<Vec<u8>>> = self.told(pipeline.query_async(&mut link).await)?;
            tags = texts.into_iter().map(|text| read_tags(&text.unwrap_or_default())).collect();
        }
        let (mut tags, is_match) = (tags.into_iter(), selection.matcher::<String>());
        keys.retain(|key| is_match(key, &tags.next().unwrap_or_default()));
        let mut deleted = 0;
        for keys in keys.chunks(STEP) {
            deleted += self.delete(namespace, keys).await?;
        }
        Ok((next, deleted))
    }

    /// Some keys of the namespace.
    async fn page(&self, namespace: &str, place: Place, cursor: u64) -> Result<(u64, Vec<String>), Failure> {
        if place == Place::All {
            let mut call = self.operation("SCAN", namespace);
            call.arg(cursor).arg(SCAN_STEP);
            let (next, names): (u64, Vec<Vec<u8>>) = self.run(namespace, call).await?;
            // A key that is no text is nobody's who asks here.
            return Ok((next, names.into_iter().filter_map(|name| String::from_utf8(name).ok()).collect()));
        }
        let [_, index, ..] = self.names(namespace);
        let mut scan = redis::cmd("ZSCAN");
        scan.arg(&index).arg(cursor).arg("COUNT").arg(STEP);
        let mut link = self.link.clone();
        let (next, rows): (u64, Vec<(String, f64)>) = self.told(scan.query_async(&mut link).await)?;
        Ok((next, rows.into_iter().map(|(key, _)| key).collect()))
    }
}
