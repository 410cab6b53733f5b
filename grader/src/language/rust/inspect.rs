//! Inspects a submission's source before any compiler reads it: which items of the prototype it has, and what is
//! forbidden.
//!
//! Forbidden things are searched for in the *tokens*, so that a macro's body counts as code, while comments and strings do not.
//! Code under `#[cfg(test)]` is ignored: it is never compiled here. Items are found in the syntax tree. Both are permissive: what
//! only the compiler can know (an item made by a macro, a missing crate) is left to the compiler, and the sandbox prevents
//! anything that was overlooked from reading the host's files.

use std::collections::{BTreeMap, BTreeSet};

use crate::intake::diagnostic::{self, Diagnostic};
use crate::intake::submission::Submission;
use crate::language::rust::forbidden::{self, Names, TOKENS_MAX};
use crate::language::rust::interface::Interface;
use crate::language::rust::prototype::{Prototype, declaration, text_of, type_name};
use crate::language::toolchain::Rejected;
use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The findings about a submission's source.
#[derive(Debug, Clone, Default)]
pub struct Inspection {
    /// What the exercise forbids, each at its place; then the submission is not compiled.
    pub forbidden: Vec<Diagnostic>,
    /// Crates that the source seems to use and the exercise does not allow; the compiler decides.
    pub foreign_crates: BTreeSet<String>,
    /// The items of the prototype to try: those that exist, and those that might.
    pub items: BTreeSet<String>,
    /// Messages about items that are not tried.
    pub remarks: Vec<Diagnostic>,
    /// Whether its futures need tokio's runtime.
    pub uses_tokio: bool,
    /// Whether it may start threads, so that it must be compiled for a target with threads.
    pub spawns: bool,
    /// Files that cannot be tokenised, so that their content is unknown.
    pub unread: Vec<Unread>,
    found: BTreeMap<String, Found>,
}

/// A file that cannot be tokenised. The compiler's messages about it are better than ours, so the compiler may read it, unless it
/// names something that would make the compiler read other files.
#[derive(Debug, Clone)]
pub struct Unread {
    /// Its name.
    pub file: String,
    /// What there is to say about it.
    pub diagnostic: Diagnostic,
    /// Whether it names something forbidden, even if only in a comment.
    pub suspicious: bool,
}

fn unread(file: &str, text: &str, error: &proc_macro2::LexError) -> Unread {
    let suspicious = forbidden::names_something(text);
    let why = if suspicious { ", and it names what is forbidden, so the compiler is not asked" } else { "" };
    let message = format!("this file is no Rust: a quote or a bracket is not closed{why}");
    let start = error.span().start();
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let diagnostic = diagnostic::at(file, number(start.line), number(start.column + 1), &message);
    Unread { file: file.to_owned(), diagnostic, suspicious }
}

/// An item, with its place.
#[derive(Debug, Clone)]
struct Found {
    file: String,
    line: u32,
    column: u32,
    declaration: String,
    public: bool,
    /// Whether it is a function that returns a future.
    waits: bool,
}

/// The parser recurses on the stack, and so does everything that walks its trees: this is enough for [`forbidden::DEPTH_MAX`].
const STACK_BYTES: usize = 256 << 20;

/// Inspects a submission. Files that cannot be parsed are left to the compiler's better messages. Cost: O(source).
///
/// # Errors
/// This machine has no memory for the inspector: this says nothing about the submission.
pub fn inspect(submission: &Submission, interface: &Interface) -> Result<Inspection, Rejected> {
    let work = || inspect_here(submission, interface);
    std::thread::scope(|scope| {
        let inspector = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        let inspector = inspector.map_err(|error| {
            Rejected::harness(&format!(
                "no thread can be started to read the submission ({error}): see `grader doctor`"
            ))
        })?;
        Ok(inspector.join().unwrap_or_else(|_| Inspection {
            forbidden: vec![diagnostic::general("this source cannot be inspected; make it simpler")],
            ..Inspection::default()
        }))
    })
}

impl Inspection {
    /// Whether the function returns a future.
    pub fn waits(&self, item: &str) -> bool {
        self.found.get(item).is_some_and(|found| found.waits)
    }

