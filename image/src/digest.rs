//! Digests of files and folders on the build machine.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use daybreak_formats::Disk;
use daybreak_layout::{FileEntry, Sha256Digest, Sha256Reader, Sha256Writer};

use crate::ImageError;
use crate::archive::{Content, Layer};

/// A digest that has not come to its end.
#[derive(Clone)]
pub(crate) struct Partial(Sha256Writer<io::Sink>);

impl Partial {
    /// Digest of a file. Holes are not read: disk images are mostly holes.
    ///
    /// # Errors
    /// [`ImageError::Io`] when it cannot be read.
    pub(crate) fn of_file(path: &Path) -> Result<Self, ImageError> {
        let mut partial = Self(Sha256Writer::new(io::sink()));
        partial.add(path, 0)?;
        Ok(partial)
    }

    /// Adds what a file has from `start` on.
    ///
    /// # Errors
    /// [`ImageError::Io`] when it cannot be read.
    pub(crate) fn add(&mut self, path: &Path, start: u64) -> Result<(), ImageError> {
        let mut file = File::open(path).map_err(ImageError::io("open", path))?;
        hash(&mut self.0, &mut file, start).map_err(ImageError::io("read", path))
    }

    /// Size and digest of everything.
    pub(crate) fn finish(self) -> FileEntry {
        let (_, size, sha256) = self.0.finish();
        FileEntry { size, sha256 }
    }
}

/// Size and digest of a file.
///
/// # Errors
/// [`ImageError::Io`] when it cannot be read.
pub(crate) fn of_file(path: &Path) -> Result<FileEntry, ImageError> {
    Partial::of_file(path).map(Partial::finish)
}

fn hash(all: &mut impl Write, file: &mut File, start: u64) -> io::Result<()> {
    let end = file.metadata()?.len();
    let mut buffer = vec![0; 1 << 20];
    let mut at = start;
    while at < end {
        let data = file.next_data(at)?.unwrap_or(end..end);
        zeroes(all, data.start.min(end) - at)?;
        file.seek(SeekFrom::Start(data.start))?;
        let mut left = data.end.min(end) - data.start.min(end);
        while left > 0 {
            let part = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            file.read_exact(&mut buffer[..part])?;
            all.write_all(&buffer[..part])?;
            left -= part as u64;
        }
        at = data.end.min(end);
    }
    Ok(())
}

fn zeroes(all: &mut impl Write, count: u64) -> io::Result<()> {
    static ZEROES: [u8; 64 * 1024] = [0; 64 * 1024];
    let mut left = count;
    while left > 0 {
        let part = usize::try_from(left).map_or(ZEROES.len(), |left| left.min(ZEROES.len()));
        all.write_all(&ZEROES[..part])?;
        left -= part as u64;
    }
    Ok(())
}

/// Digest of a layer: of every path, its kind, mode, owners and content.
///
/// # Errors
/// [`ImageError::Io`] when a file of it cannot be read.
pub(crate) fn of_layer(layer: &Layer) -> Result<Sha256Digest, ImageError> {
    let hashing = || ImageError::stream("compute a digest");
    let mut all = Sha256Writer::new(io::sink());
    for (path, node) in layer.nodes() {
        let (kind, digest) = match &node.content {
            Content::Folder => ("folder", Sha256Digest::of(b"")),
            Content::Link(to) => ("link", Sha256Digest::of(to.as_bytes())),
            Content::Bytes(_) | Content::Copy(_) => {
                let (_, content) = node.content.open()?;
                let mut reader = Sha256Reader::new(content);
                io::copy(&mut reader, &mut io::sink()).map_err(hashing())?;
                ("file", reader.finish().1)
            }
        };
        // Length before the path: no two layers have the same text.
        let line =
            format!("{} {path} {kind} {:o} {} {} {digest}\n", path.len(), node.mode, node.uid, node.gid);
        all.write_all(line.as_bytes()).map_err(hashing())?;
    }
    Ok(all.finish().2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Node;

    fn digest(path: &str, node: Node) -> Sha256Digest {
        let mut layer = Layer::default();
        layer.add(path, node).unwrap();
        of_layer(&layer).unwrap()
    }

    #[test]
    fn everything_about_a_file_counts() {
        let bytes = |text: &str| Content::Bytes(text.into());
        let all = [
            digest("a", Node::of_root(0o644, bytes("x"))),
            digest("b", Node::of_root(0o644, bytes("x"))),
            digest("a", Node::of_root(0o755, bytes("x"))),
            digest("a", Node::of_root(0o644, bytes("y"))),
            digest("a", Node::of_root(0o644, Content::Link("x".into()))),
            digest("a", Node { mode: 0o644, uid: 1, gid: 0, content: bytes("x") }),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn a_file_with_holes_has_the_digest_of_its_bytes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (places, size) in
            [(&[][..], 0), (&[], 300_000), (&[0, 1_000_000], 3_000_001), (&[2_500_000], 2_500_001)]
        {
            let mut bytes = vec![0; size];
            let mut to = File::create(file.path()).unwrap();
            to.set_len(size as u64).unwrap();
            for at in places {
                bytes[*at] = 7;
                to.seek(SeekFrom::Start(*at as u64)).unwrap();
                to.write_all(&[7]).unwrap();
            }
            let expected = FileEntry { size: size as u64, sha256: Sha256Digest::of(&bytes) };
            assert_eq!(of_file(file.path()).unwrap(), expected, "{places:?} {size}");
            let mut twice = Partial::of_file(file.path()).unwrap();
            twice.add(file.path(), size as u64 / 2).unwrap();
            let again = [&bytes[..], &bytes[size / 2..]].concat();
            assert_eq!(twice.finish().sha256, Sha256Digest::of(&again));
        }
    }

    #[test]
    fn a_copy_and_its_bytes_are_the_same() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "x").unwrap();
        let copy = digest("a", Node::of_root(0o644, Content::Copy(file.path().to_owned())));
        assert_eq!(copy, digest("a", Node::of_root(0o644, Content::Bytes(b"x".to_vec()))));
        assert_eq!(of_file(file.path()).unwrap(), FileEntry { size: 1, sha256: Sha256Digest::of(b"x") });
    }
}
