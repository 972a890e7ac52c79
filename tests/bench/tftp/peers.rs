//! The servers, each a process of its own on an address of its own, all serving one folder.

use std::collections::HashMap;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use daybreak_tftp::{Limits, channel, start};

/// A running server; dropping it ends the process.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Peer {
    /// Starts ours and then the others, all in a network namespace that the caller made.
    pub(crate) fn start_all(folder: &Path, unpacked: &Path) -> Result<Vec<Self>> {
        let text = |path: &Path| path.to_str().map(str::to_owned).context("a path is not UTF-8");
        let folder = text(folder)?;
        let ours = text(&std::env::current_exe()?)?;
        let hpa = text(&unpacked.join("tftpd-hpa/usr/sbin/in.tftpd"))?;
        let atftpd = text(&unpacked.join("atftpd/usr/sbin/atftpd"))?;
        let start = |name, address: &str, command: &str, arguments: &[&str]| -> Result<Self> {
            let process = Command::new(command)
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .with_context(|| format!("{name} ({command}) does not start"))?;
            Ok(Self { name, address: address.parse()?, process })
        };
        Ok(vec![
            start("daybreak", "127.0.0.1:6901", &ours, &["--serve", "127.0.0.1:6901", &folder])?,
            start(
                "tftpd-hpa",
                "127.0.0.1:6902",
                &hpa,
                &["--foreground", "--address", "127.0.0.1:6902", "--user", "root", "--secure", &folder],
            )?,
            start(
                "atftpd",
                "127.0.0.1:6903",
                &atftpd,
                &[
                    "--daemon",
                    "--no-fork",
                    "--bind-address",
                    "127.0.0.1",
                    "--port",
                    "6903",
                    "--user",
                    "root",
                    "--group",
                    "root",
                    "--maxthread",
                    "2000",
                    "--no-multicast",
                    "--logfile",
                    "/dev/null",
                    &folder,
                ],
            )?,
            start(
                "dnsmasq",
                "127.0.0.4:69",
                "dnsmasq",
                &[
                    "--keep-in-foreground",
                    "--conf-file=/dev/null",
                    "--port=0",
                    "--enable-tftp",
                    "--listen-address=127.0.0.4",
                    "--bind-interfaces",
                    "--user=root",
                    "--pid-file=",
                    "--tftp-max=2000",
                    "--log-facility=/dev/null",
                    &format!("--tftp-root={folder}"),
                ],
            )?,
        ])
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Both fail only when the process has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Our server as a process: serves the files of `folder` from memory until its standard input ends.
pub(crate) fn serve(address: &str, folder: &str) -> Result<()> {
    let mut files = HashMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().ok().context("a file name is not UTF-8")?;
        files.insert(name, Bytes::from(std::fs::read(entry.path())?));
    }
    // Events are read by nobody here; they are made, fill the channel and are dropped, as with a slow reader.
    let (events, _reader) = channel(1024);
    let server = start(&[address.parse()?], Limits::default(), Arc::new(files), events)?;
    let mut end = Vec::new();
    std::io::stdin().read_to_end(&mut end)?;
    server.stop(Duration::ZERO);
    Ok(())
}
