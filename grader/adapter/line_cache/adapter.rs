//! The adapter of exercise `line-cache`: one function, and nothing else. See `../distributed_cache/adapter.rs` for the rules.
#![allow(unused)]

use std::string::String;
use std::vec::Vec;

use cachedojo_wire::{Request, Response};

#[unsafe(no_mangle)]
pub extern "C" fn call() -> u64 {
    toolbox::serve(obey)
}

fn obey(request: Request) -> Response {
    let item = request.item();
    match request {
        #[cfg(item = "simulate_distributed_cache")]
        Request::Simulate(commands) => {
            let lines: Vec<String> = submission::simulate_distributed_cache(&commands);
            Response::Lines(lines)
        }
        _ => toolbox::not_implemented(item),
    }
}
