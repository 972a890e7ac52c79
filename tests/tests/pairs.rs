//! Every pair of a medium, a firmware and a source of first-boot data is in one of these rows, which take a minute each where
//! there is no KVM. `matrix.rs` has all three with each other.

use daybreak_tests::machine::Firmware;
use daybreak_tests::told::{Medium, Row, Source};

macro_rules! rows {
    ($($name:ident: $medium:ident, $firmware:ident, $source:ident;)*) => {
        const ROWS: &[Row] = &[$(
            Row { medium: Medium::$medium, firmware: Firmware::$firmware, source: Source::$source },
        )*];
        $(
            #[test]
            #[ignore = "needs images of all formats; `make test-pairs` runs it, and `make test` the first six"]
            fn $name() {
                let row = Row { medium: Medium::$medium, firmware: Firmware::$firmware, source: Source::$source };
                row.run("pair").unwrap();
            }
        )*
    };
}

rows! {
    // Every value once: these are the rows of `make test`.
    qcow2_by_bios_untold: Qcow2, Bios, None;
    cd_by_secure_boot_nocloud_medium: Cd, UefiSecureBoot, NoCloudMedium;
    stick_by_uefi_nocloud_http: Stick, Uefi, NoCloudHttp;
    raw_by_secure_boot_config_drive: Raw, UefiSecureBoot, ConfigDrive;
    qcow2_by_uefi_openstack: Qcow2, Uefi, OpenStack;
    ova_disk_by_bios_ec2: OvaDisk, Bios, Ec2;
    // With them every pair: `make test-pairs`.
    matrix_cd_by_uefi_untold: Cd, Uefi, None;
    matrix_stick_by_secure_boot_untold: Stick, UefiSecureBoot, None;
    matrix_ova_disk_by_uefi_untold: OvaDisk, Uefi, None;
    matrix_raw_by_secure_boot_untold: Raw, UefiSecureBoot, None;
    matrix_stick_by_bios_nocloud_medium: Stick, Bios, NoCloudMedium;
    matrix_qcow2_by_uefi_nocloud_medium: Qcow2, Uefi, NoCloudMedium;
    matrix_ova_disk_by_secure_boot_nocloud_medium: OvaDisk, UefiSecureBoot, NoCloudMedium;
    matrix_raw_by_bios_nocloud_medium: Raw, Bios, NoCloudMedium;
    matrix_cd_by_bios_nocloud_http: Cd, Bios, NoCloudHttp;
    matrix_qcow2_by_secure_boot_nocloud_http: Qcow2, UefiSecureBoot, NoCloudHttp;
    matrix_ova_disk_by_bios_nocloud_http: OvaDisk, Bios, NoCloudHttp;
    matrix_raw_by_uefi_nocloud_http: Raw, Uefi, NoCloudHttp;
    matrix_cd_by_uefi_config_drive: Cd, Uefi, ConfigDrive;
    matrix_stick_by_secure_boot_config_drive: Stick, UefiSecureBoot, ConfigDrive;
    matrix_qcow2_by_bios_config_drive: Qcow2, Bios, ConfigDrive;
    matrix_ova_disk_by_uefi_config_drive: OvaDisk, Uefi, ConfigDrive;
    matrix_cd_by_secure_boot_openstack: Cd, UefiSecureBoot, OpenStack;
    matrix_stick_by_bios_openstack: Stick, Bios, OpenStack;
    matrix_ova_disk_by_secure_boot_openstack: OvaDisk, UefiSecureBoot, OpenStack;
    matrix_raw_by_bios_openstack: Raw, Bios, OpenStack;
    matrix_cd_by_bios_ec2: Cd, Bios, Ec2;
    matrix_stick_by_uefi_ec2: Stick, Uefi, Ec2;
    matrix_qcow2_by_secure_boot_ec2: Qcow2, UefiSecureBoot, Ec2;
    matrix_raw_by_uefi_ec2: Raw, Uefi, Ec2;
}

#[test]
fn every_pair_is_there() {
    let there = |holds: &dyn Fn(&Row) -> bool| ROWS.iter().any(holds);
    for medium in Medium::ALL {
        for source in Source::ALL {
            assert!(there(&|row| row.medium == medium && row.source == source), "{medium:?} {source:?}");
        }
        for firmware in Firmware::ALL {
            assert!(
                there(&|row| row.medium == medium && row.firmware == firmware),
                "{medium:?} {firmware:?}"
            );
        }
    }
    for (firmware, source) in Firmware::ALL.into_iter().flat_map(|f| Source::ALL.map(|source| (f, source))) {
        assert!(there(&|row| row.firmware == firmware && row.source == source), "{firmware:?} {source:?}");
    }
}
