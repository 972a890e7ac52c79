use std::process::Command;

use super::*;
use crate::deb::write_deb;

const CONTROL: &str = "Package: run\nVersion: 2\nArchitecture: amd64\nMaintainer: x <x@y>\nDescription: d\n";

/// A package made by dpkg-deb, the program that everybody makes packages with.
fn dpkg_deb(packing: &str, control: &str, script: Option<&str>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join("DEBIAN")).unwrap();
    std::fs::create_dir_all(root.join("lib/systemd")).unwrap();
    std::fs::write(root.join("DEBIAN/control"), control).unwrap();
    if let Some(name) = script {
        std::fs::write(root.join("DEBIAN").join(name), "#!/bin/sh\n").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(root.join("DEBIAN").join(name), mode).unwrap();
    }
    std::fs::write(root.join("lib/systemd/unit"), "[Unit]\n").unwrap();
    let deb = folder.path().join("run.deb");
    let output = Command::new("dpkg-deb")
        .args(["--root-owner-group", packing, "--build"])
        .args([&root, &deb])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    std::fs::read(deb).unwrap()
}

fn error(bytes: &[u8]) -> String {
    Deb::read(bytes, "run.deb").unwrap_err().to_string()
}

#[test]
fn packages_of_dpkg_deb_are_read_in_each_packing() {
    for packing in ["-Zgzip", "-Zxz", "-Zzstd", "-Znone"] {
        let deb = Deb::read(&dpkg_deb(packing, CONTROL, None)[..], "run.deb").unwrap();
        assert_eq!((deb.name(), deb.version()), ("run", "2"), "{packing}");
        let unit = deb.data.get("usr/lib/systemd/unit").unwrap();
        assert_eq!(unit.content, Content::Bytes(b"[Unit]\n".to_vec()));
    }
}

#[test]
fn our_own_packages_are_read_back() {
    let mut data = Layer::default();
    data.add("usr/bin/run", Node::of_root(0o755, Content::Bytes(b"x".to_vec()))).unwrap();
    let mut bytes = Vec::new();
    write_deb(&mut bytes, &Control::parse(CONTROL).unwrap(), &data, 0).unwrap();
    let deb = Deb::read(&bytes[..], "run.deb").unwrap();
    assert_eq!(deb.data, data);
    let layer = deb.into_layer().unwrap();
    let list = layer.get("var/lib/dpkg/info/run.list").unwrap();
    assert_eq!(list.content, Content::Bytes(b"/.\n/usr\n/usr/bin\n/usr/bin/run\n".to_vec()));
}

#[test]
fn a_package_with_a_script_is_refused_by_name() {
    let error = error(&dpkg_deb("-Zgzip", CONTROL, Some("postinst")));
    assert!(error.contains("run.deb: has the script postinst"), "{error}");
}

#[test]
fn another_architecture_is_refused() {
    let error = error(&dpkg_deb("-Zgzip", &CONTROL.replace("amd64", "arm64"), None));
    assert!(error.contains("is for arm64"), "{error}");
}

#[test]
fn what_is_no_package_or_cut_short_is_refused() {
    assert!(error(b"").contains("not a Debian package"));
    assert!(error(b"<html>").contains("not a Debian package"));
    let whole = dpkg_deb("-Zgzip", CONTROL, None);
    for end in [whole.len() / 2, whole.len() - 20] {
        assert!(Deb::read(&whole[..end], "run.deb").is_err(), "cut at {end}");
    }
}

#[test]
fn files_that_would_leave_the_root_are_refused() {
    for (path, expected) in [
        ("../etc/passwd", None),
        ("/etc/passwd", None),
        ("./etc/../x", None),
        ("./usr/bin/x", Some("usr/bin/x")),
        ("./lib/x", Some("usr/lib/x")),
        ("./lib", Some("")),
    ] {
        assert_eq!(plain(Path::new(path)).as_deref(), expected, "{path}");
    }
}
