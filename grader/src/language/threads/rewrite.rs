//! Rewrites a module so that its threads can be scheduled by us.
//!
//! WebAssembly's atomic instructions run without a chance to interrupt them. So each one in Rust code is replaced by a call of a
//! small function that first calls the host (a *point*: the scheduler may switch threads here) and then runs the instruction.
//! Waits and wake-ups become host functions entirely: a wait parks a thread in the scheduler instead of blocking the host's own
//! thread. Growing the memory calls the host too, because wasmtime's limiter does not see shared memory; and every change of the
//! stack pointer is checked, because a thread's stack has no guard page.
//!
//! The C library below std has short locks of its own. Its instructions are not changed, so they run uninterrupted: switching
//! inside `malloc` would show nothing about the submission. The same holds for std's spinning before a wait, which gives up after
//! a hundred looks.

use std::collections::BTreeMap;
use std::convert::Infallible;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, ImportSection, Instruction, TypeSection, ValType,
};
use wasmparser::{Operator, Parser, Payload, TypeRef};

/// The import module of the functions that a rewritten module calls.
pub(super) const HOST: &str = "dojo";
/// The exported global that holds the lowest address the running thread's stack may reach.
pub(super) const STACK_LOW: &str = "dojo_stack_low";

/// The most pages of a rewritten module's memory: addresses stay positive numbers, so one comparison checks a stack.
pub(super) const PAGES_MAX: u64 = (1 << 15) - 1;

/// Opcodes after the prefix of atomic instructions (0xFE), as in the threads proposal.
pub(super) mod code {
    pub(in super::super) const NOTIFY: u8 = 0x00;
    pub(in super::super) const WAIT32: u8 = 0x01;
    pub(in super::super) const WAIT64: u8 = 0x02;
    pub(in super::super) const FENCE: u8 = 0x03;
    pub(in super::super) const FIRST: u8 = 0x10;
    pub(in super::super) const LAST: u8 = 0x4E;
}

/// The host's functions in the order of their indices; see `host` for what each does.
const IMPORTS: [(&str, &[ValType], &[ValType]); 7] = [
    ("point", &[ValType::I32, ValType::I32, ValType::I64, ValType::I64], &[ValType::I32]),
    ("switch", &[], &[]),
    ("wait", &[ValType::I32, ValType::I64, ValType::I64, ValType::I32], &[ValType::I32]),
    ("notify", &[ValType::I32, ValType::I32], &[ValType::I32]),
    ("grow", &[ValType::I32], &[ValType::I32]),
    ("overflow", &[], &[]),
    ("stack_size", &[ValType::I32], &[]),
];
const POINT: u32 = 0;
const SWITCH: u32 = 1;
const WAIT: u32 = 2;
const NOTIFY: u32 = 3;
const GROW: u32 = 4;
const OVERFLOW: u32 = 5;
const STACK_SIZE: u32 = 6;
const ADDED: u32 = 7;

/// A rewritten module.
#[derive(Debug, Clone)]
pub(super) struct Rewritten {
    /// The new module.
    pub(super) bytes: Vec<u8>,
    /// The old positions of its functions.
    pub(super) map: Map,
}

/// From a position in the new module to the old one.
#[derive(Debug, Clone, Default)]
pub(super) struct Map {
    /// How many functions the new module imports: its own first function has this index.
    imported: u32,
    /// For each of its own functions: the position of each call, counted from the function's first byte, and that call's position
    /// in the old module's code section. Empty if no map was requested.
    calls: Vec<Vec<(u32, u32)>>,
    /// Its functions' names, as the linker wrote them.
    names: BTreeMap<u32, String>,
}

impl Map {
    /// The name of a function of the new module, as the linker wrote it.
    pub(super) fn name(&self, function: u32) -> Option<&str> {
        self.names.get(&function).map(String::as_str)
    }

    /// The position in the old module, counted from the start of its code section, of a call in the new module.
    pub(super) fn old_offset(&self, function: u32, offset: u32) -> Option<u32> {
        let calls = self.calls.get(function.checked_sub(self.imported)? as usize)?;
        let at = calls.partition_point(|(new, _)| *new <= offset);
        calls.get(at.checked_sub(1)?).map(|(_, old)| *old)
    }
}

/// Why a module cannot be rewritten.
#[derive(Debug)]
pub(super) struct NotRewritten(String);

impl std::fmt::Display for NotRewritten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "this module cannot be prepared for the scheduler: {}", self.0)
    }
}

impl std::error::Error for NotRewritten {}

impl From<wasmparser::BinaryReaderError> for NotRewritten {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self(error.to_string())
    }
}

