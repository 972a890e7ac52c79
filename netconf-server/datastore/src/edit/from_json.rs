//! Configuration from JSON (RFC 7951): a merge of all that is in it.

use super::qualified::from_xml_value;
use super::tree::{check_siblings, key_of};
use super::{Body, Edit, EditNode};
use crate::error::DataError;
use crate::schema::{Encoding, Kind, Lookup, Schema, SchemaId};
use crate::tree::{InstancePath, Select};
use crate::xml::{Limits, Scope};
use daybreak_netconf::error::ErrorTag;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::{Cell, RefCell};
use std::fmt;

/// Reads configuration in JSON. The module name of a member may be left out where the name is clear; metadata (members
/// whose name starts with `@`) is passed over.
///
/// # Errors
/// The first thing that is wrong, with line and column.
pub fn parse_json(schema: &Schema, json: &[u8], limits: Limits) -> Result<Edit, DataError> {
    if json.len() > limits.size {
        let message = format!("{} bytes of JSON, at most {} are read", json.len(), limits.size);
        return Err(DataError::new(ErrorTag::TooBig, message));
    }
    let run = Run { schema, at: RefCell::default(), error: Cell::default() };
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let result = Members { run: &run, parent: None }
        .deserialize(&mut deserializer)
        .and_then(|nodes| deserializer.end().map(|()| nodes));
    result.map(|nodes| Edit { nodes }).map_err(|error| {
        let found = run.error.take();
        let mut result = found.unwrap_or_else(|| {
            // serde_json ends its message with the position, which has fields of its own here.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            DataError::new(ErrorTag::MalformedMessage, message)
        });
        result.position = Some((error.line(), error.column()));
        result.at(schema, &run.at.borrow())
    })
}

struct Run<'s> {
    schema: &'s Schema,
    /// Where the reader is; when it fails, where it failed.
    at: RefCell<InstancePath>,
    /// What failed, which serde's errors cannot carry.
    error: Cell<Option<DataError>>,
}

impl Run<'_> {
    fn fail<E: serde::de::Error>(&self, error: DataError) -> E {
        let result = E::custom(&error);
        self.error.set(Some(error));
        result
    }

    fn resolve(&self, parent: Option<SchemaId>, member: &str) -> Result<SchemaId, DataError> {
        let schema = self.schema;
        let around = || parent.map_or("the top level", |id| &schema.node(id).name);
        let unknown = |message| DataError::new(ErrorTag::UnknownElement, message).element(member);
        match member.split_once(':') {
            Some((module, name)) => {
                let id = schema.module_named(module).ok_or_else(|| {
                    let message = format!("no module is named {module}");
                    DataError::new(ErrorTag::UnknownNamespace, message).element(member).namespace(module)
                })?;
                schema
                    .child(parent, id, name)
                    .ok_or_else(|| unknown(format!("{module} has no {name} in {}", around())))
            }
            None => match schema.child_by_name(parent, member) {
                Lookup::One(id) => Ok(id),
                Lookup::Ambiguous => {
                    Err(unknown(format!("several modules have {member} in {}; name the module", around())))
                }
                Lookup::Unknown => Err(unknown(format!("there is no {member} in {}", around()))),
            },
        }
    }

    fn value(&self, id: SchemaId, text: &str) -> Result<EditNode, DataError> {
        let node = self.schema.node(id);
        let encoding = node.encoding().unwrap_or(Encoding::Text);
        let text = from_xml_value(self.schema, encoding, text, &Scope::default());
        let value = self.schema.canonical(id, &text).map_err(|error| {
            let refusal = DataError::new(ErrorTag::InvalidValue, error.message).element(&node.name);
            match error.app_tag {
                Some(tag) => refusal.app_tag(tag),
                None => refusal,
            }
        })?;
        Ok(EditNode { id, operation: None, insert: None, body: Body::Value(value) })
    }
}

