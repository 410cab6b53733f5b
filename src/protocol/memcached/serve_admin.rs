//! Executes the commands that manage a server.

use super::admin::Admin;
use super::classes::{CLASSES_MAX, LAST_CLASS, chunks_of};
use super::counters::Tally;
use super::items::Item;
use super::limits::ANSWER_BYTES_MAX;
use super::store::Store;
use super::watch::{Streams, write_encoded};
use super::words::encode_key;
use super::write::{INFALLIBLE, line};
use crate::clock::Instant;
use std::io::Write as _;

/// The classes that a crawl or a dump visits.
#[derive(Clone, Copy)]
enum Scope {
    /// All, in the order of their keys.
    Keys,
    /// Those whose bit is set, one class after the other, least recently used items first.
    Classes(u64),
}

pub(super) fn obey(store: &mut Store, admin: Admin<'_>, now: Instant, out: &mut Vec<u8>) {
    let answer = match admin {
        Admin::Set(setting) => {
            store.settings.set(setting);
            "OK"
        }
        Admin::SetCrawler { enabled: true } if store.settings.crawler => "ERROR failed to start lru crawler thread",
        Admin::SetCrawler { enabled } => {
            store.settings.crawler = enabled;
            "OK"
        }
        Admin::Reassign { from, to } => reassign(store, from, to, now),
        Admin::Crawl { .. } | Admin::Dump { .. } if !store.settings.crawler => "CLIENT_ERROR lru crawler disabled",
        Admin::Crawl { classes } => match scope(classes) {
            Ok(Scope::Classes(classes)) => {
                store.counters.lru_crawler_starts += 1;
                crawl(store, classes, now);
                "OK"
            }
            Ok(Scope::Keys) => "ERROR an unknown error happened",
            Err(answer) => answer,
        },
        Admin::Dump { classes, as_commands } => match scope(classes) {
            Ok(scope) => {
                store.counters.lru_crawler_starts += 1;
                return dump(store, scope, as_commands, now, out);
            }
            Err(answer) => answer,
        },
    };
    line(out, answer);
}

pub(super) fn watch(store: &mut Store, streams: Streams) -> &'static str {
    if store.watch(streams) { "OK" } else { "WATCHER_TOO_MANY log watcher limit reached" }
}

pub(super) fn limit_memory(store: &mut Store, mebibytes: u32, now: Instant) -> &'static str {
    match mebibytes {
        0..8 => "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m",
        8..=1_000_000_000 => {
            store.set_bytes_max(u64::from(mebibytes) << 20, now);
            "OK"
        }
        _ => "MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes",
    }
}

/// The classes that a word names, or the error to answer.
fn scope(classes: &[u8]) -> Result<Scope, &'static str> {
    match classes {
        b"all" => return Ok(Scope::Classes(u64::MAX)),
        b"hash" => return Ok(Scope::Keys),
        _ => {}
    }
    let mut chosen = 0;
    for id in classes.split(|&byte| byte == b',').filter(|id| !id.is_empty()) {
        let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
        match id {
            Some(id @ 1..CLASSES_MAX) => chosen |= 1 << id,
            _ => return Err("BADCLASS invalid class id"),
        }
    }
    if chosen == 0 { Err("NOTSTARTED no items to crawl") } else { Ok(Scope::Classes(chosen)) }
}

/// Removes the expired and flushed items among each class's least recently used ones, as many as `crawler_items` says. O(items),
/// and complete before the answer: a crawl is never busy.
fn crawl(store: &mut Store, classes: u64, now: Instant) {
    store.walk();
    let mut left = [match store.settings.crawler_items {
        0 => u64::MAX,
        items => items.into(),
    }; LAST_CLASS + 1];
    let mut expired = Vec::new();
    let mut checked = Vec::new();
    for item in store.items.oldest_first().filter(|item| classes >> item.class() & 1 == 1) {
        let class = item.class();
        if left[class] > 0 {
            left[class] -= 1;
            checked.push(class);
            if store.is_gone(item, now) {
                let is_unfetched = !item.head().fetched && !store.is_flushed(item);
                expired.push((item.key().to_vec(), class, is_unfetched));
            }
        }
    }
    store.tallies.add_all(&checked, Tally::CrawlerItemsChecked);
    for (key, class, is_unfetched) in expired {
        store.tallies.add(class, Tally::CrawlerReclaimed);
        if is_unfetched {
            store.tallies.add(class, Tally::ExpiredUnfetched);
        }
        store.remove(&key);
    }
}

