//! Finds a learner's tests in the syntax tree, and changes the text so that the compiler keeps them: they become ordinary
//! functions, which the crate calls by number. Line numbers stay the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::intake::diagnostic;
use crate::intake::folder_of;
use crate::intake::submission::Submission;
use crate::language::rust::forbidden::{self, Names, TOKENS_MAX};
use crate::language::toolchain::{Reason, Rejected};

/// The most tests of one submission that are run.
const TESTS_MAX: usize = 400;
/// Through how many calls an assertion in a helper function is found.
const HELPERS_DEEP: usize = 3;
/// As for the inspector: the parser recurses on the stack.
const STACK_BYTES: usize = 256 << 20;

/// A test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Its name: its file, `::`, its modules and its function.
    pub(super) name: String,
    /// The path by which the crate calls it.
    path: String,
    /// Its line in its file.
    pub(super) line: u32,
    pub(super) panics: Panics,
    pub(super) ignored: bool,
}

/// Whether a test must panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Panics {
    Never,
    /// With this text in the message; empty for any.
    With(String),
}

impl Panics {
    /// Whether a panic with this message is the expected one.
    pub(super) fn fits(&self, message: &str) -> bool {
        matches!(self, Self::With(words) if message.contains(words.as_str()))
    }
}

/// The result of the search.
#[derive(Debug)]
pub(super) struct Collected {
    /// The changed files.
    pub(super) files: BTreeMap<String, String>,
    pub(super) tests: Vec<Found>,
    /// The functions of tests that assert nothing.
    pub(super) silent: BTreeSet<String>,
}

/// Finds a submission's tests. Files that cannot be parsed are left to the compiler's better messages. Cost: O(source).
///
/// # Errors
/// There is no memory to parse it, it nests too deep, or it has too many tokens.
pub(super) fn collect(submission: &Submission) -> Result<Collected, Rejected> {
    std::thread::scope(|scope| {
        let reader =
            std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || collect_here(submission));
        let reader = reader.map_err(|error| {
            Rejected::harness(&format!(
                "no thread can be started to read the submission ({error}): see `grader doctor`"
            ))
        })?;
        reader.join().unwrap_or_else(|_| Err(Rejected::build_failed("this source cannot be read; make it simpler")))
    })
}

fn collect_here(submission: &Submission) -> Result<Collected, Rejected> {
    let mut collected = Collected { files: submission.files.clone(), tests: Vec::new(), silent: BTreeSet::new() };
    let mut parsed: BTreeMap<&str, syn::File> = BTreeMap::new();
    for (name, text) in &submission.files {
        let Ok(tokens) = forbidden::without_shebang(text).parse::<TokenStream>() else { continue };
        let names = Names::of(std::iter::once(&tokens));
        let too_deep = names.tokens > TOKENS_MAX || forbidden::scan(name, &tokens, &names).too_deep;
        if too_deep {
            let found = diagnostic::at(name, 0, 0, "this file is too long or nests too deep: make it simpler");
            return Err(Rejected::new(Reason::Forbidden, vec![found]));
        }
        // Parsed from the text itself, so that positions are positions in it.
        if let Ok(file) = syn::parse_file(text) {
            parsed.insert(name, file);
        }
    }
    let helpers = helpers(parsed.values());
    for (name, file) in &parsed {
        let mut edits = Edits::default();
        edits.visit_file(file);
        if let Some(path) = path_of(&submission.root, name) {
            let mut reader = Reader { file: name, helpers: &helpers, edits: &mut edits, collected: &mut collected };
            reader.items(&file.items, &path, "");
        }
        let text = edits.applied(&submission.files[*name]);
        collected.files.insert((*name).to_owned(), text);
    }
    collected.tests.truncate(TESTS_MAX);
    let mut runner = String::from("\n#[doc(hidden)] pub fn run_test_of_number(number: u32) -> bool { match number {");
    for (number, test) in collected.tests.iter().enumerate() {
        // Writing to a string cannot fail.
        _ = write!(
            runner,
            " {number} => ::std::process::Termination::report(crate::{}()) == ::std::process::ExitCode::SUCCESS,",
            test.path
        );
    }
    runner += " _ => false } }\n";
    if let Some(root) = collected.files.get_mut(&submission.root) {
        root.push_str(&runner);
    }
    Ok(collected)
}

