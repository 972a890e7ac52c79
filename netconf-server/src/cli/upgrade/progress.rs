//! Showing how far an upgrade is: a bar on a terminal, objects when asked for JSON.

use std::io::{IsTerminal, stderr};

use daybreak_installer::{Event, Observer, Step};
use indicatif::{ProgressBar, ProgressStyle};

/// Tells the terminal, or standard output.
pub(super) struct Progress {
    json: bool,
    bar: Option<(Step, ProgressBar)>,
    last: Option<(Step, u8)>,
}

impl Progress {
    pub(super) fn new(json: bool) -> Self {
        Self { json, bar: None, last: None }
    }

    fn show_json(&mut self, event: &Event) {
        let now = (event.step, event.percent);
        if self.last.replace(now) != Some(now)
            && let Ok(line) = serde_json::to_string(event)
        {
            println!("{line}");
        }
    }

    fn show_bar(&mut self, event: &Event) {
        let Some(total) = event.total.filter(|_| stderr().is_terminal()) else { return };
        let bar = match self.bar.take() {
            Some((step, bar)) if step == event.step => bar,
            _ => new_bar(total, if event.step == Step::Verify { "verifying" } else { "writing" }),
        };
        bar.set_position(event.bytes.unwrap_or(0));
        self.bar = Some((event.step, bar));
    }
}

impl Observer for Progress {
    fn event(&mut self, event: &Event) {
        if self.json { self.show_json(event) } else { self.show_bar(event) }
    }
}

fn new_bar(total: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "  {msg:9} {bar:40} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}",
    );
    let bar = ProgressBar::new(total).with_message(what);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
