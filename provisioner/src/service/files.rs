//! What the packet servers may send: images and loaders, by name, opened at start.

use super::ServiceError;
use crate::boot::{GRUB_START, START};
use crate::site::{Images, Site};
use bytes::Bytes;
use daybreak_http::{Artifact, Artifacts};
use daybreak_layout::Artefact;
use daybreak_tftp::Lookup;
use daybreak_trust::SUFFIX;
use std::collections::HashMap;
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Images by URL path and loaders by name. A map: no name from the network ever becomes a path on disk.
#[derive(Debug, Default)]
pub struct Files {
    paths: HashMap<String, Artifact>,
    loaders: HashMap<String, Bytes>,
}

impl Files {
    /// Opens everything that the site names. Blocks.
    ///
    /// # Errors
    /// When a loader cannot be read.
    pub fn open(site: &Site, images: &Images) -> Result<Self, ServiceError> {
        let mut files = Self::default();
        for (name, image) in images.iter() {
            let manifest = Artifact::memory(Bytes::from(image.manifest_json.clone()))
                .with_content_type("application/json")
                .with_sha256(*image.manifest_sha256.as_bytes());
            files.paths.insert(format!("/images/{name}/manifest.json"), manifest);
            if let Some(signature) = &image.signature {
                let signature = Artifact::memory(Bytes::from(signature.clone()));
                files.paths.insert(format!("/images/{name}/manifest.json{SUFFIX}"), signature);
            }
            for (file, (open, digest)) in &image.files {
                let artifact = Artifact::file(Arc::clone(open))?.with_sha256(*digest.as_bytes());
                files.paths.insert(format!("/images/{name}/{file}"), artifact);
            }
        }
        if site.has_secure_boot().is_ok() {
            files.for_grub(images)?;
        }
        for (name, path) in &site.loaders {
            let bytes = std::fs::read(path).map_err(|source| ServiceError::Loader {
                name: name.clone(),
                path: path.clone(),
                source,
            })?;
            let bytes = Bytes::from(bytes);
            // UEFI HTTP boot asks by HTTP for what PXE asks by TFTP.
            files.paths.insert(format!("/boot/{name}"), Artifact::memory(bytes.clone()));
            files.loaders.insert(name.clone(), bytes);
        }
        Ok(files)
    }
}

impl Files {
    /// Debian's signed GRUB knows no HTTP: kernel and initrd are in memory, for TFTP.
    fn for_grub(&mut self, images: &Images) -> Result<(), ServiceError> {
        self.loaders.insert(GRUB_START.to_owned(), Bytes::from_static(START.as_bytes()));
        for (name, image) in images.iter() {
            for artefact in [Artefact::Vmlinuz, Artefact::Initrd] {
                let file = artefact.file_name();
                if let Some((open, _)) = image.files.get(file) {
                    self.loaders.insert(format!("images/{name}/{file}"), Bytes::from(whole(open)?));
                }
            }
        }
        Ok(())
    }
}

/// The bytes of an open file, from wherever it stands.
fn whole(file: &File) -> Result<Vec<u8>, ServiceError> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    };
    read().map_err(ServiceError::Boot)
}

impl daybreak_tftp::Files for Files {
    fn lookup(&self, name: &str, _: SocketAddr) -> Lookup {
        self.loaders.get(name).cloned().into()
    }
}

impl Artifacts for Files {
    fn resolve(&self, path: &str, _: SocketAddr) -> Option<Artifact> {
        self.paths.get(path).cloned()
    }
}
