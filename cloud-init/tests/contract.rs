//! The installer reads the answer that the seed writes: two crates, one format.

#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

mod common;

use daybreak_installer::{After, Answer};
use serde_json::Value;

fn answer_of(yaml: &str) -> Answer {
    let day1 = common::day1(yaml).unwrap();
    Answer::parse(day1.install.unwrap().to_json().unwrap().as_bytes()).unwrap()
}

#[test]
fn the_installer_reads_the_answer_in_a_seed() {
    let case = common::crate_folder().join("testcases/install");
    let seed = common::render_case(&case).unwrap();
    let user: Value = serde_saphyr::from_str(&seed.user_data).unwrap();
    let file = &user["write_files"][0];
    assert_eq!(file["path"], Value::from("/run/daybreak/install.json"));
    let answer = Answer::parse(file["content"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(answer.seed_url.as_deref(), Some("http://192.0.2.1/seed/TOKEN2/"));
    assert_eq!(answer.report_url.as_deref(), Some("http://192.0.2.1/report/TOKEN"));
    assert_eq!(answer.image.url, "http://192.0.2.1/images/vrouter/");
    assert!(answer.wipe);
}

#[test]
fn the_installer_knows_every_hint_and_every_end() {
    let digest = "0".repeat(64);
    for (end, meant) in [("reboot", After::Reboot), ("poweroff", After::Poweroff), ("stay", After::Stay)] {
        let answer = answer_of(&format!(
            "install:\n  disk: {{serial: S, path: /dev/vda, by_path: 'pci-0000:00:04.0', min_size: 4GiB, max_size: 1TiB}}\n  \
             image: {{url: http://h/i/, manifest_sha256: '{digest}'}}\n  seed_url: http://h/s/\n  report_url: http://h/r\n  \
             after: {end}\n"
        ));
        assert_eq!(answer.after, meant);
        assert!(!answer.wipe, "nothing is wiped that was not asked for");
        let disk = format!("{:?}", answer.disk);
        for hint in ["\"S\"", "/dev/vda", "pci-0000:00:04.0"] {
            assert!(disk.contains(hint), "{disk}");
        }
    }
}
