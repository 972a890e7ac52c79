//! The images that are served: opened once, checked against their manifests.

use super::Site;
use daybreak_layout::{Artefact, LayoutError, Manifest, Sha256Digest};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An image is not usable.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A file of it cannot be read.
    #[error(
        "image {image}: cannot read {path}: {source}; build it with `daybreak image build`, or mend images.{image}.path"
    )]
    Read {
        /// Which image.
        image: String,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its manifest is not one.
    #[error("image {image}: {path}: {source}")]
    Manifest {
        /// Which image.
        image: String,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: LayoutError,
    },
    /// A file is not the one that the manifest names.
    #[error("image {image}: {path} has digest {found}, its manifest says {wanted}; build the image again")]
    Digest {
        /// Which image.
        image: String,
        /// Which file.
        path: PathBuf,
        /// Digest of the file.
        found: Sha256Digest,
        /// Digest in the manifest.
        wanted: Sha256Digest,
    },
}

/// An image, its files open. An image that is built anew in the same folder is served after a restart.
#[derive(Debug)]
pub struct Image {
    /// Its manifest.
    pub manifest: Manifest,
    /// The manifest as it is on disk.
    pub manifest_json: Vec<u8>,
    /// Digest of `manifest_json`.
    pub manifest_sha256: Sha256Digest,
    /// The files by name.
    pub files: BTreeMap<&'static str, (Arc<File>, Sha256Digest)>,
}

/// Every image of a site, by name.
#[derive(Debug, Default)]
pub struct Images(BTreeMap<String, Image>);

impl Images {
    /// Opens the images of a site and reads each file once to check its digest. Blocks.
    ///
    /// # Errors
    /// When a file is missing or is not what its manifest says.
    pub fn open(site: &Site) -> Result<Self, ImageError> {
        site.images
            .iter()
            .map(|(name, source)| Ok((name.clone(), Image::open(name, &source.path)?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The image of that name.
    pub fn get(&self, name: &str) -> Option<&Image> {
        self.0.get(name)
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Every image with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Image)> {
        self.0.iter().map(|(name, image)| (name.as_str(), image))
    }

    /// The only image, if there is just one.
    pub fn only(&self) -> Option<&str> {
        let mut names = self.names();
        names.next().filter(|_| names.next().is_none())
    }
}

impl Image {
    fn open(image: &str, folder: &Path) -> Result<Self, ImageError> {
        let path = folder.join("manifest.json");
        let read = |path: &Path| {
            let path = path.to_owned();
            move |source| ImageError::Read { image: image.to_owned(), path, source }
        };
        let manifest_json = std::fs::read(&path).map_err(read(&path))?;
        let manifest = Manifest::parse(&manifest_json).map_err(|source| ImageError::Manifest {
            image: image.to_owned(),
            path,
            source,
        })?;
        let mut files = BTreeMap::new();
        for artefact in Artefact::IN_SLOT {
            // `Manifest::parse` gives no manifest without these three.
            let Some(entry) = manifest.file(artefact) else { continue };
            let path = folder.join(artefact.file_name());
            let mut file = File::open(&path).map_err(read(&path))?;
            let found = digest(&mut file).map_err(read(&path))?;
            if found != entry.sha256 {
                return Err(ImageError::Digest {
                    image: image.to_owned(),
                    path,
                    found,
                    wanted: entry.sha256,
                });
            }
            files.insert(artefact.file_name(), (Arc::new(file), found));
        }
        Ok(Self { manifest_sha256: Sha256Digest::of(&manifest_json), manifest, manifest_json, files })
    }
}

fn digest(file: &mut File) -> std::io::Result<Sha256Digest> {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    file.seek(SeekFrom::Start(0))?;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Sha256Digest::from(<[u8; 32]>::from(hash.finalize()))),
            n => hash.update(&buffer[..n]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Image, ImageError};
    use crate::testing::image_folder;

    #[test]
    fn a_whole_image_opens_and_a_flipped_bit_does_not() {
        let folder = image_folder();
        assert_eq!(Image::open("vrouter", folder.path()).unwrap().files.len(), 3);
        let root = folder.path().join("root.squashfs");
        let mut bytes = std::fs::read(&root).unwrap();
        bytes[0] ^= 1;
        std::fs::write(&root, bytes).unwrap();
        assert!(matches!(Image::open("vrouter", folder.path()), Err(ImageError::Digest { .. })));
        std::fs::remove_file(&root).unwrap();
        let message = Image::open("vrouter", folder.path()).unwrap_err().to_string();
        assert!(message.contains("root.squashfs") && message.contains("image build"), "{message}");
    }
}
