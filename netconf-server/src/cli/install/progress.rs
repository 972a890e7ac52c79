//! Showing progress: bars on a terminal, lines elsewhere, JSON when asked for.

use std::io::{IsTerminal, stderr};

use daybreak_installer::{Event, Observer, Reporter, Step};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Output;

/// Tells the terminal or standard output, and the provisioner when there is one.
pub(super) struct Progress {
    output: Output,
    bar: Option<ProgressBar>,
    reporter: Option<Reporter>,
    last_percent: Option<(Step, u8)>,
}

impl Progress {
    pub(super) fn new(output: Output, reporter: Option<Reporter>) -> Self {
        Self { output, bar: None, reporter, last_percent: None }
    }

    /// Tells everybody the end, the provisioner until it acknowledges.
    pub(super) fn finish(mut self, last: &Event) {
        self.show(last);
        if let Some(reporter) = self.reporter.take()
            && let Err(error) = reporter.finish(last)
        {
            eprintln!("vrouter: the provisioner did not take the last report: {error}");
        }
    }

    fn show(&mut self, event: &Event) {
        match self.output {
            Output::Json => self.show_json(event),
            Output::Text => self.show_text(event),
        }
    }

    fn show_json(&mut self, event: &Event) {
        let now = (event.step, event.percent);
        let repeats = event.bytes.is_some() && self.last_percent.replace(now) == Some(now);
        if !repeats && let Ok(line) = serde_json::to_string(event) {
            println!("{line}");
        }
    }

    fn show_text(&mut self, event: &Event) {
        match (event.total, &self.bar) {
            (Some(total), bar) if stderr().is_terminal() => {
                let bar = bar.clone().unwrap_or_else(|| new_bar(total));
                bar.set_position(event.bytes.unwrap_or(0));
                self.bar = Some(bar);
            }
            (Some(_), _) => {}
            (None, _) => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
                if let Some(message) = &event.message
                    && event.step != Step::Failed
                {
                    eprintln!("{message}");
                }
            }
        }
    }
}

impl Observer for Progress {
    fn event(&mut self, event: &Event) {
        self.show(event);
        if let Some(reporter) = &mut self.reporter {
            reporter.event(event);
        }
    }
}

fn new_bar(total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "  {bar:40} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}",
    );
    let bar = ProgressBar::new(total);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
