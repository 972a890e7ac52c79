//! Paths as words: names of nodes, the keys of a list right after its name, the value of a leaf right after its.

use std::sync::Arc;

use daybreak_datastore::schema::{Encoding, Kind, SchemaId};
use daybreak_datastore::tree::{InstancePath, Key, Select};

use super::names::find;
use super::values::read;
use super::{LineError, Models, Scope, Word, label, quote, short};

/// A walk down the schema, word by word. Parser and completion take the same walk, so what is offered is what is read.
#[derive(Debug, Clone)]
pub(crate) struct Walk<'m> {
    models: &'m Models,
    scope: Scope,
    base: usize,
    path: InstancePath,
    expect: Expect,
    settings: Vec<Setting>,
}

/// What the next word must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expect {
    /// A child of the node, if there is any.
    Name,
    /// The next key of this list.
    Key(SchemaId, Vec<Arc<str>>),
    /// A value of this leaf or leaf-list.
    Value(SchemaId),
}

/// A leaf with the value that it is to have, or an entry of a leaf-list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    /// The leaf, or the entry.
    pub(super) path: InstancePath,
    /// The value.
    pub(super) value: Arc<str>,
}

impl<'m> Walk<'m> {
    /// A walk from a node that paths are relative to.
    pub(crate) fn new(models: &'m Models, base: &InstancePath, scope: Scope) -> Self {
        Self {
            models,
            scope,
            base: base.steps().len(),
            path: base.clone(),
            expect: Expect::Name,
            settings: Vec::new(),
        }
    }

    /// A whole path.
    ///
    /// # Errors
    /// [`LineError`] for the first word that does not fit.
    pub(crate) fn all(
        models: &'m Models,
        base: &InstancePath,
        scope: Scope,
        words: &[Word],
    ) -> Result<Self, LineError> {
        let mut walk = Self::new(models, base, scope);
        words.iter().try_for_each(|word| walk.feed(&word.text))?;
        Ok(walk)
    }

