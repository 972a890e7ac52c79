//! `publish aws` against moto's server, with boto3 as the other program that looks.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{Server, disk, environment, errors, file, publish, result};
use crate::proxy::{self, Fate};
use serde_json::Value;

const REGION: &str = "eu-central-1";

/// A cloud, and a disk to publish there.
pub(crate) struct Rig {
    folder: tempfile::TempDir,
    python: PathBuf,
    pub(crate) url: String,
    _server: Server,
}

impl Rig {
    pub(crate) fn new(blocks: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let python = environment("aws").join("python");
        let (server, url) =
            Server::start(Command::new(&python).arg(file("moto_aws.py")).arg("serve").arg(folder.path()));
        disk(&folder.path().join("vrouter.raw"), blocks, 6);
        Self { folder, python, url, _server: server }
    }

    fn disk(&self) -> PathBuf {
        self.folder.path().join("vrouter.raw")
    }

    fn state(&self) -> PathBuf {
        let files =
            std::fs::read_dir(self.folder.path().join("states/daybreak")).into_iter().flatten().flatten();
        let mut paths = files.map(|file| file.path()).collect::<Vec<_>>();
        assert!(paths.len() <= 1, "{paths:?}");
        paths.pop().unwrap_or_else(|| self.folder.path().join("no state"))
    }

    /// The command for the disk, by the cloud's address or a proxy's.
    pub(crate) fn command(&self, url: &str, more: &[&str]) -> Command {
        let disk = self.disk().display().to_string();
        let mut command = publish(&[&["aws", &disk, "--region", REGION, "--endpoint", url], more].concat());
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("XDG_STATE_HOME", self.folder.path().join("states"));
        command
    }

    fn run(&self, more: &[&str]) -> Output {
        self.command(&self.url, more).output().unwrap()
    }

    /// What boto3 and its friends say.
    pub(crate) fn look(&self, arguments: &[&str]) -> Value {
        let output = Command::new(&self.python).arg(file("moto_aws.py")).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", errors(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// boto3 reads the snapshot, which has to be the disk; gives blocks and checksum as it counts and computes them.
    pub(crate) fn snapshot(&self, id: &str) -> (u64, String) {
        let seen = self.look(&["snapshot", &self.url, id, self.disk().to_str().unwrap()]);
        (seen["blocks"].as_u64().unwrap(), seen["checksum"].as_str().unwrap().to_owned())
    }

    /// Requests that moto has seen whose method and path begin so.
    fn requests(&self, line: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("requests")).unwrap_or_default();
        let requests = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        requests.filter(|request| request["line"].as_str().unwrap().starts_with(line)).collect()
    }

    /// Those of them that wrote a block.
    fn blocks(&self) -> Vec<Value> {
        self.requests("PUT /snapshots/")
    }

    /// Those of them that started a snapshot.
    fn starts(&self) -> Vec<Value> {
        let all = self.requests("POST /snapshots");
        all.into_iter().filter(|request| request["line"] == "POST /snapshots").collect()
    }

    /// Parameters of the calls to EC2 with this name.
    pub(crate) fn calls(&self, action: &str) -> Vec<BTreeMap<String, String>> {
        let forms = self.requests("POST /");
        forms.iter().filter_map(form).filter(|form| form["Action"] == action).collect()
    }

    /// Starts the command and kills it when a part of the disk is sent; gives the blocks that its state has.
    fn killed(&self, more: &[&str]) -> usize {
        let more = [&["--parallel", "2"], more].concat();
        let mut command = self.command(&self.url, &more);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        for line in lines {
            said.push(line.unwrap());
            if said.last().unwrap() == "upload: 30 %" {
                break;
            }
        }
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "it ended before it was killed: {said:?}");
        std::fs::read_to_string(self.state()).unwrap().matches("{\"block\"").count()
    }
}

fn header<'a>(request: &'a Value, name: &str) -> &'a str {
    request["headers"][name].as_str().unwrap_or_else(|| panic!("no {name} in {request}"))
}

/// The parameters of a request that is a form.
fn form(request: &Value) -> Option<BTreeMap<String, String>> {
    let body = request["body"].as_str()?;
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.replace("%2F", "/"))
    };
    body.starts_with("Action=").then(|| body.split('&').map(pair).collect())
}

