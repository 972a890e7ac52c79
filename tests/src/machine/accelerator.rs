//! KVM or TCG: decided by a guest, not by a file.
//!
//! `/dev/kvm` can open and still run no stock kernel (nested or emulated virtualisation). So a kernel is started under
//! KVM and must get as far as looking for its root file system within seconds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Machine;
use super::spec::{Accelerator, DirectBoot, MachineSpec};
use crate::bridge::Bridge;
use crate::directory::LabDirectory;
use crate::error::Result;
use crate::patience::Patience;

/// A kernel under working KVM reports that it has no root within about two seconds.
const PROBE: Duration = Duration::from_secs(15);

/// The accelerator to use: `$DAYBREAK_ACCEL` (`kvm`, `tcg`) if set, else the answer of a probe with `kernel`, kept in
/// `cache` until the machine's kernel or QEMU changes. Without a kernel to try, TCG.
///
/// # Errors
/// When the probe cannot be set up; a guest that does not run is an answer, not an error.
pub fn accelerator(kernel: Option<&Path>, cache: &Path) -> Result<Accelerator> {
    match std::env::var("DAYBREAK_ACCEL").as_deref() {
        Ok("kvm") => return Ok(Accelerator::Kvm),
        Ok("tcg") => return Ok(Accelerator::Tcg),
        _ => {}
    }
    let Some(kernel) = kernel else { return Ok(Accelerator::Tcg) };
    if std::fs::File::options().read(true).write(true).open("/dev/kvm").is_err() {
        return Ok(Accelerator::Tcg);
    }
    let file = answer_file(cache);
    match std::fs::read_to_string(&file).as_deref() {
        Ok("kvm") => return Ok(Accelerator::Kvm),
        Ok("tcg") => return Ok(Accelerator::Tcg),
        _ => {}
    }
    let works = probe(kernel)?;
    // An answer that cannot be kept is found again next time.
    let _ = std::fs::create_dir_all(cache);
    let _ = std::fs::write(&file, if works { "kvm" } else { "tcg" });
    Ok(if works { Accelerator::Kvm } else { Accelerator::Tcg })
}

/// Where the answer is kept: its name has what could change it.
fn answer_file(cache: &Path) -> PathBuf {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    cache.join(format!("accelerator-{}-{}", release.trim(), boot.trim()))
}

/// Starts `kernel` under KVM without any root; true when it runs to the point of missing one.
fn probe(kernel: &Path) -> Result<bool> {
    let directory = LabDirectory::new(&crate::directory::base(), "kvm")?;
    let bridge = Bridge::new("kvm probe")?;
    let spec = MachineSpec {
        direct: Some(DirectBoot {
            kernel: kernel.into(),
            initrd: None,
            arguments: "console=ttyS0 panic=-1".to_owned(),
        }),
        memory_mib: 512,
        ..MachineSpec::new("probe")
    };
    let mut machine = Machine::new(&directory, spec, Accelerator::Kvm)?;
    if machine.power_on(&bridge).is_err() {
        return Ok(false);
    }
    Ok(machine.wait_console("Unable to mount root fs", Patience::new(PROBE)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_kernel_to_try_it_is_tcg() {
        if std::env::var_os("DAYBREAK_ACCEL").is_none() {
            let cache = tempfile::tempdir().unwrap();
            assert_eq!(accelerator(None, cache.path()).unwrap(), Accelerator::Tcg);
        }
    }
}
