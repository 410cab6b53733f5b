//! Limits that whoever called the grader has set for it, as a shell's `ulimit` does. A mark must not depend on them: where one
//! leaves less than a grading may need, nothing is graded.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A limit that must not be lower.
struct Need {
    resource: Resource,
    least: u64,
    name: &'static str,
    /// The shell's word for it, and how many bytes or seconds its unit is.
    flag: &'static str,
    unit: u64,
}

const KIB: u64 = 1 << 10;

const NEEDS: &[Need] = &[
    // A module's memory is reserved as a whole, with what guards it: 4 GiB and some, of which next to nothing is used. The data comes
    // on top.
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

/// Raises the soft limits that may be raised, and looks whether all are as high as a grading needs them. Cost: some calls of
/// the kernel.
///
/// # Errors
/// One is not: a sentence that names it and what to do.
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
