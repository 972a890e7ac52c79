//! An installed disk as a file, images to put on it, and GRUB's programs to look at it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use daybreak_installer::{Event, Observer, Source, Target, Trust};
use daybreak_layout::grub::{EfiFiles, GrubFiles, esp_bytes};
use daybreak_layout::slot::{SlotLayout, SlotSources, write_slot};
use daybreak_layout::{
    Architecture, Artefact, DiskIds, DiskPlan, FileEntry, MIN_DISK_SIZE, Manifest, Role, Sha256Digest, Slot,
};
use daybreak_upgrade::health::Expected;
use daybreak_upgrade::{Image, Kind, Pending, Records, UpgradeError, arm, disarm, fill, prepare};
use tempfile::TempDir;

pub(crate) const SECTOR: u64 = 512;

pub(crate) fn plan() -> DiskPlan {
    DiskPlan::new(MIN_DISK_SIZE, DiskIds::from_seed("upgrade-tests"), true).unwrap()
}

/// A folder with an image of some version, without its slot image.
pub(crate) struct Built {
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) slot_image: Vec<u8>,
}

impl Built {
    fn new(dir: &Path, version: &str) -> Self {
        let folder = dir.join(version);
        fs::create_dir(&folder).unwrap();
        let salt = u32::from(version.as_bytes()[0]);
        let noise = |n: u32| {
            (0..n).flat_map(|i| (i ^ salt).wrapping_mul(2_654_435_761).to_le_bytes()).collect::<Vec<u8>>()
        };
        let contents = [noise(5_000), noise(7_001), noise(400_003)];
        let mut entries = Vec::new();
        for (artefact, content) in Artefact::IN_SLOT.into_iter().zip(&contents) {
            fs::write(folder.join(artefact.file_name()), content).unwrap();
            entries.push(FileEntry { size: content.len() as u64, sha256: Sha256Digest::of(content) });
        }
        let [a, b, c] = [entries[0], entries[1], entries[2]];
        let manifest = Manifest::new("vrouter", version, Architecture::Amd64, "", a, b, c).unwrap();
        let [mut vmlinuz, mut initrd, mut root] = contents.each_ref().map(Vec::as_slice);
        let sources = SlotSources { vmlinuz: &mut vmlinuz, initrd: &mut initrd, root: &mut root };
        let mut slot_image = Vec::new();
        let entry = write_slot(&mut slot_image, &SlotLayout::new(&manifest), sources).unwrap();
        let manifest = manifest.with_slot(entry);
        fs::write(folder.join("manifest.json"), manifest.to_json()).unwrap();
        Self { folder, manifest, slot_image }
    }
}

/// What a power cut does to writes that were not synced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lost {
    /// They are on the medium all the same.
    Nothing,
    /// None of them is.
    Everything,
    /// Only the last one is: a disk writes in the order that suits it.
    AllButTheLast,
}

/// A write that may be lost, and what it replaced.
struct Unsynced {
    role: Option<Role>,
    offset: u64,
    old: Vec<u8>,
    new: Vec<u8>,
}

/// A disk whose power is cut after so many sectors.
pub(crate) struct Power {
    file: File,
    left: u64,
    lost: Lost,
    /// Offset on the disk and length of every write.
    pub(crate) writes: Vec<(u64, u64)>,
    unsynced: Vec<Unsynced>,
    cut: bool,
}

impl Power {
    fn write(&mut self, role: Option<Role>, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.alive()?;
        self.writes.push((offset, bytes.len() as u64));
        let allowed = usize::try_from(self.left * SECTOR).unwrap_or(usize::MAX).min(bytes.len());
        self.left -= (allowed as u64).div_ceil(SECTOR);
        let new = &bytes[..allowed];
        let mut old = vec![0; allowed];
        self.file.read_exact_at(&mut old, offset)?;
        self.file.write_all_at(new, offset)?;
        self.unsynced.push(Unsynced { role, offset, old, new: new.to_vec() });
        if allowed < bytes.len() { self.end() } else { Ok(()) }
    }

    fn alive(&self) -> io::Result<()> {
        if self.cut { Err(io::Error::other("the power is cut")) } else { Ok(()) }
    }

    fn end(&mut self) -> io::Result<()> {
        self.cut = true;
        if !matches!(self.lost, Lost::Nothing) {
            for Unsynced { offset, old, .. } in self.unsynced.iter().rev() {
                self.file.write_all_at(old, *offset)?;
            }
        }
        if let (Lost::AllButTheLast, Some(Unsynced { offset, new, .. })) = (self.lost, self.unsynced.last()) {
            self.file.write_all_at(new, *offset)?;
        }
        self.alive()
    }
}

/// A partition of that disk, or with no role the whole.
pub(crate) struct Part {
    power: Rc<RefCell<Power>>,
    role: Option<Role>,
    path: PathBuf,
}

