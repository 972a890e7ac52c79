//! The folder beside `appliance.yaml` with everything that goes into the image besides packages.

use std::fs;
use std::path::{Path, PathBuf};

use daybreak_layout::Sha256Digest;

use crate::ImageError;
use crate::archive::Layer;
use crate::digest;

/// `root/`, `boot/`, `files/` and `packages/`.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    folder: PathBuf,
}

impl Recipe {
    /// The recipe in a folder.
    ///
    /// # Errors
    /// [`ImageError::Io`] names the part that is missing.
    pub(crate) fn open(folder: &Path) -> Result<Self, ImageError> {
        let recipe =
            Self { folder: folder.canonicalize().map_err(ImageError::io("find the recipe in", folder))? };
        for part in [recipe.root().join("customize.sh"), recipe.boot(), recipe.folder.join("files")] {
            fs::metadata(&part).map_err(ImageError::io("find a part of the recipe:", &part))?;
        }
        Ok(recipe)
    }

    /// Folder of `customize.sh` and its files: they decide about the base root.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    /// Folder of the specifications of our own packages.
    pub(crate) fn packages(&self) -> PathBuf {
        self.folder.join("packages")
    }

    /// The overlay.
    pub(crate) fn files(&self) -> Result<Layer, ImageError> {
        let mut layer = Layer::default();
        layer.add_folder(&self.folder.join("files"))?;
        Ok(layer)
    }

    /// Digest of the folder of the base root.
    pub(crate) fn root_digest(&self) -> Result<Sha256Digest, ImageError> {
        let mut layer = Layer::default();
        layer.add_folder(&self.root())?;
        digest::of_layer(&layer)
    }

    /// The boot script.
    pub(crate) fn boot_script(&self) -> Result<Vec<u8>, ImageError> {
        let path = self.boot();
        fs::read(&path).map_err(ImageError::io("read", &path))
    }

    fn boot(&self) -> PathBuf {
        self.folder.join("boot/daybreak")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Content;

    #[test]
    fn the_shipped_recipe_is_whole() {
        let recipe = Recipe::open(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let files = recipe.files().unwrap();
        let unit = files.get("etc/systemd/system/multi-user.target.wants/systemd-networkd.service").unwrap();
        assert!(matches!(&unit.content, Content::Link(_)), "{unit:?}");
        assert!(recipe.boot_script().unwrap().windows(11).any(|text| text == b"mountroot()"));
        assert_eq!(recipe.root_digest().unwrap(), recipe.root_digest().unwrap());
    }

    #[test]
    fn a_missing_part_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Recipe::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("root/customize.sh"), "{error}");
    }
}
