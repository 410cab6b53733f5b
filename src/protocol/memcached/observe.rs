//! The connections of a store, and the lines that its watchers get.

use super::change::Incoming;
use super::classes::class_of;
use super::counters::Tally;
use super::items::Item;
use super::limits::item_bytes;
use super::request::StoreMode;
use super::store::{Store, seconds_left};
use super::watch::{Streams, write_encoded};
use super::write::INFALLIBLE;
use crate::clock::Instant;
use std::collections::BTreeMap;
use std::io::{self, Write};

impl Store {
    /// Makes a connection the current one; a new one gets the next number.
    pub(super) fn serve(&mut self, client: Option<u64>, now: Instant) -> u64 {
        self.client = client.unwrap_or_else(|| {
            self.connected += 1;
            self.counters.total_connections += 1;
            self.connected
        });
        if self.connections.insert(self.client, now).is_none() {
            self.log_connection("conn_new", "", now);
        }
        self.client
    }

    /// Forgets the current connection.
    pub(super) fn hang_up(&mut self, reason: &str, now: Instant) {
        self.log.remove_watcher(self.client);
        if self.connections.remove(&self.client).is_some() {
            self.log_connection("conn_close", &format!(" reason={reason}"), now);
        }
    }

    /// The connections by number, with the moment of their last bytes.
    pub(super) fn connections(&self) -> &BTreeMap<u64, Instant> {
        &self.connections
    }

    /// The place of the item under a key, as [`Store::find`] gives it; watchers get a line about the look-up.
    pub(super) fn look_up(&mut self, key: &[u8], now: Instant) -> Option<u32> {
        if self.log.wants(Streams::FETCHERS) {
            let (status, class, size) = match self.items.get(key) {
                None => ("not_found", 0, 0),
                Some(item) if self.is_flushed(item) => ("flushed", 0, 0),
                Some(item) if item.is_expired(now) => ("expired", 0, 0),
                Some(item) => ("found", item.class(), item.data().len()),
            };
            let client = self.client;
            self.log_item(Streams::FETCHERS, "item_get", key, now, |line| {
                write!(line, " status={status} clsid={class} cfd={client} size={size}")
            });
        }
        self.find(key, now)
    }

    /// Makes the current connection a watcher; `false` when there are too many.
    pub(super) fn watch(&mut self, streams: Streams) -> bool {
        self.log.add_watcher(self.client, streams)
    }

    /// Tells watchers the result of storing a value: in one word, and the bytes that are stored now.
    pub(super) fn log_store(
        &mut self,
        mode: StoreMode,
        key: &[u8],
        (status, size): (&str, usize),
        incoming: &Incoming<'_>,
        now: Instant,
    ) {
        let client = self.client;
        let stored = self.items.get(key).filter(|_| status == "stored");
        let class = stored.map_or_else(|| class_of(item_bytes(key, incoming.flags, size)), Item::class);
        let deadline = stored.map_or(incoming.deadline, Item::deadline);
        let ttl_s = seconds_left(deadline, now).unwrap_or(0);
        let command = match mode {
            StoreMode::Set => "set",
            StoreMode::Add => "add",
            StoreMode::Replace => "replace",
            StoreMode::Append => "append",
            StoreMode::Prepend => "prepend",
            StoreMode::Cas => "cas",
        };
        self.log_item(Streams::MUTATIONS, "item_store", key, now, |line| {
            write!(line, " status={status} cmd={command} ttl={ttl_s} clsid={class} cfd={client} size={size}")
        });
    }

    /// Tells watchers that a value for `key` is too large.
    pub(super) fn log_too_large(&mut self, key: &[u8], now: Instant) {
        let client = self.client;
        self.log_item(Streams::MUTATIONS, "item_store", key, now, |line| {
            write!(line, " status=too_large cmd=set ttl=0 clsid=0 cfd={client} size=0")
        });
    }

    /// Counts that `command` deletes the item under `key`, and tells watchers.
    pub(super) fn count_deletion(&mut self, command: &str, key: &[u8], now: Instant) {
        let Some((class, size)) = self.items.get(key).map(|item| (item.class(), item.data().len())) else { return };
        self.tallies.add(class, Tally::DeleteHits);
        self.log_item(Streams::DELETIONS, "deleted", key, now, |line| {
            write!(line, " cmd={command} clsid={class} size={size}")
        });
    }

    /// Writes a line about a key for the watchers of its kind.
    pub(super) fn log_item(
        &mut self,
        stream: Streams,
        kind: &str,
        key: &[u8],
        now: Instant,
        write_rest: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) {
        let time = self.log_time(now);
        self.log.line(stream, time, |line| {
            write!(line, "type={kind} key=").expect(INFALLIBLE);
            write_encoded(key, line);
            write_rest(line).expect(INFALLIBLE);
        });
    }

    fn log_connection(&mut self, kind: &str, rest: &str, now: Instant) {
        let (time, client) = (self.log_time(now), self.client);
        self.log.line(Streams::CONNEVENTS, time, |line| {
            write!(line, "type={kind} rip=unix rport=0 transport=local{rest} cfd={client}").expect(INFALLIBLE);
        });
    }

    /// The Unix time in seconds and microseconds.
    fn log_time(&self, now: Instant) -> (u64, u64) {
        (self.unix_time_s(now), now.as_millis() % 1000 * 1000)
    }
}
