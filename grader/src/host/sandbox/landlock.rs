//! Landlock: which files the program may read; it may write only to its scratch folder.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

/// Confines this process for good. Landlock's first version (files) is required; later ones (truncation, network, signals) are
/// used where the kernel has them.
///
/// # Errors
/// The kernel has no Landlock.
pub(super) fn confine(scratch: &Path, writes: bool, readable: &[PathBuf]) -> Result<(), String> {
    match rules(scratch, writes, readable) {
        Ok(RulesetStatus::NotEnforced) => Err("the kernel has no Landlock".to_owned()),
        Ok(_) => Ok(()),
        Err(error) => Err(format!("Landlock: {error}")),
    }
}

fn rules(scratch: &Path, writes: bool, readable: &[PathBuf]) -> Result<RulesetStatus, RulesetError> {
    let all = ABI::V6;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(all))?
        .handle_access(AccessNet::from_all(all))?
        .scope(Scope::from_all(all))?
        .create()?;
    let (reading, of_files) = (AccessFs::from_read(all), AccessFs::from_file(all));
    for path in readable {
        // A path that does not exist on this system needs no rule.
        if let Ok(file) = PathFd::new(path) {
            let access = if path.is_dir() { reading } else { reading & of_files };
            ruleset = ruleset.add_rule(PathBeneath::new(file, access))?;
        }
    }
    if let Ok(null) = PathFd::new("/dev/null") {
        ruleset = ruleset.add_rule(PathBeneath::new(null, AccessFs::ReadFile | AccessFs::WriteFile))?;
    }
    if let Ok(folder) = PathFd::new(scratch) {
        let plain = AccessFs::MakeReg | AccessFs::MakeDir | AccessFs::RemoveFile | AccessFs::RemoveDir;
        let written = AccessFs::WriteFile | AccessFs::Truncate | AccessFs::Refer | plain;
        let access = AccessFs::ReadFile | AccessFs::ReadDir;
        ruleset = ruleset.add_rule(PathBeneath::new(folder, if writes { access | written } else { access }))?;
    }
    ruleset.restrict_self().map(|status| status.ruleset)
}
