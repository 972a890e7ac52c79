//! Clients that we did not write: tftp-hpa, atftp, busybox, curl.

use daybreak_tftp::{EventKind, FailReason, Limits, Refusal};

use crate::support::Tftp;

#[test]
fn tftp_hpa_gets_files() {
    let mut tftp = Tftp::start();
    for name in ["boot/loader.efi", "small", "empty", "even"] {
        let output = tftp.run("tftp", &["-m", "binary", "127.0.0.1", &tftp.port(), "-c", "get", name, "out"]);
        tftp.assert_got("out", name, &output);
        let end = tftp.ended();
        assert_eq!(&*end.name, name);
        assert!(
            matches!(end.kind, EventKind::Finished { bytes, .. } if bytes == tftp.files[name].len() as u64),
            "{end:?}"
        );
    }
}

#[test]
fn tftp_hpa_gets_a_file_of_more_than_65535_blocks() {
    let tftp = Tftp::start();
    let output = tftp.run("tftp", &["-m", "binary", "127.0.0.1", &tftp.port(), "-c", "get", "big", "out"]);
    tftp.assert_got("out", "big", &output);
}

#[test]
fn tftp_hpa_is_told_that_text_mode_is_not_served() {
    let mut tftp = Tftp::start();
    let output = tftp.run("tftp", &["-m", "ascii", "127.0.0.1", &tftp.port(), "-c", "get", "small", "out"]);
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("only mode octet"), "{told}");
    tftp.event("the refusal", |event| (event.kind == EventKind::Refused(Refusal::Mode)).then_some(()));
}

#[test]
fn tftp_hpa_cannot_put() {
    let mut tftp = Tftp::start();
    std::fs::write(tftp.folder.path().join("up"), "data").unwrap();
    let output = tftp.run("tftp", &["-m", "binary", "127.0.0.1", &tftp.port(), "-c", "put", "up", "small"]);
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("takes no files"), "{told}");
    tftp.event("the refusal", |event| (event.kind == EventKind::Refused(Refusal::Write)).then_some(()));
}

#[test]
fn atftp_gets_files_at_each_block_and_window_size() {
    let mut tftp = Tftp::start();
    let port = tftp.port();
    for blksize in ["512", "1428", "8192", "65464"] {
        for windowsize in ["1", "4", "16", "64"] {
            for name in ["boot/loader.efi", "even"] {
                let blksize = format!("blksize {blksize}");
                let windowsize = format!("windowsize {windowsize}");
                let options = ["--option", &blksize, "--option", &windowsize, "--option", "tsize 0"];
                let get = ["-g", "-r", name, "-l", "out", "127.0.0.1", &port];
                let output = tftp.run("atftp", &[&options[..], &get].concat());
                tftp.assert_got("out", name, &output);
                let end = tftp.ended();
                assert!(matches!(end.kind, EventKind::Finished { .. }), "{end:?}");
                std::fs::remove_file(tftp.folder.path().join("out")).unwrap();
            }
        }
    }
}

#[test]
fn atftp_gets_a_big_file_through_windows() {
    let tftp = Tftp::start();
    let args = ["--option", "windowsize 16", "-g", "-r", "big", "-l", "out", "127.0.0.1", &tftp.port()];
    let output = tftp.run("atftp", &args);
    tftp.assert_got("out", "big", &output);
}

#[test]
fn busybox_gets_files() {
    let tftp = Tftp::start();
    let port = tftp.port();
    for blksize in ["512", "1428", "16384"] {
        for name in ["boot/loader.efi", "even", "small", "empty"] {
            let args = ["tftp", "-g", "-b", blksize, "-r", name, "-l", "out", "127.0.0.1", &port];
            let output = tftp.run("busybox", &args);
            tftp.assert_got("out", name, &output);
        }
    }
}

#[test]
fn curl_gets_files_with_and_without_options() {
    let tftp = Tftp::start();
    for name in ["boot/loader.efi", "even", "small"] {
        let url = format!("tftp://{}/{name}", tftp.address());
        for options in [&["--tftp-no-options"][..], &[], &["--tftp-blksize", "1428"]] {
            let output =
                tftp.run("curl", &[&["-sS", "--max-time", "60", "-o", "out", &url], options].concat());
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            tftp.assert_got("out", name, &output);
        }
    }
}

#[test]
fn curl_gets_a_file_over_ipv6() {
    let tftp = Tftp::on("[::1]:0", Limits::default());
    let url = format!("tftp://{}/boot/loader.efi", tftp.address());
    let output = tftp.run("curl", &["-sS", "--max-time", "60", "-o", "out", &url]);
    tftp.assert_got("out", "boot/loader.efi", &output);
}

#[test]
fn curl_is_told_what_is_missing() {
    let mut tftp = Tftp::start();
    let output = tftp.run("curl", &["-sS", "--max-time", "60", &format!("tftp://{}/none", tftp.address())]);
    assert_eq!(output.status.code(), Some(68), "TFTP file not found");
    let name = tftp.event("the refusal", |event| {
        (event.kind == EventKind::Refused(Refusal::NotFound)).then(|| event.name.to_string())
    });
    assert_eq!(name, "none");
}

#[test]
fn a_killed_client_ends_its_session() {
    let mut tftp = Tftp::start();
    let mut client = std::process::Command::new("atftp")
        .args(["--option", "blksize 8", "-g", "-r", "big", "-l", "out", "127.0.0.1", &tftp.port()])
        .current_dir(tftp.folder.path())
        .spawn()
        .unwrap();
    tftp.event("the start", |event| matches!(event.kind, EventKind::Started { .. }).then_some(()));
    client.kill().unwrap();
    client.wait().unwrap();
    let end = tftp.ended();
    assert!(matches!(end.kind, EventKind::Failed { reason: FailReason::PortClosed, .. }), "{end:?}");
    assert_eq!(tftp.server().stats().sessions, 0);
}
