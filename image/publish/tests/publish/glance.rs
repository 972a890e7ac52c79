//! `publish glance` against the real Keystone and Glance.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{Server, disk, environment, errors, file, publish, result};
use crate::proxy::{self, Fate};
use serde_json::Value;

struct Rig {
    folder: tempfile::TempDir,
    programs: PathBuf,
    url: String,
    _server: Server,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let programs = environment("openstack");
        let mut command = Command::new(programs.join("python"));
        command.arg(file("keystone_glance.py")).arg(folder.path()).stderr(Stdio::null());
        let (server, url) = Server::start(&mut command);
        let (raw, qcow2) = (folder.path().join("vrouter.raw"), folder.path().join("vrouter.qcow2"));
        disk(&raw, 40, 6);
        let made =
            Command::new("qemu-img").args(["convert", "-O", "qcow2"]).args([&raw, &qcow2]).status().unwrap();
        assert!(made.success());
        Self { folder, programs, url, _server: server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, clouds: &Path, cloud: &str, more: &[&str]) -> Command {
        let image = self.path("vrouter.qcow2").display().to_string();
        let mut command = publish(&[&["glance", &image, "--cloud", cloud], more].concat());
        command.env("OS_CLIENT_CONFIG_FILE", clouds);
        command
    }

    fn run(&self, cloud: &str, more: &[&str]) -> Output {
        self.command(&self.path("clouds.yaml"), cloud, more).output().unwrap()
    }

