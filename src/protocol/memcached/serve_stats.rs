//! Answers `stats`.

use super::admin::Topic;
use super::classes::{CHUNK_BYTES_MAX, chunk_bytes, chunks_per_page};
use super::counters::{Counters, Prefixes, SLAB_ROWS, Tallies, Tally};
use super::limits::ITEM_BYTES_MAX;
use super::store::Store;
use super::watch::LOG_BYTES_MAX;
use super::write::{INFALLIBLE, VERSION, line};
use crate::clock::Instant;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write as _;

/// The longest answer of `stats cachedump`, in bytes.
const DUMP_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The steps of `stats sizes`, in bytes.
const SIZE_STEP: usize = 32;

pub(super) fn obey(store: &mut Store, topic: Topic, now: Instant, out: &mut Vec<u8>) {
    if matches!(topic, Topic::Items { .. } | Topic::ItemClasses | Topic::Sizes) {
        store.walk();
    }
    match topic {
        Topic::Reset => {
            store.counters = Counters::default();
            store.tallies = Tallies::new();
            store.prefixes = Prefixes::default();
            return line(out, "RESET");
        }
        Topic::SetDetail(detail) => {
            store.settings.detail = detail;
            return line(out, "OK");
        }
        Topic::General => general(store, now, out),
        Topic::Detail => detail(store, out),
        Topic::Settings => settings(store, out),
        Topic::Items { class, limit } => items(store, class, limit, now, out),
        Topic::Connections => connections(store, now, out),
        Topic::ItemClasses => item_classes(store, now, out),
        Topic::Classes => classes(store, out),
        Topic::Sizes => sizes(store, out),
    }
    line(out, "END");
}

fn row(out: &mut Vec<u8>, name: impl Display, value: impl Display) {
    write!(out, "STAT {name} {value}\r\n").expect(INFALLIBLE);
}

fn general(store: &Store, now: Instant, out: &mut Vec<u8>) {
    if let Some(pid) = store.pid {
        row(out, "pid", pid);
    }
    row(out, "uptime", now.as_millis() / 1000);
    row(out, "time", store.unix_time_s(now));
    row(out, "version", VERSION);
    row(out, "curr_connections", store.connections().len());
    let c = store.counters();
    for (name, number) in [
        ("total_connections", c.total_connections),
        ("cmd_get", c.cmd_get),
        ("cmd_set", c.cmd_set),
        ("cmd_flush", c.cmd_flush),
        ("cmd_touch", c.cmd_touch),
        ("cmd_meta", c.cmd_meta),
        ("get_hits", c.get_hits),
        ("get_misses", c.get_misses),
        ("get_expired", c.get_expired),
        ("get_flushed", c.get_flushed),
        ("delete_misses", c.delete_misses),
        ("delete_hits", c.delete_hits),
        ("incr_misses", c.incr_misses),
        ("incr_hits", c.incr_hits),
        ("decr_misses", c.decr_misses),
        ("decr_hits", c.decr_hits),
        ("cas_misses", c.cas_misses),
        ("cas_hits", c.cas_hits),
        ("cas_badval", c.cas_badval),
        ("touch_hits", c.touch_hits),
        ("touch_misses", c.touch_misses),
        ("store_too_large", c.store_too_large),
        ("store_no_memory", c.store_no_memory),
        ("limit_maxbytes", store.bytes_max()),
        ("lru_crawler_running", 0),
        ("lru_crawler_starts", c.lru_crawler_starts),
        ("bytes", store.bytes()),
        ("curr_items", store.len() as u64),
        ("total_items", c.total_items),
        ("slab_global_page_pool", store.classes.get(0).pages),
        ("expired_unfetched", c.expired_unfetched),
        ("evicted_unfetched", c.evicted_unfetched),
        ("evictions", c.evictions),
        ("crawler_reclaimed", c.crawler_reclaimed),
        ("crawler_items_checked", c.crawler_items_checked),
    ] {
        if store.settings.crawler || !name.starts_with("lru_crawler") {
            row(out, name, number);
        }
    }
}

fn settings(store: &Store, out: &mut Vec<u8>) {
    let yes_or_no = |is_so| if is_so { "yes" } else { "no" };
    let s = &store.settings;
    row(out, "maxbytes", store.bytes_max());
    row(out, "verbosity", s.verbosity);
    row(out, "evictions", "on");
    row(out, "shutdown_command", "no");
    row(out, "growth_factor", "1.25");
    row(out, "chunk_size", 48);
    row(out, "stat_key_prefix", ":");
    row(out, "detail_enabled", yes_or_no(s.detail));
    row(out, "cas_enabled", "yes");
    row(out, "item_size_max", ITEM_BYTES_MAX);
    row(out, "slab_reassign", "yes");
    row(out, "slab_automove", s.automove);
    row(out, "slab_automove_ratio", format_args!("{:.2}", s.automove_ratio));
    row(out, "slab_automove_window", s.automove_window);
    row(out, "slab_chunk_max", CHUNK_BYTES_MAX);
    row(out, "lru_crawler", yes_or_no(s.crawler));
    row(out, "lru_crawler_sleep", s.crawler_sleep_us);
    row(out, "lru_crawler_tocrawl", s.crawler_items);
    row(out, "flush_enabled", "yes");
    row(out, "dump_enabled", "yes");
    row(out, "lru_segmented", yes_or_no(s.segmented));
    row(out, "hot_lru_pct", s.hot_percent);
    row(out, "warm_lru_pct", s.warm_percent);
    row(out, "hot_max_factor", format_args!("{:.2}", s.hot_factor));
    row(out, "warm_max_factor", format_args!("{:.2}", s.warm_factor));
    row(out, "temp_lru", yes_or_no(s.temporary));
    row(out, "temporary_ttl", s.temporary_ttl_s);
    row(out, "watcher_logbuf_size", LOG_BYTES_MAX);
    row(out, "track_sizes", "yes");
    row(out, "client_flags_size", 4);
}

