use std::io::{Cursor, Write};
use std::num::NonZeroUsize;

use super::*;
use crate::disk::tests::disk;
use crate::ova::{Controller, Firmware, OvfDisk, OvfSpec, descriptor, manifest};
use crate::tar;
use crate::{Adapter, VmdkSpec, write_vmdk};

/// A package that is put together by hand, so that it can be wrong.
#[derive(Clone)]
struct Package {
    ovf: String,
    vmdk: Vec<u8>,
    /// Names and contents in their order; the manifest is made of the others where it is `None`.
    order: Vec<(&'static str, Option<Vec<u8>>)>,
}

fn good() -> Package {
    let mut source = disk(1 << 25, &[(0, b"boot"), (1 << 20, b"data")]);
    let spec =
        VmdkSpec { file_name: "v-disk1.vmdk", content_id: 7, adapter: Adapter::Scsi, hardware_version: 15 };
    let mut vmdk = Vec::new();
    let written = write_vmdk(&mut vmdk, &mut source, &spec, NonZeroUsize::MIN).unwrap();
    let spec = OvfSpec {
        name: "v",
        product: "vRouter & more",
        vendor: "Daybreak",
        version: "1",
        cpus: 2,
        memory_mib: 4096,
        firmware: Firmware::Efi,
        controller: Controller::ParavirtualScsi,
        networks: &["Management", "Data 1"],
        hardware_version: 15,
    };
    let disk = OvfDisk { file_name: "v-disk1.vmdk", file_size: written.size, capacity: written.capacity };
    let ovf = descriptor(&spec, &disk).unwrap();
    let order = ["v.ovf", "v.mf", "v-disk1.vmdk"].map(|name| (name, None)).to_vec();
    Package { ovf, vmdk, order }
}

impl Package {
    fn content(&self, name: &str) -> Vec<u8> {
        match name.rsplit_once('.').unwrap().1 {
            "ovf" => self.ovf.clone().into_bytes(),
            "mf" => self.manifest().into_bytes(),
            _ => self.vmdk.clone(),
        }
    }

    fn manifest(&self) -> String {
        let files: Vec<_> = ["v.ovf", "v-disk1.vmdk"]
            .into_iter()
            .map(|name| (name, hex(&Sha256::digest(self.content(name)))))
            .collect();
        manifest(&files.iter().map(|(name, digest)| (*name, digest.as_str())).collect::<Vec<_>>())
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, content) in &self.order {
            let content = content.clone().unwrap_or_else(|| self.content(name));
            bytes.extend(tar::ustar(name, content.len() as u64, 1_700_000_000).unwrap());
            bytes.write_all(&content).unwrap();
            bytes.resize(bytes.len().next_multiple_of(RECORD), 0);
        }
        bytes.extend([0; 2 * RECORD]);
        bytes
    }

    fn replace(&mut self, from: &str, to: &str) {
        assert!(self.ovf.contains(from), "{from}");
        self.ovf = self.ovf.replacen(from, to, 1);
    }
}

fn ids(bytes: Vec<u8>) -> Vec<&'static str> {
    let found = lint_ova(&mut Cursor::new(bytes)).unwrap();
    let mut ids: Vec<_> = found.into_iter().map(|breach| breach.rule.id()).collect();
    ids.dedup();
    ids
}

#[test]
fn ours_keeps_every_rule() {
    assert_eq!(lint_ova(&mut Cursor::new(good().bytes())).unwrap(), []);
}

