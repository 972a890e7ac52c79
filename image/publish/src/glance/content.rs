//! The bytes of an image on their way: counted, and digested as Glance does.

use std::fs::File;
use std::io::{self, Read};

use md5::Md5;
use sha2::{Digest, Sha256, Sha512};

use super::images::Image;
use crate::PublishError;
use crate::console::Console;
use crate::text::hex;

/// Reads a file from its start to its end.
pub(super) struct Content<'a> {
    file: &'a File,
    size: u64,
    console: &'a Console,
    md5: Md5,
    sha256: Sha256,
    sha512: Sha512,
}

impl<'a> Content<'a> {
    /// `file` is at its start and has `size` bytes.
    pub(super) fn new(file: &'a File, size: u64, console: &'a Console) -> Self {
        Self { file, size, console, md5: Md5::new(), sha256: Sha256::new(), sha512: Sha512::new() }
    }

    /// Bytes of the file.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Compares what was read with what Glance says that it has. Glance says a digest by an algorithm of its choice
    /// (`sha512` unless configured) and, where it is older or not told otherwise, MD5.
    pub(super) fn compare(self, image: &Image) -> Result<(), PublishError> {
        let different = |what: &str, theirs: &str, ours: String| PublishError::Digest {
            what: format!("{what} of image {}", image.id),
            theirs: theirs.to_owned(),
            ours,
        };
        if image.status != "active" {
            return Err(different("status", &image.status, "active".to_owned()));
        }
        if let Some(size) = image.size.filter(|size| *size != self.size) {
            return Err(different("size", &size.to_string(), self.size.to_string()));
        }
        let md5 = hex(&self.md5.finalize());
        let ours = match image.os_hash_algo.as_deref() {
            Some("sha512") => Some(hex(&self.sha512.finalize())),
            Some("sha256") => Some(hex(&self.sha256.finalize())),
            Some("md5") => Some(md5.clone()),
            _ => None,
        };
        let pairs = [
            (image.os_hash_algo.as_deref().unwrap_or_default(), image.os_hash_value.as_deref(), ours),
            ("MD5", image.checksum.as_deref(), Some(md5)),
        ];
        let mut compared = 0;
        for (algorithm, theirs, ours) in pairs {
            if let (Some(theirs), Some(ours)) = (theirs, ours) {
                if theirs != ours {
                    return Err(different(algorithm, theirs, ours));
                }
                compared += 1;
            }
        }
        if compared == 0 {
            return Err(different("digest", "none by sha512, sha256 or MD5", "all of them".to_owned()));
        }
        Ok(())
    }
}

impl Read for Content<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buf)?;
        let bytes = &buf[..n];
        self.md5.update(bytes);
        self.sha256.update(bytes);
        self.sha512.update(bytes);
        self.console.advance(n as u64);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;

    const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";
    const SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn digests_and_sizes_are_compared_by_what_glance_says() {
        let image = |status: &str, size, md5: Option<&str>, algorithm: &str, value: Option<&str>| Image {
            id: "i".to_owned(),
            status: status.to_owned(),
            size,
            checksum: md5.map(str::to_owned),
            os_hash_algo: value.map(|_| algorithm.to_owned()),
            os_hash_value: value.map(str::to_owned),
        };
        for (image, expected) in [
            (image("active", Some(3), Some(MD5), "sha256", Some(SHA256)), None),
            (image("active", Some(3), None, "sha256", Some(SHA256)), None),
            (image("active", None, Some(MD5), "", None), None),
            (image("active", None, Some(MD5), "shake", Some("x")), None),
            (image("active", Some(3), Some(MD5), "sha256", Some(MD5)), Some("sha256 of image i")),
            (image("active", Some(3), Some(MD5), "sha512", Some(SHA256)), Some("sha512 of image i")),
            (image("active", Some(3), Some(SHA256), "sha256", Some(SHA256)), Some("MD5 of image i")),
            (image("active", Some(2), Some(MD5), "", None), Some("size of image i")),
            (image("saving", Some(3), Some(MD5), "", None), Some("status of image i")),
            (image("active", Some(3), None, "", None), Some("digest of image i")),
        ] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(b"abc").unwrap();
            file.rewind().unwrap();
            let console = Console::silent();
            let mut content = Content::new(&file, 3, &console);
            io::copy(&mut content, &mut io::sink()).unwrap();
            let result = content.compare(&image).map_err(|e| e.to_string());
            match expected {
                None => assert_eq!(result, Ok(())),
                Some(text) => assert!(result.as_ref().is_err_and(|e| e.contains(text)), "{result:?}"),
            }
        }
    }
}
