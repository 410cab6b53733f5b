//! A module of the page: what `cachedojo-page` gives JavaScript, with the features that the module's own `Cargo.toml` names.
#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#![forbid(unsafe_code)]

pub use cachedojo_page::*;
