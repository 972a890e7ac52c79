//! Subtree filters (RFC 6241 §6).

use super::{Picked, Selection};
use crate::edit::from_xml_value;
use crate::error::DataError;
use crate::schema::{Kind, Schema, SchemaId};
use crate::tree::{Key, NodeRef};
use crate::xml::{Element, Fragment, Limits, NETCONF, Token, XmlReader};
use daybreak_netconf::error::ErrorTag;
use std::collections::BTreeMap;

/// A filter that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubtreeFilter {
    nodes: Vec<Wanted>,
}

/// An element of a filter that means one or more schema nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    /// One, or one per module that has the name if the element has no namespace.
    ids: Vec<SchemaId>,
    role: Role,
}

/// What an element of a filter does (RFC 6241 §6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
enum Role {
    /// Has elements in it (§6.2.3).
    Contains(Vec<Wanted>),
    /// Is empty (§6.2.4).
    Selects,
    /// Has a value (§6.2.5): one for each schema node, which may have different types. `None` fits nothing.
    Matches(Vec<Option<Key>>),
}

impl SubtreeFilter {
    /// Reads the content of a `<filter>` element. Names that the schema does not have match nothing and are no error.
    ///
    /// # Errors
    /// [`DataError`] for text that is no XML, or too large.
    pub fn parse(schema: &Schema, xml: Fragment<'_>, limits: Limits) -> Result<Self, DataError> {
        let mut reader = XmlReader::new(xml, limits)?;
        match inside(schema, &mut reader, &[None], "filter")? {
            Content::Elements(nodes) => Ok(Self { nodes }),
            // §6.4.2: an empty filter selects nothing.
            Content::Nothing => Ok(Self::default()),
            Content::Text(_) => {
                let error = DataError::new(ErrorTag::BadElement, "a filter holds elements, not text");
                Err(error.element("filter"))
            }
        }
    }

    /// What the filter selects below a node, usually the root. With `defaults`, defaults in use can be selected and
    /// matched as if they were stored.
    pub fn select(&self, node: &NodeRef<'_>, defaults: bool) -> Selection {
        let run = Run { defaults };
        let mut selection = Selection::none();
        for wanted in &self.nodes {
            if matches!(wanted.role, Role::Matches(_)) {
                // A leaf at the top with a value: there is nothing around it to be ruled out.
                if run.holds(node, wanted) {
                    for id in &wanted.ids {
                        selection.join(pick(*id, Picked::All));
                    }
                }
            } else {
                selection.join(run.wanted(node, wanted));
            }
        }
        selection
    }
}

#[derive(Clone, Copy)]
struct Run {
    defaults: bool,
}

impl Run {
    /// Selects the instances of one element of the filter.
    fn wanted(self, node: &NodeRef<'_>, wanted: &Wanted) -> Selection {
        let mut selection = Selection::none();
        for id in &wanted.ids {
            match &wanted.role {
                Role::Selects if self.exists(node, *id) => selection.join(pick(*id, Picked::All)),
                Role::Contains(inner) => selection.join(self.containment(node, *id, inner)),
                Role::Selects | Role::Matches(_) => {}
            }
        }
        selection
    }

    fn containment(self, node: &NodeRef<'_>, id: SchemaId, inner: &[Wanted]) -> Selection {
        let schema = node.schema().node(id);
        if !matches!(schema.kind, Kind::List { .. }) {
            let Some(child) = self.children(node, id).next() else { return Selection::none() };
            return match self.siblings(&child, inner) {
                Some(part) => pick(id, Picked::Node(part)),
                None => Selection::none(),
            };
        }
        let mut entries = BTreeMap::new();
        let mut take = |entry: &NodeRef<'_>| {
            if let (Some(key), Some(part)) = (entry.key(), self.siblings(entry, inner)) {
                entries.insert(key.clone(), part);
            }
        };
        // A list of state may have no keys at all.
        match named_entry(schema.keys(), inner).filter(|_| !schema.keys().is_empty()) {
            // Every key is given: look it up instead of looking at all.
            Some(key) => node.entry(id, &key).iter().for_each(&mut take),
            None => node.children_of(id).for_each(|entry| take(&entry)),
        }
        if entries.is_empty() { Selection::none() } else { pick(id, Picked::Entries(entries)) }
    }

    /// What a set of sibling elements selects in one node; `None` if a value does not match or nothing is there.
    fn siblings(self, node: &NodeRef<'_>, wanted: &[Wanted]) -> Option<Selection> {
        let (matches, others): (Vec<_>, Vec<_>) =
            wanted.iter().partition(|wanted| matches!(wanted.role, Role::Matches(_)));
        if !matches.iter().all(|wanted| self.holds(node, wanted)) {
            return None;
        }
        // §6.2.5: "If all tests in a sibling set are content match nodes, the whole sibling set is selected".
        if others.is_empty() {
            return Some(Selection::All);
        }
        let mut selection = Selection::none();
        for wanted in others {
            selection.join(self.wanted(node, wanted));
        }
        if selection.is_none() && matches.is_empty() {
            return None;
        }
        for wanted in matches {
            for id in wanted.ids.iter().filter(|id| self.exists(node, **id)) {
                selection.join(pick(*id, Picked::All));
            }
        }
        Some(selection)
    }

    /// Whether a content match node fits.
    fn holds(self, node: &NodeRef<'_>, wanted: &Wanted) -> bool {
        let Role::Matches(values) = &wanted.role else { return true };
        wanted.ids.iter().zip(values).any(|(id, value)| {
            let Some(value) = value else { return false };
            match node.schema().node(*id).kind {
                Kind::LeafList(..) if node.node().get(*id).is_some() => node.entry(*id, value).is_some(),
                _ => self.children(node, *id).any(|leaf| leaf.value() == Some(value.text())),
            }
        })
    }

    fn exists(self, node: &NodeRef<'_>, id: SchemaId) -> bool {
        // A container without presence is always there, and shows only what is in it.
        self.children(node, id).next().is_some()
    }

    fn children<'t>(self, node: &NodeRef<'t>, id: SchemaId) -> crate::tree::Children<'t> {
        if self.defaults { node.in_use(id) } else { node.children_of(id) }
    }
}