/// The members of an object.
#[derive(Clone, Copy)]
struct Members<'r, 's> {
    run: &'r Run<'s>,
    parent: Option<SchemaId>,
}

impl<'de> DeserializeSeed<'de> for Members<'_, '_> {
    type Value = Vec<EditNode>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_, '_> {
    type Value = Vec<EditNode>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let run = self.run;
        let mut nodes = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name.starts_with('@') {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let id = run.resolve(self.parent, &name).map_err(|error| run.fail(error))?;
            run.at.borrow_mut().push(id, Select::Node);
            if !run.schema.node(id).config {
                let message = format!("{name} is state and cannot be configured");
                return Err(run.fail(DataError::new(ErrorTag::UnknownElement, message).element(&name)));
            }
            nodes.append(&mut map.next_value_seed(Member { run, id })?);
            run.at.borrow_mut().pop();
        }
        check_siblings(run.schema, &nodes).map_err(|error| run.fail(error))?;
        Ok(nodes)
    }
}

/// The value of a member.
#[derive(Clone, Copy)]
struct Member<'r, 's> {
    run: &'r Run<'s>,
    id: SchemaId,
}

impl<'de> DeserializeSeed<'de> for Member<'_, '_> {
    type Value = Vec<EditNode>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let (run, id) = (self.run, self.id);
        match &run.schema.node(id).kind {
            Kind::Container { .. } => {
                let children = Members { run, parent: Some(id) }.deserialize(deserializer)?;
                Ok(vec![EditNode { id, operation: None, insert: None, body: Body::Container(children) }])
            }
            Kind::Leaf(_) => Ok(vec![deserializer.deserialize_any(Leaf { run, id })?]),
            Kind::List { .. } | Kind::LeafList(..) => deserializer.deserialize_seq(self),
            Kind::AnyData => {
                let message = "content of any kind cannot be stored";
                Err(run.fail(DataError::new(ErrorTag::OperationNotSupported, message)))
            }
        }
    }
}

impl<'de> Visitor<'de> for Member<'_, '_> {
    type Value = Vec<EditNode>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let (run, id) = (self.run, self.id);
        let mut nodes = Vec::new();
        if run.schema.node(id).has_value() {
            while let Some(node) = seq.next_element_seed(Leaf { run, id })? {
                nodes.push(node);
            }
        } else {
            while let Some(children) = seq.next_element_seed(Members { run, parent: Some(id) })? {
                let key = key_of(run.schema, id, &children).map_err(|error| run.fail(error))?;
                let body = Body::Entry(key, children);
                nodes.push(EditNode { id, operation: None, insert: None, body });
            }
        }
        Ok(nodes)
    }
}

/// One value.
#[derive(Clone, Copy)]
struct Leaf<'r, 's> {
    run: &'r Run<'s>,
    id: SchemaId,
}

impl Leaf<'_, '_> {
    fn take<E: serde::de::Error>(self, text: &str) -> Result<EditNode, E> {
        self.run.value(self.id, text).map_err(|error| self.run.fail(error))
    }
}

impl<'de> DeserializeSeed<'de> for Leaf<'_, '_> {
    type Value = EditNode;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Leaf<'_, '_> {
    type Value = EditNode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a value for {}", self.run.schema.node(self.id).name)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<EditNode, E> {
        self.take(value)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<EditNode, E> {
        self.take(if value { "true" } else { "false" })
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<EditNode, E> {
        self.take(&value.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<EditNode, E> {
        self.take(&value.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<EditNode, E> {
        self.take(&value.to_string())
    }

    /// RFC 7951 §6.9: the value of type `empty` is `[null]`.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<EditNode, A::Error> {
        let null = seq.next_element::<()>()?;
        if null.is_none() || seq.next_element::<IgnoredAny>()?.is_some() {
            return Err(A::Error::custom("an array that is not [null] where a value is expected"));
        }
        self.take("")
    }
}