impl Part {
    fn start(&self) -> u64 {
        self.role.map_or(0, |role| plan().extent(role).start)
    }
}

impl Target for Part {
    fn path(&self) -> &Path {
        &self.path
    }
    fn size(&self) -> u64 {
        self.role.map_or(MIN_DISK_SIZE, |role| plan().extent(role).size)
    }
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.power.borrow_mut().write(self.role, self.start() + offset, bytes)
    }
    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let power = self.power.borrow();
        power.alive()?;
        power.file.read_exact_at(bytes, self.start() + offset)
    }
    fn sync(&mut self) -> io::Result<()> {
        let mut power = self.power.borrow_mut();
        power.alive()?;
        let role = self.role;
        power.unsynced.retain(|write| write.role != role);
        Ok(())
    }
    fn drop_cache(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn lend(&mut self, _: &mut dyn FnMut(&Path)) -> io::Result<()> {
        Err(io::Error::other("nobody borrows a slot"))
    }
}

/// The shortest that passes for a signed UEFI program: the headers of one with a size of certificates.
pub(crate) fn signed_program() -> Vec<u8> {
    let mut program = vec![0; 1000];
    program[..2].copy_from_slice(b"MZ");
    program[0x3C] = 0x40;
    program[0x40..0x44].copy_from_slice(b"PE\0\0");
    program[0x40 + 172] = 8;
    program
}

