//! The installed appliance is upgraded, goes back, and falls back by itself, with BGP and a saved configuration to carry over.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use daybreak_tests::bridge::Bridge;
use daybreak_tests::directory::{self, LabDirectory};
use daybreak_tests::environment::Environment;
use daybreak_tests::error::{LabError, Result};
use daybreak_tests::frr::Frr;
use daybreak_tests::machine::{Card, Machine, MachineSpec, disk};
use daybreak_tests::namespace::Namespace;
use daybreak_tests::patience::Patience;
use daybreak_tests::process::Process;
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

/// Longest time from a restart to a verdict, on a quiet machine without hardware virtualisation.
const BOOT: u64 = 420;
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
    fn new() -> Result<Self> {
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
        let machine = machine(&directory, &environment, &bridge, &ssh)?;
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
        let folder = self.images.join(version);
        make(&folder).unwrap();
        let pxe = self.environment.pxe().canonicalize().unwrap();
        for name in ["vmlinuz", "initrd.img", "root.squashfs"] {
            std::os::unix::fs::symlink(pxe.join(name), folder.join(name)).unwrap();
        }
        let json = std::fs::read(pxe.join("manifest.json")).unwrap();
        let mut manifest: Value = serde_json::from_slice(&json).unwrap();
        manifest["version"] = json!(version);
        // It names the digest of another slot image.
        manifest["files"].as_object_mut().unwrap().remove("slot.img");
        change(&mut manifest, &folder);
        std::fs::write(folder.join("manifest.json"), serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
        format!("http://{PEER}:{PORT}/{version}/")
    }

    fn sign(&self, version: &str) -> Result<()> {
        let (image, key) = (self.images.join(version), self.key.display().to_string());
        daybreak(&self.environment, &["image", "sign", &image.display().to_string(), "--key", &key])
    }

    fn run(&self, remote: &str) -> Result<String> {
        self.login.run(&self.outside, remote)
    }

    /// Runs a verb of `vrouter upgrade` that restarts the appliance: the session may end before its exit code arrives.
    fn switch(&self, name: &str, verb: &str) -> Result<()> {
        let mut command = Command::new("ssh");
        command.args(["-o", "BatchMode=yes"]).args(self.login.arguments());
        command.arg(format!("sudo vrouter -o json upgrade {verb} --yes --reboot"));
        let mut process = Process::start(&self.outside, name, &command, self.directory.path())?;
        process.output().wait_for(Mark::default(), "\"result\":\"armed\"", Patience::secs(BOOT))?;
        process.wait(Patience::secs(BOOT)).map(drop)
    }

    /// What the appliance says of its slots.
    fn status(&self) -> Result<Value> {
        let text = self.run("sudo vrouter -o json upgrade status")?;
        serde_json::from_str(&text).map_err(|e| LabError::Answer {
            what: "upgrade status".to_owned(),
            reason: format!("{e}: {text}"),
        })
    }

    /// Waits until it has come to rest in a slot, with a verdict or without.
    fn wait(&self, awaited: &str, slot: &str, outcome: Option<&str>) -> Result<Value> {
        let mut patience = Patience::secs(BOOT);
        loop {
            let seen = match self.status() {
                Ok(status) => {
                    let rests = status["running"] == slot && status["state"] == "confirmed";
                    if rests && status["last"]["outcome"].as_str() == outcome && status["pending"].is_null() {
                        return Ok(status);
                    }
                    status.to_string()
                }
                Err(error) => error.to_string(),
            };
            let Some(wait) = patience.next_wait(Duration::from_secs(2)) else {
                if let Ok(console) = self.machine.console() {
                    eprintln!("--- the end of the console:\n{}", console.tail(60));
                }
                let waited = patience.waited();
                return Err(LabError::TimedOut { awaited: awaited.to_owned(), waited, seen });
            };
            std::thread::park_timeout(wait);
        }
    }

    fn wait_peer(&self) -> Result<()> {
        self.peer.wait_established(ROUTER, Patience::secs(BOOT))
    }

    /// The configuration that was saved is there, and becomes what runs: SSH answers before that.
    fn check_carried_over(&self, what: &str) -> Result<()> {
        let saved = self.run("sudo cat /config/startup.xml")?;
        assert!(saved.contains(SAVED), "{what}: {saved}");
        self.peer.wait(what, Patience::secs(BOOT), || {
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
        cards: vec![Card { mac: MAC.to_owned(), tap: bridge.add_tap()? }],
        disks: vec![disk::overlay(directory, "r1", "DISK0", &environment.qcow2()?)?],
        medium: Some(disk::seed_medium(directory, "r1", &files)?),
        network_boot: false,
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
    let status = lab.status()?;
    assert_eq!((&status["running"], &status["slots"][1]["image"]), (&json!("a"), &Value::Null), "{status}");
    Ok(())
}

/// Pulls the plug while the slot is being written.
fn a_power_cut_while_writing_leaves_the_old_image(lab: &mut Upgrades, url: &str) -> Result<()> {
    let mut upgrade = Command::new("ssh");
    upgrade.args(["-o", "BatchMode=yes"]).args(lab.login.arguments());
    upgrade.arg(format!("sudo vrouter -o json upgrade {url} --yes --reboot"));
    let process = Process::start(&lab.outside, "cut", &upgrade, lab.directory.path())?;
    process.output().wait_for(Mark::default(), "\"step\":\"write\",\"percent\":3", Patience::secs(180))?;
    lab.machine.power_cut();
    drop(process);
    lab.machine.power_on(&lab.bridge)?;
    let status = lab.wait("the old image after a power cut", "a", None)?;
    assert_eq!(status["slots"][1]["image"], Value::Null, "{status}");
    lab.check_carried_over("after a power cut")
}

fn an_upgrade_and_back(lab: &Upgrades, url: &str) -> Result<()> {
    lab.switch("upgrade", &format!("{url} --health-timeout {TRIAL}"))?;
    let status = lab.wait("the new image", "b", Some("confirmed"))?;
    assert_eq!(status["slots"][1]["image"]["version"], "2.0", "{status}");
    assert_eq!(status["last"]["to"]["version"], "2.0", "{status}");
    lab.check_carried_over("in the new image")?;

    lab.switch("rollback", &format!("rollback --health-timeout {TRIAL}"))?;
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

#[test]
#[ignore = "needs the built image and some minutes; `make test` runs it"]
fn an_appliance_is_upgraded_goes_back_and_falls_back_by_itself() {
    let mut lab = Upgrades::new().unwrap();
    let good = lab.image("2.0", |_, _| ());
    lab.machine.power_on(&lab.bridge).unwrap();
    lab.wait("the first boot", "a", None).unwrap();
    lab.wait_peer().unwrap();
    only_believed_images_are_taken(&lab, &good).unwrap();
    // As `copy-config` to startup leaves it.
    let saved = startup(SAVED);
    lab.run(&format!("echo '{saved}' | sudo tee /config/startup.xml; sync")).unwrap();
    a_power_cut_while_writing_leaves_the_old_image(&mut lab, &good).unwrap();
    an_upgrade_and_back(&lab, &good).unwrap();

    let without_netconfd = lab.image("3.0", |manifest, _| {
        let line = format!("{} systemd.mask=netconfd.service", manifest["kernel_args"].as_str().unwrap());
        manifest["kernel_args"] = json!(line);
    });
    lab.sign("3.0").unwrap();
    let reason = falls_back(&lab, &without_netconfd).unwrap();
    assert!(reason.contains("netconfd does not answer"), "{reason}");
    lab.check_carried_over("after the first fall-back").unwrap();

    let without_kernel = lab.image("4.0", |manifest, folder| {
        let kernel = folder.join("vmlinuz");
        std::fs::remove_file(&kernel).unwrap();
        std::fs::write(&kernel, "not a kernel").unwrap();
        manifest["files"]["vmlinuz"] = json!({"size": 12, "sha256": disk::digest(&kernel).unwrap()});
    });
    lab.sign("4.0").unwrap();
    let reason = falls_back(&lab, &without_kernel).unwrap();
    assert!(reason.contains("not started"), "{reason}");
    lab.check_carried_over("after the second fall-back").unwrap();
}
