//! Texts that other programs made up.

use daybreak_datastore::tree::{BuildError, Builder};
use std::fmt::Display;

/// Leafs whose text comes from elsewhere: one that does not fit its type is left out and logged, for it must not spoil the
/// whole reply.
pub(super) trait Lenient {
    /// A leaf.
    fn text(&mut self, name: &str, value: impl Display) -> Result<(), BuildError>;

    /// A leaf that may be absent.
    fn text_if(&mut self, name: &str, value: Option<impl Display>) -> Result<(), BuildError> {
        value.map_or(Ok(()), |value| self.text(name, value))
    }

    /// A list entry, left out when `fill` cannot set its keys.
    fn try_entry(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut Builder<'_>) -> Result<(), BuildError>,
    ) -> Result<(), BuildError>;
}

impl Lenient for Builder<'_> {
    fn text(&mut self, name: &str, value: impl Display) -> Result<(), BuildError> {
        forgive(self.leaf(name, value).map(|_| ()))
    }

    fn try_entry(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut Builder<'_>) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        forgive(self.entry(name, fill).map(|_| ()))
    }
}

fn forgive(result: Result<(), BuildError>) -> Result<(), BuildError> {
    match result {
        Err(error @ BuildError::Value { .. }) => {
            tracing::warn!(%error, "state does not fit its type and is left out");
            Ok(())
        }
        other => other,
    }
}
