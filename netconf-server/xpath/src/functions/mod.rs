//! The functions of XPath 1.0 §4 and RFC 7950 §10 in one table.

use crate::ast::Kind;

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    BitIsSet,
    Boolean,
    Ceiling,
    Concat,
    Contains,
    Count,
    Current,
    Deref,
    DerivedFrom,
    DerivedFromOrSelf,
    EnumValue,
    False,
    Floor,
    Id,
    Lang,
    Last,
    LocalName,
    Name,
    NamespaceUri,
    NormalizeSpace,
    Not,
    Number,
    Position,
    ReMatch,
    Round,
    StartsWith,
    String,
    StringLength,
    Substring,
    SubstringAfter,
    SubstringBefore,
    Sum,
    Translate,
    True,
}

/// Name, result, least and most arguments, and how many of the arguments, from the first, have to be node sets.
type Row = (Function, &'static str, Kind, usize, usize, usize);

/// Ordered as [`Function`]: the number of a function is its row.
const TABLE: [Row; 34] = [
    (Function::BitIsSet, "bit-is-set", Kind::Boolean, 2, 2, 1),
    (Function::Boolean, "boolean", Kind::Boolean, 1, 1, 0),
    (Function::Ceiling, "ceiling", Kind::Number, 1, 1, 0),
    (Function::Concat, "concat", Kind::Text, 2, usize::MAX, 0),
    (Function::Contains, "contains", Kind::Boolean, 2, 2, 0),
    (Function::Count, "count", Kind::Number, 1, 1, 1),
    (Function::Current, "current", Kind::Nodes, 0, 0, 0),
    (Function::Deref, "deref", Kind::Nodes, 1, 1, 1),
    (Function::DerivedFrom, "derived-from", Kind::Boolean, 2, 2, 1),
    (Function::DerivedFromOrSelf, "derived-from-or-self", Kind::Boolean, 2, 2, 1),
    (Function::EnumValue, "enum-value", Kind::Number, 1, 1, 1),
    (Function::False, "false", Kind::Boolean, 0, 0, 0),
    (Function::Floor, "floor", Kind::Number, 1, 1, 0),
    (Function::Id, "id", Kind::Nodes, 1, 1, 0),
    (Function::Lang, "lang", Kind::Boolean, 1, 1, 0),
    (Function::Last, "last", Kind::Number, 0, 0, 0),
    (Function::LocalName, "local-name", Kind::Text, 0, 1, 1),
    (Function::Name, "name", Kind::Text, 0, 1, 1),
    (Function::NamespaceUri, "namespace-uri", Kind::Text, 0, 1, 1),
    (Function::NormalizeSpace, "normalize-space", Kind::Text, 0, 1, 0),
    (Function::Not, "not", Kind::Boolean, 1, 1, 0),
    (Function::Number, "number", Kind::Number, 0, 1, 0),
    (Function::Position, "position", Kind::Number, 0, 0, 0),
    (Function::ReMatch, "re-match", Kind::Boolean, 2, 2, 0),
    (Function::Round, "round", Kind::Number, 1, 1, 0),
    (Function::StartsWith, "starts-with", Kind::Boolean, 2, 2, 0),
    (Function::String, "string", Kind::Text, 0, 1, 0),
    (Function::StringLength, "string-length", Kind::Number, 0, 1, 0),
    (Function::Substring, "substring", Kind::Text, 2, 3, 0),
    (Function::SubstringAfter, "substring-after", Kind::Text, 2, 2, 0),
    (Function::SubstringBefore, "substring-before", Kind::Text, 2, 2, 0),
    (Function::Sum, "sum", Kind::Number, 1, 1, 1),
    (Function::Translate, "translate", Kind::Text, 3, 3, 0),
    (Function::True, "true", Kind::Boolean, 0, 0, 0),
];

impl Function {
    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The function of that name.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        TABLE.binary_search_by_key(&name, |row| row.1).ok().map(|row| TABLE[row].0)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        self.row().1
    }

    /// What it gives.
    pub(crate) fn kind(self) -> Kind {
        self.row().2
    }

    /// Least and most arguments.
    pub(crate) fn arity(self) -> (usize, usize) {
        (self.row().3, self.row().4)
    }

    /// Whether the argument at that place has to be a node set.
    pub(crate) fn wants_nodes(self, place: usize) -> bool {
        place < self.row().5
    }

    /// Whether its result depends on the context beyond its arguments.
    pub(crate) fn needs_context(self, arguments: usize) -> bool {
        match self {
            Self::Last | Self::Position | Self::Lang => true,
            Self::LocalName
            | Self::Name
            | Self::NamespaceUri
            | Self::NormalizeSpace
            | Self::Number
            | Self::String
            | Self::StringLength => arguments == 0,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_functions_and_of_their_names() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.0 as usize, place);
            assert_eq!(Function::by_name(row.1), Some(row.0));
        }
        assert_eq!(Function::by_name("document"), None);
    }
}
