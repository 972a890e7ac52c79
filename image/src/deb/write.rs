//! Writing a package (deb(5)): an `ar` archive of the format's version, the control archive and the data archive.

use std::io::Write;

use flate2::{Compression, GzBuilder};

use super::Control;
use crate::ImageError;
use crate::archive::{Content, Layer, Node, append};

/// Writes a package with the files of `data`; the same inputs give the same bytes.
///
/// # Errors
/// [`ImageError::Io`] when a file cannot be read, [`ImageError::Stream`] when writing fails.
pub(crate) fn write_deb(
    out: impl Write,
    control: &Control,
    data: &Layer,
    mtime: u64,
) -> Result<(), ImageError> {
    let mut members = Layer::default();
    members.add("control", Node::of_root(0o644, Content::Bytes(control.to_text().into_bytes())))?;
    let mut archive = ar::Builder::new(out);
    for (name, content) in [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.gz", tar_gz(&members, mtime)?),
        ("data.tar.gz", tar_gz(data, mtime)?),
    ] {
        let mut header = ar::Header::new(name.as_bytes().to_vec(), content.len() as u64);
        header.set_mode(0o100_644);
        header.set_mtime(mtime);
        archive.append(&header, &content[..]).map_err(ImageError::stream("write a package"))?;
    }
    Ok(())
}

fn tar_gz(layer: &Layer, mtime: u64) -> Result<Vec<u8>, ImageError> {
    let finishing = || ImageError::stream("write the archive of a package");
    // No name and no time in the header, so that only the content decides about the bytes.
    // Not packed: the build that writes it reads it again, and nothing else does.
    let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::none());
    let mut builder = tar::Builder::new(gzip);
    for (path, node) in layer.nodes() {
        append(&mut builder, path, node, mtime)?;
    }
    builder.into_inner().map_err(finishing())?.finish().map_err(finishing())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn sample() -> Vec<u8> {
        let mut data = Layer::default();
        data.add("usr/bin/run", Node::of_root(0o755, Content::Bytes(b"#!/bin/sh\necho ran\n".to_vec())))
            .unwrap();
        data.add("etc/on", Node::of_root(0o777, Content::Link("/usr/bin/run".into()))).unwrap();
        let control = Control::parse(
            "Package: run\nVersion: 1\nArchitecture: amd64\nMaintainer: x <x@y>\nDescription: d",
        );
        let mut bytes = Vec::new();
        write_deb(&mut bytes, &control.unwrap(), &data, 86400).unwrap();
        bytes
    }

    #[test]
    fn dpkg_deb_reads_fields_owners_modes_and_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.deb");
        std::fs::write(&file, sample()).unwrap();
        let run = |args: &[&str]| {
            let output = Command::new("dpkg-deb").args(args).env("TZ", "UTC").output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let deb = file.to_str().unwrap();
        assert_eq!(run(&["--field", deb, "Package", "Version"]), "Package: run\nVersion: 1\n");
        let list = run(&["--contents", deb]);
        assert!(list.contains("-rwxr-xr-x 0/0"), "{list}");
        assert!(list.contains("1970-01-02 00:00 usr/bin/run"), "{list}");
        assert!(list.contains("etc/on -> /usr/bin/run"), "{list}");
        let root = folder.path().join("root");
        run(&["--extract", deb, root.to_str().unwrap()]);
        assert_eq!(Command::new(root.join("usr/bin/run")).output().unwrap().stdout, b"ran\n");
    }

    #[test]
    fn the_same_package_twice_is_the_same_bytes() {
        assert_eq!(sample(), sample());
    }
}