#[test]
fn each_broken_rule_of_the_descriptor_is_named_and_no_other() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("</Envelope>", "", &["OVF-XML", "OVF-REFERENCES"]),
        ("<Envelope", "<!DOCTYPE x><Envelope", &["OVF-XML", "OVF-REFERENCES"]),
        ("ovf/envelope/1\"", "ovf/envelope/2\"", &["OVF-ENVELOPE", "OVF-REFERENCES"]),
        ("<VirtualSystem ", "<VirtualThing ", &["OVF-XML", "OVF-REFERENCES"]),
        ("<Info>Networks</Info>", "", &["OVF-SECTIONS"]),
        ("<Name>v</Name>", "", &[]),
        ("ovf:href=\"v-disk1.vmdk\"", "ovf:href=\"w.vmdk\"", &["OVF-REFERENCES"]),
        ("ovf:size=\"", "ovf:size=\"1", &["OVF-REFERENCES"]),
        ("ovf:fileRef=\"file1\"", "ovf:fileRef=\"file2\"", &["OVF-DISK"]),
        ("ovf:capacity=\"", "ovf:capacity=\"1", &["OVF-CAPACITY"]),
        ("\"byte\"", "\"MegaBytes\"", &["OVF-DISK"]),
        ("vmdk.html#streamOptimized", "vmdk.html#sparse", &["OVF-FORMAT"]),
        ("ovf:name=\"Data 1\"", "ovf:name=\"Data 2\"", &["OVF-NETWORK"]),
        (">vmx-15<", ">qemu<", &["OVF-HARDWARE"]),
        ("<rasd:VirtualQuantity>4096</rasd:VirtualQuantity>", "", &["OVF-HARDWARE"]),
        ("<rasd:InstanceID>2<", "<rasd:InstanceID>1<", &["OVF-ITEM"]),
        ("<rasd:Parent>3<", "<rasd:Parent>33<", &["OVF-ITEM"]),
        ("ovf:/disk/disk1", "ovf:/disk/disk2", &["OVF-ITEM"]),
        (
            "<rasd:Address>0</rasd:Address>",
            "<rasd:ResourceSubType>x</rasd:ResourceSubType><rasd:Address>0</rasd:Address>",
            &["OVF-ITEM-ORDER"],
        ),
        ("ovf:key=\"hostname\"", "ovf:key=\"host.name\"", &["OVF-PROPERTY"]),
        ("ovf:key=\"hostname\"", "ovf:key=\"user-data\"", &["OVF-PROPERTY"]),
        ("iso com.vmware.guestInfo", "smoke", &["OVF-TRANSPORT"]),
        ("<rasd:ResourceType>15<", "<rasd:ResourceType>14<", &["OVF-TRANSPORT"]),
    ];
    let mut wrong = Vec::new();
    for (from, to, expected) in cases {
        let mut package = good();
        package.replace(from, to);
        let found = ids(package.bytes());
        if found != *expected {
            wrong.push(format!("{from} -> {to}: {found:?}, expected {expected:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    // Rules are the same for a machine in a collection.
    let mut package = good();
    package.replace("<VirtualSystem ", "<VirtualSystemCollection ovf:id=\"c\"><Info>x</Info><VirtualSystem ");
    package.replace("</VirtualSystem>", "</VirtualSystem></VirtualSystemCollection>");
    assert_eq!(ids(package.bytes()), [""; 0]);
    package.replace(">vmx-15<", ">qemu<");
    assert_eq!(ids(package.bytes()), ["OVF-HARDWARE"]);
    let mut package = good();
    package.replace(
        "ovf:userConfigurable=\"true\" ovf:value=\"\"",
        "ovf:password=\"true\" ovf:value=\"secret\"",
    );
    assert_eq!(ids(package.bytes()), ["OVF-PASSWORD"]);
    // The size follows the descriptor only when nothing else is wrong with it.
    let mut package = good();
    package.replace("\"byte\"", "\"byte * 2^10\"");
    assert_eq!(ids(package.bytes()), ["OVF-CAPACITY"]);
}

#[test]
fn each_broken_rule_of_archive_and_manifest_is_named_and_no_other() {
    type Break = fn(&mut Package);
    let cases: &[(&[&str], Break)] = &[
        (&["OVA-FIRST"], |p| p.order.rotate_left(2)),
        (&["OVA-FIRST"], |p| drop(p.order.remove(0))),
        (&["OVA-FIRST", "MF-COMPLETE"], |p| p.order.push(("w.ovf", None))),
        (&["OVA-FILES", "OVA-ORDER"], |p| p.order.push(("v-disk1.vmdk", None))),
        (&["OVA-FILES", "MF-COMPLETE", "OVF-REFERENCES"], |p| p.order.push(("x/y.bin", Some(vec![1])))),
        (&["OVA-NAME"], |p| p.order[1].0 = "w.mf"),
        (&["MF-MISSING"], |p| drop(p.order.remove(1))),
        (&["MF-SYNTAX", "MF-COMPLETE"], |p| p.order[1].1 = Some(b"hello\n".to_vec())),
        (&["MF-ALGORITHM"], |p| {
            let text = format!("SHA1(v.ovf)= {0}\nSHA1(v-disk1.vmdk)= {0}\n", "a".repeat(40));
            p.order[1].1 = Some(text.into_bytes());
        }),
        (&["MF-DIGEST"], |p| {
            let text = p.manifest();
            let (before, digest) = text.trim_end().rsplit_once(' ').unwrap();
            p.order[1].1 = Some(format!("{before} {}\n", digest.replace(|_: char| true, "0")).into_bytes());
        }),
        (&["MF-DIGEST"], |p| {
            let text = format!("SHA512(v.ovf)= {0}\nSHA512(v-disk1.vmdk)= {0}\n", "0".repeat(128));
            p.order[1].1 = Some(text.into_bytes());
        }),
        (&[], |p| {
            let line = |name| format!("SHA512({name})= {}\n", hex(&Sha512::digest(p.content(name))));
            p.order[1].1 = Some((line("v.ovf") + &line("v-disk1.vmdk")).into_bytes());
        }),
        (&["MF-COMPLETE"], |p| {
            let text = p.manifest();
            p.order[1].1 = Some(text.lines().next().unwrap().as_bytes().to_vec());
        }),
        (&["MF-COMPLETE"], |p| {
            let text = format!("{}SHA256(nothing)= {}\n", p.manifest(), "0".repeat(64));
            p.order[1].1 = Some(text.into_bytes());
        }),
        (&["VMDK-EOS"], |p| {
            let length = p.vmdk.len();
            p.vmdk[length - 512] = 1;
        }),
    ];
    let mut wrong = Vec::new();
    for (number, (expected, spoil)) in cases.iter().enumerate() {
        let mut package = good();
        spoil(&mut package);
        let mut found = ids(package.bytes());
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        if found != expected {
            wrong.push(format!("case {number}: {found:?}, expected {expected:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn broken_archives_are_named() {
    let good = good().bytes();
    for (expected, spoil) in [
        ("OVA-TAR", &(|b: &mut Vec<u8>| b[0] ^= 1) as &dyn Fn(&mut Vec<u8>)),
        ("OVA-TAR", &|b| b.truncate(b.len() - 2 * RECORD)),
        ("OVA-TAR", &|b| b.truncate(b.len() - RECORD)),
        ("OVA-TAR", &|b| b.truncate(10_000)),
        ("OVA-TAR", &|b| b.clear()),
    ] {
        let mut bytes = good.clone();
        spoil(&mut bytes);
        assert!(ids(bytes).contains(&expected));
    }
}

#[test]
fn the_order_that_gnu_tar_makes_of_names_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let package = good();
    for (name, _) in &package.order {
        std::fs::write(folder.path().join(name), package.content(name)).unwrap();
    }
    let tar = |args: &[&str]| {
        let output =
            std::process::Command::new("tar").args(args).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        ids(output.stdout)
    };
    let ustar = ["--format=ustar", "--owner=0", "--group=0", "-cf", "-"];
    assert_eq!(tar(&[&ustar[..], &["v.ovf", "v.mf", "v-disk1.vmdk"]].concat()), Vec::<&str>::new());
    assert_eq!(tar(&[&ustar[..], &["v-disk1.vmdk", "v.mf", "v.ovf"]].concat()), ["OVA-FIRST"]);
    let gnu =
        tar(&["--format=gnu", "--owner=1000", "--group=0", "-cf", "-", "v.ovf", "v.mf", "v-disk1.vmdk"]);
    assert_eq!(gnu, ["OVA-TAR", "OVA-OWNER"]);
}

#[test]
fn noise_and_cut_files_end_without_a_panic() {
    let good = good().bytes();
    for length in (0..good.len()).step_by(211) {
        lint_ova(&mut Cursor::new(&good[..length])).unwrap();
    }
    let mut state = 1u32;
    for round in 0..300 {
        let mut bytes = good.clone();
        for _ in 0..4 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Headers, descriptor and manifest in every other round.
            let room = if round % 2 == 0 { 14_000 } else { bytes.len() };
            let place = usize::try_from(state).unwrap() % room;
            bytes[place] = state.to_le_bytes()[3];
            if bytes[place].is_ascii_punctuation() {
                bytes[place] = b'"';
            }
        }
        lint_ova(&mut Cursor::new(bytes)).unwrap();
    }
}
