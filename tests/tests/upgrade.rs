//! The installed appliance is upgraded, goes back, and falls back by itself, with BGP and a saved configuration to carry over.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use daybreak_tests::bridge::Bridge;
use daybreak_tests::directory::{self, LabDirectory};
use daybreak_tests::environment::Environment;
use daybreak_tests::error::{LabError, Result};
use daybreak_tests::frr::Frr;
use daybreak_tests::machine::{Card, Firmware, Machine, MachineSpec, disk};
use daybreak_tests::namespace::Namespace;
use daybreak_tests::newer;
use daybreak_tests::patience::Patience;
use daybreak_tests::process::Process;
use daybreak_tests::slots::{Slots, VERDICT};
use daybreak_tests::ssh::{HostKeys, Login, SshKey};
use daybreak_tests::text_log::Mark;
use serde_json::{Value, json};

const MAC: &str = "52:54:00:77:00:02";
const ROUTER: &str = "10.77.0.20";
const PEER: &str = "10.77.0.1";
/// Where images are served.
const PORT: u16 = 8000;

/// What tells the configuration that somebody saved from that of the seed.
const SAVED: &str = "saved by the operator";

/// Seconds that a trial may take, as told to the appliance: what an emulated one needs on a busy machine.
const TRIAL: u64 = 240;
/// Seconds for a trial that is to fail.
const SHORT_TRIAL: u64 = 90;

/// The startup configuration; `description` tells one from another.
fn startup(description: &str) -> String {
    format!(
        r#"<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><routing xmlns="urn:ietf:params:xml:ns:yang:ietf-routing"><control-plane-protocols><control-plane-protocol><type xmlns:bgp="urn:ietf:params:xml:ns:yang:ietf-bgp">bgp:bgp</type><name>main</name><bgp xmlns="urn:ietf:params:xml:ns:yang:ietf-bgp" xmlns:bt="urn:ietf:params:xml:ns:yang:iana-bgp-types"><global><as>65001</as><identifier>{ROUTER}</identifier><afi-safis><afi-safi><name>bt:ipv4-unicast</name><enabled>true</enabled></afi-safi></afi-safis></global><neighbors><neighbor><remote-address>{PEER}</remote-address><peer-as>65002</peer-as><description>{description}</description><afi-safis><afi-safi><name>bt:ipv4-unicast</name><enabled>true</enabled></afi-safi></afi-safis></neighbor></neighbors></bgp></control-plane-protocol></control-plane-protocols></routing></config>"#
    )
}

/// The appliance, its peer, and the images that it can be given.
struct Upgrades {
    directory: LabDirectory,
    environment: Environment,
    bridge: Bridge,
    outside: Arc<Namespace>,
    peer: Frr,
    machine: Machine,
    login: Login,
    key: PathBuf,
    images: PathBuf,
    _server: Process,
}

impl Upgrades {
    fn new(firmware: Firmware) -> Result<Self> {
        let environment = Environment::from_process()?;
        let directory = LabDirectory::new(&directory::base(), "upgrade")?;
        let bridge = Bridge::new("wire")?;
        let outside = Arc::new(Namespace::new("outside")?);
        bridge.join(&outside, "eth0", Some(&format!("{PEER}/24")))?;
        let configuration = format!(
            "router bgp 65002\n bgp router-id {PEER}\n no bgp ebgp-requires-policy\n \
             neighbor {ROUTER} remote-as 65001\n neighbor {ROUTER} timers 3 9\n neighbor {ROUTER} timers connect 1\n"
        );
        let peer = Frr::start(&outside, directory.path(), &configuration)?;
        let images = directory.join("images");
        make(&images)?;
        let mut serve = Command::new("python3");
        serve.args(["-m", "http.server", &PORT.to_string(), "--bind", PEER, "--directory"]).arg(&images);
        let server = Process::start(&outside, "images", &serve, directory.path())?;
        let ssh = SshKey::generate(&directory)?;
        let machine = machine(&directory, &environment, &bridge, &ssh, firmware)?;
        let login = Login::new(&directory, &ssh, ROUTER, HostKeys::FirstSeen)?;
        let key = directory.join("release");
        daybreak(&environment, &["image", "key", "new", &key.display().to_string()])?;
        Ok(Self {
            directory,
            environment,
            bridge,
            outside,
            peer,
            machine,
            login,
            key,
            images,
            _server: server,
        })
    }

    /// An image of the same files with another version, changed by `change`; gives its URL.
    fn image(&self, version: &str, change: impl FnOnce(&mut Value, &Path)) -> String {
        newer::image(&self.environment, &self.images.join(version), version, change).unwrap();
        format!("http://{PEER}:{PORT}/{version}/")
    }

