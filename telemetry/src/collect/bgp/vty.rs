//! One question to a daemon of FRR on its vty socket, as vtysh asks it.
//!
//! A question ends with a zero byte; the answer is text, three zero bytes and a status. A new connection is in view mode and
//! stays there, because no `enable` is sent: whatever went wrong here, the daemon would refuse to change anything. Asking
//! like this instead of starting vtysh costs no process, and needs no right to FRR's configuration files.

use std::io;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// The daemon gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum VtyError {
    /// The socket cannot be used.
    #[error("{0}; is the daemon running, and is this user in the group frrvty?")]
    Connect(io::Error),
    /// The connection broke.
    #[error("{0}")]
    Broken(io::Error),
    /// The daemon closed the connection in the middle of its answer.
    #[error("the answer ends after {0} bytes")]
    Short(usize),
    /// The answer is longer than is read.
    #[error("the answer is longer than {0} bytes")]
    Long(usize),
    /// The daemon did not do it.
    #[error("status {status}: {text}")]
    Refused {
        /// As FRR numbers it (`CMD_*` of its lib/command.h).
        status: u8,
        /// The daemon's words, cut to 200 characters.
        text: String,
    },
}

/// The status that stands for success.
const SUCCESS: u8 = 0;

/// The answer to a question, at most `most` bytes of it.
pub(super) async fn ask(socket: &Path, question: &str, most: usize) -> Result<String, VtyError> {
    let mut stream = UnixStream::connect(socket).await.map_err(VtyError::Connect)?;
    stream.write_all(&[question.as_bytes(), b"\0"].concat()).await.map_err(VtyError::Broken)?;
    let mut answer = Vec::new();
    let status = loop {
        if let Some(status) = status(&answer) {
            break status;
        }
        if answer.len() > most {
            return Err(VtyError::Long(most));
        }
        if stream.read_buf(&mut answer).await.map_err(VtyError::Broken)? == 0 {
            return Err(VtyError::Short(answer.len()));
        }
    };
    answer.truncate(answer.len() - 4);
    // A description may be in any encoding.
    let text = String::from_utf8_lossy(&answer);
    if status != SUCCESS {
        return Err(VtyError::Refused { status, text: text.trim().chars().take(200).collect() });
    }
    Ok(text.into_owned())
}

/// The status, if the answer is whole. Text has no zero bytes.
fn status(answer: &[u8]) -> Option<u8> {
    match answer {
        [.., 0, 0, 0, status] => Some(*status),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{VtyError, ask};
    use std::path::Path;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixListener;

    /// What is made of an answer that comes in these pieces. Real daemons are asked in `tests/bgp.rs`; this is for what
    /// they cannot be made to do.
    async fn made_of(pieces: &'static [&'static [u8]]) -> Result<String, VtyError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vty");
        let listener = UnixListener::bind(&path).unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = [0; 5];
            stream.read_exact(&mut question).await.unwrap();
            assert_eq!(&question, b"show\0");
            for piece in pieces {
                // The other side may have had enough.
                let _ = stream.write_all(piece).await;
                tokio::task::yield_now().await;
            }
        });
        let outcome = ask(&path, "show", 16).await;
        server.await.unwrap();
        outcome
    }

    #[tokio::test]
    async fn an_answer_ends_with_its_status() {
        assert_eq!(made_of(&[b"{}\n\0\0\0\0"]).await.unwrap(), "{}\n");
        assert_eq!(made_of(&[b"{", b"}\0", b"\0\0", b"\0"]).await.unwrap(), "{}");
        assert_eq!(made_of(&[b"\0\0\0\0"]).await.unwrap(), "");
        assert_eq!(made_of(&[b"\xff\0\0\0\0"]).await.unwrap(), "\u{fffd}");
    }

    #[tokio::test]
    async fn what_is_no_answer_is_an_error() {
        let cases: [(&'static [&'static [u8]], &str); 4] = [
            (&[b"% no\n\0\0\0\x02"], "status 2: % no"),
            (&[b"{\"a"], "the answer ends after 3 bytes"),
            (&[], "the answer ends after 0 bytes"),
            (&[b"12345678901234567890"], "the answer is longer than 16 bytes"),
        ];
        for (pieces, expected) in cases {
            assert_eq!(made_of(pieces).await.unwrap_err().to_string(), expected);
        }
    }

    #[tokio::test]
    async fn nobody_there_is_an_error() {
        let error = ask(Path::new("/nonexistent/vty"), "show", 16).await.unwrap_err();
        assert!(error.to_string().contains("frrvty"), "{error}");
    }
}
