//! Every case of `testcases/constraint` and random edits, each judged by libyang too.

use super::{Constraints, Settled};
use crate::diff::diff;
use crate::edit::{
    Body, DefaultOperation, Edit, EditNode, ErrorOption, Operation, apply, parse_xml, tree_from_xml,
};
use crate::error::DataError;
use crate::schema::{Kind, Schema, SchemaId};
use crate::testing::{cases, schema, xml};
use crate::tree::{InstancePath, Key, NodeRef, Select, Tree};
use crate::xml::{Fragment, Limits};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use yang5::context::{Context, ContextFlags};
use yang5::data::{DataFormat, DataParserFlags, DataTree, DataValidationFlags};

/// A schema with its constraints.
struct World {
    schema: Arc<Schema>,
    constraints: Constraints,
}

impl World {
    fn new(schema: Arc<Schema>) -> Self {
        Self { constraints: Constraints::new(&schema).unwrap(), schema }
    }

    /// That of `testcases/constraint/yang`, which has every kind of constraint.
    fn town() -> &'static Self {
        static TOWN: OnceLock<World> = OnceLock::new();
        TOWN.get_or_init(|| {
            let mut context = Context::new(ContextFlags::DISABLE_SEARCHDIR_CWD).unwrap();
            context.set_searchdir(cases("constraint/yang")).unwrap();
            context.load_module("town", None, &[]).unwrap();
            Self::new(Arc::new(Schema::new(Box::leak(Box::new(context))).unwrap()))
        })
    }

    /// That of the appliance.
    fn appliance() -> &'static Self {
        static APPLIANCE: OnceLock<World> = OnceLock::new();
        APPLIANCE.get_or_init(|| Self::new(schema().clone()))
    }

    fn tree(&self, xml: &str) -> Tree {
        tree_from_xml(&self.schema, Fragment::new(xml), Limits::default())
            .unwrap_or_else(|error| panic!("{error}: {xml}"))
    }

    /// The tree after an edit; `None` when the edit itself is refused.
    fn edited(&self, base: &Tree, xml: &str) -> Option<Tree> {
        let edit = parse_xml(&self.schema, Fragment::new(xml), Limits::default()).ok()?;
        apply(base, &edit, DefaultOperation::Merge, ErrorOption::RollbackOnError).into_result().ok()
    }

    /// What becomes of an edit. Checked on the way: the changes show all that the whole shows.
    fn judge(&self, base: &Tree, new: &Tree) -> (Settled, Vec<DataError>) {
        let settled = self.constraints.settle(base, new, &diff(base, new));
        let changes = diff(base, &settled.tree);
        let around = self.constraints.validate(Some(base), &settled.tree, &changes);
        let whole = self.constraints.validate(None, &settled.tree, &[]);
        assert_eq!(lines(&around), lines(&whole), "{}", xml(&settled.tree));
        (settled, around)
    }

    /// What libyang says to a tree.
    fn libyang(&self, tree: &Tree) -> Result<(), String> {
        let (options, validation) =
            (DataParserFlags::STRICT | DataParserFlags::NO_STATE, DataValidationFlags::NO_STATE);
        DataTree::parse_string(self.schema.context(), xml(tree), DataFormat::XML, options, validation)
            .map(|_| ())
            .map_err(|error| error.to_string())
    }
}

fn lines(errors: &[DataError]) -> Vec<String> {
    let line = |error: &DataError| {
        let error = &error.error;
        let path = error.path.as_ref().map_or("/", |path| &path.text);
        let tag = error.app_tag.as_deref().unwrap_or("-");
        format!("{} {tag} {path} {}", error.tag, error.message.as_deref().unwrap_or_default())
    };
    errors.iter().map(line).collect()
}

