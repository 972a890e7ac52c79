//! A tar archive as a stream of entries whose headers are kept byte for byte, so that what the archive says about a file
//! (owners, extended attributes, device numbers) passes through whether we know the extension or not.

use std::io::{self, Read, Write};

use tar::{EntryType, Header, PaxExtensions};

const BLOCK: usize = 512;
/// Most that the extended headers of one entry may hold: paths and attributes, no file content.
const MAX_EXTENSION: u64 = 1024 * 1024;

/// One entry: its headers, and what of them the builder needs.
pub(crate) struct RawEntry {
    /// Path without `./` before and `/` after it; empty for the root folder.
    pub(crate) path: String,
    /// Target of a hard link, in the same form as `path`.
    pub(crate) hard_link: Option<String>,
    /// Target of a symbolic link, as it is written.
    pub(crate) symlink: Option<String>,
    /// Type of the entry.
    pub(crate) kind: EntryType,
    /// Bytes of content.
    pub(crate) size: u64,
    head: Vec<u8>,
}

impl RawEntry {
    /// The headers for other content of `size` bytes.
    ///
    /// # Errors
    /// When the size is in an extended header: files that large are never rewritten.
    pub(crate) fn head_for(&self, size: u64) -> io::Result<Vec<u8>> {
        let mut head = self.head.clone();
        let at = head.len() - BLOCK;
        let mut header = Header::new_old();
        header.as_mut_bytes().copy_from_slice(&head[at..]);
        if header.entry_size()? != self.size {
            return Err(io::Error::other(format!("{}: its size is in an extended header", self.path)));
        }
        header.set_size(size);
        header.set_cksum();
        head[at..].copy_from_slice(header.as_bytes());
        Ok(head)
    }

    /// The headers as they were read.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }
}

/// Reads a tar archive entry by entry.
pub(crate) struct RawTar<R> {
    inner: R,
    /// Bytes of content and padding of the last entry that nobody took yet.
    content: u64,
    padding: u64,
}

