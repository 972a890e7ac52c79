//! An image to install, a disk to install on, and programs of others that look at the result.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use daybreak_installer::{
    Event, HttpClient, ImageTarget, InstallError, Installed, Observer, Request, Seed, Source, Target, Trust,
    install,
};
use daybreak_layout::slot::{SlotLayout, SlotSources, write_slot};
use daybreak_layout::{
    Architecture, Artefact, DiskIds, DiskPlan, FileEntry, MIB, MIN_DISK_SIZE, Manifest, PartitionExtent,
    Role, Sha256Digest, Slot, grub,
};
use tempfile::TempDir;

/// The identifiers of every disk here, so that the tools' answers can be compared.
pub(crate) fn ids() -> DiskIds {
    DiskIds::from_seed("installer-tests")
}

pub(crate) fn plan() -> DiskPlan {
    DiskPlan::new(MIN_DISK_SIZE, ids(), true).unwrap()
}

/// An image folder, GRUB's files, and a work folder.
pub(crate) struct Rig {
    pub(crate) dir: TempDir,
    pub(crate) manifest: Manifest,
    pub(crate) trust: Trust,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let grub_dir = dir.path().join("grub");
        fs::create_dir(&grub_dir).unwrap();
        let command = grub::bios_core_command(&grub_dir.join(grub::CORE_IMG));
        let args: Vec<&str> = command[1..].iter().map(String::as_str).collect();
        run(&command[0], &args);
        for (name, file, _) in grub::EFI_SOURCES {
            fs::copy(file, grub_dir.join(name)).unwrap();
        }
        fs::copy("/usr/lib/grub/i386-pc/boot.img", grub_dir.join(grub::BOOT_IMG)).unwrap();

