//! COT, the Common OVF Tool, reads our OVA.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::num::NonZeroUsize;
use std::process::Command;

use daybreak_formats::ova::{Controller, Firmware, OvaDisk, OvfDisk, OvfSpec, write_ova};
use daybreak_formats::{Adapter, VmdkSpec, write_vmdk};

#[test]
fn cot_sees_disk_networks_machine_and_properties() {
    let setup = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/setup/pypi.sh"))
        .arg("cot")
        .output()
        .unwrap();
    assert!(setup.status.success(), "{setup:?}");
    let programs = String::from_utf8(setup.stdout).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("raw");
    std::fs::write(&raw, vec![7; 3 << 20]).unwrap();
    let disk = File::options().write(true).open(&raw).unwrap();
    disk.set_len(2 << 30).unwrap();
    let vmdk_path = folder.path().join("v-disk1.vmdk");
    let vmdk =
        VmdkSpec { file_name: "v-disk1.vmdk", content_id: 1, adapter: Adapter::Scsi, hardware_version: 15 };
    let out = File::create(&vmdk_path).unwrap();
    let written = write_vmdk(out, &mut File::open(&raw).unwrap(), &vmdk, NonZeroUsize::MIN).unwrap();
    let sum = Command::new("sha256sum").arg(&vmdk_path).output().unwrap();
    let sha256 = String::from_utf8(sum.stdout).unwrap()[..64].to_owned();

    let spec = OvfSpec {
        name: "v",
        product: "vRouter <&> more",
        vendor: "Daybreak",
        version: "1.2~3",
        cpus: 3,
        memory_mib: 4096,
        firmware: Firmware::Bios,
        controller: Controller::LsiLogic,
        networks: &["Management", "Data & more"],
        hardware_version: 15,
    };
    let description =
        OvfDisk { file_name: "v-disk1.vmdk", file_size: written.size, capacity: written.capacity };
    let mut file = File::open(&vmdk_path).unwrap();
    let ova = folder.path().join("v.ova");
    let mut disk = OvaDisk { description, sha256: &sha256, file: &mut file };
    write_ova(File::create(&ova).unwrap(), &spec, &mut disk, 1_700_000_000).unwrap();

    let cot = format!("{}/cot", programs.trim());
    let output = Command::new(cot).args(["info"]).arg(&ova).env("COLUMNS", "100").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for part in [
        "vRouter <&> more",
        "1.2~3",
        "v-disk1.vmdk",
        "2 GiB harddisk @ SCSI 0:0",
        "vmx-15",
        "lsilogic",
        "VmxNet3",
        "Data & more",
        "iso com.vmware.guestInfo",
        "<public-keys>",
        "<user-data>",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    let row = text.lines().find(|line| line.contains("(default)")).unwrap();
    let row: Vec<_> = row.split_whitespace().collect();
    assert_eq!(row[2..6], ["3", "4", "GiB", "2"], "{row:?}");
}
