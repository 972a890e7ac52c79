//! yuma's netconfd behind OpenSSH, from unpacked packages.

use crate::session::{Folder, Server, daemon};
use anyhow::{Context as _, Result};
use std::fs;
use std::process::{Child, Stdio};

/// The daemon and its SSH server.
pub(crate) struct Yuma(Vec<Child>);

impl Server for Yuma {
    const NAME: &'static str = "yuma123 netconfd 2.13 behind OpenSSH";

    fn start(folder: &Folder, port: u16) -> Result<Self> {
        let library = folder.peers.join("libyuma2/usr/lib/x86_64-linux-gnu");
        let programs = folder.peers.join("netconfd/usr/sbin");
        // A socket that is left over stops it, and so would its startup configuration.
        let home = folder.file("yuma");
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(&home)?;
        let socket = home.join("socket");
        let netconfd = daemon(&programs.join("netconfd"))
            .args(["--superuser=root", "--target=candidate", "--no-startup", "--access-control=off"])
            .args([
                "--module=ietf-interfaces",
                "--module=ietf-ip",
                "--module=iana-if-type",
                "--log-level=error",
            ])
            // Sessions over another port than these are refused.
            .arg(format!("--port={port}"))
            .arg(format!("--log={}", home.join("log").display()))
            .arg(format!("--ncxserver-sockname={}", socket.display()))
            .env("LD_LIBRARY_PATH", &library)
            // It leaves a backup of each commit where it stands.
            .current_dir(&home)
            .env("HOME", &home)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("yuma's netconfd does not start")?;
        let mut children = Self(vec![netconfd]);
        let subsystem = home.join("subsystem");
        fs::write(
            &subsystem,
            format!(
                "#!/bin/sh\nLD_LIBRARY_PATH={} exec {}/netconf-subsystem --ncxserver-sockname={port}@{}\n",
                library.display(),
                programs.display(),
                socket.display()
            ),
        )?;
        fs::set_permissions(&subsystem, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let config = home.join("sshd_config");
        fs::write(
            &config,
            format!(
                "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
                 PermitRootLogin yes\nPidFile none\nUseDNS no\nSubsystem netconf {}\n",
                folder.file("host").display(),
                folder.file("user.pub").display(),
                subsystem.display()
            ),
        )?;
        let server = daemon(&folder.peers.join("openssh-server/usr/sbin/sshd"))
            .args(["-D", "-e", "-f"])
            .arg(&config)
            .stderr(fs::File::create(home.join("sshd.log"))?)
            .spawn()
            .context("sshd does not start")?;
        children.0.push(server);
        Ok(children)
    }
}

impl Drop for Yuma {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
