//! What tells the entries of a list or leaf-list apart.

use std::fmt;
use std::sync::Arc;

/// Stands between the values of several keys; no YANG value may hold it (RFC 7950 §14).
const SEPARATOR: char = '\0';

/// The canonical key values of a list entry in the order of the `key` statement, or the value of a leaf-list entry.
///
/// An entry of a list without keys has a number that counts from 1.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// The key of a list with one key, or a leaf-list value; shares the text.
    pub fn single(value: Arc<str>) -> Self {
        Self(value)
    }

    /// The key with these values.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut text = String::new();
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                text.push(SEPARATOR);
            }
            text.push_str(value);
        }
        Self(text.into())
    }

    /// The key of shared values; one value is not copied.
    pub fn of(values: &[Arc<str>]) -> Self {
        match values {
            [only] => Self(only.clone()),
            several => Self::new(several.iter().map(|value| &**value)),
        }
    }

    /// The number of an entry that has no keys, from 1.
    pub fn number(number: usize) -> Self {
        Self(number.to_string().into())
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.split(SEPARATOR)
    }

    /// The value of a leaf-list entry or single key, shared.
    pub fn text(&self) -> &Arc<str> {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values()).finish()
    }
}
