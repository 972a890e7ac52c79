//! Makes the arena from libyang's compiled schema.

use super::{
    Case, CaseId, Choice, ChoiceId, Encoding, Kind, Module, ModuleId, Order, Schema, SchemaError, SchemaId,
    SchemaNode,
};
use crate::tree::Key;
use daybreak_yang::{DefaultDeny, LeafType};
use std::collections::HashMap;
use std::sync::Arc;
use yang5::context::Context;
use yang5::schema::{DataValueType, SchemaNode as YangNode, SchemaNodeKind};

/// Deepest nesting that a schema may have; libyang itself has no bound, the walk is recursive.
const MAX_DEPTH: usize = 100;

pub(super) fn build(context: &'static Context) -> Result<Schema, SchemaError> {
    let mut builder = Builder::default();
    for module in context.modules(false) {
        let id = u16::try_from(builder.modules.len()).map_err(|_| SchemaError::TooManyModules)?;
        builder.module_ids.insert(module.name().to_owned(), ModuleId(id));
        builder.modules.push(Module {
            name: module.name().into(),
            namespace: module.namespace().into(),
            prefix: module.prefix().into(),
            revision: module.revision().map(Into::into),
            implemented: module.is_implemented(),
        });
    }
    let mut top = Vec::new();
    for module in context.modules(false).filter(yang5::schema::SchemaModule::is_implemented) {
        let place = Place { parent: None, case: None, deny: None, depth: 0 };
        for node in module.data() {
            builder.walk(&node, place, &mut top)?;
        }
    }
    Ok(builder.finish(context, top))
}

/// Where a node is.
#[derive(Debug, Clone, Copy)]
struct Place {
    parent: Option<SchemaId>,
    case: Option<CaseId>,
    deny: Option<DefaultDeny>,
    depth: usize,
}

#[derive(Default)]
struct Builder {
    modules: Vec<Module>,
    module_ids: HashMap<String, ModuleId>,
    nodes: Vec<SchemaNode>,
    choices: Vec<Choice>,
    cases: Vec<Case>,
}

impl Builder {
    /// Adds a node and all below it; data nodes go to `siblings`.
    fn walk(
        &mut self,
        node: &YangNode<'static>,
        place: Place,
        siblings: &mut Vec<SchemaId>,
    ) -> Result<(), SchemaError> {
        if place.depth > MAX_DEPTH {
            return Err(SchemaError::TooDeep { node: node.name().to_owned() });
        }
        match node.kind() {
            SchemaNodeKind::Choice => self.choice(node, place, siblings),
            SchemaNodeKind::Container
            | SchemaNodeKind::List
            | SchemaNodeKind::Leaf
            | SchemaNodeKind::LeafList
            | SchemaNodeKind::AnyData
            | SchemaNodeKind::AnyXml => self.data(node, place, siblings),
            // Operations, notifications and what is in them are no data.
            _ => Ok(()),
        }
    }

    fn choice(
        &mut self,
        node: &YangNode<'static>,
        place: Place,
        siblings: &mut Vec<SchemaId>,
    ) -> Result<(), SchemaError> {
        let id = ChoiceId(index(self.choices.len())?);
        self.choices.push(Choice {
            id,
            name: node.name().into(),
            module: self.module_of(node),
            parent: place.parent,
            within: place.case,
            mandatory: node.is_mandatory(),
            config: node.is_config(),
            default: None,
            cases: Vec::new(),
            yang: node.clone(),
        });
        let default = node.default_case().map(|case| case.name().to_owned());
        for case in node.children().filter(|child| child.kind() == SchemaNodeKind::Case) {
            let case_id = CaseId(index(self.cases.len())?);
            let name: Box<str> = case.name().into();
            let choice = &mut self.choices[id.0 as usize];
            if default.as_deref() == Some(&*name) {
                choice.default = Some(case_id);
            }
            choice.cases.push(case_id);
            self.cases.push(Case { id: case_id, name, choice: id, nodes: Vec::new(), yang: case.clone() });
            let inner = Place { case: Some(case_id), depth: place.depth + 1, ..place };
            let first = siblings.len();
            for child in case.children() {
                self.walk(&child, inner, siblings)?;
            }
            self.cases[case_id.0 as usize].nodes.extend_from_slice(&siblings[first..]);
        }
        Ok(())
    }

