use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::*;
use crate::deb::{Control, Deb, status_of};
use crate::spec::Spec;

const STATUS: &str = "\
Package: libc6
Architecture: amd64
Version: 2.36-9+deb12u14
Source: glibc
Homepage: https://www.gnu.org/software/libc/libc.html
Depends: libgcc-s1, absent

Package: libgcc-s1
Architecture: amd64
Version: 12.2.0-14
Source: gcc-12 (12.2.0-14)
Depends: gcc-12-base (= 12.2.0-14), libc6 (>= 2.35) | libc6.1

Package: gcc-12-base
Architecture: amd64
Version: 12.2.0-14

Package: libstdc++6
Architecture: amd64
Version: 12.2.0-14
Depends: virtual

Package: bsdutils
Architecture: amd64
Version: 1:2.38.1-5
Source: util-linux (2.38.1-5)
Provides: virtual
";

const COPYRIGHT: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: GPL-2+ or Expat, and public-domain
";

fn deb(name: &str, depends: &str, copyright: Option<&str>) -> Deb {
    let control = format!(
        "Package: {name}\nVersion: 0.1.0+a\nArchitecture: amd64\nMaintainer: M <m@x>\nDepends: {depends}"
    );
    let mut data = Layer::default();
    if let Some(text) = copyright {
        let path = format!("usr/share/doc/{name}/copyright");
        data.add(&path, Node::of_root(0o644, Content::Bytes(text.as_bytes().to_vec()))).unwrap();
    }
    Deb { control: Control::parse(&control).unwrap(), data }
}

/// Two packages over the root: one of ours with a program of this workspace, one of an operator's.
fn added() -> Vec<Added> {
    let ours = Some(BTreeSet::from(["daybreak-trust".to_owned()]));
    vec![
        Added { deb: deb("vrouter", "libc6", None), sha256: Sha256Digest::of(b"v"), crates: ours },
        Added { deb: deb("zoo", "vrouter", Some(COPYRIGHT)), sha256: Sha256Digest::of(b"z"), crates: None },
    ]
}

fn bill(crates: Option<&Crates>) -> Bill {
    let text = "name: v\nversion: 1.0~rc_1\npackages: [frr]\n";
    Bill::gather(&Inputs {
        spec: &Spec::parse(text, Path::new("x")).unwrap(),
        epoch: 1_700_000_000,
        status: &status_of(STATUS.as_bytes()).unwrap(),
        copyright: &|package| (package == "libc6").then(|| COPYRIGHT.to_owned()),
        archive: &[
            format!("bsdutils_1%3a2.38.1-5_amd64.deb 10 SHA256:{}", "ab".repeat(32)),
            "libstdc++6_12.2.0-14_amd64.deb 10 ".to_owned(),
        ],
        debs: &added(),
        crates,
    })
    .unwrap()
}

fn crates() -> Crates {
    let roots = BTreeSet::from(["daybreak-trust".to_owned()]);
    Crates::of(&roots, Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn values(bill: &Bill, subject: Subject) -> (Value, Value) {
    let Documents { spdx, cyclonedx } = bill.documents(subject).unwrap();
    (serde_json::from_str(&spdx).unwrap(), serde_json::from_str(&cyclonedx).unwrap())
}

/// The element of a list with a name.
fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|item| item["name"] == name).unwrap()
}

#[test]
fn a_package_of_the_archive_is_said_whole() {
    let (spdx, cyclonedx) = values(&bill(None), Subject::Root);
    let package = named(&spdx["packages"], "bsdutils");
    assert_eq!(package["SPDXID"], "SPDXRef-deb-bsdutils");
    assert_eq!(package["versionInfo"], "1:2.38.1-5");
    assert_eq!(package["supplier"], "Organization: Debian");
    assert_eq!(package["licenseDeclared"], "NOASSERTION");
    assert_eq!(package["checksums"][0]["checksumValue"], "ab".repeat(32));
    assert_eq!(package["sourceInfo"], "built from the Debian source package util-linux 2.38.1-5");
    let url = "pkg:deb/debian/bsdutils@1:2.38.1-5?arch=amd64&distro=bookworm";
    assert_eq!(package["externalRefs"][0]["referenceLocator"], url);
    let component = named(&cyclonedx["components"], "bsdutils");
    assert_eq!((&component["purl"], &component["hashes"][0]["alg"]), (&url.into(), &"SHA-256".into()));
    assert_eq!(component["properties"][0]["value"], "util-linux");
    assert_eq!(component.get("licenses"), None);
    // No digest in the list, none in the bill.
    assert_eq!(named(&cyclonedx["components"], "libstdc++6").get("hashes"), None);
}

#[test]
fn licences_come_from_copyright_files_and_unlisted_ones_are_explained() {
    let (spdx, cyclonedx) = values(&bill(None), Subject::Root);
    for (name, source) in [("libc6", "glibc"), ("zoo", "zoo")] {
        let expected = format!("LicenseRef-{source}-public-domain AND (GPL-2.0-or-later OR MIT)");
        assert_eq!(named(&spdx["packages"], name)["licenseDeclared"], expected);
        assert_eq!(named(&cyclonedx["components"], name)["licenses"][0]["expression"], expected);
        let explained = spdx["hasExtractedLicensingInfos"].as_array().unwrap();
        let reference = format!("LicenseRef-{source}-public-domain");
        assert!(explained.iter().any(|one| one["licenseId"] == reference), "{explained:?}");
    }
}

