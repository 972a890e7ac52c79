//! The generations of a UEFI loader's parts (shim's `SBAT.md`, "Secure Boot Advanced Targeting").
//!
//! Who finds a hole in a loader raises the generation of that part, and a machine that was told so (by a newer shim, which
//! keeps it in the firmware) does not start lower ones any more. So a loader is never replaced by one of a lower generation.

use std::collections::BTreeMap;

use super::efi::{pe_header, u32_at};

/// Longest section that is read.
const MAX: usize = 64 << 10;

/// Generation of each part that a program names; none of a program without the section.
pub(super) fn generations(program: &[u8]) -> BTreeMap<String, u32> {
    let text = section(program).and_then(|section| std::str::from_utf8(section).ok()).unwrap_or_default();
    let lines = text.trim_end_matches('\0').lines().filter_map(|line| {
        let mut fields = line.split(',');
        Some((fields.next()?.to_owned(), fields.next()?.trim().parse().ok()?))
    });
    lines.collect()
}

/// The first part of which `new` has a lower generation than `known`.
pub(super) fn lower(known: &[u8], new: &[u8]) -> Option<String> {
    let (known, new) = (generations(known), generations(new));
    known.into_iter().find_map(|(part, generation)| {
        let offered = *new.get(&part)?;
        (offered < generation).then(|| format!("{part} {offered} would replace {part} {generation}"))
    })
}

/// The section `.sbat` (PE format, "Section Table").
fn section(program: &[u8]) -> Option<&[u8]> {
    let header = pe_header(program)?;
    let u16_at = |at: usize| Some(usize::from(u16::from_le_bytes(*program.get(at..)?.first_chunk()?)));
    let table = header + 24 + u16_at(header + 20)?;
    (0..u16_at(header + 6)?).find_map(|number| {
        let entry = table + number * 40;
        if program.get(entry..entry + 8)? != b".sbat\0\0\0" {
            return None;
        }
        let size = usize::try_from(u32_at(program, entry + 16)?.min(u32_at(program, entry + 8)?)).ok()?;
        let start = usize::try_from(u32_at(program, entry + 20)?).ok()?;
        program.get(start..start.checked_add(size.min(MAX))?)
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::grub::{EFI_SOURCES, signed_program};

    /// A program of `size` bytes with a section of generations.
    pub(in crate::grub) fn program(size: usize, sbat: &str) -> Vec<u8> {
        let mut program = signed_program(size.max(2048));
        let mut put = |at: usize, bytes: &[u8]| program[at..at + bytes.len()].copy_from_slice(bytes);
        put(0x46, &2u16.to_le_bytes());
        put(0x54, &240u16.to_le_bytes());
        let table = 0x40 + 24 + 240;
        put(table, b".text\0\0\0");
        put(table + 40, b".sbat\0\0\0");
        let length = u32::try_from(sbat.len()).unwrap();
        put(table + 40 + 8, &length.to_le_bytes());
        put(table + 40 + 16, &length.next_multiple_of(512).to_le_bytes());
        put(table + 40 + 20, &1024u32.to_le_bytes());
        put(1024, sbat.as_bytes());
        program
    }

    #[test]
    fn the_loaders_of_debian_have_generations() {
        for ((_, path, _), part) in EFI_SOURCES.into_iter().zip(["shim", "grub", "shim"]) {
            let found = generations(&std::fs::read(path).unwrap());
            assert!(found.get(part).is_some_and(|generation| *generation >= 3), "{path}: {found:?}");
        }
    }

    #[test]
    fn lower_is_what_has_one_lower_part() {
        let program = |text: &str| program(0, text);
        let known = program(
            "sbat,1,SBAT Version,sbat,1,https://x\ngrub,4,FSF,grub,2.06,https://x\ngrub.debian,4,D,grub2,2,x\n",
        );
        for (new, lower_part) in [
            ("grub,4\ngrub.debian,4\n", None),
            ("grub,5\ngrub.debian13,1\n", None),
            ("grub,5\ngrub.debian,3\n", Some("grub.debian 3 would replace grub.debian 4")),
            ("", None),
        ] {
            assert_eq!(lower(&known, &program(new)).as_deref(), lower_part, "{new}");
        }
    }

    #[test]
    fn what_is_no_program_has_none() {
        let whole = program(2048, "grub,4\n");
        assert_eq!(generations(&whole).len(), 1);
        for cut in 0..whole.len() {
            assert!(generations(&whole[..cut]).len() <= 1);
        }
        let mut far = whole;
        far[0x3C..0x40].fill(0xFF);
        assert!(generations(&far).is_empty());
    }
}
