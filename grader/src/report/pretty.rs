//! JSON as people read it.

/// A format's data as JSON, two spaces an indent.
pub(super) fn pretty(data: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(data).expect("plain data with string keys is always JSON")
}