    /// A message that an item differs from the prototype, with both declarations; `reason` is the compiler's, and `graded` says
    /// whether it can be used all the same.
    pub fn deviation(&self, root: &str, prototype: &Prototype, item: &str, reason: &str, graded: bool) -> Diagnostic {
        let expected = prototype.get(item).map(|item| item.declaration.as_str()).unwrap_or_default();
        let so = if graded {
            "its meaning is plain, so it is graded all the same and costs nothing"
        } else {
            "so it is not graded"
        };
        let further = self.further_fields(prototype).remove(item).unwrap_or_default();
        match self.found.get(item) {
            Some(found) if !graded && !further.is_empty() => {
                let text = format!(
                    "`{item}` has public fields that the prototype lacks (`{}`), and the grader cannot fill them in, {so}: give \
                     each a type with a `Default`, or make do without; expected `{expected}`",
                    further.join("`, `")
                );
                diagnostic::at(&found.file, found.line, found.column, &text)
            }
            Some(found) if found.public && !same(&found.declaration, expected) => {
                let declaration = &found.declaration;
                let text = format!(
                    "`{item}` is not as the prototype has it, {so}: expected `{expected}`, found `{declaration}`"
                );
                diagnostic::at(&found.file, found.line, found.column, &text)
            }
            Some(found) => {
                let text =
                    format!("`{item}` cannot be used as the prototype says, {so}: expected `{expected}`; {reason}");
                diagnostic::at(&found.file, found.line, found.column, &text)
            }
            None => {
                let text = format!(
                    "`{item}` cannot be used as the prototype says, {so}: expected `{expected}` at the crate's root; {reason}"
                );
                diagnostic::at(root, 0, 0, &text)
            }
        }
    }
}

impl Inspection {
    /// Public fields that structs have here and not in the prototype, by the struct's name.
    pub fn further_fields(&self, prototype: &Prototype) -> BTreeMap<String, Vec<String>> {
        let fields = |declaration: &str| -> Vec<String> {
            let Ok(item) = syn::parse_str::<syn::ItemStruct>(declaration) else { return Vec::new() };
            let named = item.fields.iter().filter(|field| is_public(&field.vis) && field.attrs.is_empty());
            named.filter_map(|field| Some(field.ident.as_ref()?.to_string())).collect()
        };
        let items = prototype.items().filter(|item| !item.contains("::"));
        let further = items.filter_map(|item| {
            let known = fields(&prototype.get(item)?.declaration);
            let found = fields(&self.found.get(item)?.declaration);
            let further: Vec<String> = found.into_iter().filter(|field| !known.contains(field)).collect();
            (!further.is_empty() && !known.is_empty()).then(|| (item.to_owned(), further))
        });
        further.collect()
    }
}

/// Whether two declarations are equal apart from spaces and trailing commas.
fn same(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.replace(' ', "").replace(",}", "}").replace(",)", ")");
    plain(one) == plain(other)
}

fn inspect_here(submission: &Submission, interface: &Interface) -> Inspection {
    let mut inspection = Inspection::default();
    let mut items = Items::default();
    let mut local = BTreeSet::new();
    let mut used = BTreeSet::new();
    let mut threads = [false; 2];
    // A file that does not parse may contain any item.
    let mut all_read = true;
    let mut files: Vec<(&str, TokenStream)> = Vec::new();
    for (name, text) in &submission.files {
        let text = forbidden::without_shebang(text);
        match text.parse::<TokenStream>() {
            Ok(tokens) => files.push((name, tokens)),
            Err(error) => {
                all_read = false;
                inspection.unread.push(unread(name, &text, &error));
            }
        }
    }
    let names = Names::of(files.iter().map(|(_, tokens)| tokens));
    if names.tokens > TOKENS_MAX {
        let text =
            format!("this submission has {} tokens; at most {TOKENS_MAX} are inspected: make it shorter", names.tokens);
        inspection.forbidden.push(diagnostic::at(&submission.root, 0, 0, &text));
        return inspection;
    }
    for (name, tokens) in files {
        let scan = forbidden::scan(name, &tokens, &names);
        inspection.forbidden.extend(scan.forbidden);
        local.extend(scan.declared);
        used.extend(scan.roots);
        for (named, here) in threads.iter_mut().zip(scan.threads) {
            *named |= here;
        }
        if scan.too_deep {
            continue;
        }
        match syn::parse2::<syn::File>(tokens) {
            Ok(file) => items.read(name, &file),
            Err(_) => all_read = false,
        }
    }
    inspection.spawns = threads == [true; 2];
    inspection.uses_tokio = used.contains("tokio") && interface.allowed_crates.iter().any(|name| name == "tokio");
    let known = ["std", "core", "alloc", "crate", "self", "super", "Self"];
    let foreign = |name: &String| {
        !known.contains(&name.as_str()) && !local.contains(name) && !interface.allowed_crates.contains(name)
    };
    inspection.foreign_crates = used.into_iter().filter(foreign).collect();
    choose(&mut inspection, items, &interface.prototype, all_read);
    inspection
}