    /// What OpenStack's own client says.
    fn openstack(&self, cloud: &str, arguments: &[&str]) -> Value {
        let output = Command::new(self.programs.join("openstack"))
            .env("OS_CLIENT_CONFIG_FILE", self.path("clouds.yaml"))
            .args(["--os-cloud", cloud])
            .args(arguments)
            .args(["--format", "json"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", errors(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// One call of Glance without its client, which takes seconds to start.
    fn call(&self, user: &str, project: &str, method: &str, path: &str) -> Value {
        let mut command = Command::new(self.programs.join("python"));
        command.arg(file("keystone_glance.py")).arg(self.folder.path()).args([user, project, method, path]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", errors(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Ids of all images of the project.
    fn images(&self) -> Vec<String> {
        let list = self.call("publisher", "routers", "GET", "/v2/images?visibility=private");
        list["images"]
            .as_array()
            .unwrap()
            .iter()
            .map(|image| image["id"].as_str().unwrap().to_owned())
            .collect()
    }

    fn visibility(&self, id: &str) -> Value {
        self.call("publisher", "routers", "GET", &format!("/v2/images/{id}"))["visibility"].clone()
    }

    fn delete(&self, id: &str) {
        self.call("admin", "admin", "DELETE", &format!("/v2/images/{id}"));
    }

    /// A clouds.yaml whose `member` reaches Glance through a proxy.
    fn behind(&self, fate: impl Fn(&str, &str) -> Fate + Send + Sync + 'static) -> PathBuf {
        let url = proxy::start(&self.url, fate);
        let mut clouds: Value =
            serde_json::from_slice(&std::fs::read(self.path("clouds.yaml")).unwrap()).unwrap();
        clouds["clouds"]["member"]["image_endpoint_override"] = url.into();
        let path = self.path("clouds-behind.yaml");
        std::fs::write(&path, clouds.to_string()).unwrap();
        path
    }
}

/// One cloud for all, because it takes half a minute to make; each part ends with no image left.
#[test]
fn images_are_published_to_a_real_cloud() {
    let rig = Rig::new();
    a_password_and_an_application_credential_publish(&rig);
    sharing(&rig);
    wrong_logins(&rig);
    what_fails_is_removed_again(&rig);
    a_lost_answer_at_the_end_leaves_the_image(&rig);
    a_killed_run_is_told_by_the_next(&rig);
}

fn a_password_and_an_application_credential_publish(rig: &Rig) {
    for cloud in ["member", "application"] {
        let properties =
            ["--name", "vrouter ü 1", "--property", "hw_firmware_type=bios", "--property", "hw_rng_model="];
        let output =
            rig.run(cloud, &[&properties[..], &["--property", "trait:CUSTOM_NIC=required"]].concat());
        let made = result(&output);
        assert!(errors(&output).contains("upload: 100 %"), "{}", errors(&output));
        let id = made["image"].as_str().unwrap();
        let seen = rig.openstack("member", &["image", "show", id]);
        for (key, expected) in [
            ("name", "vrouter ü 1"),
            ("status", "active"),
            ("disk_format", "qcow2"),
            ("visibility", "private"),
        ] {
            assert_eq!(seen[key], expected, "{seen}");
        }
        assert_eq!((&seen["min_disk"], &seen["min_ram"]), (&1.into(), &2048.into()));
        assert_eq!(seen["tags"], serde_json::json!([]), "it is finished");
        let properties = &seen["properties"];
        for (key, expected) in [
            ("hw_firmware_type", "bios"),
            ("hw_machine_type", "q35"),
            ("hw_disk_bus", "virtio"),
            ("hw_vif_model", "virtio"),
            ("os_distro", "debian"),
            ("trait:CUSTOM_NIC", "required"),
        ] {
            assert_eq!(properties[key], expected, "{seen}");
        }
        assert!(properties.get("hw_rng_model").is_none());
        // The bytes that Glance keeps are the file.
        let kept = std::fs::read(rig.path("images").join(id)).unwrap();
        assert!(kept == std::fs::read(rig.path("vrouter.qcow2")).unwrap());
        rig.delete(id);
    }
}

fn sharing(rig: &Rig) {
    let other = std::fs::read_to_string(rig.path("other-project")).unwrap();
    let made = result(&rig.run("member", &["--shared", "--member", &other]));
    let id = made["image"].as_str().unwrap();
    assert_eq!(rig.visibility(id), "shared");
    let members = rig.call("publisher", "routers", "GET", &format!("/v2/images/{id}/members"));
    assert_eq!(members["members"][0]["member_id"], other);
    rig.delete(id);

    let refused = rig.run("member", &["--public"]);
    let said = errors(&refused);
    assert!(said.contains("OpenStack said 403") && said.contains("leave --public out"), "{said}");
    let made = result(&rig.run("admin", &["--public"]));
    let id = made["image"].as_str().unwrap();
    assert_eq!(rig.visibility(id), "public");
    rig.delete(id);
}

fn wrong_logins(rig: &Rig) {
    let said = errors(&rig.run("wrong", &[]));
    assert!(said.contains("OpenStack said 401") && said.contains("cloud \"wrong\" of "), "{said}");
    assert!(!said.contains("not this"), "a secret is in the message");
    let said = errors(&rig.run("elsewhere", &[]));
    assert!(said.contains("no image service in region \"nowhere\"; there are lab"), "{said}");
    let said = errors(&rig.run("none", &[]));
    assert!(said.contains("no cloud is named \"none\""), "{said}");
}

fn what_fails_is_removed_again(rig: &Rig) {
    const FULL: &str = "HTTP/1.1 413 Request Entity Too Large\r\ncontent-length: 14\r\nconnection: close\r\n\r\nquota exceeded";
    // Refused; cut off; and taken, but with a byte that is not the file's.
    for (fate, expected) in [(Fate::Answer(FULL), "quota exceeded"), (Fate::Drop, "no answer from")] {
        let clouds = rig.behind(move |first, _| if first.contains("/file ") { fate } else { Fate::Pass });
        let output = rig.command(&clouds, "member", &[]).output().unwrap();
        let said = errors(&output);
        assert!(!output.status.success() && said.contains(expected), "{said}");
        assert!(said.contains("was removed again: nothing is left"), "{said}");
        assert_eq!(rig.images(), [""; 0]);
    }
    let clouds = rig.behind(|first, _| if first.contains("/file ") { Fate::Flip } else { Fate::Pass });
    let said = errors(&rig.command(&clouds, "member", &[]).output().unwrap());
    assert!(said.contains("sha512 of image") && said.contains("the cloud computed"), "{said}");
    assert!(said.contains("was removed again: nothing is left"), "{said}");
    assert_eq!(rig.images(), [""; 0]);
}

/// The tag of an unfinished image is taken away, and the answer is lost: it is not there when the call is made again.
fn a_lost_answer_at_the_end_leaves_the_image(rig: &Rig) {
    let lost = AtomicBool::new(false);
    let clouds = rig.behind(move |first, _| {
        let hit = first.starts_with("DELETE ") && first.contains("/tags/");
        if hit && !lost.swap(true, Ordering::SeqCst) { Fate::DropAnswer } else { Fate::Pass }
    });
    let made = result(&rig.command(&clouds, "member", &[]).output().unwrap());
    let id = made["image"].as_str().unwrap();
    assert_eq!(rig.images(), [id]);
    rig.delete(id);
}

fn a_killed_run_is_told_by_the_next(rig: &Rig) {
    let clouds = rig.behind(|first, _| if first.contains("/file ") { Fate::Hang } else { Fate::Pass });
    let mut command = rig.command(&clouds, "member", &[]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("upload: ")), "it ended before it was killed");
    child.kill().unwrap();
    child.wait().unwrap();
    let left = rig.images();
    assert_eq!(left.len(), 1);
    let output = rig.run("member", &[]);
    let said = errors(&output);
    assert!(said.contains(&format!("openstack image delete {}", left[0])), "{said}");
    rig.delete(result(&output)["image"].as_str().unwrap());
    rig.delete(&left[0]);
}
