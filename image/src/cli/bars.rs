//! Progress for a person: a bar per step on a terminal, a line per step elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::Progress;

/// Standard error of the program.
pub(super) struct Console {
    terminal: bool,
    step: String,
    started: Instant,
    bar: ProgressBar,
}

const SPINNER: &str = "{spinner} {prefix:10} {elapsed:>4}  {wide_msg}";
const BAR: &str = "{spinner} {prefix:10} {elapsed:>4}  [{bar:30}] {bytes}/{total_bytes} {wide_msg}";

impl Console {
    /// With bars when `terminal` is set.
    pub(super) fn new(terminal: bool) -> Self {
        Self { terminal, step: String::new(), started: Instant::now(), bar: ProgressBar::hidden() }
    }
}

impl Progress for Console {
    fn start(&mut self, step: &str, total: Option<u64>) {
        step.clone_into(&mut self.step);
        self.started = Instant::now();
        if self.terminal {
            let (bar, template) = match total {
                Some(total) => (ProgressBar::new(total), BAR),
                None => (ProgressBar::new_spinner(), SPINNER),
            };
            let style = ProgressStyle::with_template(template);
            self.bar = bar.with_prefix(self.step.clone());
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar.enable_steady_tick(Duration::from_millis(200));
        }
    }

    fn advance(&mut self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn note(&mut self, text: &str) {
        if self.terminal {
            self.bar.set_message(text.to_owned());
        } else {
            eprintln!("{}: {text}", self.step);
        }
    }

    fn finish(&mut self, cached: bool) -> f64 {
        let seconds = self.started.elapsed().as_secs_f64();
        self.bar.finish_and_clear();
        self.bar = ProgressBar::hidden();
        let how = if cached { ", as before" } else { "" };
        eprintln!("{}: {seconds:.1} s{how}", self.step);
        seconds
    }
}
