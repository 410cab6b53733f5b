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
        #[cfg(all(item = "simulate_distributed_cache", not(second = "simulate_distributed_cache")))]
        Request::Simulate(commands) => {
            let lines: Vec<String> = submission::simulate_distributed_cache(&commands);
            Response::Lines(lines)
        }
        // What it returns is read as text, whatever kind of text it is.
        #[cfg(all(second = "simulate_distributed_cache", not(third = "simulate_distributed_cache")))]
        Request::Simulate(commands) => lines(submission::simulate_distributed_cache(&commands)),
        // The list itself is handed over.
        #[cfg(all(third = "simulate_distributed_cache", not(fourth = "simulate_distributed_cache")))]
        Request::Simulate(commands) => lines(submission::simulate_distributed_cache(commands)),
        // The list holds borrowed text.
        #[cfg(fourth = "simulate_distributed_cache")]
        Request::Simulate(commands) => {
            let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
            lines(submission::simulate_distributed_cache(&commands))
        }
        _ => toolbox::not_implemented(item),
    }
}

fn lines<T: std::convert::AsRef<str>>(answers: impl std::iter::IntoIterator<Item = T>) -> Response {
    let mut lines: Vec<String> = Vec::new();
    for answer in answers {
        lines.push(String::from(answer.as_ref()));
    }
    Response::Lines(lines)
}
