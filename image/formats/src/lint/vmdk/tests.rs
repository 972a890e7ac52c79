use std::io::Cursor;
use std::num::NonZeroUsize;

use super::*;
use crate::disk::tests::disk;
use crate::{Adapter, VmdkSpec, write_vmdk};

const MIB: usize = 1 << 20;

/// Two grains in the first table, one in the third.
fn good() -> Vec<u8> {
    let mut source: Cursor<Vec<u8>> = disk(96 * MIB, &[(0, b"a"), (MIB, b"b"), (70 * MIB, b"c")]);
    let spec = VmdkSpec { file_name: "d.vmdk", content_id: 7, adapter: Adapter::Scsi, hardware_version: 15 };
    let mut out = Vec::new();
    write_vmdk(&mut out, &mut source, &spec, NonZeroUsize::MIN).unwrap();
    out
}

fn ids(bytes: &[u8]) -> Vec<&'static str> {
    let mut ids: Vec<_> =
        lint_vmdk("d.vmdk", &mut &bytes[..]).unwrap().into_iter().map(|breach| breach.rule.id()).collect();
    ids.dedup();
    ids
}

fn replace(bytes: &mut [u8], from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
}

/// Sectors: 0 header, 1 to 20 descriptor, 128 and 129 grains, 130 marker, 131 to 134 table, 135 grain, 136 marker, 137 to
/// 140 table, 141 marker, 142 directory, 143 marker, 144 footer, 145 end.
fn at(sector: usize) -> usize {
    sector * SECTOR
}

#[test]
fn ours_keeps_every_rule() {
    let bytes = good();
    assert_eq!(bytes.len(), at(146));
    assert_eq!(ids(&bytes), Vec::<&str>::new());
}

#[test]
fn each_broken_rule_is_named_and_no_other() {
    type Break = fn(&mut Vec<u8>);
    let cases: &[(&[&str], Break)] = &[
        (&["VMDK-HEADER"], |b| b[0] = b'X'),
        (&["VMDK-HEADER"], |b| {
            // In the footer too, or it would not be the header.
            b[72] = 1;
            b[at(144) + 72] = 1;
        }),
        (&["VMDK-HEADER", "VMDK-FOOTER"], |b| b[4] = 4),
        (&["VMDK-HEADER", "VMDK-FOOTER"], |b| b[75] = b'\n'),
        (&["VMDK-FLAGS", "VMDK-FOOTER"], |b| b[8] |= 2),
        (&["VMDK-FLAGS", "VMDK-FOOTER"], |b| b[10] = 1),
        (&["VMDK-COMPRESSION", "VMDK-FOOTER"], |b| b[77] = 0),
        (&["VMDK-CAPACITY", "VMDK-DESCRIPTOR", "VMDK-FOOTER"], |b| b[12] = 1),
        (&["VMDK-GRAIN-SIZE"], |b| b[20] = 64),
        (&["VMDK-GRAIN-SIZE"], |b| b[45] = 1),
        (&["VMDK-DIRECTORY"], |b| b[56] = 0),
        (&["VMDK-DESCRIPTOR", "VMDK-FOOTER"], |b| b[36] = 0),
        (&["VMDK-DESCRIPTOR"], |b| replace(b, "streamOptimized", "monolithicSpars")),
        (&["VMDK-DESCRIPTOR"], |b| replace(b, "\nCID=00000007", "\nCID=ffffffff")),
        (&["VMDK-DESCRIPTOR"], |b| replace(b, "parentCID=ffffffff", "parentCID=00000001")),
        (&["VMDK-DESCRIPTOR"], |b| replace(b, "RW 196608", "RW 196609")),
        (&["VMDK-DDB"], |b| replace(b, "= \"lsilogic\"", "= \"pvscsi\"  ")),
        (&["VMDK-DDB"], |b| replace(b, "HWVersion = \"15\"", "HWVersion = \"xv\"")),
        (&["VMDK-TOOLS"], |b| replace(b, "ddb.toolsVersion", "ddb.toolsVersiox")),
        (&["VMDK-GRAINS"], |b| b[at(128) + 14] ^= 0xFF),
        // The stream of the grain without its checksum.
        (&["VMDK-GRAINS"], |b| b[at(128) + 8] -= 4),
        // The second grain before the first, which also is not what the table says.
        (&["VMDK-GRAINS", "VMDK-TABLES"], |b| b[at(128) + 1] = 0xFF),
        (&["VMDK-TABLES"], |b| b[at(131)] = 1),
        (&["VMDK-TABLES"], |b| b[at(131) + 8] = 9),
        (&["VMDK-TABLES"], |b| b[at(142)] = 0),
        (&["VMDK-TABLES"], |b| b[at(142) + 4] = 200),
        (&["VMDK-MARKERS"], |b| b[at(130) + 12] = 9),
        (&["VMDK-MARKERS"], |b| b[at(130)] = 5),
        (&["VMDK-MARKERS"], |b| b[at(141)] = 2),
        (&["VMDK-DIRECTORY"], |b| b[at(144) + 56] = 7),
        (&["VMDK-FOOTER"], |b| b[at(144) + 64] = 1),
        (&["VMDK-FOOTER"], |b| drop(b.drain(at(143)..at(145)))),
        (&["VMDK-EOS"], |b| b.truncate(at(145))),
        (&["VMDK-EOS"], |b| b.extend([0; 512])),
        (&["VMDK-EOS"], |b| b[at(145)] = 1),
        (&["VMDK-MARKERS"], |b| b.truncate(at(132))),
        (&["VMDK-MARKERS"], |b| b.truncate(100)),
    ];
    let mut wrong = Vec::new();
    for (number, (expected, spoil)) in cases.iter().enumerate() {
        let mut bytes = good();
        spoil(&mut bytes);
        let found = ids(&bytes);
        if found != *expected {
            wrong.push(format!("case {number}: {found:?}, expected {expected:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn qemus_is_named_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("raw");
    std::fs::write(&raw, disk(40 * MIB, &[(MIB, b"x")]).into_inner()).unwrap();
    let output = std::process::Command::new("qemu-img")
        .args(["convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", "raw", "q.vmdk"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let found = ids(&std::fs::read(folder.path().join("q.vmdk")).unwrap());
    for id in ["VMDK-FLAGS", "VMDK-DIRECTORY"] {
        assert!(found.contains(&id), "{found:?}");
    }
}

#[test]
fn noise_and_cut_files_end_without_a_panic() {
    let good = good();
    for length in (0..good.len()).step_by(97) {
        lint_vmdk("x", &mut &good[..length]).unwrap();
    }
    let mut state = 1u32;
    for _ in 0..300 {
        let mut bytes = good.clone();
        for _ in 0..8 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let place = usize::try_from(state).unwrap() % bytes.len();
            bytes[place] = state.to_le_bytes()[3];
        }
        lint_vmdk("x", &mut &bytes[..]).unwrap();
    }
}