#[test]
fn cases_give_what_is_expected() {
    let world = World::town();
    let mut wrong = String::new();
    let mut folders: Vec<_> = fs::read_dir(cases("constraint"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| folder.join("expected").exists())
        .collect();
    folders.sort();
    let base = world.tree(&fs::read_to_string(cases("constraint").join("base.xml")).unwrap());
    assert_eq!(lines(&world.constraints.validate(None, &base, &[])), [""; 0]);
    for folder in &folders {
        let edit = fs::read_to_string(folder.join("edit.xml")).unwrap();
        let mut base = base.clone();
        if let Ok(before) = fs::read_to_string(folder.join("before.xml")) {
            let new = world.edited(&base, &before).unwrap();
            let (settled, errors) = world.judge(&base, &new);
            assert_eq!(lines(&errors), [""; 0], "{}", folder.display());
            base = settled.tree;
        }
        let new =
            world.edited(&base, &edit).unwrap_or_else(|| panic!("{}: the edit is refused", folder.display()));
        let (settled, errors) = world.judge(&base, &new);
        let removed = settled.removed.iter().map(|path| format!("removed {}", path.display(&world.schema)));
        let found = removed.chain(lines(&errors)).collect::<Vec<_>>().join("\n");
        let expected = fs::read_to_string(folder.join("expected")).unwrap();
        if found.trim() != expected.trim() {
            let _ = writeln!(wrong, "{}\n  expected\n{expected}\n  found\n{found}\n", folder.display());
        }
        let theirs = world.libyang(&settled.tree);
        if theirs.is_ok() != errors.is_empty() {
            let _ = writeln!(wrong, "{}: libyang says {theirs:?}", folder.display());
        }
    }
    assert!(folders.len() >= 30, "found only {}", folders.len());
    assert!(wrong.is_empty(), "{wrong}");
}

/// Configurations that `daybreak-yang` has for its own tests.
fn of_yang(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../yang/testcases").join(folder);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = |path: std::path::PathBuf| if path.is_dir() { path.join("input.xml") } else { path };
    entries.map(file).map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap())).collect()
}

#[test]
fn the_appliance_takes_and_refuses_what_libyang_does() {
    let world = World::appliance();
    for (path, xml) in of_yang("valid") {
        let errors = world.constraints.validate(None, &world.tree(&xml), &[]);
        assert_eq!(lines(&errors), [""; 0], "{path}");
    }
    let mut by_constraints = 0;
    for (path, xml) in of_yang("refused") {
        let Ok(tree) = tree_from_xml(&world.schema, Fragment::new(&xml), Limits::default()) else { continue };
        let errors = world.constraints.validate(None, &tree, &[]);
        assert!(!errors.is_empty(), "{path} is let through");
        by_constraints += 1;
    }
    assert!(by_constraints >= 5, "only {by_constraints}");
}

/// Random changes of a tree, told by numbers.
struct Mutator<'w> {
    world: &'w World,
    values: Vec<Arc<str>>,
}

impl<'w> Mutator<'w> {
    fn new(world: &'w World, base: &Tree) -> Self {
        let values = ["1", "5", "9", "true", "false", "x", "10.0.0.9"].map(Arc::from);
        let own = all_nodes(base).into_iter().filter_map(|node| node.value().cloned());
        Self { world, values: values.into_iter().chain(own).collect() }
    }

    /// A value that fits a leaf, if one is found in a few tries.
    fn value(&self, id: SchemaId, seed: usize) -> Option<Arc<str>> {
        let tries = (0..self.values.len()).map(|n| &self.values[(seed + n * 7) % self.values.len()]);
        tries.take(40).find_map(|value| self.world.schema.canonical(id, value).ok())
    }

    /// The change that three numbers stand for.
    fn edit(&self, tree: &Tree, [kind, place, seed]: [usize; 3]) -> Option<Edit> {
        let schema = &self.world.schema;
        let nodes = all_nodes(tree);
        let node = nodes.get(place.checked_rem(nodes.len())?)?;
        let own = schema.node(node.id()?);
        let path = node.path();
        let (parent, leaf) = (path.parent()?, |value| EditNode {
            id: own.id,
            operation: None,
            insert: None,
            body: Body::Value(value),
        });
        match kind % 4 {
            0 if !own.key => {
                let body = match (&own.kind, node.key()) {
                    (Kind::List { .. }, Some(key)) => Body::Entry(key.clone(), keys(schema, own.id, key)),
                    (Kind::LeafList(..), Some(key)) => Body::Value(key.text().clone()),
                    (Kind::Container { .. }, _) => Body::Container(Vec::new()),
                    _ => Body::Nothing,
                };
                let operation = Some(Operation::Delete);
                Some(around(schema, &parent, EditNode { id: own.id, operation, insert: None, body }))
            }
            1 if own.has_value() && !own.key => {
                Some(around(schema, &parent, leaf(self.value(own.id, seed)?)))
            }
            // Another entry with the same content.
            2 if !own.keys().is_empty() => {
                let mut values: Vec<Arc<str>> = node.key()?.values().map(Arc::from).collect();
                let changed = seed % values.len();
                values[changed] = self.value(own.keys()[changed], seed / 3)?;
                let key = Key::of(&values);
                let mut children = keys(schema, own.id, &key);
                children.extend(content(node).into_iter().filter(|child| !schema.node(child.id).key));
                let body = Body::Entry(key, children);
                Some(around(schema, &parent, EditNode { id: own.id, operation: None, insert: None, body }))
            }
            // One more leaf, or an entry with nothing but keys.
            3 => {
                let children = schema.children(Some(own.id));
                let id = *children.get(seed.checked_rem(children.len())?)?;
                let child = schema.node(id);
                let body = match &child.kind {
                    Kind::Container { .. } => Body::Container(Vec::new()),
                    Kind::List { keys: leafs, .. } => {
                        let values: Option<Vec<_>> =
                            leafs.iter().map(|leaf| self.value(*leaf, seed / 5)).collect();
                        let key = Key::of(&values?);
                        let leafs = keys(schema, id, &key);
                        Body::Entry(key, leafs)
                    }
                    _ if child.has_value() && !child.key => Body::Value(self.value(id, seed / 5)?),
                    _ => return None,
                };
                (child.config)
                    .then(|| around(schema, &path, EditNode { id, operation: None, insert: None, body }))
            }
            _ => None,
        }
    }
}

