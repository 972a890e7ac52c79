//! The examples of docs/examples/, judged by the programs that they are for.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use daybreak_cloud_init::check::CloudInit;
use daybreak_cloud_init::{Day1, Identity, NoCloudFile, Seed, Templates, render};

fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
}

fn example(name: &str) -> PathBuf {
    root().join("docs/examples").join(name)
}

fn seed(name: &str) -> Seed {
    let text = fs::read_to_string(example(name)).unwrap();
    let day1: Day1 = serde_saphyr::from_str(&text).unwrap();
    let identity = Identity { instance_id: "vr1.1".parse().unwrap() };
    render(&day1, &identity, &Templates::builtin().unwrap()).unwrap()
}

/// Output of a script of tests/setup/ or another program, which has to end well.
fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", words(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout))
}

fn programs(what: &str) -> PathBuf {
    PathBuf::from(run(Command::new(root().join("tests/setup/pypi.sh")).arg(what)))
}

#[tokio::test]
async fn seeds_are_what_cloud_init_takes_and_user_data_is_one_of_them() {
    let program = PathBuf::from(run(&mut Command::new(root().join("tests/setup/cloud-init.sh"))));
    let cloud_init = CloudInit::open(&program, Duration::from_mins(1)).await.unwrap();
    for name in ["vr1.yaml", "cloud.yaml"] {
        let problems = cloud_init.check(&seed(name)).await.unwrap();
        assert!(problems.is_empty(), "{name}: {problems:?}");
    }
    let rendered = seed("cloud.yaml");
    let user_data = rendered.file(NoCloudFile::UserData);
    let path = example("user-data");
    if std::env::var_os("DAYBREAK_WRITE_EXAMPLES").is_some() {
        fs::write(&path, user_data).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), user_data, "DAYBREAK_WRITE_EXAMPLES=1 writes it anew");
    // The template of CloudFormation has the same text in itself.
    let template = fs::read_to_string(example("aws/cloudformation.yaml")).unwrap();
    let (_, after) = template.split_once("Fn::Base64: |\n").unwrap();
    let inside = after.split_once("\nOutputs:").unwrap().0;
    let inside: String = inside
        .lines()
        .map(|line| line.strip_prefix("          ").unwrap_or(line).to_owned() + "\n")
        .collect();
    assert_eq!(inside.trim_end(), user_data.trim_end());
}

#[test]
fn scripts_are_shell() {
    for name in ["qemu.sh", "proxmox.sh", "libvirt/virt-install.sh", "openstack/cli.sh", "aws/cli.sh"] {
        run(Command::new("sh").arg("-n").arg(example(name)));
    }
}

/// QEMU makes the machine with all its devices and stops before the first instruction.
#[test]
fn qemu_takes_every_option() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    run(Command::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(place("vrouter.qcow2")).arg("8G"));
    fs::write(place("vr1.iso"), daybreak_cloud_init::media::cidata(&seed("cloud.yaml"))).unwrap();
    let machine = |more: &[&str]| {
        let qmp = ["-S", "-serial", "none", "-monitor", "none", "-qmp", "stdio"];
        let mut command = Command::new(example("qemu.sh"));
        // The ports of the example may be in use here.
        command.current_dir(folder.path()).env("ACCEL", "tcg").args(qmp).args(more);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let quit =
            b"{\"execute\": \"qmp_capabilities\"}{\"execute\": \"query-pci\"}{\"execute\": \"quit\"}\n";
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), quit).ok();
        child.wait_with_output().unwrap()
    };
    let output = machine(&[]);
    let said = words(&output);
    assert!(output.status.success(), "{said}");
    // Vendor 1af4 is virtio: 1000 is a network card in a place for old devices, 1041 one for new ones.
    let cards = said.matches("\"device\": 4161").count() + said.matches("\"device\": 4096").count();
    assert_eq!(cards, 2, "{said}");
    let info = run(Command::new("qemu-img").arg("info").arg(place("vr1.qcow2")));
    assert!(info.contains("backing file: vrouter.qcow2"), "{info}");
    // The test can fail.
    assert!(!machine(&["-device", "no-such-device"]).status.success());
}

