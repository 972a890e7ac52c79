//! Disks, and what they are connected to.

use std::path::PathBuf;

use super::spec::{Line, comma};

/// A disk image's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFormat {
    /// Sector for sector.
    Raw,
    /// QEMU's own, sparse.
    Qcow2,
    /// VMware's.
    Vmdk,
}

impl DiskFormat {
    /// QEMU's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
            Self::Vmdk => "vmdk",
        }
    }
}

/// What a disk is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Controller {
    /// virtio-blk: the disk is a device of its own.
    #[default]
    Virtio,
    /// SCSI of KVM and some clouds.
    VirtioScsi,
    /// LSI 53C895A, parallel SCSI.
    Lsi,
    /// LSI `MegaRAID` SAS 1078.
    Megasas,
    /// LSI SAS 1068, which VMware calls LSI Logic SAS.
    Mptsas,
    /// That of VMware.
    Pvscsi,
    /// What the chipset has: SATA (AHCI) on Q35, IDE (PIIX3) on the older one.
    Ata,
    /// `NVMe`.
    Nvme,
    /// A USB 3 disk.
    Usb,
}

impl Controller {
    /// QEMU's name of the adapter, for those that disks are behind.
    const fn adapter(self) -> Option<&'static str> {
        match self {
            Self::VirtioScsi => Some("virtio-scsi-pci"),
            Self::Lsi => Some("lsi53c895a"),
            Self::Megasas => Some("megasas"),
            Self::Mptsas => Some("mptsas1068"),
            Self::Pvscsi => Some("pvscsi"),
            Self::Usb => Some("qemu-xhci"),
            Self::Virtio | Self::Ata | Self::Nvme => None,
        }
    }

    /// QEMU's name of the disk.
    const fn disk(self) -> &'static str {
        match self {
            Self::Virtio => "virtio-blk-pci",
            Self::VirtioScsi | Self::Lsi | Self::Megasas | Self::Mptsas | Self::Pvscsi => "scsi-hd",
            Self::Ata => "ide-hd",
            Self::Nvme => "nvme",
            Self::Usb => "usb-storage",
        }
    }
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// The image file.
    pub file: PathBuf,
    /// The file's format.
    pub format: DiskFormat,
    /// Serial number that the guest sees (at most 20 characters on virtio).
    pub serial: String,
    /// What it is connected to.
    pub controller: Controller,
}

impl Disk {
    /// QEMU's arguments for disk number `i`; `boot` is its place in the boot order.
    pub(super) fn add(&self, line: &mut Line, i: usize, boot: u32, iommu: bool) {
        // cache=unsafe: what the guest wrote outlives a power cut in the host's page cache, as on a disk that has no cache
        // of its own, and no test waits for the host's fsync.
        line.add(
            "-drive",
            &format!(
                "if=none,id=disk{i},format={},file={},cache=unsafe,discard=unmap,detect-zeroes=unmap",
                self.format.name(),
                comma(&self.file)
            ),
        );
        let behind_iommu = |device: &str| {
            if iommu && device.starts_with("virtio") { super::spec::BEHIND_IOMMU } else { "" }
        };
        let bus = self.controller.adapter().map_or_else(String::new, |adapter| {
            line.add("-device", &format!("{adapter},id=hba{i}{}", behind_iommu(adapter)));
            format!(",bus=hba{i}.0")
        });
        // As every SAS disk has. Without it QEMU's disk has the address of the adapter's port, which Linux takes for itself.
        let name = if self.controller == Controller::Mptsas {
            format!(",wwn={:#x}", 0x5000_c500_0000_0000_u64 + i as u64)
        } else {
            String::new()
        };
        let disk = self.controller.disk();
        line.add(
            "-device",
            &format!(
                "{disk}{bus}{name},drive=disk{i},serial={},bootindex={boot}{}",
                self.serial,
                behind_iommu(disk)
            ),
        );
    }
}
