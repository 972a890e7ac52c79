//! Files that are there whole or not at all.

use super::StoreError;
use crate::codec::{IoSink, WriteOptions, write_xml};
use crate::edit::tree_from_xml;
use crate::error::DataError;
use crate::schema::Schema;
use crate::tree::Tree;
use crate::xml::{Fragment, Limits, NETCONF};
use std::fmt::Write as _;
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SNAPSHOT: &str = "snapshot-";

/// Mode of files: they hold what access control keeps from others.
const OWNER_ONLY: u32 = 0o600;

/// Writes a file under another name, makes it durable and gives it its name; then makes the name durable. It is for its
/// owner alone.
pub(super) fn replace_file(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let mut file =
        File::options().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&temporary)?;
    // One that a crash left there keeps its mode when it is opened.
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    write(&mut file)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_folder(path)
}

/// Takes files away from everybody but their owner: those in `folder` and the others whose names start with one of `files`.
/// Earlier versions made them readable, and so may who wrote a startup configuration. Gives what cannot be changed.
pub(super) fn tighten(folder: &Path, files: &[&Path]) -> Vec<(PathBuf, io::Error)> {
    let in_folder = |folder: &Path, starts: &str| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(starts));
        named.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let mut all = in_folder(folder, "");
    for file in files {
        if let (Some(folder), Some(name)) = (file.parent(), file.file_name()) {
            all.extend(in_folder(folder, &name.to_string_lossy()));
        }
    }
    let tighten = |path: &PathBuf| {
        // A link is left alone: what it leads to is not ours.
        let found = fs::symlink_metadata(path)?;
        if found.is_file() && found.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY))?;
        }
        Ok(())
    };
    all.into_iter().filter_map(|path| tighten(&path).err().map(|error| (path, error))).collect()
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
