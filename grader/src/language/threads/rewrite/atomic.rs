//! One atomic instruction: how it is read, and the function that stands in for it.

use wasm_encoder::{BlockType, Function, Instruction, ValType};
use wasmparser::Operator;

use super::imports::{NOTIFY, POINT, SWITCH, WAIT};

/// Opcodes after the prefix of atomic instructions (0xFE), as in the threads proposal.
pub(in super::super) mod code {
    pub(in super::super::super) const NOTIFY: u8 = 0x00;
    pub(in super::super::super) const WAIT32: u8 = 0x01;
    pub(in super::super::super) const WAIT64: u8 = 0x02;
    pub(in super::super::super) const FENCE: u8 = 0x03;
    pub(in super::super::super) const FIRST: u8 = 0x10;
    pub(in super::super::super) const LAST: u8 = 0x4E;
}

/// An atomic instruction: everything that its stand-in depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Atomic {
    pub(super) code: u8,
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
    pub(super) fn signature(self) -> (Vec<ValType>, Vec<ValType>) {
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

    /// The atomic instruction at a position; `None` for a fence, which has no effect when one thread runs at a time.
    pub(super) fn at(bytes: &[u8], position: usize, operator: &Operator<'_>) -> Option<Self> {
        let code = *bytes.get(position + 1)?;
        if code == code::FENCE || code > code::LAST || matches!(operator, Operator::AtomicFence) {
            return None;
        }
        let mut rest = bytes.get(position + 2..)?.iter();
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
        Some(Self { code, align: number()?, offset: number()? })
    }

    /// The stand-in for an instruction: it calls the host, then runs the instruction.
    pub(super) fn stand_in(self, imported: u32) -> Function {
        let host = |function: u32| Instruction::Call(imported + function);
        let (operands, _) = self.signature();
        let mut f = Function::new([]);
        let address = |f: &mut Function| {
            f.instruction(&Instruction::LocalGet(0));
            f.instruction(&Instruction::I32Const(self.offset.cast_signed()));
            f.instruction(&Instruction::I32Add);
        };
        f.instruction(&Instruction::I32Const(i32::from(self.code)));
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
        f.instruction(&host(POINT));
        f.instruction(&Instruction::If(BlockType::Empty));
        f.instruction(&host(SWITCH));
        f.instruction(&Instruction::End);
        match self.code {
            code::NOTIFY => {
                address(&mut f);
                f.instruction(&Instruction::LocalGet(1));
                f.instruction(&host(NOTIFY));
            }
            code::WAIT32 | code::WAIT64 => {
                address(&mut f);
                f.instruction(&Instruction::LocalGet(1));
                if self.code == code::WAIT32 {
                    f.instruction(&Instruction::I64ExtendI32U);
                }
                f.instruction(&Instruction::LocalGet(2));
                f.instruction(&Instruction::I32Const(if self.code == code::WAIT32 { 4 } else { 8 }));
                f.instruction(&host(WAIT));
            }
            _ => {
                for local in 0..=u32::try_from(operands.len()).unwrap_or(0) {
                    f.instruction(&Instruction::LocalGet(local));
                }
                let mut raw = vec![0xFE, self.code];
                leb(&mut raw, self.align);
                leb(&mut raw, self.offset);
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
