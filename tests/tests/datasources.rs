//! A ready-made image is told who it is by each of the clouds' ways: config drive, OpenStack's and EC2's metadata service. Each
//! ends in the node being active, a login with the seed's key, and the seed's startup configuration running.

use std::time::Duration;

use daybreak_tests::environment::Environment;
use daybreak_tests::error::Result;
use daybreak_tests::lab::{Addressing, Lab, node_file};
use daybreak_tests::machine::{Firmware, MachineSpec, disk};
use daybreak_tests::patience::Patience;

/// Longest time from power-on to an active node, on a quiet machine without hardware virtualisation.
const BOOT: u64 = 600;

/// Part of what every machine is told to run.
const CONTACT: &str = "noc@example.net";

/// How the machine is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    ConfigDrive,
    OpenStack,
    Ec2,
}

impl Source {
    /// cloud-init's name of it.
    fn name(self) -> &'static str {
        match self {
            Self::ConfigDrive => "DataSourceConfigDrive",
            Self::OpenStack => "DataSourceOpenStack",
            Self::Ec2 => "DataSourceEc2",
        }
    }

    /// Makes the machine look like one of that cloud.
    fn dress(self, lab: &Lab, node: &str, spec: &mut MachineSpec) -> Result<()> {
        match self {
            Self::ConfigDrive => {
                let drive = lab.directory().join("drive.iso");
                lab.provisioner().command(&[
                    "seed",
                    "configdrive",
                    node,
                    "--to",
                    &drive.to_string_lossy(),
                ])?;
                spec.medium = Some(drive);
            }
            Self::OpenStack => spec.smbios = Some("product=OpenStack Nova".to_owned()),
            // AWS: UUID and serial number are the same and begin with ec2 ("Identify EC2 instances").
            Self::Ec2 => {
                spec.uuid.replace_range(..3, "ec2");
                spec.smbios = Some(format!("manufacturer=Amazon EC2,serial={}", spec.uuid));
            }
        }
        Ok(())
    }
}

fn becomes_active(name: &str, source: Source, firmware: Firmware) -> Result<()> {
    let mut lab = Lab::new(name, Environment::from_process()?, Addressing::Server)?;
    lab.provisioner_mut().start()?;
    let startup = format!("{{\"ietf-system:system\": {{\"contact\": \"{CONTACT}\"}}}}");
    let node = node_file(name, 1, lab.key().public());
    let node = format!("{node}  startup_config:\n    format: json\n    content: '{startup}'\n");
    lab.provisioner().add_node(name, &node)?;
    lab.provisioner().command(&["node", "deploy", name])?;
    let mut timeline = lab.provisioner().timeline(name)?;
    let mut machine = lab.ready_made(name, 1, |spec| {
        spec.firmware = firmware;
        spec.disks = vec![disk::overlay(lab.directory(), name, "DISK0", &lab.environment().qcow2()?)?];
        source.dress(&lab, name, spec)
    })?;
    machine.power_on(lab.bridge())?;
    let active =
        timeline.wait("the node to be active", Patience::secs(BOOT), |e| e.says("STATE-CHANGED", "active"));
    active.inspect_err(|_| {
        if let Ok(console) = machine.console() {
            eprintln!("--- the end of the console:\n{}", console.tail(60));
        }
        eprintln!("--- the end of the provisioner's log:\n{}", lab.provisioner().log_tail(40));
    })?;
    let login = lab.login(name)?;
    login.wait(lab.server(), Patience::secs(120))?;
    let run = |command: &str| login.run(lab.server(), command).map(|text| text.trim().to_owned());
    assert_eq!(run("hostname")?, name);
    let status = run("cat /run/cloud-init/status.json")?;
    assert!(status.contains(source.name()), "another datasource: {status}");
    // What runs is what the Day-1 data said, wherever it came from. netconfd starts beside the end of the first boot.
    let mut patience = Patience::secs(180);
    loop {
        let running = run("vrouter show config -o set");
        if running.as_ref().is_ok_and(|running| running.contains(CONTACT)) {
            break;
        }
        let wait = patience.next_wait(Duration::from_millis(500));
        std::thread::park_timeout(wait.unwrap_or_else(|| panic!("{CONTACT} does not run: {running:?}")));
    }
    if source != Source::ConfigDrive {
        let refused =
            run("curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/openstack/latest/user_data")?;
        assert_eq!(refused, "404", "secrets are given out after the first boot");
    }
    Ok(())
}

#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_a_config_drive_tells_a_machine_with_bios() {
    becomes_active("drive", Source::ConfigDrive, Firmware::Bios).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn openstack_tells_a_machine_with_uefi() {
    becomes_active("nova", Source::OpenStack, Firmware::Uefi).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn ec2_tells_a_machine_with_bios() {
    becomes_active("aws", Source::Ec2, Firmware::Bios).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_a_config_drive_tells_a_machine_with_uefi() {
    becomes_active("drive-uefi", Source::ConfigDrive, Firmware::Uefi).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_openstack_tells_a_machine_with_bios() {
    becomes_active("nova-bios", Source::OpenStack, Firmware::Bios).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_ec2_tells_a_machine_with_uefi() {
    becomes_active("aws-uefi", Source::Ec2, Firmware::Uefi).unwrap();
}
