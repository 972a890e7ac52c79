//! One transfer as a state machine: packets and timeouts in, packets to send out. It has no clock and no socket.

use std::time::Duration;

use crate::Limits;
use crate::options::Agreed;

/// What to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Burst {
    /// The OACK.
    Oack,
    /// Blocks in a row.
    Blocks {
        /// Number of the first, counted from 1 without wrapping.
        first: u64,
        /// Number of the last.
        last: u64,
    },
}

/// What an input leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing; the running timeout goes on.
    Wait,
    /// Send this and start the timeout of [`Transfer::wait`].
    Send(Burst),
    /// The client has acknowledged all of it.
    Finished,
    /// The client did not answer often enough.
    GivenUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The OACK is out and not acknowledged.
    Opening,
    /// The first window is out without an OACK before it, and nothing is acknowledged.
    Unanswered,
    /// The client has answered.
    Running,
}

/// The server's side of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    blksize: u64,
    windowsize: u64,
    len: u64,
    /// Number of the last block, which is shorter than the others and may be empty.
    last: u64,
    phase: Phase,
    /// Last block that was acknowledged.
    acked: u64,
    /// Last block that was sent.
    sent: u64,
    /// What follows `acked` was sent more than once since the last timeout.
    repeated: bool,
    tries: u32,
    retries: u32,
    timeout: Duration,
    backoff: bool,
    resent: u64,
}

impl Transfer {
    /// A transfer of `len` bytes, and what to send first.
    pub fn start(len: u64, agreed: &Agreed, limits: &Limits) -> (Self, Burst) {
        let blksize = u64::from(agreed.blksize.max(1));
        let mut transfer = Self {
            blksize,
            windowsize: u64::from(agreed.windowsize.max(1)),
            len,
            // "A data packet of 0 to 511 bytes signals the end": a multiple of the block size needs an empty one.
            last: len / blksize + 1,
            phase: if agreed.oack.is_some() { Phase::Opening } else { Phase::Unanswered },
            acked: 0,
            sent: 0,
            repeated: false,
            tries: 0,
            retries: limits.retries,
            timeout: agreed.timeout.unwrap_or(limits.timeout),
            backoff: agreed.timeout.is_none(),
            resent: 0,
        };
        let burst = if transfer.opening() { Burst::Oack } else { transfer.window() };
        (transfer, burst)
    }

    /// Takes an ACK of the block whose number has these low 16 bits.
    pub fn ack(&mut self, block: u16) -> Step {
        if self.opening() {
            if block != 0 {
                return Step::Wait;
            }
            self.phase = Phase::Running;
            self.tries = 0;
            return Step::Send(self.window());
        }
        let [.., high, low] = self.acked.to_be_bytes();
        let ahead = u64::from(block.wrapping_sub(u16::from_be_bytes([high, low])));
        if ahead > self.sent - self.acked {
            // Of an earlier window, late; or of a block that was never sent.
            return Step::Wait;
        }
        if ahead == 0 {
            // In lockstep a repeated ACK must not repeat the block: that is the Sorcerer's Apprentice (RFC 1123, section
            // 4.2.3.1). With windows it is how a client tells that the first block of a window was lost (RFC 7440,
            // section 4), so it is heard, but only once until there is progress or a timeout.
            if self.windowsize == 1 || self.repeated {
                return Step::Wait;
            }
            self.repeated = true;
            return self.repeat();
        }
        self.phase = Phase::Running;
        self.acked += ahead;
        self.tries = 0;
        if self.acked == self.last {
            return Step::Finished;
        }
        // An ACK inside the window tells of a gap behind it. What follows the gap is on its way twice now, and the
        // client may tell of it again.
        self.repeated = self.acked < self.sent;
        if self.repeated { self.repeat() } else { Step::Send(self.window()) }
    }

    /// The time of [`Transfer::wait`] has passed since the last send.
    pub fn timed_out(&mut self) -> Step {
        if self.tries >= self.retries {
            return Step::GivenUp;
        }
        self.tries += 1;
        self.repeated = false;
        if self.opening() {
            self.resent += 1;
            return Step::Send(Burst::Oack);
        }
        self.repeat()
    }

    fn repeat(&mut self) -> Step {
        self.resent += self.sent - self.acked;
        Step::Send(self.window())
    }

    fn window(&mut self) -> Burst {
        self.sent = (self.acked + self.windowsize).min(self.last);
        Burst::Blocks { first: self.acked + 1, last: self.sent }
    }

    /// How long to wait for an answer to what was sent last. A negotiated timeout is kept, another doubles with each
    /// repetition up to eight times its length.
    pub fn wait(&self) -> Duration {
        if self.backoff { self.timeout * (1 << self.tries.min(3)) } else { self.timeout }
    }

    /// The shortest that [`Transfer::wait`] can become.
    pub fn first_wait(&self) -> Duration {
        self.timeout
    }

    /// Where block `number` lies in the content: offset and length in bytes.
    pub fn block(&self, number: u64) -> (u64, u64) {
        let offset = (number.saturating_sub(1) * self.blksize).min(self.len);
        (offset, (self.len - offset).min(self.blksize))
    }

    /// Whether the client has answered anything yet.
    pub fn answered(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Whether the OACK is still unanswered.
    pub fn opening(&self) -> bool {
        self.phase == Phase::Opening
    }

    /// Whether all blocks were sent at least once.
    pub fn all_sent(&self) -> bool {
        self.sent == self.last
    }

    /// Bytes that the client has acknowledged.
    pub fn acked_bytes(&self) -> u64 {
        (self.acked * self.blksize).min(self.len)
    }

    /// Packets that were sent more than once.
    pub fn resent(&self) -> u64 {
        self.resent
    }
}

#[cfg(test)]
mod tests;
