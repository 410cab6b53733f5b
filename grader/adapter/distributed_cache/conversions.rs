//! Sensible readings of signatures that are not quite the prototype's. Compiled only where a submission needs one.
//!
//! Results are read by a trait a meaning (`Value`, `Truth`, `Count` …), arguments are made by a trait a kind (`FromText`,
//! `FromNumber` …). All traits are this crate's own, so a submission cannot implement them.

use std::borrow::Cow;
use std::cell::{Ref, RefMut};
use std::rc::Rc;
use std::string::String;
use std::sync::{Arc, MutexGuard, RwLockReadGuard};
use std::time::{Duration, Instant};
use std::vec::Vec;

use cachedojo_wire::Member;

/// Implements a borrowing trait for whatever points to what has it.
macro_rules! through_pointers {
    ($name:ident, $method:ident, $answer:ty) => {
        through_pointers!($name, $method, $answer, &T, &mut T, Box<T>, Rc<T>, Arc<T>, Ref<'_, T>, RefMut<'_, T>,
            MutexGuard<'_, T>, RwLockReadGuard<'_, T>);
    };
    ($name:ident, $method:ident, $answer:ty, $($pointer:ty),*) => {
        $(impl<T: $name + ?Sized> $name for $pointer {
            fn $method(&self) -> $answer {
                T::$method(self)
            }
        })*
    };
}

// ---- results ----

/// Bytes, however they are kept.
pub trait Bytes {
    fn bytes(&self) -> Vec<u8>;
}

impl Bytes for [u8] {
    fn bytes(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl Bytes for Vec<u8> {
    fn bytes(&self) -> Vec<u8> {
        self.clone()
    }
}

impl Bytes for str {
    fn bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}

impl Bytes for String {
    fn bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}

impl<T: Bytes + ToOwned + ?Sized> Bytes for Cow<'_, T> {
    fn bytes(&self) -> Vec<u8> {
        T::bytes(self)
    }
}

through_pointers!(Bytes, bytes, Vec<u8>);

/// Bytes, or none.
pub trait Value: Sized {
    fn value(self) -> Option<Vec<u8>>;

    /// The same of what stands in an `Ok`, which says that there is something.
    fn found(self) -> Option<Vec<u8>> {
        self.value()
    }
}

/// Where there is neither `Option` nor `Result`, no bytes mean no value.
impl<B: Bytes> Value for B {
    fn value(self) -> Option<Vec<u8>> {
        self.found().filter(|bytes| !bytes.is_empty())
    }

    fn found(self) -> Option<Vec<u8>> {
        Some(self.bytes())
    }
}

impl<B: Bytes> Value for Option<B> {
    fn value(self) -> Option<Vec<u8>> {
        self.map(|bytes| bytes.bytes())
    }
}

impl<V: Value, E> Value for Result<V, E> {
    fn value(self) -> Option<Vec<u8>> {
        self.ok()?.found()
    }
}

/// A yes or a no. `of_none` is what `None` means: for `set` it may be "there was no such key before".
pub trait Truth {
    fn truth(self, of_none: bool) -> bool;
}

impl Truth for bool {
    fn truth(self, _: bool) -> bool {
        self
    }
}

/// A call that returns nothing has nothing to complain of.
impl Truth for () {
    fn truth(self, _: bool) -> bool {
        true
    }
}

impl<T> Truth for Option<T> {
    fn truth(self, of_none: bool) -> bool {
        of_none || self.is_some()
    }
}

impl<T: Truth, E> Truth for Result<T, E> {
    fn truth(self, of_none: bool) -> bool {
        self.is_ok_and(|truth| truth.truth(of_none))
    }
}

/// A whole number.
pub trait Number: Sized {
    fn number(self) -> i128;
    fn from_number(number: i128) -> Self;
}

macro_rules! numbers {
    ($($kind:ty),*) => {
        $(
            impl Number for $kind {
                fn number(self) -> i128 {
                    self as i128
                }

                fn from_number(number: i128) -> Self {
                    number.clamp(<$kind>::MIN as i128, <$kind>::MAX as i128) as $kind
                }
            }

            impl Truth for $kind {
                fn truth(self, _: bool) -> bool {
                    self != 0
                }
            }
        )*
    };
}

numbers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, i128);

impl<N: Number + Copy> Number for &N {
    fn number(self) -> i128 {
        N::number(*self)
    }

    fn from_number(_: i128) -> Self {
        unreachable!("a reference to a number is only ever read")
    }
}

/// A number, or none.
pub trait PerhapsNumber {
    fn perhaps(self) -> Option<i64>;
}

fn narrow(number: i128) -> i64 {
    i64::from_number(number)
}

