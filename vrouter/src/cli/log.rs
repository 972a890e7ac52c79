//! The log on stderr: for people with a time, for the journal with a priority.

use std::io::{self, Write};
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Puts the priority of sd-daemon(3) before each line; the journal adds the time itself.
struct Journal;

/// One line's writer.
struct Line(&'static str);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        io::stderr().lock().write_all(&[self.0.as_bytes(), bytes].concat())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Journal {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line("<6>")
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line {
        Line(priority(*metadata.level()))
    }
}

/// Priorities of syslog: 3 error, 4 warning, 6 information, 7 debug.
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        _ => "<7>",
    }
}

/// Starts logging; `RUST_LOG` chooses what, `info` is the default.
pub(super) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_ansi(false);
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        log.without_time().with_level(false).with_writer(Journal).init();
    } else {
        log.with_writer(io::stderr).init();
    }
}
