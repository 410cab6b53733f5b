//! Limits set by the caller's shell with `ulimit`. A mark must not depend on them: if one is lower than a grading may need,
//! nothing is graded.

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
        least: super::budget::GRADING.as_secs(),
        name: "processor time",
        flag: "-t",
        unit: 1,
    },
    Need { resource: Resource::Stack, least: 4 << 20, name: "the stack", flag: "-s", unit: KIB },
    Need { resource: Resource::Nofile, least: 64, name: "open files", flag: "-n", unit: 1 },
];

/// Raises the soft limits as far as allowed, and checks that all are high enough for a grading. Cost: some system calls.
///
/// # Errors
/// One is too low: a sentence that names it and the remedy.
pub fn suffice() -> Result<(), String> {
    for need in NEEDS {
        let Rlimit { current, maximum } = getrlimit(need.resource);
        let lower = |limit: Option<u64>| limit.is_some_and(|limit| limit < need.least);
        if lower(maximum) {
            let (flag, least, has) = (need.flag, need.least / need.unit, maximum.unwrap_or(0) / need.unit);
            return Err(format!(
                "this shell limits {} to {has} (`ulimit {flag}`), and grading needs {least}: say `ulimit {flag} unlimited` where \
                 the limit is set",
                need.name
            ));
        }
        if lower(current) {
            setrlimit(need.resource, Rlimit { current: Some(need.least), maximum })
                .map_err(|error| format!("the limit on {} cannot be raised: {error}", need.name))?;
        }
    }
    Ok(())
}
