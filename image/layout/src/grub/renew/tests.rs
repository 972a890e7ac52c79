use super::*;
use crate::disk::{DiskPlan, MIN_DISK_SIZE, Role, Slot};
use crate::grub::sbat::tests::program;
use crate::grub::{efi_files, esp_bytes};

fn plan() -> DiskPlan {
    DiskPlan::new(MIN_DISK_SIZE, DiskIds::from_seed("renew"), true).unwrap()
}

fn reader(bytes: &[u8]) -> impl FnMut(u64, &mut [u8]) -> io::Result<()> {
    move |offset, to| {
        let start = usize::try_from(offset).unwrap();
        to.copy_from_slice(bytes.get(start..start + to.len()).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

fn put(bytes: &mut [u8], offset: u64, new: &[u8]) {
    let start = usize::try_from(offset).unwrap();
    bytes[start..start + new.len()].copy_from_slice(new);
}

/// An EFI system partition with these loaders.
fn esp(loader: &[u8]) -> Vec<u8> {
    let grub = GrubFiles { boot_img: &[], core_img: &[], efi: efi_files(loader) };
    let mut bytes = esp_bytes(&plan(), &grub, Slot::A).unwrap();
    bytes.resize(usize::try_from(plan().extent(Role::Esp).size).unwrap(), 0);
    bytes
}

fn follow(bytes: &mut [u8], renewal: Renewal<Vec<Step>>) {
    let Renewal::Renew(steps) = renewal else { panic!("{renewal:?}") };
    for write in steps.into_iter().flatten() {
        put(bytes, write.offset, &write.bytes);
    }
}

#[test]
fn other_loaders_are_taken_and_older_ones_are_not() {
    let (first, second) = (program(9_000, "grub,4\nshim,4\n"), program(10_000, "grub,5\nshim,4\n"));
    let mut bytes = esp(&first);
    assert_eq!(renew_efi(&mut reader(&bytes), efi_files(&first)).unwrap(), Renewal::Same);
    let renewal = renew_efi(&mut reader(&bytes), efi_files(&second)).unwrap();
    follow(&mut bytes, renewal);
    assert_eq!(renew_efi(&mut reader(&bytes), efi_files(&second)).unwrap(), Renewal::Same);
    let kept = Renewal::Keep("grub 4 would replace grub 5".to_owned());
    assert_eq!(renew_efi(&mut reader(&bytes), efi_files(&first)).unwrap(), kept);
    let unsigned = vec![0; 5000];
    assert!(renew_efi(&mut reader(&bytes), efi_files(&unsigned)).is_err());
}

#[test]
fn the_menu_becomes_that_of_this_version() {
    let mut bytes = esp(&program(9_000, "grub,4\n"));
    let ids = plan();
    assert_eq!(renew_menu(&mut reader(&bytes), ids.ids()).unwrap(), Renewal::Same);
    let at = bytes.windows(11).position(|found| found == b"set timeout").unwrap();
    put(&mut bytes, at as u64, b"# an old me");
    let renewal = renew_menu(&mut reader(&bytes), ids.ids()).unwrap();
    follow(&mut bytes, renewal);
    assert_eq!(renew_menu(&mut reader(&bytes), ids.ids()).unwrap(), Renewal::Same);
    assert!(renew_menu(&mut reader(&vec![0; 4096]), ids.ids()).is_err());
}

const PLACE: PartitionExtent = PartitionExtent { start: 1 << 20, size: 1 << 20 };

/// Files like GRUB's, told apart by a byte.
fn files(mark: u8, size: usize) -> (Vec<u8>, Vec<u8>) {
    let mut boot = vec![mark; 512];
    boot[0x66] = 0xEB;
    boot[0x180..0x185].copy_from_slice(b"GRUB ");
    boot[510..].copy_from_slice(&[0x55, 0xAA]);
    let mut core = vec![mark; size];
    core[510..512].copy_from_slice(&[0x20, 0x08]);
    (boot, core)
}

/// Sector 0 and partition of a disk with these files.
fn installed((boot, core): &(Vec<u8>, Vec<u8>)) -> ([u8; 512], Vec<u8>) {
    let made = BiosBoot::new(boot, core, PLACE).unwrap();
    let mut sector_0 = [0x77; 512];
    sector_0[..440].copy_from_slice(made.boot_code());
    let mut partition = vec![0; 1 << 20];
    put(&mut partition, 0, made.core());
    (sector_0, partition)
}

fn renew(
    sector_0: &[u8; 512],
    partition: &[u8],
    (boot, core): &(Vec<u8>, Vec<u8>),
) -> Result<Renewal<BiosSteps>, LayoutError> {
    let program = program(2048, "");
    let new = GrubFiles { boot_img: boot, core_img: core, efi: efi_files(&program) };
    renew_bios(sector_0, PLACE, &mut reader(partition), &new)
}

#[test]
fn the_core_for_bios_goes_where_the_old_one_is_not_and_the_next_one_back() {
    let (one, two, three) = (files(1, 100_000), files(2, 120_000), files(3, 90_000));
    let (mut sector_0, mut partition) = installed(&one);
    assert_eq!(renew(&sector_0, &partition, &one).unwrap(), Renewal::Same);
    let mut before = (0, one.1.len().next_multiple_of(512) as u64);
    for files in [&two, &three, &two] {
        let Renewal::Renew(steps) = renew(&sector_0, &partition, files).unwrap() else {
            panic!("it is another")
        };
        let (at, core) = steps.core;
        let end = at + core.len() as u64;
        assert!(end <= before.0 || before.1 <= at, "{before:?} and {at} to {end}");
        put(&mut partition, at, &core);
        assert_eq!(sector_0[440..], steps.sector_0[440..], "the partition table stays");
        sector_0 = steps.sector_0;
        assert_eq!(renew(&sector_0, &partition, files).unwrap(), Renewal::Same);
        before = (at, end);
    }
}

#[test]
fn a_core_that_fits_only_before_the_one_that_is_started_goes_there() {
    let (sector_0, mut partition) = installed(&files(1, 530_000));
    let Renewal::Renew(steps) = renew(&sector_0, &partition, &files(2, 400_000)).unwrap() else { panic!() };
    assert!(steps.core.0 >= 530_000, "behind the first one");
    put(&mut partition, steps.core.0, &steps.core.1);
    let renewal = renew(&steps.sector_0, &partition, &files(3, 520_000)).unwrap();
    assert!(matches!(&renewal, Renewal::Renew(steps) if steps.core.0 == 0), "there is room before it");
}

#[test]
fn a_disk_that_something_else_starts_is_left_alone() {
    let (one, two) = (files(1, 100_000), files(2, 120_000));
    let (sector_0, partition) = installed(&one);
    let kept = |sector_0: &[u8; 512], partition: &[u8], files: &(Vec<u8>, Vec<u8>), word: &str| {
        let renewal = renew(sector_0, partition, files).unwrap();
        assert!(matches!(&renewal, Renewal::Keep(why) if why.contains(word)), "{word}: {renewal:?}");
    };
    kept(&[0; 512], &partition, &two, "is not GRUB's");
    let mut elsewhere = sector_0;
    elsewhere[0x5C] = 1;
    elsewhere[0x5D] = 0;
    kept(&elsewhere, &partition, &two, "leads out of");
    elsewhere[0x5C..0x64].fill(0xFF);
    kept(&elsewhere, &partition, &two, "leads out of");
    let mut long = partition.clone();
    long[508..510].copy_from_slice(&[0xFF; 2]);
    kept(&sector_0, &long, &two, "does not end");
    kept(&sector_0, &partition, &files(2, 1_000_000), "no room for two");
    assert!(renew(&sector_0, &partition, &(vec![0; 512], vec![0; 2000])).is_err());
}
