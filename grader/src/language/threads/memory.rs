//! The only place that accesses a module's shared memory, and, beside `host/kernel.rs`, the grader's only `unsafe`.
//!
//! Another thread could write to a shared memory during a read, so wasmtime gives it out as cells. Here that cannot happen: all
//! threads of a module run on one thread of the host, and none of them runs while the host is in these functions.
#![allow(unsafe_code, reason = "wasmtime gives out a shared memory as cells; see the module's own words")]

use wasmtime::SharedMemory;

/// A module's memory.
#[derive(Debug, Clone)]
pub(super) struct Memory(pub(super) SharedMemory);

impl Memory {
    /// A copy of bytes; `None` if the range is outside. Cost: O(len).
    pub(super) fn read(&self, place: u32, len: u32) -> Option<Vec<u8>> {
        let cells = self.0.data().get(place as usize..)?.get(..len as usize)?;
        // SAFETY: nothing else runs that could write to the cells, see above.
        Some(cells.iter().map(|cell| unsafe { *cell.get() }).collect())
    }

    /// A number of up to eight bytes; `None` outside the memory.
    pub(super) fn number(&self, place: u32, bytes: u32) -> Option<u64> {
        let cells = self.0.data().get(place as usize..)?.get(..bytes as usize)?;
        // SAFETY: as in `read`.
        Some(cells.iter().rev().fold(0, |number, cell| number << 8 | u64::from(unsafe { *cell.get() })))
    }

    /// Writes bytes; `false` if the range is outside. Cost: O(len).
    pub(super) fn write(&self, place: u32, bytes: &[u8]) -> bool {
        let cells = self.0.data().get(place as usize..).and_then(|cells| cells.get(..bytes.len()));
        let Some(cells) = cells else { return false };
        for (cell, byte) in cells.iter().zip(bytes) {
            // SAFETY: as in `read`; and no reference into the memory is ever kept.
            unsafe { *cell.get() = *byte };
        }
        true
    }
}
