//! Every medium by every firmware with every source of first-boot data. A test is a medium and a firmware, with all sources
//! one after another.

use daybreak_tests::machine::Firmware;
use daybreak_tests::told::{Medium, Row, Source};

/// All rows of a medium and a firmware are tried; those that failed are named at the end.
fn every_source(medium: Medium, firmware: Firmware) {
    let failed: Vec<_> = Source::ALL
        .into_iter()
        .map(|source| Row { medium, firmware, source })
        .filter(|row| match row.run("matrix") {
            Ok(()) => {
                eprintln!("passed: {row:?}");
                false
            }
            Err(error) => {
                eprintln!("failed: {row:?}: {error}");
                true
            }
        })
        .collect();
    assert_eq!(failed, []);
}

macro_rules! rows {
    ($($name:ident: $medium:ident, $firmware:ident;)*) => {
        $(
            #[test]
            #[ignore = "needs images of all formats and ten minutes; `make test-matrix` runs it"]
            fn $name() {
                every_source(Medium::$medium, Firmware::$firmware);
            }
        )*
    };
}

rows! {
    matrix_cd_by_bios: Cd, Bios;
    matrix_cd_by_uefi: Cd, Uefi;
    matrix_cd_by_secure_boot: Cd, UefiSecureBoot;
    matrix_stick_by_bios: Stick, Bios;
    matrix_stick_by_uefi: Stick, Uefi;
    matrix_stick_by_secure_boot: Stick, UefiSecureBoot;
    matrix_qcow2_by_bios: Qcow2, Bios;
    matrix_qcow2_by_uefi: Qcow2, Uefi;
    matrix_qcow2_by_secure_boot: Qcow2, UefiSecureBoot;
    matrix_ova_disk_by_bios: OvaDisk, Bios;
    matrix_ova_disk_by_uefi: OvaDisk, Uefi;
    matrix_ova_disk_by_secure_boot: OvaDisk, UefiSecureBoot;
    matrix_raw_by_bios: Raw, Bios;
    matrix_raw_by_uefi: Raw, Uefi;
    matrix_raw_by_secure_boot: Raw, UefiSecureBoot;
}
