//! Plain data as Python's `pickle` writes it: a reader and a writer of the opcodes for `None`, booleans, integers, text, bytes,
//! lists, tuples and dictionaries. Opcodes that could run code are refused.
//!
//! The reader borrows from its input, does not recurse and bounds the nesting: a hostile file can neither overflow the stack nor
//! fill the memory. (Ours because the existing crates recurse over nested values.)

use std::collections::BTreeMap;
use std::rc::Rc;

/// The deepest nesting that is read; no file of ours goes deeper.
const DEPTH_MAX: u8 = 8;

/// The latest protocol, that of Python 3.8 and up.
const PROTOCOL_MAX: u64 = 5;

/// Why bytes could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PickleError {
    /// The pickle ends early, or is malformed.
    Damaged { offset: usize },
    /// The pickle wants to build something other than plain data, which could run code.
    NotPlainData { offset: usize },
}

/// A value of plain data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    None,
    Bool(bool),
    Int(i128),
    Text(&'a str),
    Bytes(&'a [u8]),
    Tuple(Rc<[Value<'a>]>),
    List(Vec<Value<'a>>),
    Dict(Vec<(Value<'a>, Value<'a>)>),
}

impl Value<'_> {
    /// What a dictionary holds under a text key (of several equal keys the last, as in Python); `None` if there is no
    /// such key, or if this is not a dictionary.
    pub(crate) fn at(&self, name: &str) -> Option<&Self> {
        let Self::Dict(pairs) = self else { return None };
        pairs.iter().rfind(|(key, _)| *key == Value::Text(name)).map(|(_, value)| value)
    }

    /// A whole number that is not negative.
    pub(crate) fn number(&self) -> Option<u64> {
        let Self::Int(number) = self else { return None };
        u64::try_from(*number).ok()
    }
}

/// Writes protocol 4 piece by piece; every Python since 3.4 reads it.
#[derive(Debug)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(vec![0x80, 4])
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.push(b'.');
        self.0
    }

    pub(crate) fn none(&mut self) {
        self.0.push(b'N');
    }

    pub(crate) fn number(&mut self, number: u64) {
        // LONG1: a length, and that many bytes, little-endian in two's complement; nine hold any u64.
        self.0.extend([0x8A, 9]);
        self.0.extend(number.to_le_bytes());
        self.0.push(0);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.sized(0x8D, text.as_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.sized(0x8E, bytes);
    }

    /// A dictionary, whose keys and values `pairs` writes in turn.
    pub(crate) fn dict(&mut self, pairs: impl FnOnce(&mut Self)) {
        self.0.extend(b"}(");
        pairs(self);
        self.0.push(b'u');
    }

    /// A list of what `items` writes.
    pub(crate) fn list(&mut self, items: impl FnOnce(&mut Self)) {
        self.0.extend(b"](");
        items(self);
        self.0.push(b'e');
    }

    /// A tuple of what `items` writes.
    pub(crate) fn tuple(&mut self, items: impl FnOnce(&mut Self)) {
        self.0.push(b'(');
        items(self);
        self.0.push(b't');
    }

    fn sized(&mut self, opcode: u8, bytes: &[u8]) {
        self.0.push(opcode);
        self.0.extend((bytes.len() as u64).to_le_bytes());
        self.0.extend(bytes);
    }
}

/// Reads one pickled value, behind which nothing may stand. O(length).
pub(crate) fn read(bytes: &[u8]) -> Result<Value<'_>, PickleError> {
    let mut machine =
        Machine { input: bytes, length: bytes.len(), stack: Vec::new(), marks: Vec::new(), memo: BTreeMap::new() };
    loop {
        let opcode = machine.take(1)?[0];
        if opcode == b'.' {
            let (value, _) = machine.pop()?;
            return if machine.input.is_empty() { Ok(value) } else { Err(machine.damaged()) };
        }
        machine.step(opcode)?;
    }
}

/// The pickle machine: a stack of values with their nesting depth, the marks (values below the last mark are out of reach), and
/// the memo. A memoised list or dictionary is stored as nothing and cannot be fetched again: plain data never does.
struct Machine<'a> {
    input: &'a [u8],
    length: usize,
    stack: Vec<(Value<'a>, u8)>,
    marks: Vec<usize>,
    memo: BTreeMap<u32, Option<(Value<'a>, u8)>>,
}

impl<'a> Machine<'a> {
    fn step(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            0x80 => {
                if self.unsigned(1)? > PROTOCOL_MAX {
                    return Err(self.damaged());
                }
            }
            0x95 => {
                let frame = self.unsigned(8)?;
                if frame > self.input.len() as u64 {
                    return Err(self.damaged());
                }
            }
            b'(' => self.marks.push(self.stack.len()),
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'K' => self.integer(1)?,
            b'M' => self.integer(2)?,
            b'J' => {
                let number = self.unsigned(4)?;
                self.push(Value::Int(i128::from(number.cast_signed() << 32 >> 32)));
            }
            0x8A => self.long()?,
            b'X' => self.text(4)?,
            0x8C => self.text(1)?,
            0x8D => self.text(8)?,
            b'B' => self.bytes(4)?,
            b'C' => self.bytes(1)?,
            0x8E => self.bytes(8)?,
            b'}' => self.stack.push((Value::Dict(Vec::new()), 1)),
            b']' => self.stack.push((Value::List(Vec::new()), 1)),
            b')' => self.push(Value::Tuple(Rc::new([]))),
            b't' => {
                let items = self.since_mark()?;
                self.tuple(items)?;
            }
            0x85..=0x87 => {
                let count = usize::from(opcode - 0x84);
                let start = self.stack.len().checked_sub(count).filter(|&start| start >= self.mark());
                let items = self.stack.split_off(start.ok_or_else(|| self.damaged())?);
                self.tuple(items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(vec![key, value])?;
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'u' => {
                let items = self.since_mark()?;
                self.set(items)?;
            }
            b'e' => {
                let items = self.since_mark()?;
                self.append(items)?;
            }
            0x94 => self.memorise(None)?,
            b'q' => self.memorise(Some(1))?,
            b'r' => self.memorise(Some(4))?,
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            _ => return Err(PickleError::NotPlainData { offset: self.offset() - 1 }),
        }
        Ok(())
    }

    fn offset(&self) -> usize {
        self.length - self.input.len()
    }

    fn damaged(&self) -> PickleError {
        PickleError::Damaged { offset: self.offset() }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], PickleError> {
        let (taken, rest) = self.input.split_at_checked(count).ok_or_else(|| self.damaged())?;
        self.input = rest;
        Ok(taken)
    }

    fn unsigned(&mut self, width: usize) -> Result<u64, PickleError> {
        Ok(self.take(width)?.iter().rev().fold(0, |number, &byte| (number << 8) | u64::from(byte)))
    }

    fn integer(&mut self, width: usize) -> Result<(), PickleError> {
        let number = self.unsigned(width)?;
        self.push(Value::Int(number.into()));
        Ok(())
    }

    /// LONG1, up to the sixteen bytes of an `i128`.
    fn long(&mut self) -> Result<(), PickleError> {
        let width = self.take(1)?[0];
        let bytes = self.take(usize::from(width))?;
        if width > 16 {
            return Err(self.damaged());
        }
        let sign = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xFF } else { 0 };
        let mut number = [sign; 16];
        number[..bytes.len()].copy_from_slice(bytes);
        self.push(Value::Int(i128::from_le_bytes(number)));
        Ok(())
    }

    fn sized(&mut self, width: usize) -> Result<&'a [u8], PickleError> {
        let length = self.unsigned(width)?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn text(&mut self, width: usize) -> Result<(), PickleError> {
        let bytes = self.sized(width)?;
        let text = std::str::from_utf8(bytes).map_err(|_| self.damaged())?;
        self.push(Value::Text(text));
        Ok(())
    }

    fn bytes(&mut self, width: usize) -> Result<(), PickleError> {
        let bytes = self.sized(width)?;
        self.push(Value::Bytes(bytes));
        Ok(())
    }

    fn push(&mut self, value: Value<'a>) {
        self.stack.push((value, 0));
    }

    /// How many values of the stack lie below the last mark, out of reach.
    fn mark(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&mut self) -> Result<&mut (Value<'a>, u8), PickleError> {
        let (mark, damaged) = (self.mark(), self.damaged());
        self.stack[mark..].last_mut().ok_or(damaged)
    }

    fn pop(&mut self) -> Result<(Value<'a>, u8), PickleError> {
        let top = std::mem::replace(self.top()?, (Value::None, 0));
        self.stack.pop();
        Ok(top)
    }

    fn since_mark(&mut self) -> Result<Vec<(Value<'a>, u8)>, PickleError> {
        let mark = self.marks.pop().ok_or_else(|| self.damaged())?;
        Ok(self.stack.split_off(mark))
    }

    /// The nesting depth of a container of these items; an error if it is too deep.
    fn depth_over(&self, items: &[(Value<'a>, u8)]) -> Result<u8, PickleError> {
        let depth = items.iter().map(|(_, depth)| depth + 1).max().unwrap_or(1);
        if depth > DEPTH_MAX { Err(self.damaged()) } else { Ok(depth) }
    }

    fn tuple(&mut self, items: Vec<(Value<'a>, u8)>) -> Result<(), PickleError> {
        let depth = self.depth_over(&items)?;
        self.stack.push((Value::Tuple(items.into_iter().map(|(value, _)| value).collect()), depth));
        Ok(())
    }

    /// Adds items to the list on top of the stack.
    fn append(&mut self, items: Vec<(Value<'a>, u8)>) -> Result<(), PickleError> {
        let (depth, damaged) = (self.depth_over(&items)?, self.damaged());
        let (Value::List(list), known) = self.top()? else { return Err(damaged) };
        *known = depth.max(*known);
        list.extend(items.into_iter().map(|(value, _)| value));
        Ok(())
    }

    /// Adds keys and values, in turn, to the dictionary on top of the stack.
    fn set(&mut self, items: Vec<(Value<'a>, u8)>) -> Result<(), PickleError> {
        let (depth, damaged) = (self.depth_over(&items)?, self.damaged());
        let (Value::Dict(pairs), known) = self.top()? else { return Err(damaged) };
        *known = depth.max(*known);
        let mut items = items.into_iter().map(|(value, _)| value);
        while let Some(key) = items.next() {
            pairs.push((key, items.next().ok_or(damaged)?));
        }
        Ok(())
    }

    fn memorise(&mut self, width: Option<usize>) -> Result<(), PickleError> {
        let name = match width {
            Some(width) => self.unsigned(width)?,
            None => self.memo.len() as u64,
        };
        let name = u32::try_from(name).map_err(|_| self.damaged())?;
        let top = self.top()?;
        let known = if matches!(top.0, Value::List(_) | Value::Dict(_)) { None } else { Some(top.clone()) };
        self.memo.insert(name, known);
        Ok(())
    }

    fn recall(&mut self, width: usize) -> Result<(), PickleError> {
        let name = self.unsigned(width)?;
        let known = u32::try_from(name).ok().and_then(|name| self.memo.get(&name)?.clone());
        self.stack.push(known.ok_or_else(|| self.damaged())?);
        Ok(())
    }
}
