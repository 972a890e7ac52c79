use super::*;

const GIB: u64 = 1 << 30;

fn disk(path: &str, serial: &str, size: u64) -> Disk {
    Disk {
        path: path.to_owned(),
        serial: Some(serial.to_owned()),
        size,
        sector: 512,
        by_path: vec![format!("pci-{serial}")],
        links: vec![format!("/dev/disk/by-id/virtio-{serial}")],
        ..Disk::default()
    }
}

fn machine() -> Vec<Disk> {
    vec![disk("/dev/vda", "SYSTEM", 8 * GIB), disk("/dev/vdb", "DATA", 100 * GIB)]
}

fn hints(set: impl FnOnce(&mut DiskHints)) -> DiskHints {
    let mut hints = DiskHints::default();
    set(&mut hints);
    hints
}

fn code(disks: &[Disk], hints: &DiskHints) -> Code {
    select(disks, hints).unwrap_err().code()
}

#[test]
fn each_hint_chooses() {
    let disks = machine();
    for hints in [
        hints(|h| h.path = Some("/dev/vda".into())),
        hints(|h| h.path = Some("/dev/disk/by-id/virtio-SYSTEM".into())),
        hints(|h| h.serial = Some("SYSTEM".into())),
        hints(|h| h.serial = Some(" SYSTEM ".into())),
        hints(|h| h.by_path = Some("pci-SYSTEM".into())),
        hints(|h| h.max_size = Some(ByteSize(64 * GIB))),
        hints(|h| {
            h.serial = Some("SYSTEM".into());
            h.min_size = Some(ByteSize(8 * GIB));
            h.max_size = Some(ByteSize(8 * GIB));
        }),
    ] {
        assert_eq!(select(&disks, &hints).unwrap().path, "/dev/vda", "{hints:?}");
    }
    let larger = hints(|h| h.min_size = Some(ByteSize(9 * GIB)));
    assert_eq!(select(&disks, &larger).unwrap().path, "/dev/vdb");
}

#[test]
fn the_only_disk_needs_no_hint() {
    assert_eq!(select(&machine()[..1], &DiskHints::default()).unwrap().path, "/dev/vda");
}

#[test]
fn no_match_is_missing_and_lists_what_there_is() {
    let wrong = hints(|h| h.serial = Some("SYS".into()));
    let error = select(&machine(), &wrong).unwrap_err();
    assert_eq!(error.code(), Code::DiskMissing);
    assert!(error.detail().contains("serial \"SYS\"") && error.detail().contains("serial DATA"), "{error}");
    let contradiction = hints(|h| {
        h.serial = Some("SYSTEM".into());
        h.path = Some("/dev/vdb".into());
    });
    assert_eq!(code(&machine(), &contradiction), Code::DiskMissing);
    assert_eq!(code(&[], &DiskHints::default()), Code::DiskMissing);
}

#[test]
fn a_disk_without_serial_does_not_match_a_serial() {
    let mut disks = machine();
    disks[0].serial = None;
    assert_eq!(code(&disks, &hints(|h| h.serial = Some(String::new()))), Code::DiskMissing);
}

#[test]
fn two_matches_are_ambiguous_and_both_are_listed() {
    let error = select(&machine(), &DiskHints::default()).unwrap_err();
    assert_eq!(error.code(), Code::DiskAmbiguous);
    assert!(error.detail().contains("/dev/vda") && error.detail().contains("/dev/vdb"), "{error}");
}

#[test]
fn a_mounted_disk_still_counts_as_a_match() {
    let mut disks = machine();
    disks[1].in_use_by = vec!["/srv".into()];
    assert_eq!(code(&disks, &DiskHints::default()), Code::DiskAmbiguous);
}

#[test]
fn the_boot_medium_is_left_out_unless_it_is_named() {
    let mut disks = machine();
    disks[1].boot_medium = true;
    assert_eq!(select(&disks, &DiskHints::default()).unwrap().path, "/dev/vda");
    assert_eq!(code(&disks, &hints(|h| h.serial = Some("DATA".into()))), Code::DiskBootMedium);
    assert_eq!(code(&disks[1..], &DiskHints::default()), Code::DiskMissing);
}

#[test]
fn a_disk_that_cannot_be_used_is_refused_with_its_own_code() {
    type Spoil = fn(&mut Disk);
    let cases: [(Code, Spoil); 5] = [
        (Code::DiskBusy, |d| d.in_use_by = vec!["/srv".into()]),
        (Code::DiskReadOnly, |d| d.read_only = true),
        (Code::DiskTooSmall, |d| d.size = MIN_DISK_SIZE - 1),
        (Code::DiskSectorSize, |d| d.sector = 4096),
        (Code::DiskBootMedium, |d| d.boot_medium = true),
    ];
    for (expected, spoil) in cases {
        let mut disks = machine();
        spoil(&mut disks[0]);
        assert_eq!(code(&disks, &hints(|h| h.serial = Some("SYSTEM".into()))), expected);
    }
}

#[test]
fn the_smallest_disk_is_large_enough() {
    let disks = [disk("/dev/vda", "S", MIN_DISK_SIZE)];
    assert!(select(&disks, &DiskHints::default()).is_ok());
}
