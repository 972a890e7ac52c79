//! `show commits`.

use daybreak_datastore::tree::{NodeRef, Tree};

use super::table::table;
use super::{child, each, leaf};

/// One line for each configuration that is kept, the newest first; `only` chooses one by its number.
pub(crate) fn commits(tree: &Tree, only: Option<&str>) -> String {
    let Some(top) = child(&tree.root(), "commits") else { return String::new() };
    let mut entries: Vec<_> = each(&top, "commit").collect();
    entries.sort_by_key(|commit| leaf(commit, &["number"]).and_then(|number| number.parse::<u32>().ok()));
    let rows: Vec<_> = entries
        .iter()
        .filter(|commit| only.is_none_or(|number| leaf(commit, &["number"]) == Some(number)))
        .map(row)
        .collect();
    table(&["number", "time", "user", "how"], &rows)
}

fn row(commit: &NodeRef<'_>) -> Vec<String> {
    let text = |name: &str| leaf(commit, &[name]).unwrap_or_default().to_owned();
    vec![text("number"), text("time"), text("user"), text("action")]
}