        let image = dir.path().join("image");
        fs::create_dir(&image).unwrap();
        let noise =
            |n: u32| (0..n).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect::<Vec<u8>>();
        let contents = [noise(50_000), noise(70_001), noise(1_000_003)];
        let mut entries = Vec::new();
        for (artefact, content) in Artefact::IN_SLOT.into_iter().zip(&contents) {
            fs::write(image.join(artefact.file_name()), content).unwrap();
            entries.push(FileEntry { size: content.len() as u64, sha256: Sha256Digest::of(content) });
        }
        let manifest =
            Manifest::new("vrouter", "1", Architecture::Amd64, "quiet", entries[0], entries[1], entries[2])
                .unwrap();
        let [mut vmlinuz, mut initrd, mut root] = contents.each_ref().map(Vec::as_slice);
        let sources = SlotSources { vmlinuz: &mut vmlinuz, initrd: &mut initrd, root: &mut root };
        let slot = write_slot(io::sink(), &SlotLayout::new(&manifest), sources).unwrap();
        let manifest = manifest.with_slot(slot);
        fs::write(image.join("manifest.json"), manifest.to_json()).unwrap();
        Self { dir, manifest, trust: Trust::default() }
    }

    pub(crate) fn image(&self) -> PathBuf {
        self.dir.path().join("image")
    }

    pub(crate) fn source(&self) -> Source {
        Source::Folder(self.image())
    }

    pub(crate) fn manifest_sha256(&self) -> Sha256Digest {
        Sha256Digest::of(self.manifest.to_json().as_bytes())
    }

    /// A disk that boots something else: with a partition table, a file system and an old slot B.
    pub(crate) fn old_disk(&self, name: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        File::create_new(&path).unwrap().set_len(MIN_DISK_SIZE).unwrap();
        let disk = path.to_str().unwrap();
        run("sgdisk", &["-n", "1:2048:+512M", "-n", "2:0:+1G", disk]);
        run("mkfs.ext4", &["-q", "-F", "-E", "offset=1048576,nodiscard", disk, "524288k"]);
        let mut target = ImageTarget::image_file(&path).unwrap();
        target.write_at(0, &[0x90; 440]).unwrap();
        let slot_b = plan().extent(Role::Slot(Slot::B));
        target.write_at(slot_b.start + 16 * 2048, b"\x01CD001\x01").unwrap();
        path
    }

    pub(crate) fn request<'a>(&'a self, source: &'a Source, grub_dir: &'a Path) -> Request<'a> {
        Request {
            source,
            manifest_sha256: Some(self.manifest_sha256()),
            trust: &self.trust,
            grub_dir,
            local_roots: &[],
            disk_size: MIN_DISK_SIZE,
            ids: ids(),
        }
    }

    pub(crate) fn grub_dir(&self) -> PathBuf {
        self.dir.path().join("grub")
    }

    /// Installs from the image folder.
    pub(crate) fn install(
        &self,
        target: &mut dyn Target,
        seed: Option<&Seed>,
        observer: &mut dyn Observer,
    ) -> Result<Installed, InstallError> {
        self.install_from(&self.source(), target, seed, observer)
    }

    pub(crate) fn install_from(
        &self,
        source: &Source,
        target: &mut dyn Target,
        seed: Option<&Seed>,
        observer: &mut dyn Observer,
    ) -> Result<Installed, InstallError> {
        let prepared = self.request(source, &self.grub_dir()).prepare()?;
        let old = [
            PartitionExtent { start: MIB, size: 512 * MIB },
            PartitionExtent { start: 513 * MIB, size: 1024 * MIB },
        ];
        install(prepared, seed, target, &old, self.dir.path(), observer)
    }

    /// Fails unless the disk is a complete installation, by the word of programs of others.
    pub(crate) fn check(&self, disk: &Path) {
        let name = disk.to_str().unwrap();
        let verdict = run("sgdisk", &["-v", name]);
        assert!(verdict.contains("No problems found"), "{verdict}");
        let cut = |role: Role, limit: u64| self.cut(disk, role, limit);

        let esp = cut(Role::Esp, u64::MAX);
        run("fsck.vfat", &["-n", &esp]);
        assert_eq!(run("mtype", &["-i", &esp, "::/grub/grub.cfg"]), grub::disk_config(&ids()));

        let slot_size = SlotLayout::new(&self.manifest).size();
        let slot = cut(Role::Slot(Slot::A), slot_size);
        assert_eq!(
            self.manifest.file(Artefact::Slot).map(|entry| entry.sha256),
            Some(Sha256Digest::of(&fs::read(&slot).unwrap()))
        );
        let listing = run("isoinfo", &["-R", "-f", "-i", &slot]);
        assert!(listing.lines().any(|line| line == "/root.squashfs"), "{listing}");
        // The old slot B is gone: the boot menu must not fall back to it.
        let slot_b = cut(Role::Slot(Slot::B), MIB);
        assert!(fs::read(slot_b).unwrap().iter().all(|byte| *byte == 0));

        let state = cut(Role::State, u64::MAX);
        run("e2fsck", &["-f", "-n", &state]);
        assert!(run("dumpe2fs", &["-h", &state]).contains("daybreak-state"));
    }

    /// A partition as a file of its own.
    pub(crate) fn cut(&self, disk: &Path, role: Role, limit: u64) -> String {
        let extent = plan().extent(role);
        let to = self.dir.path().join(role.name());
        let (start, size) = (extent.start.to_string(), extent.size.min(limit).to_string());
        run(
            "dd",
            &[
                &format!("if={}", disk.display()),
                &format!("of={}", to.display()),
                "iflag=skip_bytes,count_bytes",
                &format!("skip={start}"),
                &format!("count={size}"),
                "bs=1M",
                "conv=sparse",
            ],
        );
        to.to_str().unwrap().to_owned()
    }
}

/// Runs a program and gives its output; fails when the program does.
pub(crate) fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Keeps what it is told.
#[derive(Default)]
pub(crate) struct Notes(pub(crate) Vec<Event>);

impl Observer for Notes {
    fn event(&mut self, event: &Event) {
        self.0.push(event.clone());
    }
}

/// A client that does not wait between its tries.
pub(crate) fn client() -> HttpClient {
    HttpClient::new(std::sync::Arc::new(|_| ()))
}
