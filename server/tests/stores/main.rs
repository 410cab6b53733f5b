//! The service with other processes beside it: Redis and PostgreSQL from Debian, each on a port of its own, and a cluster of itself.
#![cfg(unix)]

mod chaos;
mod cluster;
mod database;
mod load;
mod processes;
mod redis;
mod redis_cluster;
#[path = "../service/support.rs"]
#[expect(dead_code, reason = "the other tests use the rest of it")]
mod support;
