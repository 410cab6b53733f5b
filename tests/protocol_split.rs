//! However the bytes of a connection are split, the answers are the same.

use cachedojo::clock::Instant;
use cachedojo::protocol::memcached::Machine;
use cachedojo::random::Random;

/// Requests of every kind, well-formed and not; each leaves the connection in a known state.
const CORPUS: &[&[u8]] = &[
    b"set a 5 0 3\r\nabc\r\n",
    b"set a 0 0 3\nabc\n",
    b"set a 0 0 0\r\n\r\n",
    b"set crlf 0 0 4\r\n\r\n\r\n\r\n",
    b"set a 0 0 1\r\n\r\r\n",
    b"set a 0 0 3 noreply\r\nxyz\r\n",
    b"add b 0 100 2\r\n10\r\n",
    b"cas a 0 0 1 1\r\nx\r\n",
    b"append a 0 0 2\r\nde\r\n",
    b"get a b c\r\n",
    b"get    a   \r\n",
    b"gets a\n",
    b"gat 10 a\r\n",
    b"touch a 0\r\n",
    b"incr b 5\r\n",
    b"decr b 50 noreply\r\n",
    b"delete a 0\r\n",
    b"flush_all 0 noreply\r\n",
    b"version\r\n",
    b"stats items\r\n",
    b"verbosity 1\r\n",
    b"stats slabs\r\n",
    b"stats cachedump 1 0\r\n",
    b"stats detail on\r\n",
    b"stats detail dump\r\n",
    b"lru_crawler metadump all\r\n",
    b"lru_crawler mgdump hash\r\n",
    b"lru_crawler disable\n",
    b"lru tune 10 20 0.1 2\r\n",
    b"slabs reassign 1 2\r\n",
    b"slabs automove 1 noreply\r\n",
    b"mn\r\n",
    b"mg a s v t f c k Oabc\r\n",
    b"ms YQ== 2 b c T90\r\nhi\r\n",
    b"md a q\r\n",
    b"ma b N0 J5 v\r\n",
    b"me b\r\n",
    // Mistakes.
    b"\r\n",
    b"\n",
    b"bogus\r\n",
    b"get\r\n",
    b"set a x 0 3\r\nabc\r\n",
    b"set a x 0 3\r\nab\r\nget a\r\n",
    b"set a x 0 3\nabc\n",
    b"set a 0 0 3\r\nabcde\r\n",
    b"set a 0 0 3\r\nab\r\nget a\r\n",
    b"set a 0 0 -1\r\n",
    b"set a 0 0 2000000 noreply\r\n",
    b"ms a 3 v v\r\nabc\r\n",
    b"mg a !\r\n",
    b"incr b x\r\n",
    b"get a\rb\r\n",
    b"get a\r\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n",
    b"watch frob\r\n",
    b"watch mutations\r\n",
    b"quit\r\n",
];

/// The answers and whether the connection is over.
fn feed<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> (String, bool) {
    let mut machine = Machine::new(1_700_000_000);
    let mut answers = Vec::new();
    for part in parts {
        answers.extend(machine.feed(part, Instant::from_millis(5)));
    }
    (String::from_utf8_lossy(&answers).into_owned(), machine.closed())
}

fn cut(bytes: &[u8], mut at: Vec<usize>) -> Vec<&[u8]> {
    at.sort_unstable();
    let ends = at.iter().copied().chain([bytes.len()]);
    let starts = std::iter::once(0).chain(at.iter().copied());
    starts.zip(ends).map(|(start, end)| &bytes[start..end]).collect()
}

#[test]
fn every_two_requests_may_be_split_anywhere() {
    for first in CORPUS {
        for second in CORPUS {
            let bytes = [first, second, &b"mn\r\n"[..]].concat();
            let whole = feed([&bytes[..]]);
            assert_eq!(feed(bytes.chunks(1)), whole, "byte by byte: {:?}", String::from_utf8_lossy(&bytes));
            for at in 0..=bytes.len() {
                assert_eq!(feed(cut(&bytes, vec![at])), whole, "{:?} at {at}", String::from_utf8_lossy(&bytes));
            }
        }
    }
}

#[test]
fn long_lines_and_large_data_may_be_split_anywhere() {
    let spaces = " ".repeat(2038);
    for bytes in [
        format!("incr a 1 {spaces}\r\nmn\r\n"),
        format!("incr a 1  {spaces}\r\nmn\r\n"),
        format!("incr a 1 {spaces}\r\r\nmn\r\n"),
        format!("get a {spaces} b\r\nmn\r\n"),
        format!("set a 0 0 3000\r\n{}\r\nmn\r\n", "v".repeat(3000)),
        format!("set a 0 x 3000\r\n{}\r\nmn\r\n", "v".repeat(3000)),
    ] {
        let whole = feed([bytes.as_bytes()]);
        assert_eq!(feed(bytes.as_bytes().chunks(1)), whole);
        for at in 0..=bytes.len() {
            assert_eq!(feed(cut(bytes.as_bytes(), vec![at])), whole, "{:?}… at {at}", &bytes[..20]);
        }
    }
}

#[test]
fn any_of_a_hundred_thousand_streams_may_be_split_anywhere() {
    for seed in 0..100_000 {
        let random = &mut Random::new(seed);
        let mut bytes = Vec::new();
        for _ in 0..=random.below(4) {
            let start = bytes.len();
            bytes.extend_from_slice(CORPUS[below(random, CORPUS.len())]);
            if random.below(3) == 0 {
                let at = start + below(random, bytes.len() - start);
                bytes[at] = u8::try_from(random.below(256)).expect("a byte");
            }
        }
        let cuts = (0..random.below(6)).map(|_| below(random, bytes.len() + 1)).collect();
        assert_eq!(feed(cut(&bytes, cuts)), feed([&bytes[..]]), "seed {seed}: {:?}", String::from_utf8_lossy(&bytes));
    }
}

fn below(random: &mut Random, bound: usize) -> usize {
    usize::try_from(random.below(bound as u64)).expect("below a usize")
}