/// The module path of a file, ending in `::`; `None` for a file that no `mod` can name.
fn path_of(root: &str, name: &str) -> Option<String> {
    if root == name {
        return Some(String::new());
    }
    let home = folder_of(root);
    let inside = name.strip_prefix(home)?.strip_suffix(".rs")?;
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    Some(inside.split('/').fold(String::new(), |path, part| path + part + "::"))
}

/// Functions that assert something and are not tests, and macros: a test that calls one counts as asserting.
fn helpers<'a>(files: impl Iterator<Item = &'a syn::File>) -> BTreeSet<String> {
    #[derive(Default)]
    struct Beside<'a> {
        functions: Vec<&'a syn::ItemFn>,
        macros: BTreeSet<String>,
    }
    impl<'ast> Visit<'ast> for Beside<'ast> {
        fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
            if !function.attrs.iter().any(is_test) {
                self.functions.push(function);
            }
            visit::visit_item_fn(self, function);
        }
        fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
            self.macros.extend(item.ident.as_ref().map(ToString::to_string));
        }
    }
    let mut beside = Beside::default();
    files.for_each(|file| beside.visit_file(file));
    let mut known = beside.macros;
    // A function that calls such a function counts too.
    for _ in 0..HELPERS_DEEP {
        let more = beside.functions.iter().filter(|function| asserts(&function.block, &known));
        let more: Vec<String> = more.map(|function| function.sig.ident.to_string()).collect();
        known.extend(more);
    }
    known
}

fn is_test(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("test")
}

/// Whether it is `cfg(test)`, which is removed: tests are compiled here.
fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
}

/// The changes to one file's text.
#[derive(Default)]
struct Edits {
    /// Ranges to be replaced by spaces.
    blanked: Vec<Range<usize>>,
    /// Where `pub(crate)` is inserted.
    opened: Vec<usize>,
}

impl<'ast> Visit<'ast> for Edits {
    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if is_cfg_test(attribute) {
            self.blanked.push(attribute.span().byte_range());
        }
    }
}

impl Edits {
    fn applied(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for range in &self.blanked {
            for byte in bytes.get_mut(range.clone()).unwrap_or_default().iter_mut().filter(|byte| **byte != b'\n') {
                *byte = b' ';
            }
        }
        // Only whole tokens were blanked, so this is still UTF-8.
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        let mut opened = self.opened.clone();
        opened.sort_unstable();
        for at in opened.into_iter().rev().filter(|at| *at <= bytes.len()) {
            text.insert_str(at, "pub(crate) ");
        }
        text
    }

    /// Makes an item visible to the crate, unless it has a visibility.
    fn open(&mut self, visibility: &syn::Visibility, first: proc_macro2::Span) {
        match visibility {
            syn::Visibility::Inherited => self.opened.push(first.byte_range().start),
            syn::Visibility::Restricted(restricted) => {
                let range = restricted.span().byte_range();
                self.opened.push(range.start);
                self.blanked.push(range);
            }
            syn::Visibility::Public(_) => {}
        }
    }
}

struct Reader<'a> {
    file: &'a str,
    helpers: &'a BTreeSet<String>,
    edits: &'a mut Edits,
    collected: &'a mut Collected,
}

