//! The adapter of exercise `distributed-cache`: it turns requests into calls on the learner's code.
//!
//! Every item of the prototype stands behind a `cfg` of its own: `item = "CacheNode::get"`. The grader sets those it
//! finds in the submission; where one does not typecheck here, it looks for the nearest `item = "…"` above the error and
//! tries that item's next form: `second`, with results (of a type: its fields) converted; `third`, with arguments
//! converted too (of a type: with more fields, or without names); `fourth`, with an argument less. An item without a form
//! that typechecks is left out. So keep each item's code below its `cfg`, and nothing of another's.
//!
//! Whatever comes from the learner's code is given its plain type by name before it is used.
#![allow(unused)]

use std::cell::RefCell;
use std::string::String;
use std::thread::LocalKey;
use std::time::Duration;
use std::vec::Vec;

use cachedojo_wire::{
    ClusterRequest, Command, Config, Member, NodeRequest, ParseError, ParserRequest, Policy, Reply, Request, Response,
    RingRequest, Stats,
};
use toolbox::not_implemented;

/// `item!("CacheNode::get", call)` is `call` where the submission has the item, else *not implemented*.
macro_rules! item {
    ($name:tt, $call:expr) => {{
        #[cfg(item = $name)]
        let response: Response = $call;
        #[cfg(not(item = $name))]
        let response: Response = not_implemented($name);
        response
    }};
}

/// `call!("CacheNode::incr", CacheNode::incr, node, [key.as_str() => FromText::from_text(&key), …], strict, loose)` calls
/// the learner's function. `strict` reads a result of just the prototype's type, `loose` any that can be read. What stands
/// right of an arrow makes the argument in the third form.
macro_rules! call {
    ($name:tt, $path:path, $($receiver:ident,)? [$($plain:expr => $fit:expr),*], $strict:expr, $loose:expr) => {{
        #[cfg(not(second = $name))]
        let result = $strict($path($($receiver,)? $($plain),*));
        #[cfg(all(second = $name, not(third = $name)))]
        let result = $loose(awaited!($name, $path($($receiver,)? $($plain),*)));
        #[cfg(third = $name)]
        let result = $loose(awaited!($name, $path($($receiver,)? $($fit),*)));
        result
    }};
}

/// The result of a call that may be a future: the grader says which are, and sets `awaits`.
macro_rules! awaited {
    ($name:tt, $call:expr) => {{
        #[cfg(awaits = $name)]
        let result = wait($call);
        #[cfg(not(awaits = $name))]
        let result = $call;
        result
    }};
}

/// A field of a type of the prototype: just as it is, or in the second form converted.
macro_rules! field {
    ($name:tt, $plain:expr, $converted:expr) => {{
        #[cfg(not(second = $name))]
        let field = $plain;
        #[cfg(second = $name)]
        let field = $converted;
        field
    }};
}

/// A struct of the prototype, in the third form with whatever else the learner gave it.
macro_rules! filled {
    ($name:tt, $kind:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        #[cfg(not(third = $name))]
        let object = submission::$kind { $($field: $value),* };
        // Field by field: `..Default::default()` would not do for private fields, nor for a type that is `#[non_exhaustive]`.
        #[cfg(third = $name)]
        let object = {
            let mut object = <submission::$kind as Default>::default();
            $(object.$field = $value;)*
            object
        };
        object
    }};
}

mod cluster;
#[cfg(loose)]
mod conversions;
mod node;
mod parser;
mod ring;
mod types;

#[cfg(loose)]
use conversions::*;
use types::*;

#[unsafe(no_mangle)]
pub extern "C" fn call() -> u64 {
    #[cfg(tokio)]
    let _context = toolbox::tokio_runtime().enter();
    toolbox::serve(obey)
}

fn obey(request: Request) -> Response {
    let item = request.item();
    match request {
        Request::Node(request) => node::obey(request),
        Request::Ring(request) => ring::obey(request),
        Request::Cluster(request) => cluster::obey(request),
        Request::Parser(request) => parser::obey(request),
        Request::Simulate(_) | Request::Extra(_) | Request::Machine(_) => not_implemented(item),
    }
}

/// Runs `use_it` on the object of a kind, where `New` has made one.
fn on<T>(place: &'static LocalKey<RefCell<Option<T>>>, use_it: impl FnOnce(&mut T) -> Response) -> Response {
    place.with(|place| match &mut *place.borrow_mut() {
        Some(object) => use_it(object),
        None => Response::NoObject,
    })
}

/// A value whose type its user names: `plain::<bool>`.
fn plain<T>(value: T) -> T {
    value
}

/// Keeps a new object for the calls to come.
fn keep<T>(place: &'static LocalKey<RefCell<Option<T>>>, object: T) -> Response {
    place.set(Some(object));
    Response::Done
}

/// [`keep`] for an object that may come wrapped; a constructor that fails for what it is given has none.
#[cfg(loose)]
fn keep_made<T>(place: &'static LocalKey<RefCell<Option<T>>>, object: impl Made<T>) -> Response {
    place.set(object.made());
    Response::Done
}

/// Sizes of the wire are 64 bits wide, the module's are 32: "more than there is" stays that.
fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn ttl(ttl_ms: Option<u64>) -> Option<Duration> {
    ttl_ms.map(Duration::from_millis)
}

fn ttl_ms(ttl: Option<Duration>) -> Option<u64> {
    ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX))
}

/// Runs a future of the learner's to its end.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut result = None;
    {
        let future = std::pin::pin!(async { result = Some(future.await) });
        #[cfg(tokio)]
        toolbox::tokio_block_on(future);
        #[cfg(not(tokio))]
        toolbox::block_on(future);
    }
    result.expect("a future that is run to its end has a result")
}
