//! Messages from a stream.

use super::End;
use crate::framing::{Decoder, Framing, Limits};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes read at once.
const BUFFER: usize = 64 << 10;

/// What came in and was not used yet, and the message that is not complete.
#[derive(Debug)]
pub(super) struct Reader {
    decoder: Decoder,
    buffer: Box<[u8]>,
    begin: usize,
    end: usize,
}

impl Reader {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            decoder: Decoder::new(Framing::EndOfMessage, limits),
            buffer: vec![0; BUFFER].into_boxed_slice(),
            begin: 0,
            end: 0,
        }
    }

    pub(super) fn switch(&mut self, framing: Framing) {
        self.decoder.switch(framing);
    }

    /// The next message. If the future is dropped, nothing that came in is lost.
    ///
    /// # Errors
    /// [`End::HungUp`], [`End::Frame`] or [`End::Broken`].
    pub(super) async fn message<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> Result<String, End> {
        loop {
            if self.begin < self.end {
                let (taken, message) = self.decoder.decode(&self.buffer[self.begin..self.end])?;
                self.begin += taken;
                if let Some(message) = message {
                    return Ok(message);
                }
            }
            (self.begin, self.end) = (0, 0);
            self.end = stream.read(&mut self.buffer).await?;
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
