//! Files that are there whole or not at all.

use super::StoreError;
use crate::codec::{IoSink, WriteOptions, write_xml};
use crate::edit::tree_from_xml;
use crate::error::DataError;
use crate::schema::Schema;
use crate::tree::Tree;
use crate::xml::{Fragment, Limits, NETCONF};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SNAPSHOT: &str = "snapshot-";

/// Writes a file under another name, makes it durable and gives it its name; then makes the name durable.
pub(super) fn replace_file(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let mut file = File::create(&temporary)?;
    write(&mut file)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_folder(path)
}

/// Makes the names in the folder of a file durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The name of a snapshot file.
pub(super) fn snapshot_name(sequence: u64, what: &str) -> String {
    format!("{SNAPSHOT}{sequence}-{what}.xml")
}

pub(super) fn is_snapshot(name: &str) -> bool {
    name.starts_with(SNAPSHOT)
}

/// Writes a tree as a document of its own.
pub(super) fn write_tree(path: &Path, tree: &Tree, indent: Option<usize>) -> Result<(), StoreError> {
    replace_file(path, |file| document(file, tree, indent))
        .map_err(|error| StoreError::io("write", path, error))
}

/// Writes a tree as a document of its own to anything.
pub(super) fn document(out: impl Write, tree: &Tree, indent: Option<usize>) -> io::Result<()> {
    let mut sink = IoSink::new(BufWriter::with_capacity(1 << 16, out));
    let line = if indent.is_some() { "\n" } else { "" };
    let mut write = || {
        write!(sink, "<config xmlns=\"{NETCONF}\">{line}")?;
        write_xml(&mut sink, &tree.root(), WriteOptions { indent, ..WriteOptions::default() })?;
        sink.write_str("</config>\n")
    };
    let result = write();
    sink.finish(result)?.flush()
}

/// Reads a tree that was written as a document.
pub(super) fn read_tree(schema: &Arc<Schema>, path: &Path) -> Result<Result<Tree, DataError>, StoreError> {
    let bytes = fs::read(path).map_err(|error| StoreError::io("read", path, error))?;
    Ok(tree_of(schema, &bytes))
}

/// Reads a tree from a document.
pub(super) fn tree_of(schema: &Arc<Schema>, bytes: &[u8]) -> Result<Tree, DataError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = position(bytes, error.valid_up_to());
        let mut error =
            DataError::new(daybreak_netconf::error::ErrorTag::MalformedMessage, "the text is not UTF-8");
        error.position = Some((line, column));
        error
    })?;
    tree_from_xml(schema, Fragment::new(text), Limits::default())
}

fn position(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = &bytes[..at];
    let lines = before.split(|byte| *byte == b'\n');
    lines.enumerate().last().map_or((1, 1), |(line, text)| (line + 1, text.len() + 1))
}