impl Reader<'_> {
    /// Visits a module's items: `path` is the module's path in the crate, `inside` its path in the file.
    fn items(&mut self, items: &[syn::Item], path: &str, inside: &str) {
        for item in items {
            match item {
                syn::Item::Mod(module) => {
                    self.edits.open(&module.vis, module.unsafety.map_or(module.mod_token.span, |token| token.span));
                    if let Some((_, items)) = &module.content {
                        let name = &module.ident;
                        self.items(items, &format!("{path}{name}::"), &format!("{inside}{name}::"));
                    }
                }
                syn::Item::Fn(function) if function.attrs.iter().any(is_test) => self.test(function, path, inside),
                _ => {}
            }
        }
    }

    fn test(&mut self, function: &syn::ItemFn, path: &str, inside: &str) {
        let name = function.sig.ident.to_string();
        self.edits.open(&function.vis, function.sig.span());
        let mut found = Found {
            name: format!("{}::{inside}{name}", self.file),
            path: format!("{path}{name}"),
            line: u32::try_from(function.sig.ident.span().start().line).unwrap_or(0),
            panics: Panics::Never,
            ignored: false,
        };
        for attribute in &function.attrs {
            let known = attribute.path().get_ident().map(ToString::to_string).unwrap_or_default();
            match known.as_str() {
                "test" => {}
                "should_panic" => found.panics = Panics::With(expected(&attribute.meta)),
                "ignore" => found.ignored = true,
                _ => continue,
            }
            self.edits.blanked.push(attribute.span().byte_range());
        }
        if found.panics == Panics::Never && !asserts(&function.block, self.helpers) && !tells(function) {
            self.collected.silent.insert(format!("{inside}{name}"));
        }
        self.collected.tests.push(found);
    }
}

/// The words of `should_panic = "…"` or `should_panic(expected = "…")`.
fn expected(meta: &syn::Meta) -> String {
    let value = match meta {
        syn::Meta::NameValue(pair) => Some(pair.value.clone()),
        syn::Meta::List(list) => list.parse_args::<syn::MetaNameValue>().ok().map(|pair| pair.value),
        syn::Meta::Path(_) => None,
    };
    match value {
        Some(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(words), .. })) => words.value(),
        _ => String::new(),
    }
}

/// Whether what a test returns may be a failure: it names `Err`, or ends in something else than `Ok(…)`.
fn tells(function: &syn::ItemFn) -> bool {
    #[derive(Default)]
    struct Names(bool);
    impl<'ast> Visit<'ast> for Names {
        fn visit_ident(&mut self, name: &'ast proc_macro2::Ident) {
            self.0 |= name == "Err";
        }
    }
    let mut names = Names::default();
    names.visit_block(&function.block);
    let is_ok = |end: &syn::Expr| matches!(end, syn::Expr::Call(call) if matches!(&*call.func, syn::Expr::Path(path) if path.path.is_ident("Ok")));
    let ends_in_more = matches!(function.block.stmts.last(), Some(syn::Stmt::Expr(end, None)) if !is_ok(end));
    !matches!(function.sig.output, syn::ReturnType::Default) && (names.0 || ends_in_more)
}

/// Whether a test's text may assert something: by a macro, by unwrapping, by `?`, or by a helper function.
fn asserts(block: &syn::Block, helpers: &BTreeSet<String>) -> bool {
    struct Looks<'a> {
        helpers: &'a BTreeSet<String>,
        found: bool,
    }
    impl<'ast> Visit<'ast> for Looks<'_> {
        fn visit_macro(&mut self, call: &'ast syn::Macro) {
            let name = call.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
            let asserts = name.starts_with("assert")
                || ["panic", "unreachable", "todo", "unimplemented"].contains(&name.as_str());
            self.found |= asserts || self.helpers.contains(&name);
        }
        fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
            let name = call.method.to_string();
            self.found |= ["unwrap", "expect"].iter().any(|way| name.starts_with(way));
            visit::visit_expr_method_call(self, call);
        }
        fn visit_expr_try(&mut self, _: &'ast syn::ExprTry) {
            self.found = true;
        }
        fn visit_ident(&mut self, name: &'ast proc_macro2::Ident) {
            self.found |= self.helpers.contains(&name.to_string());
        }
    }
    let mut looks = Looks { helpers, found: false };
    looks.visit_block(block);
    looks.found
}
