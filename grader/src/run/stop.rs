//! Ending gradings whose results nobody waits for any more.

use std::sync::{Mutex, PoisonError};

use crate::host::process::Group;

/// Stops gradings from outside, when their result is no longer wanted.
#[derive(Debug, Default)]
pub struct Stop(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    running: Vec<Group>,
}

impl Stop {
    /// Ends the gradings in progress, and prevents further ones.
    pub fn stop(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.stopped = true;
        state.running.iter().for_each(Group::kill);
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).stopped
    }

    /// A grading has begun in these processes.
    pub(super) fn begin(&self, group: &Group) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.running.push(group.clone());
        if state.stopped {
            group.kill();
        }
    }

    /// It has ended.
    pub(super) fn ended(&self, group: &Group) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.running.retain(|running| !running.is(group));
    }
}
