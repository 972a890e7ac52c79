//! What is printed, posted and returned.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use crate::rig::{Rig, has_boot_signature};

fn json_lines(output: &Output) -> Vec<serde_json::Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_dry_run_plans_and_changes_nothing() {
    let rig = Rig::new();
    let output = rig.run(&["--dry-run", "-o", "json"]);
    assert!(output.status.success(), "{output:?}");
    let [plan] = &json_lines(&output)[..] else { panic!("{output:?}") };
    assert_eq!(plan["result"], "planned");
    assert_eq!(plan["image"]["version"], "7");
    assert_eq!(plan["holds_data"], false);
    assert!(!has_boot_signature(&rig.disk()));
}

/// A device has checks of its own, which it must not get around by being called a file.
#[test]
fn a_device_is_no_image_file() {
    let rig = Rig::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrouter"));
    command.args(["install", "--dry-run", "-o", "json", "--image-file", "/dev/null", "--source"]);
    let output = command.arg(rig.dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let last = json_lines(&output).pop().unwrap();
    assert_eq!(last["code"], "ANSWER-INVALID", "{last}");
    assert!(last.to_string().contains("not a regular file"), "{last}");
}

#[test]
fn an_archive_of_the_folder_is_a_source() {
    let rig = Rig::new();
    let archive = rig.dir.path().join("image.tar");
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(rig.dir.path()).arg("-cf").arg(&archive);
    tar.args(["manifest.json", "vmlinuz", "initrd.img", "root.squashfs"]);
    assert!(tar.status().unwrap().success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrouter"));
    command.args(["install", "--yes", "-o", "json", "--grub-dir"]).arg(rig.dir.path());
    command.arg("--source").arg(&archive).arg("--image-file").arg(rig.disk());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(has_boot_signature(&rig.disk()));
}

#[test]
fn json_ends_with_what_was_installed() {
    let rig = Rig::new();
    let output = rig.run(&["--yes", "-o", "json"]);
    let lines = json_lines(&output);
    assert_eq!(lines[0]["step"], "partition");
    assert_eq!(lines[lines.len() - 2]["step"], "done");
    assert_eq!(lines[lines.len() - 1]["installed"]["image"], "vrouter");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn nobody_to_ask_is_refused_and_a_disk_with_data_has_its_own_code() {
    let rig = Rig::new();
    for (fill, code) in [(false, "NOT-CONFIRMED"), (true, "DISK-NOT-EMPTY")] {
        if fill {
            fs::File::options().write(true).open(rig.disk()).unwrap().write_all(b"mine").unwrap();
        }
        let output = rig.run(&["-o", "json"]);
        assert_eq!(output.status.code(), Some(3));
        let last = json_lines(&output).pop().unwrap();
        assert_eq!((last["code"].as_str(), last["disk_changed"].as_bool()), (Some(code), Some(false)));
        assert!(last["remedy"].as_str().unwrap().contains("--yes"));
    }
    assert!(fs::read(rig.disk()).unwrap().starts_with(b"mine"));
}

#[test]
fn exit_codes_tell_what_is_left() {
    let rig = Rig::new();
    let no_option = rig.run(&["--no-such-option"]);
    assert_eq!(no_option.status.code(), Some(2));
    let root = rig.dir.path().join("root.squashfs");
    fs::write(&root, b"not the root").unwrap();
    let changed = rig.run(&["--yes"]);
    assert_eq!(changed.status.code(), Some(5), "{changed:?}");
    assert!(String::from_utf8(changed.stderr).unwrap().contains("IMAGE-CONTENT"));
    fs::remove_file(&root).unwrap();
    let untouched = rig.run(&["--yes"]);
    assert_eq!(untouched.status.code(), Some(4), "{untouched:?}");
}

#[test]
fn an_answer_with_a_fault_names_file_and_field() {
    let rig = Rig::new();
    let answer = rig.dir.path().join("install.json");
    fs::write(&answer, "{\"image\": {\"url\": \"http://192.0.2.1/\"}}").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_vrouter"))
        .args(["install", "--answer"])
        .arg(&answer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("install.json") && text.contains("manifest_sha256") && text.contains("ANSWER-INVALID"),
        "{text}"
    );
}

/// A provisioner that takes every report, until the last.
fn provisioner() -> (String, thread::JoinHandle<Vec<serde_json::Value>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/report/TOKEN", listener.local_addr().unwrap());
    let reports = thread::spawn(move || {
        let mut reports: Vec<serde_json::Value> = Vec::new();
        loop {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(&stream);
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                    length = text.trim().parse().unwrap();
                }
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            reports.push(serde_json::from_slice(&body).unwrap());
            (&stream).write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
            let step = reports[reports.len() - 1]["step"].clone();
            if step == "done" || step == "failed" {
                return reports;
            }
        }
    });
    (url, reports)
}

#[test]
fn each_step_is_reported_and_the_end_too() {
    let rig = Rig::new();
    let (url, reports) = provisioner();
    let output = rig.run(&["--yes", "--report-url", &url]);
    assert!(output.status.success(), "{output:?}");
    let mut steps: Vec<String> =
        reports.join().unwrap().iter().map(|report| report["step"].as_str().unwrap().to_owned()).collect();
    steps.dedup();
    assert_eq!(steps, ["partition", "write", "verify", "seed", "bootloader", "done"]);
}

#[test]
fn a_failure_is_reported_with_its_code() {
    let rig = Rig::new();
    fs::remove_file(rig.dir.path().join("core.img")).unwrap();
    let (url, reports) = provisioner();
    let output = rig.run(&["--yes", "--report-url", &url]);
    assert_eq!(output.status.code(), Some(4));
    let reports = reports.join().unwrap();
    assert_eq!(reports[0]["code"], "BOOTLOADER-FILES");
}

#[test]
fn the_manual_lists_every_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/install.md");
    let manual = fs::read_to_string(path).unwrap();
    let rows = daybreak_installer::Code::ALL
        .iter()
        .map(|code| format!("| `{code}` | {} | {} |\n", code.cause(), code.remedy()));
    let table: String = rows.collect();
    assert!(manual.contains(&table), "put this into docs/install.md:\n{table}");
}
