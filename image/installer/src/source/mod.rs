//! Where the image comes from: a folder on a server, a local one, or one in an archive.

mod archive;
mod trust;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use daybreak_layout::slot::SlotLayout;
use daybreak_layout::{Artefact, FileEntry, MAX_MANIFEST_SIZE, Manifest, Sha256Digest, Sha256Reader};
use daybreak_trust::{MAX_SIGNATURE_SIZE, SUFFIX};

use crate::answer::check_url;
use crate::code::Code;
use crate::error::InstallError;
use crate::http::HttpClient;

pub use archive::Archive;
use archive::section;
pub use trust::{Belief, Trust};
use trust::{Offer, Way, judge};

const MANIFEST: &str = "manifest.json";

/// A folder with `manifest.json` and the files that it names.
#[derive(Clone, Debug)]
pub enum Source {
    /// Over HTTP or HTTPS.
    Http {
        /// With bounded retries.
        client: HttpClient,
        /// URL of the folder, with a slash at the end.
        base: String,
    },
    /// A local folder: a USB stick, or a build. In place of the three files it may hold their slot image.
    Folder(PathBuf),
    /// A folder in an archive.
    Archive(Archive),
}

impl Source {
    /// A folder on a server.
    ///
    /// # Errors
    /// [`Code::AnswerInvalid`] when `url` is not an `http://` or `https://` URL.
    pub fn http(client: HttpClient, url: &str) -> Result<Self, InstallError> {
        match url.strip_prefix("https://") {
            Some(rest) => check_url("image.url", &format!("http://{rest}"))?,
            None => check_url("image.url", url)?,
        }
        let slash = if url.ends_with('/') { "" } else { "/" };
        Ok(Self::Http { client, base: format!("{url}{slash}") })
    }

    /// A folder, its `manifest.json`, a `slot.img` beside one, or an archive of such a folder.
    ///
    /// # Errors
    /// [`Code::ImageFetch`] when there is nothing of the kind at `path`.
    pub fn local(path: &Path) -> Result<Self, InstallError> {
        let failed = |e: io::Error| InstallError::caused(Code::ImageFetch, path.display(), e);
        let kind = std::fs::metadata(path).map_err(failed)?;
        let name = path.file_name().unwrap_or_default();
        if kind.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        if name == MANIFEST || name == Artefact::Slot.file_name() {
            return Ok(Self::Folder(path.parent().unwrap_or(Path::new(".")).to_owned()));
        }
        let archive = Archive::open(path).map_err(|e| {
            let detail = format!(
                "{} is neither a folder with manifest.json, nor a slot.img beside one, nor a tar archive of one",
                path.display()
            );
            InstallError::caused(Code::ImageFetch, detail, e)
        })?;
        Ok(Self::Archive(archive))
    }

    /// The manifest, and why it is believed. `expected` is its SHA-256 where somebody knows it.
    ///
    /// # Errors
    /// [`Code::ImageFetch`]; [`Code::ImageManifest`] when it is another or none; [`Code::ImageSignature`] when it is not
    /// signed as `trust` asks.
    pub fn manifest(
        &self,
        expected: Option<Sha256Digest>,
        trust: &Trust,
    ) -> Result<(Manifest, Belief), InstallError> {
        let place = self.place(MANIFEST);
        let json = self.small(MANIFEST, MAX_MANIFEST_SIZE)?;
        let json =
            json.ok_or_else(|| InstallError::new(Code::ImageFetch, format!("{place} is not there")))?;
        let asked = !trust.keys.is_empty() && !trust.insecure;
        let signature =
            if asked { self.small(&format!("{MANIFEST}{SUFFIX}"), MAX_SIGNATURE_SIZE)? } else { None };
        let way = match self {
            Self::Http { base, .. } if base.starts_with("https:") => Way::Tls,
            Self::Http { .. } => Way::Plain,
            Self::Folder(_) | Self::Archive(_) => Way::Local,
        };
        let offer = Offer { place: &place, way, json: &json, signature: signature.as_deref() };
        let belief = judge(&offer, expected, trust)?;
        let manifest =
            Manifest::parse(&json).map_err(|e| InstallError::caused(Code::ImageManifest, place, e))?;
        Ok((manifest, belief))
    }

    /// A file of the image, to be read once from front to back.
    ///
    /// # Errors
    /// [`Code::ImageFetch`] when it is not there.
    pub fn open(&self, artefact: Artefact, manifest: &Manifest) -> Result<Box<dyn Read>, InstallError> {
        let name = artefact.file_name();
        let entry = manifest
            .file(artefact)
            .ok_or_else(|| InstallError::new(Code::ImageManifest, format!("no {name}")))?;
        let failed = |e: io::Error| InstallError::caused(Code::ImageFetch, self.place(name), e);
        match self {
            Self::Http { client, base } => Ok(Box::new(client.open(&format!("{base}{name}"), entry.size))),
            Self::Folder(folder) => match File::open(folder.join(name)) {
                Ok(file) => Ok(Box::new(file)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    let slot = folder.join(Artefact::Slot.file_name());
                    let at = SlotLayout::new(manifest).offset(artefact).unwrap_or_default();
                    match section(&slot, at, entry.size) {
                        Ok(part) => Ok(Box::new(part)),
                        Err(_) => Err(failed(e)),
                    }
                }
                Err(e) => Err(failed(e)),
            },
            Self::Archive(archive) => Ok(Box::new(archive.member(name).map_err(failed)?)),
        }
    }

