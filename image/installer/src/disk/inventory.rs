//! What disks there are, from `lsblk` and the links under `/dev/disk`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::Disk;
use crate::code::Code;
use crate::error::InstallError;
use crate::size::ByteSize;

const COLUMNS: &str =
    "NAME,PATH,TYPE,START,SIZE,LOG-SEC,SERIAL,WWN,MODEL,RO,RM,FSTYPE,LABEL,PARTLABEL,PARTUUID,MOUNTPOINTS";

/// Disks in memory and of other machines: never a target.
const NOT_A_DISK: [&str; 5] = ["ram", "zram", "loop", "nbd", "fd"];

/// Lists the disks of this machine. `kernel_line` is the content of `/proc/cmdline`: it names the boot medium.
///
/// # Errors
/// [`Code::InventoryFailed`] when `lsblk` cannot be run or its answer not be read.
pub fn inventory(kernel_line: &str) -> Result<Vec<Disk>, InstallError> {
    let failed = |detail: String| InstallError::new(Code::InventoryFailed, detail);
    let output = Command::new("lsblk")
        .args(["--json", "--bytes", "--output", COLUMNS])
        .output()
        .map_err(|e| failed(format!("lsblk: {e}")))?;
    if !output.status.success() {
        return Err(failed(format!("lsblk: {}", String::from_utf8_lossy(&output.stderr).trim())));
    }
    let mut disks = parse_lsblk(&output.stdout, kernel_line)?;
    for disk in &mut disks {
        disk.links = links_to(&disk.path);
        let by_path = disk.links.iter().filter_map(|link| link.strip_prefix("/dev/disk/by-path/"));
        disk.by_path = by_path.map(str::to_owned).collect();
        if disk.serial.is_none() {
            disk.serial = sysfs_serial(&disk.path);
        }
    }
    Ok(disks)
}

/// Reads the answer of `lsblk --json --bytes` with the columns that [`inventory`] asks for.
///
/// # Errors
/// [`Code::InventoryFailed`] when it is not such an answer.
pub fn parse_lsblk(json: &[u8], kernel_line: &str) -> Result<Vec<Disk>, InstallError> {
    let answer: Lsblk = serde_json::from_slice(json)
        .map_err(|e| InstallError::caused(Code::InventoryFailed, "the answer of lsblk", e))?;
    let medium = BootMedium::from_kernel_line(kernel_line);
    let disks = answer.blockdevices.iter().filter(|device| device.is_disk());
    Ok(disks.map(|device| device.to_disk(&medium)).collect())
}

#[derive(Deserialize)]
struct Lsblk {
    blockdevices: Vec<Device>,
}

#[derive(Deserialize)]
struct Device {
    name: String,
    path: String,
    #[serde(rename = "type")]
    kind: String,
    /// In sectors of 512 bytes; partitions only.
    start: Option<u64>,
    size: u64,
    #[serde(rename = "log-sec")]
    sector: u64,
    serial: Option<String>,
    wwn: Option<String>,
    model: Option<String>,
    ro: bool,
    rm: bool,
    fstype: Option<String>,
    label: Option<String>,
    partlabel: Option<String>,
    partuuid: Option<String>,
    #[serde(default)]
    mountpoints: Vec<Option<String>>,
    #[serde(default)]
    children: Vec<Device>,
}

impl Device {
    fn is_disk(&self) -> bool {
        let number = |rest: &str| rest.bytes().all(|c| c.is_ascii_digit());
        let excluded = NOT_A_DISK.iter().any(|name| self.name.strip_prefix(name).is_some_and(number));
        self.kind == "disk" && self.size > 0 && !excluded
    }

    fn to_disk(&self, medium: &BootMedium) -> Disk {
        let mut disk = Disk {
            path: self.path.clone(),
            size: self.size,
            sector: self.sector,
            serial: text(self.serial.as_ref()),
            wwn: text(self.wwn.as_ref()),
            model: text(self.model.as_ref()),
            removable: self.rm,
            read_only: self.ro,
            ..Disk::default()
        };
        self.collect(medium, &mut disk);
        disk
    }

    /// Adds uses and contents of this device and everything made of it.
    fn collect(&self, medium: &BootMedium, disk: &mut Disk) {
        disk.boot_medium |= medium.is(self);
        disk.in_use_by.extend(self.mountpoints.iter().flatten().cloned());
        let is_part = self.kind == "part";
        if !is_part && self.kind != "disk" {
            disk.in_use_by.push(format!("{} ({})", self.path, self.kind));
        }
        if is_part {
            disk.partitions.push((self.start.unwrap_or(0).saturating_mul(512), self.size));
        }
        if is_part || self.fstype.is_some() {
            disk.contents.push(self.describe());
        }
        for child in &self.children {
            child.collect(medium, disk);
        }
    }

