//! The schema as an arena of data nodes with small numbers, made once from libyang's context.

mod build;
mod choice;
mod lookup;
mod node;
mod values;

pub use choice::{Case, CaseId, Choice, ChoiceId};
pub use lookup::Lookup;
pub use node::{Encoding, Kind, Order, SchemaId, SchemaNode};

pub(crate) use build::of_base;

use std::collections::HashMap;
use std::fmt;
use yang5::context::Context;

/// A module: an index into [`Schema::modules`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub(crate) u16);

/// A YANG module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Name.
    pub name: Box<str>,
    /// XML namespace.
    pub namespace: Box<str>,
    /// Prefix that the module gives itself.
    pub prefix: Box<str>,
    /// Newest revision.
    pub revision: Option<Box<str>>,
    /// Implemented rather than only imported.
    pub implemented: bool,
}

/// A schema that the arena cannot hold.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// Nested deeper than any real module.
    #[error("the schema is nested too deep at {node}; split the module that defines it")]
    TooDeep {
        /// Name of the node.
        node: String,
    },
    /// More modules than a number holds.
    #[error("the schema has more than 65535 modules")]
    TooManyModules,
    /// More nodes than a number holds.
    #[error("the schema has more than 4294967295 nodes")]
    TooManyNodes,
}

/// Every data node of the implemented modules.
pub struct Schema {
    context: &'static Context,
    modules: Vec<Module>,
    by_module: HashMap<Box<str>, ModuleId>,
    by_namespace: HashMap<Box<str>, ModuleId>,
    nodes: Vec<SchemaNode>,
    choices: Vec<Choice>,
    cases: Vec<Case>,
    top: Box<[SchemaId]>,
    top_by_name: Box<[SchemaId]>,
    cache: values::Cache,
}

impl Schema {
    /// The arena for a context, which lives as long as the process.
    ///
    /// # Errors
    /// [`SchemaError`] for a schema of absurd size.
    pub fn new(context: &'static Context) -> Result<Self, SchemaError> {
        build::build(context)
    }

    /// The context it was made from.
    pub fn context(&self) -> &'static Context {
        self.context
    }

    /// A node.
    pub fn node(&self, id: SchemaId) -> &SchemaNode {
        &self.nodes[id.index()]
    }

    /// Every node, by number.
    pub fn nodes(&self) -> &[SchemaNode] {
        &self.nodes
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no module has data.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A module.
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[usize::from(id.0)]
    }

    /// Every module, by number.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The module of a node.
    pub fn module_of(&self, id: SchemaId) -> &Module {
        self.module(self.node(id).module)
    }

    /// A choice.
    pub fn choice(&self, id: ChoiceId) -> &Choice {
        &self.choices[id.0 as usize]
    }

    /// Every choice.
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// A case.
    pub fn case(&self, id: CaseId) -> &Case {
        &self.cases[id.0 as usize]
    }

    /// Data nodes at the top, in the order of the modules.
    pub fn top(&self) -> &[SchemaId] {
        &self.top
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema")
            .field("modules", &self.modules.len())
            .field("nodes", &self.nodes.len())
            .finish_non_exhaustive()
    }
}