fn pick(id: SchemaId, picked: Picked) -> Selection {
    Selection::Part(BTreeMap::from([(id, picked)]))
}

/// The key of the one entry that content match nodes name.
fn named_entry(keys: &[SchemaId], wanted: &[Wanted]) -> Option<Key> {
    let value = |key: &SchemaId| {
        wanted.iter().find_map(|wanted| match (&wanted.role, &*wanted.ids) {
            (Role::Matches(values), [only]) if only == key => {
                values.first()?.as_ref().map(Key::text).cloned()
            }
            _ => None,
        })
    };
    keys.iter().map(value).collect::<Option<Vec<_>>>().map(|values| Key::of(&values))
}

enum Content {
    Nothing,
    Elements(Vec<Wanted>),
    Text(String),
}

/// Reads up to the end of the element around; `parents` are the schema nodes it may mean.
fn inside(
    schema: &Schema,
    reader: &mut XmlReader<'_>,
    parents: &[Option<SchemaId>],
    name: &str,
) -> Result<Content, DataError> {
    let mut elements = Vec::new();
    let mut any = false;
    let mut text = String::new();
    loop {
        match reader.next()? {
            Token::Start(element) => {
                any = true;
                let ids = meant(schema, parents, &element);
                let attributes: Vec<_> =
                    element.attributes.iter().map(|own| (own.name.clone(), own.value.clone())).collect();
                let around: Vec<_> = ids.iter().copied().map(Some).collect();
                let element_name = element.name().to_owned();
                let content = inside(schema, reader, &around, &element_name)?;
                let wanted = of(schema, reader, ids, content, &attributes);
                elements.extend(wanted);
            }
            Token::Text(part) => text.push_str(&part),
            Token::End | Token::Eof => break,
        }
    }
    let value = text.trim_ascii();
    match (any, value.is_empty()) {
        (true, true) => Ok(Content::Elements(elements)),
        (false, true) => Ok(Content::Nothing),
        (false, false) => Ok(Content::Text(value.to_owned())),
        (true, false) => {
            let message = format!("{name} holds both elements and the text {value:?}");
            Err(DataError::new(ErrorTag::BadElement, message).element(name))
        }
    }
}

/// What an element means; `None` if nothing in the schema can match it.
fn of(
    schema: &Schema,
    reader: &XmlReader<'_>,
    ids: Vec<SchemaId>,
    content: Content,
    attributes: &[(String, String)],
) -> Option<Wanted> {
    // §6.2.2: an attribute has to be there with that value. YANG data has no attributes; some clients put keys there.
    let mut matches = Vec::new();
    for (name, value) in attributes {
        let id = ids.iter().find_map(|id| {
            let keys = schema.node(*id).keys();
            keys.iter().copied().find(|key| *schema.node(*key).name == **name)
        });
        let id = id?;
        matches.push(Wanted { role: Role::Matches(vec![key(schema, reader, id, value)]), ids: vec![id] });
    }
    let role = match content {
        Content::Elements(mut inner) => {
            inner.append(&mut matches);
            Role::Contains(inner)
        }
        Content::Nothing if !matches.is_empty() => Role::Contains(matches),
        Content::Nothing => Role::Selects,
        Content::Text(text) => Role::Matches(ids.iter().map(|id| key(schema, reader, *id, &text)).collect()),
    };
    Some(Wanted { ids, role })
}

/// The canonical form of a value; `None` if the type does not allow it, so that nothing can have it.
fn key(schema: &Schema, reader: &XmlReader<'_>, id: SchemaId, text: &str) -> Option<Key> {
    let encoding = schema.node(id).encoding()?;
    let text = from_xml_value(schema, encoding, text, reader.scope());
    schema.canonical(id, &text).ok().map(Key::single)
}

/// The schema nodes that an element means. One without a namespace, or in that of NETCONF because the client declared no
/// other, means the node of that name in any module (§6.2.1).
fn meant(schema: &Schema, parents: &[Option<SchemaId>], element: &Element<'_>) -> Vec<SchemaId> {
    let name = element.name();
    let namespace = element.namespace.as_deref().filter(|namespace| *namespace != NETCONF);
    let module = namespace.map(|namespace| schema.module_in(namespace));
    let mut ids = Vec::new();
    for parent in parents {
        match module {
            Some(Some(module)) => ids.extend(schema.child(*parent, module, name)),
            Some(None) => {}
            None => ids.extend_from_slice(schema.children_named(*parent, name)),
        }
    }
    ids
}
