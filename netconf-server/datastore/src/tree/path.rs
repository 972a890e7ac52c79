//! Instance paths: where a node is in a tree.

mod parse;
mod print;

pub use parse::PathError;

use super::Key;
use crate::schema::SchemaId;

/// The way from the root to a node.
///
/// Its text is that of RFC 7951 §6.11: module names as prefixes, only where the module changes, as in
/// `/ietf-interfaces:interfaces/interface[name='p0']/mtu`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct InstancePath {
    steps: Vec<Step>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    /// The schema node, a child of that of the step before.
    pub id: SchemaId,
    /// Which of its instances.
    pub select: Select,
}

/// Which instance of a schema node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Select {
    /// The only one, or a list or leaf-list as a whole.
    Node,
    /// The entry of a list or leaf-list with that key.
    Key(Key),
}

impl InstancePath {
    /// A path of these steps.
    pub fn new(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    /// The steps, outermost first; none for the root.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The schema node at its end.
    pub fn id(&self) -> Option<SchemaId> {
        self.steps.last().map(|step| step.id)
    }

    /// The path one step further.
    #[must_use]
    pub fn child(&self, id: SchemaId, select: Select) -> Self {
        let mut steps = Vec::with_capacity(self.steps.len() + 1);
        steps.extend_from_slice(&self.steps);
        steps.push(Step { id, select });
        Self { steps }
    }

    /// The path without its last step; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.steps.split_last()?;
        Some(Self { steps: above.to_vec() })
    }

    /// Whether `other` is at this path or below it.
    pub fn contains(&self, other: &Self) -> bool {
        other.steps.starts_with(&self.steps)
    }

    pub(crate) fn push(&mut self, id: SchemaId, select: Select) {
        self.steps.push(Step { id, select });
    }

    pub(crate) fn pop(&mut self) {
        self.steps.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::{InstancePath, PathError};
    use crate::testing::schema;

    #[test]
    fn text_is_read_and_written_back() {
        let schema = schema();
        for text in [
            "/",
            "/ietf-interfaces:interfaces",
            "/ietf-interfaces:interfaces/interface",
            "/ietf-interfaces:interfaces/interface[name='p0']/enabled",
            "/ietf-interfaces:interfaces/interface[name='p0']/ietf-ip:ipv4/address[ip='10.0.0.1']/prefix-length",
            "/ietf-netconf-acm:nacm/groups/group[name=\"a'b\"]/user-name",
            "/ietf-netconf-acm:nacm/groups/group[name=concat('a',\"'\",'\"')]",
            "/ietf-netconf-acm:nacm/groups/group[name=concat(\"''\",'\"',\"'\")]",
            "/ietf-netconf-acm:nacm/groups/group[name='a]/b[']",
            "/ietf-system:system/dns-resolver/search[.='example.com']",
        ] {
            let path = InstancePath::parse(schema, text).unwrap();
            assert_eq!(path.display(schema).to_string(), text);
        }
    }

    #[test]
    fn other_spellings_mean_the_same() {
        let schema = schema();
        let expected = "/ietf-interfaces:interfaces/interface[name='p0']/ietf-ip:ipv4/address[ip='2.2.2.2']";
        for text in [
            "/interfaces/interface[name=\"p0\"]/ipv4/address[ip='2.2.2.2']",
            "/ietf-interfaces:interfaces/ietf-interfaces:interface[ ietf-interfaces:name = 'p0' ]/ietf-ip:ipv4/ietf-ip:address[ietf-ip:ip='2.2.2.2']",
        ] {
            assert_eq!(InstancePath::parse(schema, text).unwrap().display(schema).to_string(), expected);
        }
    }

    #[test]
    fn xml_has_a_prefix_on_every_name() {
        let schema = schema();
        let path = InstancePath::parse(schema, "/interfaces/interface[name='p0']/ipv4").unwrap();
        let (text, modules) = path.to_xml(schema);
        assert_eq!(
            text,
            "/ietf-interfaces:interfaces/ietf-interfaces:interface[ietf-interfaces:name='p0']/ietf-ip:ipv4"
        );
        let names: Vec<_> = modules.iter().map(|module| &*schema.module(*module).name).collect();
        assert_eq!(names, ["ietf-interfaces", "ietf-ip"]);
    }

    #[test]
    fn wrong_paths_are_named() {
        let schema = schema();
        for (text, part) in [
            ("interfaces", "starts with"),
            ("/nothing", "nothing"),
            ("/no-module:interfaces", "no-module"),
            ("/interfaces/interface[name='p0'", "]"),
            ("/interfaces/interface[name=p0]", "quoted"),
            ("/interfaces/interface[type='p0']", "type"),
            ("/interfaces/interface[name='p0'][name='p0']", "twice"),
            ("/interfaces[name='p0']", "no keys"),
            ("/interfaces/interface[name='p0']/ipv4/address[ip='300.1.1.1']", "300.1.1.1"),
            ("/interfaces//interface", "name"),
        ] {
            let error = InstancePath::parse(schema, text).unwrap_err();
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
        let long = "/interfaces".repeat(10_000);
        assert!(matches!(InstancePath::parse(schema, &long), Err(PathError::TooLong)));
    }
}