    fn describe(&self) -> String {
        let kind = self.fstype.as_deref().unwrap_or("unknown content");
        let name = self.label.as_ref().or(self.partlabel.as_ref());
        let name = name.map(|name| format!(" {name:?}")).unwrap_or_default();
        format!("{}: {kind}{name}, {}", self.path, ByteSize(self.size))
    }
}

/// How the kernel line of the running system names the device that it was started from; see the boot script of the image.
struct BootMedium {
    label: Option<String>,
    partuuid: Option<String>,
}

impl BootMedium {
    fn from_kernel_line(line: &str) -> Self {
        let value = |name: &str| {
            let words = line.split_whitespace().rev();
            words.filter_map(|word| word.strip_prefix(name)).map(str::to_owned).next()
        };
        Self { label: value("daybreak.media="), partuuid: value("daybreak.slot=") }
    }

    fn is(&self, device: &Device) -> bool {
        let label = self.label.is_some() && self.label == device.label;
        let same = |wanted: &String| {
            device.partuuid.as_ref().is_some_and(|found| found.eq_ignore_ascii_case(wanted))
        };
        label || self.partuuid.as_ref().is_some_and(same)
    }
}

fn text(value: Option<&String>) -> Option<String> {
    value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn links_to(device: &str) -> Vec<String> {
    let Ok(folders) = fs::read_dir("/dev/disk") else { return Vec::new() };
    let folders = folders.flatten().filter_map(|folder| fs::read_dir(folder.path()).ok());
    let links = folders.flat_map(Iterator::flatten).map(|link| link.path());
    let mut links: Vec<String> = links
        .filter(|link| fs::canonicalize(link).is_ok_and(|to| to == Path::new(device)))
        .map(|link| link.to_string_lossy().into_owned())
        .collect();
    links.sort();
    links
}

/// Without udev, `lsblk` has no serial number; the kernel has it for virtio and `NVMe`.
fn sysfs_serial(device: &str) -> Option<String> {
    let name = Path::new(device).file_name()?.to_str()?;
    let files = [format!("/sys/block/{name}/serial"), format!("/sys/block/{name}/device/serial")];
    files.iter().find_map(|file| text(fs::read_to_string(file).ok().as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = include_str!("testdata/lsblk.json");

    fn machine(kernel_line: &str) -> Vec<Disk> {
        parse_lsblk(MACHINE.as_bytes(), kernel_line).unwrap()
    }

    #[test]
    fn disks_are_disks_only() {
        let paths: Vec<String> = machine("").into_iter().map(|disk| disk.path).collect();
        assert_eq!(paths, ["/dev/vda", "/dev/vdb", "/dev/sda", "/dev/nvme0n1"]);
    }

    #[test]
    fn mounts_swap_and_devices_on_top_are_uses() {
        let disks = machine("");
        assert!(disks[0].in_use_by.is_empty() && disks[0].contents.is_empty());
        assert_eq!(disks[1].in_use_by, ["/srv", "[SWAP]"]);
        assert_eq!(disks[3].in_use_by, ["/dev/mapper/vg-data (lvm)"]);
    }

    #[test]
    fn contents_are_described() {
        let disks = machine("");
        assert_eq!(disks[1].contents[0], "/dev/vdb1: ext4 \"data\", 1 GiB");
        assert_eq!(disks[2].contents, ["/dev/sda1: iso9660 \"DAYBREAK\", 2 GiB"]);
    }

    #[test]
    fn identity_is_read_and_blank_fields_are_none() {
        let disks = machine("");
        assert_eq!(disks[0].serial.as_deref(), Some("DISK0"));
        assert_eq!(disks[1].serial, None);
        assert_eq!(disks[3].wwn.as_deref(), Some("eui.0025385881b1c0b5"));
        assert_eq!(disks[3].model.as_deref(), Some("SAMSUNG MZVLB512"));
        assert!(disks[2].removable && disks[2].read_only);
    }

    #[test]
    fn the_boot_medium_is_found_by_label_or_partition() {
        let medium =
            |line| machine(line).into_iter().filter(|disk| disk.boot_medium).map(|disk| disk.path).collect();
        let by_label: Vec<String> = medium("quiet daybreak.media=DAYBREAK console=tty0");
        assert_eq!(by_label, ["/dev/sda"]);
        let by_slot: Vec<String> = medium("daybreak.slot=6A1B4AF7-0C2E-4E4B-8C92-0A2C4C6E0B11");
        assert_eq!(by_slot, ["/dev/vdb"]);
        let none: Vec<String> = medium("daybreak.fetch=http://192.0.2.1/root.squashfs");
        assert!(none.is_empty());
    }

    #[test]
    fn another_answer_is_an_error() {
        for json in ["", "{}", "[]", "{\"blockdevices\": [{\"name\": \"vda\"}]}"] {
            assert_eq!(parse_lsblk(json.as_bytes(), "").unwrap_err().code(), Code::InventoryFailed);
        }
    }

    #[test]
    fn this_machine_can_be_listed() {
        assert!(inventory("").is_ok());
    }
}
