//! gzip (RFC 1952), one member without name and time, compressed in parts side by side: the parts have a fixed size, so
//! the bytes do not depend on the number of threads.

use std::io::{self, Write};
use std::num::NonZeroUsize;

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use crate::FormatError;

/// Bytes of a part.
const PART: usize = 1 << 20;
/// What is in an image is compressed already.
const LEVEL: u32 = 1;
/// Deflate, no flags, no time, no extra flags, unknown system.
const HEADER: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

/// Compresses what is written to it; [`Gzip::finish`] ends the stream.
pub struct Gzip<W> {
    out: W,
    threads: NonZeroUsize,
    crc: Crc,
    waiting: Vec<u8>,
}

impl<W: Write> Gzip<W> {
    /// Starts a stream.
    ///
    /// # Errors
    /// [`FormatError::Io`] when writing fails.
    pub fn new(mut out: W, threads: NonZeroUsize) -> Result<Self, FormatError> {
        out.write_all(&HEADER).map_err(FormatError::io("write the gzip file"))?;
        Ok(Self { out, threads, crc: Crc::new(), waiting: Vec::with_capacity(PART * threads.get()) })
    }

    /// Ends the stream and gives the writer back.
    ///
    /// # Errors
    /// [`FormatError::Io`] when writing fails.
    pub fn finish(mut self) -> Result<W, FormatError> {
        let writing = || FormatError::io("write the gzip file");
        self.compress_waiting().map_err(writing())?;
        let mut end = part(&[], FlushCompress::Finish).map_err(writing())?;
        end.extend(self.crc.sum().to_le_bytes());
        end.extend(self.crc.amount().to_le_bytes());
        self.out.write_all(&end).map_err(writing())?;
        self.out.flush().map_err(writing())?;
        Ok(self.out)
    }

    fn compress_waiting(&mut self) -> io::Result<()> {
        let parts: Vec<_> = std::thread::scope(|scope| {
            let spawn = |bytes| scope.spawn(move || part(bytes, FlushCompress::Sync));
            let workers: Vec<_> = self.waiting.chunks(PART).map(spawn).collect();
            workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        for part in parts {
            match part {
                Ok(part) => self.out.write_all(&part?)?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        self.waiting.clear();
        Ok(())
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let room = PART * self.threads.get() - self.waiting.len();
        let taken = &buf[..buf.len().min(room)];
        self.waiting.extend_from_slice(taken);
        self.crc.update(taken);
        if self.waiting.len() == PART * self.threads.get() {
            self.compress_waiting()?;
        }
        Ok(taken.len())
    }

    /// Nothing: a part is compressed when it is whole.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One part as a run of deflate blocks that ends at a byte.
fn part(bytes: &[u8], flush: FlushCompress) -> io::Result<Vec<u8>> {
    let mut compress = Compress::new(Compression::new(LEVEL), false);
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 64 + 1024);
    loop {
        let from = usize::try_from(compress.total_in()).unwrap_or(usize::MAX);
        let status = compress.compress_vec(&bytes[from..], &mut out, flush).map_err(io::Error::other)?;
        let all_in = compress.total_in() == bytes.len() as u64;
        // With room left in the output, everything has been flushed.
        if status == Status::StreamEnd || (all_in && out.len() < out.capacity()) {
            return Ok(out);
        }
        out.reserve(1 << 16);
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn gzip(bytes: &[u8], threads: usize) -> Vec<u8> {
        let mut gzip = Gzip::new(Vec::new(), NonZeroUsize::new(threads).unwrap()).unwrap();
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn gunzip_gives_the_same_bytes_whatever_the_number_of_threads() {
        let noise = |n: u32| (0..n).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[3]);
        for bytes in
            [Vec::new(), b"short".to_vec(), vec![0; PART], noise(5_000_000).collect(), vec![7; 3 * PART + 1]]
        {
            let packed = gzip(&bytes, 1);
            assert!(packed == gzip(&bytes, 3));
            let mut child = Command::new("gzip")
                .args(["-dc"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = child.stdin.take().unwrap();
            let feeder = std::thread::spawn(move || stdin.write_all(&packed).unwrap());
            let output = child.wait_with_output().unwrap();
            feeder.join().unwrap();
            assert!(output.status.success() && output.stdout == bytes, "{} bytes", bytes.len());
        }
    }
}
