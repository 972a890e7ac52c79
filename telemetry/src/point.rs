//! What a collector hands on: the values of one set with one combination of tags.

use crate::catalogue::{Set, Type};

/// Values of one set with one combination of tags, at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The set.
    pub set: &'static Set,
    /// One value for each tag of the set, in its order.
    pub tags: Vec<String>,
    /// Names and values; a KPI that is not known now is left out.
    pub values: Vec<(&'static str, Value)>,
}

/// A value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Of a KPI of type `uint64`.
    Uint(u64),
    /// Of a KPI of type `int64`.
    Int(i64),
}

impl Value {
    /// Its type.
    pub fn kind(self) -> Type {
        match self {
            Self::Uint(_) => Type::Uint64,
            Self::Int(_) => Type::Int64,
        }
    }
}

impl Point {
    /// A point without values.
    pub fn new<const N: usize>(set: &'static Set, tags: [&str; N]) -> Self {
        Self { set, tags: tags.map(str::to_owned).to_vec(), values: Vec::new() }
    }

    /// With one more value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: u64) -> Self {
        self.values.push((name, Value::Uint(value)));
        self
    }

    /// With one more value, if it is known.
    #[must_use]
    pub fn with_known(self, name: &'static str, value: Option<u64>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With one more value that has a sign, if it is known.
    #[must_use]
    pub fn with_signed(mut self, name: &'static str, value: Option<i64>) -> Self {
        self.values.extend(value.map(|value| (name, Value::Int(value))));
        self
    }
}
