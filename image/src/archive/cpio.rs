//! The `newc` format of cpio, which the kernel unpacks into its first root file system (Linux, Documentation/
//! driver-api/early-userspace/buffer-format.rst): archives may stand one after the other, so files can be added to an
//! initrd without unpacking it.

use std::fmt::Write as _;

/// A cpio archive in memory.
#[derive(Debug, Default)]
pub(crate) struct Cpio {
    bytes: Vec<u8>,
    inode: u32,
}

impl Cpio {
    /// Adds a folder.
    pub(crate) fn folder(&mut self, path: &str) {
        self.entry(path, 0o040_755, &[]);
    }

    /// Adds a file with mode 0644.
    pub(crate) fn file(&mut self, path: &str, content: &[u8]) {
        self.entry(path, 0o100_644, content);
    }

    /// The archive, padded so that another may follow.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        let padded = self.bytes.len().next_multiple_of(512);
        self.bytes.resize(padded, 0);
        self.bytes
    }

    fn entry(&mut self, path: &str, mode: u32, content: &[u8]) {
        self.inode += 1;
        let links = if mode & 0o040_000 == 0 { 1 } else { 2 };
        let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
        let name = u32::try_from(path.len() + 1).unwrap_or(u32::MAX);
        let mut header = String::from("070701");
        // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
        for field in [self.inode, mode, 0, 0, links, 0, size, 0, 0, 0, 0, name, 0] {
            // Writing to a string cannot fail.
            let _ = write!(header, "{field:08x}");
        }
        self.bytes.extend_from_slice(header.as_bytes());
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.align();
        self.bytes.extend_from_slice(content);
        self.align();
    }

    fn align(&mut self) {
        let aligned = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(aligned, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn gnu_cpio_reads_what_was_written() {
        let mut archive = Cpio::default();
        archive.folder("scripts");
        archive.file("scripts/daybreak", b"#!/bin/sh\n");
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 512, 0);
        let list = |args: &[&str]| {
            let mut child =
                Command::new("cpio").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(&bytes).unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success());
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(list(&["-it", "--quiet"]), "scripts\nscripts/daybreak\n");
        assert_eq!(list(&["-i", "--quiet", "--to-stdout", "scripts/daybreak"]), "#!/bin/sh\n");
    }
}
