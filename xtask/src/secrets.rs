//! Checks that nothing hidden reaches the page: no script of a hidden check, no sentence of a graded exercise's bug, no lesson's
//! solution is in any file that is served.

use crate::project::Project;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use walkdir::WalkDir;

/// Shorter lines occur in many scripts, and give nothing away.
const LINE_BYTES_MIN: usize = 16;

/// Something that must not be served: where it is from, and its text.
type Secret = (String, String);

/// Looks through every file of the built page.
///
/// # Errors
/// A file contains something hidden: which file, and what.
pub(crate) fn check(project: &Project, dist: &Path) -> Result<()> {
    let mut secrets = Vec::new();
    for entry in std::fs::read_dir(project.root.join("exercises"))? {
        let folder = entry?.path();
        if let Ok(manifest) = std::fs::read_to_string(folder.join("exercise.toml")) {
            let script =
                |id: &str| std::fs::read_to_string(folder.join(format!("checks/{id}.txt"))).unwrap_or_default();
            secrets.extend(of_exercise(&folder.display().to_string(), &manifest, &script));
        }
    }
    let lessons = project.root.join("exercises/script-hunts/lessons");
    for entry in std::fs::read_dir(&lessons).with_context(|| format!("reading `{}`", lessons.display()))? {
        let path = entry?.path();
        secrets.extend(of_lesson(&path.display().to_string(), &std::fs::read_to_string(&path)?));
    }
    ensure!(!secrets.is_empty(), "the exercises hold nothing hidden: are they in `exercises/`?");
    for entry in WalkDir::new(dist) {
        let entry = entry?;
        if entry.file_type().is_file() {
            let bytes = std::fs::read(entry.path())?;
            let found = first_secret_in(&String::from_utf8_lossy(&bytes), &secrets);
            ensure!(found.is_none(), "`{}` is served, and tells {}", entry.path().display(), found.unwrap_or_default());
        }
    }
    Ok(())
}

/// The first secret that a file contains, as text or as JSON writes it.
fn first_secret_in(text: &str, secrets: &[Secret]) -> Option<String> {
    let found = secrets.iter().find(|(_, secret)| {
        let json = serde_json::to_string(secret).unwrap_or_default();
        text.contains(secret.as_str()) || text.contains(json.trim_matches('"'))
    });
    found.map(|(place, secret)| format!("what {place} hides: {secret}"))
}

/// The sentences of an exercise's bugs, and the lines that only its hidden checks have.
fn of_exercise(name: &str, manifest: &str, script: &dyn Fn(&str) -> String) -> Vec<Secret> {
    let mut secrets = Vec::new();
    let (mut shown, mut hidden) = (String::new(), Vec::new());
    for table in manifest.split("\n[[").skip(1) {
        let field =
            |name: &str| table.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix("= "));
        if table.starts_with("mutants]]") {
            let texts = field("sentence").into_iter().flat_map(|value| value.split('"').skip(1).step_by(2));
            secrets.extend(texts.map(|text| (name.to_owned(), text.to_owned())));
        }
        let id = field("id").map(|value| value.trim_matches('"')).unwrap_or_default();
        if table.starts_with("checks]]") {
            let text = script(id);
            if field("visibility") == Some("\"hidden\"") { hidden.push((id, text)) } else { shown.push_str(&text) }
        }
    }
    for (id, text) in hidden {
        let own = text.lines().filter(|line| line.len() >= LINE_BYTES_MIN && !shown.contains(line));
        secrets.extend(own.map(|line| (format!("{name}, check {id}"), line.to_owned())));
    }
    secrets
}

/// A lesson's solution as a whole: single lines of it may also be in the visible scripts.
fn of_lesson(name: &str, file: &str) -> Vec<Secret> {
    let solution = file.split_once("\nsolution = '''\n").and_then(|(_, rest)| rest.split_once("'''"));
    let whole = solution.filter(|(text, _)| text.lines().count() > 1 && !file.replacen(text, "", 1).contains(text));
    whole.map(|(text, _)| (name.to_owned(), text.to_owned())).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "id = \"x\"\n\n[[checks]]\nid = \"seen\"\n\n[[checks]]\nid = \"unseen\"\nvisibility = \"hidden\"\n\n\
        [[mutants]]\nid = \"m\"\nsentence = { en = \"It forgets all.\", fr = \"Il oublie tout.\" }\nhint = { en = \"a\", fr = \"b\" }\n";

    fn script(id: &str) -> String {
        let own = if id == "unseen" { "node set planted ttl 9s\nexpect no\n" } else { "" };
        format!("== A // B\nnode new 1000 lru\n{own}")
    }

    #[test]
    fn a_bug_s_sentence_a_hidden_script_and_a_solution_are_found_where_they_are_served() {
        let mut secrets = of_exercise("x", MANIFEST, &script);
        secrets.extend(of_lesson("l", "[script]\nstarter = ''\nsolution = '''\nring add a\nring add b\n'''\n"));
        let texts: Vec<_> = secrets.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(
            texts,
            ["It forgets all.", "Il oublie tout.", "node set planted ttl 9s", "ring add a\nring add b\n"]
        );
        for served in [
            "var a='It forgets all.'",
            "{\"template\":\"node set planted ttl 9s\\n\"}",
            "{\"solution\":\"ring add a\\nring add b\\n\"}",
        ] {
            assert!(first_secret_in(served, &secrets).is_some(), "{served}");
        }
        assert_eq!(first_secret_in("node new 1000 lru\nring add a\n", &secrets), None);
    }
}