fn all_nodes(tree: &Tree) -> Vec<NodeRef<'_>> {
    let mut found = Vec::new();
    let mut todo = vec![tree.root()];
    while let Some(node) = todo.pop() {
        todo.extend(node.children());
        found.push(node);
    }
    found
}

fn keys(schema: &Schema, list: SchemaId, key: &Key) -> Vec<EditNode> {
    let leafs = schema.node(list).keys().iter().zip(key.values());
    let leaf = |(id, value): (&SchemaId, &str)| EditNode {
        id: *id,
        operation: None,
        insert: None,
        body: Body::Value(value.into()),
    };
    leafs.map(leaf).collect()
}

fn content(node: &NodeRef<'_>) -> Vec<EditNode> {
    let child = |child: NodeRef<'_>| {
        let body = match (child.value(), child.key()) {
            (Some(value), _) => Body::Value(value.clone()),
            (None, Some(key)) => Body::Entry(key.clone(), content(&child)),
            (None, None) => Body::Container(content(&child)),
        };
        Some(EditNode { id: child.id()?, operation: None, insert: None, body })
    };
    node.children().filter_map(child).collect()
}

fn around(schema: &Schema, path: &InstancePath, inner: EditNode) -> Edit {
    let node = path.steps().iter().rev().fold(inner, |inner, step| {
        let body = match &step.select {
            Select::Node => Body::Container(vec![inner]),
            Select::Key(key) => {
                let mut children = keys(schema, step.id, key);
                children.push(inner);
                Body::Entry(key.clone(), children)
            }
        };
        EditNode { id: step.id, operation: None, insert: None, body }
    });
    Edit { nodes: vec![node] }
}

/// Random small edits one after the other: ours and libyang take and refuse the same.
fn random_edits(world: &World, base: &Tree, cases: u32) {
    let mutator = Mutator::new(world, base);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let (taken, refused) = (Cell::new(0), Cell::new(0));
    let edits = prop::collection::vec(prop::array::uniform3(0_usize..10_000), 1..12);
    TestRunner::new(config)
        .run(&edits, |edits| {
            let mut tree = base.clone();
            for numbers in edits {
                let Some(edit) = mutator.edit(&tree, numbers) else { continue };
                let outcome = apply(&tree, &edit, DefaultOperation::Merge, ErrorOption::RollbackOnError);
                let Ok(new) = outcome.into_result() else { continue };
                let (settled, errors) = world.judge(&tree, &new);
                let theirs = world.libyang(&settled.tree);
                prop_assert_eq!(
                    errors.is_empty(),
                    theirs.is_ok(),
                    "ours {:?}, libyang {:?}\n{}",
                    lines(&errors),
                    theirs,
                    xml(&settled.tree)
                );
                if errors.is_empty() {
                    taken.set(taken.get() + 1);
                    tree = settled.tree;
                } else {
                    refused.set(refused.get() + 1);
                }
            }
            Ok(())
        })
        .unwrap();
    assert!(
        taken.get() > cases && refused.get() > cases / 4,
        "{} taken, {} refused",
        taken.get(),
        refused.get()
    );
}

#[test]
fn random_edits_of_a_town_are_judged_as_libyang_does() {
    let world = World::town();
    let base = world.tree(&fs::read_to_string(cases("constraint").join("base.xml")).unwrap());
    random_edits(world, &base, 400);
}

#[test]
fn random_edits_of_the_appliance_are_judged_as_libyang_does() {
    let world = World::appliance();
    let (_, xml) = of_yang("valid").remove(0);
    random_edits(world, &world.tree(&xml), 60);
}
