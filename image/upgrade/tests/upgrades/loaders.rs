//! The boot loaders of an image that stays, and the power cut at every write of them.

use std::cell::RefCell;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use daybreak_installer::LoaderFiles;
use daybreak_layout::grub::{
    BOOT_IMG, CORE_IMG, EfiFiles, GRUB_EFI, GrubFiles, MOK_MANAGER, SHIM, disk_config, esp_bytes,
};
use daybreak_layout::{Gpt, Role, Slot};
use daybreak_upgrade::{Disk, Fate, Renewed, renew};

use crate::power_cut::cuts;
use crate::rig::{Lost, Part, Power, Rig, SECTOR, plan, signed_program};

/// The loaders of an image: a folder of files that differ from those with another mark.
struct Loaders {
    folder: PathBuf,
    mark: u8,
    core: usize,
}

impl Loaders {
    fn new(dir: &Path, mark: u8, core: usize) -> Self {
        let folder = dir.join(format!("loaders-{mark}"));
        fs::create_dir(&folder).unwrap();
        let mut boot = vec![mark; 512];
        boot[0x66] = 0xEB;
        boot[0x180..0x185].copy_from_slice(b"GRUB ");
        boot[510..].copy_from_slice(&[0x55, 0xAA]);
        let mut image = vec![mark; core];
        image[510..512].copy_from_slice(&[0x20, 0x08]);
        fs::write(folder.join(BOOT_IMG), boot).unwrap();
        fs::write(folder.join(CORE_IMG), image).unwrap();
        for (name, size) in [(SHIM, 2_000), (GRUB_EFI, 5_000), (MOK_MANAGER, 1_500)] {
            fs::write(folder.join(name), Self::program(mark, size)).unwrap();
        }
        Self { folder, mark, core }
    }

    fn program(mark: u8, size: usize) -> Vec<u8> {
        let mut program = signed_program();
        program.resize(size + usize::from(mark), mark);
        program
    }

    fn renew(&self, rig: &Rig, parts: [Part; 3]) -> Renewed {
        let [mut esp, mut bios_boot, mut whole] = parts;
        let gpt = Gpt::read(&mut File::open(rig.disk()).unwrap()).unwrap();
        let files = LoaderFiles::read(&self.folder).unwrap();
        let mut disk = Disk { esp: &mut esp, bios_boot: Some(&mut bios_boot), whole: &mut whole, gpt: &gpt };
        renew(&mut disk, &files.files())
    }

    fn renew_steadily(&self, rig: &Rig) -> Renewed {
        self.renew(rig, parts(rig, &rig.power(u64::MAX / SECTOR, Lost::Nothing)))
    }

    /// Puts them on the disk as an installation does, with a menu of that time.
    fn install(&self, rig: &Rig) {
        let read = |name| fs::read(self.folder.join(name)).unwrap();
        let (boot_img, core_img) = (read(BOOT_IMG), read(CORE_IMG));
        let (shim, grub, mok_manager) = (read(SHIM), read(GRUB_EFI), read(MOK_MANAGER));
        let efi = EfiFiles { shim: &shim, grub: &grub, mok_manager: &mok_manager };
        let files = GrubFiles { boot_img: &boot_img, core_img: &core_img, efi };
        let bios = files.bios_boot(&plan()).unwrap();
        let mut esp = esp_bytes(&plan(), &files, Slot::A).unwrap();
        let at = esp.windows(11).position(|found| found == b"set timeout").unwrap();
        esp[at..at + 11].copy_from_slice(b"# timeout  ");
        // What an earlier case has left behind it.
        esp.resize(4 << 20, 0);
        let mut file = File::options().read(true).write(true).open(rig.disk()).unwrap();
        plan().write_table(&mut file, bios.boot_code()).unwrap();
        file.write_all_at(&esp, plan().extent(Role::Esp).start).unwrap();
        file.write_all_at(bios.core(), plan().extent(Role::BiosBoot).start).unwrap();
    }

    /// Whether BIOS starts these: its boot code leads to a whole core of theirs.
    fn are_for_bios(&self, rig: &Rig) -> bool {
        let file = File::open(rig.disk()).unwrap();
        let mut sector = [0; 512];
        file.read_exact_at(&mut sector, 0).unwrap();
        let first = u64::from_le_bytes(*sector[0x5C..].first_chunk().unwrap());
        let mut core = vec![0; self.core];
        file.read_exact_at(&mut core, first * SECTOR).unwrap();
        let blocks = u64::from_le_bytes(*core[500..].first_chunk().unwrap());
        let whole = core[600..].iter().all(|byte| *byte == self.mark) && blocks == first + 1;
        sector[0] == self.mark && whole
    }

    /// Whether UEFI starts these, all three of them.
    fn are_for_uefi(&self, rig: &Rig) -> bool {
        let files = [("BOOTX64.EFI", 2_000), ("grubx64.efi", 5_000), ("mmx64.efi", 1_500)];
        files
            .into_iter()
            .all(|(name, size)| esp_file(rig, &format!("EFI/BOOT/{name}")) == Self::program(self.mark, size))
    }
}