#[test]
fn an_image_is_the_disk_with_the_attributes_that_a_machine_of_today_needs() {
    let rig = Rig::new(40);
    let made = result(&rig.run(&[
        "--share",
        "111122223333,444455556666",
        "--tag",
        "owner=core",
        "--name",
        "vrouter-1",
    ]));
    let (snapshot, image) = (made["snapshot"].as_str().unwrap(), made["image"].as_str().unwrap());
    let (blocks, checksum) = rig.snapshot(snapshot);
    assert_eq!(made["blocks"], blocks);
    assert!(!rig.state().exists(), "nothing is left to go on with");

    let complete = rig.requests("POST /snapshots/completion/");
    assert_eq!(complete.len(), 1);
    assert_eq!(header(&complete[0], "x-amz-changedblockscount"), blocks.to_string());
    assert_eq!(header(&complete[0], "x-amz-checksum"), checksum);
    assert_eq!(header(&complete[0], "x-amz-checksum-aggregation-method"), "LINEAR");

    let seen = rig.look(&["image", &rig.url, image]);
    assert_eq!(seen["name"], "vrouter-1");
    assert_eq!(seen["shared"], serde_json::json!(["111122223333", "444455556666"]));
    for id in [snapshot, image] {
        for (key, value) in [("Name", "vrouter-1"), ("owner", "core")] {
            let tag = serde_json::json!([id, key, value]);
            assert!(seen["tags"].as_array().unwrap().contains(&tag), "{tag} is not in {}", seen["tags"]);
        }
    }
    // moto keeps only the name, so what it was sent is compared with what boto3 sends for the same image.
    let expected = rig.look(&["register", "vrouter-1", snapshot]);
    let sent = rig.calls("RegisterImage");
    assert_eq!(serde_json::to_value(&sent[0]).unwrap(), expected);
}

#[test]
fn a_killed_run_is_gone_on_with_and_sends_no_block_twice() {
    let rig = Rig::new(120);
    let before = rig.killed(&[]);
    let total = 72 + 2;
    assert!((10..total).contains(&before), "{before} blocks were there");
    let sent_before = rig.blocks().len();
    let output = rig.run(&[]);
    let made = result(&output);
    assert!(errors(&output).contains(&format!("{before} blocks are there")), "{}", errors(&output));
    let (blocks, checksum) = rig.snapshot(made["snapshot"].as_str().unwrap());
    // Two were under way when it was killed, and moto may not have seen them before they were counted.
    let sent = rig.blocks().len();
    let needed = usize::try_from(blocks).unwrap() - before;
    assert!(
        (needed..=needed + 2).contains(&(sent - sent_before)),
        "{needed} blocks took {} requests",
        sent - sent_before
    );
    assert_eq!(rig.starts().len(), 1);
    assert_eq!(header(&rig.requests("POST /snapshots/completion/")[0], "x-amz-checksum"), checksum);
    assert!(!rig.state().exists());
}

#[test]
fn a_run_that_was_killed_before_it_knew_its_snapshot_asks_with_the_same_token() {
    let rig = Rig::new(40);
    rig.killed(&[]);
    let state = std::fs::read_to_string(rig.state()).unwrap();
    let first = state.split_inclusive('\n').next().unwrap();
    std::fs::write(rig.state(), format!("{first}{{\"snaps")).unwrap();
    result(&rig.run(&[]));
    let starts = rig.starts();
    let body = |request: &Value| serde_json::from_str::<Value>(request["body"].as_str().unwrap()).unwrap();
    let tokens: Vec<_> = starts.iter().map(|request| body(request)["ClientToken"].clone()).collect();
    assert_eq!(tokens.len(), 2);
    assert!(tokens[0].is_string());
    assert_eq!(tokens[0], tokens[1]);
}

#[test]
fn an_unfinished_run_is_removed_when_asked() {
    let rig = Rig::new(60);
    rig.killed(&[]);
    let other = rig.run(&["--name", "another-name"]);
    assert!(errors(&other).contains("unfinished run for an image named \"vrouter\""), "{}", errors(&other));
    let removed = result(&rig.run(&["--discard"]));
    let id = removed["removed"].as_str().unwrap();
    assert!(!rig.state().exists());
    let gone =
        Command::new(&rig.python).arg(file("moto_aws.py")).args(["state", &rig.url, id]).output().unwrap();
    assert!(errors(&gone).contains("InvalidSnapshot.NotFound"), "{}", errors(&gone));
    let again = rig.run(&["--discard"]);
    assert!(errors(&again).contains("no unfinished run"), "{}", errors(&again));
}

