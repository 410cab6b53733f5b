//! Limits set by the caller's shell with `ulimit`. A mark must not depend on them: if one is lower than a grading may need,
//! nothing is graded.

use std::fmt;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A limit and the least value that it must have.
struct Need {
    resource: Resource,
    least: u64,
    name: &'static str,
    /// The shell's option for it, and the size of its unit in bytes or seconds.
    flag: &'static str,
    unit: u64,
}

const KIB: u64 = 1 << 10;

const NEEDS: &[Need] = &[
    // The address space of a module's memory is reserved as a whole, with guard pages: a bit more than 4 GiB, hardly any of it
    // used. The data comes on top.
    Need {
        resource: Resource::As,
        least: (6 << 30) + super::budget::DATA_BYTES,
        name: "address space",
        flag: "-v",
        unit: KIB,
    },
    Need { resource: Resource::Data, least: super::budget::DATA_BYTES, name: "memory for data", flag: "-d", unit: KIB },
    Need {
        resource: Resource::Fsize,
        least: super::budget::FILE_BYTES,
        name: "the size of files",
        flag: "-f",
        unit: KIB,
    },
    Need {
        resource: Resource::Cpu,
        least: super::budget::LONGEST.as_secs(),
        name: "processor time",
        flag: "-t",
        unit: 1,
    },
    Need { resource: Resource::Stack, least: 4 << 20, name: "the stack", flag: "-s", unit: KIB },
    Need { resource: Resource::Nofile, least: 64, name: "open files", flag: "-n", unit: 1 },
];

/// A limit that is too low for a grading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LowLimit {
    /// The hard limit, in the shell's units.
    Hard {
        /// What is limited.
        name: &'static str,
        /// The shell's option for it.
        flag: &'static str,
        /// The limit.
        has: u64,
        /// What a grading needs.
        least: u64,
    },
    /// The soft limit, which the system refuses to raise.
    Soft {
        /// What is limited.
        name: &'static str,
        /// Why.
        why: String,
    },
}

impl fmt::Display for LowLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hard { name, flag, has, least } => write!(
                f,
                "this shell limits {name} to {has} (`ulimit {flag}`), and grading needs {least}: say `ulimit {flag} unlimited` \
                 where the limit is set"
            ),
            Self::Soft { name, why } => write!(f, "the limit on {name} cannot be raised: {why}"),
        }
    }
}

impl std::error::Error for LowLimit {}

/// Raises the soft limits as far as allowed, and checks that all are high enough for a grading. Cost: some system calls.
///
/// # Errors
/// One is too low; the sentence names it and the remedy.
pub fn suffice() -> Result<(), LowLimit> {
    for need in NEEDS {
        let Rlimit { current, maximum } = getrlimit(need.resource);
        let lower = |limit: Option<u64>| limit.is_some_and(|limit| limit < need.least);
        if lower(maximum) {
            let (least, has) = (need.least / need.unit, maximum.unwrap_or(0) / need.unit);
            return Err(LowLimit::Hard { name: need.name, flag: need.flag, has, least });
        }
        if lower(current) {
            setrlimit(need.resource, Rlimit { current: Some(need.least), maximum })
                .map_err(|error| LowLimit::Soft { name: need.name, why: error.to_string() })?;
        }
    }
    Ok(())
}