    pub(super) fn models(&self) -> &'m Models {
        self.models
    }

    pub(super) fn scope(&self) -> Scope {
        self.scope
    }

    pub(super) fn expect(&self) -> &Expect {
        &self.expect
    }

    /// Where the walk is; of a value that is expected, its leaf.
    pub(crate) fn path(&self) -> &InstancePath {
        &self.path
    }

    pub(super) fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// Takes the next word.
    ///
    /// # Errors
    /// [`LineError`] with what is accepted in its place.
    pub(crate) fn feed(&mut self, word: &str) -> Result<(), LineError> {
        match self.expect.clone() {
            Expect::Name => self.name(word),
            Expect::Key(list, mut given) => {
                let keys = self.models.schema.node(list).keys();
                given.push(read(self.models, keys[given.len()], word)?);
                if given.len() == keys.len() {
                    self.path = self.above().child(list, Select::Key(Key::of(&given)));
                    self.expect = Expect::Name;
                } else {
                    self.expect = Expect::Key(list, given);
                }
                Ok(())
            }
            Expect::Value(leaf) => {
                let value = read(self.models, leaf, word)?;
                self.value(leaf, value);
                Ok(())
            }
        }
    }

    fn name(&mut self, word: &str) -> Result<(), LineError> {
        let id = find(self.models, self.path.id(), self.scope, word)?;
        let node = self.models.schema.node(id);
        if self.settings.iter().any(|setting| {
            setting.path.id() == Some(id)
                && matches!(node.kind, Kind::Leaf(_))
                && setting.path.parent().as_ref() == Some(&self.path)
        }) {
            return Err(LineError::Wrong(format!("{word} is given twice")));
        }
        self.path = self.path.child(id, Select::Node);
        match &node.kind {
            Kind::List { keys, .. } if !keys.is_empty() => self.expect = Expect::Key(id, Vec::new()),
            Kind::Leaf(Encoding::Empty) => self.value(id, "".into()),
            Kind::Leaf(_) | Kind::LeafList(..) => self.expect = Expect::Value(id),
            Kind::Container { .. } | Kind::List { .. } | Kind::AnyData => self.expect = Expect::Name,
        }
        Ok(())
    }

    /// A leaf is done: what follows is beside it.
    fn value(&mut self, leaf: SchemaId, value: Arc<str>) {
        let above = self.above();
        let path = match self.models.schema.node(leaf).kind {
            Kind::LeafList(..) => above.child(leaf, Select::Key(Key::single(value.clone()))),
            _ => self.path.clone(),
        };
        self.settings.push(Setting { path, value });
        self.path = above;
        self.expect = Expect::Name;
    }

    fn above(&self) -> InstancePath {
        self.path.parent().unwrap_or_default()
    }

    /// The node that was named, of which a list or leaf-list without a key stands for all entries.
    ///
    /// # Errors
    /// [`LineError`] for some keys of a list and not all, and for a value where none is wanted.
    pub(crate) fn node(&self) -> Result<InstancePath, LineError> {
        match (&self.expect, &self.settings[..]) {
            (Expect::Key(list, given), []) if !given.is_empty() => Err(self.missing_key(*list, given.len())),
            (_, []) => Ok(self.path.clone()),
            (Expect::Name, [only]) if self.ends_with(only) => Ok(only.path.clone()),
            _ => Err(LineError::Wrong("one path at a time: it goes on after a value".to_owned())),
        }
    }

    /// Whether nothing was said after that value.
    fn ends_with(&self, setting: &Setting) -> bool {
        setting.path.parent().as_ref() == Some(&self.path)
    }

    /// The container or list entry that was named, to go into.
    ///
    /// # Errors
    /// [`LineError`] for a leaf, or a list without its keys.
    pub(crate) fn level(&self) -> Result<InstancePath, LineError> {
        match &self.expect {
            Expect::Key(list, given) => return Err(self.missing_key(*list, given.len())),
            Expect::Name if self.settings.is_empty() => return Ok(self.path.clone()),
            _ => {}
        }
        let leaf = self.settings.first().map_or(&self.path, |setting| &setting.path);
        let name = leaf.id().map_or("this", |id| &self.models.schema.node(id).name);
        Err(LineError::Wrong(format!("{name} is a leaf: there is nothing in it to edit")))
    }

    /// Leafs with their values; or none and the entry or container that is to be there.
    ///
    /// # Errors
    /// [`LineError`] for a path that ends too early.
    pub(super) fn assignment(&self) -> Result<(&[Setting], Option<&InstancePath>), LineError> {
        let schema = &self.models.schema;
        match &self.expect {
            Expect::Key(list, given) => Err(self.missing_key(*list, given.len())),
            Expect::Value(leaf) => {
                let name = &schema.node(*leaf).name;
                let accepted = super::values::accepted(self.models, *leaf);
                Err(LineError::Incomplete(format!("{name} needs a value; accepted: {accepted}")))
            }
            Expect::Name => match (self.path.id(), self.settings.last()) {
                (_, Some(last)) if self.ends_with(last) => Ok((&self.settings, None)),
                (Some(id), _) if self.path.steps().len() > self.base || !self.settings.is_empty() => {
                    let node = schema.node(id);
                    let stands = matches!(node.kind, Kind::List { .. } | Kind::Container { presence: true });
                    if stands {
                        return Ok((&self.settings, Some(&self.path)));
                    }
                    let names = super::names::children(schema, Some(id), self.scope);
                    let names: Vec<_> = names.into_iter().map(|id| label(schema, id)).collect();
                    let message = format!("{} takes no value; go on with {}", node.name, names.join(", "));
                    Err(LineError::Incomplete(message))
                }
                _ => Err(LineError::Incomplete("say what is to be set".to_owned())),
            },
        }
    }

    fn missing_key(&self, list: SchemaId, given: usize) -> LineError {
        let schema = &self.models.schema;
        let node = schema.node(list);
        let key = node.keys()[given];
        let accepted = super::values::accepted(self.models, key);
        LineError::Incomplete(format!(
            "{} needs its {}; accepted: {accepted}",
            node.name,
            schema.node(key).name
        ))
    }
}

