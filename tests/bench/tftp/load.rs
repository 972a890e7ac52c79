//! A TFTP client for load: one stream as fast as it goes, or many sessions at once from one thread.
//!
//! It shares no code with the server. It reads and acknowledges as RFC 1350, 2347 and 7440 say and repeats its last
//! packet when nothing comes.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};

/// Silence after which the last packet is sent again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Repetitions of one packet before a fetch is given up.
const REPETITIONS: u32 = 20;

/// What to fetch, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) server: SocketAddr,
    pub(crate) name: &'a str,
    pub(crate) blksize: usize,
    pub(crate) windowsize: u64,
    /// The content, to compare each block with.
    pub(crate) content: &'a [u8],
}

/// How a fetch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) bytes: usize,
    pub(crate) elapsed: Duration,
    /// Packets that this client had to send again.
    pub(crate) repeated: u32,
    /// What the server granted.
    pub(crate) blksize: usize,
    pub(crate) windowsize: u64,
}

/// One fetch.
struct Fetch<'a> {
    job: Job<'a>,
    socket: UdpSocket,
    connected: bool,
    blksize: usize,
    windowsize: u64,
    received: usize,
    blocks: u64,
    unacknowledged: u64,
    last_sent: Vec<u8>,
    repeated: u32,
    repetitions: u32,
    started: Instant,
    heard: Instant,
}

impl<'a> Fetch<'a> {
    fn start(job: Job<'a>, local: &str) -> io::Result<Self> {
        let socket = UdpSocket::bind((local, 0))?;
        let blksize = Some(job.blksize).filter(|&size| size != 512);
        let windowsize = Some(job.windowsize).filter(|&blocks| blocks != 1);
        let request = format!(
            "\0\u{1}{}\0octet\0{}{}",
            job.name,
            blksize.map(|size| format!("blksize\0{size}\0")).unwrap_or_default(),
            windowsize.map(|blocks| format!("windowsize\0{blocks}\0")).unwrap_or_default(),
        );
        let now = Instant::now();
        socket.send_to(request.as_bytes(), job.server)?;
        Ok(Self {
            job,
            socket,
            connected: false,
            blksize: 512,
            windowsize: 1,
            received: 0,
            blocks: 0,
            unacknowledged: 0,
            last_sent: request.into_bytes(),
            repeated: 0,
            repetitions: 0,
            started: now,
            heard: now,
        })
    }

