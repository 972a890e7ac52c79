//! Base root and layer as one tar stream: the base passes through, the layer's files take the place of the base's, a few
//! small files of the base are rewritten in passing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};

use tar::{EntryType, Header};

use super::layer::{Content, Layer, Node};
use super::raw::{RawTar, pad};
use crate::ImageError;

/// Largest file that is rewritten: the package database of a root has about 1 MB.
const MAX_EDITED: u64 = 64 * 1024 * 1024;

/// Rewriting of files by path.
pub(crate) type Edits<'a> = BTreeMap<&'static str, Box<dyn Fn(&[u8]) -> Result<Vec<u8>, ImageError> + 'a>>;

/// How a root is put together.
pub(crate) struct Merge<'a> {
    /// Goes on top.
    pub(crate) layer: &'a Layer,
    /// Files of the base that are rewritten; each must be in the base.
    pub(crate) edits: Edits<'a>,
    /// Paths of the base that are left out.
    pub(crate) leave_out: fn(&str) -> bool,
    /// Modification time of all that the layer adds and the edits change, in seconds since 1970.
    pub(crate) mtime: u64,
}

impl Merge<'_> {
    /// Writes the merged archive.
    ///
    /// # Errors
    /// [`ImageError::Root`] when base and layer do not fit together, [`ImageError::Stream`] and [`ImageError::Io`] when
    /// reading or writing fails.
    pub(crate) fn write(&self, base: impl Read, out: impl Write) -> Result<(), ImageError> {
        let reading = || ImageError::stream("read the tar of the root");
        let writing = || ImageError::stream("write the tar of the root");
        let mut tar = RawTar::new(base);
        let mut builder = tar::Builder::new(out);
        let mut there = BTreeSet::new();
        let mut gone = BTreeSet::new();
        let mut edited = 0;
        while let Some(entry) = tar.next_entry().map_err(reading())? {
            // The root folder itself: the packer makes it.
            if entry.path.is_empty() {
                continue;
            }
            let replaced = self.replaces(&entry.path, entry.kind)?;
            if replaced || (self.leave_out)(&entry.path) {
                gone.insert(entry.path);
                continue;
            }
            if let Some(target) = entry.hard_link.as_ref().filter(|target| gone.contains(*target)) {
                return Err(ImageError::Root(format!(
                    "/{} is the same file as /{target}, which is left out or replaced",
                    entry.path
                )));
            }
            let out = builder.get_mut();
            if let Some(edit) = self.edits.get(entry.path.as_str()) {
                let content = edit(&tar.read_content(MAX_EDITED).map_err(reading())?)?;
                let size = content.len() as u64;
                out.write_all(&entry.head_for(size).map_err(reading())?).map_err(writing())?;
                out.write_all(&content).map_err(writing())?;
                pad(out, size).map_err(writing())?;
                edited += 1;
            } else {
                out.write_all(entry.head()).map_err(writing())?;
                io::copy(&mut tar.content(), out).map_err(writing())?;
                pad(out, entry.size).map_err(writing())?;
            }
            there.insert(entry.path);
        }
        if edited != self.edits.len() {
            let mut missing = self.edits.keys().filter(|path| !there.contains(**path));
            let missing = missing.next().unwrap_or(&"a file to rewrite");
            return Err(ImageError::Root(format!("/{missing} is not in the base root")));
        }
        for (path, node) in self.layer.nodes() {
            if !there.contains(path) {
                append(&mut builder, path, node, self.mtime)?;
            }
        }
        builder.finish().map_err(writing())
    }

    /// Whether the layer has something in the place of an entry of the base.
    fn replaces(&self, path: &str, kind: EntryType) -> Result<bool, ImageError> {
        let Some(node) = self.layer.get(path) else { return Ok(false) };
        match (kind == EntryType::Directory, node.content == Content::Folder) {
            (true, true) => Ok(false),
            (false, false) => Ok(true),
            (true, false) => Err(ImageError::Root(format!("/{path} is a folder and cannot become a file"))),
            (false, true) => Err(ImageError::Root(format!(
                "/{path} is not a folder in the base root, and files are to go below it"
            ))),
        }
    }
}

/// Writes one node of a layer as tar entry. Also used for the content of packages.
pub(crate) fn append(
    out: &mut tar::Builder<impl Write>,
    path: &str,
    node: &Node,
    mtime: u64,
) -> Result<(), ImageError> {
    let (size, mut content) = node.content.open()?;
    let mut header = Header::new_gnu();
    header.set_mode(node.mode);
    header.set_uid(node.uid.into());
    header.set_gid(node.gid.into());
    header.set_mtime(mtime);
    header.set_size(size);
    // The builder writes path and checksum, and a GNU long name where it has to be.
    let name = path.to_owned();
    let done = match &node.content {
        Content::Link(to) => {
            header.set_entry_type(EntryType::Symlink);
            out.append_link(&mut header, name, to)
        }
        Content::Folder => {
            header.set_entry_type(EntryType::Directory);
            out.append_data(&mut header, name + "/", io::empty())
        }
        Content::Bytes(_) | Content::Copy(_) => {
            header.set_entry_type(EntryType::Regular);
            out.append_data(&mut header, name, &mut content)
        }
    };
    done.map_err(ImageError::stream("write a tar entry"))
}

#[cfg(test)]
mod tests;
