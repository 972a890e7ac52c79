//! What a build leaves beside the artefacts: digests and a record of how they came to be.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::Path;

use daybreak_layout::FileEntry;
use serde::Serialize;

use crate::ImageError;
use crate::digest;
use crate::plan::Plan;

/// How an image came to be: `build-record.json`.
#[derive(Clone, Debug, Serialize)]
pub struct BuildRecord {
    /// The plan: every step with its inputs.
    pub plan: Plan,
    /// Seconds per step, and whether the result was there already.
    pub steps: Vec<StepRecord>,
    /// Versions of all packages in the image.
    pub packages: BTreeMap<String, String>,
    /// Versions of the programs that made it, by Debian package.
    pub tools: BTreeMap<String, String>,
    /// Size and digest of each artefact, by path in the image's folder.
    pub artefacts: BTreeMap<String, FileEntry>,
}

/// One step of a build.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepRecord {
    /// Name of the step.
    pub name: &'static str,
    /// Seconds that it took.
    pub seconds: f64,
    /// Whether its result was taken from an earlier build.
    pub cached: bool,
}

/// Size and digest of every file below `folder`, by relative path; `known` are those that need no reading.
///
/// # Errors
/// [`ImageError::Io`] when one cannot be read.
pub(crate) fn artefacts(
    folder: &Path,
    known: BTreeMap<String, FileEntry>,
) -> Result<BTreeMap<String, FileEntry>, ImageError> {
    let mut all = known;
    walk(folder, "", &mut all)?;
    Ok(all)
}

fn walk(folder: &Path, prefix: &str, all: &mut BTreeMap<String, FileEntry>) -> Result<(), ImageError> {
    let reading = || ImageError::io("read the folder", folder);
    for item in fs::read_dir(folder).map_err(reading())? {
        let item = item.map_err(reading())?;
        let name = format!("{prefix}{}", item.file_name().to_string_lossy());
        if item.path().is_dir() {
            walk(&item.path(), &format!("{name}/"), all)?;
        } else if let Entry::Vacant(place) = all.entry(name) {
            place.insert(digest::of_file(&item.path())?);
        }
    }
    Ok(())
}

/// `SHA256SUMS`, as `sha256sum --check` reads it.
pub(crate) fn sums(artefacts: &BTreeMap<String, FileEntry>) -> String {
    let lines = artefacts.iter().flat_map(|(path, entry)| [entry.sha256.to_string(), format!("  {path}\n")]);
    lines.collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn sha256sum_checks_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("pxe")).unwrap();
        fs::write(folder.path().join("pxe/vmlinuz"), "kernel").unwrap();
        fs::write(folder.path().join("a.qcow2"), "disk").unwrap();
        let sums = sums(&artefacts(folder.path(), BTreeMap::new()).unwrap());
        assert_eq!(sums.lines().count(), 2);
        fs::write(folder.path().join("SHA256SUMS"), sums).unwrap();
        let check = || {
            let mut command = Command::new("sha256sum");
            command.args(["--check", "--strict", "SHA256SUMS"]).current_dir(folder.path()).output().unwrap()
        };
        assert!(check().status.success(), "{:?}", check());
        fs::write(folder.path().join("pxe/vmlinuz"), "other").unwrap();
        assert!(!check().status.success());
    }
}
