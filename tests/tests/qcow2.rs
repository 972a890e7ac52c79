//! The qcow2 image without any provisioner: firmware, GRUB, cloud-init with a `NoCloud` medium, SSH.

use daybreak_tests::bridge::Bridge;
use daybreak_tests::directory::{self, LabDirectory};
use daybreak_tests::environment::Environment;
use daybreak_tests::error::Result;
use daybreak_tests::machine::{Card, Firmware, Machine, MachineSpec, disk};
use daybreak_tests::namespace::Namespace;
use daybreak_tests::patience::Patience;
use daybreak_tests::ssh::{HostKeys, Login, SshKey};

fn boots_to_ssh(name: &str, firmware: Firmware) -> Result<()> {
    let environment = Environment::from_process()?;
    let directory = LabDirectory::new(&directory::base(), name)?;
    let bridge = Bridge::new("wire")?;
    let outside = Namespace::new("outside")?;
    bridge.join(&outside, "eth0", Some("10.77.0.1/24"))?;
    let key = SshKey::generate(&directory)?;
    let user_data = format!(
        "#cloud-config\nhostname: {name}\nusers:\n- name: admin\n  groups: [adm, sudo]\n  shell: /bin/bash\n  \
         sudo: ALL=(ALL) NOPASSWD:ALL\n  ssh_authorized_keys:\n  - {}\n",
        key.public()
    );
    let network = "version: 2\nethernets:\n  wire:\n    match: {macaddress: \"52:54:00:77:00:01\"}\n    \
                   addresses: [10.77.0.20/24]\n";
    let meta_data = format!("instance-id: {name}-1\n");
    let files = [
        ("user-data", user_data.as_str()),
        ("meta-data", meta_data.as_str()),
        ("network-config", network),
        ("vendor-data", ""),
    ];
    let card = Card { mac: "52:54:00:77:00:01".to_owned(), tap: bridge.add_tap()? };
    let spec = MachineSpec {
        firmware,
        cards: vec![card],
        disks: vec![disk::overlay(&directory, name, "DISK0", &environment.qcow2()?)?],
        medium: Some(disk::seed_medium(&directory, name, &files)?),
        network_boot: false,
        ..MachineSpec::new(name)
    };
    let mut machine = Machine::new(&directory, spec, environment.accelerator()?)?;
    machine.power_on(&bridge)?;
    let login = Login::new(&directory, &key, "10.77.0.20", HostKeys::FirstSeen)?;
    login.wait(&outside, Patience::secs(300)).inspect_err(|_| {
        if let Ok(console) = machine.console() {
            eprintln!("--- the end of the console:\n{}", console.tail(60));
        }
    })?;
    assert_eq!(login.run(&outside, "hostname")?.trim(), name);
    let uefi = login.run(&outside, "test -d /sys/firmware/efi && echo yes || echo no")?;
    assert_eq!(uefi.trim() == "yes", firmware == Firmware::Uefi, "started by the other firmware");
    Ok(())
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn the_qcow2_image_boots_by_bios_to_ssh() {
    boots_to_ssh("qcow-bios", Firmware::Bios).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn the_qcow2_image_boots_by_uefi_to_ssh() {
    boots_to_ssh("qcow-uefi", Firmware::Uefi).unwrap();
}
