//! The cache service: a REST API and the memcached text protocol over Cachedojo's engine.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`config`] | flags, environment and file become one checked configuration |
//! | [`server`] | sockets are opened, served and closed again |
//! | [`service`] | a request over HTTP becomes the engine's request, its reply an answer over HTTP |
//! | [`store`] | where the entries are: in this process, or in Redis |
//! | [`database`] | settings, their audit trail and the access log, in SQLite or PostgreSQL |
//! | [`connection`] | how many connections there may be, and how long each may dawdle |
//! | [`memcached`] | memcached's protocol on TCP |
//! | [`cluster`] | a node of a cluster of processes, which keeps keys in as many copies as the simulated ones |
//! | [`openapi`] | the API's description for other programs, made of the engine's table |
//! | [`metrics`] | what is counted, as Prometheus reads it |
//! | [`tls`] | a certificate and its key, for HTTPS |
//! | [`time`] | the place that reads the host's time; a cluster's nodes have a clock of their own |
//! | [`random`] | the one place that draws random numbers |
//!
//! What a request means is not decided here: the state machine is [`cachedojo::protocol::rest`], the one that the
//! playground's scripts speak to, and it gives the same bytes.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

pub mod cluster;
pub mod config;
pub mod connection;
pub mod database;
pub mod memcached;
pub mod metrics;
pub mod openapi;
pub mod random;
pub mod server;
pub mod service;
pub mod store;
pub mod time;
pub mod tls;
