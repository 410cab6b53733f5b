//! The service over real sockets, in standing time: nothing here waits.

mod cache_aside;
mod document;
mod limits;
mod memcached;
mod same_bytes;
mod support;
mod tls;
mod watching;
