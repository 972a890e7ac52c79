//! From the name in a request to the key of the map.

/// Longest name in bytes.
const LONGEST: usize = 255;

/// Why a name is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No character, or nothing after the leading separator.
    #[error("the file name is empty")]
    Empty,
    /// More than 255 bytes.
    #[error("the file name is longer than 255 bytes")]
    TooLong,
    /// A byte outside printable ASCII: control characters, NUL, any encoding trick with high bytes.
    #[error("the file name holds a byte outside printable ASCII")]
    Byte,
    /// A backslash inside the name, or a colon, which some systems read as a drive.
    #[error("the file name holds a backslash or a colon")]
    Separator,
    /// A percent sign: TFTP names are not percent-encoded, so it can only hide something.
    #[error("the file name holds a percent sign")]
    Percent,
    /// A `.` or `..` component, or an empty one.
    #[error("the file name has a '.', '..' or empty component")]
    Climbs,
}

/// The key that a requested name stands for.
///
/// Firmware and loaders often put one `/` (or, from the Windows world, `\`) in front of a name from a DHCP option; it
/// is dropped. Nothing else is rewritten: a name either is a key as it stands or is refused.
///
/// # Errors
/// When the name could mean a path outside a folder to any reader, or is not printable.
pub fn key(name: &[u8]) -> Result<&str, NameError> {
    if name.len() > LONGEST {
        return Err(NameError::TooLong);
    }
    if !name.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return Err(NameError::Byte);
    }
    let name = std::str::from_utf8(name).map_err(|_| NameError::Byte)?;
    let name = name.strip_prefix(['/', '\\']).unwrap_or(name);
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.contains(['\\', ':']) {
        return Err(NameError::Separator);
    }
    if name.contains('%') {
        return Err(NameError::Percent);
    }
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(NameError::Climbs);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_are_keys() {
        for (name, expected) in [
            ("undionly.kpxe", "undionly.kpxe"),
            ("/undionly.kpxe", "undionly.kpxe"),
            ("\\undionly.kpxe", "undionly.kpxe"),
            ("grub/x86_64-efi/core.efi", "grub/x86_64-efi/core.efi"),
            ("/EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/BOOTX64.EFI"),
            ("a file..name", "a file..name"),
            ("..hidden", "..hidden"),
        ] {
            assert_eq!(key(name.as_bytes()), Ok(expected));
        }
    }

    #[test]
    fn every_spelling_of_traversal_is_refused() {
        for (name, error) in [
            (&b"../etc/passwd"[..], NameError::Climbs),
            (b"..", NameError::Climbs),
            (b"/../etc/passwd", NameError::Climbs),
            (b"boot/../../etc/passwd", NameError::Climbs),
            (b"boot/..", NameError::Climbs),
            (b"./boot", NameError::Climbs),
            (b"boot/./x", NameError::Climbs),
            (b"//etc/passwd", NameError::Climbs),
            (b"boot//x", NameError::Climbs),
            (b"boot/", NameError::Climbs),
            (b"\\..\\etc", NameError::Separator),
            (b"..\\etc", NameError::Separator),
            (b"boot\\..\\x", NameError::Separator),
            (b"C:/boot.ini", NameError::Separator),
            (b"file:///etc/passwd", NameError::Separator),
            (b"%2e%2e/etc/passwd", NameError::Percent),
            (b"%2E%2E%2Fetc", NameError::Percent),
            (b"%252e%252e/etc", NameError::Percent),
            (b"..%5cetc", NameError::Percent),
            (b"\xc0\xae\xc0\xae/etc/passwd", NameError::Byte),
            (b"\xe0\x80\xaf", NameError::Byte),
            (b"boot\0/../etc", NameError::Byte),
            (b"boot\n", NameError::Byte),
            (b"\x7f", NameError::Byte),
            (b"", NameError::Empty),
            (b"/", NameError::Empty),
            (b"\\", NameError::Empty),
            (&[b'a'; 256], NameError::TooLong),
        ] {
            assert_eq!(key(name), Err(error), "{}", name.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn a_key_joined_to_a_folder_stays_inside(name in "[a-zA-Z0-9./\\\\%: \u{0}]{0,30}") {
            if let Ok(key) = key(name.as_bytes()) {
                use std::path::{Component, Path};
                prop_assert!(Path::new(key).components().all(|c| matches!(c, Component::Normal(_))));
            }
        }
    }
}
