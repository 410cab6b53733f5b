//! The TypeScript of types that cross as JSON, generated from the Rust types and their serde attributes. A generated file that is
//! out of date is a finding: nothing is typed twice by hand.

use super::tree::{Finding, Tree};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fmt::Write;
use syn::punctuated::Punctuated;
use syn::{Attribute, Field, Fields, GenericArgument, Item, PathArguments, Token, Type, Variant};

/// The generated file.
pub(crate) const FILE: &str = "www/src/engine/types.ts";

/// The types to generate, and where they are defined; types that these name are generated too.
const ROOTS: &[(&str, &str)] = &[
    ("lab/src/event.rs", "Event"),
    ("lab/src/families/cluster/play.rs", "ClusterView"),
    ("judge/src/report.rs", "Report"),
    ("judge/src/pack/brief.rs", "Brief"),
    ("lab/src/compare.rs", "Difference"),
    ("judge/src/course/mod.rs", "PublicCourse"),
    ("judge/src/course/attempt.rs", "Attempt"),
];

/// Folders in which those types may be defined.
const HOMES: &[&str] = &["src/", "notation/src/", "lab/src/", "judge/src/"];

pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    if !ROOTS.iter().all(|(file, _)| tree.has(file)) {
        return;
    }
    match made(tree) {
        Ok(text) if tree.files.get(FILE) == Some(&text) => {}
        Ok(_) => {
            findings.push(Finding::new(FILE, 0, "is not as Rust has its types now: run `cargo xtask tidy --types`"));
        }
        Err(error) => findings.push(Finding::new(FILE, 0, format!("cannot be made: {error:#}"))),
    }
}

/// The file as generated from the present types.
pub(crate) fn made(tree: &Tree) -> Result<String> {
    make(tree, ROOTS)
}

fn make(tree: &Tree, roots: &[(&str, &str)]) -> Result<String> {
    let mut source = Source { items: BTreeMap::new(), wanted: Vec::new(), known: BTreeMap::new() };
    for (path, text) in tree.rust().filter(|(path, _)| HOMES.iter().any(|home| path.starts_with(home))) {
        if !text.contains("Serialize") {
            continue;
        }
        let file = syn::parse_file(text).with_context(|| format!("reading `{path}`"))?;
        for item in file.items {
            let (Item::Struct(syn::ItemStruct { ident, .. }) | Item::Enum(syn::ItemEnum { ident, .. })) = &item else {
                continue;
            };
            source.items.entry(ident.to_string()).or_default().push((path.to_owned(), item));
        }
    }
    for (file, name) in roots {
        source.want(file, name)?;
    }
    let mut text = "// Made from the Rust types by `cargo xtask tidy --types`: change those.\n".to_owned();
    let mut at = 0;
    while let Some((file, name)) = source.wanted.get(at).cloned() {
        at += 1;
        let found = source.find(&file, &name).with_context(|| format!("no serialised type `{name}` is there"))?;
        let (home, item) = found.clone();
        let body = source.item(&home, &item).with_context(|| format!("`{name}` in `{home}`"))?;
        _ = write!(text, "\n/** Rust: `{}::{name}`. */\nexport type {name} ={body};\n", module_of(&home));
    }
    Ok(text)
}

fn module_of(file: &str) -> String {
    file.trim_end_matches(".rs").trim_end_matches("/mod").replace("/src", "").replace('/', "::")
}

struct Source {
    items: BTreeMap<String, Vec<(String, Item)>>,
    /// File and name, in the order in which they were named.
    wanted: Vec<(String, String)>,
    /// The file that defines the type of each name so far.
    known: BTreeMap<String, String>,
}

impl Source {
    fn want(&mut self, file: &str, name: &str) -> Result<()> {
        let home = self.find(file, name).map_or(file, |(home, _)| home).to_owned();
        if let Some(known) = self.known.get(name) {
            ensure!(*known == home, "`{name}` names two types: one of `{known}`, one of `{home}`");
        } else {
            self.wanted.push((home.clone(), name.to_owned()));
            self.known.insert(name.to_owned(), home);
        }
        Ok(())
    }

    /// The type of that name: the file's own, or else the only one.
    fn find(&self, file: &str, name: &str) -> Option<&(String, Item)> {
        let all = self.items.get(name)?;
        all.iter().find(|(home, _)| home == file).or(if let [only] = all.as_slice() { Some(only) } else { None })
    }

    fn item(&mut self, file: &str, item: &Item) -> Result<String> {
        match item {
            Item::Struct(item) => {
                let how = Serde::of(&item.attrs)?;
                if let (true, Fields::Unnamed(fields)) = (how.transparent || item.fields.len() == 1, &item.fields) {
                    return Ok(format!(" {}", self.of(file, &fields.unnamed[0].ty)?));
                }
                Ok(format!(" {}", self.fields(file, &item.fields, how.rename_all.as_deref())?))
            }
            Item::Enum(item) => {
                let how = Serde::of(&item.attrs)?;
                let variants: Result<Vec<String>> =
                    item.variants.iter().map(|variant| self.variant(file, variant, &how)).collect();
                Ok(variants?.iter().fold(String::new(), |text, variant| text + "\n  | " + variant))
            }
            _ => bail!("is neither a struct nor an enum"),
        }
    }

