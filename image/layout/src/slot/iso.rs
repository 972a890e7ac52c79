//! ISO 9660 with Rock Ridge names: one directory, every file in one extent (ECMA-119; SUSP 1.10; RRIP 1.10).

/// Logical block, in bytes.
pub(super) const BLOCK: usize = 2048;
/// Volume identifier, of the d-characters that ECMA-119 §7.4.1 allows.
pub(super) const VOLUME_ID: &str = "DAYBREAK_SLOT";

/// The primary descriptor; the terminator follows in block 17.
const PRIMARY: u32 = 16;
const PATH_TABLE_L: u32 = 18;
const PATH_TABLE_M: u32 = 19;
const ROOT_DIRECTORY: u32 = 20;
const FIRST_FILE: u32 = 21;
/// Path table of a volume with a root directory only (§9.4).
const PATH_TABLE_SIZE: u32 = 10;
/// 1980-01-01 00:00:00 UTC, the date of everything (§9.1.5).
const RECORD_DATE: [u8; 7] = [80, 1, 1, 0, 0, 0, 0];
const VOLUME_DATE: &[u8; 17] = b"1980010100000000\0";
const NO_DATE: &[u8; 17] = b"0000000000000000\0";
const DIRECTORY_MODE: u32 = 0o040_555;
const FILE_MODE: u32 = 0o100_444;

/// A volume whose large files are still to be written.
pub(super) struct Volume {
    /// The volume up to the end of the last small file, a whole number of blocks.
    pub(super) head: Vec<u8>,
    /// Offsets of the large files, in bytes.
    pub(super) offsets: [u64; 3],
    /// Size of the volume in bytes.
    pub(super) size: u64,
}

struct Record<'a> {
    name: &'a str,
    block: u32,
    size: u32,
}

/// Lays out a volume: `small` files with their content first, then `large` ones with name and size (at most `u32::MAX`).
pub(super) fn volume(small: &[(&str, &[u8])], large: [(&str, u64); 3]) -> Volume {
    let mut next = FIRST_FILE;
    let mut records = Vec::new();
    let mut place = |name, size: u64| {
        let block = next;
        next += u32::try_from(size.div_ceil(BLOCK as u64)).unwrap_or(u32::MAX);
        records.push(Record { name, block, size: u32::try_from(size).unwrap_or(u32::MAX) });
        block
    };
    for (name, content) in small {
        place(name, content.len() as u64);
    }
    let offsets = large.map(|(name, size)| u64::from(place(name, size)) * BLOCK as u64);
    // Names as the primary hierarchy has them give the order of the records (§9.3).
    records.sort_by_key(|record| identifier(record.name));

    let mut head = vec![0; PRIMARY as usize * BLOCK];
    for content in [
        primary_descriptor(next),
        descriptor(255),
        path_table(u32::to_le_bytes, u16::to_le_bytes),
        path_table(u32::to_be_bytes, u16::to_be_bytes),
        root_directory(&records),
    ] {
        push_blocks(&mut head, &content);
    }
    for (_, content) in small {
        push_blocks(&mut head, content);
    }
    Volume { head, offsets, size: u64::from(next) * BLOCK as u64 }
}

fn push_blocks(head: &mut Vec<u8>, content: &[u8]) {
    head.extend(content);
    head.resize(head.len().next_multiple_of(BLOCK), 0);
}

fn descriptor(kind: u8) -> Vec<u8> {
    let mut d = vec![kind];
    d.extend(b"CD001");
    d.push(1);
    d
}

/// §8.4.
fn primary_descriptor(blocks: u32) -> Vec<u8> {
    let mut d = descriptor(1);
    d.push(0);
    push_padded(&mut d, "", 32); // system identifier
    push_padded(&mut d, VOLUME_ID, 32);
    d.extend([0; 8]);
    push_both32(&mut d, blocks);
    d.extend([0; 32]);
    push_both16(&mut d, 1); // volumes in the set
    push_both16(&mut d, 1); // number of this one
    push_both16(&mut d, 2048);
    push_both32(&mut d, PATH_TABLE_SIZE);
    d.extend(PATH_TABLE_L.to_le_bytes());
    d.extend([0; 4]);
    d.extend(PATH_TABLE_M.to_be_bytes());
    d.extend([0; 4]);
    d.extend(record(&[0], ROOT_DIRECTORY, 2048, true, &[]));
    for length in [128, 128, 128, 128, 37, 37, 37] {
        push_padded(&mut d, "", length); // set, publisher, preparer, application, and three file identifiers
    }
    for date in [VOLUME_DATE, VOLUME_DATE, NO_DATE, NO_DATE] {
        d.extend(date); // creation, modification, expiration, effective
    }
    d.push(1); // file structure version
    d
}

