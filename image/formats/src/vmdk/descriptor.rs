//! The descriptor inside the file: what the disk is ("The Descriptor File").

use std::collections::BTreeMap;

use crate::FormatError;

/// The disk controller that the disk is meant for, `ddb.adapterType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// Every SCSI controller, pvscsi among them: the format has no other word for it.
    Scsi,
    /// IDE and SATA.
    Ide,
}

impl Adapter {
    const fn name(self) -> &'static str {
        match self {
            Self::Scsi => "lsilogic",
            Self::Ide => "ide",
        }
    }

    /// Heads and sectors that VMware gives a disk of `capacity` sectors on this controller.
    const fn heads_and_sectors(self, capacity: u64) -> (u64, u64) {
        match self {
            Self::Ide => (16, 63),
            Self::Scsi if capacity < 1 << 21 => (64, 32),
            Self::Scsi if capacity < 1 << 22 => (128, 32),
            Self::Scsi => (255, 63),
        }
    }
}

/// Text of a descriptor, read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// `key = value` lines, quotes taken off.
    pub(crate) values: BTreeMap<String, String>,
    /// Lines of the extent description.
    pub(crate) extents: Vec<String>,
}

impl Descriptor {
    /// The text for a stream-optimised disk of `capacity` sectors in one file.
    pub(crate) fn text(
        file_name: &str,
        capacity: u64,
        content_id: u128,
        adapter: Adapter,
        hardware_version: u32,
    ) -> Result<String, FormatError> {
        if file_name.is_empty() || file_name.contains(['"', '\n', '\r', '/', '\0']) || file_name.len() > 255 {
            return Err(FormatError::Text {
                field: "name of the VMDK",
                text: file_name.to_owned(),
                reason: "a plain file name of 1 to 255 bytes without quotes is needed",
            });
        }
        let (heads, sectors) = adapter.heads_and_sectors(capacity);
        let cylinders = capacity / (heads * sectors);
        let cylinders = if matches!(adapter, Adapter::Ide) { cylinders.min(16_383) } else { cylinders };
        // The two highest values mean "no parent" and "unknown".
        let short = u32::try_from(content_id & 0xFFFF_FFFF).unwrap_or(0).min(0xFFFF_FFFD);
        Ok(format!(
            "# Disk DescriptorFile\n\
             version=1\n\
             CID={short:08x}\n\
             parentCID=ffffffff\n\
             createType=\"streamOptimized\"\n\
             \n\
             # Extent description\n\
             RW {capacity} SPARSE \"{file_name}\"\n\
             \n\
             # The Disk Data Base\n\
             #DDB\n\
             \n\
             ddb.adapterType = \"{adapter}\"\n\
             ddb.geometry.cylinders = \"{cylinders}\"\n\
             ddb.geometry.heads = \"{heads}\"\n\
             ddb.geometry.sectors = \"{sectors}\"\n\
             ddb.longContentID = \"{long:024x}{short:08x}\"\n\
             ddb.toolsInstallType = \"4\"\n\
             ddb.toolsVersion = \"2147483647\"\n\
             ddb.virtualHWVersion = \"{hardware_version}\"\n",
            adapter = adapter.name(),
            long = content_id >> 32,
        ))
    }

    /// Reads what is there; lines that are neither are left out.
    pub(crate) fn parse(text: &str) -> Self {
        let mut descriptor = Self::default();
        for line in text.lines().map(str::trim) {
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            if ["RW ", "RDONLY ", "NOACCESS "].iter().any(|access| line.starts_with(access)) {
                descriptor.extents.push(line.to_owned());
            } else if let Some((key, value)) = line.split_once('=') {
                let value = value.trim().trim_matches('"');
                descriptor.values.insert(key.trim().to_owned(), value.to_owned());
            }
        }
        descriptor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let id = 0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF;
        let text = Descriptor::text("vrouter-disk1.vmdk", 16_777_216, id, Adapter::Scsi, 15).unwrap();
        let read = Descriptor::parse(&text);
        assert_eq!(read.extents, ["RW 16777216 SPARSE \"vrouter-disk1.vmdk\""]);
        for (key, value) in [
            ("version", "1"),
            ("CID", "ccddeeff"),
            ("parentCID", "ffffffff"),
            ("createType", "streamOptimized"),
            ("ddb.adapterType", "lsilogic"),
            ("ddb.geometry.cylinders", "1044"),
            ("ddb.longContentID", "00112233445566778899aabbccddeeff"),
            ("ddb.toolsVersion", "2147483647"),
            ("ddb.virtualHWVersion", "15"),
        ] {
            assert_eq!(read.values.get(key).map(String::as_str), Some(value), "{key}");
        }
    }

    #[test]
    fn a_content_id_never_says_no_parent() {
        let text = Descriptor::text("d", 1 << 20, u128::MAX, Adapter::Ide, 15).unwrap();
        assert!(text.contains("CID=fffffffd\n") && text.contains("ddb.adapterType = \"ide\""), "{text}");
    }

    #[test]
    fn names_that_would_break_the_line_are_refused() {
        for name in ["", "a\"b", "a\nb", "../a"] {
            assert!(Descriptor::text(name, 128, 1, Adapter::Scsi, 15).is_err(), "{name:?}");
        }
    }
}
