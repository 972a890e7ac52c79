//! Whose socket is at the other end of a connection: whoever speaks for FRR programs the router.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::net::{IpAddr, SocketAddr};

/// The user that FRR's daemons run as.
const FRR: &str = "frr";

/// State of an open connection in the kernel's tables. In every other the owner has left the socket or is about to, and then
/// the tables say root.
const ESTABLISHED: &str = "01";

/// The kernel's tables of TCP sockets (`/proc/net/tcp` in proc(5)), of the network namespace that they were opened in.
#[derive(Debug)]
pub(super) struct Peers(Vec<File>);

impl Peers {
    /// Opens the tables in the namespace of the calling thread.
    ///
    /// # Errors
    /// When there is no table of IPv4 sockets. One of IPv6 need not be there.
    pub(super) fn open() -> io::Result<Self> {
        let mut tables = vec![File::open("/proc/thread-self/net/tcp")?];
        tables.extend(File::open("/proc/thread-self/net/tcp6").ok());
        Ok(Self(tables))
    }

    /// The user who has the socket at `peer` that is connected to ours at `own`; `None` when nobody on this machine has.
    pub(super) fn owner(&self, peer: SocketAddr, own: SocketAddr) -> Option<u32> {
        // A table that changes while it is read may leave one out: it is read again.
        [(); 2].into_iter().find_map(|()| self.0.iter().find_map(|file| owner(&read(file).ok()?, peer, own)))
    }
}

/// Whether a user may speak for FRR: FRR itself, root, and the user that we run as.
pub(super) fn may_speak(uid: u32) -> bool {
    let frr = || nix::unistd::User::from_name(FRR).ok().flatten();
    uid == 0 || uid == nix::unistd::geteuid().as_raw() || frr().is_some_and(|frr| frr.uid.as_raw() == uid)
}

fn read(mut file: &File) -> io::Result<String> {
    file.rewind()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

fn owner(table: &str, peer: SocketAddr, own: SocketAddr) -> Option<u32> {
    let (peer, own) = (canonical(peer), canonical(own));
    table.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let (local, remote, state) = (words.next()?, words.next()?, words.next()?);
        let uid = words.nth(3)?;
        let is_it = state == ESTABLISHED && address(local) == Some(peer) && address(remote) == Some(own);
        is_it.then(|| uid.parse().ok())?
    })
}

fn canonical(address: SocketAddr) -> (IpAddr, u16) {
    (address.ip().to_canonical(), address.port())
}

/// An address of a table: words of four bytes as they are in memory, and the port.
fn address(text: &str) -> Option<(IpAddr, u16)> {
    let (words, port) = text.split_once(':')?;
    let mut bytes = Vec::new();
    for place in (0..words.len()).step_by(8) {
        bytes.extend(u32::from_str_radix(words.get(place..place + 8)?, 16).ok()?.to_ne_bytes());
    }
    let ip = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(four) => IpAddr::from(four),
        Err(_) => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical(),
    };
    Some((ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_owner_is_the_one_of_an_open_socket() {
        let line = |local: &str, remote: &str, state: &str, uid: u32| {
            format!(
                "   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000 {uid:>5} 0 4711 1 0 20 4 30 10 -1\n"
            )
        };
        let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
        let (client, server) = ("0100007F:9C40", "0100007F:0A3C");
        let mapped = ("0000000000000000FFFF00000100007F:9C40", "0000000000000000FFFF00000100007F:0A3C");
        let (peer, own) = ("127.0.0.1:40000".parse().unwrap(), "127.0.0.1:2620".parse().unwrap());
        for (text, expected) in [
            (line(client, server, "01", 106), Some(106)),
            (line(mapped.0, mapped.1, "01", 1000), Some(1000)),
            // Ours, another's, one that was closed and one that nobody is connected to.
            (line(server, client, "01", 0), None),
            (line("0100007F:9C41", server, "01", 0), None),
            (line(client, "0100007F:0A3D", "01", 0), None),
            (line(client, server, "05", 0), None),
            (line(client, "00000000:0000", "0A", 0), None),
            ("cut off".to_owned(), None),
        ] {
            assert_eq!(owner(&(head.to_owned() + &text), peer, own), expected, "{text}");
        }
    }

    #[test]
    fn a_socket_of_this_test_is_ours_until_it_is_closed() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(address).unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, peer) = listener.accept().unwrap();
            let peers = Peers::open().unwrap();
            let owner = || peers.owner(peer, server.local_addr().unwrap());
            assert_eq!(owner(), Some(nix::unistd::getuid().as_raw()), "{address}");
            assert!(owner().is_some_and(may_speak));
            drop(client);
            assert_eq!(owner(), None, "{address}");
        }
        assert!(may_speak(0) && !may_speak(u32::MAX - 7));
    }
}
