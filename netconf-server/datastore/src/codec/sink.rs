//! From text to bytes.

use std::{fmt, io};

/// Lets the writers write to files and sockets. `fmt` has only one error, so the cause is kept here.
#[derive(Debug)]
pub struct IoSink<W> {
    inner: W,
    error: Option<io::Error>,
}

impl<W: io::Write> IoSink<W> {
    /// Writes go to `inner`, each as it comes: give a buffered one.
    pub fn new(inner: W) -> Self {
        Self { inner, error: None }
    }

    /// What the text was written to.
    ///
    /// # Errors
    /// The error that ended the writing.
    pub fn finish(self, result: fmt::Result) -> io::Result<W> {
        match (result, self.error) {
            (_, Some(error)) => Err(error),
            (Err(fmt::Error), None) => Err(io::Error::other("the text could not be formatted")),
            (Ok(()), None) => Ok(self.inner),
        }
    }
}

impl<W: io::Write> fmt::Write for IoSink<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.inner.write_all(text.as_bytes()).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}
