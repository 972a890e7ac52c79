//! Making the disk unbootable and its old content unreadable.

use daybreak_layout::{DiskPlan, MIB, PartitionExtent, Role};

use crate::error::InstallError;
use crate::target::Target;

static ZEROES: [u8; BLOCK] = [0; BLOCK];
const BLOCK: usize = 1 << 20;

/// Zeroes what firmware, kernels and `blkid` know a disk by. Sector 0 goes first and is on the medium before anything else
/// is touched: from here on the machine boots from the network.
///
/// `old` are the partitions of before: file systems, volume groups and RAIDs keep their marks in the first or last MiB.
pub(crate) fn wipe(
    target: &mut dyn Target,
    plan: &DiskPlan,
    old: &[PartitionExtent],
) -> Result<(), InstallError> {
    zero(target, 0, MIB)?;
    target.sync().map_err(InstallError::write("make the disk unbootable"))?;
    let size = target.size();
    zero(target, size.saturating_sub(MIB), MIB)?;
    for extent in old {
        zero_ends(target, *extent)?;
    }
    for role in Role::ALL {
        zero_ends(target, plan.extent(role))?;
    }
    // All of the EFI system partition: only its used part is written later.
    let esp = plan.extent(Role::Esp);
    zero(target, esp.start, esp.size)?;
    target.sync().map_err(InstallError::write("erase the old content"))
}

fn zero_ends(target: &mut dyn Target, extent: PartitionExtent) -> Result<(), InstallError> {
    let length = extent.size.min(MIB);
    zero(target, extent.start, length)?;
    zero(target, (extent.start + extent.size).saturating_sub(length), length)
}

/// Zeroes the part of the range that lies on the disk: an old table may claim more.
fn zero(target: &mut dyn Target, offset: u64, length: u64) -> Result<(), InstallError> {
    let end = offset.saturating_add(length).min(target.size());
    let mut at = offset;
    while at < end {
        let block = usize::try_from((end - at).min(MIB)).unwrap_or(ZEROES.len());
        target
            .write_at(at, &ZEROES[..block])
            .map_err(InstallError::write(format_args!("erase the old content at byte {at}")))?;
        at += block as u64;
    }
    Ok(())
}
