//! Dependencies point one way: which crate, and which room of the grader, may use which.

use super::rust;
use super::tree::{Finding, Tree};

/// Each crate's folder, name, and the crates of ours that it may depend on. Tests may look further.
const CRATES: &[(&str, &str, &[&str])] = &[
    ("notation", "cachedojo-notation", &[]),
    ("wire", "cachedojo-wire", &[]),
    ("", "cachedojo", &["cachedojo-notation"]),
    ("trace", "cachedojo-trace", &["cachedojo", "cachedojo-notation"]),
    ("lab", "cachedojo-lab", &["cachedojo", "cachedojo-notation", "cachedojo-wire"]),
    ("judge", "cachedojo-judge", &["cachedojo", "cachedojo-lab", "cachedojo-notation", "cachedojo-wire"]),
    (
        "www/bindings",
        "cachedojo-page",
        &["cachedojo", "cachedojo-judge", "cachedojo-lab", "cachedojo-notation", "cachedojo-trace", "cachedojo-wire"],
    ),
    ("www/bindings/first", "cachedojo-first", &["cachedojo-page"]),
    ("www/bindings/cluster", "cachedojo-cluster", &["cachedojo-page"]),
    ("www/bindings/whole", "cachedojo-whole", &["cachedojo-page"]),
    ("server", "cachedojo-server", &["cachedojo", "cachedojo-notation"]),
    (
        "grader",
        "grader",
        &["cachedojo", "cachedojo-judge", "cachedojo-lab", "cachedojo-notation", "cachedojo-trace", "cachedojo-wire"],
    ),
    ("client", "cachedojo-client", &[]),
    ("simulate", "cachedojo-simulate", &["cachedojo", "cachedojo-lab"]),
    ("bench", "cachedojo-bench", &["cachedojo", "cachedojo-trace"]),
    ("xtask", "xtask", &[]),
];

/// The rooms of the grader, in order: each may use those before it.
const ROOMS: &[&str] = &[
    "host", "intake", "pack", "course", "report", "language", "run", "class", "queue", "attacks", "cli", "serve",
    "commands",
];

/// The packages that only the page's crate may know.
const PAGE_ONLY: &[&str] = &["wasm-bindgen", "web-sys", "js-sys", "serde-wasm-bindgen", "tsify"];

pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for member in members(tree).filter(|member| CRATES.iter().all(|(known, ..)| known != member)) {
        let message = format!("`{member}` has no row in xtask/src/tidy/layers.rs: say there what it may depend on");
        findings.push(Finding::new("Cargo.toml", 0, message));
    }
    for (path, text) in tree.files.iter().filter(|(path, _)| path.ends_with("Cargo.toml")) {
        let folder = path.strip_suffix("Cargo.toml").unwrap_or_default().trim_end_matches('/');
        let Some((_, name, allowed)) = CRATES.iter().find(|(known, ..)| *known == folder) else { continue };
        let page_only = if folder == "www/bindings" { &[] } else { PAGE_ONLY };
        for (line, dependency) in dependencies(text) {
            let is_ours = CRATES.iter().any(|(_, known, _)| *known == dependency);
            if is_ours && !allowed.contains(&dependency) {
                findings.push(Finding::new(
                    path,
                    line,
                    format!("`{name}` may not depend on `{dependency}`: arrows point one way, see ARCHITECTURE.md"),
                ));
            }
            if page_only.contains(&dependency) {
                findings.push(Finding::new(
                    path,
                    line,
                    format!("`{dependency}` is for www/bindings alone, the one crate that knows wasm-bindgen"),
                ));
            }
        }
    }
    rooms(tree, findings);
}

/// The folders of the workspace's members.
fn members(tree: &Tree) -> impl Iterator<Item = &str> {
    let manifest = tree.files.get("Cargo.toml").map_or("", String::as_str);
    let list = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']'));
    list.map_or("", |(list, _)| list)
        .split(',')
        .map(|name| name.trim().trim_matches('"'))
        .filter(|name| !name.is_empty())
}

/// The names under `[dependencies]`, also of a target, with their lines; without those for tests.
fn dependencies(manifest: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_in = false;
    manifest.lines().enumerate().filter_map(move |(index, line)| {
        if line.starts_with('[') {
            is_in = line == "[dependencies]" || (line.starts_with("[target.") && line.ends_with("'.dependencies]"));
            return None;
        }
        let name = line.split(['=', '.', ' ']).next().filter(|name| !name.is_empty() && !line.starts_with('#'))?;
        is_in.then_some((index + 1, name))
    })
}

fn rooms(tree: &Tree, findings: &mut Vec<Finding>) {
    for (path, text) in tree.rust().filter(|(path, _)| !tree.is_test(path)) {
        let Some(inner) = path.strip_prefix("grader/src/") else { continue };
        let room = inner.split(['/', '.']).next().unwrap_or_default();
        let Some(place) = ROOMS.iter().position(|known| *known == room) else {
            if !matches!(room, "lib" | "main") {
                let message = format!(
                    "`{room}` is no room of the grader: put the file into one, or name it in xtask/src/tidy/layers.rs"
                );
                findings.push(Finding::new(path, 0, message));
            }
            continue;
        };
        let code = rust::without_tests(&rust::split(text).0);
        for (index, line) in code.lines().enumerate() {
            for other in line.split("crate::").skip(1) {
                let other = other.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
                if ROOMS.iter().position(|known| *known == other).is_some_and(|there| there > place) {
                    findings.push(Finding::new(
                        path,
                        index + 1,
                        format!("`{room}` may not know `{other}`: rooms know those before them, see ARCHITECTURE.md"),
                    ));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_upward_is_found_in_a_manifest_and_in_a_room() {
        let tree = Tree::of(&[
            (
                "lab/Cargo.toml",
                "[dependencies]\ncachedojo-judge.workspace = true\ncachedojo-wire = { path = \"../wire\" }\n",
            ),
            (
                "Cargo.toml",
                "[dependencies]\nserde = \"1\"\n[target.'cfg(unix)'.dependencies]\nweb-sys = \"1\"\n[dev-dependencies]\ncachedojo-lab.workspace = true\n",
            ),
            ("grader/src/host/a.rs", "use crate::report;\n#[cfg(test)]\nmod tests { use crate::commands; }\n"),
            ("grader/src/report/b.rs", "use crate::host::x; // crate::serve\n"),
            ("grader/src/attic.rs", ""),
        ]);
        let mut findings = Vec::new();
        check(&tree, &mut findings);
        let found: Vec<_> = findings.iter().map(|finding| (finding.path.as_str(), finding.line)).collect();
        let wanted =
            [("Cargo.toml", 4), ("lab/Cargo.toml", 2), ("grader/src/attic.rs", 0), ("grader/src/host/a.rs", 1)];
        assert_eq!(found, wanted, "{findings:?}");
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        let tree = Tree::of(&[("Cargo.toml", "[workspace]\nmembers = [\"lab\", \"attic\"]\n")]);
        let mut findings = Vec::new();
        check(&tree, &mut findings);
        let found: Vec<_> = findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(found, ["`attic` has no row in xtask/src/tidy/layers.rs: say there what it may depend on"]);
    }
}
