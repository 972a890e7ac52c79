use std::fs;
use std::process::Command;

use super::*;
use crate::deb::{Control, write_deb};
use crate::progress::Silent;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJjWSSvMsLa98yIdzTMyDCx9Lk8zC0xPBmfhzo4RyMFt a@b";

fn spec() -> Spec {
    let text = format!(
        "name: vrouter\nversion: '1'\npackages: [frr]\nusers: [{{name: ann, ssh_authorized_keys: ['{KEY}']}}]\n\
         dpdk: {{driver: vfio-pci}}\ntrust: {{keys: [RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3]}}\nsquashfs: {{zstd_level: 1}}\n"
    );
    Spec::parse(&text, Path::new("x")).unwrap()
}

fn base(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("root.tar");
    let mut builder = tar::Builder::new(File::create(&path).unwrap());
    for (path, text) in [
        ("boot/vmlinuz-6.1", "kernel"),
        ("etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
        ("etc/shadow", "root:*:::::::\n"),
        ("etc/group", "sudo:x:27:\n"),
        ("etc/gshadow", "sudo:*::\n"),
        ("etc/issue", "Debian\n"),
        ("usr/lib/os-release", "ID=debian\n"),
        ("var/lib/dpkg/status", "Package: libc6\nVersion: 2\n"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(5);
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.finish().unwrap();
    path
}

fn deb(depends: &str) -> Deb {
    let mut data = Layer::default();
    data.add("usr/bin/run", Node::of_root(0o755, Content::Bytes(b"run".to_vec()))).unwrap();
    let control =
        Control::parse(&format!("Package: run\nVersion: 1\nArchitecture: amd64\nDepends: {depends}"));
    let mut bytes = Vec::new();
    write_deb(&mut bytes, &control.unwrap(), &data, 0).unwrap();
    Deb::read(&bytes[..], "run.deb").unwrap()
}

fn pack(folder: &Path, name: &str, deb: Deb) -> Result<std::path::PathBuf, ImageError> {
    let spec = spec();
    let mut files = Layer::default();
    files.add("etc/issue", Node::of_root(0o644, Content::Bytes(b"Daybreak\n".to_vec())))?;
    let grub = Grub::build(folder)?;
    let out = folder.join(name);
    let inputs = Inputs {
        spec: &spec,
        base: &base(folder),
        files,
        debs: vec![deb],
        grub: &grub,
        epoch: 1_700_000_000,
    };
    build(inputs, &out, &mut Silent)?;
    Ok(out)
}

fn unsquashfs(args: &[&str], image: &Path) -> String {
    let output = Command::new("unsquashfs").args(args).arg(image).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn base_packages_overlay_and_users_are_in_one_squashfs() {
    let folder = tempfile::tempdir().unwrap();
    let image = pack(folder.path(), "root.squashfs", deb("libc6")).unwrap();
    let list = unsquashfs(&["-lln"], &image)
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    for line in [
        "-rwxr-xr-x 0/0 3 2023-11-14 22:13 squashfs-root/usr/bin/run",
        "-rw------- 1000/1000",
        "drwx------ 1000/1000",
        "squashfs-root/usr/lib/daybreak/grub/core.img",
        "squashfs-root/etc/modules-load.d/daybreak-dpdk.conf",
        "squashfs-root/etc/daybreak/keys/E7620F1842B4E81F.pub",
        "squashfs-root/var/lib/dpkg/info/run.list",
    ] {
        assert!(list.contains(line), "{line} is not in:\n{list}");
    }
    assert!(!list.contains("vmlinuz"), "{list}");
    let tree = folder.path().join("tree");
    unsquashfs(&["-d", tree.to_str().unwrap(), "-no-xattrs"], &image);
    let read = |path: &str| fs::read_to_string(tree.join(path)).unwrap();
    assert_eq!(read("etc/issue"), "Daybreak\n");
    assert!(read("etc/passwd").ends_with("ann:x:1000:1000::/home/ann:/bin/bash\n"));
    assert!(read("usr/lib/os-release").ends_with("ID=debian\nIMAGE_ID=vrouter\nIMAGE_VERSION=1\n"));
    assert!(read("var/lib/dpkg/status").contains("Package: run\nStatus: install ok installed\n"));
}

#[test]
fn packed_twice_it_is_the_same_file() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = pack(one.path(), "a", deb("libc6")).map(|path| fs::read(path).unwrap()).unwrap();
    let two = pack(two.path(), "b", deb("libc6")).map(|path| fs::read(path).unwrap()).unwrap();
    assert!(one == two);
}

#[test]
fn parts_that_do_not_fit_stop_the_build() {
    let folder = tempfile::tempdir().unwrap();
    let error = pack(folder.path(), "root.squashfs", deb("libmissing")).unwrap_err().to_string();
    assert!(error.contains("package run: needs libmissing"), "{error}");
}