/// Lists the living items. O(items); an answer of more than [`ANSWER_BYTES_MAX`] is refused whole.
fn dump(store: &mut Store, scope: Scope, as_commands: bool, now: Instant, out: &mut Vec<u8>) {
    store.walk();
    let start = out.len();
    line(out, "OK");
    let mut items: Vec<&Item> = match scope {
        Scope::Keys => store.items.by_key(),
        Scope::Classes(classes) => store.items.oldest_first().filter(|item| classes >> item.class() & 1 == 1).collect(),
    };
    let mut checked = Vec::new();
    if let Scope::Classes(_) = scope {
        items.sort_by_key(|item| item.class());
        checked.extend(items.iter().map(|item| item.class()));
    }
    for item in items.into_iter().filter(|item| !store.is_gone(item, now)) {
        if out.len() - start > ANSWER_BYTES_MAX {
            out.truncate(start);
            return line(out, "SERVER_ERROR out of memory writing dump");
        }
        if as_commands {
            write_command(item, out);
        } else {
            write_item(store, item, out);
        }
    }
    line(out, if as_commands { "EN" } else { "END" });
    store.tallies.add_all(&checked, Tally::CrawlerItemsChecked);
}

fn write_command(item: &Item, out: &mut Vec<u8>) {
    out.extend_from_slice(b"mg ");
    if item.head().binary {
        encode_key(item.key(), out);
        out.extend_from_slice(b" b\r\n");
    } else {
        out.extend_from_slice(item.key());
        out.extend_from_slice(b"\r\n");
    }
}

fn write_item(store: &Store, item: &Item, out: &mut Vec<u8>) {
    out.extend_from_slice(b"key=");
    write_encoded(item.key(), out);
    match item.deadline() {
        None => write!(out, " exp=-1"),
        Some(deadline) => write!(out, " exp={}", store.unix_deadline_s(deadline)),
    }
    .expect(INFALLIBLE);
    let (head, class) = (item.head(), item.class());
    let (used_s, cas) = (store.unix_time_s(head.used_at), head.cas);
    let (fetched, size) = (if head.fetched { "yes" } else { "no" }, item.bytes());
    writeln!(out, " la={used_s} cas={cas} fetch={fetched} cls={class} size={size} flags={} ", item.flags())
        .expect(INFALLIBLE);
}

/// Moves a page from one class to another. Items that no longer fit into the first class are evicted.
fn reassign(store: &mut Store, from: i32, to: i32, now: Instant) -> &'static str {
    if from == to {
        return "SAME src and dst class are identical";
    }
    let known = |class: i32| usize::try_from(class).ok().filter(|&class| class <= LAST_CLASS);
    let any = || store.classes.in_use().find(|&(id, class)| known(to) != Some(id) && class.pages > 1).map(|(id, _)| id);
    let from = if from == -1 { any() } else { known(from) };
    let (Some(from), Some(to)) = (from, known(to)) else { return "BADCLASS invalid src or dst class id" };
    if store.classes.get(from).pages < 2 {
        return "NOSPARE source class has no spare pages";
    }
    store.walk();
    store.classes.get_mut(from).pages -= 1;
    store.classes.get_mut(to).pages += 1;
    let mut surplus = Vec::new();
    let mut chunks_left = if from == 0 { 0 } else { store.classes.surplus_chunks(from) };
    for item in store.items.oldest_first().filter(|item| item.class() == from) {
        if chunks_left == 0 {
            break;
        }
        chunks_left = chunks_left.saturating_sub(chunks_of(from, item.bytes()));
        surplus.push(item.key().to_vec());
    }
    for key in surplus {
        store.evict_item(&key, now);
    }
    "OK"
}
