//! Progress for a person: a bar on a terminal, a line for each tenth elsewhere.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Where progress goes.
#[derive(Debug)]
pub(crate) struct Console {
    kind: Kind,
    work: Mutex<Work>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Silent,
    Lines,
    Terminal,
}

#[derive(Debug)]
struct Work {
    bar: ProgressBar,
    total: u64,
    done: u64,
    tenths: u64,
    what: &'static str,
}

const BAR: &str = "{spinner} {prefix} {elapsed:>4}  [{bar:30}] {bytes}/{total_bytes}  {bytes_per_sec}";

impl Console {
    /// On standard error; with bars when `terminal` is set.
    pub(crate) fn new(terminal: bool) -> Self {
        Self::of(if terminal { Kind::Terminal } else { Kind::Lines })
    }

    /// Says nothing.
    #[cfg(test)]
    pub(crate) fn silent() -> Self {
        Self::of(Kind::Silent)
    }

    fn of(kind: Kind) -> Self {
        let work = Work { bar: ProgressBar::hidden(), total: 0, done: 0, tenths: 0, what: "" };
        Self { kind, work: Mutex::new(work) }
    }

    /// Work of `total` bytes begins.
    pub(crate) fn start(&self, what: &'static str, total: u64) {
        let mut state = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = if self.kind == Kind::Terminal {
            let bar = ProgressBar::new(total).with_prefix(what);
            bar.set_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        } else {
            ProgressBar::hidden()
        };
        *state = Work { bar, total, done: 0, tenths: 0, what };
    }

    /// More bytes are done.
    pub(crate) fn advance(&self, bytes: u64) {
        let mut state = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        state.bar.inc(bytes);
        state.done += bytes;
        let tenths = state.done * 10 / state.total.max(1);
        if tenths > state.tenths {
            state.tenths = tenths;
            if self.kind == Kind::Lines {
                eprintln!("{}: {} %", state.what, tenths * 10);
            }
        }
    }

    /// The work is over, well or not.
    pub(crate) fn finish(&self) {
        let mut state = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        state.bar.finish_and_clear();
        state.bar = ProgressBar::hidden();
    }

    /// Something that the operator should know now.
    pub(crate) fn note(&self, text: &str) {
        if self.kind != Kind::Silent {
            let state = self.work.lock().unwrap_or_else(PoisonError::into_inner);
            state.bar.suspend(|| eprintln!("{text}"));
        }
    }
}
