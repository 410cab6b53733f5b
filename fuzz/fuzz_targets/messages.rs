//! Bytes from anywhere are no message of the grader's or of a cluster's nodes, or one that writes the same bytes or the same message
//! again.
#![no_main]

use cachedojo::cluster::message::Envelope;
use cachedojo::cluster::wire::Wire;
use cachedojo_wire::{Request, Response, decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // A varint may be written with more bytes than it needs, so messages are compared, not bytes.
    if let Some(request) = decode::<Request>(bytes) {
        assert_eq!(decode::<Request>(&encode(&request)), Some(request));
    }
    if let Some(response) = decode::<Response>(bytes) {
        let again = encode(&response);
        assert_eq!(decode::<Response>(&again).map(|response| encode(&response)), Some(again));
    }
    if let Some(envelope) = Envelope::from_bytes(bytes) {
        assert_eq!(envelope.to_bytes(), bytes);
    }
});
