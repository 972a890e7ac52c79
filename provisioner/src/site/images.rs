//! The images that are served: opened once, checked against their manifests.

use super::{ImageSource, Site};
use daybreak_layout::{Artefact, LayoutError, Manifest, Sha256Digest};
use daybreak_trust::{Keyring, SUFFIX, TrustError};
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
    /// It is not signed as the site wants it.
    #[error(
        "image {image}: {path}: {reason}; sign it with `daybreak image sign`, or mend images.{image}.keys"
    )]
    Signature {
        /// Which image.
        image: String,
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
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
    /// Signature of the manifest, for those who check it.
    pub signature: Option<Vec<u8>>,
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
            .map(|(name, source)| Ok((name.clone(), Image::open(name, source)?)))
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
    fn open(image: &str, source: &ImageSource) -> Result<Self, ImageError> {
        let folder = source.path.as_path();
        let path = folder.join("manifest.json");
        let read = |path: &Path| {
            let path = path.to_owned();
            move |source| ImageError::Read { image: image.to_owned(), path, source }
        };
        let manifest_json = std::fs::read(&path).map_err(read(&path))?;
        let signature = signature(image, source, &manifest_json)?;
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
        let manifest_sha256 = Sha256Digest::of(&manifest_json);
        Ok(Self { manifest, manifest_json, manifest_sha256, signature, files })
    }
}

/// The signature of a manifest, checked when the site has keys for the image.
fn signature(image: &str, source: &ImageSource, json: &[u8]) -> Result<Option<Vec<u8>>, ImageError> {
    let path = source.path.join(format!("manifest.json{SUFFIX}"));
    let refused =
        |reason: String| ImageError::Signature { image: image.to_owned(), path: path.clone(), reason };
    let found = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        found => {
            let read = |source| ImageError::Read { image: image.to_owned(), path: path.clone(), source };
            Some(found.map_err(read)?)
        }
    };
    if !source.keys.is_empty() {
        let keys = source.keys.iter().map(|key| key.parse()).collect::<Result<_, TrustError>>();
        let keys = Keyring::new(keys.map_err(|e| refused(e.to_string()))?);
        let bytes = found.as_deref().ok_or_else(|| refused("it is missing".to_owned()))?;
        keys.verify(json, bytes).map_err(|e| refused(e.to_string()))?;
    }
    Ok(found)
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
    use super::{Image, ImageError, ImageSource};
    use crate::testing::image_folder;
    use daybreak_trust::SecretKey;

    #[test]
    fn a_whole_image_opens_and_a_flipped_bit_does_not() {
        let folder = image_folder();
        let source = ImageSource { path: folder.path().to_owned(), keys: Vec::new() };
        assert_eq!(Image::open("vrouter", &source).unwrap().files.len(), 3);
        let root = folder.path().join("root.squashfs");
        let mut bytes = std::fs::read(&root).unwrap();
        bytes[0] ^= 1;
        std::fs::write(&root, bytes).unwrap();
        assert!(matches!(Image::open("vrouter", &source), Err(ImageError::Digest { .. })));
        std::fs::remove_file(&root).unwrap();
        let message = Image::open("vrouter", &source).unwrap_err().to_string();
        assert!(message.contains("root.squashfs") && message.contains("image build"), "{message}");
    }
    #[test]
    fn a_site_with_keys_serves_only_what_they_signed() {
        let folder = image_folder();
        let (key, other) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        let source = ImageSource { path: folder.path().to_owned(), keys: vec![key.public().to_string()] };
        let refused = || Image::open("vrouter", &source).unwrap_err().to_string();
        assert!(refused().contains("it is missing"), "{}", refused());
        let json = std::fs::read(folder.path().join("manifest.json")).unwrap();
        let sign = |key: &SecretKey| {
            let signature = key.sign(&json[..], "").unwrap().to_string();
            std::fs::write(folder.path().join("manifest.json.minisig"), &signature).unwrap();
            signature
        };
        sign(&other);
        assert!(refused().contains("not trusted"), "{}", refused());
        let good = sign(&key);
        assert_eq!(Image::open("vrouter", &source).unwrap().signature, Some(good.into_bytes()));
        let bad = ImageSource { keys: vec!["RWQ".to_owned()], ..source };
        assert!(matches!(Image::open("vrouter", &bad), Err(ImageError::Signature { .. })));
    }
}
