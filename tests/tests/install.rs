//! Empty disk to SSH login, as users do it, and what happens when something goes wrong on the way.

use daybreak_tests::environment::Environment;
use daybreak_tests::error::Result;
use daybreak_tests::lab::{Addressing, Lab};
use daybreak_tests::machine::{Firmware, Machine, disk};
use daybreak_tests::patience::Patience;
use daybreak_tests::timeline::{Timeline, missing_phase};

/// Longest time from power-on to a finished install, on a quiet machine without hardware virtualisation.
const INSTALL: u64 = 600;

/// Longest boot from disk to phone-home or SSH, likewise.
const BOOT: u64 = 300;

/// What a deployment must leave in the timeline, in this order.
const PHASES: &[(&str, &str)] = &[
    ("NODE-ADDED", ""),
    ("DHCP-ACKED", ""),
    ("BOOT-INSTALL", ""),
    ("HTTP-SENT", "vmlinuz"),
    ("HTTP-SENT", "initrd.img"),
    ("HTTP-SENT", "root.squashfs"),
    ("SEED-READ", "user-data"),
    ("INSTALL-STEP", "partition"),
    ("INSTALL-STEP", "write"),
    ("INSTALL-STEP", "verify"),
    ("INSTALL-STEP", "seed"),
    ("INSTALL-STEP", "bootloader"),
    ("INSTALL-DONE", ""),
    ("BOOT-DISK", ""),
    ("PHONE-HOME", ""),
    ("STATE-CHANGED", "active"),
];

/// A lab that serves, with a machine on it that has one empty disk.
fn lab_with_machine(name: &str, firmware: Firmware) -> Result<(Lab, Machine)> {
    let mut lab = Lab::new(name, Environment::from_process()?, Addressing::Server)?;
    lab.provisioner_mut().start()?;
    lab.enrol("r1", 1)?;
    let target = disk::empty(lab.directory(), "target", "DISK0", 4 << 30)?;
    let machine = lab.machine("r1", 1, firmware, vec![target])?;
    Ok((lab, machine))
}

/// Waits until the node is active; on failure, the ends of console and log are printed.
fn wait_active(lab: &Lab, machine: &Machine, timeline: &mut Timeline) -> Result<()> {
    let wait = |timeline: &mut Timeline| {
        timeline.wait_code("INSTALL-DONE", Patience::secs(INSTALL))?;
        timeline.wait_code("PHONE-HOME", Patience::secs(BOOT))?;
        timeline.wait("the node to be active", Patience::secs(60), |e| e.says("STATE-CHANGED", "active"))
    };
    wait(timeline).map(drop).inspect_err(|_| lab.explain(machine))
}

/// Asserts that the appliance runs from its installed slot and answers on SSH with the host keys it phoned home with.
fn check_installed(lab: &Lab, machine: &Machine) -> Result<()> {
    let login = lab.login("r1")?;
    login.wait(lab.server(), Patience::secs(BOOT)).inspect_err(|_| lab.explain(machine))?;
    assert_eq!(login.run(lab.server(), "hostname")?.trim(), "r1");
    let kernel_line = login.run(lab.server(), "cat /proc/cmdline")?;
    assert!(kernel_line.contains("daybreak.slot="), "not started from a slot: {kernel_line}");
    let config = login.run(lab.server(), "findmnt --noheadings --output TARGET /config")?;
    assert_eq!(config.trim(), "/config", "the state partition is not mounted");
    Ok(())
}

/// The machine loses power and comes back from its own disk, with nothing installed again.
fn check_power_cycle(lab: &Lab, machine: &mut Machine, timeline: &mut Timeline) -> Result<()> {
    machine.power_cut();
    machine.power_on(lab.bridge())?;
    timeline.wait_code("BOOT-DISK", Patience::secs(BOOT)).inspect_err(|_| lab.explain(machine))?;
    check_installed(lab, machine)?;
    assert_eq!(lab.provisioner().state("r1")?, "active");
    let installs = timeline.seen().iter().filter(|e| e.code == "INSTALL-DONE").count();
    assert_eq!(installs, 1, "installed again:\n{}", timeline.tail());
    Ok(())
}

