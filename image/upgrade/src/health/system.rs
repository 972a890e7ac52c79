//! The appliance's daemons, asked by their sockets.

use std::collections::BTreeSet;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use daybreak_control::v1::GetInfoRequest;

use super::{Probe, Session, established};

/// No answer takes longer than this, also on a machine that is busy with its start.
const PATIENCE: Duration = Duration::from_secs(15);
/// A greeting lists capabilities: some kilobytes.
const MAX_HELLO: u64 = 1 << 20;
/// End of a message in the framing of a greeting (RFC 6242 §4.1).
const END: &[u8] = b"]]>]]>";

/// The daemons of the machine that this runs on.
#[derive(Clone, Debug)]
pub struct System {
    netconfd: PathBuf,
    vrouterd: PathBuf,
}

impl System {
    /// Daemons that listen at these sockets.
    pub fn new(netconfd: &Path, vrouterd: &Path) -> Self {
        Self { netconfd: netconfd.to_owned(), vrouterd: vrouterd.to_owned() }
    }
}

impl Probe for System {
    fn netconfd(&mut self) -> Result<(), String> {
        hello(&self.netconfd)
    }

    fn vrouterd(&mut self) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|e| e.to_string())?.block_on(async {
            let asked = async {
                let mut client =
                    daybreak_control::connect(&self.vrouterd).await.map_err(|e| e.to_string())?;
                client.get_info(GetInfoRequest {}).await.map(drop).map_err(|e| e.message().to_owned())
            };
            tokio::time::timeout(PATIENCE, asked).await.map_err(|_| late())?
        })
    }

    fn frr(&mut self) -> Result<(), String> {
        vtysh(&["-d", "zebra", "-c", "show version"]).map(drop)
    }

    fn sessions(&mut self) -> Result<BTreeSet<Session>, String> {
        vtysh(&["-d", "bgpd", "-c", "show bgp vrf all summary json"]).map(|answer| established(&answer))
    }
}

fn late() -> String {
    format!("no answer in {} s", PATIENCE.as_secs())
}

/// The server's greeting comes without a word from us (RFC 6241 §8.1).
fn hello(socket: &Path) -> Result<(), String> {
    let failed = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => late(),
        _ => format!("{}: {e}", socket.display()),
    };
    let stream = UnixStream::connect(socket).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    let mut stream = stream.take(MAX_HELLO);
    let mut text = Vec::new();
    let mut block = [0; 4096];
    while !text.windows(END.len()).any(|window| window == END) {
        match stream.read(&mut block).map_err(failed)? {
            0 => return Err("it ended the session instead of a greeting".to_owned()),
            n => text.extend_from_slice(&block[..n]),
        }
    }
    let greeted = text.windows(6).any(|window| window == b"<hello" || window == b":hello");
    if greeted { Ok(()) } else { Err("its first words are no greeting".to_owned()) }
}

fn vtysh(arguments: &[&str]) -> Result<String, String> {
    let seconds = PATIENCE.as_secs().to_string();
    let output = Command::new("timeout")
        .args([seconds.as_str(), "vtysh"])
        .args(arguments)
        .output()
        .map_err(|e| format!("vtysh: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = errors.lines().chain(text.lines()).rfind(|line| !line.trim().is_empty());
    Err(last.unwrap_or("vtysh failed").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn greeted_with(words: &'static [u8]) -> Result<(), String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("netconfd.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for piece in words.chunks(7) {
                stream.write_all(piece).unwrap();
            }
        });
        let answer = hello(&path);
        server.join().unwrap();
        answer
    }

    #[test]
    fn a_greeting_is_a_hello() {
        let hello =
            b"<?xml version=\"1.0\"?><nc:hello xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\"/>]]>]]>";
        greeted_with(hello).unwrap();
        greeted_with(b"<hello/>]]>]]>").unwrap();
        assert!(greeted_with(b"<rpc-reply/>]]>]]>").unwrap_err().contains("no greeting"));
        assert!(greeted_with(b"<hello/>").unwrap_err().contains("ended"));
        assert!(hello_at("/nonexistent/sock").unwrap_err().contains("/nonexistent/sock"));
    }

    fn hello_at(path: &str) -> Result<(), String> {
        hello(Path::new(path))
    }
}
