//! Keys with numbers.

use cachedojo_wire::numbered;

#[test]
fn a_number_stands_where_the_prefix_wants_it() {
    assert_eq!(numbered("user", 7), "user7");
    assert_eq!(numbered("{}:cart", 7), "7:cart");
    assert_eq!(numbered("user:{}:{}", 7), "user:7:{}");
}
