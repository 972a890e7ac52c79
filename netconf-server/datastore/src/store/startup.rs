//! The startup configuration: a file, loaded at boot and written when it is asked for.

use super::files::{read_tree, sync_folder, write_tree};
use super::open::Problem;
use super::{Datastore, Paths, SessionId, Store, StoreError};
use crate::edit::tree_from_json;
use crate::error::DataError;
use crate::schema::Schema;
use crate::tree::Tree;
use crate::xml::Limits;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Blanks per level in the file: people read it.
const INDENT: usize = 2;

/// The files of the startup configuration, apart from the datastores: who waits for the disk keeps nobody from reading them.
#[derive(Debug, Clone)]
pub struct StartupFiles {
    xml: PathBuf,
    json: PathBuf,
}

impl StartupFiles {
    /// Saves a configuration for the next boot. The file is the old one or the new one, whenever the power fails.
    ///
    /// # Errors
    /// [`StoreError::Io`] if it cannot be written.
    pub fn save(&self, tree: &Tree) -> Result<(), StoreError> {
        write_tree(&self.xml, tree, Some(INDENT))
    }

    /// Deletes the startup configuration: the next boot starts empty.
    ///
    /// # Errors
    /// [`StoreError::Io`] if a file cannot be removed.
    pub fn delete(&self) -> Result<(), StoreError> {
        for path in [&self.xml, &self.json] {
            match fs::remove_file(path).and_then(|()| sync_folder(path)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::io("remove", path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Store {
    /// The files of startup, for a session that may change them; [`Self::set_startup`] must follow what is done to them, and
    /// one change may be under way at a time.
    ///
    /// # Errors
    /// `in-use` if another session has locked startup.
    pub fn startup_files(&self, session: SessionId) -> Result<StartupFiles, StoreError> {
        self.locks.check(Datastore::Startup, session)?;
        Ok(StartupFiles { xml: self.paths.startup_xml.clone(), json: self.paths.startup_json.clone() })
    }

    /// Takes over what the files of startup hold now; nothing when they were deleted.
    pub fn set_startup(&mut self, tree: Option<Tree>) {
        self.startup = tree.unwrap_or_else(|| Tree::empty(self.schema.clone()));
    }
}

/// Loads the startup configuration: XML, else JSON, else nothing. A file that cannot be understood is put aside under
/// another name.
pub(super) fn load(
    schema: &Arc<Schema>,
    paths: &Paths,
    problems: &mut Vec<Problem>,
) -> Result<Tree, StoreError> {
    for (path, is_json) in [(&paths.startup_xml, false), (&paths.startup_json, true)] {
        if !path.exists() {
            continue;
        }
        let read = if is_json { read_json(schema, path)? } else { read_tree(schema, path)? };
        match read {
            Ok(tree) => return Ok(tree),
            Err(error) => {
                let kept = put_aside(path).map_err(|error| StoreError::io("rename", path, error))?;
                problems.push(Problem::StartupUnreadable { path: path.clone(), kept, error });
            }
        }
    }
    Ok(Tree::empty(schema.clone()))
}

fn read_json(schema: &Arc<Schema>, path: &Path) -> Result<Result<Tree, DataError>, StoreError> {
    let bytes = fs::read(path).map_err(|error| StoreError::io("read", path, error))?;
    Ok(tree_from_json(schema, &bytes, Limits::default()))
}

/// Renames a file to the first free name of the form `NAME.rejected-N`.
pub(super) fn put_aside(path: &Path) -> io::Result<PathBuf> {
    for number in 1_u32.. {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".rejected-{number}"));
        let kept = PathBuf::from(name);
        if !kept.exists() {
            fs::rename(path, &kept)?;
            sync_folder(path)?;
            return Ok(kept);
        }
    }
    Err(io::Error::other("no name is free"))
}