/// Every lease of the deployment must be for one address, from boot ROM to operating system.
fn assert_one_address(timeline: &Timeline) {
    let mut addresses: Vec<_> = timeline
        .seen()
        .iter()
        .filter(|e| e.code == "DHCP-ACKED")
        .map(|e| {
            e.message.split(|c: char| c != '.' && !c.is_ascii_digit()).find(|word| word.starts_with("10.77."))
        })
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), 1, "more than one address: {addresses:?}\n{}", timeline.tail());
    assert!(addresses[0].is_some(), "no address in:\n{}", timeline.tail());
}

#[test]
#[ignore = "needs the built image and some minutes; `make test` runs it"]
fn bios_machine_from_empty_disk_to_ssh_twice_with_its_data_disk_untouched() {
    let (lab, mut machine) = lab_with_machine("bios", Firmware::Bios).unwrap();
    let data = disk::patterned(lab.directory(), "data", "DATA", 256 << 20).unwrap();
    let before = disk::digest(&data.file).unwrap();
    machine.spec_mut().disks.push(data.clone());

    let mut timeline = lab.provisioner().timeline("r1").unwrap();
    machine.power_on(lab.bridge()).unwrap();
    wait_active(&lab, &machine, &mut timeline).unwrap();
    check_installed(&lab, &machine).unwrap();
    assert_eq!(missing_phase(timeline.seen(), PHASES), None, "missing in:\n{}", timeline.tail());
    assert_one_address(&timeline);

    check_power_cycle(&lab, &mut machine, &mut timeline).unwrap();
    machine.power_cut();
    assert_eq!(disk::digest(&data.file).unwrap(), before, "the data disk was written to");
}

#[test]
#[ignore = "needs the built image and some minutes; `make test` runs it"]
fn uefi_machine_that_lost_power_while_writing_installs_cleanly_and_boots_twice() {
    let (lab, mut machine) = lab_with_machine("uefi", Firmware::Uefi).unwrap();
    let mut timeline = lab.provisioner().timeline("r1").unwrap();
    machine.power_on(lab.bridge()).unwrap();
    let percent = wait_half_written(&lab, &mut timeline).inspect_err(|_| lab.explain(&machine)).unwrap();
    machine.power_cut();
    assert!((20..=80).contains(&percent), "cut at {percent} %");

    machine.power_on(lab.bridge()).unwrap();
    wait_active(&lab, &machine, &mut timeline).unwrap();
    check_installed(&lab, &machine).unwrap();
    assert_eq!(missing_phase(timeline.seen(), PHASES), None, "missing in:\n{}", timeline.tail());
    check_power_cycle(&lab, &mut machine, &mut timeline).unwrap();
}

#[test]
#[ignore = "needs the built image and some minutes; `make test` runs it"]
fn an_install_survives_a_crash_of_the_provisioner() {
    let (mut lab, mut machine) = lab_with_machine("crash", Firmware::Bios).unwrap();
    let mut timeline = lab.provisioner().timeline("r1").unwrap();
    machine.power_on(lab.bridge()).unwrap();
    wait_half_written(&lab, &mut timeline).inspect_err(|_| lab.explain(&machine)).unwrap();
    lab.provisioner_mut().kill();
    lab.provisioner_mut().start().unwrap();

    let mut timeline = lab.provisioner().timeline("r1").unwrap();
    wait_active(&lab, &machine, &mut timeline).unwrap();
    check_installed(&lab, &machine).unwrap();
    let installs = timeline.seen().iter().filter(|e| e.code == "BOOT-INSTALL").count();
    assert_eq!(installs, 1, "the machine had to start over:\n{}", timeline.tail());
}

/// Waits until the installer has written 20 % or more; gives the percentage.
fn wait_half_written(lab: &Lab, timeline: &mut Timeline) -> Result<u64> {
    timeline.wait("the write step", Patience::secs(INSTALL), |e| e.says("INSTALL-STEP", "write"))?;
    lab.provisioner().wait_progress("r1", "write", 20, Patience::secs(BOOT))
}