impl From<reencode::Error<Infallible>> for NotRewritten {
    fn from(error: reencode::Error<Infallible>) -> Self {
        Self(error.to_string())
    }
}

/// Rewrites a module. With `with_map` the positions of its calls are recorded, which only stories need. Cost: O(module), some 10
/// ms for a megabyte of code.
///
/// # Errors
/// The bytes are not a module with an imported shared memory, as `wasm32-wasip1-threads` makes them.
pub(super) fn rewrite(bytes: &[u8], with_map: bool) -> Result<Rewritten, NotRewritten> {
    let survey = survey(bytes)?;
    let mut rewriter = Rewriter { bytes, survey, with_map, wrappers: Vec::new(), code: None, calls: Vec::new() };
    rewriter.encode_code()?;
    let mut module = wasm_encoder::Module::new();
    rewriter.parse_core_module(&mut module, Parser::new(0), bytes)?;
    let Rewriter { survey, calls, .. } = rewriter;
    let names = survey.names.into_iter();
    let names =
        names.map(|(index, name)| (if index >= survey.imported { index + ADDED } else { index }, name)).collect();
    Ok(Rewritten { bytes: module.finish(), map: Map { imported: survey.imported + ADDED, calls, names } })
}

/// What must be known of a module before it is written.
#[derive(Debug, Default)]
struct Survey {
    types: u32,
    imported: u32,
    functions: u32,
    globals: u32,
    stack_pointer: u32,
    set_stack_size: Option<u32>,
    code: std::ops::Range<usize>,
    names: BTreeMap<u32, String>,
}

fn survey(bytes: &[u8]) -> Result<Survey, NotRewritten> {
    let mut survey = Survey::default();
    let mut shared = false;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::TypeSection(section) => survey.types = section.count(),
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import?.ty {
                        TypeRef::Func(_) => survey.imported += 1,
                        TypeRef::Global(_) => survey.globals += 1,
                        TypeRef::Memory(memory) => shared |= memory.shared,
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(section) => survey.functions = section.count(),
            Payload::GlobalSection(section) => survey.globals += section.count(),
            Payload::CodeSectionStart { range, .. } => survey.code = range,
            Payload::CustomSection(section) => {
                if let wasmparser::KnownCustom::Name(names) = section.as_known() {
                    survey.read_names(names)?;
                }
            }
            _ => {}
        }
    }
    if shared { Ok(survey) } else { Err(NotRewritten("it imports no shared memory".to_owned())) }
}

