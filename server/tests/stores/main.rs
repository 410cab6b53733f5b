//! The service with real stores behind it: Debian's Redis and PostgreSQL, each on a port of its own.
#![cfg(unix)]

mod chaos;
mod database;
mod processes;
mod redis;
#[path = "../service/support.rs"]
#[expect(dead_code, reason = "the other tests use the rest of it")]
mod support;