    fn variant(&mut self, file: &str, variant: &Variant, how: &Serde) -> Result<String> {
        let own = Serde::of(&variant.attrs)?;
        let name = own.rename.unwrap_or_else(|| renamed(&variant.ident.to_string(), how.rename_all.as_deref()));
        let tag = how.tag.as_ref().map(|tag| format!("{tag}: \"{name}\""));
        Ok(match (&variant.fields, tag) {
            (Fields::Unit, None) => format!("\"{name}\""),
            (Fields::Unit, Some(tag)) => format!("{{ {tag} }}"),
            (Fields::Named(_), Some(tag)) => {
                let fields = self.fields(file, &variant.fields, how.rename_all_fields.as_deref())?;
                format!("{{ {tag}; {}", fields.trim_start_matches("{ "))
            }
            (Fields::Unnamed(fields), Some(tag)) if fields.unnamed.len() == 1 => {
                format!("({{ {tag} }} & {})", self.of(file, &fields.unnamed[0].ty)?)
            }
            (Fields::Unnamed(fields), None) if how.untagged && fields.unnamed.len() == 1 => {
                self.of(file, &fields.unnamed[0].ty)?
            }
            _ => bail!("the variant `{name}` is written in a way that is not known here"),
        })
    }

    /// An object type; flattened fields become intersections.
    fn fields(&mut self, file: &str, fields: &Fields, rename_all: Option<&str>) -> Result<String> {
        let (mut own, mut beside) = (Vec::new(), Vec::new());
        for field in fields {
            let Field { attrs, ident, ty, .. } = field;
            let how = Serde::of(attrs)?;
            let Some(ident) = ident.as_ref().filter(|_| !how.skip) else { continue };
            if how.flatten {
                beside.push(self.of(file, ty)?);
                continue;
            }
            let name = how.rename.unwrap_or_else(|| renamed_field(&ident.to_string(), rename_all));
            let (may_lack, ty) = (how.may_lack, self.of(file, ty)?);
            let ty = if may_lack { ty.trim_end_matches(" | null").to_owned() } else { ty };
            own.push(format!("{name}{}: {ty}", if may_lack { "?" } else { "" }));
        }
        let object = format!("{{ {} }}", own.join("; "));
        Ok(beside.into_iter().fold(object, |text, other| format!("{text} & {other}")))
    }

    fn of(&mut self, file: &str, ty: &Type) -> Result<String> {
        let path = match ty {
            Type::Reference(inner) => return self.of(file, &inner.elem),
            Type::Slice(inner) => return Ok(format!("{}[]", self.of(file, &inner.elem)?)),
            Type::Path(path) => path.path.segments.last().context("an empty path")?,
            _ => bail!("a field has a type that is not known here"),
        };
        let mut inner = Vec::new();
        if let PathArguments::AngleBracketed(arguments) = &path.arguments {
            for argument in &arguments.args {
                if let GenericArgument::Type(ty) = argument {
                    inner.push(self.of(file, ty)?);
                }
            }
        }
        Ok(match (path.ident.to_string().as_str(), inner.as_slice()) {
            ("String" | "str", []) => "string".to_owned(),
            ("bool", []) => "boolean".to_owned(),
            ("u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" | "f32" | "f64", []) => {
                "number".to_owned()
            }
            ("Option", [inner]) => format!("{inner} | null"),
            ("Vec" | "VecDeque" | "BTreeSet", [inner]) if inner.contains(' ') => format!("({inner})[]"),
            ("Vec" | "VecDeque" | "BTreeSet", [inner]) => format!("{inner}[]"),
            ("Box" | "Arc" | "Cow", [inner]) => inner.clone(),
            ("BTreeMap", [key, value]) if key == "string" => format!("Record<string, {value}>"),
            (name, []) => {
                self.want(file, name)?;
                name.to_owned()
            }
            (name, _) => bail!("`{name}` with arguments is not known here"),
        })
    }
}

/// Serde's attributes, as far as they change the JSON.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of serde's that is there or not")]
struct Serde {
    tag: Option<String>,
    untagged: bool,
    transparent: bool,
    rename: Option<String>,
    rename_all: Option<String>,
    rename_all_fields: Option<String>,
    flatten: bool,
    skip: bool,
    may_lack: bool,
}

