//! attack: makes the compiler talk without end
//! class: F22 compile bomb
//! expect: build_failed

#![recursion_limit = "100000"]

macro_rules! many {
    ([] $($t:tt)*) => { $($t)* };
    ([$x:tt $($rest:tt)*] $($t:tt)*) => { many!([$($rest)*] $($t)* $($t)*); };
}
many!([1 1 1 1 1 1 1 1 1 1 1 1 1 1] const _: u8 = "a very long text that is no number at all, repeated in each message";);
