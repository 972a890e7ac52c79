//! OpenSSH's client.

use super::rig::Place;
use std::io::Write;
use std::process::{Command, Output, Stdio};

const HELLO: &str = "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities><capability>\
                     urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>]]>]]>";
const CLOSE: &str =
    "<rpc message-id=\"9\" xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><close-session/></rpc>]]>]]>";

fn talk(command: &mut Command, text: &str) -> (Output, String) {
    let mut ssh =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    ssh.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = ssh.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, said)
}

#[test]
fn the_subsystem_speaks_the_old_framing() {
    let server = Place::new();
    let running = server.start();
    let get = "<rpc message-id=\"1\" a=\"b\" xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><get-config><source>\
               <running/></source></get-config></rpc>]]>]]>";
    let (output, said) = talk(&mut running.ssh(), &format!("{HELLO}{get}{CLOSE}"));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.matches("]]>]]>").count(), 3, "{said}");
    assert!(said.contains("message-id=\"1\" a=\"b\"><data>") && said.contains("<ok/>"), "{said}");
}

#[test]
fn nothing_else_is_served_and_a_strange_key_stays_outside() {
    let place = Place::new();
    let running = place.start();
    let mut shell = running.ssh();
    let words: Vec<_> = shell.get_args().map(ToOwned::to_owned).collect();
    shell = Command::new("ssh");
    shell.args(words.iter().filter(|word| *word != "-s" && *word != "netconf")).arg("true");
    let (output, _) = talk(&mut shell, "");
    assert!(!output.status.success());

    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(place.path().join("other"))
        .status()
        .unwrap();
    assert!(made.success());
    std::fs::rename(place.path().join("other"), place.path().join("id")).unwrap();
    std::fs::rename(place.path().join("other.pub"), place.path().join("id.pub")).unwrap();
    let (output, said) = talk(&mut running.ssh(), HELLO);
    assert!(!output.status.success() && said.is_empty(), "{said}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("Permission denied"));
}