    /// Where a file of the image is, for people.
    fn place(&self, name: &str) -> String {
        match self {
            Self::Http { base, .. } => format!("{base}{name}"),
            Self::Folder(folder) => folder.join(name).display().to_string(),
            Self::Archive(archive) => format!("{name} in {}", archive.path().display()),
        }
    }

    /// A small file; `None` when it is not there.
    fn small(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, InstallError> {
        let caused = |e: io::Error| InstallError::caused(Code::ImageFetch, self.place(name), e);
        let read = |file: io::Result<Box<dyn Read>>| {
            let mut bytes = Vec::new();
            match file.and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes)) {
                Ok(_) => Ok(Some(bytes)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(e) => Err(caused(e)),
            }
        };
        match self {
            Self::Http { client, .. } => {
                let found = client.find(&self.place(name), limit as u64);
                found.map_err(|e| InstallError::caused(Code::ImageFetch, "the manifest", e))
            }
            Self::Folder(folder) => read(File::open(folder.join(name)).map(|file| Box::new(file) as _)),
            Self::Archive(archive) => read(archive.member(name).map(|part| Box::new(part) as _)),
        }
    }
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

    use daybreak_layout::Architecture;
    use daybreak_layout::slot::{SlotSources, write_slot};
    use daybreak_trust::{Keyring, SecretKey};

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
        let error = source.manifest(Some(Sha256Digest::of(b"other")), &Trust::default()).unwrap_err();
        assert_eq!(error.code(), Code::ImageManifest);
        assert!(error.detail().contains("expected"), "{error}");
        let error = source.manifest(Some(Sha256Digest::of(b"{}")), &Trust::default()).unwrap_err();
        assert_eq!(error.code(), Code::ImageManifest);
        assert!(error.detail().contains("missing field"), "{error}");
    }

    #[test]
    fn the_network_is_not_trusted_without_a_digest() {
        let (url, _asked) = serve(vec![answer(200, "", b"{}", 2)]);
        let source = Source::http(HttpClient::new(Arc::new(|_| ())), &url).unwrap();
        let error = source.manifest(None, &Trust::default()).unwrap_err();
        assert!(error.detail().contains("SHA-256 was not given"), "{error}");
    }

    #[test]
    fn over_http_the_signature_is_fetched_and_asked_for() {
        let key = SecretKey::generate().unwrap();
        let trust = Trust { keys: Keyring::new(vec![key.public()]), insecure: false };
        let good = key.sign(&b"{}"[..], "").unwrap().to_string();
        for (signature, code) in [
            (answer(200, "", good.as_bytes(), good.len()), Code::ImageManifest),
            (answer(200, "", &good.as_bytes()[..90], 90), Code::ImageSignature),
            (answer(404, "", b"", 0), Code::ImageSignature),
        ] {
            let (url, asked) = serve(vec![answer(200, "", b"{}", 2), signature]);
            let source = Source::http(HttpClient::new(Arc::new(|_| ())), &url).unwrap();
            assert_eq!(source.manifest(None, &trust).unwrap_err().code(), code);
            let heads: Vec<_> = asked.iter().map(|asked| asked.head).collect();
            assert!(heads[1].starts_with("GET /manifest.json.minisig "), "{heads:?}");
        }
    }

    #[test]
    fn a_slot_image_stands_for_its_three_files() {
        let folder = tempfile::tempdir().unwrap();
        let contents = [vec![1; 5000], vec![2; 7000], vec![3; 9000]];
        let entry = |bytes: &Vec<u8>| FileEntry { size: bytes.len() as u64, sha256: Sha256Digest::of(bytes) };
        let [vmlinuz, initrd, root] = contents.each_ref().map(entry);
        let manifest = Manifest::new("v", "1", Architecture::Amd64, "", vmlinuz, initrd, root).unwrap();
        let [mut vmlinuz, mut initrd, mut root] = contents.each_ref().map(Vec::as_slice);
        let sources = SlotSources { vmlinuz: &mut vmlinuz, initrd: &mut initrd, root: &mut root };
        let slot = folder.path().join("slot.img");
        write_slot(File::create(&slot).unwrap(), &SlotLayout::new(&manifest), sources).unwrap();
        write(folder.path(), MANIFEST, manifest.to_json().as_bytes());
        let source = Source::local(&slot).unwrap();
        let (found, belief) = source.manifest(None, &Trust::default()).unwrap();
        assert_eq!((found, belief), (manifest.clone(), Belief::Source));
        for (artefact, content) in Artefact::IN_SLOT.into_iter().zip(contents) {
            let mut bytes = Vec::new();
            source.open(artefact, &manifest).unwrap().read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, content, "{artefact:?}");
        }
    }

    #[test]
    fn a_missing_file_names_itself() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::Folder(folder.path().to_owned());
        let error = source.manifest(None, &Trust::default()).unwrap_err();
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
