use std::io::Cursor;
use std::process::Command;

use super::*;
use crate::disk::tests::disk;

const MIB: usize = 1 << 20;

fn spec() -> VmdkSpec<'static> {
    VmdkSpec { file_name: "disk.vmdk", content_id: 0x1234_5678, adapter: Adapter::Scsi, hardware_version: 15 }
}

fn vmdk(disk: &mut dyn Disk, threads: usize) -> (Vec<u8>, VmdkWritten) {
    let mut out = Vec::new();
    let written = write_vmdk(&mut out, disk, &spec(), NonZeroUsize::new(threads).unwrap()).unwrap();
    assert_eq!(written.size, out.len() as u64);
    (out, written)
}

/// Data in the first, third and last table, and a table boundary inside a run of grains.
fn sample() -> Cursor<Vec<u8>> {
    let noise: Vec<u8> = (0..3_000_000u32).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let size = 100 * MIB + BLOCK;
    disk(size, &[(0, b"first"), (31 * MIB, &noise), (70 * MIB, &[9; 100]), (size - 3, b"end")])
}

#[test]
fn qemu_and_libvmdk_read_the_same_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut source = sample();
    std::fs::write(folder.path().join("raw"), source.get_ref()).unwrap();
    std::fs::write(folder.path().join("disk.vmdk"), vmdk(&mut source, 2).0).unwrap();
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{program} {args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run("qemu-img", &["compare", "-f", "vmdk", "-F", "raw", "disk.vmdk", "raw"]);
    run("qemu-img", &["check", "-f", "vmdk", "disk.vmdk"]);
    let info = run("qemu-img", &["info", "-f", "vmdk", "disk.vmdk"]);
    assert!(info.contains("create type: streamOptimized") && info.contains("cid: 305419896"), "{info}");
    let info = run("vmdkinfo", &["disk.vmdk"]);
    assert!(info.contains("Stream optimized") && info.contains("(104923136 bytes)"), "{info}");
}

#[test]
fn threads_do_not_change_the_bytes() {
    let one = vmdk(&mut sample(), 1);
    let grains = 1 + 46 + 1 + 1;
    assert_eq!(one.1.populated, grains * GRAIN);
    assert!(one == vmdk(&mut sample(), 3));
}

#[test]
fn an_empty_disk_has_no_grain_table() {
    let (bytes, written) = vmdk(&mut disk(64 * MIB, &[]), 1);
    assert_eq!(written.populated, 0);
    // Header and descriptor; marker, directory; marker, footer; end.
    assert_eq!(bytes.len(), (128 + 2 + 2 + 1) * SECTOR);
    let footer = Header::parse(bytes[131 * SECTOR..132 * SECTOR].try_into().unwrap());
    assert_eq!(footer.directory, 129);
    assert!(bytes[132 * SECTOR..].iter().all(|byte| *byte == 0));
}

#[test]
fn disks_that_esxi_refuses_are_refused() {
    for size in [0, 512, BLOCK + 512] {
        let result = write_vmdk(Vec::new(), &mut disk(size, &[]), &spec(), NonZeroUsize::MIN);
        assert!(matches!(result, Err(FormatError::Size { .. })), "{size}");
    }
}

#[test]
fn a_full_disk_is_reported() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no space"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let error = write_vmdk(Full, &mut sample(), &spec(), NonZeroUsize::MIN).unwrap_err();
    assert_eq!(error.to_string(), "write the VMDK: no space");
}