#[test]
fn a_disk_that_changed_in_between_is_not_mixed_with_what_is_there() {
    let rig = Rig::new(120);
    rig.killed(&[]);
    let whole = std::fs::read(rig.disk()).unwrap();
    // Another byte in the first block, which was sent; and a block that was sent and is now zeros.
    for (offset, length) in [(100, 1), (512 * 1024, 512 * 1024)] {
        let mut changed = whole.clone();
        let fill = u8::from(length == 1);
        changed[offset..offset + length].fill(fill);
        std::fs::write(rig.disk(), &changed).unwrap();
        let output = rig.run(&[]);
        assert!(!output.status.success());
        assert!(errors(&output).contains("has changed since the upload began"), "{}", errors(&output));
        assert!(errors(&output).contains("--discard"), "{}", errors(&output));
    }
    assert!(rig.requests("POST /snapshots/completion/").is_empty());
    std::fs::write(rig.disk(), &whole).unwrap();
    result(&rig.run(&[]));
}

#[test]
fn a_disk_that_changed_after_the_snapshot_was_sealed_is_not_registered() {
    const DENIED: &str = "HTTP/1.1 403 Forbidden\r\nx-amzn-errortype: AccessDeniedException\r\ncontent-length: 22\r\n\
                          connection: close\r\n\r\n{\"Message\": \"not you\"}\n";
    let rig = Rig::new(20);
    let url = proxy::start(&rig.url, move |first, body| {
        let hit = first.starts_with("POST / ") && body.contains("Action=RegisterImage");
        if hit { Fate::Answer(DENIED) } else { Fate::Pass }
    });
    let run = || rig.command(&url, &[]).output().unwrap();
    assert!(errors(&run()).contains("RegisterImage"));
    let whole = std::fs::read(rig.disk()).unwrap();
    let data = whole.iter().position(|byte| *byte != 0).unwrap();
    let zeros = 512 * 1024 * (whole.len() / (512 * 1024) - 1);
    // A byte of a block that was sent, and one of a block that was not.
    for offset in [data, zeros] {
        let mut changed = whole.clone();
        changed[offset] ^= 1;
        std::fs::write(rig.disk(), &changed).unwrap();
        let output = run();
        let said = errors(&output);
        assert!(!output.status.success() && said.contains("has changed since the upload began"), "{said}");
    }
    assert!(rig.calls("RegisterImage").is_empty());
    std::fs::write(rig.disk(), &whole).unwrap();
    let state = std::fs::read_to_string(rig.state()).unwrap();
    std::fs::write(rig.state(), state.replace(&url, &rig.url)).unwrap();
    result(&rig.run(&[]));
}

#[test]
fn throttling_broken_connections_and_gateways_only_cost_time() {
    let rig = Rig::new(60);
    let count = AtomicUsize::new(0);
    let url = proxy::start(&rig.url, move |first, _| match count.fetch_add(1, Ordering::SeqCst) {
        _ if !first.starts_with("PUT") => Fate::Pass,
        n if n % 7 == 3 => Fate::Answer(proxy::THROTTLED),
        n if n % 7 == 4 => Fate::Drop,
        n if n % 7 == 5 => Fate::Answer(proxy::BROKEN),
        n if n % 7 == 6 => Fate::DropAnswer,
        _ => Fate::Pass,
    });
    let made = result(&rig.command(&url, &[]).output().unwrap());
    let (blocks, _) = rig.snapshot(made["snapshot"].as_str().unwrap());
    assert_eq!(made["blocks"], blocks);
}

