//! The memcached text protocol, classic and meta commands.

mod meta;
mod mistake;
mod parse;

pub use meta::{Flags, MetaFlags};
pub use mistake::{Mistake, Refusal};
pub use parse::{
    GET_BYTES_MAX, ITEM_BYTES_MAX, KEY_BYTES_MAX, LINE_BYTES_MAX, MetaVerb, Parsed, Parser, Request, Sign, StoreMode,
    Words, item_bytes,
};
