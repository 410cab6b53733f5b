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
use wasmparser::{Operator, Parser};

mod atomic;
mod imports;
mod survey;

use atomic::Atomic;
pub(super) use atomic::code;
use imports::{ADDED, GROW, IMPORTS, OVERFLOW, STACK_SIZE};
pub(super) use survey::NotRewritten;
use survey::{Survey, survey};

/// The import module of the functions that a rewritten module calls.
pub(super) const HOST: &str = "dojo";
/// The exported global that holds the lowest address the running thread's stack may reach.
pub(super) const STACK_LOW: &str = "dojo_stack_low";

/// The most pages of a rewritten module's memory: addresses stay positive numbers, so one comparison checks a stack.
pub(super) const PAGES_MAX: u64 = (1 << 15) - 1;

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
            code.function(&atomic.stand_in(self.survey.imported));
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
                && let Some(atomic) = Atomic::at(self.bytes, position, &operator)
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
