//! Counters in Prometheus's format.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use cachedojo::protocol::memcached::Counters;

/// The operations that are counted separately.
const OPERATIONS: [&str; 18] = [
    "GET",
    "PUT",
    "DELETE",
    "MGET",
    "MSET",
    "FLUSH",
    "STATS",
    "NAMESPACES",
    "SETTINGS",
    "CONFIGURE",
    "FORGET",
    "AUDIT",
    "CLUSTER",
    "HEALTH",
    "METRICS",
    "OPENAPI",
    "UNAUTHORIZED",
    "OTHER",
];
/// The known statuses; the last place is for all others.
const STATUSES: [u16; 16] = [200, 201, 202, 400, 401, 404, 405, 408, 409, 413, 415, 503, 504, 507, 500, 0];
/// Upper bounds of the histogram's buckets, in microseconds.
const BUCKETS_US: [u64; 14] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000];

/// A value that goes up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gauge {
    /// Connections that speak HTTP.
    Http,
    /// Connections that speak memcached's protocol.
    Memcached,
}

/// All counters. Counting takes no lock.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: [[AtomicU64; STATUSES.len()]; OPERATIONS.len()],
    durations: [Histogram; OPERATIONS.len()],
    connections: [AtomicI64; 2],
    rejected: AtomicU64,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; BUCKETS_US.len()],
    count: AtomicU64,
    sum_us: AtomicU64,
}

impl Metrics {
    /// Counts an answered request.
    pub fn count_request(&self, operation: &str, status: u16, took: Duration) {
        let operation = OPERATIONS.iter().position(|known| *known == operation).unwrap_or(OPERATIONS.len() - 1);
        let status = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1);
        self.requests[operation][status].fetch_add(1, Ordering::Relaxed);
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let histogram = &self.durations[operation];
        if let Some(bucket) = BUCKETS_US.iter().position(|bound| us <= *bound) {
            histogram.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
        histogram.count.fetch_add(1, Ordering::Relaxed);
        histogram.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// Counts a connection beyond the limit.
    pub fn count_rejected(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an accepted connection.
    pub fn enter(&self, gauge: Gauge) {
        self.connections[gauge as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts the end of a connection.
    pub fn leave(&self, gauge: Gauge) {
        self.connections[gauge as usize].fetch_sub(1, Ordering::Relaxed);
    }

    /// All counters as text, with the cache's own: reads that found an entry and reads that found none, and entries, bytes and
    /// evictions where the entries are in this process.
    pub fn text(
        &self,
        (hits, misses): (u64, u64),
        held: Option<(u64, u64, u64)>,
        namespaces: usize,
        (logged, dropped): (u64, u64),
        memcached: Option<(usize, u64, Counters)>,
    ) -> String {
        let mut out = String::new();
        self.write_requests(&mut out);
        self.write_durations(&mut out);
        head(&mut out, "connections", "gauge", "Connections now, by protocol.");
        for (protocol, count) in ["http", "memcached"].iter().zip(&self.connections) {
            let count = count.load(Ordering::Relaxed);
            _ = writeln!(out, "cachedojo_connections{{protocol=\"{protocol}\"}} {count}");
        }
        let rejected = self.rejected.load(Ordering::Relaxed);
        for (name, kind, help, value) in [
            ("connections_rejected_total", "counter", "Connections that found no place.", rejected),
            ("hits_total", "counter", "Reads that found an entry.", hits),
            ("misses_total", "counter", "Reads that found none.", misses),
            ("access_log_rows_total", "counter", "Rows of the access log that are written.", logged),
            ("access_log_dropped_total", "counter", "Rows of the access log that were dropped.", dropped),
            ("namespaces", "gauge", "Namespaces used or set.", namespaces as u64),
        ] {
            head(&mut out, name, kind, help);
            _ = writeln!(out, "cachedojo_{name} {value}");
        }
        // Where they are in Redis, Redis is asked.
        if let Some((entries, bytes, evictions)) = held {
            for (name, kind, help, value) in [
                ("evictions_total", "counter", "Entries that left to make room.", evictions),
                ("entries", "gauge", "Entries held.", entries),
                ("bytes", "gauge", "Bytes of keys, values and tags held.", bytes),
            ] {
                head(&mut out, name, kind, help);
                _ = writeln!(out, "cachedojo_{name} {value}");
            }
        }
        if let Some((items, bytes, counters)) = memcached {
            for (name, kind, help, value) in [
                ("memcached_items", "gauge", "Items that memcached's protocol holds.", items as u64),
                ("memcached_bytes", "gauge", "What they count, in bytes.", bytes),
                ("memcached_gets_total", "counter", "Items asked for.", counters.cmd_get),
                ("memcached_get_misses_total", "counter", "Of these not there.", counters.get_misses),
                ("memcached_sets_total", "counter", "Items to be stored.", counters.cmd_set),
                ("memcached_evictions_total", "counter", "Items that left to make room.", counters.evictions),
            ] {
                head(&mut out, name, kind, help);
                _ = writeln!(out, "cachedojo_{name} {value}");
            }
        }
        out
    }

    fn write_requests(&self, out: &mut String) {
        head(out, "requests_total", "counter", "Requests answered, by operation and status.");
        for (operation, by_status) in OPERATIONS.iter().zip(&self.requests) {
            for (status, count) in STATUSES.iter().zip(by_status) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let labels = format!("operation=\"{operation}\",status=\"{status}\"");
                    _ = writeln!(out, "cachedojo_requests_total{{{labels}}} {count}");
                }
            }
        }
    }

    fn write_durations(&self, out: &mut String) {
        head(out, "request_seconds", "histogram", "How long requests took, from their head to their answer's.");
        for (operation, histogram) in OPERATIONS.iter().zip(&self.durations) {
            let count = histogram.count.load(Ordering::Relaxed);
            if count == 0 {
                continue;
            }
            let mut below = 0;
            for (bound, bucket) in BUCKETS_US.iter().zip(&histogram.buckets) {
                below += bucket.load(Ordering::Relaxed);
                let bound = seconds(*bound);
                _ = writeln!(
                    out,
                    "cachedojo_request_seconds_bucket{{operation=\"{operation}\",le=\"{bound}\"}} {below}"
                );
            }
            let sum = seconds(histogram.sum_us.load(Ordering::Relaxed));
            _ = writeln!(out, "cachedojo_request_seconds_bucket{{operation=\"{operation}\",le=\"+Inf\"}} {count}");
            _ = writeln!(out, "cachedojo_request_seconds_sum{{operation=\"{operation}\"}} {sum}");
            _ = writeln!(out, "cachedojo_request_seconds_count{{operation=\"{operation}\"}} {count}");
        }
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    _ = writeln!(out, "# HELP cachedojo_{name} {help}\n# TYPE cachedojo_{name} {kind}");
}

fn seconds(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64()
}