    fn data(
        &mut self,
        node: &YangNode<'static>,
        place: Place,
        siblings: &mut Vec<SchemaId>,
    ) -> Result<(), SchemaError> {
        let id = SchemaId(index(self.nodes.len())?);
        let deny = match daybreak_yang::default_deny(node) {
            Some(deny) if place.deny != Some(DefaultDeny::All) => Some(deny),
            _ => place.deny,
        };
        let defaults: Box<[Arc<str>]> = daybreak_yang::defaults(node).into_iter().map(Arc::from).collect();
        self.nodes.push(SchemaNode {
            id,
            parent: place.parent,
            name: node.name().into(),
            module: self.module_of(node),
            kind: kind(node),
            config: node.is_config(),
            mandatory: node.is_mandatory() || node.is_list_key(),
            key: node.is_list_key(),
            default_keys: defaults.iter().cloned().map(Key::single).collect(),
            defaults,
            case: place.case,
            children: Box::default(),
            by_name: Box::default(),
            min: node.min_elements().unwrap_or(0),
            max: node.max_elements(),
            deny,
            yang: node.clone(),
            end: 0,
        });
        siblings.push(id);
        let mut children = Vec::new();
        let inner = Place { parent: Some(id), case: None, deny, depth: place.depth + 1 };
        let (keys, others): (Vec<_>, Vec<_>) = node.children().partition(YangNode::is_list_key);
        for child in keys.into_iter().chain(others) {
            self.walk(&child, inner, &mut children)?;
        }
        let mut by_name = children.clone();
        by_name.sort_by(|a, b| self.nodes[a.index()].name.cmp(&self.nodes[b.index()].name));
        let own_keys = children.iter().copied().filter(|child| self.nodes[child.index()].key).collect();
        let end = index(self.nodes.len())?;
        let entry = &mut self.nodes[id.index()];
        if let Kind::List { keys, .. } = &mut entry.kind {
            *keys = own_keys;
        }
        (entry.children, entry.by_name, entry.end) = (children.into(), by_name.into(), end);
        Ok(())
    }

    fn module_of(&self, node: &YangNode<'static>) -> ModuleId {
        self.module_ids[node.module().name()]
    }

    fn finish(self, context: &'static Context, top: Vec<SchemaId>) -> Schema {
        let mut by_name = top.clone();
        by_name.sort_by(|a, b| self.nodes[a.index()].name.cmp(&self.nodes[b.index()].name));
        // The implemented revision of a module wins over one that is only imported.
        let mut by_namespace = HashMap::new();
        for (at, module) in self.modules.iter().enumerate() {
            let id = ModuleId(u16::try_from(at).unwrap_or(u16::MAX));
            if module.implemented || !by_namespace.contains_key(&module.namespace) {
                by_namespace.insert(module.namespace.clone(), id);
            }
        }
        Schema {
            context,
            modules: self.modules,
            by_module: self.module_ids.into_iter().map(|(name, id)| (name.into(), id)).collect(),
            by_namespace,
            nodes: self.nodes,
            choices: self.choices,
            cases: self.cases,
            top: top.into(),
            top_by_name: by_name.into(),
            cache: super::values::Cache::default(),
        }
    }
}

fn index(length: usize) -> Result<u32, SchemaError> {
    u32::try_from(length).map_err(|_| SchemaError::TooManyNodes)
}

/// The kind of a node; the keys of a list are filled in when its children have numbers.
fn kind(node: &YangNode<'static>) -> Kind {
    let order = if node.is_user_ordered() && node.is_config() { Order::User } else { Order::System };
    match node.kind() {
        SchemaNodeKind::Container => Kind::Container { presence: !node.is_np_container() },
        SchemaNodeKind::List => Kind::List { keys: Box::default(), order },
        SchemaNodeKind::Leaf => Kind::Leaf(encoding(node)),
        SchemaNodeKind::LeafList => Kind::LeafList(encoding(node), order),
        _ => Kind::AnyData,
    }
}

fn encoding(node: &YangNode<'static>) -> Encoding {
    // Both are strings to the schema, but their values hold prefixes that mean modules.
    let typedef = node.leaf_type().and_then(|leaf| leaf.typedef_name());
    if matches!(typedef.as_deref(), Some("xpath1.0" | "node-instance-identifier")) {
        return Encoding::Path;
    }
    daybreak_yang::leaf_type(node).map_or(Encoding::Text, |leaf| of_type(&leaf))
}

fn of_type(leaf: &LeafType) -> Encoding {
    match leaf {
        LeafType::Leafref { target, .. } => of_type(target),
        LeafType::Identityref { .. } => Encoding::Identity,
        LeafType::InstanceIdentifier { .. } => Encoding::Path,
        LeafType::Union(_) => Encoding::Union,
        LeafType::Enumeration(_) | LeafType::Bits(_) => Encoding::Text,
        LeafType::Plain(base) => of_base(*base),
    }
}

/// How a value of that base type is written.
pub(crate) fn of_base(base: DataValueType) -> Encoding {
    match base {
        DataValueType::Uint8
        | DataValueType::Uint16
        | DataValueType::Uint32
        | DataValueType::Int8
        | DataValueType::Int16
        | DataValueType::Int32 => Encoding::Number,
        DataValueType::Bool => Encoding::Boolean,
        DataValueType::Empty => Encoding::Empty,
        DataValueType::IdentityRef => Encoding::Identity,
        DataValueType::InstanceId => Encoding::Path,
        DataValueType::Union => Encoding::Union,
        _ => Encoding::Text,
    }
}
