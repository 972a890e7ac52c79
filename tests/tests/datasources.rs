//! A ready-made image is told who it is by the clouds' ways, or by nobody. `matrix.rs` has every medium by every firmware with
//! every source.

use daybreak_tests::machine::Firmware;
use daybreak_tests::told::{Medium, Row, Source};

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn openstack_tells_a_machine_with_uefi() {
    Row { medium: Medium::Qcow2, firmware: Firmware::Uefi, source: Source::OpenStack }.run("nova").unwrap();
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn ec2_tells_a_machine_with_bios() {
    Row { medium: Medium::Qcow2, firmware: Firmware::Bios, source: Source::Ec2 }.run("aws").unwrap();
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn a_machine_that_nobody_tells_lets_in_who_stands_at_its_console() {
    Row { medium: Medium::Qcow2, firmware: Firmware::Bios, source: Source::None }.run("untold").unwrap();
}
