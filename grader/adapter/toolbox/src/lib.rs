//! The half of the adapter that is the same for every submission, compiled once.
//!
//! A module exports three functions: `alloc` makes room for a request, `call` obeys it, and both answer with a place
//! in memory. The adapter of an exercise has no more to do than to turn a `Request` into a `Response`.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use cachedojo_wire::{Member, Request, Response, decode_request, encode_response, numbered};

thread_local! {
    static REQUEST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static RESPONSE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What [`block_on`] gives to code that never comes back; the judge tells it from a panic of the submission's by its words.
const STUCK: &str = "the future waits for something that can never happen: nothing else runs in this world";

/// How many times in a row a future may be polled without being woken.
const POLLS_MAX: u32 = 1_000_000;

/// Makes room for a request of `len` bytes and says where. Called by the judge.
#[unsafe(no_mangle)]
pub extern "C" fn alloc(len: u32) -> *mut u8 {
    REQUEST.with_borrow_mut(|request| {
        request.clear();
        request.resize(len as usize, 0);
        request.as_mut_ptr()
    })
}

/// Obeys the request that the judge wrote where [`alloc`] said. The answer's address is in the upper half of the
/// result, its length in the lower. No answer at all (zero) means that the bytes were no request.
pub fn serve(obey: fn(Request) -> Response) -> u64 {
    let request = REQUEST.with_borrow(|bytes| decode_request(bytes));
    let Some(request) = request else { return 0 };
    let response = encode_response(&obey(request));
    RESPONSE.with_borrow_mut(|kept| {
        *kept = response;
        (kept.as_ptr() as u64) << 32 | kept.len() as u64
    })
}

/// The answer for an item that the submission lacks.
pub fn not_implemented(item: &str) -> Response {
    Response::NotImplemented { item: item.to_owned() }
}

/// Asks for the owners of so many [`numbered`] keys and packs the answers.
pub fn owners(prefix: &str, count: u32, owner_of: &mut dyn FnMut(&String) -> Option<Member>) -> Response {
    let mut ids: Vec<String> = Vec::new();
    let owners = (0..count)
        .map(|number| match owner_of(&numbered(prefix, number)) {
            None => u32::MAX,
            Some(Member { id, .. }) => ids.iter().position(|known| *known == id).unwrap_or_else(|| {
                ids.push(id);
                ids.len() - 1
            }) as u32,
        })
        .collect();
    Response::Owners { ids, owners }
}

/// Runs a future to its end where nothing else runs: for submissions that do not use tokio.
pub fn block_on(mut future: Pin<&mut dyn Future<Output = ()>>) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..POLLS_MAX {
        if let Poll::Ready(()) = future.as_mut().poll(&mut context) {
            return;
        }
    }
    panic!("{STUCK}");
}

/// The one tokio runtime of this module, so that tasks spawned in one call live on in the next.
pub fn tokio_runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime without threads needs nothing from the host")
    })
}

/// [`block_on`] for submissions that use tokio.
pub fn tokio_block_on(future: Pin<&mut dyn Future<Output = ()>>) {
    tokio_runtime().block_on(future);
}
