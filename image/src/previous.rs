//! What an earlier build left in the image's folder, to be taken again where its inputs are the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use daybreak_layout::FileEntry;
use serde::Deserialize;

use crate::spec::Format;
use crate::{ImageError, digest};

/// The folder of an earlier build; empty where there is none that can be used.
#[derive(Debug, Default)]
pub(crate) struct Previous {
    folder: PathBuf,
    keys: BTreeMap<String, String>,
    artefacts: BTreeMap<String, FileEntry>,
}

/// The part of `build-record.json` that matters here.
#[derive(Deserialize)]
struct Record {
    plan: Plan,
    artefacts: BTreeMap<String, FileEntry>,
}

#[derive(Deserialize)]
struct Plan {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    name: String,
    key: String,
}

impl Previous {
    /// Looks at the folder of an image. A record that is missing or of another version is no error: everything is made anew.
    pub(crate) fn open(folder: &Path) -> Self {
        let text = fs::read(folder.join("build-record.json")).unwrap_or_default();
        let Ok(record) = serde_json::from_slice::<Record>(&text) else { return Self::default() };
        let keys = record.plan.steps.into_iter().map(|step| (step.name, step.key)).collect();
        Self { folder: folder.to_owned(), keys, artefacts: record.artefacts }
    }

    /// Puts the file of a format at `out` when it was made of the same inputs and is still what was made: somebody may
    /// have booted a disk in place.
    ///
    /// # Errors
    /// [`ImageError::Io`] when it is there and cannot be read or linked.
    pub(crate) fn take(
        &self,
        format: Format,
        key: &str,
        name: &str,
        out: &Path,
    ) -> Result<Option<FileEntry>, ImageError> {
        let path = self.folder.join(name);
        let (Some(entry), true) =
            (self.artefacts.get(name), self.keys.get(format.name()).is_some_and(|k| k == key))
        else {
            return Ok(None);
        };
        let same_size = fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() == entry.size);
        if !same_size || digest::of_file(&path)? != *entry {
            return Ok(None);
        }
        // The old folder goes when the new one takes its place: no two names are left.
        fs::hard_link(&path, out).map_err(ImageError::io("link", &path))?;
        Ok(Some(*entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder whose record says that `v.iso` was made with the key `k`.
    fn folder(content: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("v.iso"), content).unwrap();
        let entry = digest::of_file(&folder.path().join("v.iso")).unwrap();
        let record = serde_json::json!({
            "plan": {"steps": [{"name": "iso", "key": "k", "inputs": {}}]},
            "artefacts": {"v.iso": entry},
        });
        fs::write(folder.path().join("build-record.json"), record.to_string()).unwrap();
        folder
    }

    #[test]
    fn a_file_is_taken_only_with_the_same_key_and_the_same_content() {
        let folder = folder("medium");
        let out = folder.path().join("out");
        let previous = Previous::open(folder.path());
        assert_eq!(previous.take(Format::Iso, "other", "v.iso", &out).unwrap(), None);
        assert_eq!(previous.take(Format::Img, "k", "v.iso", &out).unwrap(), None);
        assert_eq!(previous.take(Format::Iso, "k", "w.iso", &out).unwrap(), None);
        assert!(!out.exists());
        assert!(previous.take(Format::Iso, "k", "v.iso", &out).unwrap().is_some());
        assert_eq!(fs::read(&out).unwrap(), b"medium");
        fs::remove_file(&out).unwrap();
        fs::write(folder.path().join("v.iso"), "MEDIUM").unwrap();
        assert_eq!(previous.take(Format::Iso, "k", "v.iso", &out).unwrap(), None);
        fs::remove_file(folder.path().join("v.iso")).unwrap();
        assert_eq!(previous.take(Format::Iso, "k", "v.iso", &out).unwrap(), None);
    }

    #[test]
    fn a_record_that_cannot_be_read_is_none() {
        let folder = folder("medium");
        for text in ["", "{", "{\"plan\": 1}"] {
            fs::write(folder.path().join("build-record.json"), text).unwrap();
            let previous = Previous::open(folder.path());
            assert_eq!(previous.take(Format::Iso, "k", "v.iso", &folder.path().join("o")).unwrap(), None);
        }
    }
}
