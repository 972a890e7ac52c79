//! The disk that is written: a block device, or a regular file that stands for one.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use daybreak_layout::MIB;
use rustix::fs::{Advice, OFlags, fadvise};

/// Random access to a disk. The trait exists so that tests can make a disk fail at any byte.
pub trait Target {
    /// Path of the device or file.
    fn path(&self) -> &Path;
    /// Bytes.
    fn size(&self) -> u64;
    /// Writes all of `bytes` at `offset`.
    ///
    /// # Errors
    /// Those of the disk.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Fills `bytes` from `offset`.
    ///
    /// # Errors
    /// Those of the disk, and the end of the disk.
    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()>;
    /// Returns when everything written is on the medium.
    ///
    /// # Errors
    /// Those of the disk, also of earlier writes.
    fn sync(&mut self) -> io::Result<()>;
    /// Makes the next read come from the medium, not from the page cache.
    ///
    /// # Errors
    /// Those of the disk.
    fn drop_cache(&mut self) -> io::Result<()>;
    /// Lets go of the disk while `action` has another program work on it by its path.
    ///
    /// # Errors
    /// Those of opening the disk again.
    fn lend(&mut self, action: &mut dyn FnMut(&Path)) -> io::Result<()>;
}

/// Whether the disk holds anything: its first and last MiB are where every partition table and most file systems leave a
/// mark, also those that no tool here knows.
///
/// # Errors
/// Those of reading it.
pub fn holds_data(target: &mut dyn Target) -> io::Result<bool> {
    let size = target.size();
    let mut block = vec![0; usize::try_from(MIB.min(size)).map_err(io::Error::other)?];
    for offset in [0, size.saturating_sub(MIB)] {
        target.read_at(offset, &mut block)?;
        if block.iter().any(|byte| *byte != 0) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A block device or an image file.
#[derive(Debug)]
pub struct ImageTarget {
    path: PathBuf,
    file: Option<File>,
    size: u64,
    flags: OFlags,
}

impl ImageTarget {
    /// Opens a block device for this process alone: a device that is mounted or part of another one is refused by the
    /// kernel with `EBUSY`, whatever the inventory said.
    ///
    /// # Errors
    /// Those of opening it.
    pub fn device(path: &Path) -> io::Result<Self> {
        Self::open(path, OFlags::EXCL)
    }

    /// Opens an existing regular file as a disk of its size.
    ///
    /// # Errors
    /// Those of opening it.
    pub fn image_file(path: &Path) -> io::Result<Self> {
        Self::open(path, OFlags::empty())
    }

    fn open(path: &Path, flags: OFlags) -> io::Result<Self> {
        let mut file = open(path, flags)?;
        let size = file.seek(SeekFrom::End(0))?;
        Ok(Self { path: path.to_owned(), file: Some(file), size, flags })
    }

    fn file(&self) -> io::Result<&File> {
        self.file.as_ref().ok_or_else(|| io::Error::other("the disk could not be opened again"))
    }
}

fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)
}

impl Target for ImageTarget {
    fn path(&self) -> &Path {
        &self.path
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file()?.write_all_at(bytes, offset)
    }

    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file()?.read_exact_at(bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file()?.sync_all()
    }

    fn drop_cache(&mut self) -> io::Result<()> {
        // Pages that are clean after `sync` are freed at once; those of a block device too.
        fadvise(self.file()?, 0, None, Advice::DontNeed).map_err(io::Error::from)
    }

    fn lend(&mut self, action: &mut dyn FnMut(&Path)) -> io::Result<()> {
        self.sync()?;
        self.file = None;
        action(&self.path);
        self.file = Some(open(&self.path, self.flags)?);
        Ok(())
    }
}