const CAPABILITIES: &str = "<capabilities><host><cpu><arch>x86_64</arch></cpu></host><guest><os_type>hvm</os_type>\
    <arch name='x86_64'><wordsize>64</wordsize><emulator>/usr/bin/qemu-system-x86_64</emulator><machine>q35</machine>\
    <domain type='kvm'/></arch></guest></capabilities>";
const DOMAIN_CAPABILITIES: &str = "<domainCapabilities><path>/usr/bin/qemu-system-x86_64</path><domain>kvm</domain>\
    <machine>q35</machine><arch>x86_64</arch><os supported='yes'><enum name='firmware'><value>efi</value></enum></os>\
    <cpu><mode name='host-passthrough' supported='yes'/></cpu></domainCapabilities>";

#[test]
fn libvirt_takes_the_domain_and_virt_install_makes_one() {
    let valid = |path: &Path| Command::new("virt-xml-validate").arg(path).arg("domain").output().unwrap();
    let output = valid(&example("libvirt/vr1.xml"));
    assert!(output.status.success(), "{}", words(&output));
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.xml");
    let text = fs::read_to_string(example("libvirt/vr1.xml")).unwrap();
    fs::write(&broken, text.replace("bus=\"virtio\"", "bus=\"no-such-bus\"")).unwrap();
    assert!(!valid(&broken).status.success(), "the test can fail");

    for name in ["vr1.qcow2", "vr1.iso"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    // virt-install's own way to be tested: libvirt's driver that needs no daemon, with what a host with KVM and UEFI can do.
    let (caps, domain) = (folder.path().join("caps.xml"), folder.path().join("domain.xml"));
    fs::write(&caps, CAPABILITIES).unwrap();
    fs::write(&domain, DOMAIN_CAPABILITIES).unwrap();
    let host = format!(
        "__virtinst_test__test:///default,caps={},domcaps={},fakeuri=qemu:///system",
        caps.display(),
        domain.display()
    );
    let made = run(Command::new(example("libvirt/virt-install.sh")).env("IMAGES", folder.path()).args([
        "--connect",
        &host,
        "--dry-run",
        "--print-xml",
    ]));
    let path = folder.path().join("made.xml");
    fs::write(&path, &made).unwrap();
    let output = valid(&path);
    assert!(output.status.success(), "{}", words(&output));
    for part in [
        "<mac address=\"52:54:00:12:34:01\"/>",
        "<source bridge=\"br-right\"/>",
        "queues=\"2\"",
        "bus=\"virtio\"",
    ] {
        assert!(made.contains(part) && text.contains(part), "{part} is not in both");
    }
}

#[test]
fn heat_takes_the_template() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(example("openstack/heat.yaml")).unwrap();
    // The last three are to be refused: they show that the first could be.
    let edits = [
        ("", "", "valid"),
        ("port_security_enabled", "port_security", "Unknown Property port_security"),
        ("user_data_format: RAW", "user_data_format: ROW", "\"ROW\" is not an allowed value"),
        ("get_resource: access", "get_resource: axess", "reference \"axess\""),
    ];
    let paths: Vec<_> = (0..edits.len()).map(|n| folder.path().join(n.to_string())).collect();
    for (path, (good, bad, _)) in paths.iter().zip(edits) {
        let text = if good.is_empty() { text.clone() } else { text.replace(good, bad) };
        fs::write(path, text).unwrap();
    }
    let script = root().join("image/publish/tests/examples/heat_validate.py");
    let said = run(Command::new(programs("heat").join("python")).arg(script).args(&paths));
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), edits.len(), "{said}");
    for (line, (_, _, expected)) in lines.iter().zip(edits) {
        assert!(line.contains(expected), "{line}");
    }
}

#[test]
fn cfn_lint_takes_the_template() {
    let lint = programs("aws").join("cfn-lint");
    let template = example("aws/cloudformation.yaml");
    let output = Command::new(&lint).arg("--").arg(&template).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("t.yaml");
    fs::write(&broken, fs::read_to_string(&template).unwrap().replace("SourceDestCheck", "SourceDest"))
        .unwrap();
    assert!(
        !Command::new(&lint).arg("--").arg(&broken).output().unwrap().status.success(),
        "the test can fail"
    );
}