fn detail(store: &Store, out: &mut Vec<u8>) {
    for (prefix, counts) in store.prefixes.iter() {
        out.extend_from_slice(b"PREFIX ");
        out.extend_from_slice(prefix);
        let (gets, hits, sets, deletes) = (counts.gets, counts.hits, counts.sets, counts.deletes);
        write!(out, " get {gets} hit {hits} set {sets} del {deletes}\r\n").expect(INFALLIBLE);
    }
}

/// Living items of a class, most recently used first, without those whose keys are not UTF-8.
fn items(store: &Store, class: usize, limit: u32, now: Instant, out: &mut Vec<u8>) {
    let limit = if limit == 0 { usize::MAX } else { usize::try_from(limit).unwrap_or(usize::MAX) };
    let start = out.len();
    let items = store.items.newest_first().filter(|item| item.class() == class && !item.head().binary);
    for item in items.filter(|item| !store.is_gone(item, now)).take(limit) {
        let before = out.len();
        out.extend_from_slice(b"ITEM ");
        out.extend_from_slice(item.key());
        let deadline_s = item.deadline().map_or(0, |deadline| store.unix_deadline_s(deadline));
        write!(out, " [{} b; {deadline_s} s]\r\n", item.data().len()).expect(INFALLIBLE);
        if out.len() - start + b"END\r\n\0".len() > DUMP_BYTES_MAX {
            return out.truncate(before);
        }
    }
}

/// The connections that have sent something and not closed.
fn connections(store: &Store, now: Instant, out: &mut Vec<u8>) {
    for (id, &last) in store.connections() {
        row(out, format_args!("{id}:addr"), "local");
        let state = if store.log.is_watcher(*id) { "conn_watch" } else { "conn_parse_cmd" };
        row(out, format_args!("{id}:state"), state);
        row(out, format_args!("{id}:secs_since_last_cmd"), (now - last).as_secs());
    }
}

fn item_classes(store: &Store, now: Instant, out: &mut Vec<u8>) {
    let mut oldest = BTreeMap::new();
    for item in store.items.oldest_first() {
        oldest.entry(item.class()).or_insert((now - item.head().used_at).as_secs());
    }
    for (id, age_s) in oldest {
        let class = store.classes.get(id);
        let count = |tally| store.tallies.get(id, tally);
        for (name, number) in [
            ("number", class.items),
            ("age", age_s),
            ("mem_requested", class.item_bytes),
            ("evicted", count(Tally::Evicted)),
            ("evicted_nonzero", count(Tally::EvictedNonzero)),
            ("evicted_time", class.evicted_after_s),
            ("outofmemory", count(Tally::OutOfMemory)),
            ("tailrepairs", 0),
            ("reclaimed", 0),
            ("expired_unfetched", count(Tally::ExpiredUnfetched)),
            ("evicted_unfetched", count(Tally::EvictedUnfetched)),
            ("crawler_reclaimed", count(Tally::CrawlerReclaimed)),
            ("crawler_items_checked", count(Tally::CrawlerItemsChecked)),
            ("lrutail_reflocked", 0),
        ] {
            row(out, format_args!("items:{id}:{name}"), number);
        }
    }
}

fn classes(store: &Store, out: &mut Vec<u8>) {
    for (id, class) in store.classes.in_use() {
        let chunks = class.pages * chunks_per_page(id);
        for (name, number) in [
            ("chunk_size", chunk_bytes(id)),
            ("chunks_per_page", chunks_per_page(id)),
            ("total_pages", class.pages),
            ("total_chunks", chunks),
            ("used_chunks", class.chunks),
            ("free_chunks", chunks - class.chunks),
            ("free_chunks_end", 0),
        ] {
            row(out, format_args!("{id}:{name}"), number);
        }
        for (name, tally) in SLAB_ROWS {
            row(out, format_args!("{id}:{name}"), store.tallies.get(id, tally));
        }
    }
    row(out, "active_slabs", store.classes.in_use().count());
    row(out, "total_malloced", store.classes.page_bytes());
}

/// A histogram of item sizes.
fn sizes(store: &Store, out: &mut Vec<u8>) {
    let mut counts = BTreeMap::<usize, u64>::new();
    for item in store.items.oldest_first() {
        *counts.entry(item.bytes().next_multiple_of(SIZE_STEP)).or_default() += 1;
    }
    for (bytes, count) in counts {
        row(out, bytes, count);
    }
}
