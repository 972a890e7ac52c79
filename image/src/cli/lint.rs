//! `daybreak image lint`.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use clap::Args;
use daybreak_formats::lint::{Breach, Level, lint_ova, lint_vmdk};
use serde_json::json;

use super::{print, to_json};
use crate::ImageError;

/// What to check.
#[derive(Clone, Debug, Args)]
pub struct LintArgs {
    /// An `.ova` or a `.vmdk`; which one it is, its first bytes say.
    pub(super) file: PathBuf,
}

/// Checks a file and prints what was found.
///
/// # Errors
/// [`ImageError::Lint`] when a rule is broken that must be kept.
pub(super) fn run(path: &Path, as_json: bool) -> Result<(), ImageError> {
    let breaches = check(path)?;
    print(&if as_json { to_json(&values(&breaches))? } else { text(path, &breaches) })?;
    match breaches.iter().filter(|breach| breach.rule.level() == Level::Must).count() {
        0 => Ok(()),
        count => Err(ImageError::Lint { path: path.to_owned(), count }),
    }
}

fn check(path: &Path) -> Result<Vec<Breach>, ImageError> {
    let mut file = File::open(path).map_err(ImageError::io("open", path))?;
    let mut start = Vec::new();
    file.by_ref().take(4).read_to_end(&mut start).map_err(ImageError::io("read", path))?;
    file.seek(SeekFrom::Start(0)).map_err(ImageError::io("read", path))?;
    let vmdk =
        start == *b"KDMV" || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("vmdk"));
    let mut file = BufReader::with_capacity(1 << 20, file);
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    if vmdk { lint_vmdk(&name, &mut file) } else { lint_ova(&mut file) }.map_err(ImageError::format(path))
}

fn text(path: &Path, breaches: &[Breach]) -> String {
    if breaches.is_empty() {
        return format!("{}: keeps every rule\n", path.display());
    }
    breaches.iter().flat_map(|breach| [breach.to_string(), "\n".to_owned()]).collect()
}

fn values(breaches: &[Breach]) -> Vec<serde_json::Value> {
    let value = |breach: &Breach| {
        json!({
            "rule": breach.rule.id(),
            "level": breach.rule.level(),
            "object": breach.object,
            "detail": breach.detail,
            "text": breach.rule.text(),
            "source": breach.rule.source(),
        })
    };
    breaches.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_neither_breaks_rules_and_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        for (name, expected) in [("x.ova", "OVA-TAR"), ("x.vmdk", "VMDK-HEADER")] {
            let path = folder.path().join(name);
            std::fs::write(&path, [1; 2048]).unwrap();
            let breaches = check(&path).unwrap();
            assert!(breaches.iter().any(|breach| breach.rule.id() == expected), "{breaches:?}");
            assert!(text(&path, &breaches).contains(expected));
            assert_eq!(values(&breaches)[0]["level"], "must");
            assert!(matches!(run(&path, true), Err(ImageError::Lint { .. })));
        }
    }
}
