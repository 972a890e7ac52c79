//! The archive of a package, and everything in it.

use std::io::{self, Read, Seek, SeekFrom};

use sha2::{Digest, Sha256, Sha512};

use super::ovf::{self, FileReference};
use super::rules::{Breach, Breaches, Rule};
use super::{manifest, vmdk};
use crate::FormatError;
use crate::ova::hex;
use crate::tar::{RECORD, USTAR, checksum, field};

/// Files of a package that are looked at.
const MAX_FILES: usize = 1000;
/// Bytes of a descriptor or manifest.
const MAX_TEXT: u64 = 8 << 20;

/// Checks an OVA.
///
/// # Errors
/// [`FormatError::Io`] when reading fails; a file that ends too early is a breach.
pub fn lint_ova<R: Read + Seek>(file: &mut R) -> Result<Vec<Breach>, FormatError> {
    let mut breaches = Breaches::default();
    check(file, &mut breaches).map_err(FormatError::io("read the OVA"))?;
    Ok(breaches.finish())
}

struct Entry {
    name: String,
    at: u64,
    size: u64,
}

impl Entry {
    fn is(&self, extension: &str) -> bool {
        self.name.rsplit_once('.').is_some_and(|(_, own)| own.eq_ignore_ascii_case(extension))
    }

    fn base(&self) -> &str {
        self.name.rsplit_once('.').map_or(&self.name, |(base, _)| base)
    }
}

fn check<R: Read + Seek>(file: &mut R, breaches: &mut Breaches) -> io::Result<()> {
    let entries = entries(file, breaches)?;
    let Some(ovf) = entries.iter().find(|entry| entry.is("ovf")) else {
        breaches.add(Rule::OvfFirst, "the archive", "there is no descriptor in it");
        return Ok(());
    };
    let first = entries.first().map_or("", |entry| entry.name.as_str());
    breaches.check(first == ovf.name, Rule::OvfFirst, "the archive", || format!("{first} is first"));
    for other in entries.iter().filter(|entry| entry.is("ovf") && entry.name != ovf.name) {
        breaches.add(Rule::OvfFirst, &other.name, "it is a second descriptor");
    }
    let references = if let Some(text) = text(file, ovf)? {
        ovf::check(&ovf.name, &text, breaches)
    } else {
        breaches.add(Rule::Xml, &ovf.name, "it is not text of at most 8 MiB in UTF-8");
        Vec::new()
    };
    check_references(&entries, ovf, &references, breaches);
    let digests = digests(file, &entries, &references, breaches)?;
    check_manifest(file, &entries, ovf, &digests, breaches)
}

/// Reads the headers.
fn entries<R: Read + Seek>(file: &mut R, breaches: &mut Breaches) -> io::Result<Vec<Entry>> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut entries: Vec<Entry> = Vec::new();
    let mut at = 0;
    loop {
        let mut header = [0; RECORD];
        if at + RECORD as u64 > end {
            breaches.add(Rule::TarFormat, "the archive", "it ends without a record of zeroes");
            return Ok(entries);
        }
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut header)?;
        at += RECORD as u64;
        if header == [0; RECORD] {
            let mut second = [0xFF; RECORD];
            let read = file.read_exact(&mut second);
            let good = read.is_ok() && second == [0; RECORD];
            breaches.check(good, Rule::TarFormat, "the archive", || {
                "one record of zeroes is at its end".to_owned()
            });
            return Ok(entries);
        }
        let text = |range: std::ops::Range<usize>| {
            let bytes = &header[range];
            String::from_utf8_lossy(&bytes[..bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len())])
                .into_owned()
        };
        let number = |range| u64::from_str_radix(text(range).trim(), 8).ok();
        let prefix = text(field::PREFIX);
        let name = text(field::NAME);
        let name = if prefix.is_empty() || header[field::MAGIC] != USTAR {
            name
        } else {
            format!("{prefix}/{name}")
        };
        if number(field::CHECKSUM) != Some(u64::from(checksum(&header))) {
            breaches.add(
                Rule::TarFormat,
                &name,
                format!("the header at byte {} has a wrong checksum", at - RECORD as u64),
            );
            return Ok(entries);
        }
        breaches.check(header[field::MAGIC] == USTAR, Rule::TarFormat, &name, || {
            format!("its header has the magic {:?}", String::from_utf8_lossy(&header[field::MAGIC]))
        });
        let Some(size) = number(field::SIZE).filter(|size| size.saturating_add(at) <= end) else {
            breaches.add(Rule::TarFormat, &name, "its size is no octal number, or more than there is");
            return Ok(entries);
        };
        let regular = [b'0', 0].contains(&header[field::TYPE]);
        let plain = !name.is_empty() && !name.contains('/');
        breaches.check(regular && plain, Rule::TarEntries, &name, || {
            format!("it has the type {:?}", char::from(header[field::TYPE]))
        });
        let owned = number(field::UID) == Some(0) && number(field::GID) == Some(0);
        breaches.check(owned, Rule::Owner, &name, || {
            format!("it belongs to {:?} and {:?}", number(field::UID), number(field::GID))
        });
        let twice = entries.iter().any(|entry| entry.name == name);
        breaches.check(!twice, Rule::TarEntries, &name, || "it is there twice".to_owned());
        if entries.len() == MAX_FILES {
            breaches.add(Rule::TarEntries, "the archive", format!("it has more than {MAX_FILES} files"));
            return Ok(entries);
        }
        entries.push(Entry { name, at, size });
        at += size.next_multiple_of(RECORD as u64);
    }
}

