use std::path::Path;
use std::process::Command;

use super::*;
use crate::Sha256Digest;
use crate::manifest::Architecture;

fn entry(content: &[u8]) -> FileEntry {
    FileEntry { size: content.len() as u64, sha256: Sha256Digest::of(content) }
}

struct Files {
    vmlinuz: Vec<u8>,
    initrd: Vec<u8>,
    root: Vec<u8>,
}

impl Files {
    fn new() -> Self {
        let noise = |n: u32| (0..n).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
        Self { vmlinuz: noise(4096), initrd: noise(100_001), root: noise(1_000_000) }
    }

    fn manifest(&self) -> Manifest {
        let entries = (entry(&self.vmlinuz), entry(&self.initrd), entry(&self.root));
        Manifest::new("vrouter", "1", Architecture::Amd64, "quiet", entries.0, entries.1, entries.2).unwrap()
    }

    fn write(&self, manifest: &Manifest) -> Result<(Vec<u8>, FileEntry), LayoutError> {
        let mut out = Vec::new();
        let sources = SlotSources {
            vmlinuz: &mut &self.vmlinuz[..],
            initrd: &mut &self.initrd[..],
            root: &mut &self.root[..],
        };
        let entry = write_slot(&mut out, &SlotLayout::new(manifest), sources)?;
        Ok((out, entry))
    }
}

fn run(program: &str, args: &[&str], dir: &Path) -> Vec<u8> {
    let output = Command::new(program).args(args).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {output:?}");
    output.stdout
}

#[test]
fn the_same_files_give_the_same_bytes_and_the_layout_knows_their_places() {
    let files = Files::new();
    let manifest = files.manifest();
    let (image, slot) = files.write(&manifest).unwrap();
    // Builder: manifest without the slot's entry; installer: with it.
    let (again, _) = files.write(&manifest.clone().with_slot(slot)).unwrap();
    assert!(image == again);
    assert_eq!(entry(&image), slot);
    let layout = SlotLayout::new(&manifest);
    assert_eq!(layout.size(), slot.size);
    let at = usize::try_from(layout.offset(Artefact::Root).unwrap()).unwrap();
    assert_eq!(image[at..at + files.root.len()], files.root);
    assert_eq!(layout.offset(Artefact::Slot), None);
}

#[test]
fn three_readers_see_the_lower_case_names_and_the_content() {
    let files = Files::new();
    let manifest = files.manifest();
    let (image, _) = files.write(&manifest).unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("slot.img"), image).unwrap();
    let (config, json) = (grub::slot_config(&manifest), manifest.to_json());
    let expected: [(&str, &[u8]); 5] = [
        ("grub.cfg", config.as_bytes()),
        ("initrd.img", &files.initrd),
        ("manifest.json", json.as_bytes()),
        ("root.squashfs", &files.root),
        ("vmlinuz", &files.vmlinuz),
    ];

    // bsdtar (libarchive) and xorriso (libisofs) by Rock Ridge, isoinfo also by the plain names.
    run("bsdtar", &["-xf", "slot.img"], dir.path());
    let xorriso = ["-indev", "slot.img", "-osirrox", "on", "-extract", "/", "xorriso"];
    run("xorriso", &xorriso, dir.path());
    for (name, content) in expected {
        assert!(std::fs::read(dir.path().join(name)).unwrap() == content, "bsdtar {name}");
        assert!(std::fs::read(dir.path().join("xorriso").join(name)).unwrap() == content, "xorriso {name}");
        let by_rock_ridge = run("isoinfo", &["-R", "-i", "slot.img", "-x", &format!("/{name}")], dir.path());
        assert!(by_rock_ridge == content, "isoinfo -R {name}");
        let plain = format!("/{}", if name.contains('.') { name.to_uppercase() } else { "VMLINUZ.".into() });
        let plain = run("isoinfo", &["-i", "slot.img", "-x", &format!("{plain};1")], dir.path());
        assert!(plain == content, "isoinfo {name}");
    }
    let volume = String::from_utf8(run("isoinfo", &["-d", "-i", "slot.img"], dir.path())).unwrap();
    assert!(volume.contains("Volume id: DAYBREAK_SLOT\n"), "{volume}");
    assert!(volume.contains("Rock Ridge signatures version 1 found"), "{volume}");
}

#[test]
fn a_source_that_is_not_the_one_named_is_refused() {
    type Spoil = fn(&mut Files);
    let cases: [(&str, Spoil); 4] = [
        ("vmlinuz", |f| f.vmlinuz[17] ^= 1),
        ("initrd.img", |f| f.initrd.push(0)),
        ("root.squashfs", |f| f.root.truncate(999_999)),
        ("root.squashfs", |f| f.root.clear()),
    ];
    for (expected, spoil) in cases {
        let mut files = Files::new();
        let manifest = files.manifest();
        spoil(&mut files);
        match files.write(&manifest) {
            Err(LayoutError::Content { name, .. }) => assert_eq!(name, expected),
            other => panic!("{expected}: {:?}", other.map(|(_, entry)| entry)),
        }
    }
}

#[test]
fn a_failing_disk_is_reported() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(buf.len()).ok_or_else(|| io::Error::other("disk full"))?;
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let files = Files::new();
    let sources = SlotSources {
        vmlinuz: &mut &files.vmlinuz[..],
        initrd: &mut &files.initrd[..],
        root: &mut &files.root[..],
    };
    let error = write_slot(Full(500_000), &SlotLayout::new(&files.manifest()), sources).unwrap_err();
    assert_eq!(error.to_string(), "write the slot image: disk full");
}
