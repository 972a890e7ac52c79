//! What the tests of several files need.

use crate::codec::{WriteOptions, write_json, write_xml};
use crate::edit::{DefaultOperation, ErrorOption, apply, parse_xml, tree_from_xml};
use crate::schema::Schema;
use crate::tree::Tree;
use crate::xml::{Fragment, Limits};
use daybreak_netconf::error::RpcError;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use yang5::context::{Context, ContextFlags};

/// The schema of the appliance.
pub(crate) fn schema() -> &'static Arc<Schema> {
    static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| Arc::new(Schema::new(daybreak_yang::context().unwrap()).unwrap()))
}

/// The schema of `testcases/yang`, which has every kind of node.
pub(crate) fn example() -> &'static Arc<Schema> {
    static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut context = Context::new(ContextFlags::DISABLE_SEARCHDIR_CWD).unwrap();
        context.set_searchdir(cases("yang")).unwrap();
        for module in ["example-types", "example", "example-more", "rfc6241"] {
            context.load_module(module, None, &[]).unwrap();
        }
        Arc::new(Schema::new(Box::leak(Box::new(context))).unwrap())
    })
}

/// A folder of `testcases`.
pub(crate) fn cases(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases").join(name)
}

/// A tree of the example schema.
pub(crate) fn tree(xml: &str) -> Tree {
    tree_from_xml(example(), Fragment::new(xml), Limits::default())
        .unwrap_or_else(|error| panic!("{error}: {xml}"))
}

/// A tree after an edit.
pub(crate) fn edit(tree: &Tree, xml: &str, default: DefaultOperation) -> Result<Tree, RpcError> {
    let edit = parse_xml(tree.schema(), Fragment::new(xml), Limits::default())?;
    apply(tree, &edit, default, ErrorOption::RollbackOnError).into_result()
}

/// A tree as XML on one line.
pub(crate) fn xml(tree: &Tree) -> String {
    let mut out = String::new();
    write_xml(&mut out, &tree.root(), WriteOptions::default()).unwrap();
    out
}

/// A tree as JSON on one line.
pub(crate) fn json(tree: &Tree) -> String {
    let mut out = String::new();
    write_json(&mut out, &tree.root(), WriteOptions::default()).unwrap();
    out
}
