//! Frames as they are on a wire, VLAN tags and all, without VLAN devices in this machine's kernel.

use std::collections::HashMap;
use std::net::Shutdown;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::bridge::Bridge;
use crate::directory::LabDirectory;
use crate::error::{LabError, Result};
use crate::machine::Plug;
use crate::patience::Patience;
use crate::process::Process;

/// Longest frame: jumbo, with tags.
const LONGEST: usize = 9238;
/// After which a frame is lost that nobody takes, as on a wire.
const LOST: Duration = Duration::from_millis(200);
/// `EtherType` of a tag (IEEE 802.1Q section 9.6).
const TAG: [u8; 2] = [0x81, 0x00];

/// Puts a frame into a VLAN.
///
/// # Panics
/// When it is no frame.
pub fn tagged(frame: &[u8], vlan: u16) -> Vec<u8> {
    let (addresses, rest) = frame.split_at(12);
    [addresses, &TAG, &vlan.to_be_bytes(), rest].concat()
}

/// The VLAN of a frame, and the frame without its tag.
fn untagged(frame: &[u8]) -> Option<(u16, Vec<u8>)> {
    let (addresses, rest) = frame.split_at_checked(12)?;
    let [high, low, rest @ ..] = rest.strip_prefix(&TAG)? else { return None };
    Some((u16::from_be_bytes([*high, *low]) & 0x0fff, [addresses, rest].concat()))
}

/// A place on a bridge where frames can be put and taken as they are.
pub struct FramePort {
    socket: UnixDatagram,
    other: PathBuf,
    own: PathBuf,
    _socat: Process,
}

impl FramePort {
    /// Plugs one into a bridge.
    ///
    /// # Errors
    /// When the tap or its sockets cannot be made.
    pub fn new(directory: &LabDirectory, bridge: &Bridge, name: &str) -> Result<Self> {
        let tap = bridge.add_tap()?;
        let (own, other) =
            (directory.join(&format!("{name}.frames")), directory.join(&format!("{name}.tap")));
        let socket = bound(&own)?;
        let mut socat = Command::new("socat");
        socat.args(["-b", "65536", &format!("TUN,tun-type=tap,iff-no-pi,tun-name={tap}")]);
        socat.arg(format!("UNIX-SENDTO:{},bind={}", own.display(), other.display()));
        let process = Process::start(bridge.namespace(), &format!("socat.{name}"), &socat, directory.path())?;
        let mut patience = Patience::secs(20);
        while !other.exists() {
            let Some(wait) = patience.next_wait(Duration::from_millis(20)) else {
                return Err(LabError::TimedOut {
                    awaited: format!("the socket of {name}"),
                    waited: patience.waited(),
                    seen: process.errors().tail(10),
                });
            };
            std::thread::park_timeout(wait);
        }
        Ok(Self { socket, other, own, _socat: process })
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// When nobody takes it.
    pub fn send(&self, frame: &[u8]) -> Result<()> {
        self.socket.send_to(frame, &self.other).map(drop).map_err(|source| LabError::File {
            doing: "send a frame to",
            path: self.other.clone(),
            source,
        })
    }

    /// The next frame that comes.
    ///
    /// # Errors
    /// When the socket was closed.
    pub fn receive(&self) -> Result<Vec<u8>> {
        receive(&self.socket, &self.own)
    }
}

fn receive(socket: &UnixDatagram, path: &Path) -> Result<Vec<u8>> {
    let mut frame = vec![0; LONGEST];
    let failed = |source| LabError::File { doing: "take a frame from", path: path.into(), source };
    match socket.recv(&mut frame).map_err(failed)? {
        0 => Err(failed(std::io::ErrorKind::UnexpectedEof.into())),
        length => {
            frame.truncate(length);
            Ok(frame)
        }
    }
}

fn bound(path: &Path) -> Result<UnixDatagram> {
    UnixDatagram::bind(path)
        .and_then(|socket| socket.set_write_timeout(Some(LOST)).map(|()| socket))
        .map_err(|source| LabError::File { doing: "bind", path: path.into(), source })
}

/// A cable to one machine that carries several VLANs, tagged, and the switch at its end, which joins each to a wire.
pub struct Trunk {
    machine: PathBuf,
    own: PathBuf,
    socket: Arc<UnixDatagram>,
    ports: Arc<Mutex<HashMap<u16, Arc<FramePort>>>>,
}

impl Trunk {
    /// A trunk that leads nowhere yet.
    ///
    /// # Errors
    /// When its socket cannot be made.
    pub fn new(directory: &LabDirectory) -> Result<Self> {
        let (machine, own) = (directory.join("trunk.machine"), directory.join("trunk.switch"));
        let socket = Arc::new(bound(&own)?);
        let ports: Arc<Mutex<HashMap<u16, Arc<FramePort>>>> = Arc::default();
        let (from, to, path) = (Arc::clone(&socket), Arc::clone(&ports), own.clone());
        std::thread::spawn(move || {
            while let Ok(frame) = receive(&from, &path) {
                let Some((vlan, frame)) = untagged(&frame) else { continue };
                let port = to.lock().unwrap_or_else(PoisonError::into_inner).get(&vlan).cloned();
                // A frame that is not taken is lost.
                let _ = port.map(|port| port.send(&frame));
            }
        });
        Ok(Self { machine, own, socket, ports })
    }

