//! Formats of the image.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A format of the image. The order is that in which they are made: those that others are made from come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Folder for network boot: kernel, initrd, root and manifest.
    Pxe,
    /// The installed disk, byte by byte, as a sparse file.
    Raw,
    /// The installed disk for QEMU, KVM, OpenStack and Proxmox.
    Qcow2,
    /// The installed disk for VMware, stream-optimised.
    Vmdk,
    /// The appliance for VMware: descriptor, manifest and VMDK in one file.
    Ova,
    /// The installed disk for Azure.
    Vhd,
    /// The installed disk for Google Compute Engine, a `.tar.gz`.
    Gce,
    /// CD, also for USB sticks: live system and installer, BIOS and UEFI.
    Iso,
    /// The same for USB sticks, compressed.
    Img,
}

impl Format {
    /// Every format.
    pub fn all() -> Vec<Self> {
        Self::value_variants().to_vec()
    }

    /// Those that are made when nobody chooses.
    pub fn usual() -> Vec<Self> {
        vec![Self::Pxe, Self::Qcow2]
    }

    /// As it is written in a specification.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pxe => "pxe",
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
            Self::Vmdk => "vmdk",
            Self::Ova => "ova",
            Self::Vhd => "vhd",
            Self::Gce => "gce",
            Self::Iso => "iso",
            Self::Img => "img",
        }
    }

    /// Name of the file of an image of this name; none for the folder of [`Format::Pxe`].
    pub fn file_name(self, image: &str) -> Option<String> {
        Some(match self {
            Self::Pxe => return None,
            // Its own descriptor has this name, in an OVA too.
            Self::Vmdk => format!("{image}-disk1.vmdk"),
            Self::Gce => format!("{image}-gce.tar.gz"),
            Self::Img => format!("{image}.img.gz"),
            Self::Raw | Self::Qcow2 | Self::Ova | Self::Vhd | Self::Iso => format!("{image}.{}", self.name()),
        })
    }

    /// Names of all, for messages.
    pub(super) fn names() -> String {
        Self::all().into_iter().map(Self::name).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_specification_and_command_line() {
        for format in Format::all() {
            assert_eq!(serde_json::to_value(format).unwrap(), format.name());
            assert_eq!(Format::from_str(format.name(), false), Ok(format));
        }
    }

    #[test]
    fn no_two_formats_have_the_same_file() {
        let names: std::collections::BTreeSet<_> =
            Format::all().into_iter().map(|f| f.file_name("v")).collect();
        assert_eq!(names.len(), Format::all().len());
    }
}
