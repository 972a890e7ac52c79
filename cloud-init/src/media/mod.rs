//! Seeds as media: small ISO 9660 volumes for a virtual CD drive or a USB stick, made in memory.

mod iso;

use crate::datasource::{Instance, openstack};
use crate::{NoCloudFile, Seed};

/// Label by which cloud-init finds a `NoCloud` medium.
pub const CIDATA: &str = "cidata";
/// Label by which cloud-init finds a config drive.
pub const CONFIG_2: &str = "config-2";

/// A `NoCloud` medium. The same seed gives the same bytes.
pub fn cidata(seed: &Seed) -> Vec<u8> {
    let files: Vec<_> = NoCloudFile::ALL
        .into_iter()
        .filter(|file| !(file.is_optional() && seed.file(*file).trim().is_empty()))
        .map(|file| (file.name().to_owned(), seed.file(file).as_bytes().to_owned()))
        .collect();
    iso::volume(CIDATA, &files)
}

/// A config drive, version 2. The same instance gives the same bytes.
pub fn config_drive(instance: &Instance<'_>) -> Vec<u8> {
    let mut files = Vec::new();
    for document in openstack::Document::ALL {
        if let Some(text) = openstack::document(instance, document) {
            files.push((format!("openstack/latest/{}", document.name()), text.into_bytes()));
        }
    }
    iso::volume(CONFIG_2, &files)
}