impl<N: Number> PerhapsNumber for N {
    fn perhaps(self) -> Option<i64> {
        Some(narrow(Number::number(self)))
    }
}

impl<N: Number> PerhapsNumber for Option<N> {
    fn perhaps(self) -> Option<i64> {
        self.map(|number| narrow(Number::number(number)))
    }
}

impl<N: PerhapsNumber, E> PerhapsNumber for Result<N, E> {
    fn perhaps(self) -> Option<i64> {
        self.ok()?.perhaps()
    }
}

/// How many.
pub trait Count {
    fn count(self) -> u64;
}

impl<N: Number> Count for N {
    fn count(self) -> u64 {
        u64::from_number(self.number())
    }
}

/// A call that returns nothing counts nothing.
impl Count for () {
    fn count(self) -> u64 {
        0
    }
}

impl<T> Count for Vec<T> {
    fn count(self) -> u64 {
        self.len() as u64
    }
}

impl<C: Count> Count for Option<C> {
    fn count(self) -> u64 {
        self.map_or(0, Count::count)
    }
}

impl<C: Count, E> Count for Result<C, E> {
    fn count(self) -> u64 {
        self.map_or(0, Count::count)
    }
}

/// A ring member, or what names one.
pub trait Node {
    fn member(&self) -> Member;
}

/// An id alone: the rest is as a new node has it.
impl Node for str {
    fn member(&self) -> Member {
        Member { id: self.to_owned(), addr: String::new(), weight: 1, is_alive: true }
    }
}

impl Node for String {
    fn member(&self) -> Member {
        self.as_str().member()
    }
}

through_pointers!(Node, member, Member);

/// A ring member, or none.
pub trait PerhapsNode {
    fn node(self) -> Option<Member>;
}

impl<N: Node> PerhapsNode for N {
    fn node(self) -> Option<Member> {
        Some(self.member())
    }
}

impl<N: Node> PerhapsNode for Option<N> {
    fn node(self) -> Option<Member> {
        self.map(|node| node.member())
    }
}

impl<N: PerhapsNode, E> PerhapsNode for Result<N, E> {
    fn node(self) -> Option<Member> {
        self.ok()?.node()
    }
}

/// Ring members: one, or what holds some.
pub trait Nodes {
    fn add_to(self, members: &mut Vec<Member>);
}

impl<N: Node> Nodes for N {
    fn add_to(self, members: &mut Vec<Member>) {
        members.push(self.member());
    }
}

impl<N: Nodes> Nodes for Vec<N> {
    fn add_to(self, members: &mut Vec<Member>) {
        self.into_iter().for_each(|nodes| nodes.add_to(members));
    }
}

/// A map's entry: the node, whatever its key.
impl<K, N: Node> Nodes for (K, N) {
    fn add_to(self, members: &mut Vec<Member>) {
        members.push(self.1.member());
    }
}

/// The members in whatever can be walked: a list, a slice, a set, a map, an iterator, an `Option` or a `Result` of one.
pub fn members<I: IntoIterator<Item: Nodes>>(nodes: I) -> Vec<Member> {
    let mut members = Vec::new();
    nodes.into_iter().for_each(|nodes| nodes.add_to(&mut members));
    members
}

/// An object, perhaps wrapped.
pub trait Made<T> {
    fn made(self) -> Option<T>;
}

impl<T> Made<T> for T {
    fn made(self) -> Option<T> {
        Some(self)
    }
}

impl<T> Made<T> for Box<T> {
    fn made(self) -> Option<T> {
        Some(*self)
    }
}

impl<T> Made<T> for Option<T> {
    fn made(self) -> Option<T> {
        self
    }
}

impl<T, E> Made<T> for Result<T, E> {
    fn made(self) -> Option<T> {
        self.ok()
    }
}

// ---- arguments ----

/// What can be made of a text.
pub trait FromText<'a> {
    fn from_text(text: &'a String) -> Self;
}

/// What can be made of bytes.
pub trait FromBytes<'a> {
    fn from_bytes(bytes: &'a Vec<u8>) -> Self;
}

macro_rules! made_from {
    ($name:ident, $method:ident, $source:ty, $from:ident: $($kind:ty = $made:expr),* $(,)?) => {
        $(impl<'a> $name<'a> for $kind {
            fn $method($from: &'a $source) -> Self {
                $made
            }
        })*
    };
}

made_from!(FromText, from_text, String, text:
    &'a String = text,
    &'a str = text,
    &'a [u8] = text.as_bytes(),
    String = text.clone(),
    Vec<u8> = text.clone().into_bytes(),
    Box<str> = text.as_str().into(),
    Rc<str> = text.as_str().into(),
    Arc<str> = text.as_str().into(),
    Cow<'a, str> = text.as_str().into(),
);

