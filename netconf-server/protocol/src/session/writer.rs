//! Messages to a stream.

use super::End;
use crate::framing::{Framing, MAX_CHUNK, encode};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Sends a message. The peer must take something of it within each `patience`: no more is held for it than this message.
///
/// # Errors
/// [`End::Slow`], [`End::Broken`], or [`End::Frame`] for a message that cannot be framed.
pub(super) async fn send<S: AsyncWrite + Unpin>(
    stream: &mut S,
    framing: Framing,
    message: &str,
    patience: Duration,
) -> Result<(), End> {
    // Small pieces go together, so that a small message is one packet.
    let mut buffer = Vec::with_capacity(message.len().min(MAX_CHUNK) + 64);
    for piece in encode(message, framing)? {
        if buffer.len() + piece.bytes().len() > MAX_CHUNK + 64 {
            write(stream, &buffer, patience).await?;
            buffer.clear();
        }
        buffer.extend_from_slice(piece.bytes());
    }
    write(stream, &buffer, patience).await?;
    timeout(patience, stream.flush()).await.map_err(|_| End::Slow(patience))??;
    Ok(())
}

async fn write<S: AsyncWrite + Unpin>(
    stream: &mut S,
    mut bytes: &[u8],
    patience: Duration,
) -> Result<(), End> {
    while !bytes.is_empty() {
        let written = timeout(patience, stream.write(bytes)).await.map_err(|_| End::Slow(patience))??;
        if written == 0 {
            return Err(End::Broken(std::io::ErrorKind::WriteZero.into()));
        }
        bytes = &bytes[written..];
    }
    Ok(())
}
