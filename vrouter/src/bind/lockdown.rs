//! Linux's lockdown, which Secure Boot turns on: `kernel_lockdown(7)`.

use std::path::Path;

use crate::daemon::pci::read;

/// Whether programs are kept from the registers of PCI devices. That is what `uio_pci_generic` needs; `vfio-pci` is
/// allowed, because its IOMMU keeps the device from the kernel's memory.
pub(super) fn is_on(sysfs: &Path) -> bool {
    // The mode in brackets is in force: `none [integrity] confidentiality`. A kernel without lockdown has no such file.
    let modes = read(&sysfs.join("kernel/security/lockdown")).unwrap_or_default();
    modes.split_whitespace().any(|mode| matches!(mode, "[integrity]" | "[confidentiality]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_in_brackets_counts() {
        let sysfs = tempfile::tempdir().unwrap();
        let folder = sysfs.path().join("kernel/security");
        assert!(!is_on(sysfs.path()), "a kernel without lockdown");
        std::fs::create_dir_all(&folder).unwrap();
        for (text, on) in [
            ("[none] integrity confidentiality\n", false),
            ("none [integrity] confidentiality\n", true),
            ("none integrity [confidentiality]\n", true),
            ("", false),
        ] {
            std::fs::write(folder.join("lockdown"), text).unwrap();
            assert_eq!(is_on(sysfs.path()), on, "{text:?}");
        }
    }
}
