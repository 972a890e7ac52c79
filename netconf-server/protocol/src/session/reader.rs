//! Messages from a stream.

use super::End;
use crate::framing::{Decoder, Framing, Limits};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout_at};

/// Bytes read at once.
const BUFFER: usize = 64 << 10;

/// What came in and was not used yet, and the message that is not complete.
#[derive(Debug)]
pub(super) struct Reader {
    decoder: Decoder,
    buffer: Box<[u8]>,
    begin: usize,
    end: usize,
    /// Time for a message from its first byte on.
    whole: Option<Duration>,
}

impl Reader {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            decoder: Decoder::new(Framing::EndOfMessage, limits),
            buffer: vec![0; BUFFER].into_boxed_slice(),
            begin: 0,
            end: 0,
            whole: None,
        }
    }

    /// Sets a time in which a message must be there from its first byte on.
    pub(super) fn within(self, whole: Duration) -> Self {
        Self { whole: Some(whole), ..self }
    }

    pub(super) fn switch(&mut self, framing: Framing) {
        self.decoder.switch(framing);
    }

    /// The next message. If the future is dropped, nothing that came in is lost.
    ///
    /// # Errors
    /// [`End::HungUp`], [`End::Unfinished`], [`End::Frame`] or [`End::Broken`].
    pub(super) async fn message<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> Result<String, End> {
        let mut deadline = None;
        loop {
            if self.begin < self.end {
                let (taken, message) = self.decoder.decode(&self.buffer[self.begin..self.end])?;
                self.begin += taken;
                if let Some(message) = message {
                    return Ok(message);
                }
            }
            (self.begin, self.end) = (0, 0);
            let read = stream.read(&mut self.buffer);
            self.end = match self.whole {
                Some(whole) if !self.decoder.is_between_messages() => {
                    let deadline = *deadline.get_or_insert_with(|| Instant::now() + whole);
                    timeout_at(deadline, read).await.map_err(|_| End::Unfinished(whole))??
                }
                _ => read.await?,
            };
            if self.end == 0 {
                return Err(if self.decoder.is_between_messages() {
                    End::HungUp
                } else {
                    End::Broken(std::io::ErrorKind::UnexpectedEof.into())
                });
            }
        }
    }
}
