//! Clients that we did not write.

use crate::rig::{LONG, Rig, USER};
use daybreak_netconf::session::End;
use daybreak_netconf::ssh::SshLimits;
use std::path::Path;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

const SCRIPT: &str = r#"
import sys
from ncclient import manager
from ncclient.operations import RPCError
from ncclient.xml_ import to_ele
port, user, key = int(sys.argv[1]), sys.argv[2], sys.argv[3]
arguments = dict(host="127.0.0.1", port=port, username=user, key_filename=key, hostkey_verify=False, allow_agent=False,
                 look_for_keys=False, timeout=20)
with manager.connect(**arguments) as m:
    assert m.session_id == "1", m.session_id
    assert ":base:1.1" in m.server_capabilities or "base:1.1" in str(list(m.server_capabilities))
    assert "get-config" in m.get_config("running").data_xml
    assert len(m.get(filter=None).data_xml) > 400000
    assert m.lock("candidate").ok
    try:
        m.commit()
        raise SystemExit("the commit did not fail")
    except RPCError as error:
        assert error.tag == "operation-failed" and error.message == "as asked", error
    assert "some-name" in m.dispatch(to_ele("<some-name/>")).xml
"#;

#[tokio::test]
async fn ncclient_talks_to_us() {
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let mut rig = Rig::start_with(SshLimits::default(), kind, LONG).await;
        let setup = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/setup/pypi.sh");
        let output = Command::new(setup).arg("ncclient").output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        let programs = String::from_utf8(output.stdout).unwrap();
        let output = Command::new(Path::new(programs.trim()).join("python"))
            .args(["-c", SCRIPT, &rig.port.to_string(), USER])
            .arg(rig.path("user"))
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{kind}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(matches!(rig.end().await, End::Closed));
        rig.stop().await;
    }
}

fn ssh(rig: &Rig, key: &str) -> Command {
    let mut command = Command::new("ssh");
    command.args([
        "-F",
        "none",
        "-o",
        "BatchMode=yes",
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "StrictHostKeyChecking=yes",
    ]);
    command.arg("-o").arg(format!("UserKnownHostsFile={}", rig.path("known_hosts").display()));
    command.arg("-i").arg(rig.path(key)).args(["-p", &rig.port.to_string()]);
    command.kill_on_drop(true).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[tokio::test]
async fn openssh_talks_to_us() {
    let mut rig = Rig::start(SshLimits::default()).await;
    let mut child = ssh(&rig, "user").args(["-s", &format!("{USER}@127.0.0.1"), "netconf"]).spawn().unwrap();
    let hello = "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities>\
                 <capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>]]>]]>";
    let rpc = "<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"1\"><close-session/></rpc>]]>]]>";
    let mut input = child.stdin.take().unwrap();
    input.write_all(format!("{hello}\n{rpc}\n").as_bytes()).await.unwrap();
    let output = tokio::time::timeout(LONG, child.wait_with_output()).await.unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("<session-id>1</session-id>") && text.trim_end().ends_with("<ok/></rpc-reply>]]>]]>"),
        "{text}"
    );
    assert!(matches!(rig.end().await, End::Closed));
    drop(input);
    rig.stop().await;
}

#[tokio::test]
async fn only_the_subsystem_and_only_for_the_key() {
    let rig = Rig::start(SshLimits::default()).await;
    let user = format!("{USER}@127.0.0.1");
    for (key, arguments, message) in [
        ("other", &["-s", &user, "netconf"][..], "Permission denied"),
        ("user", &["-s", "bob@127.0.0.1", "netconf"], "Permission denied"),
        ("user", &["-s", &user, "sftp"], "subsystem request failed"),
        ("user", &[&user, "id"], "exec request failed"),
        ("user", &["-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", &user], "forwarding"),
    ] {
        let output = ssh(&rig, key).args(arguments).stdin(Stdio::null()).output();
        let output = tokio::time::timeout(LONG, output).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(message), "{arguments:?}: {text}");
    }
    rig.stop().await;
}
