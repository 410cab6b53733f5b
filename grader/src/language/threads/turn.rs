//! The two ways in which a thread pauses: until it can run again, and for one turn.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Task, Poll};

use super::world::{State, World};

/// Opens when the thread can run.
pub(super) struct Gate {
    pub(super) world: Arc<Mutex<World>>,
    pub(super) thread: u32,
}

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<()> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        if world.thread(self.thread).state == State::Ready { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Pauses once; the thread continues when it is chosen again.
#[derive(Default)]
pub(super) struct GiveUp {
    given: bool,
}

impl Future for GiveUp {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.given, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}
