//! An installation that is cut short at any write, and the one after it.

use std::io;
use std::path::Path;

use crate::rig::{Notes, Rig};
use daybreak_installer::{Code, ImageTarget, Target};
use daybreak_layout::{MIN_DISK_SIZE, SECTOR};

/// A disk that loses power after `left` bytes were written: the write is done up to there, and nothing more.
struct Failing {
    disk: ImageTarget,
    left: u64,
    /// Offset and length of each write.
    writes: Vec<(u64, u64)>,
}

impl Failing {
    fn new(path: &Path, left: u64) -> Self {
        Self { disk: ImageTarget::image_file(path).unwrap(), left, writes: Vec::new() }
    }

    fn alive(&self) -> io::Result<()> {
        if self.left == 0 { Err(io::Error::other("the power is out")) } else { Ok(()) }
    }
}

impl Target for Failing {
    fn path(&self) -> &Path {
        self.disk.path()
    }

    fn size(&self) -> u64 {
        self.disk.size()
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.alive()?;
        self.writes.push((offset, bytes.len() as u64));
        let done = usize::try_from(self.left.min(bytes.len() as u64)).unwrap();
        self.disk.write_at(offset, &bytes[..done])?;
        self.left -= done as u64;
        if done < bytes.len() { self.alive() } else { Ok(()) }
    }

    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.alive()?;
        self.disk.read_at(offset, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.alive()?;
        self.disk.sync()
    }

    fn drop_cache(&mut self) -> io::Result<()> {
        self.alive()?;
        self.disk.drop_cache()
    }

    fn lend(&mut self, action: &mut dyn FnMut(&Path)) -> io::Result<()> {
        self.alive()?;
        self.disk.lend(action)
    }
}

fn sector_0(path: &Path) -> Vec<u8> {
    let mut sector = vec![0; usize::try_from(SECTOR).unwrap()];
    ImageTarget::image_file(path).unwrap().read_at(0, &mut sector).unwrap();
    sector
}

#[test]
fn cut_short_at_any_write_it_boots_nothing_and_the_next_run_installs() {
    let rig = Rig::new();
    let disk = rig.old_disk("disk.img");
    let mut whole = Failing::new(&disk, u64::MAX);
    rig.install(&mut whole, None, &mut Notes::default()).unwrap();
    rig.check(&disk);
    let (offset, length) = *whole.writes.last().unwrap();
    assert_eq!((offset, length), (0, SECTOR), "sector 0 is written last");

    // Before each write, and in the middle of it; of the many MiB of zeroes that follow each other, one stands for all.
    let mut cuts = vec![1];
    let mut done = 0;
    let mut previous = (u64::MAX, 0);
    for (offset, length) in whole.writes {
        if offset != previous.0 + previous.1 || length != previous.1 {
            cuts.extend([done, done + length / 2]);
        }
        previous = (offset, length);
        done += length;
    }
    cuts.retain(|cut| *cut > 0);
    assert!(cuts.len() > 20, "{} places to cut at", cuts.len());

    for cut in &cuts {
        let mut failing = Failing::new(&disk, *cut);
        let error = rig.install(&mut failing, None, &mut Notes::default()).unwrap_err();
        assert_eq!(error.code(), Code::WriteFailed, "{error}");
        assert!(error.disk_changed());
        if *cut >= SECTOR && *cut <= done - SECTOR {
            assert_eq!(sector_0(&disk), vec![0; 512], "cut after {cut} of {done} bytes");
        }
    }
    rig.install(&mut ImageTarget::image_file(&disk).unwrap(), None, &mut Notes::default()).unwrap();
    rig.check(&disk);
}

#[test]
fn after_each_kind_of_cut_the_next_run_is_complete() {
    let rig = Rig::new();
    let disk = rig.old_disk("disk.img");
    let mut whole = Failing::new(&disk, u64::MAX);
    rig.install(&mut whole, None, &mut Notes::default()).unwrap();
    let done: u64 = whole.writes.iter().map(|(_, length)| length).sum();
    // While erasing, in the slot, in the boot loaders, and just before sector 0.
    for cut in [100, 70 << 20, done - (2 << 20), done - SECTOR] {
        rig.install(&mut Failing::new(&disk, cut), None, &mut Notes::default()).unwrap_err();
        rig.install(&mut ImageTarget::image_file(&disk).unwrap(), None, &mut Notes::default()).unwrap();
        rig.check(&disk);
    }
}

#[test]
fn a_disk_that_keeps_something_else_is_found_out() {
    /// Flips a bit of whatever is written at `bad`.
    struct Bad(ImageTarget, u64);
    impl Target for Bad {
        fn path(&self) -> &Path {
            self.0.path()
        }
        fn size(&self) -> u64 {
            self.0.size()
        }
        fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
            let mut bytes = bytes.to_vec();
            if let Some(byte) =
                self.1.checked_sub(offset).and_then(|at| bytes.get_mut(usize::try_from(at).unwrap()))
            {
                *byte ^= 0x10;
            }
            self.0.write_at(offset, &bytes)
        }
        fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
            self.0.read_at(offset, bytes)
        }
        fn sync(&mut self) -> io::Result<()> {
            self.0.sync()
        }
        fn drop_cache(&mut self) -> io::Result<()> {
            self.0.drop_cache()
        }
        fn lend(&mut self, action: &mut dyn FnMut(&Path)) -> io::Result<()> {
            self.0.lend(action)
        }
    }

    let rig = Rig::new();
    let disk = rig.old_disk("disk.img");
    // In the slot, in GRUB's core, in the EFI system partition, in both partition tables.
    for bad in [(66 << 20) + 1_000_000, (1 << 20) + 5000, (2 << 20) + 300, 600, MIN_DISK_SIZE - 100] {
        let mut target = Bad(ImageTarget::image_file(&disk).unwrap(), bad);
        let error = rig.install(&mut target, None, &mut Notes::default()).unwrap_err();
        assert_eq!(error.code(), Code::VerifyMismatch, "byte {bad}: {error}");
        assert!(error.disk_changed());
        assert_eq!(sector_0(&disk)[510..], [0, 0], "byte {bad}");
    }
}
