//! A device of which one range is written last.

use std::io;
use std::ops::Range;
use std::path::Path;

use daybreak_installer::Target;

use crate::UpgradeError;

/// Passes on everything but what is written to `range`, which stays in memory until [`Held::release`].
pub(crate) struct Held<'a> {
    inner: &'a mut dyn Target,
    range: Range<u64>,
    kept: Vec<u8>,
}

impl<'a> Held<'a> {
    /// Erases the range on the device first, so that nothing old shows there; it is gone from the medium when this returns.
    pub(crate) fn erase(inner: &'a mut dyn Target, range: Range<u64>) -> Result<Self, UpgradeError> {
        let device = inner.path().to_owned();
        let failed = || UpgradeError::device("erase the old image in", &device);
        let kept = vec![0; usize::try_from(range.end - range.start).unwrap_or_default()];
        inner.write_at(range.start, &kept).map_err(failed())?;
        inner.sync().map_err(failed())?;
        Ok(Self { inner, range, kept })
    }

    /// Writes the range, and reads it back.
    pub(crate) fn release(self) -> Result<(), UpgradeError> {
        let Self { inner, range, kept } = self;
        let device = inner.path().to_owned();
        let failed = || UpgradeError::device("write the head of the image to", &device);
        // Everything else first.
        inner.sync().map_err(failed())?;
        inner.write_at(range.start, &kept).map_err(failed())?;
        inner.sync().map_err(failed())?;
        inner.drop_cache().map_err(failed())?;
        let mut found = vec![0; kept.len()];
        inner.read_at(range.start, &mut found).map_err(failed())?;
        if found == kept { Ok(()) } else { Err(UpgradeError::NotKept { device }) }
    }

    /// Where `length` bytes at `offset` meet the range: the part of them, and the part of the range.
    fn meet(&self, offset: u64, length: usize) -> Option<(Range<usize>, Range<usize>)> {
        let start = offset.max(self.range.start);
        let end = (offset + length as u64).min(self.range.end);
        let at = |from: u64| -> Option<Range<usize>> {
            Some(
                usize::try_from(start.checked_sub(from)?).ok()?
                    ..usize::try_from(end.checked_sub(from)?).ok()?,
            )
        };
        if start < end { Some((at(offset)?, at(self.range.start)?)) } else { None }
    }
}

impl Target for Held<'_> {
    fn path(&self) -> &Path {
        self.inner.path()
    }

    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let Some((part, held)) = self.meet(offset, bytes.len()) else {
            return self.inner.write_at(offset, bytes);
        };
        self.kept[held].copy_from_slice(&bytes[part.clone()]);
        if part.start > 0 {
            self.inner.write_at(offset, &bytes[..part.start])?;
        }
        if part.end < bytes.len() {
            self.inner.write_at(offset + part.end as u64, &bytes[part.end..])?;
        }
        Ok(())
    }

    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.inner.read_at(offset, bytes)?;
        if let Some((part, held)) = self.meet(offset, bytes.len()) {
            bytes[part].copy_from_slice(&self.kept[held]);
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.inner.sync()
    }

    fn drop_cache(&mut self) -> io::Result<()> {
        self.inner.drop_cache()
    }

    fn lend(&mut self, action: &mut dyn FnMut(&Path)) -> io::Result<()> {
        self.inner.lend(action)
    }
}

#[cfg(test)]
mod tests {
    use daybreak_installer::ImageTarget;

    use super::*;

    #[test]
    fn the_range_is_written_last_whatever_the_pieces() {
        for piece in [1, 7, 100, 1000] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), vec![9; 1000]).unwrap();
            let mut disk = ImageTarget::image_file(file.path()).unwrap();
            let image: Vec<u8> = (0..1000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
            let mut held = Held::erase(&mut disk, 300..450).unwrap();
            for (n, bytes) in image.chunks(piece).enumerate() {
                held.write_at((n * piece) as u64, bytes).unwrap();
            }
            let on_disk = std::fs::read(file.path()).unwrap();
            assert!(on_disk[300..450].iter().all(|byte| *byte == 0), "pieces of {piece}");
            assert_eq!((&on_disk[..300], &on_disk[450..]), (&image[..300], &image[450..]));
            let mut seen = vec![0; 1000];
            held.read_at(0, &mut seen).unwrap();
            assert_eq!(seen, image);
            held.release().unwrap();
            assert_eq!(std::fs::read(file.path()).unwrap(), image, "pieces of {piece}");
        }
    }
}