/// Each call fails for good once, before or after AWS did it; the next run ends well with one snapshot and one image.
#[test]
fn a_run_that_fails_at_any_call_says_what_is_left_and_is_gone_on_with() {
    const DENIED: &str = "HTTP/1.1 403 Forbidden\r\nx-amzn-errortype: AccessDeniedException\r\ncontent-length: 22\r\n\
                          connection: close\r\n\r\n{\"Message\": \"not you\"}\n";
    for (call, line, in_body) in [
        ("StartSnapshot", "POST /snapshots ", ""),
        ("PutSnapshotBlock", "PUT /snapshots/", ""),
        ("CompleteSnapshot", "POST /snapshots/completion/", ""),
        ("DescribeSnapshots", "POST / ", "Action=DescribeSnapshots"),
        ("RegisterImage", "POST / ", "Action=RegisterImage"),
        ("CreateTags", "POST / ", "Action=CreateTags"),
        ("ModifyImageAttribute", "POST / ", "Action=ModifyImageAttribute"),
    ] {
        let rig = Rig::new(20);
        let url = proxy::start(&rig.url, move |first, body| {
            let hit = first.starts_with(line)
                && body.contains(in_body)
                && (line != "PUT /snapshots/" || first.contains("/blocks/3"));
            if hit { Fate::Answer(DENIED) } else { Fate::Pass }
        });
        let failed = rig.command(&url, &["--share", "111122223333"]).output().unwrap();
        let said = errors(&failed);
        assert!(!failed.status.success(), "{call} was refused, and nobody noticed: {said}");
        assert!(said.contains(&format!("{call}: AWS said AccessDeniedException: not you")), "{said}");
        assert!(
            said.contains(&format!(":{call}\n")) || said.trim_end().ends_with(&format!(":{call}")),
            "{said}"
        );
        assert_eq!(said.contains("The same command goes on"), call != "StartSnapshot", "{said}");
        let registered = ["CreateTags", "ModifyImageAttribute"].contains(&call);
        assert_eq!(said.contains("--discard"), call != "StartSnapshot" && !registered, "{said}");
        assert_eq!(rig.state().exists(), call != "StartSnapshot");
        if call != "StartSnapshot" {
            // The state tells the address; through the proxy's it is the same cloud.
            let state = std::fs::read_to_string(rig.state()).unwrap();
            std::fs::write(rig.state(), state.replace(&url, &rig.url)).unwrap();
        }
        let made = result(&rig.run(&["--share", "111122223333"]));
        rig.snapshot(made["snapshot"].as_str().unwrap());
        assert_eq!(rig.calls("RegisterImage").len(), 1, "{call}");
        let seen = rig.look(&["image", &rig.url, made["image"].as_str().unwrap()]);
        assert_eq!(seen["shared"], serde_json::json!(["111122223333"]), "{call}");
    }
}

#[test]
fn signatures_are_right_and_wrong_logins_are_told_with_what_helps() {
    let rig = Rig::new(20);
    let keys = rig.look(&["user", &rig.url]);
    let with = |id: &str, secret: &str| {
        let mut command = rig.command(&rig.url, &[]);
        command.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
        command.output().unwrap()
    };
    let [publisher, nobody] = ["publisher", "nobody"]
        .map(|name| (keys[name][0].as_str().unwrap(), keys[name][1].as_str().unwrap()));
    for (id, secret, expected) in [
        (publisher.0, "wrong-secret", "does not take the credentials of AWS_ACCESS_KEY_ID"),
        ("AKIAUNKNOWN000000000", "secret", "does not take the credentials of AWS_ACCESS_KEY_ID"),
        (nobody.0, nobody.1, "needs the permission ec2:DescribeImages"),
    ] {
        let output = with(id, secret);
        let said = errors(&output);
        assert!(!output.status.success() && said.contains("AWS said ") && said.contains(expected), "{said}");
        assert!(!said.contains(secret), "a secret is in the message");
        assert!(!rig.state().exists(), "nothing was begun");
    }
    // moto computes every signature anew by botocore's own code, block by block.
    let output = with(publisher.0, publisher.1);
    let made = result(&output);
    assert!(made["blocks"].as_u64().unwrap() > 10);
    assert_eq!(rig.blocks().len(), usize::try_from(made["blocks"].as_u64().unwrap()).unwrap());
}

#[test]
fn a_name_that_is_taken_is_told_before_anything_is_sent() {
    let rig = Rig::new(20);
    let first = result(&rig.run(&[]));
    let output = rig.run(&[]);
    let said = errors(&output);
    assert!(
        said.contains(first["image"].as_str().unwrap()) && said.contains("choose another --name"),
        "{said}"
    );
    assert_eq!(rig.starts().len(), 1);
}

