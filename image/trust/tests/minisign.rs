//! Keys and signatures, judged by Debian's `minisign`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output};

use daybreak_trust::{PublicKey, SecretKey, Signature};

fn minisign(folder: &Path, args: &[&str]) -> Output {
    Command::new("minisign").args(args).current_dir(folder).output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn minisign_accepts_ours_and_refuses_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    let key = SecretKey::generate().unwrap();
    write("key.pub", key.public().to_file().as_bytes());
    write("file", b"content");
    write("file.minisig", key.sign(&b"content"[..], "vrouter 1.0").unwrap().to_string().as_bytes());
    let verify = || minisign(folder.path(), &["-V", "-p", "key.pub", "-m", "file"]);
    let good = verify();
    assert!(good.status.success() && text(&good).contains("Trusted comment: vrouter 1.0"), "{}", text(&good));
    write("file", b"contenT");
    let bad = verify();
    assert!(!bad.status.success(), "{}", text(&bad));
}

#[test]
fn minisign_signs_with_our_key() {
    let folder = tempfile::tempdir().unwrap();
    let key = SecretKey::generate().unwrap();
    fs::write(folder.path().join("key"), key.to_file(None).unwrap()).unwrap();
    fs::write(folder.path().join("file"), "content").unwrap();
    let signed = minisign(folder.path(), &["-S", "-W", "-s", "key", "-m", "file", "-t", "theirs"]);
    assert!(signed.status.success(), "{}", text(&signed));
    let signature = Signature::parse(&fs::read(folder.path().join("file.minisig")).unwrap()).unwrap();
    signature.verify(&key.public(), &b"content"[..]).unwrap();
    assert_eq!(signature.comment(), "theirs");
}

#[test]
fn we_read_the_keys_of_minisign_and_accept_its_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let made = minisign(folder.path(), &["-G", "-W", "-p", "key.pub", "-s", "key"]);
    assert!(made.status.success(), "{}", text(&made));
    let public = PublicKey::read(&folder.path().join("key.pub")).unwrap();
    let secret = SecretKey::parse(&fs::read_to_string(folder.path().join("key")).unwrap(), None).unwrap();
    assert_eq!(secret.public(), public);

    fs::write(folder.path().join("file"), "content").unwrap();
    let signed = minisign(folder.path(), &["-S", "-W", "-s", "key", "-m", "file"]);
    assert!(signed.status.success(), "{}", text(&signed));
    let bytes = fs::read(folder.path().join("file.minisig")).unwrap();
    Signature::parse(&bytes).unwrap().verify(&public, &b"content"[..]).unwrap();

    let legacy = minisign(folder.path(), &["-S", "-l", "-W", "-s", "key", "-m", "file"]);
    assert!(legacy.status.success(), "{}", text(&legacy));
    let bytes = fs::read(folder.path().join("file.minisig")).unwrap();
    let error = Signature::parse(&bytes).unwrap_err().to_string();
    assert!(error.contains("oldest form"), "{error}");
}

#[test]
fn a_password_of_ours_opens_the_key_for_minisign() {
    let folder = tempfile::tempdir().unwrap();
    let key = SecretKey::generate().unwrap();
    fs::write(folder.path().join("key"), key.to_file(Some("correct horse")).unwrap()).unwrap();
    fs::write(folder.path().join("file"), "content").unwrap();
    // It asks on the terminal, so it gets one.
    let script = "minisign -S -s key -m file -t x";
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c", script, "/dev/null"]).current_dir(folder.path());
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    // What is typed before the question is thrown away.
    let mut asked = Vec::new();
    while !asked.ends_with(b"Password: ") {
        let mut byte = [0];
        child.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
        asked.push(byte[0]);
    }
    child.stdin.as_mut().unwrap().write_all(b"correct horse\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let bytes = fs::read(folder.path().join("file.minisig")).unwrap();
    Signature::parse(&bytes).unwrap().verify(&key.public(), &b"content"[..]).unwrap();
}
