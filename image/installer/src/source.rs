//! Where the image comes from: a folder on a server, or a local one.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use daybreak_layout::{Artefact, FileEntry, MAX_MANIFEST_SIZE, Manifest, Sha256Digest, Sha256Reader};

use crate::answer::check_url;
use crate::code::Code;
use crate::error::InstallError;
use crate::http::HttpClient;

const MANIFEST: &str = "manifest.json";

/// A folder with `manifest.json` and the files that it names.
#[derive(Clone, Debug)]
pub enum Source {
    /// Over HTTP.
    Http {
        /// With bounded retries.
        client: HttpClient,
        /// URL of the folder, with a slash at the end.
        base: String,
    },
    /// A local folder: a USB stick, or a build.
    Folder(PathBuf),
}

impl Source {
    /// A folder on a server.
    ///
    /// # Errors
    /// [`Code::AnswerInvalid`] when `url` is not an `http://` URL.
    pub fn http(client: HttpClient, url: &str) -> Result<Self, InstallError> {
        check_url("image.url", url)?;
        let slash = if url.ends_with('/') { "" } else { "/" };
        Ok(Self::Http { client, base: format!("{url}{slash}") })
    }

    /// The manifest. Its digest must be `expected` when that is given; only a local folder is trusted without.
    pub(crate) fn manifest(&self, expected: Option<Sha256Digest>) -> Result<Manifest, InstallError> {
        let (place, json) = match self {
            Self::Http { client, base } => {
                let url = format!("{base}{MANIFEST}");
                let json = client
                    .get(&url, MAX_MANIFEST_SIZE as u64)
                    .map_err(|e| InstallError::caused(Code::ImageFetch, "the manifest", e))?;
                (url, json)
            }
            Self::Folder(folder) => {
                let path = folder.join(MANIFEST);
                (path.display().to_string(), read_limited(&path)?)
            }
        };
        let found = Sha256Digest::of(&json);
        match expected {
            Some(expected) if expected != found => {
                let detail = format!("{place} has SHA-256 {found}, expected {expected}");
                return Err(InstallError::new(Code::ImageManifest, detail));
            }
            None if matches!(self, Self::Http { .. }) => {
                let detail = format!("{place} comes over the network and its SHA-256 was not given");
                return Err(InstallError::new(Code::ImageManifest, detail));
            }
            _ => {}
        }
        Manifest::parse(&json).map_err(|e| InstallError::caused(Code::ImageManifest, place, e))
    }

    /// A file of the image, to be read once from front to back.
    pub(crate) fn open(&self, artefact: Artefact, entry: &FileEntry) -> Result<Box<dyn Read>, InstallError> {
        match self {
            Self::Http { client, base } => {
                Ok(Box::new(client.open(&format!("{base}{}", artefact.file_name()), entry.size)))
            }
            Self::Folder(folder) => {
                let path = folder.join(artefact.file_name());
                let file = File::open(&path)
                    .map_err(|e| InstallError::caused(Code::ImageFetch, path.display(), e))?;
                Ok(Box::new(file))
            }
        }
    }
}

fn read_limited(path: &Path) -> Result<Vec<u8>, InstallError> {
    let mut json = Vec::new();
    let limit = MAX_MANIFEST_SIZE as u64 + 1;
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut json))
        .map_err(|e| InstallError::caused(Code::ImageFetch, path.display(), e))?;
    Ok(json)
}

/// The first of `candidates` that is the file of `entry`, such as the squashfs that the live system runs from: it need not
/// be fetched again. A candidate that cannot be read is no candidate.
pub(crate) fn local_copy(candidates: &[PathBuf], entry: &FileEntry) -> Option<File> {
    candidates.iter().find_map(|path| {
        let file = File::open(path).ok()?;
        if file.metadata().ok()?.len() != entry.size {
            return None;
        }
        let mut reader = Sha256Reader::new(&file);
        io::copy(&mut reader, &mut io::sink()).ok()?;
        let (_, sha256) = reader.finish();
        (sha256 == entry.sha256).then(|| File::open(path).ok())?
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::http::testserver::{answer, serve};

    fn write(folder: &Path, name: &str, content: &[u8]) -> FileEntry {
        std::fs::write(folder.join(name), content).unwrap();
        FileEntry { size: content.len() as u64, sha256: Sha256Digest::of(content) }
    }

    #[test]
    fn a_manifest_of_another_digest_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), MANIFEST, b"{}");
        let source = Source::Folder(folder.path().to_owned());
        let error = source.manifest(Some(Sha256Digest::of(b"other"))).unwrap_err();
        assert_eq!(error.code(), Code::ImageManifest);
        assert!(error.detail().contains("expected"), "{error}");
        let error = source.manifest(Some(Sha256Digest::of(b"{}"))).unwrap_err();
        assert_eq!(error.code(), Code::ImageManifest);
        assert!(error.detail().contains("missing field"), "{error}");
    }

    #[test]
    fn the_network_is_not_trusted_without_a_digest() {
        let (url, _asked) = serve(vec![answer(200, "", b"{}", 2)]);
        let source = Source::http(HttpClient::new(Arc::new(|_| ())), &url).unwrap();
        let error = source.manifest(None).unwrap_err();
        assert!(error.detail().contains("SHA-256 was not given"), "{error}");
    }

    #[test]
    fn a_missing_file_names_itself() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::Folder(folder.path().to_owned());
        let error = source.manifest(None).unwrap_err();
        assert_eq!(error.code(), Code::ImageFetch);
        assert!(error.detail().contains("manifest.json"), "{error}");
    }

    #[test]
    fn a_local_copy_is_taken_only_when_its_digest_is_right() {
        let folder = tempfile::tempdir().unwrap();
        let entry = write(folder.path(), "good", b"root file system");
        write(folder.path(), "same-size", b"root file systeM");
        write(folder.path(), "short", b"root");
        let paths = |names: &[&str]| names.iter().map(|name| folder.path().join(name)).collect::<Vec<_>>();
        assert!(local_copy(&paths(&["absent", "short", "same-size"]), &entry).is_none());
        let mut text = String::new();
        let mut file = local_copy(&paths(&["same-size", "good"]), &entry).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "root file system");
    }
}
