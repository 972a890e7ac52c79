//! Which users the configuration has or had, and what they were before: one small file each, kept over reboots.

use crate::files::{self, FileError, Mode};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a user was before the configuration named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// It was not there: we made it.
    pub(super) ours: bool,
    /// It was in the group of administrators.
    pub(super) sudo: bool,
}

/// The folder of the marks.
#[derive(Debug)]
pub(super) struct Marks(PathBuf);

impl Marks {
    pub(super) fn new(state: &Path) -> Self {
        Self(state.join("users"))
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<Mark>, FileError> {
        let text = files::read(&self.0.join(name))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    pub(super) fn put(&self, name: &str, mark: Mark) -> Result<(), FileError> {
        let path = self.0.join(name);
        let text = serde_json::to_string(&mark).map_err(|e| FileError::new("write", &path, e.into()))?;
        files::write(&path, &text, Mode::PUBLIC)
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), FileError> {
        files::remove(&self.0.join(name))
    }

    pub(super) fn names(&self) -> Result<Vec<String>, FileError> {
        files::names(&self.0)
    }
}