#[test]
fn dependencies_are_those_that_are_there() {
    let (spdx, cyclonedx) = values(&bill(None), Subject::Root);
    let dependencies = cyclonedx["dependencies"].as_array().unwrap();
    let of = |id: &str| dependencies.iter().find(|one| one["ref"] == id).unwrap()["dependsOn"].to_string();
    assert_eq!(of("deb-libc6"), r#"["deb-libgcc-s1"]"#);
    assert_eq!(of("deb-libgcc-s1"), r#"["deb-gcc-12-base","deb-libc6"]"#);
    assert_eq!(of("deb-libstdc.2b.2b6"), r#"["deb-bsdutils"]"#);
    assert_eq!(of("deb-zoo"), r#"["deb-vrouter"]"#);
    let relations = spdx["relationships"].as_array().unwrap();
    let count = |kind: &str| relations.iter().filter(|one| one["relationshipType"] == kind).count();
    assert_eq!((count("DESCRIBES"), count("CONTAINS"), count("DEPENDS_ON")), (1, 7, 6));
}

#[test]
fn crates_are_in_the_package_of_their_program() {
    let (spdx, cyclonedx) = values(&bill(Some(&crates())), Subject::Root);
    let dalek = named(&cyclonedx["components"], "ed25519-dalek");
    assert!(dalek["purl"].as_str().unwrap().starts_with("pkg:cargo/ed25519-dalek@"), "{dalek}");
    let own = named(&spdx["packages"], "daybreak-trust");
    assert_eq!(own["externalRefs"], Value::Array(Vec::new()), "another crate may have that name");
    assert_eq!(named(&spdx["packages"], "vrouter")["licenseDeclared"], "Apache-2.0");
    let relations = spdx["relationships"].as_array().unwrap();
    let contains = relations.iter().any(|one| {
        one["spdxElementId"] == "SPDXRef-deb-vrouter"
            && one["relationshipType"] == "CONTAINS"
            && one["relatedSpdxElement"] == own["SPDXID"]
    });
    assert!(contains, "{relations:?}");
    assert_eq!(cyclonedx["compositions"][0]["aggregate"], "complete");
}

#[test]
fn crates_that_are_not_known_are_said_to_be_missing() {
    let (spdx, cyclonedx) = values(&bill(None), Subject::Root);
    assert_eq!(cyclonedx["compositions"][0]["aggregate"], "incomplete");
    let comment = named(&spdx["packages"], "v")["comment"].as_str().unwrap();
    assert!(comment.contains("crates that our programs are linked with are not known"), "{comment}");
}

#[test]
fn identifiers_follow_from_what_is_described() {
    let (one, other) = (bill(None), bill(Some(&crates())));
    let ids = |bill: &Bill, subject| {
        let (spdx, cyclonedx) = values(bill, subject);
        [spdx["documentNamespace"].to_string(), cyclonedx["serialNumber"].to_string()]
    };
    let subjects =
        [Subject::Root, Subject::Image(Sha256Digest::of(b"1")), Subject::Image(Sha256Digest::of(b"2"))];
    let all: BTreeSet<_> = subjects.iter().map(|subject| ids(&one, *subject)).collect();
    assert_eq!(all.len(), 3);
    assert_eq!(ids(&one, Subject::Root), ids(&bill(None), Subject::Root));
    assert_ne!(ids(&one, Subject::Root), ids(&other, Subject::Root));
    let (spdx, cyclonedx) = values(&one, subjects[1]);
    let sum = Sha256Digest::of(b"1").to_string();
    assert_eq!(named(&spdx["packages"], "v")["checksums"][0]["checksumValue"], sum);
    assert_eq!(cyclonedx["metadata"]["component"]["hashes"][0]["content"], sum);
    assert_eq!(cyclonedx["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
}

#[test]
fn other_crates_make_another_root() {
    let (known, unknown) = (key(Some(&crates()), &added()).unwrap(), key(None, &added()).unwrap());
    assert_ne!(known, unknown);
    assert_ne!(unknown, key(None, &[]).unwrap());
}

/// SPDX's own tools and `CycloneDX`'s library read both forms, for an image and for a root, with and without crates.
#[test]
fn programs_of_others_accept_what_we_write() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let setup = Command::new(tests.join("../../tests/setup/pypi.sh")).arg("sbom").output().unwrap();
    assert!(setup.status.success(), "{setup:?}");
    let python = Path::new(String::from_utf8(setup.stdout).unwrap().trim()).join("python");
    let folder = tempfile::tempdir().unwrap();
    let crates = crates();
    for (subject, crates, count) in [
        (Subject::Root, None, 7),
        (Subject::Image(Sha256Digest::of(b"manifest")), Some(&crates), 7 + crates.0.len()),
    ] {
        let mut judge = Command::new(&python);
        judge.args(["-B".as_ref(), tests.join("judge_sbom.py").as_os_str()]);
        for (name, bytes) in bill(crates).documents(subject).unwrap().files("v") {
            std::fs::write(folder.path().join(&name), bytes).unwrap();
            judge.arg(folder.path().join(name));
        }
        let output = judge.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), count.to_string());
    }
}
