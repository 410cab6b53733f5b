//! The host's functions that a rewritten module calls.

use wasm_encoder::ValType;

/// The host's functions in the order of their indices; see `host` for what each does.
pub(super) const IMPORTS: [(&str, &[ValType], &[ValType]); 7] = [
    ("point", &[ValType::I32, ValType::I32, ValType::I64, ValType::I64], &[ValType::I32]),
    ("switch", &[], &[]),
    ("wait", &[ValType::I32, ValType::I64, ValType::I64, ValType::I32], &[ValType::I32]),
    ("notify", &[ValType::I32, ValType::I32], &[ValType::I32]),
    ("grow", &[ValType::I32], &[ValType::I32]),
    ("overflow", &[], &[]),
    ("stack_size", &[ValType::I32], &[]),
];
pub(super) const POINT: u32 = 0;
pub(super) const SWITCH: u32 = 1;
pub(super) const WAIT: u32 = 2;
pub(super) const NOTIFY: u32 = 3;
pub(super) const GROW: u32 = 4;
pub(super) const OVERFLOW: u32 = 5;
pub(super) const STACK_SIZE: u32 = 6;
pub(super) const ADDED: u32 = 7;
