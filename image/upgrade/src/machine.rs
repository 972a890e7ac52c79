//! Where the parts of the running appliance are.

use std::fs;
use std::path::{Path, PathBuf};

use daybreak_layout::{Gpt, Manifest, Role, Slot};

use crate::UpgradeError;
use crate::record::Records;
use crate::volume::other;

/// An appliance that runs from an installed disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    running: Slot,
    disk: PathBuf,
    bios_boot: Option<PathBuf>,
    esp: PathBuf,
    slots: [PathBuf; 2],
    state: PathBuf,
    medium: PathBuf,
}

impl Machine {
    /// Finds them by the kernel line and by the names of the partitions, as the boot script does. `root` is `/`, or a
    /// folder that looks like it.
    ///
    /// # Errors
    /// [`UpgradeError::NotInstalled`] says what is missing.
    pub fn find(root: &Path) -> Result<Self, UpgradeError> {
        let missing = |what: String| UpgradeError::NotInstalled(what);
        let read = |path: &str| {
            let path = root.join(path);
            fs::read_to_string(&path).map_err(|e| missing(format!("{}: {e}", path.display())))
        };
        let line = read("proc/cmdline")?;
        let partuuid = line.split_whitespace().rev().find_map(|word| word.strip_prefix("daybreak.slot="));
        let partuuid = partuuid.ok_or_else(|| missing("the kernel line names no slot".to_owned()))?;
        let by_uuid = root.join("dev/disk/by-partuuid").join(partuuid);
        let device = by_uuid.canonicalize().map_err(|e| missing(format!("{}: {e}", by_uuid.display())))?;
        let name = device.file_name().unwrap_or_default();
        let block = root.join("sys/class/block").join(name);
        let block = block.canonicalize().map_err(|e| missing(format!("{}: {e}", block.display())))?;
        let disk = block.parent().unwrap_or(&block);
        let found = partitions(disk);
        let of = |role: Role| {
            let path = found.iter().find(|(partname, _)| partname == role.name());
            path.map(|(_, name)| root.join("dev").join(name))
                .ok_or_else(|| missing(format!("{} has no partition {}", disk.display(), role.name())))
        };
        let (a, b) = (of(Role::Slot(Slot::A))?, of(Role::Slot(Slot::B))?);
        let running = match &device {
            device if a.canonicalize().is_ok_and(|a| a == *device) => Slot::A,
            device if b.canonicalize().is_ok_and(|b| b == *device) => Slot::B,
            device => return Err(missing(format!("{} is no slot of its disk", device.display()))),
        };
        let state = root.join("run/daybreak/state");
        if !state.is_dir() {
            return Err(missing(format!("{} is not there", state.display())));
        }
        let medium = root.join("run/daybreak/medium");
        let whole = root.join("dev").join(disk.file_name().unwrap_or_default());
        let bios_boot = of(Role::BiosBoot).ok();
        Ok(Self { running, disk: whole, bios_boot, esp: of(Role::Esp)?, slots: [a, b], state, medium })
    }

    /// The slot that runs.
    pub const fn running(&self) -> Slot {
        self.running
    }

    /// The slot that does not.
    pub const fn other(&self) -> Slot {
        other(self.running)
    }

    /// The disk that holds all of them.
    pub fn disk(&self) -> &Path {
        &self.disk
    }

    /// The partition with GRUB's core for BIOS, which a disk of somebody's own making may lack.
    pub fn bios_boot(&self) -> Option<&Path> {
        self.bios_boot.as_deref()
    }

    /// The partition table of the disk.
    ///
    /// # Errors
    /// [`UpgradeError::Device`], and [`UpgradeError::Table`] when there is none.
    pub fn gpt(&self) -> Result<Gpt, UpgradeError> {
        let mut disk = fs::File::open(&self.disk).map_err(UpgradeError::device("open", &self.disk))?;
        Gpt::read(&mut disk).map_err(|source| UpgradeError::Table { device: self.disk.clone(), source })
    }

    /// The EFI system partition.
    pub fn esp(&self) -> &Path {
        &self.esp
    }

    /// Device of a slot.
    pub fn slot(&self, slot: Slot) -> &Path {
        &self.slots[usize::from(slot == Slot::B)]
    }

    /// The records on the state partition.
    pub fn records(&self) -> Records {
        Records::of(&self.state)
    }

    /// Manifest of the image that runs.
    ///
    /// # Errors
    /// [`UpgradeError::NotInstalled`] when the slot is not mounted.
    pub fn running_manifest(&self) -> Result<Manifest, UpgradeError> {
        let path = self.medium.join("manifest.json");
        let wrong = |e: String| UpgradeError::NotInstalled(format!("{}: {e}", path.display()));
        let json = fs::read(&path).map_err(|e| wrong(e.to_string()))?;
        Manifest::parse(&json).map_err(|e| wrong(e.to_string()))
    }
}

/// Partition names and kernel names of the partitions of a disk, from its folder in `/sys`.
fn partitions(disk: &Path) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(disk) else { return Vec::new() };
    let part = |entry: fs::DirEntry| {
        let event = fs::read_to_string(entry.path().join("uevent")).ok()?;
        let name = event.lines().find_map(|line| line.strip_prefix("PARTNAME="))?;
        Some((name.to_owned(), entry.file_name().to_string_lossy().into_owned()))
    };
    entries.flatten().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A root with a disk `vda` whose slot B runs, beside another disk of the same kind.
    fn root() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let path = |path: &str| dir.path().join(path);
        for folder in ["proc", "dev/disk/by-partuuid", "sys/class/block", "run/daybreak/state"] {
            fs::create_dir_all(path(folder)).unwrap();
        }
        for disk in ["vda", "vdb"] {
            for (number, name) in [(2, "esp"), (3, "slot-a"), (4, "slot-b"), (5, "state")] {
                let part = format!("{disk}{number}");
                let sys = path(&format!("sys/devices/pci/{disk}/{part}"));
                fs::create_dir_all(&sys).unwrap();
                fs::write(sys.join("uevent"), format!("DEVTYPE=partition\nPARTNAME={name}\n")).unwrap();
                fs::write(path(&format!("dev/{part}")), "").unwrap();
                symlink(&sys, path(&format!("sys/class/block/{part}"))).unwrap();
            }
        }
        symlink("../../vda4", path("dev/disk/by-partuuid/1234")).unwrap();
        fs::write(path("proc/cmdline"), "boot=daybreak daybreak.slot=1234 quiet\n").unwrap();
        dir
    }

    #[test]
    fn the_parts_are_those_of_the_disk_that_runs() {
        let root = root();
        let machine = Machine::find(root.path()).unwrap();
        assert_eq!((machine.running(), machine.other()), (Slot::B, Slot::A));
        assert_eq!(machine.disk(), root.path().join("dev/vda"));
        assert_eq!((machine.bios_boot(), machine.esp()), (None, root.path().join("dev/vda2").as_path()));
        assert_eq!(machine.slot(Slot::A), root.path().join("dev/vda3"));
        assert_eq!(machine.slot(Slot::B), root.path().join("dev/vda4"));
    }

    #[test]
    fn a_live_system_is_told_apart() {
        let root = root();
        fs::write(root.path().join("proc/cmdline"), "boot=daybreak daybreak.media=X\n").unwrap();
        let error = Machine::find(root.path()).unwrap_err().to_string();
        assert!(error.contains("names no slot") && error.contains("vrouter install"), "{error}");
    }
}
