//! Seeds as volumes: programs that we did not write unpack them, Debian's own cloud-init reads them, and what it reads is the seed.

#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

mod common;

use std::process::Command;

use daybreak_cloud_init::datasource::Instance;
use daybreak_cloud_init::{Day1, Identity, Seed, Templates, media, render};
use serde_json::{Value, json};

struct Case {
    day1: Day1,
    identity: Identity,
    seed: Seed,
}

fn case(yaml: &str) -> Case {
    let (day1, identity) = (common::day1(yaml).unwrap(), common::identity());
    let templates = Templates::builtin().unwrap();
    let seed = render(&day1, &identity, &templates).unwrap();
    Case { day1, identity, seed }
}

/// Has cloud-init read a volume.
fn read(how: &str, volume: &[u8]) -> Value {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), volume).unwrap();
    let program = common::cloud_init();
    let modules = program.parent().unwrap().join("../root/usr/lib/python3/dist-packages");
    let listed =
        Command::new("xorriso").arg("-indev").arg(file.path()).args(["-find", "/"]).output().unwrap();
    assert!(listed.status.success(), "xorriso: {}", String::from_utf8_lossy(&listed.stderr));
    let out = Command::new("/usr/bin/python3")
        .arg(common::crate_folder().join("tests/python/read_datasource.py"))
        .arg(how)
        .arg(file.path())
        .env("PYTHONPATH", modules)
        .output()
        .unwrap();
    assert!(out.status.success(), "{how}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

const STATIC: &str = "fqdn: vr1.example.net\nnetwork:\n  ethernets:\n    mgmt:\n      match: {macaddress: '52:54:00:12:34:56'}\n      \
    mtu: 1400\n      addresses: [192.0.2.10/24, '2001:db8::10/64']\n      gateway4: 192.0.2.1\n      gateway6: '2001:db8::1'\n      \
    routes: [{to: 198.51.100.0/24, via: 192.0.2.2}]\n      nameservers: {addresses: [192.0.2.53], search: [example.net]}\n    \
    ens9: {dhcp4: true}\n";

#[test]
fn a_nocloud_medium_is_the_seed() {
    let case = case(STATIC);
    let volume = media::cidata(&case.seed);
    let seen = read("cidata", &volume);
    assert_eq!(seen["label"], "cidata");
    assert_eq!(seen["instance_id"], "vr1.1");
    assert_eq!(seen["hostname"], "vr1");
    assert_eq!(seen["user"], case.seed.user_data.as_str());
    assert_eq!(seen["network"]["ethernets"]["mgmt"]["addresses"][0], "192.0.2.10/24");
    assert_eq!(volume, media::cidata(&case.seed), "the same seed, the same bytes");
}

#[test]
fn a_config_drive_says_the_same_with_fixed_addresses() {
    let case = case(STATIC);
    let seen = read("drive", &media::config_drive(&Instance::new(&case.day1, &case.identity, &case.seed)));
    assert_eq!(seen["label"], "config-2");
    assert_eq!(seen["instance_id"], "vr1.1");
    assert_eq!(seen["hostname"], "vr1.example.net");
    assert_eq!(seen["keys"], json!([common::KEY]));
    assert_eq!(seen["user"], case.seed.user_data.as_str());
    let config = seen["network"]["config"].as_array().unwrap();
    let of = |name: &str| {
        config.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name}: {config:?}"))
    };
    let fixed = of("nic1");
    assert_eq!((&fixed["mac_address"], &fixed["mtu"]), (&json!("52:54:00:12:34:56"), &json!(1400)));
    assert_eq!(fixed["subnets"][0]["address"], "192.0.2.10");
    assert_eq!(fixed["subnets"][0]["netmask"], "255.255.255.0");
    let v4 = fixed["subnets"][0]["routes"].as_array().unwrap();
    assert_eq!(v4[0], json!({"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "192.0.2.1"}));
    assert_eq!(v4[1], json!({"network": "198.51.100.0", "netmask": "255.255.255.0", "gateway": "192.0.2.2"}));
    assert_eq!(fixed["subnets"][1]["address"], "2001:db8::10");
    assert_eq!(
        fixed["subnets"][1]["routes"].as_array().unwrap().len(),
        2,
        "the default route of IPv6 in two halves"
    );
    assert_eq!(of("ens9")["subnets"][0]["type"], "dhcp4");
    assert!(config.iter().any(|one| one["type"] == "nameserver" && one["address"] == "192.0.2.53"));
}

const TRUNK: &str = "network:\n  ethernets:\n    trunk: {match: {macaddress: '52:54:00:12:34:56'}}\n    ens5: {}\n  bonds:\n    \
    uplink: {interfaces: [ens5], parameters: {mode: 802.3ad, lacp-rate: fast}, dhcp4: true}\n  vlans:\n    \
    mgmt: {id: 10, link: trunk, addresses: [192.0.2.10/24], gateway4: 192.0.2.1}\n";

#[test]
fn a_config_drive_has_vlans_and_bonds() {
    let case = case(TRUNK);
    let seen = read("drive", &media::config_drive(&Instance::new(&case.day1, &case.identity, &case.seed)));
    let config = seen["network"]["config"].as_array().unwrap();
    let of = |kind: &str| {
        config.iter().find(|one| one["type"] == kind).unwrap_or_else(|| panic!("no {kind}: {config:?}"))
    };
    let vlan = of("vlan");
    // cloud-init names it by its link and number.
    assert_eq!(
        (&vlan["name"], &vlan["vlan_link"], &vlan["vlan_id"]),
        (&json!("nic1.10"), &json!("nic1"), &json!(10))
    );
    assert_eq!(vlan["subnets"][0]["address"], "192.0.2.10");
    let bond = of("bond");
    assert_eq!(bond["bond_interfaces"], json!(["ens5"]));
    assert_eq!(
        (&bond["params"]["bond_mode"], &bond["params"]["bond_lacp_rate"]),
        (&json!("802.3ad"), &json!("fast"))
    );
}

#[test]
fn without_a_network_cloud_init_asks_dhcp() {
    let case = case("");
    let seen = read("drive", &media::config_drive(&Instance::new(&case.day1, &case.identity, &case.seed)));
    assert_eq!(seen["network"], Value::Null);
    assert_eq!(seen["hostname"], "vr1");
}
