//! Telling the service manager how it goes (`sd_notify(3)`).
//!
//! Readiness matters for more than order: SIGHUP ends a process that does not listen for it yet, and systemd takes that for
//! a clean end after which nothing is started again. It sends none before the process is ready.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Says it to the socket that the service manager has named, if it has. That it cannot be told is logged and no more: the
/// readings go on.
pub(super) fn notify(state: &str) {
    if let Some(name) = std::env::var_os("NOTIFY_SOCKET")
        && let Err(error) = send(&name, state)
    {
        tracing::warn!(socket = %name.to_string_lossy(), %error, "cannot tell the service manager");
    }
}

fn send(name: &OsStr, state: &str) -> io::Result<()> {
    let address = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(name)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}
