// Made from the Rust types by `cargo xtask tidy --types`: change those.
export {};