impl Survey {
    fn read_names(&mut self, names: wasmparser::NameSectionReader<'_>) -> Result<(), NotRewritten> {
        for names in names {
            match names? {
                wasmparser::Name::Function(map) => {
                    for naming in map {
                        let naming = naming?;
                        if naming.name.ends_with("pthread_attr_setstacksize") {
                            self.set_stack_size = Some(naming.index);
                        }
                        self.names.insert(naming.index, naming.name.to_owned());
                    }
                }
                wasmparser::Name::Global(map) => {
                    for naming in map {
                        let naming = naming?;
                        if naming.name == "__stack_pointer" {
                            self.stack_pointer = naming.index;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a function gets points: Rust code does, except std's spinning.
    fn has_points(&self, function: u32) -> bool {
        let Some(name) = self.names.get(&function) else { return true };
        let rust = name.starts_with("_ZN") || name.starts_with("_R");
        let spinning = name.contains("3std3sys4sync") && name.contains("spin");
        rust && !spinning
    }
}

/// An atomic instruction: everything that its stand-in depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Atomic {
    code: u8,
    align: u32,
    offset: u32,
}

impl Atomic {
    fn group(self) -> u8 {
        (self.code - code::FIRST) / 7
    }

    /// Whether it works on 64-bit numbers: the variants are i32, i64, i32 in 8, i32 in 16, i64 in 8, i64 in 16, i64 in 32 bits.
    fn wide(self) -> bool {
        matches!((self.code - code::FIRST) % 7, 1 | 4 | 5 | 6)
    }

    /// Its operands after the address, and its result.
    fn signature(self) -> (Vec<ValType>, Vec<ValType>) {
        let number = |wide: bool| if wide { ValType::I64 } else { ValType::I32 };
        match self.code {
            code::NOTIFY => (vec![ValType::I32], vec![ValType::I32]),
            code::WAIT32 => (vec![ValType::I32, ValType::I64], vec![ValType::I32]),
            code::WAIT64 => (vec![ValType::I64, ValType::I64], vec![ValType::I32]),
            _ => {
                let number = number(self.wide());
                match self.group() {
                    0 => (vec![], vec![number]),
                    1 => (vec![number], vec![]),
                    8.. => (vec![number, number], vec![number]),
                    _ => (vec![number], vec![number]),
                }
            }
        }
    }
}

struct Rewriter<'a> {
    bytes: &'a [u8],
    survey: Survey,
    with_map: bool,
    /// The stand-ins, in the order of their functions.
    wrappers: Vec<Atomic>,
    /// The new code, encoded first, because only then it is known which stand-ins are needed.
    code: Option<CodeSection>,
    calls: Vec<Vec<(u32, u32)>>,
}

impl Rewriter<'_> {
    fn host(&self, function: u32) -> Instruction<'static> {
        Instruction::Call(self.survey.imported + function)
    }

    fn wrapper(&mut self, atomic: Atomic) -> Instruction<'static> {
        let at = self.wrappers.iter().position(|known| *known == atomic).unwrap_or_else(|| {
            self.wrappers.push(atomic);
            self.wrappers.len() - 1
        });
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        Instruction::Call(self.survey.imported + ADDED + self.survey.functions + at)
    }

    fn encode_code(&mut self) -> Result<(), NotRewritten> {
        let range = self.survey.code.clone();
        let bytes = self.bytes.get(range.clone()).ok_or_else(|| NotRewritten("its code is cut off".to_owned()))?;
        let section = wasmparser::CodeSectionReader::new(wasmparser::BinaryReader::new(bytes, range.start))?;
        let mut code = CodeSection::new();
        for (index, body) in section.into_iter().enumerate() {
            let function = self.survey.imported + u32::try_from(index).unwrap_or(u32::MAX);
            self.encode_body(&mut code, function, &body?)?;
        }
        for atomic in self.wrappers.clone() {
            code.function(&self.stand_in(atomic));
        }
        self.code = Some(code);
        Ok(())
    }

    fn encode_body(
        &mut self,
        code: &mut CodeSection,
        function: u32,
        body: &wasmparser::FunctionBody<'_>,
    ) -> Result<(), NotRewritten> {
        let points = self.survey.has_points(function);
        let mut new = self.new_function_with_parsed_locals(body)?;
        if self.survey.set_stack_size == Some(function) {
            new.instruction(&Instruction::LocalGet(1));
            new.instruction(&self.host(STACK_SIZE));
        }
        let mut calls = Vec::new();
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let position = reader.original_position();
            let operator = reader.read()?;
            let note = |new: &Function, calls: &mut Vec<(u32, u32)>| {
                let old = u32::try_from(position - self.survey.code.start).unwrap_or(u32::MAX);
                calls.push((u32::try_from(new.byte_len()).unwrap_or(u32::MAX), old));
            };
            if self.bytes.get(position) == Some(&0xFE)
                && let Some(atomic) = self.atomic(position, &operator)
                && (points || atomic.code <= code::WAIT64)
            {
                note(&new, &mut calls);
                let call = self.wrapper(atomic);
                new.instruction(&call);
                continue;
            }
            match operator {
                Operator::MemoryGrow { .. } => {
                    new.instruction(&self.host(GROW));
                }
                Operator::GlobalSet { global_index } if global_index == self.survey.stack_pointer => {
                    new.instruction(&Instruction::GlobalSet(global_index));
                    new.instruction(&Instruction::GlobalGet(global_index));
                    new.instruction(&Instruction::GlobalGet(self.survey.globals));
                    new.instruction(&Instruction::I32LtS);
                    new.instruction(&Instruction::If(BlockType::Empty));
                    note(&new, &mut calls);
                    new.instruction(&self.host(OVERFLOW));
                    new.instruction(&Instruction::End);
                }
                operator => {
                    if matches!(operator, Operator::Call { .. } | Operator::CallIndirect { .. }) {
                        note(&new, &mut calls);
                    }
                    new.instruction(&self.instruction(operator)?);
                }
            }
        }
        code.function(&new);
        self.calls.push(if self.with_map { calls } else { Vec::new() });
        Ok(())
    }

    /// The atomic instruction at a position; `None` for a fence, which has no effect when one thread runs at a time.
    fn atomic(&self, position: usize, operator: &Operator<'_>) -> Option<Atomic> {
        let code = *self.bytes.get(position + 1)?;
        if code == code::FENCE || code > code::LAST || matches!(operator, Operator::AtomicFence) {
            return None;
        }
        let mut rest = self.bytes.get(position + 2..)?.iter();
        let mut number = || {
            let mut value = 0_u32;
            for shift in (0..32).step_by(7) {
                let byte = *rest.next()?;
                value |= u32::from(byte & 0x7F) << shift;
                if byte & 0x80 == 0 {
                    return Some(value);
                }
            }
            None
        };
        Some(Atomic { code, align: number()?, offset: number()? })
    }