made_from!(FromBytes, from_bytes, Vec<u8>, bytes:
    &'a Vec<u8> = bytes,
    &'a [u8] = bytes,
    &'a str = std::str::from_utf8(bytes).unwrap_or_default(),
    Vec<u8> = bytes.clone(),
    String = String::from_utf8_lossy(bytes).into_owned(),
    Box<[u8]> = bytes.as_slice().into(),
    Rc<[u8]> = bytes.as_slice().into(),
    Arc<[u8]> = bytes.as_slice().into(),
    Rc<Vec<u8>> = Rc::new(bytes.clone()),
    Arc<Vec<u8>> = Arc::new(bytes.clone()),
    Cow<'a, [u8]> = bytes.as_slice().into(),
);

/// The bytes of a value that may be absent, for a field that may hold either.
pub trait FromValue: Sized {
    fn from_value(value: Option<Vec<u8>>) -> Option<Self>;
}

impl<T: for<'a> FromBytes<'a>> FromValue for T {
    fn from_value(value: Option<Vec<u8>>) -> Option<Self> {
        value.map(|bytes| T::from_bytes(&bytes))
    }
}

impl<T: for<'a> FromBytes<'a>> FromValue for Option<T> {
    fn from_value(value: Option<Vec<u8>>) -> Option<Self> {
        Some(value.map(|bytes| T::from_bytes(&bytes)))
    }
}

/// For ever, for a parameter that knows no "never": thirty years, which a clock can still add.
const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 86_400);

/// A time to live. A bare number is in milliseconds, the statement's unit.
pub trait Ttl {
    fn from_ttl(ttl: Option<Duration>) -> Self;
    fn ttl(self) -> Option<Duration>;
}

impl Ttl for Option<Duration> {
    fn from_ttl(ttl: Option<Duration>) -> Self {
        ttl
    }

    fn ttl(self) -> Option<Duration> {
        self
    }
}

impl Ttl for Duration {
    fn from_ttl(ttl: Option<Duration>) -> Self {
        ttl.unwrap_or(FOR_EVER)
    }

    fn ttl(self) -> Option<Duration> {
        Some(self)
    }
}

impl Ttl for Option<Instant> {
    fn from_ttl(ttl: Option<Duration>) -> Self {
        ttl.map(|ttl| Instant::now() + ttl)
    }

    fn ttl(self) -> Option<Duration> {
        self.map(|at| at.saturating_duration_since(Instant::now()))
    }
}

fn milliseconds(duration: Duration) -> i128 {
    i128::try_from(duration.as_millis()).unwrap_or(i128::MAX)
}

fn duration(milliseconds: i128) -> Duration {
    Duration::from_millis(u64::from_number(milliseconds))
}

impl<N: Number> Ttl for N {
    fn from_ttl(ttl: Option<Duration>) -> Self {
        N::from_number(milliseconds(ttl.unwrap_or(FOR_EVER)))
    }

    fn ttl(self) -> Option<Duration> {
        Some(duration(self.number()))
    }
}

impl<N: Number> Ttl for Option<N> {
    fn from_ttl(ttl: Option<Duration>) -> Self {
        ttl.map(|ttl| N::from_number(milliseconds(ttl)))
    }

    fn ttl(self) -> Option<Duration> {
        self.map(|number| duration(number.number()))
    }
}

/// An object of the learner's own types, owned, borrowed or shared.
pub trait Own<'a, T> {
    fn own(object: &'a mut Option<T>) -> Self;
}

fn take<T>(object: &mut Option<T>) -> T {
    object.take().expect("an argument is given once")
}

impl<'a, T> Own<'a, T> for T {
    fn own(object: &'a mut Option<T>) -> Self {
        take(object)
    }
}

impl<'a, T> Own<'a, T> for &'a T {
    fn own(object: &'a mut Option<T>) -> Self {
        object.as_ref().expect("an argument is given once")
    }
}

impl<'a, T> Own<'a, T> for &'a mut T {
    fn own(object: &'a mut Option<T>) -> Self {
        object.as_mut().expect("an argument is given once")
    }
}

impl<'a, T> Own<'a, T> for Option<T> {
    fn own(object: &'a mut Option<T>) -> Self {
        object.take()
    }
}

impl<'a, T> Own<'a, T> for Box<T> {
    fn own(object: &'a mut Option<T>) -> Self {
        Box::new(take(object))
    }
}

impl<'a, T> Own<'a, T> for Rc<T> {
    fn own(object: &'a mut Option<T>) -> Self {
        Rc::new(take(object))
    }
}

impl<'a, T> Own<'a, T> for Arc<T> {
    fn own(object: &'a mut Option<T>) -> Self {
        Arc::new(take(object))
    }
}
