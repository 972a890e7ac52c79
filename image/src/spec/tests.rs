use std::path::Path;

use super::*;

const MINIMAL: &str = "name: vrouter\nversion: '1.0'\npackages: [frr]\n";

fn parse(text: &str) -> Result<Spec, String> {
    Spec::parse(text, Path::new("appliance.yaml")).map_err(|error| error.to_string())
}

fn with(line: &str) -> Result<Spec, String> {
    parse(&format!("{MINIMAL}{line}\n"))
}

#[test]
fn the_shipped_appliance_parses() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("appliance.yaml");
    let spec = Spec::parse(&std::fs::read_to_string(&path).unwrap(), &path).unwrap();
    assert!(spec.formats.contains(&Format::Pxe) && spec.formats.contains(&Format::Iso));
}

#[test]
fn what_is_left_out_has_its_default() {
    let spec = parse(MINIMAL).unwrap();
    assert_eq!((spec.suite, spec.squashfs.zstd_level.get()), (Suite::Bookworm, 15));
    assert_eq!((spec.disk.size.bytes(), spec.kernel_line().as_str()), (8 << 30, ""));
}

#[test]
fn kernel_line_is_own_arguments_then_those_of_dpdk() {
    let spec = with("kernel_args: [panic=30]\ndpdk: {hugepages: {size: 1G, count: 2}}").unwrap();
    assert_eq!(spec.kernel_line(), "panic=30 default_hugepagesz=1G hugepagesz=1G hugepages=2");
}

/// Each mistake is named with file, line, column and what is accepted instead.
#[test]
fn errors_name_place_and_accepted_values() {
    for (line, expected) in [
        ("colour: red", &["line 4", "unknown field `colour`", "kernel_args"][..]),
        ("suite: sid", &["line 4", "`sid`", "bookworm"]),
        ("formats: [vdi]", &["line 4", "`vdi`", "pxe", "qcow2"]),
        ("formats: []", &["formats: is empty", "pxe, raw, qcow2"]),
        ("squashfs: {zstd_level: 23}", &["line 4", "not between 1 and 22"]),
        ("squashfs: {level: 3}", &["line 4", "unknown field `level`", "zstd_level"]),
        ("disk: {size: 8GB}", &["line 4", "8GB", "8GiB"]),
        ("disk: {size: 1GiB}", &["disk.size: 1GiB is less than"]),
        ("disk: {size: 8388609KiB}", &["disk.size: 8388609KiB is not a number of whole MiB"]),
        ("formats: [gce]\ndisk: {size: 5000MiB}", &["disk.size: 5000MiB is not a number of whole GiB"]),
        ("ova: {cpus: 0}", &["ova.cpus: 0 is not between 1 and 128"]),
        ("ova: {memory: 5MiB}", &["ova.memory: 5MiB is not a multiple of 4MiB"]),
        ("ova: {firmware: uefi}", &["line 4", "`uefi`", "bios", "efi"]),
        ("ova: {controller: nvme}", &["line 4", "`nvme`", "pvscsi", "lsilogic"]),
        ("ova: {networks: []}", &["ova.networks: 0 of them"]),
        ("ova: {networks: [A, A]}", &["ova.networks: A is listed twice"]),
        ("ova: {networks: ['a<b']}", &["line 4", "the name of a network"]),
        ("kernel_args: ['a b']", &["line 4", "a kernel argument"]),
        ("kernel_args: [boot=live]", &["line 4", "set by the boot loader"]),
        ("kernel_args: [console=ttyS1]", &["line 4", "set by the boot loader"]),
        ("users: [{name: root, ssh_authorized_keys: []}]", &["line 4", "not root, which stays locked"]),
        ("users: [{name: ann, ssh_authorized_keys: []}]", &["users: ann could never log in"]),
        ("users: [{name: ann, ssh_authorized_keys: [x]}]", &["line 4", "a public key"]),
        ("users: [{name: ann, password: x}]", &["line 4", "unknown field `password`", "ssh_authorized_keys"]),
        ("dpdk: {driver: igb_uio}", &["line 4", "`igb_uio`", "vfio-pci", "uio_pci_generic"]),
        ("dpdk: {cores: 0-3}", &["line 4", "processor 0"]),
        ("dpdk: {cores: 3-1}", &["line 4", "1-3,5"]),
        ("dpdk: {hugepages: {size: 4M, count: 1}}", &["line 4", "`4M`", "2M", "1G"]),
        ("trust: {keys: [RWQ]}", &["line 4", "second line of a minisign key file"]),
        ("trust: {key: x}", &["line 4", "unknown field `key`", "keys"]),
        ("daemons: [vrouter, vrouter]", &["daemons: vrouter is listed twice"]),
    ] {
        let error = with(line).expect_err(line);
        for part in expected.iter().chain(&["appliance.yaml: "]) {
            assert!(error.contains(part), "{line}: {part:?} is not in: {error}");
        }
    }
}

#[test]
fn a_column_is_named() {
    let error = parse("name: vrouter\nversion: '1'\npackages: [frr, Frr]\n").unwrap_err();
    assert!(error.contains("line 3") && error.contains("column 17"), "{error}");
}

#[test]
fn names_that_would_leave_the_build_folder_are_refused() {
    for name in ["../x", "a/b", ".", "", "A", "-a", "é"] {
        assert!(parse(&MINIMAL.replace("vrouter", &format!("{name:?}"))).is_err(), "{name}");
    }
}

#[test]
fn sizes_print_as_they_are_written() {
    for text in ["512MiB", "8GiB", "1KiB"] {
        assert_eq!(text.parse::<ByteSize>().unwrap().to_string(), text);
    }
    for text in ["8", "GiB", "0GiB", "-1GiB", "99999999999GiB", "1.5GiB", "+8GiB"] {
        assert!(text.parse::<ByteSize>().is_err(), "{text}");
    }
}
