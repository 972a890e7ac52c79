//! `load`.

use std::io::Read;
use std::sync::Arc;

use clap::ValueEnum;
use daybreak_datastore::codec::{WriteOptions, write_xml};
use daybreak_datastore::edit::{tree_from_json, tree_from_xml};
use daybreak_datastore::schema::Schema;
use daybreak_datastore::tree::Tree;
use daybreak_datastore::xml::{Fragment, Limits};

use super::{Format, Router, done};
use crate::cli::error::CliError;
use crate::cli::lang::LineError;

/// What becomes of what the candidate has and the file has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum Mode {
    /// It stays
    #[default]
    Merge,
    /// It goes
    Replace,
}

/// Loads a file, or standard input for `-`, into the candidate: all of it or nothing.
///
/// # Errors
/// [`CliError::Io`], [`LineError::Wrong`] with line and column of what is wrong, or that the server refuses.
pub(in crate::cli) fn load(
    router: &mut Router,
    file: &str,
    mode: Mode,
    format: Format,
) -> Result<String, CliError> {
    let text = read(file).map_err(|error| CliError::io("cannot read", file, error))?;
    let tree = parse(&router.models.schema, file, &text)?;
    put(router, &tree, mode == Mode::Replace)?;
    Ok(done(format, "loaded", "loaded into the candidate; commit makes it running"))
}

/// Puts a configuration into the candidate, in place of all that it has where `replace` says so.
pub(super) fn put(router: &mut Router, tree: &Tree, replace: bool) -> Result<(), CliError> {
    let mut config = String::new();
    // Writing to a string does not fail.
    let _: std::fmt::Result = write_xml(&mut config, &tree.root(), WriteOptions::default());
    router.link.edit(&config, replace)
}

fn read(file: &str) -> std::io::Result<String> {
    if file != "-" {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// The configuration in a text: JSON if it begins so, else XML.
fn parse(schema: &Arc<Schema>, file: &str, text: &str) -> Result<Tree, LineError> {
    let begins = text.trim_start();
    let tree = if begins.starts_with('{') {
        tree_from_json(schema, text.as_bytes(), Limits::default())
    } else if begins.starts_with('<') {
        tree_from_xml(schema, Fragment::new(declared(text)), Limits::default())
    } else {
        let message = format!("{file} holds neither XML nor JSON: it begins with neither < nor {{");
        return Err(LineError::Wrong(message));
    };
    tree.map_err(|error| {
        let place = error.position.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        LineError::Wrong(format!("{file}{place}: {}", error.error))
    })
}

/// The text without its XML declaration, which stands before elements and not among them; lines are counted on.
fn declared(text: &str) -> &str {
    let begins = text.trim_start();
    match begins.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest,
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lang::Models;

    #[test]
    fn xml_and_json_are_told_apart() {
        let models = Models::load().unwrap();
        let xml = "<?xml version=\"1.0\"?>\n<config><dataplane xmlns='urn:daybreak:yang:daybreak-dataplane'>\
                   <port><name>p0</name><device>tap:a</device></port></dataplane></config>";
        let json = r#"{"daybreak-dataplane:dataplane": {"port": [{"name": "p0", "device": "tap:a"}]}}"#;
        let read = |text: &str| parse(&models.schema, "f", text).map_err(|error| error.to_string());
        assert!(read(xml).unwrap() == read(json).unwrap() && !read(xml).unwrap().is_empty());
        for (text, parts) in [
            ("set a b", &["neither XML nor JSON"][..]),
            ("", &["neither"]),
            ("<config>\n<nothing/></config>", &["f:2:", "nothing"]),
            ("{\"daybreak-dataplane:dataplane\": {\"port\": 1}}", &["f", "port"]),
        ] {
            let error = read(text).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
        }
    }
}
