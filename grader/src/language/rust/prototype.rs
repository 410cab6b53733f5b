//! An exercise's prototype: the public items that a submission must have, as Rust declarations without bodies.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// A prototype: items by name, as `CacheNode`, `CacheNode::get`, `EvictionPolicy::LRU`, `simulate_distributed_cache`.
#[derive(Debug, Clone, Default)]
pub struct Prototype {
    items: BTreeMap<String, Item>,
}

/// An item of a prototype.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its declaration in the prototype, on one line.
    pub declaration: String,
    /// The types of the prototype that a call needs.
    pub needs: BTreeSet<String>,
    /// The types of the prototype that it returns: another type may be returned instead.
    pub returns: BTreeSet<String>,
}

impl Prototype {
    /// Reads a prototype: structs, enums, free functions, and `impl` blocks whose functions end in `;`.
    ///
    /// # Errors
    /// A sentence, if the text is not such Rust.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file =
            syn::parse_file(text).map_err(|error| format!("prototype.rs:{}: {error}", error.span().start().line))?;
        let mut prototype = Self::default();
        for item in &file.items {
            prototype.item(item)?;
        }
        let types: BTreeSet<String> = prototype.items.keys().filter(|name| !name.contains("::")).cloned().collect();
        for item in prototype.items.values_mut() {
            item.needs.retain(|name| types.contains(name));
            item.returns.retain(|name| types.contains(name));
        }
        Ok(prototype)
    }

    /// The items' names, in order.
    pub fn items(&self) -> impl Iterator<Item = &str> {
        self.items.keys().map(String::as_str)
    }

    /// An item.
    pub fn get(&self, name: &str) -> Option<&Item> {
        self.items.get(name)
    }

    /// Removes from `items` those that cannot be called because they need an item that is not included.
    pub fn drop_dependents(&self, items: &mut BTreeSet<String>) {
        loop {
            let orphan = |name: &String| self.items.get(name).is_some_and(|item| !item.needs.is_subset(items));
            let orphans: Vec<String> = items.iter().filter(|name| orphan(name)).cloned().collect();
            if orphans.is_empty() {
                return;
            }
            for name in orphans {
                items.remove(&name);
            }
        }
    }

    fn item(&mut self, item: &syn::Item) -> Result<(), String> {
        match item {
            syn::Item::Struct(item) => {
                let mut needs = Named::default();
                for field in item.fields.iter().filter(|field| matches!(field.vis, syn::Visibility::Public(_))) {
                    needs.visit_type(&field.ty);
                }
                self.add(item.ident.to_string(), text_of(item.struct_token.span, item.span()), needs.0);
            }
            syn::Item::Enum(item) => {
                let name = item.ident.to_string();
                for variant in &item.variants {
                    let mut needs = Named::default();
                    needs.visit_variant(variant);
                    needs.0.insert(name.clone());
                    self.add(
                        format!("{name}::{}", variant.ident),
                        text_of(variant.ident.span(), variant.span()),
                        needs.0,
                    );
                }
                self.add(name, text_of(item.enum_token.span, item.span()), BTreeSet::new());
            }
            syn::Item::Fn(item) => self.function(None, &item.vis, &item.sig),
            syn::Item::Verbatim(tokens) => {
                let item: syn::ItemFn =
                    syn::parse2(with_body(tokens)).map_err(|error| format!("prototype.rs: {error}"))?;
                self.function(None, &item.vis, &item.sig);
            }
            syn::Item::Impl(item) => {
                let owner = type_name(&item.self_ty).ok_or("prototype.rs: an `impl` of a type without a name")?;
                for inner in &item.items {
                    match inner {
                        syn::ImplItem::Fn(function) => self.function(Some(&owner), &function.vis, &function.sig),
                        syn::ImplItem::Verbatim(tokens) => {
                            let function: syn::ImplItemFn = syn::parse2(with_body(tokens))
                                .map_err(|error| format!("prototype.rs: in `{owner}`: {error}"))?;
                            self.function(Some(&owner), &function.vis, &function.sig);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn function(&mut self, owner: Option<&str>, visibility: &syn::Visibility, signature: &syn::Signature) {
        if !matches!(visibility, syn::Visibility::Public(_)) {
            return;
        }
        let (mut needs, mut returns) = (Named::default(), Named::default());
        signature.inputs.iter().for_each(|input| needs.visit_fn_arg(input));
        returns.visit_return_type(&signature.output);
        needs.0.extend(owner.map(str::to_owned));
        let name = owner.map_or_else(|| signature.ident.to_string(), |owner| format!("{owner}::{}", signature.ident));
        self.items
            .insert(name, Item { declaration: declaration(visibility, signature), needs: needs.0, returns: returns.0 });
    }

    fn add(&mut self, name: String, declaration: String, needs: BTreeSet<String>) {
        self.items.insert(name, Item { declaration, needs, returns: BTreeSet::new() });
    }
}

/// A function's declaration on one line, as written: visibility and signature.
pub fn declaration(visibility: &syn::Visibility, signature: &syn::Signature) -> String {
    match visibility {
        syn::Visibility::Inherited => text_of(signature.span(), signature.span()),
        visibility => text_of(visibility.span(), signature.span()),
    }
}

/// The source from the start of one span to the end of another, on one line.
pub fn text_of(from: proc_macro2::Span, to: proc_macro2::Span) -> String {
    let text = from.join(to).unwrap_or(to).source_text().unwrap_or_default();
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join(" ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The last name in a type's path.
pub fn type_name(kind: &syn::Type) -> Option<String> {
    match kind {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        syn::Type::Group(group) => type_name(&group.elem),
        syn::Type::Paren(paren) => type_name(&paren.elem),
        _ => None,
    }
}

/// Replaces the `;` at a function's end by an empty body, so that it parses.
fn with_body(tokens: &TokenStream) -> TokenStream {
    let body = TokenTree::Group(Group::new(Delimiter::Brace, TokenStream::new()));
    let ends = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
    let mut tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    while tokens.last().is_some_and(ends) {
        tokens.pop();
    }
    tokens.into_iter().chain([body]).collect()
}

/// Every name that a type is made of.
#[derive(Default)]
struct Named(BTreeSet<String>);

impl<'ast> Visit<'ast> for Named {
    fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
        self.0.insert(segment.ident.to_string());
        visit::visit_path_segment(self, segment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "pub struct Node { pub entry: Entry, secret: Other }\npub struct Other;\npub struct Entry;\n\
        pub enum Policy { LRU, Two(Entry) }\nimpl Node {\n    pub fn get(&mut self,\n        key: &str) -> Option<&Entry>;\n    fn hidden(&self);\n}\n\
        pub fn free(x: u8);";

    #[test]
    fn public_items_are_read_with_what_they_need() {
        let prototype = Prototype::parse(TEXT).expect("it is a prototype");
        let names: Vec<&str> = prototype.items().collect();
        assert_eq!(names, ["Entry", "Node", "Node::get", "Other", "Policy", "Policy::LRU", "Policy::Two", "free"]);
        let get = prototype.get("Node::get").expect("it is there");
        assert_eq!(get.declaration, "pub fn get(&mut self, key: &str) -> Option<&Entry>");
        assert_eq!(get.needs, BTreeSet::from(["Node".to_owned()]));
        assert_eq!(get.returns, BTreeSet::from(["Entry".to_owned()]));
    }

    #[test]
    fn what_needs_a_missing_type_goes_with_it() {
        let prototype = Prototype::parse(TEXT).expect("it is a prototype");
        let mut items: BTreeSet<String> = prototype.items().map(str::to_owned).collect();
        items.remove("Entry");
        prototype.drop_dependents(&mut items);
        assert_eq!(items, ["Other", "Policy", "Policy::LRU", "free"].map(str::to_owned).into());
    }

    #[test]
    fn the_built_in_prototypes_are_read() {
        let text = include_str!("../../../../exercises/distributed-cache/prototype.rs");
        let prototype = Prototype::parse(text).expect("it is a prototype");
        assert!(
            prototype.get("DistributedCache::execute").is_some_and(|item| item.declaration.starts_with("pub async fn"))
        );
        assert_eq!(prototype.items().filter(|name| name.starts_with("CacheCommand::")).count(), 6);
    }
}
