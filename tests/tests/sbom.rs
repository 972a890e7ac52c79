//! The bill of materials of the built image, read by programs of SPDX and `CycloneDX`.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use daybreak_tests::environment::Environment;

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// How many packages both bills name.
fn judged(spdx: &Path, cyclonedx: &Path) -> usize {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let programs = run(Command::new(tree.join("tests/setup/pypi.sh")).arg("sbom"));
    let mut judge = Command::new(Path::new(programs.trim()).join("python"));
    judge.arg("-B").arg(tree.join("image/tests/judge_sbom.py")).args([spdx, cyclonedx]);
    run(&mut judge).trim().parse().unwrap()
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn the_image_and_its_root_have_a_bill_of_all_packages() {
    let environment = Environment::from_process().unwrap();
    let image = &environment.image;
    let record = std::fs::read(image.join("build-record.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    let name = record["plan"]["name"].as_str().unwrap();
    let packages = record["packages"].as_object().unwrap();
    let names = [format!("{name}.spdx.json"), format!("{name}.cdx.json")];
    let [spdx, cyclonedx] = names.each_ref().map(|name| image.join(name));
    let count = judged(&spdx, &cyclonedx);
    assert!(
        packages.len() > 200 && count > packages.len() + 100,
        "{} packages, {count} parts",
        packages.len()
    );

    let bill: serde_json::Value = serde_json::from_slice(&std::fs::read(&cyclonedx).unwrap()).unwrap();
    let components = bill["components"].as_array().unwrap();
    for (package, version) in packages {
        let there = components.iter().find(|one| one["name"] == **package && one["version"] == *version);
        let there = there.unwrap_or_else(|| panic!("{package} {version} is not in the bill"));
        assert_eq!(there["hashes"][0]["content"].as_str().map(str::len), Some(64), "{there}");
    }

    let folder = tempfile::tempdir().unwrap();
    let inside: [PathBuf; 2] = names.map(|name| {
        let mut cat = Command::new("unsquashfs");
        cat.arg("-cat")
            .arg(environment.pxe().join("root.squashfs"))
            .arg(format!("usr/share/daybreak/sbom/{name}"));
        let path = folder.path().join(name);
        std::fs::write(&path, run(&mut cat)).unwrap();
        path
    });
    assert_eq!(judged(&inside[0], &inside[1]), count);
}
