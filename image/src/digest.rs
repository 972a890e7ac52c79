//! Digests of files and folders on the build machine.

use std::fs::File;
use std::io;
use std::path::Path;

use daybreak_layout::{FileEntry, Sha256Digest, Sha256Reader, Sha256Writer};

use crate::ImageError;
use crate::archive::{Content, Layer};

/// Size and digest of a file.
///
/// # Errors
/// [`ImageError::Io`] when it cannot be read.
pub(crate) fn of_file(path: &Path) -> Result<FileEntry, ImageError> {
    let file = File::open(path).map_err(ImageError::io("open", path))?;
    let mut reader = Sha256Reader::new(file);
    io::copy(&mut reader, &mut io::sink()).map_err(ImageError::io("read", path))?;
    let (size, sha256) = reader.finish();
    Ok(FileEntry { size, sha256 })
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
        io::Write::write_all(&mut all, line.as_bytes()).map_err(hashing())?;
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
    fn a_copy_and_its_bytes_are_the_same() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "x").unwrap();
        let copy = digest("a", Node::of_root(0o644, Content::Copy(file.path().to_owned())));
        assert_eq!(copy, digest("a", Node::of_root(0o644, Content::Bytes(b"x".to_vec()))));
        assert_eq!(of_file(file.path()).unwrap(), FileEntry { size: 1, sha256: Sha256Digest::of(b"x") });
    }
}
