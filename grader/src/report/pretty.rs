//! JSON in a readable layout.

/// Data as JSON, indented by two spaces.
pub(super) fn pretty(data: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(data).expect("plain data with string keys is always JSON")
}
