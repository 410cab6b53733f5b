//! The grader: from a submission's source to a report that can be defended.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`cli`] | the command line's arguments |
//! | [`commands`] | the commands, one module each |
//! | [`outcome`] | how a command ends: exit codes, and the one error that is the caller's |
//! | [`pack`] | exercises as data: built in, or a teacher's folder |
//! | [`submission`] | a submission as text, whatever folder it comes in |
//! | [`interface`], [`prototype`] | what an exercise asks for: how it is spoken to, which items, which crates |
//! | [`inspect`], [`forbidden`] | which of them a submission has, and what it must not have |
//! | [`toolbox`] | what it is compiled against, built once |
//! | [`sandbox`], [`rustc`] | the compiler, confined |
//! | [`build`] | all of that in order: from text to a program |
//! | [`attacks`] | submissions that try to cheat, and what must come of them |
//! | [`wasm`] | the program as a subject, in a world that is given to it |
//! | [`mod@bench`], [`grading`] | what grading needs, and the one way from a submission to its report |
//! | [`mutants`] | known bugs: patches of the solution, built and judged like submissions |
//! | [`report`] | one report, many formats |
//! | [`diagnostic`], [`printable`] | what is said of a source; text from a stranger, made safe |
//! | [`class`] | many submissions: found, graded on all cores, remembered, compared |
//! | [`serve`] | the playground and a grading API, for programs and pages of this machine |

#![deny(unsafe_code)]

pub mod attacks;
pub mod bench;
pub mod build;
pub mod class;
pub mod cli;
pub mod commands;
pub mod diagnostic;
pub mod forbidden;
pub mod grading;
pub mod inspect;
pub mod interface;
pub mod mutants;
pub mod outcome;
pub mod pack;
pub mod printable;
pub mod prototype;
pub mod report;
pub mod rustc;
pub mod sandbox;
pub mod serve;
pub mod submission;
pub mod toolbox;
pub mod wasm;