/// A small file as text; none where it is large or no text.
fn text<R: Read + Seek>(file: &mut R, entry: &Entry) -> io::Result<Option<String>> {
    if entry.size > MAX_TEXT {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(entry.at))?;
    let mut bytes = Vec::new();
    file.take(entry.size).read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes).ok())
}

fn check_references(entries: &[Entry], ovf: &Entry, references: &[FileReference], breaches: &mut Breaches) {
    for reference in references.iter().filter(|reference| !reference.href.contains("://")) {
        let Some(entry) = entries.iter().find(|entry| entry.name == reference.href) else {
            breaches.add(Rule::References, &ovf.name, format!("{} is not in the package", reference.href));
            continue;
        };
        breaches.check(reference.size == Some(entry.size), Rule::References, &ovf.name, || {
            let said = reference.size.map_or("nothing".to_owned(), |size| size.to_string());
            format!("the size of {} is {said}, it is {}", reference.href, entry.size)
        });
    }
    let meta = |entry: &Entry| entry.is("ovf") || entry.is("mf") || entry.is("cert");
    for (place, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.is("mf") || entry.is("cert")) {
        breaches.check(entry.base() == ovf.base(), Rule::BaseName, &entry.name, || {
            format!("the descriptor is {}", ovf.name)
        });
        let early = entries[..place].iter().all(meta);
        let late = entries[place..].iter().all(meta);
        breaches.check(early || late, Rule::Order, &entry.name, || "it is among the disks".to_owned());
    }
    let files: Vec<_> =
        entries.iter().filter(|entry| !meta(entry)).map(|entry| entry.name.as_str()).collect();
    for file in &files {
        let known = references.iter().any(|reference| reference.href == *file);
        breaches.check(known, Rule::References, file, || "the descriptor does not refer to it".to_owned());
    }
    let expected: Vec<_> =
        references.iter().map(|r| r.href.as_str()).filter(|href| files.contains(href)).collect();
    let got: Vec<_> = files.into_iter().filter(|file| expected.contains(file)).collect();
    breaches.check(expected == got, Rule::Order, &ovf.name, || {
        format!("References has {expected:?}, the archive {got:?}")
    });
}

/// SHA-256 and SHA-512 of every file but manifest and certificate, in hex, by name; disks are checked in passing.
fn digests<R: Read + Seek>(
    file: &mut R,
    entries: &[Entry],
    references: &[FileReference],
    breaches: &mut Breaches,
) -> io::Result<Vec<(String, [String; 2])>> {
    let mut digests = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.is("mf") && !entry.is("cert")) {
        file.seek(SeekFrom::Start(entry.at))?;
        let mut content =
            Hashing { inner: file.by_ref().take(entry.size), sha256: Sha256::new(), sha512: Sha512::new() };
        if entry.is("vmdk") {
            let capacity = vmdk::walk(&entry.name, &mut content, breaches)?;
            let said = references.iter().find(|r| r.href == entry.name).and_then(|r| r.capacity);
            if let (Some(said), Some(is)) = (said, capacity) {
                breaches.check(said == is, Rule::Capacity, &entry.name, || {
                    format!("the descriptor says {said}, it is {is}")
                });
            }
        }
        io::copy(&mut content, &mut io::sink())?;
        let (sha256, sha512) = (content.sha256.finalize(), content.sha512.finalize());
        digests.push((entry.name.clone(), [hex(&sha256), hex(&sha512)]));
    }
    Ok(digests)
}

fn check_manifest<R: Read + Seek>(
    file: &mut R,
    entries: &[Entry],
    ovf: &Entry,
    digests: &[(String, [String; 2])],
    breaches: &mut Breaches,
) -> io::Result<()> {
    let Some(mf) = entries.iter().find(|entry| entry.is("mf")) else {
        breaches.add(Rule::ManifestMissing, &ovf.name, "there is none");
        return Ok(());
    };
    let Some(text) = text(file, mf)? else {
        breaches.add(Rule::ManifestSyntax, &mf.name, "it is not text of at most 8 MiB in UTF-8");
        return Ok(());
    };
    let lines = manifest::parse(&mf.name, &text, breaches);
    for line in &lines {
        let Some((_, is)) = digests.iter().find(|(name, _)| *name == line.file) else {
            breaches.add(Rule::ManifestComplete, &mf.name, format!("{} is not in the package", line.file));
            continue;
        };
        let Some(said) = &line.digest else { continue };
        breaches.check(is.contains(said), Rule::ManifestDigest, &line.file, || {
            let is = is.iter().find(|is| is.len() == said.len()).map_or("", String::as_str);
            format!("the manifest says {said}, it is {is}")
        });
    }
    for (name, _) in digests {
        let there = lines.iter().any(|line| line.file == *name);
        breaches.check(there, Rule::ManifestComplete, &mf.name, || format!("{name} has no digest"));
    }
    Ok(())
}

struct Hashing<R> {
    inner: R,
    sha256: Sha256,
    sha512: Sha512,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.sha256.update(&buf[..n]);
        self.sha512.update(&buf[..n]);
        Ok(n)
    }
}

#[cfg(test)]
mod tests;
