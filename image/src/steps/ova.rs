//! The appliance for VMware.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use daybreak_formats::ova::{self, OvaDisk, OvfDisk, OvfSpec, write_ova};
use daybreak_layout::{FileEntry, Sha256Writer};

use crate::ImageError;
use crate::plan::Plan;
use crate::spec::{ByteSize, Controller, Firmware, NetworkName, Ova};
use crate::steps::vmdk::HARDWARE_VERSION;

/// The VMDK that goes into it.
pub(crate) struct Vmdk<'a> {
    /// The file.
    pub(crate) path: &'a Path,
    /// Name that it has inside.
    pub(crate) file_name: &'a str,
    /// Its size and digest.
    pub(crate) entry: FileEntry,
    /// Size of its disk.
    pub(crate) capacity: ByteSize,
}

/// Writes the appliance to `out`.
///
/// # Errors
/// [`ImageError::Format`] when it cannot be written.
pub(crate) fn build(
    plan: &Plan,
    machine: &Ova,
    vmdk: &Vmdk<'_>,
    out: &Path,
) -> Result<FileEntry, ImageError> {
    let networks: Vec<_> = machine.networks.iter().map(NetworkName::as_str).collect();
    let spec = OvfSpec {
        name: &plan.name,
        product: "Daybreak vRouter",
        vendor: "Daybreak",
        version: &plan.version,
        cpus: machine.cpus,
        memory_mib: machine.memory_mib(),
        firmware: match machine.firmware {
            Firmware::Bios => ova::Firmware::Bios,
            Firmware::Efi => ova::Firmware::Efi,
        },
        controller: match machine.controller {
            Controller::Pvscsi => ova::Controller::ParavirtualScsi,
            Controller::Lsilogic => ova::Controller::LsiLogic,
        },
        networks: &networks,
        hardware_version: HARDWARE_VERSION,
    };
    let sha256 = vmdk.entry.sha256.to_string();
    let mut file = File::open(vmdk.path).map_err(ImageError::io("open", vmdk.path))?;
    let description =
        OvfDisk { file_name: vmdk.file_name, file_size: vmdk.entry.size, capacity: vmdk.capacity.bytes() };
    let mut disk = OvaDisk { description, sha256: &sha256, file: &mut file };
    let to = File::create(out).map_err(ImageError::io("make", out))?;
    let mut to = Sha256Writer::new(BufWriter::with_capacity(1 << 20, to));
    write_ova(&mut to, &spec, &mut disk, plan.epoch).map_err(ImageError::format(out))?;
    let (_, size, sha256) = to.finish();
    Ok(FileEntry { size, sha256 })
}
