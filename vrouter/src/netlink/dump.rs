//! Asking Linux for all that there is of a kind.

use std::io;

use tokio::sync::mpsc;

use super::event::{Event, read};
use super::socket::Socket;
use super::wire::{HEADER, next_message};

const NLM_F_REQUEST: u16 = 1;
const NLM_F_DUMP: u16 = 0x300;
/// Something changed while the answer was made.
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;

/// What can be asked for, in the order in which one needs the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Links,
    Addresses,
    Neighbours,
    Routes,
}

impl Kind {
    /// Type of the request and bytes of its fixed header.
    fn request(self) -> (u16, usize) {
        match self {
            Self::Links => (18, 16),
            Self::Addresses => (22, 8),
            Self::Neighbours => (30, 12),
            Self::Routes => (26, 12),
        }
    }
}

/// How an answer was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Whole and of one moment.
    Whole,
    /// Something changed meanwhile, so that some may be left out: ask again.
    Interrupted,
}

/// Asks for all of a kind and hands it over. The answer is read page by page, as the kernel makes it when it is read.
pub(super) async fn dump(
    socket: &Socket,
    kind: Kind,
    sequence: u32,
    buffer: &mut Vec<u8>,
    to: &mpsc::Sender<Vec<Event>>,
) -> io::Result<Answer> {
    let (request, header) = kind.request();
    let length = HEADER + header;
    let mut bytes = u32::try_from(length).unwrap_or(0).to_ne_bytes().to_vec();
    bytes.extend(request.to_ne_bytes());
    bytes.extend((NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.resize(length, 0);
    socket.send(&bytes).await?;
    let mut answer = Answer::Whole;
    loop {
        socket.receive(buffer).await?;
        let (mut events, mut done) = (Vec::new(), false);
        let mut datagram = buffer.as_slice();
        while let Some(message) = next_message(&mut datagram) {
            let message = message.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            // Answers to requests before, as to a dump that was given up.
            if message.sequence != sequence {
                continue;
            }
            if message.flags & NLM_F_DUMP_INTR != 0 {
                answer = Answer::Interrupted;
            }
            match message.kind {
                NLMSG_DONE => done = true,
                NLMSG_ERROR => return Err(refusal(message.body)),
                _ => match read(&message) {
                    Ok(event) => events.extend(event),
                    Err(error) => tracing::debug!(%error, "left out of what Linux says"),
                },
            }
        }
        to.send(events).await.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        if done {
            return Ok(answer);
        }
    }
}

/// The error in an `NLMSG_ERROR`.
fn refusal(body: &[u8]) -> io::Error {
    let code = body.first_chunk::<4>().map_or(0, |code| i32::from_ne_bytes(*code));
    io::Error::from_raw_os_error(-code)
}
