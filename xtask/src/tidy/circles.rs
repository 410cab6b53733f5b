//! No file imports in a circle. A file imports another if it names something that is defined there; a re-exported name
//! counts as its original definition.

use super::rust::{self, Use};
use super::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// A module of a crate, as its path.
type Module = Vec<String>;

struct File {
    path: String,
    uses: Vec<Use>,
    /// Code without its `use` lines and tests.
    code: String,
}

/// Every circle: the paths of its files, in order.
pub(crate) fn circles(tree: &Tree) -> Vec<Vec<String>> {
    crates(tree).values().flat_map(of_crate).collect()
}

/// Every circle with its edges: which file names what of which other.
pub(crate) fn lines_of_circles(tree: &Tree) -> Vec<String> {
    let crates = crates(tree);
    let mut lines = Vec::new();
    for (number, circle) in circles(tree).iter().enumerate() {
        lines.push(format!("circle {}:", number + 1));
        let files = crates.values().find(|files| files.values().any(|file| file.path == circle[0]));
        for (module, file) in files.into_iter().flatten().filter(|(_, file)| circle.contains(&file.path)) {
            for (other, names) in imports(files.expect("a circle is of a crate"), module, file) {
                let there = &files.expect("a circle is of a crate")[other].path;
                if circle.contains(there) {
                    let names: Vec<_> = names.into_iter().collect();
                    lines.push(format!("  {} -> {there}: {}", file.path, names.join(", ")));
                }
            }
        }
    }
    lines
}

fn crates(tree: &Tree) -> BTreeMap<&str, BTreeMap<Module, File>> {
    let mut crates: BTreeMap<&str, BTreeMap<Module, File>> = BTreeMap::new();
    for (path, text) in tree.rust().filter(|(path, _)| !tree.is_test(path)) {
        let Some((home, inner)) = home_of(path) else { continue };
        let code = rust::without_tests(&rust::split(text).0);
        let (uses, code) = rust::uses(&code);
        crates.entry(home).or_default().insert(module_of(inner), File { path: path.to_owned(), uses, code });
    }
    crates
}

/// A source file's crate and module path.
fn home_of(path: &str) -> Option<(&str, &str)> {
    let at = if path.starts_with("src/") { 0 } else { path.find("/src/")? + 1 };
    Some((&path[..at], &path[at + 4..]))
}

fn module_of(inner: &str) -> Module {
    let stem = inner.strip_suffix(".rs").unwrap_or(inner);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if matches!(stem, "lib" | "mod") { Vec::new() } else { stem.split('/').map(str::to_owned).collect() }
}

fn of_crate(files: &BTreeMap<Module, File>) -> Vec<Vec<String>> {
    let edges: BTreeMap<&Module, BTreeSet<&Module>> =
        files.iter().map(|(module, file)| (module, imports(files, module, file).into_keys().collect())).collect();
    // The graphs are small, so reachability is computed for all pairs.
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        edges.keys().map(|module| (*module, reach(&edges, module))).collect();
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for (module, theirs) in &reached {
        let circle: BTreeSet<_> =
            theirs.iter().filter(|other| **other == *module || reached[**other].contains(*module)).copied().collect();
        if circle.len() > 1 && seen.insert(circle.clone()) {
            circles.push(circle.iter().map(|module| files[*module].path.clone()).collect());
        }
    }
    circles
}

fn reach<'a>(edges: &BTreeMap<&'a Module, BTreeSet<&'a Module>>, from: &'a Module) -> BTreeSet<&'a Module> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        for other in &edges[module] {
            if reached.insert(*other) {
                next.push(other);
            }
        }
    }
    reached
}

