//! Stands in for `expect http` where the feature `services` is off: scripts with it are read and run elsewhere, by a build with
//! the feature (`Script::lacks` tells which).

/// The expected shape of an answer over HTTP, not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpShape;

impl HttpShape {
    /// A shape that nothing has.
    pub const fn new(_text: &str) -> Option<Self> {
        Some(Self)
    }

    /// # Errors
    /// Always: this build cannot compare.
    pub fn check(&self, answer: &str) -> Result<(), String> {
        Err(answer.to_owned())
    }
}
