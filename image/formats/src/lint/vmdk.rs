//! Walks a stream-optimised VMDK from its first byte to its last, as an importer does.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};

use super::rules::{Breach, Breaches, Rule};
use crate::FormatError;
use crate::vmdk::{
    DIRECTORY_AT_END, Descriptor, GRAIN_SECTORS, Header, SECTOR, TABLE_ENTRIES, TABLE_SECTORS, header, marker,
};

/// Sectors of descriptor that are read: VMware writes 20.
const MAX_DESCRIPTOR: u64 = 2048;
/// Sectors of grain directory that are read: enough for 64 TiB.
const MAX_DIRECTORY: u64 = 1 << 14;
/// Bytes of a compressed grain: one that deflate could not make smaller has a few more than the grain.
const MAX_PACKED: u32 = 1 << 20;

/// Checks a stream-optimised VMDK; `name` is only named in breaches.
///
/// # Errors
/// [`FormatError::Io`] when reading fails; a file that ends too early is a breach.
pub fn lint_vmdk(name: &str, file: &mut dyn Read) -> Result<Vec<Breach>, FormatError> {
    let mut breaches = Breaches::default();
    walk(name, file, &mut breaches).map_err(FormatError::io("read the VMDK"))?;
    Ok(breaches.finish())
}

/// The same, adding to what was found before; gives the disk's size in bytes where the header has one.
pub(super) fn walk(name: &str, file: &mut dyn Read, breaches: &mut Breaches) -> io::Result<Option<u64>> {
    let mut walk = Walk {
        name,
        file,
        breaches,
        sector: 0,
        header: Header::parse(&[0; SECTOR]),
        last_grain: None,
        table: vec![0; TABLE_ENTRIES],
        table_number: None,
        tables: Vec::new(),
        directory: None,
        footer: false,
    };
    match walk.run() {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            let detail = format!("the file ends in sector {}", walk.sector);
            let rule = if walk.footer { Rule::VmdkEnd } else { Rule::VmdkMarkers };
            walk.breaches.add(rule, name, detail);
        }
        result => result?,
    }
    let header = walk.header;
    Ok((header.magic == header::MAGIC).then(|| header.capacity.saturating_mul(SECTOR as u64)))
}

struct Walk<'a> {
    name: &'a str,
    file: &'a mut dyn Read,
    breaches: &'a mut Breaches,
    /// The next sector to read.
    sector: u64,
    header: Header,
    last_grain: Option<u64>,
    /// What the table of the grains that passed has to be.
    table: Vec<u32>,
    table_number: Option<u64>,
    /// Number and place of each table that passed.
    tables: Vec<(u64, u64)>,
    /// Place of the directory that passed.
    directory: Option<u64>,
    footer: bool,
}

