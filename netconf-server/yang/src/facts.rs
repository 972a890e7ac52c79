//! What the schema says beyond `yang5`'s own accessors, as plain data.

use yang5::schema::{DataValueType, SchemaNode, SchemaNodeKind};

/// A name with the name of its module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QName {
    /// Name of the module.
    pub module: String,
    /// Name within it.
    pub name: String,
}

impl QName {
    /// Takes `MODULE:NAME` apart, the form that libyang prints identities in.
    pub fn parse(text: &str) -> Option<Self> {
        let (module, name) = text.split_once(':')?;
        (!module.is_empty() && !name.is_empty())
            .then(|| Self { module: module.to_owned(), name: name.to_owned() })
    }
}

impl std::fmt::Display for QName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.module, self.name)
    }
}

/// Which modules the prefixes of an expression stand for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prefixes {
    /// The module of names without a prefix (RFC 7950 §6.4.1).
    pub default: String,
    /// Prefix and module, of those that the expression uses.
    pub used: Vec<(String, String)>,
}

impl Prefixes {
    /// The module that a prefix stands for.
    pub fn module(&self, prefix: &str) -> Option<&str> {
        self.used.iter().find(|(used, _)| used == prefix).map(|(_, module)| module.as_str())
    }
}

/// A `must` statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Must {
    /// The expression; its context is the node that carries it.
    pub condition: String,
    /// Its prefixes.
    pub prefixes: Prefixes,
    /// For the `error-message` of an `rpc-error`.
    pub error_message: Option<String>,
    /// For its `error-app-tag`; `must-violation` if absent (RFC 7950 §15.4).
    pub error_app_tag: Option<String>,
}

/// A `when` statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// The expression.
    pub condition: String,
    /// Its prefixes.
    pub prefixes: Prefixes,
    /// Where it is evaluated.
    pub context: WhenContext,
}

/// Context node of a `when` (RFC 7950 §7.21.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenContext {
    /// The node that carries it.
    Itself,
    /// The closest ancestor that is a data node: the statement came from `augment`, `uses`, `choice` or `case`.
    Parent,
    /// The root of the tree.
    Root,
}

/// The type of a leaf or leaf-list, as far as validation beyond one value needs it.
#[derive(Debug, Clone, PartialEq)]
pub enum LeafType {
    /// Points to another leaf.
    Leafref {
        /// The path.
        path: String,
        /// Its prefixes.
        prefixes: Prefixes,
        /// Whether the other leaf must be there.
        require_instance: bool,
        /// The type at the end of the chain.
        target: Box<LeafType>,
    },
    /// Names an identity that derives from each of the bases.
    Identityref {
        /// The bases.
        bases: Vec<QName>,
    },
    /// Points to any node.
    InstanceIdentifier {
        /// Whether the node must be there.
        require_instance: bool,
    },
    /// One of several types, the first that fits.
    Union(Vec<LeafType>),
    /// One of the names.
    Enumeration(Vec<EnumItem>),
    /// Some of the names.
    Bits(Vec<String>),
    /// All else.
    Plain(DataValueType),
}

/// A name of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumItem {
    /// The name.
    pub name: String,
    /// Its number, for `enum-value()` (RFC 7950 §10.5.1).
    pub value: i32,
}

/// A value that fits its type.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// The canonical text (RFC 7950 §9.1); identities as `MODULE:NAME`.
    pub canonical: String,
    /// The type that it has, behind unions and leafrefs.
    pub base: DataValueType,
}

/// A value that does not fit its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ValueError {
    /// What is wrong, with the value.
    pub message: String,
    /// The `error-app-tag` that the type gives.
    pub app_tag: Option<String>,
}

/// An identity with those that derive from it in one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its name.
    pub name: QName,
    /// Those that name it as a base.
    pub derived: Vec<QName>,
}

/// What NACM does with a node unless a rule says otherwise (RFC 8341 §3.2.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultDeny {
    /// `nacm:default-deny-write`.
    Write,
    /// `nacm:default-deny-all`.
    All,
}

/// The choice and the case that a node is in.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseOf<'a> {
    /// The choice.
    pub choice: SchemaNode<'a>,
    /// The case.
    pub case: SchemaNode<'a>,
}

/// The choice and case that a data node is directly in, innermost; `None` for a node that is in none.
pub fn case_of<'a>(node: &SchemaNode<'a>) -> Option<CaseOf<'a>> {
    let mut around = node.ancestors();
    let case = around.next().filter(|parent| parent.kind() == SchemaNodeKind::Case)?;
    let choice = around.next().filter(|parent| parent.kind() == SchemaNodeKind::Choice)?;
    Some(CaseOf { choice, case })
}
