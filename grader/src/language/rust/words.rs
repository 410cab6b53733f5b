//! The compiler's messages about the adapter, in a learner's words. Learners do not know the adapter's traits and helpers: a
//! message about them becomes one about the learner's type and what it cannot be read as.

/// The adapter's traits: what a result is read as, or what an argument is made from.
const TRAITS: &[(&str, &str)] = &[
    ("Bytes", "cannot be read as bytes"),
    ("Value", "cannot be read as a value or none"),
    ("Truth", "cannot be read as a yes or a no"),
    ("Number", "is no whole number"),
    ("PerhapsNumber", "cannot be read as a whole number or none"),
    ("Count", "cannot be read as a count"),
    ("Node", "cannot be read as a `NodeInfo`"),
    ("PerhapsNode", "cannot be read as a `NodeInfo` or none"),
    ("Nodes", "cannot be read as a list of `NodeInfo`"),
    ("Counters", "cannot be read as a `CacheStats`"),
    ("Made", "is no new object of the type"),
    ("FromText", "cannot be made from a text"),
    ("FromBytes", "cannot be made from bytes"),
    ("FromValue", "cannot be made from a value"),
    ("Ttl", "cannot be made from a time to live"),
    ("Own", "is not what the prototype is given"),
];

/// The message if the compiler's has nothing that a learner knows.
const NOT_READ: &str = "its types cannot be read as the prototype's";

/// The adapter's own files.
pub(super) const ADAPTER_FILES: &[&str] = &["adapter.rs", "types.rs", "conversions.rs"];

/// Names that only the adapter has: a message with one is about the adapter.
const INTERNAL: &[&str] = &[
    "conversions::",
    "toolbox::",
    "cachedojo_wire::",
    "keep_made",
    "`counters`",
    "`LocalKey",
    "this macro",
    "local trait",
];

/// The message without the compiler's number of the mistake, as in ` [E0308]`.
fn without_code(message: &str) -> String {
    let code = message.split_once(" [E0").and_then(|(before, rest)| Some((before, rest.split_once(']')?.1)));
    code.map_or_else(|| message.to_owned(), |(before, after)| format!("{before}{after}"))
}

/// What is said of a crate that an exercise does not allow.
pub(super) fn not_allowed(name: &str, allowed: &[String]) -> String {
    let allowed = allowed.join("`, `");
    if allowed.is_empty() {
        format!("the crate `{name}` is not allowed here: use std alone")
    } else {
        format!("the crate `{name}` is not allowed here: use std and `{allowed}` only")
    }
}

/// The message without the adapter's names. Cost: O(text x names).
pub(super) fn in_learners_words(message: &str) -> String {
    let message = without_code(message);
    let mut parts: Vec<String> = Vec::new();
    for line in message.lines() {
        let is_child = line.starts_with("help: ") || line.starts_with("note: ");
        match parts.last_mut() {
            Some(last) if !is_child => {
                last.push('\n');
                last.push_str(line);
            }
            _ => parts.push(line.to_owned()),
        }
    }
    let mut parts = parts.into_iter();
    let head = parts.next().unwrap_or_default();
    let head = bound(&head).unwrap_or_else(|| if is_internal(&head) { NOT_READ.to_owned() } else { head });
    let rest = parts.filter(|part| !is_internal(part));
    [head].into_iter().chain(rest).collect::<Vec<_>>().join("\n")
}

/// The compiler's message about an unsatisfied trait bound, as one about the type.
fn bound(head: &str) -> Option<String> {
    let (_, rest) = head.split_once("the trait bound `")?;
    let (bound, _) = rest.split_once("` is not satisfied")?;
    let (kind, name) = bound.rsplit_once(": ")?;
    let name = name.rsplit("::").next()?.split('<').next()?;
    let (_, words) = TRAITS.iter().find(|(known, _)| *known == name)?;
    Some(format!("`{}` {words}", kind.replace("submission::", "")))
}

fn is_internal(text: &str) -> bool {
    let of_a_trait = |name: &str| {
        ["trait `", "bound `", "implement `", ": "]
            .iter()
            .any(|before| text.contains(&format!("{before}{name}`")) || text.contains(&format!("{before}{name}<")))
    };
    INTERNAL.iter().chain(ADAPTER_FILES).any(|name| text.contains(name))
        || TRAITS.iter().any(|(name, _)| of_a_trait(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_is_not_allowed_is_told_with_those_that_are() {
        let told =
            |allowed: &[&str]| not_allowed("rand", &allowed.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(told(&[]), "the crate `rand` is not allowed here: use std alone");
        assert_eq!(told(&["a", "b"]), "the crate `rand` is not allowed here: use std and `a`, `b` only");
    }

    #[test]
    fn no_name_of_the_adapters_reaches_a_learner() {
        for (said, told) in [
            (
                "the trait bound `Vec<u8>: conversions::Node` is not satisfied: the trait `conversions::Node` is not implemented \
                 for `Vec<u8>`\nhelp: the following other types implement trait `conversions::Node`:\n  &T\n  Arc<T>\nand 3 others \
                 [E0277]",
                "`Vec<u8>` cannot be read as a `NodeInfo`",
            ),
            (
                "the trait bound `submission::Report: Counters` is not satisfied: unsatisfied trait bound [E0277]",
                "`Report` cannot be read as a `CacheStats`",
            ),
            ("the trait bound `&[u8]: FromText<'_>` is not satisfied [E0277]", "`&[u8]` cannot be made from a text"),
            (
                "the method `counters` exists for struct `Report`, but its trait bounds were not satisfied [E0599]",
                NOT_READ,
            ),
            (
                "mismatched types: expected `bool`, found `()` [E0308]\nnote: expected because of `conversions::Truth`\nnote: \
                 return type inferred here",
                "mismatched types: expected `bool`, found `()`\nnote: return type inferred here",
            ),
            (
                "this function takes 2 arguments but 1 argument was supplied\nhelp: provide the argument",
                "this function takes 2 arguments but 1 argument was supplied\nhelp: provide the argument",
            ),
            (
                "the trait bound `&NodeInfo: Nodes` is not satisfied\nnote: required for `&NodeInfo` to implement `Nodes`",
                "`&NodeInfo` cannot be read as a list of `NodeInfo`",
            ),
            ("the trait bound `Entry: Clone` is not satisfied", "the trait bound `Entry: Clone` is not satisfied"),
            ("expected `Node`, found `Response`", "expected `Node`, found `Response`"),
        ] {
            assert_eq!(in_learners_words(said), told, "{said}");
        }
    }
}
