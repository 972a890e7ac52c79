//! Records of ISO 9660 (ECMA-119) with the system use fields of Rock Ridge (SUSP 1.10; RRIP 1.10).

/// 1980-01-01 00:00:00 UTC, the date of everything (§9.1.5).
const RECORD_DATE: [u8; 7] = [80, 1, 1, 0, 0, 0, 0];

/// A directory record (§9.1).
pub fn record(identifier: &[u8], block: u32, size: u32, directory: bool, system_use: &[u8]) -> Vec<u8> {
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
pub fn susp_start() -> Vec<u8> {
    vec![b'S', b'P', 7, 1, 0xBE, 0xEF, 0]
}

/// ER: the fields are Rock Ridge (SUSP §5.5, RRIP §4.3).
pub fn extension() -> Vec<u8> {
    const ID: &[u8] = b"RRIP_1991A";
    let mut field = vec![b'E', b'R', length_byte(8 + ID.len()), 1, length_byte(ID.len()), 0, 0, 1];
    field.extend(ID);
    field
}

/// PX: mode, links, owner and group (RRIP §4.1.1).
pub fn posix(mode: u32, links: u32) -> Vec<u8> {
    let mut field = vec![b'P', b'X', 36, 1];
    for value in [mode, links, 0, 0] {
        push_both32(&mut field, value);
    }
    field
}

/// NM: the name in its own case (RRIP §4.1.4).
pub fn alternate_name(name: &str) -> Vec<u8> {
    let mut field = vec![b'N', b'M', length_byte(5 + name.len()), 1, 0];
    field.extend(name.as_bytes());
    field
}

/// The length of a name or field, all of which are far shorter than 255 bytes.
pub fn length_byte(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

/// Text padded with blanks to a field's length (§7.4.3).
pub fn push_padded(out: &mut Vec<u8>, text: &str, length: usize) {
    out.extend(text.bytes().chain(std::iter::repeat(b' ')).take(length));
}

/// A number in both byte orders (§7.2.3).
pub fn push_both16(out: &mut Vec<u8>, value: u16) {
    out.extend(value.to_le_bytes());
    out.extend(value.to_be_bytes());
}

/// A number in both byte orders (§7.3.3).
pub fn push_both32(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_le_bytes());
    out.extend(value.to_be_bytes());
}