    fn sign(&self, version: &str) -> Result<()> {
        let (image, key) = (self.images.join(version), self.key.display().to_string());
        daybreak(&self.environment, &["image", "sign", &image.display().to_string(), "--key", &key])
    }

    fn run(&self, remote: &str) -> Result<String> {
        self.login.run(&self.outside, remote)
    }

    fn slots(&self) -> Slots<'_> {
        Slots { login: &self.login, place: &self.outside }
    }

    fn switch(&self, name: &str, arguments: &str) -> Result<()> {
        self.slots().switch(name, arguments, self.directory.path())
    }

    /// Waits until the appliance has come to rest in a slot, with a verdict or without.
    fn wait(&self, awaited: &str, slot: &str, outcome: Option<&str>) -> Result<Value> {
        self.slots().wait_in(awaited, slot, outcome).inspect_err(|_| self.explain())
    }

    fn explain(&self) {
        if let Ok(console) = self.machine.console() {
            eprintln!("--- the end of the console:\n{}", console.tail(60));
        }
    }

    fn wait_peer(&self) -> Result<()> {
        self.peer.wait_established(ROUTER, Patience::secs(VERDICT))
    }

    /// The configuration that was saved is there, and becomes what runs: SSH answers before that.
    fn check_carried_over(&self, what: &str) -> Result<()> {
        let saved = self.run("sudo cat /config/startup.xml")?;
        assert!(saved.contains(SAVED), "{what}: {saved}");
        self.peer.wait(what, Patience::secs(VERDICT), || {
            let running = self.run("sudo vtysh -c 'show running-config'")?;
            Ok(if running.contains(SAVED) { Ok(()) } else { Err(running) })
        })?;
        self.wait_peer()
    }
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|source| LabError::File {
        doing: "make",
        path: folder.into(),
        source,
    })
}

fn daybreak(environment: &Environment, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new(&environment.daybreak);
    command.args(arguments);
    let output = command
        .output()
        .map_err(|source| LabError::Start { program: environment.daybreak.display().to_string(), source })?;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn machine(
    directory: &LabDirectory,
    environment: &Environment,
    bridge: &Bridge,
    key: &SshKey,
    firmware: Firmware,
) -> Result<Machine> {
    let user_data = format!(
        "#cloud-config\nhostname: r1\nusers:\n- name: admin\n  groups: [adm, sudo]\n  shell: /bin/bash\n  \
         sudo: ALL=(ALL) NOPASSWD:ALL\n  ssh_authorized_keys:\n  - {}\nwrite_files:\n- path: /config/startup.xml\n  \
         permissions: '0600'\n  content: '{}'\n",
        key.public(),
        startup("of the seed")
    );
    let network = format!(
        "version: 2\nethernets:\n  wire:\n    match: {{macaddress: \"{MAC}\"}}\n    addresses: [{ROUTER}/24]\n"
    );
    let files = [
        ("user-data", user_data.as_str()),
        ("meta-data", "instance-id: upgrade-1\n"),
        ("network-config", network.as_str()),
        ("vendor-data", ""),
    ];
    let spec = MachineSpec {
        cards: vec![Card::new(MAC, bridge.add_tap()?)],
        disks: vec![disk::overlay(directory, "r1", "DISK0", &environment.qcow2()?)?],
        medium: Some(disk::seed_medium(directory, "r1", &files)?),
        network_boot: false,
        firmware,
        ..MachineSpec::new("r1")
    };
    Machine::new(directory, spec, environment.accelerator()?)
}

/// The signature is asked for where there are keys, and a plain URL without any of it is refused.
fn only_believed_images_are_taken(lab: &Upgrades, url: &str) -> Result<()> {
    let refused = |options: &str, word: &str| {
        let text = lab.run(&format!("sudo vrouter upgrade {url} --yes {options} 2>&1 || true"));
        assert!(text.as_ref().is_ok_and(|text| text.contains(word)), "{options}: {text:?}");
    };
    refused("", "plain HTTP");
    refused(&format!("--manifest-sha256 {}", "0".repeat(64)), "expected 0000");
    let public = std::fs::read_to_string(lab.key.with_extension("pub")).unwrap();
    lab.run(&format!(
        "sudo mkdir -p /etc/daybreak/keys; echo '{public}' | sudo tee /etc/daybreak/keys/r.pub"
    ))?;
    refused("", "is not signed");
    lab.sign("2.0")?;
    let manifest = lab.images.join("2.0/manifest.json");
    let good = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, good.replace("2.0", "2.1")).unwrap();
    refused("", "was changed or cut short");
    std::fs::write(&manifest, good).unwrap();
    let status = lab.slots().status()?;
    assert_eq!((&status["running"], &status["slots"][1]["image"]), (&json!("a"), &Value::Null), "{status}");
    Ok(())
}

