//! GRUB's environment, read and written in its place on the EFI system partition.

use daybreak_installer::Target;
use daybreak_layout::grub::{GRUBENV_SIZE, GrubEnv, env_offset};

use crate::UpgradeError;

/// The environment; `None` when it is damaged, which GRUB takes for "slot A is good".
///
/// # Errors
/// [`UpgradeError::Environment`] when the partition has no environment.
pub fn read_env(esp: &mut dyn Target) -> Result<Option<GrubEnv>, UpgradeError> {
    let offset = place(esp)?;
    Ok(GrubEnv::parse(&block(esp, offset)?).ok())
}

/// Writes the environment; it is on the medium when this returns.
///
/// The block is written in one go and everything that it says is in its first sector: a power cut leaves the old or the new
/// one.
///
/// # Errors
/// [`UpgradeError::Environment`] when the partition has no environment, [`UpgradeError::Device`] and
/// [`UpgradeError::NotKept`] when the disk fails.
pub fn write_env(esp: &mut dyn Target, env: &GrubEnv) -> Result<(), UpgradeError> {
    let offset = place(esp)?;
    let device = esp.path().to_owned();
    let bytes =
        env.to_bytes().map_err(|source| UpgradeError::Environment { device: device.clone(), source })?;
    let failed = || UpgradeError::device("write the boot loader's environment to", &device);
    esp.write_at(offset, &bytes).map_err(failed())?;
    esp.sync().map_err(failed())?;
    esp.drop_cache().map_err(failed())?;
    if block(esp, offset)? == bytes { Ok(()) } else { Err(UpgradeError::NotKept { device }) }
}

fn place(esp: &mut dyn Target) -> Result<u64, UpgradeError> {
    let found = env_offset(&mut |offset, bytes| esp.read_at(offset, bytes));
    found.map_err(|source| UpgradeError::Environment { device: esp.path().to_owned(), source })
}

fn block(esp: &mut dyn Target, offset: u64) -> Result<Vec<u8>, UpgradeError> {
    let mut bytes = vec![0; GRUBENV_SIZE];
    let read = esp.read_at(offset, &mut bytes);
    read.map_err(UpgradeError::device("read the boot loader's environment from", esp.path()))?;
    Ok(bytes)
}
