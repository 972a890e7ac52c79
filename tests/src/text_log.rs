//! A growing text (a serial console, a daemon's log) that tests wait on.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{LabError, Result};
use crate::patience::Patience;
use crate::plain_text::PlainText;

/// Text kept in memory; the file keeps all of it.
const KEPT: usize = 4 << 20;

/// A place in the text, counted in bytes since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Mark(usize);

#[derive(Default)]
struct Held {
    /// Bytes dropped from the front.
    dropped: usize,
    text: String,
    ended: bool,
}

impl Held {
    fn push(&mut self, more: &str) {
        self.text.push_str(more);
        if self.text.len() > KEPT {
            let cut = self.text.ceil_char_boundary(self.text.len() - KEPT / 2);
            self.text.drain(..cut);
            self.dropped += cut;
        }
    }

    fn since(&self, mark: Mark) -> &str {
        let from = mark.0.saturating_sub(self.dropped).min(self.text.len());
        &self.text[self.text.floor_char_boundary(from)..]
    }

    /// First of `needles` after `mark`: its index, and the place after it.
    fn find(&self, mark: Mark, needles: &[&str]) -> Option<(usize, Mark)> {
        let text = self.since(mark);
        let start = self.dropped + self.text.len() - text.len();
        needles
            .iter()
            .enumerate()
            .filter_map(|(i, needle)| text.find(needle).map(|at| (at, i, at + needle.len())))
            .min()
            .map(|(_, i, end)| (i, Mark(start + end)))
    }
}

/// Handle to the text; clones share it.
#[derive(Clone)]
pub struct TextLog {
    name: Arc<str>,
    shared: Arc<(Mutex<Held>, Condvar)>,
}

impl TextLog {
    /// Follows `source` until it ends, on a thread of its own. The raw bytes go to `file`, appended; waiting sees them
    /// as plain lines without terminal escapes.
    ///
    /// # Errors
    /// When `file` cannot be opened or the thread cannot be started.
    pub fn follow(name: &str, source: impl Read + Send + 'static, file: &Path) -> Result<Self> {
        let opened = std::fs::File::options().append(true).create(true).open(file);
        let sink = opened.map_err(|source| LabError::File { doing: "open", path: file.into(), source })?;
        let log = Self { name: name.into(), shared: Arc::default() };
        let writer = log.clone();
        std::thread::Builder::new()
            .name(format!("log {name}"))
            .spawn(move || writer.run(source, sink))
            .map_err(|source| LabError::Start { program: format!("log thread of {name}"), source })?;
        Ok(log)
    }

    fn run(&self, mut source: impl Read, mut sink: std::fs::File) {
        let mut plain = PlainText::default();
        let mut buffer = [0; 8192];
        loop {
            let n = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            // A full disk must not end the test's own view of the console.
            let _ = sink.write_all(&buffer[..n]);
            let text = plain.feed(&buffer[..n]);
            self.lock().push(&text);
            self.shared.1.notify_all();
        }
        self.lock().ended = true;
        self.shared.1.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present end of the text.
    pub fn mark(&self) -> Mark {
        let held = self.lock();
        Mark(held.dropped + held.text.len())
    }

    /// Everything after `mark` that is still in memory.
    pub fn since(&self, mark: Mark) -> String {
        self.lock().since(mark).to_owned()
    }

    /// The last `lines` lines.
    pub fn tail(&self, lines: usize) -> String {
        last_lines(&self.lock().text, lines)
    }

    /// Waits until `needle` stands after `mark`, and gives the place after it.
    ///
    /// # Errors
    /// [`LabError::TimedOut`], or [`LabError::Ended`] when the writer is gone without having said it.
    pub fn wait_for(&self, mark: Mark, needle: &str, patience: Patience) -> Result<Mark> {
        self.wait_for_any(mark, &[needle], patience).map(|(_, mark)| mark)
    }

    /// Waits for the first of several texts: gives its index, and the place after it.
    ///
    /// # Errors
    /// As [`TextLog::wait_for`].
    pub fn wait_for_any(
        &self,
        mark: Mark,
        needles: &[&str],
        mut patience: Patience,
    ) -> Result<(usize, Mark)> {
        let awaited = || format!("{needles:?} in {}", self.name);
        let mut held = self.lock();
        loop {
            if let Some(found) = held.find(mark, needles) {
                return Ok(found);
            }
            let seen = last_lines(&held.text, 30);
            if held.ended {
                return Err(LabError::Ended { watched: self.name.to_string(), awaited: awaited(), seen });
            }
            let Some(wait) = patience.next_wait(Duration::from_secs(1)) else {
                return Err(LabError::TimedOut { awaited: awaited(), waited: patience.waited(), seen });
            };
            held = self.shared.1.wait_timeout(held, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn last_lines(text: &str, lines: usize) -> String {
    let text = text.trim_end();
    let from = text.rmatch_indices('\n').nth(lines.saturating_sub(1)).map_or(0, |(at, _)| at + 1);
    text[from..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(pieces: &[&str]) -> (TextLog, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let bytes = std::io::Cursor::new(pieces.concat().into_bytes());
        (TextLog::follow("console", bytes, &dir.path().join("log")).unwrap(), dir)
    }

    #[test]
    fn waiting_goes_on_from_the_mark() {
        let (log, _dir) = log_of(&["login: one\n", "login: two\n"]);
        let first = log.wait_for(Mark::default(), "login: ", Patience::secs(20)).unwrap();
        let second = log.wait_for(first, "login: ", Patience::secs(20)).unwrap();
        assert!(log.since(second).starts_with("two"));
    }

    #[test]
    fn the_earliest_of_several_texts_wins() {
        let (log, _dir) = log_of(&["Kernel panic, later login:"]);
        let found =
            log.wait_for_any(Mark::default(), &["login:", "Kernel panic"], Patience::secs(20)).unwrap();
        assert_eq!(found.0, 1);
    }

    #[test]
    fn the_end_of_the_writer_ends_the_wait() {
        let (log, _dir) = log_of(&["bye\n"]);
        let error = log.wait_for(Mark::default(), "login:", Patience::secs(600)).unwrap_err();
        assert!(matches!(&error, LabError::Ended { seen, .. } if seen == "bye"), "{error}");
    }

    #[test]
    fn silence_ends_the_wait_and_says_what_was_awaited() {
        let dir = tempfile::tempdir().unwrap();
        let (reader, _writer) = std::io::pipe().unwrap();
        let log = TextLog::follow("console of r1", reader, &dir.path().join("log")).unwrap();
        let error =
            log.wait_for(Mark::default(), "login:", Patience::new(Duration::from_millis(5))).unwrap_err();
        assert!(error.to_string().contains("[\"login:\"] in console of r1"), "{error}");
    }

    #[test]
    fn old_text_is_dropped_and_marks_stay_true() {
        let mut held = Held::default();
        for i in 0..(KEPT / 8) {
            held.push(&format!("{i:07}\n"));
        }
        let mark = Mark(held.dropped + held.text.len());
        held.push("the end");
        assert!(held.text.len() <= KEPT, "bounded");
        assert_eq!(held.since(mark), "the end");
    }

    #[test]
    fn the_tail_is_whole_lines() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a", 5), "a");
    }
}
