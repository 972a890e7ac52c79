//! A machine without a machine: a namespace that takes a lease with busybox's DHCP client and speaks HTTP with curl.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::bridge::Bridge;
use crate::directory::LabDirectory;
use crate::error::{LabError, Result};
use crate::namespace::Namespace;

/// What `udhcpc` runs when something happens: it takes the address, and nothing of the host is touched.
const SCRIPT: &str =
    "#!/bin/sh\nif [ \"$1\" = bound ]; then ip address add \"$ip/$mask\" dev \"$interface\"; fi\n";

/// A client on the wire that holds a lease.
pub struct DhcpClient {
    namespace: Namespace,
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Body.
    pub body: String,
}

impl DhcpClient {
    /// Joins the wire with hardware address `mac` and takes a lease.
    ///
    /// # Errors
    /// When no server gives one within a few tries.
    pub fn join(bridge: &Bridge, directory: &LabDirectory, mac: &str) -> Result<Self> {
        let namespace = Namespace::new(&format!("client {mac}"))?;
        bridge.join(&namespace, "eth0", None)?;
        namespace.ip(&["link set eth0 down", &format!("link set eth0 address {mac}"), "link set eth0 up"])?;
        let script = directory.join("udhcpc.script");
        std::fs::write(&script, SCRIPT)
            .and_then(|()| std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)))
            .map_err(|source| LabError::File { doing: "write", path: script.clone(), source })?;
        let mut udhcpc = Command::new("busybox");
        udhcpc.args(["udhcpc", "-f", "-n", "-q", "-i", "eth0", "-t", "10", "-T", "1", "-s"]).arg(&script);
        namespace.check(&udhcpc)?;
        Ok(Self { namespace })
    }

    /// Its namespace.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Gets `url` with curl.
    ///
    /// # Errors
    /// When there is no HTTP answer at all.
    pub fn get(&self, url: &str) -> Result<HttpAnswer> {
        let mut curl = Command::new("curl");
        curl.args([
            "--path-as-is",
            "--silent",
            "--show-error",
            "--max-time",
            "60",
            "--write-out",
            "\n%{http_code}",
            url,
        ]);
        let text = self.namespace.check(&curl)?;
        let (body, status) = text.rsplit_once('\n').unwrap_or_default();
        let status = status.parse().map_err(|_| LabError::Answer {
            what: format!("curl {url}"),
            reason: format!("no status in {text:?}"),
        })?;
        Ok(HttpAnswer { status, body: body.to_owned() })
    }
}