/// The files that a file names, each with the names used.
fn imports<'a>(
    files: &'a BTreeMap<Module, File>,
    module: &Module,
    file: &File,
) -> BTreeMap<&'a Module, BTreeSet<String>> {
    let children = files.keys().filter(|other| other.len() == module.len() + 1 && other.starts_with(module));
    let mut heads: Vec<String> = children.filter_map(|child| child.last().cloned()).collect();
    heads.extend(["crate", "super", "self"].map(str::to_owned));
    let inline = rust::paths(&without_visibility(&file.code), &heads);
    let used = file.uses.iter().filter(|used| !used.is_export).map(|used| used.path.clone());
    let mut imports: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for path in inline.into_iter().chain(used).filter_map(|path| absolute(files, module, &path)) {
        if let Some(target) = origin(files, &path, 0).filter(|target| *target != module) {
            imports.entry(target).or_default().extend(path.last().cloned());
        }
    }
    imports
}

/// Code without `pub(in …)`: that is visibility, not an import.
fn without_visibility(code: &str) -> String {
    let mut parts = code.split("pub(in ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |code, part| code + part.split_once(')').map_or(part, |(_, rest)| rest))
}

/// A path from its crate's root; `None` where it leads into another crate.
fn absolute(files: &BTreeMap<Module, File>, module: &Module, path: &[String]) -> Option<Module> {
    let (head, rest) = path.split_first()?;
    let mut base = match head.as_str() {
        "crate" => Vec::new(),
        "self" => module.clone(),
        "super" => module.split_last()?.1.to_vec(),
        child => {
            let there: Module = module.iter().cloned().chain([child.to_owned()]).collect();
            return files.contains_key(&there).then(|| there.into_iter().chain(rest.iter().cloned()).collect());
        }
    };
    let mut rest = rest;
    while let Some((first, more)) = rest.split_first().filter(|(first, _)| *first == "super") {
        _ = first;
        base.pop();
        rest = more;
    }
    base.extend(rest.iter().cloned());
    Some(base)
}

/// The file in which the item at a path is defined.
fn origin<'a>(files: &'a BTreeMap<Module, File>, path: &[String], depth: usize) -> Option<&'a Module> {
    let length = (0..=path.len()).rev().find(|length| files.contains_key(&path[..*length]))?;
    let (module, file) = files.get_key_value(&path[..length])?;
    let Some(name) = path.get(length) else { return Some(module) };
    let exported = file.uses.iter().find(|used| used.is_export && used.name == *name).filter(|_| depth < 8);
    let there = exported.and_then(|used| absolute(files, module, &used.path));
    match there.map(|there| there.into_iter().chain(path[length + 1..].iter().cloned()).collect::<Vec<_>>()) {
        Some(there) => origin(files, &there, depth + 1),
        None => Some(module),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_found_whichever_way_it_is_written() {
        let tree = Tree::of(&[
            ("lab/src/lib.rs", "pub mod a;\npub mod b;\npub mod c;\n"),
            ("lab/src/a.rs", "use crate::b::{self, X};\n"),
            ("lab/src/b.rs", "fn f() -> super::c::Y { todo }\n"),
            ("lab/src/c/mod.rs", "mod d;\npub use d::Y;\nuse d::Z;\n"),
            ("lab/src/c/d.rs", "fn g() { crate::a::h() }\n#[cfg(test)]\nmod tests { use super::super::W; }\n"),
        ]);
        assert_eq!(circles(&tree), [["lab/src/a.rs", "lab/src/b.rs", "lab/src/c/d.rs"]]);
    }

    #[test]
    fn exporting_again_declaring_testing_and_being_seen_make_no_circle() {
        let tree = Tree::of(&[
            ("src/lib.rs", "pub mod ring;\n"),
            (
                "src/ring/mod.rs",
                "mod mark;\nmod plan;\nmod point;\npub use plan::Plan;\npub use point::Point;\nuse mark::A;\n",
            ),
            ("src/ring/plan.rs", "use crate::ring::Point;\n"),
            ("src/ring/mark.rs", "pub(in super::super) const A: u8 = 1;\n"),
            ("src/ring/point.rs", "#[cfg(test)]\nmod tests { use crate::ring::Plan; }\n"),
        ]);
        assert!(circles(&tree).is_empty());
    }
}