/// A file of the EFI system partition, by a program that is not ours.
fn esp_file(rig: &Rig, path: &str) -> Vec<u8> {
    let esp = format!("{}@@{}", rig.disk().display(), plan().extent(Role::Esp).start);
    let output = Command::new("mcopy").args(["-i", &esp, &format!("::/{path}"), "-"]).output().unwrap();
    assert!(output.status.success(), "{path}: {output:?}");
    output.stdout
}

fn rig() -> (Rig, Loaders, Loaders) {
    let rig = Rig::new();
    let (old, new) = (Loaders::new(rig.dir.path(), 1, 30_000), Loaders::new(rig.dir.path(), 2, 40_001));
    old.install(&rig);
    (rig, old, new)
}

/// Where loaders lie: two partitions, and the whole.
fn parts(rig: &Rig, power: &Rc<RefCell<Power>>) -> [Part; 3] {
    [Some(Role::Esp), Some(Role::BiosBoot), None].map(|role| rig.part(power, role))
}

fn all(fate: &Fate) -> Renewed {
    Renewed { efi: fate.clone(), bios: fate.clone(), menu: fate.clone() }
}

#[test]
fn an_image_brings_its_loaders_and_the_next_one_others() {
    let (rig, old, new) = rig();
    assert!(old.are_for_bios(&rig) && old.are_for_uefi(&rig));
    assert_eq!(new.renew_steadily(&rig), all(&Fate::Renewed));
    assert_eq!(new.renew_steadily(&rig), all(&Fate::Same));
    assert!(new.are_for_bios(&rig) && new.are_for_uefi(&rig));
    assert_eq!(esp_file(&rig, "grub/grub.cfg"), disk_config(plan().ids()).as_bytes());
    let third = Loaders::new(rig.dir.path(), 3, 35_000);
    assert_eq!(third.renew_steadily(&rig), Renewed { menu: Fate::Same, ..all(&Fate::Renewed) });
    assert!(third.are_for_bios(&rig) && third.are_for_uefi(&rig));
    assert_eq!(rig.boot(), Slot::A, "the menu's environment is where it was");
}

#[test]
fn what_cannot_be_renewed_stays_and_says_why() {
    let (rig, old, new) = rig();
    fs::write(new.folder.join(SHIM), b"no program").unwrap();
    fs::write(new.folder.join(CORE_IMG), b"no core").unwrap();
    let renewed = new.renew_steadily(&rig);
    let told = renewed.to_string();
    assert!(told.contains("UEFI kept: ") && told.contains("not a UEFI program"), "{told}");
    assert!(told.contains("BIOS kept: ") && told.contains("core.img"), "{told}");
    assert!(old.are_for_bios(&rig) && old.are_for_uefi(&rig));
    let others = daybreak_layout::DiskIds::from_seed("a copy of the disk");
    let table = daybreak_layout::DiskPlan::new(daybreak_layout::MIN_DISK_SIZE, others, true).unwrap().gpt();
    let mixed = Gpt { disk_guid: table.disk_guid, ..plan().gpt() };
    let file = File::options().write(true).open(rig.disk()).unwrap();
    file.write_all_at(&mixed.primary_bytes(&[0; 440])[512..], SECTOR).unwrap();
    let renewed = old.renew_steadily(&rig);
    assert_eq!(renewed.efi, Fate::Same);
    assert!(renewed.to_string().contains("menu kept: the identifiers"), "{renewed}");
}

#[test]
fn every_cut_leaves_loaders_that_start_and_the_next_try_ends_it() {
    let (rig, old, new) = rig();
    let power = rig.power(u64::MAX / SECTOR, Lost::Nothing);
    assert_eq!(new.renew(&rig, parts(&rig, &power)), all(&Fate::Renewed));
    let cuts = cuts(&power.borrow().writes);
    assert!(cuts.len() >= 15, "{cuts:?}");
    for cut in cuts {
        for lost in [Lost::Nothing, Lost::Everything, Lost::AllButTheLast] {
            old.install(&rig);
            let menu = esp_file(&rig, "grub/grub.cfg");
            let power = rig.power(cut, lost);
            let told = new.renew(&rig, parts(&rig, &power)).to_string();
            let case = format!("cut after {cut} sectors, lost: {lost:?}");
            assert!(told.contains("the power is cut"), "{case}: {told}");
            assert!(old.are_for_bios(&rig) || new.are_for_bios(&rig), "{case}");
            assert!(old.are_for_uefi(&rig) || new.are_for_uefi(&rig), "{case}");
            let found = esp_file(&rig, "grub/grub.cfg");
            assert!(found == menu || found == disk_config(plan().ids()).as_bytes(), "{case}");
            assert_eq!(rig.boot(), Slot::A, "{case}");
            new.renew_steadily(&rig);
            assert_eq!(new.renew_steadily(&rig), all(&Fate::Same), "{case}");
            assert!(new.are_for_bios(&rig) && new.are_for_uefi(&rig), "{case}");
        }
    }
}
