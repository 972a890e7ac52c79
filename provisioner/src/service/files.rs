//! What the packet servers may send: images and loaders, by name, opened at start.

use super::ServiceError;
use crate::site::{Images, Site};
use bytes::Bytes;
use daybreak_http::{Artifact, Artifacts};
use daybreak_trust::SUFFIX;
use std::collections::HashMap;
use std::net::SocketAddr;
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

impl daybreak_tftp::Files for Files {
    fn lookup(&self, name: &str, _: SocketAddr) -> Option<Bytes> {
        self.loaders.get(name).cloned()
    }
}

impl Artifacts for Files {
    fn resolve(&self, path: &str, _: SocketAddr) -> Option<Artifact> {
        self.paths.get(path).cloned()
    }
}