/// Chooses the items to try. One that is certainly missing is not tried: a failed try costs a call of the compiler.
fn choose(inspection: &mut Inspection, items: Items, prototype: &Prototype, all_read: bool) {
    for name in prototype.items() {
        let owner = name.split("::").next().unwrap_or_default();
        // A type without a declaration here may be renamed or made by a macro; then so may its methods.
        let may_be_made = !all_read || items.has_macros || (name != owner && !items.found.contains_key(owner));
        match items.found.get(name) {
            Some(found) if !found.public => {
                let text = format!("`{name}` is private, so it is not graded: write `pub` before it");
                inspection.remarks.push(diagnostic::at(&found.file, found.line, found.column, &text));
            }
            Some(_) => drop(inspection.items.insert(name.to_owned())),
            None if may_be_made || items.renamed.contains(name) || items.has_alike(name) => {
                inspection.items.insert(name.to_owned());
            }
            None => {}
        }
    }
    inspection.found = items.found;
}

/// The items of a submission, by the names a prototype gives them.
#[derive(Default)]
struct Items {
    file: String,
    found: BTreeMap<String, Found>,
    renamed: BTreeSet<String>,
    has_macros: bool,
}

impl Items {
    fn read(&mut self, name: &str, file: &syn::File) {
        name.clone_into(&mut self.file);
        self.visit_file(file);
    }

    fn add(&mut self, name: String, at: Span, public: bool, declaration: String) {
        let waits = declaration.split("->").next().is_some_and(|head| head.contains("async fn"))
            || declaration.split("->").nth(1).is_some_and(|result| result.contains("Future"));
        let start = at.start();
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let found = Found {
            file: self.file.clone(),
            line: number(start.line),
            column: number(start.column + 1),
            declaration,
            public,
            waits,
        };
        // Two modules may each have a `Node`; the public one is meant.
        if public || !self.found.contains_key(&name) {
            self.found.insert(name, found);
        }
    }

    fn has_alike(&self, name: &str) -> bool {
        let name = remembered(name);
        self.found.keys().any(|found| remembered(found) == name)
    }
}

/// A name for comparison: `CacheNode::cleanExpired` and `CacheNode::clean_expired` are equal.
fn remembered(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Items {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.add(
            item.ident.to_string(),
            item.ident.span(),
            is_public(&item.vis),
            text_of(item.struct_token.span, item.span()),
        );
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        // The methods of an alias's type have another name.
        self.has_macros = true;
        self.add(
            item.ident.to_string(),
            item.ident.span(),
            is_public(&item.vis),
            text_of(item.type_token.span, item.span()),
        );
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        let name = item.ident.to_string();
        for variant in &item.variants {
            self.add(
                format!("{name}::{}", variant.ident),
                variant.ident.span(),
                true,
                text_of(variant.ident.span(), variant.span()),
            );
        }
        self.add(name, item.ident.span(), is_public(&item.vis), text_of(item.enum_token.span, item.span()));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let Some(owner) = type_name(&item.self_ty) else { return };
        if is_test(&item.attrs) {
            return;
        }
        for inner in &item.items {
            match inner {
                syn::ImplItem::Fn(function) if item.trait_.is_none() => {
                    let name = format!("{owner}::{}", function.sig.ident);
                    self.add(
                        name,
                        function.sig.ident.span(),
                        is_public(&function.vis),
                        declaration(&function.vis, &function.sig),
                    );
                }
                syn::ImplItem::Macro(_) => self.has_macros = true,
                _ => {}
            }
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            self.add(
                item.sig.ident.to_string(),
                item.sig.ident.span(),
                is_public(&item.vis),
                declaration(&item.vis, &item.sig),
            );
        }
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        // `macro_rules! name {…}` only defines a macro; any other call may make items.
        self.has_macros |= item.ident.is_none();
    }

    fn visit_use_rename(&mut self, rename: &'ast syn::UseRename) {
        self.renamed.insert(rename.rename.to_string());
    }
}