impl Walk<'_> {
    fn run(&mut self) -> io::Result<()> {
        let first = self.read_sector()?;
        self.header = Header::parse(&first);
        if self.header.magic != header::MAGIC {
            self.breach(Rule::VmdkHeader, "it does not start with KDMV: it is no VMDK with data in it");
            return Ok(());
        }
        self.check_header();
        self.descriptor()?;
        let Header { grain, table_entries, .. } = self.header;
        if grain != GRAIN_SECTORS || table_entries as usize != TABLE_ENTRIES {
            // Nothing after this could be read by the sizes that it should have.
            return Ok(());
        }
        while self.sector < self.header.overhead {
            self.read_sector()?;
        }
        while self.marker()? {}
        Ok(())
    }

    fn breach(&mut self, rule: Rule, detail: impl Into<String>) {
        self.breaches.add(rule, self.name, detail);
    }

    fn check(&mut self, good: bool, rule: Rule, detail: impl FnOnce() -> String) {
        self.breaches.check(good, rule, self.name, detail);
    }

    fn read_sector(&mut self) -> io::Result<[u8; SECTOR]> {
        let mut sector = [0; SECTOR];
        self.file.read_exact(&mut sector)?;
        self.sector += 1;
        Ok(sector)
    }

    fn check_header(&mut self) {
        let h = self.header;
        self.check((1..=header::VERSION).contains(&h.version), Rule::VmdkHeader, || {
            format!("version {}", h.version)
        });
        self.check(h.newlines == header::NEWLINES, Rule::VmdkHeader, || {
            format!("the line-end characters are {:02x?}: it went through a text-mode transfer", h.newlines)
        });
        self.check(h.unclean == 0, Rule::VmdkHeader, || "it is marked as not shut down cleanly".to_owned());
        let needed = header::FLAG_NEWLINE | header::FLAG_COMPRESSED | header::FLAG_MARKERS;
        self.check(h.flags & needed == needed, Rule::VmdkFlags, || {
            format!("flags {:#x} lack {:#x}", h.flags, needed & !h.flags)
        });
        self.check(
            h.flags & header::FLAG_REDUNDANT == 0 && h.redundant_directory == 0,
            Rule::VmdkFlags,
            || {
                format!(
                    "flags {:#x} and offset {} are of a redundant directory",
                    h.flags, h.redundant_directory
                )
            },
        );
        self.check(h.compression == header::COMPRESSION_DEFLATE, Rule::VmdkCompression, || {
            format!("algorithm {}", h.compression)
        });
        self.check(
            h.capacity > 0 && h.grain > 0 && h.capacity.is_multiple_of(h.grain.max(1)),
            Rule::VmdkCapacity,
            || format!("{} sectors in grains of {}", h.capacity, h.grain),
        );
        self.check(h.grain == GRAIN_SECTORS, Rule::VmdkGrainSize, || format!("{} sectors", h.grain));
        self.check(h.table_entries as usize == TABLE_ENTRIES, Rule::VmdkGrainSize, || {
            format!("{} entries in a table", h.table_entries)
        });
        self.check(h.directory == DIRECTORY_AT_END, Rule::VmdkDirectory, || {
            format!("the header says sector {}", h.directory)
        });
    }

    /// Reads up to the end of the descriptor and checks it.
    fn descriptor(&mut self) -> io::Result<()> {
        let Header { descriptor_offset: offset, descriptor_size: size, .. } = self.header;
        let inside = offset > 0 && size > 0 && offset.saturating_add(size) <= self.header.overhead;
        if !inside || size > MAX_DESCRIPTOR || offset > MAX_DESCRIPTOR {
            self.breach(Rule::VmdkDescriptor, format!("sectors {offset} to {size} more are no place for it"));
            return Ok(());
        }
        while self.sector < offset {
            self.read_sector()?;
        }
        let mut bytes = Vec::new();
        while self.sector < offset + size {
            bytes.extend(self.read_sector()?);
        }
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let Ok(text) = std::str::from_utf8(&bytes[..end]) else {
            self.breach(Rule::VmdkDescriptor, "it is not text");
            return Ok(());
        };
        self.check_descriptor(&Descriptor::parse(text));
        Ok(())
    }

    fn check_descriptor(&mut self, descriptor: &Descriptor) {
        let value = |key: &str| descriptor.values.get(key).map(String::as_str);
        let kind = value("createType").unwrap_or("nothing");
        self.check(kind == "streamOptimized", Rule::VmdkDescriptor, || format!("createType is {kind}"));
        let id = value("CID").unwrap_or_default();
        let good = u32::from_str_radix(id, 16).is_ok_and(|id| id < 0xFFFF_FFFE);
        self.check(good, Rule::VmdkDescriptor, || format!("CID is {id:?}"));
        let parent = value("parentCID").unwrap_or_default();
        self.check(parent.eq_ignore_ascii_case("ffffffff"), Rule::VmdkDescriptor, || {
            format!("parentCID is {parent:?}: it needs another disk")
        });
        let expected = format!("RW {} SPARSE ", self.header.capacity);
        let good = matches!(&descriptor.extents[..], [one] if one.starts_with(&expected));
        self.check(good, Rule::VmdkDescriptor, || {
            format!("extents are {:?}, one of `{expected}…` was expected", descriptor.extents)
        });
        let adapter = value("ddb.adapterType").unwrap_or("nothing");
        let known = ["ide", "buslogic", "lsilogic", "legacyESX"].contains(&adapter);
        self.check(known, Rule::VmdkDdb, || format!("ddb.adapterType is {adapter}"));
        let hardware = value("ddb.virtualHWVersion").unwrap_or("nothing");
        self.check(hardware.parse::<u32>().is_ok(), Rule::VmdkDdb, || {
            format!("ddb.virtualHWVersion is {hardware}")
        });
        self.check(value("ddb.toolsVersion").is_some(), Rule::VmdkTools, || {
            "ddb.toolsVersion is not there".to_owned()
        });
    }

    /// Reads one marker with what belongs to it; false after the last one.
    fn marker(&mut self) -> io::Result<bool> {
        let at = self.sector;
        let sector = self.read_sector()?;
        let (value, size) = (u64_at(&sector, 0), u32_at(&sector, 8));
        if size > 0 {
            return self.grain(at, value, size, &sector);
        }
        match u32_at(&sector, 12) {
            marker::GRAIN_TABLE => self.table(value),
            marker::GRAIN_DIRECTORY => self.directory(value),
            marker::FOOTER => self.footer(value),
            marker::END_OF_STREAM => {
                self.check(value == 0, Rule::VmdkEnd, || {
                    format!("the marker in sector {at} has the value {value}")
                });
                self.end(at)
            }
            other => {
                self.breach(
                    Rule::VmdkMarkers,
                    format!("the marker in sector {at} has the unknown type {other}"),
                );
                Ok(false)
            }
        }
    }

    fn grain(&mut self, at: u64, lba: u64, size: u32, sector: &[u8; SECTOR]) -> io::Result<bool> {
        if size > MAX_PACKED {
            self.breach(
                Rule::VmdkMarkers,
                format!("the marker in sector {at} announces {size} bytes of grain"),
            );
            return Ok(false);
        }
        let size = size as usize;
        let mut bytes = sector[12..].to_vec();
        while bytes.len() < size {
            bytes.extend(self.read_sector()?);
        }
        bytes.truncate(size);
        let object = format!("the grain in sector {at}");
        let inside = lba.is_multiple_of(GRAIN_SECTORS) && lba < self.header.capacity;
        self.check(inside, Rule::VmdkGrains, || format!("{object} is for sector {lba} of the disk"));
        self.check(self.last_grain.is_none_or(|last| last < lba), Rule::VmdkGrains, || {
            format!("{object}, for sector {lba} of the disk, comes after a later one")
        });
        self.last_grain = Some(lba);
        let unpacked = unpacked_size(&bytes);
        self.check(unpacked == Some(GRAIN_SECTORS * SECTOR as u64), Rule::VmdkGrains, || match unpacked {
            Some(size) => format!("{object} decompresses to {size} bytes"),
            None => format!("{object} does not decompress"),
        });
        let number = lba / (GRAIN_SECTORS * TABLE_ENTRIES as u64);
        if self.table_number.is_some_and(|open| open != number) {
            self.breach(Rule::VmdkTables, format!("{object} comes before the table of those before it"));
            self.table.fill(0);
        }
        self.table_number = Some(number);
        let entry = usize::try_from(lba / GRAIN_SECTORS % TABLE_ENTRIES as u64).unwrap_or(0);
        self.table[entry] = u32::try_from(at).unwrap_or(u32::MAX);
        Ok(true)
    }

    fn table(&mut self, sectors: u64) -> io::Result<bool> {
        let at = self.sector;
        if sectors != TABLE_SECTORS {
            self.breach(Rule::VmdkMarkers, format!("the grain table in sector {at} has {sectors} sectors"));
            return Ok(false);
        }
        let mut entries = Vec::with_capacity(TABLE_ENTRIES);
        for _ in 0..sectors {
            entries.extend(words(&self.read_sector()?));
        }
        // 1 is a grain of zeroes.
        let same = entries
            .iter()
            .zip(&self.table)
            .all(|(is, expected)| is == expected || (*is == 1 && *expected == 0));
        self.check(same, Rule::VmdkTables, || {
            format!("the grain table in sector {at} is not that of the grains before it")
        });
        // A table without a grain can be anybody's; it counts as the next one.
        let number =
            self.table_number.unwrap_or_else(|| self.tables.last().map_or(0, |(number, _)| number + 1));
        self.tables.push((number, at));
        self.table.fill(0);
        self.table_number = None;
        Ok(true)
    }

    fn directory(&mut self, sectors: u64) -> io::Result<bool> {
        let at = self.sector;
        let tables = self.header.capacity.div_ceil(GRAIN_SECTORS * TABLE_ENTRIES as u64);
        if sectors > MAX_DIRECTORY || sectors != tables.saturating_mul(4).div_ceil(SECTOR as u64) {
            self.breach(
                Rule::VmdkMarkers,
                format!("the grain directory in sector {at} has {sectors} sectors for {tables} tables"),
            );
            return Ok(false);
        }
        let mut entries = Vec::new();
        for _ in 0..sectors {
            entries.extend(words(&self.read_sector()?));
        }
        let open = self.table_number.is_some();
        self.check(!open, Rule::VmdkTables, || {
            "the directory comes before the table of the last grains".to_owned()
        });
        let place = |number: u64| {
            let entry = usize::try_from(number).ok().and_then(|number| entries.get(number));
            entry.copied().map_or(0, u64::from)
        };
        let wrong = self.tables.iter().find(|(number, at)| place(*number) != *at).copied();
        self.check(wrong.is_none(), Rule::VmdkTables, || {
            let (number, at) = wrong.unwrap_or_default();
            format!("the directory has table {number} in sector {}, it is in {at}", place(number))
        });
        let used = entries.iter().filter(|entry| **entry != 0).count();
        let there = self.tables.len();
        self.check(used <= there, Rule::VmdkTables, || {
            format!("the directory has {used} tables, {there} are there")
        });
        self.directory = Some(at);
        Ok(true)
    }

    fn footer(&mut self, sectors: u64) -> io::Result<bool> {
        let at = self.sector;
        self.check(sectors == 1, Rule::VmdkFooter, || format!("its marker says {sectors} sectors"));
        let footer = Header::parse(&self.read_sector()?);
        self.footer = true;
        let same = Header { directory: self.header.directory, ..footer } == self.header;
        self.check(same, Rule::VmdkFooter, || format!("the one in sector {at} is not the header"));
        let directory = self.directory;
        self.check(Some(footer.directory) == directory, Rule::VmdkDirectory, || {
            format!("the footer says sector {}, it is in {directory:?}", footer.directory)
        });
        Ok(true)
    }

    fn end(&mut self, at: u64) -> io::Result<bool> {
        self.check(self.footer, Rule::VmdkFooter, || "there is none before the end of the stream".to_owned());
        let after = io::copy(&mut self.file.take(1 << 30), &mut io::sink())?;
        self.check(after == 0, Rule::VmdkEnd, || format!("{after} bytes follow the marker in sector {at}"));
        Ok(false)
    }
}

/// Size of a grain that is one whole zlib stream (RFC 1950), checksum and all.
fn unpacked_size(packed: &[u8]) -> Option<u64> {
    let mut out = vec![0; MAX_PACKED as usize];
    let mut inflate = Decompress::new(true);
    let status = inflate.decompress(packed, &mut out, FlushDecompress::Finish).ok()?;
    let whole = status == Status::StreamEnd && inflate.total_in() == packed.len() as u64;
    whole.then(|| inflate.total_out())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().copied().map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().copied().map_or(0, u64::from_le_bytes)
}

fn words(sector: &[u8; SECTOR]) -> impl Iterator<Item = u32> + '_ {
    sector.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word))
}

#[cfg(test)]
mod tests;