fn path_table(u32_bytes: fn(u32) -> [u8; 4], u16_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mut table = vec![1, 0];
    table.extend(u32_bytes(ROOT_DIRECTORY));
    table.extend(u16_bytes(1));
    table.extend([0, 0]);
    table
}

fn root_directory(records: &[Record<'_>]) -> Vec<u8> {
    let mut own = susp_start();
    own.extend(posix(DIRECTORY_MODE, 2));
    own.extend(extension());
    let mut directory = record(&[0], ROOT_DIRECTORY, 2048, true, &own);
    directory.extend(record(&[1], ROOT_DIRECTORY, 2048, true, &posix(DIRECTORY_MODE, 2)));
    for file in records {
        let mut system_use = posix(FILE_MODE, 1);
        system_use.extend(alternate_name(file.name));
        let identifier = identifier(file.name);
        directory.extend(record(identifier.as_bytes(), file.block, file.size, false, &system_use));
    }
    directory
}

/// §9.1.
fn record(identifier: &[u8], block: u32, size: u32, directory: bool, system_use: &[u8]) -> Vec<u8> {
    let mut r = vec![0, 0];
    push_both32(&mut r, block);
    push_both32(&mut r, size);
    r.extend(RECORD_DATE);
    r.push(if directory { 2 } else { 0 });
    r.extend([0, 0]); // not interleaved
    push_both16(&mut r, 1);
    r.push(length_byte(identifier.len()));
    r.extend(identifier);
    if r.len() % 2 == 1 {
        r.push(0);
    }
    r.extend(system_use);
    if r.len() % 2 == 1 {
        r.push(0);
    }
    r[0] = length_byte(r.len());
    r
}

/// SP: system use fields follow (SUSP §5.3).
fn susp_start() -> Vec<u8> {
    vec![b'S', b'P', 7, 1, 0xBE, 0xEF, 0]
}

/// ER: the fields are Rock Ridge (SUSP §5.5, RRIP §4.3).
fn extension() -> Vec<u8> {
    const ID: &[u8] = b"RRIP_1991A";
    let mut field = vec![b'E', b'R', length_byte(8 + ID.len()), 1, length_byte(ID.len()), 0, 0, 1];
    field.extend(ID);
    field
}

/// PX: mode, links, owner and group (RRIP §4.1.1).
fn posix(mode: u32, links: u32) -> Vec<u8> {
    let mut field = vec![b'P', b'X', 36, 1];
    for value in [mode, links, 0, 0] {
        push_both32(&mut field, value);
    }
    field
}

/// NM: the name in its own case (RRIP §4.1.4).
fn alternate_name(name: &str) -> Vec<u8> {
    let mut field = vec![b'N', b'M', length_byte(5 + name.len()), 1, 0];
    field.extend(name.as_bytes());
    field
}

/// `vmlinuz` is `VMLINUZ.;1` in the primary hierarchy (§7.5.1).
fn identifier(name: &str) -> String {
    let dot = if name.contains('.') { "" } else { "." };
    format!("{}{dot};1", name.to_ascii_uppercase())
}

/// The names and fields of a slot are fixed and far shorter than 255 bytes.
fn length_byte(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

fn push_padded(out: &mut Vec<u8>, text: &str, length: usize) {
    out.extend(text.bytes().chain(std::iter::repeat(b' ')).take(length));
}

fn push_both16(out: &mut Vec<u8>, value: u16) {
    out.extend(value.to_le_bytes());
    out.extend(value.to_be_bytes());
}

fn push_both32(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_le_bytes());
    out.extend(value.to_be_bytes());
}