#[test]
fn profiles_and_the_role_of_the_machine_log_in_too() {
    let rig = Rig::new(20);
    let shared = rig.folder.path().join("credentials");
    std::fs::write(&shared, "[lab]\naws_access_key_id = AKIAPROFILE000000000\naws_secret_access_key = x\n")
        .unwrap();
    let run = |more: &[&str], role: bool| {
        let mut command = rig.command(&rig.url, more);
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        command.env("AWS_SHARED_CREDENTIALS_FILE", &shared);
        if role {
            command
                .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &rig.url)
                .env_remove("AWS_EC2_METADATA_DISABLED");
        }
        command.output().unwrap()
    };
    let signed_by =
        |request: &Value| header(request, "authorization").split(['=', '/']).nth(1).unwrap().to_owned();
    result(&run(&["--profile", "lab", "--name", "by-profile"], false));
    assert_eq!(signed_by(&rig.blocks()[0]), "AKIAPROFILE000000000");
    let before = rig.blocks().len();
    let output = run(&["--name", "by-role"], true);
    result(&output);
    assert!(errors(&output).contains("role \"default-role\" of this machine"), "{}", errors(&output));
    let put = rig.blocks();
    assert!(put.len() > before);
    assert_eq!(signed_by(put.last().unwrap()), "test-key");
    assert_eq!(header(put.last().unwrap(), "x-amz-security-token"), "test-session-token");
    let output = run(&[], false);
    assert!(errors(&output).contains("AWS credentials: none found"), "{}", errors(&output));
}

#[test]
fn a_folder_of_a_build_is_taken_by_its_manifest_and_other_files_are_refused() {
    let rig = Rig::new(10);
    let path: &Path = rig.folder.path();
    let qcow2 = path.join("x.raw");
    std::fs::write(&qcow2, b"QFI\xfb").unwrap();
    let run = |image: &Path| {
        let mut command =
            publish(&["aws", image.to_str().unwrap(), "--region", REGION, "--endpoint", &rig.url]);
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").output().unwrap()
    };
    assert!(errors(&run(&qcow2)).contains("qemu-img convert -O raw"));
    assert!(errors(&run(&path.join("none"))).contains("open"));
    assert!(errors(&run(path)).contains("manifest.json"));
    let entry = serde_json::json!({ "sha256": "0".repeat(64), "size": 1 });
    let manifest = serde_json::json!({
        "name": "vrouter", "version": "7", "architecture": "amd64", "kernel_args": "",
        "files": { "vmlinuz": entry, "initrd.img": entry, "root.squashfs": entry },
    });
    std::fs::write(path.join("manifest.json"), manifest.to_string()).unwrap();
    assert_eq!(result(&run(path))["name"], "vrouter-7");
    assert!(rig.blocks().len() > 3);
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_at_once() {
    let rig = Rig::new(10);
    let path = |name: &str| rig.folder.path().join(name).display().to_string();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=lab",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .args(["-keyout", &path("key"), "-out", &path("cert")])
        .output();
    assert!(made.unwrap().status.success());
    let mut command = Command::new(&rig.python);
    command.arg(file("moto_aws.py")).arg("serve").arg(rig.folder.path()).args([path("cert"), path("key")]);
    let (_server, url) = Server::start(&mut command);
    assert!(url.starts_with("https://"));

    let said = errors(&rig.command(&url, &[]).output().unwrap());
    assert!(said.contains("signed by one that this machine trusts?") && said.contains("(try 1 of"), "{said}");
    // The machine's store is where this variable says.
    let made = result(&rig.command(&url, &[]).env("SSL_CERT_FILE", path("cert")).output().unwrap());
    assert_eq!(rig.blocks().len(), usize::try_from(made["blocks"].as_u64().unwrap()).unwrap());

    // OpenStack's configuration names certificates of its own. Behind them is no Keystone here, and that is what is told.
    let qcow2 = path("x.qcow2");
    std::fs::write(&qcow2, [b"QFI\xfb", &[0; 60][..]].concat()).unwrap();
    for (variable, value, trusted) in [
        ("OS_CACERT", path("cert"), true),
        ("OS_INSECURE", "true".to_owned(), true),
        ("OS_X", String::new(), false),
    ] {
        let mut command = publish(&["glance", &qcow2]);
        command
            .env("OS_AUTH_URL", format!("{url}/moto-api"))
            .env("OS_USERNAME", "u")
            .env("OS_PASSWORD", "p")
            .env("OS_PROJECT_NAME", "p");
        let said = errors(&command.env(variable, value).output().unwrap());
        assert_eq!(said.contains("OpenStack said "), trusted, "{variable}: {said}");
        assert_eq!(said.contains("signed by one that this machine trusts?"), !trusted, "{variable}: {said}");
    }
}
