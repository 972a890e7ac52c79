//! What the labs take from outside: the programs and the image under test. Read in one place, passed on from there.

use std::path::{Path, PathBuf};

use crate::error::{LabError, Result};
use crate::machine::{self, Accelerator};

/// The image and programs under test, and where answers are kept between runs.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The `daybreak` program.
    pub daybreak: PathBuf,
    /// A built image's folder, with `pxe/` and the qcow2 disk.
    pub image: PathBuf,
    /// Folder for what is kept between runs.
    pub cache: PathBuf,
}

impl Environment {
    /// Reads `DAYBREAK_BIN`, `DAYBREAK_IMAGE` and `DAYBREAK_CACHE`, which the Makefile sets; without them, what
    /// `make image` leaves in this work tree.
    ///
    /// # Errors
    /// When program or image are not there.
    pub fn from_process() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let of = |variable: &str, default: PathBuf| std::env::var_os(variable).map_or(default, PathBuf::from);
        let environment = Self {
            daybreak: of("DAYBREAK_BIN", root.join("target/lab/daybreak")),
            image: of("DAYBREAK_IMAGE", root.join("build/lab/vrouter")),
            cache: of("DAYBREAK_CACHE", std::env::temp_dir().join("daybreak-cache")),
        };
        for (what, path) in [
            ("the program under test", environment.daybreak.clone()),
            ("the image's kernel", environment.kernel()),
            ("the image's manifest", environment.pxe().join("manifest.json")),
        ] {
            if !path.is_file() {
                return Err(LabError::Missing { what, path, remedy: "`make image` builds both" });
            }
        }
        Ok(environment)
    }

    /// The folder that the provisioner serves.
    pub fn pxe(&self) -> PathBuf {
        self.image.join("pxe")
    }

    /// The image's kernel.
    pub fn kernel(&self) -> PathBuf {
        self.pxe().join("vmlinuz")
    }

    /// The image's disk for QEMU.
    ///
    /// # Errors
    /// When there is none.
    pub fn qcow2(&self) -> Result<PathBuf> {
        self.artefact("qcow2", "the image's qcow2 disk")
    }

    /// The image's disk, sector for sector.
    ///
    /// # Errors
    /// When there is none.
    pub fn raw(&self) -> Result<PathBuf> {
        self.artefact("raw", "the image's raw disk")
    }

    /// The image's boot medium.
    ///
    /// # Errors
    /// When there is none.
    pub fn iso(&self) -> Result<PathBuf> {
        self.artefact("iso", "the image's boot medium")
    }

    /// The image's appliance for VMware.
    ///
    /// # Errors
    /// When there is none.
    pub fn ova(&self) -> Result<PathBuf> {
        self.artefact("ova", "the image's OVA")
    }

    fn artefact(&self, extension: &str, what: &'static str) -> Result<PathBuf> {
        let found = std::fs::read_dir(&self.image)
            .map_err(|source| LabError::File { doing: "list", path: self.image.clone(), source })?
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|own| own == extension));
        found.ok_or_else(|| LabError::Missing {
            what,
            path: self.image.clone(),
            remedy: "`make image` builds it",
        })
    }

    /// What runs the machines: see [`machine::accelerator()`].
    ///
    /// # Errors
    /// When the probe cannot be set up.
    pub fn accelerator(&self) -> Result<Accelerator> {
        machine::accelerator(Some(&self.kernel()), &self.cache)
    }
}