impl Serde {
    fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut how = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            for meta in attribute.parse_args_with(Punctuated::<syn::Meta, Token![,]>::parse_terminated)? {
                let text = match &meta {
                    syn::Meta::NameValue(syn::MetaNameValue { value: syn::Expr::Lit(literal), .. }) => {
                        match &literal.lit {
                            syn::Lit::Str(text) => Some(text.value()),
                            _ => None,
                        }
                    }
                    _ => None,
                };
                let name = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
                match name.as_str() {
                    "tag" => how.tag = text,
                    "rename" => how.rename = text,
                    "rename_all" => how.rename_all = text,
                    "rename_all_fields" => how.rename_all_fields = text,
                    "untagged" => how.untagged = true,
                    "transparent" => how.transparent = true,
                    "flatten" => how.flatten = true,
                    "skip" | "skip_serializing" => how.skip = true,
                    "skip_serializing_if" => how.may_lack = true,
                    "default" | "deny_unknown_fields" | "expecting" => {}
                    other => ensure!(other.is_empty(), "serde's `{other}` is not known here"),
                }
            }
        }
        Ok(how)
    }
}

/// A variant's name as it is written.
fn renamed(name: &str, rule: Option<&str>) -> String {
    let snake = || {
        name.char_indices().fold(String::new(), |text, (at, c)| {
            let gap = if at > 0 && c.is_uppercase() { "_" } else { "" };
            text + gap + &c.to_lowercase().to_string()
        })
    };
    match rule {
        Some("lowercase") => name.to_lowercase(),
        Some("camelCase") => name[..1].to_lowercase() + &name[1..],
        Some("snake_case") => snake(),
        Some("kebab-case") => snake().replace('_', "-"),
        _ => name.to_owned(),
    }
}

/// A field's name as it is written.
fn renamed_field(name: &str, rule: Option<&str>) -> String {
    if rule != Some("camelCase") {
        return name.to_owned();
    }
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + &word[..1].to_uppercase() + &word[1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
        #[derive(Serialize)]
        pub struct Event<'a> {
            pub at_ms: u64,
            pub names: Vec<String>,
            pub node: Option<String>,
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub gone: Vec<Kind>,
            #[serde(flatten)]
            pub what: &'a What,
        }
        #[derive(Serialize)]
        #[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
        pub enum What {
            NotFound { for_key: String },
            Rebalanced,
            Stats(Stats),
        }
        #[derive(Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { OutOfFuel, #[serde(rename = "en")] English }
        #[derive(Serialize)]
        pub struct Stats { hits: u64 }
    "#;

    #[test]
    fn types_are_written_as_serde_writes_their_values() {
        let tree = Tree::of(&[("lab/src/event.rs", SOURCE)]);
        let text = make(&tree, &[("lab/src/event.rs", "Event")]).expect("types that are known");
        let lines: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('/')).collect();
        let wanted = [
            "export type Event = { at_ms: number; names: string[]; node: string | null; gone?: Kind[] } & What;",
            "export type Kind =",
            "  | \"out_of_fuel\"",
            "  | \"en\";",
            "export type What =",
            "  | { kind: \"notFound\"; forKey: string }",
            "  | { kind: \"rebalanced\" }",
            "  | ({ kind: \"stats\" } & Stats);",
            "export type Stats = { hits: number };",
        ];
        assert_eq!(lines, wanted);
    }

    #[test]
    fn one_name_of_two_types_is_refused() {
        let other =
            "#[derive(Serialize)]\npub struct Other { kind: Kind }\n#[derive(Serialize)]\npub enum Kind { Two }\n";
        let tree = Tree::of(&[("lab/src/event.rs", SOURCE), ("judge/src/report.rs", other)]);
        let error = make(&tree, &[("lab/src/event.rs", "Event"), ("judge/src/report.rs", "Other")]);
        assert!(format!("{:#}", error.expect_err("two types")).contains("`Kind` names two types"));
    }

    #[test]
    fn a_file_that_is_not_as_rust_has_it_is_found() {
        let sources = [
            ("lab/src/event.rs", "#[derive(Serialize)]\npub struct Event { a: u8 }\n"),
            ("lab/src/families/cluster/play.rs", "#[derive(Serialize)]\npub struct ClusterView { b: bool }\n"),
            ("judge/src/report.rs", "#[derive(Serialize)]\npub struct Report { c: String }\n"),
            ("judge/src/pack/brief.rs", "#[derive(Serialize)]\npub struct Brief { g: u8 }\n"),
            ("lab/src/compare.rs", "#[derive(Serialize)]\npub struct Difference { d: u8 }\n"),
            ("judge/src/course/mod.rs", "#[derive(Serialize)]\npub struct PublicCourse { e: u8 }\n"),
            ("judge/src/course/attempt.rs", "#[derive(Serialize)]\npub struct Attempt { f: u8 }\n"),
        ];
        let fresh = made(&Tree::of(&sources)).expect("types that are known");
        let found = |file: &str| {
            let mut findings = Vec::new();
            check(&Tree::of(&[&sources[..], &[(FILE, file)]].concat()), &mut findings);
            findings.len()
        };
        assert_eq!((found(&fresh), found(&fresh.replace("boolean", "number"))), (0, 1));
    }
}