/// The disk, two images, and a folder for the state partition.
pub(crate) struct Rig {
    pub(crate) dir: TempDir,
    pub(crate) old: Built,
    pub(crate) new: Built,
    esp: Vec<u8>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (Built::new(dir.path(), "1.0"), Built::new(dir.path(), "2.0"));
        let program = signed_program();
        let efi = EfiFiles { shim: &program, grub: &program, mok_manager: &program };
        let grub = GrubFiles { boot_img: &[], core_img: &[], efi };
        let esp = esp_bytes(&plan(), &grub, Slot::A).unwrap();
        let rig = Self { dir, old, new, esp };
        let mut file = File::create_new(rig.disk()).unwrap();
        file.set_len(MIN_DISK_SIZE).unwrap();
        plan().write_table(&mut file, &[0; 440]).unwrap();
        fs::create_dir(rig.config()).unwrap();
        rig.reset(None);
        rig
    }

    pub(crate) fn disk(&self) -> PathBuf {
        self.dir.path().join("disk.img")
    }

    /// Stands for `/config`.
    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("config")
    }

    pub(crate) fn records(&self) -> Records {
        Records::of(self.dir.path())
    }

    /// Slot A runs image 1.0 and is confirmed; slot B holds `b`.
    pub(crate) fn reset(&self, b: Option<&Built>) {
        let file = File::options().write(true).open(self.disk()).unwrap();
        let put = |role: Role, bytes: &[u8]| file.write_all_at(bytes, plan().extent(role).start).unwrap();
        put(Role::Esp, &self.esp);
        put(Role::Slot(Slot::A), &self.old.slot_image);
        put(Role::Slot(Slot::B), &vec![0; self.new.slot_image.len()]);
        if let Some(built) = b {
            put(Role::Slot(Slot::B), &built.slot_image);
        }
        self.records().clear_pending().unwrap();
        fs::write(self.config().join("startup.xml"), "saved").unwrap();
    }

    /// Takes the way back away.
    pub(crate) fn reset_slot_a(&self) {
        let file = File::options().write(true).open(self.disk()).unwrap();
        file.write_all_at(&[0; 2048], plan().extent(Role::Slot(Slot::A)).start + 16 * 2048).unwrap();
    }

    /// The disk, until so many sectors are written.
    pub(crate) fn power(&self, sectors: u64, lost: Lost) -> Rc<RefCell<Power>> {
        let file = File::options().read(true).write(true).open(self.disk()).unwrap();
        let (writes, unsynced) = (Vec::new(), Vec::new());
        Rc::new(RefCell::new(Power { file, left: sectors, lost, writes, unsynced, cut: false }))
    }

    pub(crate) fn part(&self, power: &Rc<RefCell<Power>>, role: impl Into<Option<Role>>) -> Part {
        Part { power: Rc::clone(power), role: role.into(), path: self.disk() }
    }

    /// A partition that nothing happens to.
    pub(crate) fn steady(&self, role: Role) -> Part {
        self.part(&self.power(u64::MAX / SECTOR, Lost::Nothing), role)
    }

    /// Everything that `vrouter upgrade` does to the disk.
    pub(crate) fn upgrade(&self, power: &Rc<RefCell<Power>>, built: &Built) -> Result<(), UpgradeError> {
        let (mut esp, mut slot) = (self.part(power, Role::Esp), self.part(power, Role::Slot(Slot::B)));
        let source = Source::Folder(built.folder.clone());
        let prepared = prepare(&source, None, &Trust::default(), slot.size())?;
        disarm(&mut esp, &self.records(), Slot::A)?;
        let manifest = fill(&mut slot, prepared, &mut Silent)?;
        arm(&mut esp, &self.records(), &self.pending(&manifest))
    }

    pub(crate) fn pending(&self, to: &Manifest) -> Pending {
        Pending {
            kind: Kind::Upgrade,
            from: Image::new(Slot::A, &self.old.manifest),
            to: Image::new(Slot::B, to),
            expected: Expected::everything(),
            seconds: 60,
            failure: None,
            keep_loaders: false,
        }
    }

    /// GRUB's view of a file on the disk: whether it is there and the same as a local one.
    fn same(&self, number: u32, name: &str, local: &Path) -> bool {
        let file = format!("(loop0,gpt{number})/{name}");
        let disk = self.disk();
        let args = [disk.as_os_str(), "cmp".as_ref(), file.as_ref(), local.as_os_str()];
        let output = Command::new("grub-fstest").args(args).output().unwrap();
        // It says what differs, and succeeds all the same.
        output.status.success() && output.stdout.is_empty() && output.stderr.is_empty()
    }

    /// Which of the images GRUB finds whole in a slot, by its version.
    pub(crate) fn whole(&self, slot: Slot) -> Option<&str> {
        let number = Role::Slot(slot).number();
        [&self.old, &self.new].into_iter().find_map(|built| {
            let files = Artefact::IN_SLOT.map(Artefact::file_name);
            let whole = files.iter().all(|name| self.same(number, name, &built.folder.join(name)));
            whole.then(|| built.manifest.version())
        })
    }

    /// Whether GRUB finds a configuration in a slot, which is what the menu asks.
    fn has_config(&self, slot: Slot) -> bool {
        let file = format!("(loop0,gpt{})/grub.cfg", Role::Slot(slot).number());
        let to = self.dir.path().join("grub.cfg");
        let _ = fs::remove_file(&to);
        let disk = self.disk();
        let args = [disk.as_os_str(), "cp".as_ref(), file.as_ref(), to.as_os_str()];
        Command::new("grub-fstest").args(args).output().unwrap();
        fs::metadata(&to).is_ok_and(|found| found.len() > 0)
    }

    /// The environment, as GRUB's programs read it from the disk.
    pub(crate) fn variables(&self) -> BTreeMap<String, String> {
        let to = self.dir.path().join("grubenv");
        let _ = fs::remove_file(&to);
        let file = format!("(loop0,gpt{})/grub/grubenv", Role::Esp.number());
        let disk = self.disk();
        let args = [disk.as_os_str(), "cp".as_ref(), file.as_ref(), to.as_os_str()];
        let copied = Command::new("grub-fstest").args(args).output().unwrap();
        assert!(copied.status.success(), "{copied:?}");
        let listed = Command::new("grub-editenv").arg(&to).arg("list").output().unwrap();
        assert!(listed.status.success(), "{listed:?}");
        let text = String::from_utf8(listed.stdout).unwrap();
        text.lines().filter_map(|line| line.split_once('=')).map(|(a, b)| (a.into(), b.into())).collect()
    }

    /// One boot as the menu of `daybreak_layout::grub::disk_config` does it: the slot that is started, and the environment
    /// that the menu writes. `daybreak-layout` tests the menu itself in a machine.
    pub(crate) fn boot(&self) -> Slot {
        let variables = self.variables();
        let word = |name: &str| variables.get(name).map(String::as_str).unwrap_or_default();
        let slot = if word("daybreak_slot") == "b" { Slot::B } else { Slot::A };
        let other = daybreak_upgrade::other(slot);
        let (mut swap, mut tries) = (false, "ok");
        match word("daybreak_tries") {
            "0" => swap = true,
            "1" => tries = "0",
            _ => {}
        }
        if !self.has_config(slot) {
            swap = true;
        }
        if !self.has_config(other) {
            swap = false;
        }
        let (slot, tries) = if swap { (other, "ok") } else { (slot, tries) };
        let (file, env) = (self.disk(), self.dir.path().join("grubenv"));
        let (slot_word, tries_word) =
            (format!("daybreak_slot={}", slot.letter()), format!("daybreak_tries={tries}"));
        let set =
            Command::new("grub-editenv").arg(&env).args(["set", &slot_word, &tries_word]).status().unwrap();
        assert!(set.success());
        let esp = format!("{}@@{}", file.display(), plan().extent(Role::Esp).start);
        let copied = Command::new("mcopy").args(["-o", "-i", &esp]).arg(&env).arg("::/grub/grubenv").status();
        assert!(copied.unwrap().success());
        slot
    }
}

struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: &Event) {}
}