    /// Takes what the socket has; true when the fetch is complete.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let len = if self.connected {
            self.socket.recv(buffer)?
        } else {
            let (len, server) = self.socket.recv_from(buffer)?;
            self.socket.connect(server)?;
            self.connected = true;
            len
        };
        self.heard = Instant::now();
        self.packet(&buffer[..len])
    }

    fn packet(&mut self, bytes: &[u8]) -> io::Result<bool> {
        match bytes {
            [0, 3, high, low, data @ ..] => self.data(u16::from_be_bytes([*high, *low]), data),
            [0, 6, options @ ..] if self.blocks == 0 => {
                let mut words = options.split(|&byte| byte == 0);
                while let (Some(option), Some(value)) = (words.next(), words.next()) {
                    let value = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                    match (option, value) {
                        (b"blksize", Some(value)) => self.blksize = value,
                        (b"windowsize", Some(value)) => self.windowsize = value as u64,
                        _ => {}
                    }
                }
                self.acknowledge()?;
                Ok(false)
            }
            [0, 6, ..] => Ok(false),
            _ => Err(io::Error::other(format!("the server sent {}", bytes.escape_ascii()))),
        }
    }

    fn data(&mut self, block: u16, data: &[u8]) -> io::Result<bool> {
        let [.., high, low] = (self.blocks + 1).to_be_bytes();
        if block != u16::from_be_bytes([high, low]) {
            // A gap or a repetition. In lockstep an old block is not acknowledged again: the server repeats itself.
            if self.windowsize > 1 && self.unacknowledged > 0 {
                self.acknowledge()?;
            }
            return Ok(false);
        }
        let end = self.received + data.len();
        if self.job.content.get(self.received..end) != Some(data) {
            return Err(io::Error::other(format!("wrong bytes at {}", self.received)));
        }
        self.received = end;
        self.blocks += 1;
        self.unacknowledged += 1;
        let done = data.len() < self.blksize;
        if done || self.unacknowledged >= self.windowsize {
            self.acknowledge()?;
        }
        Ok(done)
    }

    fn acknowledge(&mut self) -> io::Result<()> {
        let [.., high, low] = self.blocks.to_be_bytes();
        self.unacknowledged = 0;
        self.repetitions = 0;
        self.last_sent.clear();
        self.last_sent.extend([0, 4, high, low]);
        self.socket.send(&self.last_sent).map(drop)
    }

    /// Nothing came for a while.
    fn repeat(&mut self) -> io::Result<()> {
        self.repetitions += 1;
        if self.repetitions > REPETITIONS {
            return Err(io::Error::other(format!("no answer after {} blocks", self.blocks)));
        }
        self.repeated += 1;
        self.heard = Instant::now();
        if self.connected {
            if self.blocks > 0 {
                self.unacknowledged = 0;
                let [.., high, low] = self.blocks.to_be_bytes();
                self.last_sent.clear();
                self.last_sent.extend([0, 4, high, low]);
            }
            self.socket.send(&self.last_sent).map(drop)
        } else {
            self.socket.send_to(&self.last_sent, self.job.server).map(drop)
        }
    }

    fn ended(&self) -> io::Result<Fetched> {
        if self.received != self.job.content.len() {
            return Err(io::Error::other(format!("ended after {} bytes", self.received)));
        }
        Ok(Fetched {
            bytes: self.received,
            elapsed: self.started.elapsed(),
            repeated: self.repeated,
            blksize: self.blksize,
            windowsize: self.windowsize,
        })
    }
}

/// Fetches once, waiting in the system call for each packet.
pub(crate) fn fetch(job: Job<'_>) -> io::Result<Fetched> {
    let mut fetch = Fetch::start(job, "127.0.0.1")?;
    fetch.socket.set_read_timeout(Some(PATIENCE))?;
    let mut buffer = vec![0; 65_536];
    loop {
        match fetch.receive(&mut buffer) {
            Ok(true) => return fetch.ended(),
            Ok(false) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => fetch.repeat()?,
            Err(error) => return Err(error),
        }
    }
}

/// Fetches the same thing `sessions` times at once; gives each session's end. All requests go out before any answer is
/// taken.
pub(crate) fn fetch_many(job: Job<'_>, sessions: usize) -> io::Result<Vec<io::Result<Fetched>>> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let mut running = Vec::with_capacity(sessions);
    for index in 0..sessions {
        // One address per 256 sessions, as limits per address are common.
        let fetch = Fetch::start(job, &format!("127.0.1.{}", 1 + index / 256))?;
        fetch.socket.set_nonblocking(true)?;
        epoll.add(&fetch.socket, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
        running.push(Some(fetch));
    }
    let mut ended: Vec<io::Result<Fetched>> = Vec::with_capacity(sessions);
    let mut ready = [EpollEvent::empty(); 256];
    let mut buffer = vec![0; 65_536];
    let mut looked = Instant::now();
    while ended.len() < sessions {
        let count = epoll.wait(&mut ready, 100_u8)?;
        for event in &ready[..count] {
            let slot = &mut running[usize::try_from(event.data()).unwrap_or(usize::MAX)];
            let Some(fetch) = slot else { continue };
            match fetch.receive(&mut buffer) {
                Ok(false) => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Ok(true) => ended.push(fetch.ended()),
                Err(error) => ended.push(Err(error)),
            }
            *slot = None;
        }
        if looked.elapsed() >= PATIENCE / 10 {
            looked = Instant::now();
            for slot in &mut running {
                if let Some(fetch) = slot
                    && fetch.heard.elapsed() >= PATIENCE
                    && let Err(error) = fetch.repeat()
                {
                    ended.push(Err(error));
                    *slot = None;
                }
            }
        }
    }
    Ok(ended)
}