/// A moment of an upgrade.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// This much of a step is done.
    Progress(&'static str, u64),
    /// It has said so.
    Says(&'static str),
    /// The machine restarts, and its console has this.
    Console(&'static str),
}

/// Ten moments, those of a kind at random places.
fn moments() -> [Moment; 10] {
    let percent = || RandomState::new().build_hasher().finish() % 100;
    [
        Moment::Progress("write", percent()),
        Moment::Progress("write", percent()),
        Moment::Progress("write", percent()),
        Moment::Progress("write", 100),
        Moment::Progress("verify", percent()),
        Moment::Progress("verify", percent()),
        Moment::Says("\"result\":\"armed\""),
        Moment::Console("Linux version"),
        Moment::Console("Reached target"),
        Moment::Console("login:"),
    ]
}

/// Waits until a step of the upgrade has come so far.
fn wait_progress(process: &Process, step: &str, percent: u64) -> Result<()> {
    let needle = format!("\"step\":\"{step}\",\"percent\":");
    let (mut mark, mut reached) = (Mark::default(), 0);
    while reached < percent {
        mark = process.output().wait_for(mark, &needle, Patience::secs(VERDICT))?;
        // What follows the number is there, and so is all of it.
        process.output().wait_for(mark, ",", Patience::secs(VERDICT))?;
        let text = process.output().since(mark);
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        reached = digits.parse().unwrap_or_default();
    }
    Ok(())
}

/// Pulls the plug at a moment of an upgrade to the image at `url`. The machine comes to rest in a whole image, with the
/// configuration that was saved.
fn a_power_cut_leaves_a_whole_image(lab: &mut Upgrades, url: &str, moment: Moment) -> Result<()> {
    let before = lab.slots().status()?;
    let console = lab.machine.console()?;
    let start = console.mark();
    let process =
        lab.slots().start("cut", &format!("{url} --health-timeout {TRIAL}"), lab.directory.path())?;
    let patience = || Patience::secs(VERDICT);
    match moment {
        Moment::Progress(step, percent) => wait_progress(&process, step, percent)?,
        Moment::Says(text) => process.output().wait_for(Mark::default(), text, patience()).map(drop)?,
        Moment::Console(text) => {
            let restart = console.wait_for(start, "reboot: Restarting", patience())?;
            console.wait_for(restart, text, patience())?;
        }
    }
    lab.machine.power_cut();
    drop(process);
    lab.machine.power_on(&lab.bridge)?;
    let what = format!("a whole image after a power cut at {moment:?}");
    let after = lab.slots().wait(&what, |_| true).inspect_err(|_| lab.explain())?;
    if matches!(moment, Moment::Progress(..)) {
        assert_eq!(after["running"], before["running"], "{what}: {after}");
    }
    let slots = after["slots"].as_array().unwrap();
    let running = slots.iter().find(|slot| slot["slot"] == after["running"]).unwrap();
    assert!(running["image"]["version"].is_string(), "{what}: {after}");
    lab.check_carried_over(&what)
}

/// Makes the boot loaders on the disk others than those of the images: a word of `MokManager`, which nothing starts, and with it
/// belongs to the loaders for UEFI; one of the menu's comment; and a byte of sector 0 that no BIOS reads from a hard disk.
const AGE_LOADERS: &str = r"
import os
esp = os.path.realpath('/dev/disk/by-partlabel/esp')
def change(path, offset, size, what, to, find):
    with open(path, 'r+b') as device:
        device.seek(offset)
        data = device.read(size)
        at = find(data, what)
        assert at >= 0, (path, what)
        device.seek(offset + at)
        device.write(to)
change(esp, 0, 16 << 20, b'DOS mode', b'DOS MODE', bytes.rfind)
change(esp, 0, 16 << 20, b'# Daybreak', b'# DAYBREAK', bytes.find)
change(esp.rstrip('0123456789'), 32, 1, b'', b'?', bytes.find)
";

fn an_upgrade_and_back(lab: &Upgrades, url: &str) -> Result<()> {
    lab.run(&format!("sudo python3 -c \"{AGE_LOADERS}\" && sync"))?;
    lab.switch("upgrade", &format!("{url} --health-timeout {TRIAL}"))?;
    let status = lab.wait("the new image", "b", Some("confirmed"))?;
    assert_eq!(status["slots"][1]["image"]["version"], "2.0", "{status}");
    assert_eq!(status["last"]["to"]["version"], "2.0", "{status}");
    let renewed = json!({"efi": "renewed", "bios": "renewed", "menu": "renewed"});
    assert_eq!(status["last"]["loaders"], renewed, "{status}");
    lab.check_carried_over("in the new image")?;

    lab.switch("rollback", &format!("rollback --health-timeout {TRIAL}"))?;
    // By the loaders that are new.
    let status = lab.wait("the image of before", "a", Some("confirmed"))?;
    assert_eq!(status["last"]["kind"], "rollback", "{status}");
    assert_eq!(status["slots"][1]["image"]["version"], "2.0", "the other image is kept: {status}");
    lab.check_carried_over("after the rollback")
}

/// Tries an image that does not work; gives how that ended.
fn falls_back(lab: &Upgrades, url: &str) -> Result<String> {
    let before = lab.run("cat /proc/sys/kernel/random/boot_id")?;
    lab.switch("broken", &format!("{url} --health-timeout {SHORT_TRIAL}"))?;
    let status = lab.wait("the old image again", "a", Some("fell-back"))?;
    assert_ne!(before, lab.run("cat /proc/sys/kernel/random/boot_id")?, "it was never restarted");
    Ok(status["last"]["reason"].as_str().unwrap_or_default().to_owned())
}

/// Boots the appliance for the first time and saves a configuration that is not the seed's.
fn begin(firmware: Firmware) -> Upgrades {
    let mut lab = Upgrades::new(firmware).unwrap();
    lab.machine.power_on(&lab.bridge).unwrap();
    lab.wait("the first boot", "a", None).unwrap();
    lab.wait_peer().unwrap();
    // As `copy-config` to startup leaves it.
    let saved = startup(SAVED);
    lab.run(&format!("echo '{saved}' | sudo tee /config/startup.xml; sync")).unwrap();
    lab
}

#[test]
#[ignore = "needs the built image and some minutes; `make test` runs it"]
fn only_believed_images_are_taken_and_a_broken_one_falls_back_by_itself() {
    let lab = begin(Firmware::Bios);
    let good = lab.image("2.0", |_, _| ());
    only_believed_images_are_taken(&lab, &good).unwrap();
    let without_netconfd = lab.image("3.0", |manifest, _| {
        let line = format!("{} systemd.mask=netconfd.service", manifest["kernel_args"].as_str().unwrap());
        manifest["kernel_args"] = json!(line);
    });
    lab.sign("3.0").unwrap();
    let reason = falls_back(&lab, &without_netconfd).unwrap();
    assert!(reason.contains("netconfd does not answer"), "{reason}");
    lab.check_carried_over("after the fall-back").unwrap();
}

#[test]
#[ignore = "needs the built image and most of an hour; `make test-matrix` runs it"]
fn matrix_whenever_the_power_goes_a_whole_image_starts() {
    let mut lab = begin(Firmware::Bios);
    let good = lab.image("2.0", |_, _| ());
    // So that no signature is asked for, and the way is the longest: everything is downloaded and checked.
    let digest = disk::digest(&lab.images.join("2.0/manifest.json")).unwrap();
    let good = format!("{good} --manifest-sha256 {digest}");
    for moment in moments() {
        eprintln!("cuts the power at {moment:?}");
        a_power_cut_leaves_a_whole_image(&mut lab, &good, moment).unwrap();
    }
}

#[test]
#[ignore = "needs the built image and some minutes; `make test-matrix` runs it"]
fn matrix_a_signed_image_is_taken_and_given_up_and_one_without_a_kernel_falls_back() {
    let lab = begin(Firmware::Bios);
    let good = lab.image("2.0", |_, _| ());
    only_believed_images_are_taken(&lab, &good).unwrap();
    an_upgrade_and_back(&lab, &good).unwrap();
    let without_kernel = lab.image("4.0", |manifest, folder| {
        let kernel = folder.join("vmlinuz");
        std::fs::remove_file(&kernel).unwrap();
        std::fs::write(&kernel, "not a kernel").unwrap();
        manifest["files"]["vmlinuz"] = json!({"size": 12, "sha256": disk::digest(&kernel).unwrap()});
    });
    lab.sign("4.0").unwrap();
    let reason = falls_back(&lab, &without_kernel).unwrap();
    assert!(reason.contains("not started"), "{reason}");
    lab.check_carried_over("after the fall-back").unwrap();
}

#[test]
#[ignore = "needs the built image and some minutes; `make test-matrix` runs it"]
fn matrix_secure_boot_goes_on_with_the_loaders_that_an_upgrade_brought() {
    let lab = begin(Firmware::UefiSecureBoot);
    let good = lab.image("2.0", |_, _| ());
    let digest = disk::digest(&lab.images.join("2.0/manifest.json")).unwrap();
    an_upgrade_and_back(&lab, &format!("{good} --manifest-sha256 {digest}")).unwrap();
    // Four bytes of attributes, and whether it is on.
    let variable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    assert_eq!(lab.run(&format!("od -An -tu1 -j4 {variable}")).unwrap().trim(), "1");
}
