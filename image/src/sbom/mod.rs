//! The bill of materials: every package of the image and every crate of our programs, as SPDX and as `CycloneDX`.
//!
//! [`Bill::gather`] puts together what is known; [`spdx`] and [`cyclonedx`] write it. There is no clock and no random
//! number in it: times are that of the image, identifiers follow from a digest.

mod crates;
mod cyclonedx;
mod gather;
mod licence;
mod purl;
mod spdx;

use std::collections::BTreeMap;

use daybreak_layout::Sha256Digest;
use serde::Serialize;

use crate::ImageError;
use crate::archive::{Content, Layer, Node};
use crate::steps::packages::Added;

pub(crate) use crates::Crates;
pub(crate) use gather::Inputs;

/// Version of the bill. To be raised when it says something else of the same inputs.
const VERSION: u32 = 1;

/// Folder of the bill in the image.
const FOLDER: &str = "usr/share/daybreak/sbom";

/// What is in an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Bill {
    /// Name of the image.
    name: String,
    /// Version of the image.
    version: String,
    /// Time of the image, as RFC 3339 in UTC.
    created: String,
    /// Packages, then crates, each in the order of names.
    parts: Vec<Part>,
    /// Licences that SPDX's list has not: the name that a copyright file gives, by reference.
    unlisted: BTreeMap<String, String>,
    /// Whether the crates of our programs are among the parts.
    crates_known: bool,
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Kind {
    /// A Debian package.
    Package,
    /// A crate, linked into a program of a package.
    Crate,
}

/// A package or a crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Part {
    /// Unlike that of every other part; letters, digits, `.` and `-`.
    id: String,
    kind: Kind,
    name: String,
    version: String,
    /// Who made the file, where that is known.
    supplier: Option<&'static str>,
    /// SPDX expression.
    licence: Option<String>,
    /// Digest of the package file.
    sha256: Option<String>,
    purl: Option<String>,
    /// Name and version of the source package where they are not those of the package.
    source: Option<(String, String)>,
    /// Web page of the project.
    homepage: Option<String>,
    /// Parts that are inside: crates of a package.
    contains: Vec<String>,
    /// Parts that it needs.
    needs: Vec<String>,
}

/// Whose bill it is: identifiers follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The image with this digest of its manifest.
    Image(Sha256Digest),
    /// The root that the bill itself lies in: its digest cannot be known yet, so the content stands for it.
    Root,
}

/// The bill in both forms.
pub(crate) struct Documents {
    /// SPDX 2.3 as JSON.
    pub(crate) spdx: String,
    /// `CycloneDX` 1.6 as JSON.
    pub(crate) cyclonedx: String,
}

impl Documents {
    /// The documents with the names of their files.
    pub(crate) fn files(self, name: &str) -> [(String, Vec<u8>); 2] {
        let Self { spdx, cyclonedx } = self;
        [
            (format!("{name}.spdx.json"), spdx.into_bytes()),
            (format!("{name}.cdx.json"), cyclonedx.into_bytes()),
        ]
    }
}

impl Bill {
    /// Puts the bill of the root into the root.
    ///
    /// # Errors
    /// As [`Bill::documents`], and [`ImageError::Root`] when something else has its place.
    pub(crate) fn add_to(&self, layer: &mut Layer) -> Result<(), ImageError> {
        self.documents(Subject::Root)?.files(&self.name).into_iter().try_for_each(|(name, bytes)| {
            layer.add(&format!("{FOLDER}/{name}"), Node::of_root(0o644, Content::Bytes(bytes)))
        })
    }

    /// Writes both forms.
    ///
    /// # Errors
    /// [`ImageError::Stream`] when the bill has no JSON form.
    pub(crate) fn documents(&self, subject: Subject) -> Result<Documents, ImageError> {
        let digest = match subject {
            Subject::Image(manifest) => manifest,
            Subject::Root => Sha256Digest::of(json(self)?.as_bytes()),
        };
        let manifest = match subject {
            Subject::Image(manifest) => Some(manifest.to_string()),
            Subject::Root => None,
        };
        Ok(Documents {
            spdx: json(&spdx::document(self, digest, manifest.as_deref()))? + "\n",
            cyclonedx: json(&cyclonedx::document(self, digest, manifest.as_deref()))? + "\n",
        })
    }
}

/// Digest of what decides about the bill in the image beside root, packages and specification.
///
/// # Errors
/// As [`Bill::documents`].
pub(crate) fn key(crates: Option<&Crates>, debs: &[Added]) -> Result<Sha256Digest, ImageError> {
    let roots: BTreeMap<_, _> = debs.iter().map(|added| (added.deb.name(), &added.crates)).collect();
    Ok(Sha256Digest::of(json(&(VERSION, env!("CARGO_PKG_VERSION"), crates, roots))?.as_bytes()))
}

fn json(value: &impl Serialize) -> Result<String, ImageError> {
    serde_json::to_string_pretty(value)
        .map_err(|e| ImageError::stream("write the bill of materials")(std::io::Error::other(e)))
}

#[cfg(test)]
mod tests;