    /// The stand-in for an instruction: it calls the host, then runs the instruction.
    fn stand_in(&self, atomic: Atomic) -> Function {
        let (operands, _) = atomic.signature();
        let mut f = Function::new([]);
        let address = |f: &mut Function| {
            f.instruction(&Instruction::LocalGet(0));
            f.instruction(&Instruction::I32Const(atomic.offset.cast_signed()));
            f.instruction(&Instruction::I32Add);
        };
        f.instruction(&Instruction::I32Const(i32::from(atomic.code)));
        address(&mut f);
        for operand in 0..2 {
            match operands.get(operand as usize) {
                Some(ValType::I64) => {
                    f.instruction(&Instruction::LocalGet(operand + 1));
                }
                Some(_) => {
                    f.instruction(&Instruction::LocalGet(operand + 1));
                    f.instruction(&Instruction::I64ExtendI32U);
                }
                None => {
                    f.instruction(&Instruction::I64Const(0));
                }
            }
        }
        f.instruction(&self.host(POINT));
        f.instruction(&Instruction::If(BlockType::Empty));
        f.instruction(&self.host(SWITCH));
        f.instruction(&Instruction::End);
        match atomic.code {
            code::NOTIFY => {
                address(&mut f);
                f.instruction(&Instruction::LocalGet(1));
                f.instruction(&self.host(NOTIFY));
            }
            code::WAIT32 | code::WAIT64 => {
                address(&mut f);
                f.instruction(&Instruction::LocalGet(1));
                if atomic.code == code::WAIT32 {
                    f.instruction(&Instruction::I64ExtendI32U);
                }
                f.instruction(&Instruction::LocalGet(2));
                f.instruction(&Instruction::I32Const(if atomic.code == code::WAIT32 { 4 } else { 8 }));
                f.instruction(&self.host(WAIT));
            }
            _ => {
                for local in 0..=u32::try_from(operands.len()).unwrap_or(0) {
                    f.instruction(&Instruction::LocalGet(local));
                }
                let mut raw = vec![0xFE, atomic.code];
                leb(&mut raw, atomic.align);
                leb(&mut raw, atomic.offset);
                f.raw(raw);
            }
        }
        f.instruction(&Instruction::End);
        f
    }
}

fn leb(bytes: &mut Vec<u8>, mut value: u32) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            bytes.push(low & 0x7F);
            return;
        }
        bytes.push(low | 0x80);
    }
}

impl Reencode for Rewriter<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        Ok(if function >= self.survey.imported { function + ADDED } else { function })
    }

    fn memory_type(&mut self, memory: wasmparser::MemoryType) -> Result<wasm_encoder::MemoryType, reencode::Error> {
        Ok(wasm_encoder::MemoryType { maximum: Some(PAGES_MAX.max(memory.initial)), ..memory.into() })
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        reencode::utils::parse_type_section(self, types, section)?;
        for (_, parameters, results) in IMPORTS {
            types.ty().function(parameters.iter().copied(), results.iter().copied());
        }
        for atomic in &self.wrappers {
            let (operands, results) = atomic.signature();
            let parameters: Vec<ValType> = [ValType::I32].into_iter().chain(operands).collect();
            types.ty().function(parameters, results);
        }
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        reencode::utils::parse_import_section(self, imports, section)?;
        for (kind, (name, ..)) in (self.survey.types..).zip(IMPORTS) {
            imports.import(HOST, name, EntityType::Function(kind));
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        reencode::utils::parse_function_section(self, functions, section)?;
        for (kind, _) in (self.survey.types + ADDED..).zip(&self.wrappers) {
            functions.function(kind);
        }
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        reencode::utils::parse_global_section(self, globals, section)?;
        globals.global(GlobalType { val_type: ValType::I32, mutable: true, shared: false }, &ConstExpr::i32_const(0));
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        reencode::utils::parse_export_section(self, exports, section)?;
        exports.export(STACK_LOW, ExportKind::Global, self.survey.globals);
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        _: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        *code = self.code.take().unwrap_or_default();
        Ok(())
    }

    /// Names and line tables are read from the old module; the new one has none.
    fn parse_custom_section(
        &mut self,
        _: &mut wasm_encoder::Module,
        _: wasmparser::CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        Ok(())
    }
}
