//! Stands in for the services where the feature `services` is off: scripts that need them are run elsewhere, by a build with
//! the feature (`Script::lacks` tells which), so these answer nothing.

use cachedojo::clock::Instant;
use cachedojo_wire::Response;

/// No services.
#[derive(Debug, Clone)]
pub(crate) struct Services;

impl Services {
    pub(crate) const fn new(_seconds: u64) -> Self {
        Self
    }

    pub(crate) const fn answer_memcached(&mut self, _bytes: &[u8], _now: Instant) -> Response {
        Response::NoObject
    }

    pub(crate) const fn answer_rest(&mut self, _line: &str, _now: Instant) -> Response {
        Response::NoObject
    }

    pub(crate) const fn walked(&self) -> u64 {
        0
    }

    pub(crate) const fn bytes(&self) -> u64 {
        0
    }
}