impl<R: Read> RawTar<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, content: 0, padding: 0 }
    }

    /// The next entry; what is left of the one before is skipped. `None` at the end of the archive.
    ///
    /// # Errors
    /// When the archive is damaged or cut short.
    pub(crate) fn next_entry(&mut self) -> io::Result<Option<RawEntry>> {
        io::copy(&mut self.content(), &mut io::sink())?;
        let mut head = Vec::new();
        let (mut path, mut link, mut size) = (None, None, None);
        loop {
            let mut block = [0; BLOCK];
            self.inner.read_exact(&mut block).map_err(|_| cut())?;
            if block == [0; BLOCK] {
                // The end mark; what follows is padding that the writer of a pipe wants to get rid of.
                io::copy(&mut self.inner, &mut io::sink())?;
                return if head.is_empty() { Ok(None) } else { Err(cut()) };
            }
            head.extend_from_slice(&block);
            let header = Header::from_byte_slice(&block).clone();
            check(&header)?;
            let extension = match header.entry_type() {
                EntryType::XHeader | EntryType::GNULongName | EntryType::GNULongLink => {
                    self.extension(&header, &mut head)?
                }
                EntryType::XGlobalHeader | EntryType::GNUSparse => {
                    return Err(io::Error::other(format!("tar entries of type {:?}", header.entry_type())));
                }
                kind => {
                    let field = header.path_bytes();
                    let path = path.unwrap_or_else(|| text(&field));
                    let field = header.link_name_bytes();
                    let link = link.or_else(|| field.as_deref().map(text));
                    self.content = size.map_or_else(|| header.entry_size(), Ok)?;
                    self.padding = self.content.next_multiple_of(BLOCK as u64) - self.content;
                    return Ok(Some(RawEntry {
                        path: normal(&path),
                        hard_link: link.as_deref().filter(|_| kind == EntryType::Link).map(normal),
                        symlink: link.filter(|_| kind == EntryType::Symlink),
                        kind,
                        size: self.content,
                        head,
                    }));
                }
            };
            match header.entry_type() {
                EntryType::GNULongName => path = Some(text(until_nul(&extension))),
                EntryType::GNULongLink => link = Some(text(until_nul(&extension))),
                _ => {
                    for record in PaxExtensions::new(&extension) {
                        let record = record?;
                        match record.key_bytes() {
                            b"path" => path = Some(text(record.value_bytes())),
                            b"linkpath" => link = Some(text(record.value_bytes())),
                            b"size" => size = record.value().ok().and_then(|value| value.parse().ok()),
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    /// Content of the last entry, to its end.
    pub(crate) fn content(&mut self) -> Contents<'_, R> {
        Contents(self)
    }

    /// Content of the last entry in memory.
    ///
    /// # Errors
    /// When it is longer than `limit` or the archive is cut short.
    pub(crate) fn read_content(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        if self.content > limit {
            return Err(io::Error::other(format!("{} bytes, more than {limit}", self.content)));
        }
        let mut bytes = Vec::new();
        self.content().read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn extension(&mut self, header: &Header, head: &mut Vec<u8>) -> io::Result<Vec<u8>> {
        let size = header.entry_size()?;
        if size > MAX_EXTENSION {
            return Err(io::Error::other(format!("an extended header of {size} bytes")));
        }
        let size = usize::try_from(size).map_err(io::Error::other)?;
        let mut bytes = vec![0; size.next_multiple_of(BLOCK)];
        self.inner.read_exact(&mut bytes).map_err(|_| cut())?;
        head.extend_from_slice(&bytes);
        bytes.truncate(size);
        Ok(bytes)
    }
}

/// Reader of [`RawTar::content`].
pub(crate) struct Contents<'a, R>(&'a mut RawTar<R>);

impl<R: Read> Read for Contents<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let tar = &mut *self.0;
        if tar.content == 0 {
            io::copy(&mut (&mut tar.inner).take(tar.padding), &mut io::sink())?;
            tar.padding = 0;
            return Ok(0);
        }
        let most = usize::try_from(tar.content).map_or(buf.len(), |left| buf.len().min(left));
        let n = tar.inner.read(&mut buf[..most])?;
        if n == 0 && most > 0 {
            return Err(cut());
        }
        tar.content -= n as u64;
        Ok(n)
    }
}

/// Writes zeroes to the end of a block after `size` bytes of content.
pub(crate) fn pad(out: &mut impl Write, size: u64) -> io::Result<()> {
    let padding = size.next_multiple_of(BLOCK as u64) - size;
    io::copy(&mut io::repeat(0).take(padding), out).map(drop)
}

fn check(header: &Header) -> io::Result<()> {
    let bytes = header.as_bytes();
    let sum = |range: std::ops::Range<usize>| bytes[range].iter().map(|byte| u32::from(*byte)).sum::<u32>();
    // POSIX.1-2017, ustar: the checksum counts its own eight bytes as spaces.
    if header.cksum()? == sum(0..148) + 8 * 32 + sum(156..512) {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "a tar header has a wrong checksum"))
    }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the tar archive is cut short")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn normal(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path).trim_end_matches('/');
    if path == "." { String::new() } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: EntryType, path: &str, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_path(path).unwrap();
        header.set_size(size);
        header.set_mode(0o640);
        header.set_uid(7);
        header.set_gid(8);
        header.set_cksum();
        header
    }

    fn sample() -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        builder.append(&header(EntryType::Directory, "./", 0), io::empty()).unwrap();
        builder.append_pax_extensions([("SCHILY.xattr.user.a", &b"b"[..])]).unwrap();
        builder.append(&header(EntryType::Regular, "./file", 5), &b"hello"[..]).unwrap();
        let mut long = header(EntryType::Regular, "x", 3);
        builder.append_data(&mut long, format!("dir/{}", "n".repeat(120)), &b"abc"[..]).unwrap();
        let mut link = header(EntryType::Link, "./hard", 0);
        link.set_link_name("./file").unwrap();
        link.set_cksum();
        builder.append(&link, io::empty()).unwrap();
        builder.into_inner().unwrap()
    }

    #[test]
    fn entries_come_with_path_size_and_content() {
        let bytes = sample();
        let mut tar = RawTar::new(&bytes[..]);
        let mut seen = Vec::new();
        while let Some(entry) = tar.next_entry().unwrap() {
            seen.push((entry.path.clone(), entry.hard_link.clone(), tar.read_content(10).unwrap()));
        }
        assert_eq!(
            seen,
            [
                (String::new(), None, vec![]),
                ("file".to_owned(), None, b"hello".to_vec()),
                (format!("dir/{}", "n".repeat(120)), None, b"abc".to_vec()),
                ("hard".to_owned(), Some("file".to_owned()), vec![]),
            ]
        );
    }

    #[test]
    fn heads_and_contents_written_again_are_the_same_archive() {
        let bytes = sample();
        let mut tar = RawTar::new(&bytes[..]);
        let mut again = Vec::new();
        while let Some(entry) = tar.next_entry().unwrap() {
            again.extend_from_slice(entry.head());
            io::copy(&mut tar.content(), &mut again).unwrap();
            pad(&mut again, entry.size).unwrap();
        }
        again.extend_from_slice(&[0; 1024]);
        assert_eq!(again, bytes);
    }

    #[test]
    fn new_content_keeps_the_rest_of_the_header() {
        let bytes = sample();
        let mut tar = RawTar::new(&bytes[..]);
        tar.next_entry().unwrap();
        let entry = tar.next_entry().unwrap().unwrap();
        let mut again = entry.head_for(2).unwrap();
        again.extend_from_slice(b"hi");
        pad(&mut again, 2).unwrap();
        let mut archive = tar::Archive::new(&again[..]);
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(
            (entry.size(), entry.header().uid().unwrap(), entry.header().mode().unwrap()),
            (2, 7, 0o640)
        );
        let pax = entry.pax_extensions().unwrap().unwrap().next().unwrap().unwrap();
        assert_eq!((pax.key().unwrap(), pax.value_bytes()), ("SCHILY.xattr.user.a", &b"b"[..]));
    }

    #[test]
    fn a_cut_or_damaged_archive_is_an_error() {
        let bytes = sample();
        for end in [100, 512 + 700, bytes.len() - 1024 - 100] {
            let mut tar = RawTar::new(&bytes[..end]);
            let result = std::iter::repeat_with(|| tar.next_entry()).find(|r| !matches!(r, Ok(Some(_))));
            assert!(matches!(result, Some(Err(_))), "cut at {end}");
        }
        let mut damaged = bytes;
        damaged[3] ^= 1;
        assert!(RawTar::new(&damaged[..]).next_entry().is_err());
    }
}