/// A path as the words that lead to it from a node `base` steps down; nothing at `base` itself.
pub(crate) fn place(models: &Models, path: &InstancePath, base: usize) -> String {
    let mut text = String::new();
    let mut add = |word: &str| {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    };
    for step in path.steps().iter().skip(base) {
        add(&label(&models.schema, step.id));
        let Select::Key(key) = &step.select else { continue };
        let keys = models.schema.node(step.id).keys();
        match keys {
            // An entry of a leaf-list is its value; one without keys has a number that nobody types.
            [] => add(&quote(short(models, step.id, key.text()))),
            keys => {
                for (id, value) in keys.iter().zip(key.values()) {
                    add(&quote(short(models, *id, value)));
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::models::tests::{every_node, models};
    use super::super::split;
    use super::*;

    fn walk(line: &str, scope: Scope) -> Result<Walk<'static>, LineError> {
        Walk::all(models(), &InstancePath::default(), scope, &split(line).unwrap()[0])
    }

    fn node(line: &str) -> Result<String, String> {
        walk(line, Scope::All)
            .and_then(|walk| walk.node())
            .map(|path| path.display(&models().schema).to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn paths_are_read() {
        for (line, expected) in [
            ("", "/"),
            ("interfaces", "/ietf-interfaces:interfaces"),
            ("interfaces interface", "/ietf-interfaces:interfaces/interface"),
            ("int int p0", "/ietf-interfaces:interfaces/interface[name='p0']"),
            (
                "interfaces interface p0 ipv4 address 10.0.0.1 prefix-length",
                "/ietf-interfaces:interfaces/interface[name='p0']/ietf-ip:ipv4/address[ip='10.0.0.1']/prefix-length",
            ),
            (
                "routing control-plane-protocols control-plane-protocol bgp main bgp neighbors",
                "/ietf-routing:routing/control-plane-protocols/control-plane-protocol[type='ietf-bgp:bgp'][name='main']/ietf-bgp:bgp/neighbors",
            ),
            (
                "system dns-resolver search example.net",
                "/ietf-system:system/dns-resolver/search[.='example.net']",
            ),
            ("system dns-resolver search", "/ietf-system:system/dns-resolver/search"),
            (
                "interfaces interface p0 enabled true",
                "/ietf-interfaces:interfaces/interface[name='p0']/enabled",
            ),
            (
                "interfaces interface p0 oper-status",
                "/ietf-interfaces:interfaces/interface[name='p0']/oper-status",
            ),
        ] {
            assert_eq!(node(line).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn wrong_paths_are_told() {
        for (line, parts) in [
            ("interfaces interfaze", &["did you mean interface?"][..]),
            ("interfaces interface p0 ipv4 address 10.0.0", &["no value of ip"]),
            ("routing control-plane-protocols control-plane-protocol bgp", &["needs its name"]),
            ("interfaces interface p0 enabled true mtu", &["unknown"]),
            ("interfaces interface p0 enabled true description x", &["one path at a time"]),
            ("interfaces interface p0 enabled true enabled", &["given twice"]),
            ("nothing", &["accepted", "interfaces"]),
        ] {
            let error = node(line).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{line}: {error}");
        }
    }

    #[test]
    fn levels_are_what_has_something_in_it() {
        let level = |line| walk(line, Scope::Config).and_then(|walk| walk.level());
        assert!(level("interfaces interface p0").is_ok() && level("interfaces").is_ok());
        for (line, part) in [
            ("interfaces interface", "needs its name"),
            ("interfaces interface p0 enabled", "is a leaf"),
            ("interfaces interface p0 enabled true", "is a leaf"),
        ] {
            let error = level(line).unwrap_err().to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    #[test]
    fn every_place_is_read_back() {
        let tree = every_node();
        let mut todo: Vec<_> = tree.root().children().collect();
        let mut seen = 0;
        while let Some(at) = todo.pop() {
            let path = at.path();
            let is_key = at.schema_node().is_some_and(|node| node.key);
            if !is_key {
                let line = place(models(), &path, 0);
                let read = walk(&line, Scope::Config).and_then(|walk| walk.node());
                assert_eq!(read.as_ref(), Ok(&path), "{line}");
                seen += 1;
            }
            todo.extend(at.children());
        }
        assert!(seen > 100, "{seen}");
    }
}
