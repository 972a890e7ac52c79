//! A tree in an arena, filled from what libyang makes of `tests/xpath/yang/house.xml`.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;
use std::path::Path;

use daybreak_xpath::{Key, Names, Tree};
use yang5::context::{Context, ContextFlags};
use yang5::data::{DataFormat, DataParserFlags, DataTree, DataValidationFlags};

/// A context with the two modules of `tests/xpath/yang`.
pub(crate) fn context() -> Context {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/xpath/yang");
    let mut context = Context::new(ContextFlags::NO_YANGLIBRARY).unwrap();
    context.set_searchdir(folder).unwrap();
    for module in ["house", "garden"] {
        context.load_module(module, None, &[]).unwrap();
    }
    context
}

/// The data of `tests/xpath/yang/house.xml`, valid, with defaults.
pub(crate) fn data(context: &Context) -> DataTree<'_> {
    let xml = include_str!("yang/house.xml");
    DataTree::parse_string(
        context,
        xml,
        DataFormat::XML,
        DataParserFlags::STRICT,
        DataValidationFlags::empty(),
    )
    .unwrap()
}

/// The prefixes of the modules; names without are of `house`.
pub(crate) fn names() -> Names {
    Names::in_module("house")
        .with("h", "house")
        .with("g", "garden")
        .with("house", "house")
        .with("garden", "garden")
}

struct Record {
    parent: Option<usize>,
    children: Vec<usize>,
    module: String,
    name: String,
    namespace: String,
    text: Option<String>,
    path: String,
}

/// Nodes in document order; the root is the first.
pub(crate) struct Arena {
    nodes: Vec<Record>,
    /// Whether [`Tree::entries`] answers.
    pub(crate) indexed: bool,
    /// How often it did.
    pub(crate) look_ups: Cell<usize>,
    /// Nodes that were given out as children.
    pub(crate) given: Cell<usize>,
}

impl Arena {
    /// All of the data.
    pub(crate) fn new(data: &DataTree<'_>) -> Self {
        Self::below(data, "/")
    }

    /// What is at a path and below.
    pub(crate) fn below(data: &DataTree<'_>, top: &str) -> Self {
        let root = Record {
            parent: None,
            children: Vec::new(),
            module: String::new(),
            name: String::new(),
            namespace: String::new(),
            text: None,
            path: "/".into(),
        };
        let mut arena =
            Self { nodes: vec![root], indexed: true, look_ups: Cell::default(), given: Cell::default() };
        for node in data.traverse() {
            let path = node.path();
            if !path.starts_with(top) {
                continue;
            }
            let parent = node.ancestors().next().map_or(0, |parent| arena.find(&parent.path()).unwrap());
            let schema = node.schema();
            let module = schema.module();
            let place = arena.nodes.len();
            arena.nodes[parent].children.push(place);
            arena.nodes.push(Record {
                parent: Some(parent),
                children: Vec::new(),
                module: module.name().into(),
                name: schema.name().into(),
                namespace: module.namespace().into(),
                text: node.value_canonical(),
                path,
            });
        }
        arena
    }

    /// The node at a path as libyang writes it.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.path == path)
    }

    pub(crate) fn path(&self, node: usize) -> &str {
        &self.nodes[node].path
    }

    /// All of it as XML.
    pub(crate) fn xml(&self) -> String {
        self.nodes[0].children.iter().map(|node| self.element(*node)).collect()
    }

    fn element(&self, node: usize) -> String {
        let record = &self.nodes[node];
        let (name, namespace) = (&record.name, &record.namespace);
        let text = record.text.as_deref().unwrap_or_default();
        let below: String = record.children.iter().map(|child| self.element(*child)).collect();
        format!("<{name} xmlns='{namespace}'>{text}{below}</{name}>")
    }

    fn parse_identity(text: &str, names: &Names) -> Option<String> {
        let (module, name) = names.resolve(text)?;
        Some(format!("{}:{name}", module?))
    }

    fn has(&self, node: usize, key: &Key<'_>, names: &Names) -> bool {
        let same = |node: usize| {
            let canonical = self.canonical(&node, key.value, names);
            self.nodes[node].text.as_deref() == Some(canonical.as_deref().unwrap_or(key.value))
        };
        if key.name == "." {
            return same(node);
        }
        self.nodes[node].children.iter().any(|child| {
            let record = &self.nodes[*child];
            record.name == key.name && key.module.is_none_or(|module| record.module == module) && same(*child)
        })
    }
}

impl Tree for Arena {
    type Node = usize;

    fn root(&self) -> usize {
        0
    }

    fn parent(&self, node: &usize) -> Option<usize> {
        self.nodes[*node].parent
    }

    fn children(&self, node: &usize) -> impl Iterator<Item = usize> {
        self.nodes[*node].children.iter().copied().inspect(|_| self.given.set(self.given.get() + 1))
    }

    fn entries(
        &self,
        node: &usize,
        module: Option<&str>,
        name: &str,
        keys: &[Key<'_>],
        names: &Names,
    ) -> Option<Vec<usize>> {
        if !self.indexed {
            return None;
        }
        self.look_ups.set(self.look_ups.get() + 1);
        let entries = self.nodes[*node].children.iter().copied().filter(|child| {
            let record = &self.nodes[*child];
            record.name == name
                && module.is_none_or(|module| record.module == module)
                && keys.iter().all(|key| self.has(*child, key, names))
        });
        Some(entries.collect())
    }

    fn name<'n>(&'n self, node: &'n usize) -> &'n str {
        &self.nodes[*node].name
    }

    fn module<'n>(&'n self, node: &'n usize) -> &'n str {
        &self.nodes[*node].module
    }

    fn namespace<'n>(&'n self, node: &'n usize) -> &'n str {
        &self.nodes[*node].namespace
    }

    fn text<'n>(&'n self, node: &'n usize) -> Option<Cow<'n, str>> {
        self.nodes[*node].text.as_deref().map(Cow::Borrowed)
    }

    fn compare(&self, left: &usize, right: &usize) -> Ordering {
        left.cmp(right)
    }

    fn canonical(&self, node: &usize, text: &str, names: &Names) -> Option<String> {
        (self.nodes[*node].name == "tenant").then(|| Self::parse_identity(text, names)).flatten()
    }

    fn deref(&self, node: &usize) -> Vec<usize> {
        let record = &self.nodes[*node];
        let Some(text) = &record.text else { return Vec::new() };
        let path = match &record.name[..] {
            "next" => format!("/house:house/room[id='{text}']/id"),
            "best" => text.replace("house:house/house:", "house:house/"),
            _ => return Vec::new(),
        };
        self.find(&path).into_iter().collect()
    }

    fn is_derived(&self, node: &usize, module: Option<&str>, identity: &str, or_self: bool) -> bool {
        let bases: &[&str] = match self.nodes[*node].text.as_deref() {
            Some("house:owl") => &["owl", "bird", "animal"],
            Some("house:bird") => &["bird", "animal"],
            Some("house:fish") => &["fish", "animal"],
            _ => &[],
        };
        module.is_none_or(|module| module == "house")
            && bases.iter().skip(usize::from(!or_self)).any(|base| *base == identity)
    }

    fn enum_value(&self, node: &usize) -> Option<i32> {
        match self.nodes[*node].text.as_deref() {
            Some("empty") => Some(-2),
            Some("let") => Some(7),
            _ => None,
        }
    }

    fn bit_is_set(&self, node: &usize, bit: &str) -> bool {
        let record = &self.nodes[*node];
        record.name == "equipment"
            && record.text.as_ref().is_some_and(|text| text.split(' ').any(|one| one == bit))
    }
}
