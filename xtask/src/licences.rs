//! Compares the licences of all crates that are compiled here with those that `deny.toml` allows. Works offline: `cargo metadata`
//! knows them.

use crate::project::Project;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use xshell::cmd;

/// The systems that our code runs on: dependencies only for others are never fetched.
const PLATFORMS: [&str; 2] = ["x86_64-unknown-linux-gnu", "wasm32-unknown-unknown"];

pub(crate) fn check(project: &Project) -> Result<()> {
    let settings = project.shell.read_file(project.root.join("deny.toml"))?;
    let allowed = allowed(&settings);
    ensure!(!allowed.is_empty(), "deny.toml allows no licence: list some under `allow`");
    let (mut crates, mut refused) = (0, BTreeSet::new());
    for platform in PLATFORMS {
        let metadata = cmd!(project.shell, "cargo metadata --locked --format-version 1 --filter-platform {platform}");
        let metadata: serde_json::Value = serde_json::from_str(&metadata.quiet().read()?)?;
        for package in metadata["packages"].as_array().context("`cargo metadata` lists no packages")? {
            let (name, licence) = (&package["name"], package["license"].as_str().unwrap_or_default());
            crates += 1;
            if !admits(licence, &allowed) {
                refused.insert(format!("{}: `{licence}`", name.as_str().unwrap_or_default()));
            }
        }
    }
    ensure!(
        refused.is_empty(),
        "no licence of these is allowed by deny.toml: {}; use another crate, or allow it there with a reason",
        refused.into_iter().collect::<Vec<_>>().join(", ")
    );
    println!("{crates} crates, each under a licence that deny.toml allows");
    Ok(())
}

/// The entries of the list `allow`.
fn allowed(settings: &str) -> BTreeSet<&str> {
    let list = settings.split_once("allow = [").and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2).collect()
}

/// Whether an SPDX expression can be met with allowed licences alone. `A/B` is how crates once wrote `A OR B`.
fn admits(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let expression = expression.replace('/', " OR ");
    let expression = expression.trim();
    let parts = |word: &str| -> Vec<String> {
        let (mut parts, mut depth) = (vec![String::new()], 0_i32);
        for token in expression.split_inclusive([' ', '(', ')']) {
            depth += i32::from(token.ends_with('(')) - i32::from(token.ends_with(')'));
            if depth == 0 && token.trim() == word {
                parts.push(String::new());
            } else if let Some(last) = parts.last_mut() {
                last.push_str(token);
            }
        }
        parts
    };
    let (any, all) = (parts("OR"), parts("AND"));
    if any.len() > 1 {
        return any.iter().any(|part| admits(part, allowed));
    }
    if all.len() > 1 {
        return all.iter().all(|part| admits(part, allowed));
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => admits(inner, allowed),
        None => allowed.contains(expression),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_met_by_allowed_licences_alone() {
        let allowed = allowed(
            "[licenses]\nallow = [\n  \"MIT\",\n  \"Apache-2.0\", \"Apache-2.0 WITH LLVM-exception\",\n  \"Unicode-3.0\",\n]\n",
        );
        for met in [
            "MIT",
            "GPL-3.0 OR MIT",
            "Unlicense/MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
            "MIT AND (GPL-3.0 OR Apache-2.0)",
        ] {
            assert!(admits(met, &allowed), "{met}");
        }
        for not in ["", "GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR MPL-2.0) AND MIT", "Apache-2.0 WITH Other"] {
            assert!(!admits(not, &allowed), "{not}");
        }
    }
}