    /// What the machine's card is to be plugged into.
    pub fn plug(&self) -> Plug {
        Plug::Frames { own: self.machine.clone(), other: self.own.clone() }
    }

    /// Joins a VLAN to a wire, where its frames have no tag.
    ///
    /// # Errors
    /// When the wire's port cannot be made.
    pub fn join(&self, directory: &LabDirectory, bridge: &Bridge, vlan: u16) -> Result<()> {
        let port = Arc::new(FramePort::new(directory, bridge, &format!("vlan{vlan}"))?);
        self.ports.lock().unwrap_or_else(PoisonError::into_inner).insert(vlan, Arc::clone(&port));
        let (socket, machine) = (Arc::clone(&self.socket), self.machine.clone());
        std::thread::spawn(move || {
            while let Ok(frame) = port.receive() {
                // Lost while the machine is off.
                let _ = socket.send_to(&tagged(&frame, vlan), &machine);
            }
        });
        Ok(())
    }
}

impl Drop for Trunk {
    fn drop(&mut self) {
        // Both threads' next frame is the end.
        let _ = self.socket.shutdown(Shutdown::Both);
        for port in self.ports.lock().unwrap_or_else(PoisonError::into_inner).values() {
            let _ = port.socket.shutdown(Shutdown::Both);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::namespace::Namespace;

    const HOST: &str = "10.9.0.1/24";
    /// ARP (RFC 826): who has 10.9.0.1, tell 10.9.0.2.
    const QUESTION: [u8; 42] = [
        255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 10,
        9, 0, 2, 0, 0, 0, 0, 0, 0, 10, 9, 0, 1,
    ];

    #[test]
    fn a_tag_goes_on_and_comes_off() {
        let frame = tagged(&QUESTION, 10);
        assert_eq!(frame[12..18], [0x81, 0, 0, 10, 8, 6]);
        assert_eq!(untagged(&frame), Some((10, QUESTION.to_vec())));
        let mut with_priority = frame;
        with_priority[14] = 0xe0;
        assert_eq!(untagged(&with_priority).unwrap().0, 10);
        assert_eq!(untagged(&QUESTION), None);
        assert_eq!(untagged(&[0; 13]), None);
    }

    /// A machine that is a socket asks Linux on the wire of VLAN 10, and hears nothing of VLAN 20.
    #[test]
    fn a_trunk_joins_each_vlan_to_its_own_wire() {
        let base = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(base.path(), "trunk").unwrap();
        let bridge = Bridge::new("wire").unwrap();
        let host = Namespace::new("host").unwrap();
        bridge.join(&host, "eth0", Some(HOST)).unwrap();
        let trunk = Trunk::new(&directory).unwrap();
        trunk.join(&directory, &bridge, 10).unwrap();
        let Plug::Frames { own, other } = trunk.plug() else { panic!("a trunk is no tap") };
        let machine = bound(&own).unwrap();
        machine.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        for vlan in [20, 10] {
            machine.send_to(&tagged(&QUESTION, vlan), &other).unwrap();
        }
        let answer = std::iter::repeat_with(|| receive(&machine, &own).unwrap())
            .find_map(|frame| untagged(&frame).filter(|(_, frame)| frame[..6] == QUESTION[6..12]))
            .unwrap();
        assert_eq!(
            (answer.0, &answer.1[12..14], answer.1[21]),
            (10, &[8, 6][..], 2),
            "an ARP reply in VLAN 10"
        );
    }
}
