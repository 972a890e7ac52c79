//! Help from the tables and the schema.

use super::Shell;
use super::command::commands;

impl Shell {
    /// The commands of the mode.
    pub(super) fn commands_help(&self) -> String {
        let mut text: String =
            commands(self.mode()).iter().map(|command| line(command.name, command.help)).collect();
        text.push_str("\nWords may be cut short where that is clear. Quote blanks: \"to the peer\".\n");
        text.push_str("After a command: | set, text, json, xml, match TEXT, count.\n");
        text
    }

    /// What may come next, each with what it means.
    pub(super) fn help(&mut self, before: &str) -> String {
        let (_, offer) = self.offer(before);
        let mut text = offer.hint.map(|hint| format!("  {hint}\n")).unwrap_or_default();
        text.extend(offer.candidates.iter().map(|candidate| line(&candidate.text, &candidate.help)));
        if text.is_empty() {
            text.push_str("  <enter>  nothing more is known to come here\n");
        }
        text
    }
}

fn line(name: &str, help: &str) -> String {
    /// A line that fits the console of a server.
    const WIDTH: usize = 100;
    let line = format!("  {name:<24} {help}");
    let line = line.trim_end();
    if line.chars().count() <= WIDTH {
        return format!("{line}\n");
    }
    format!("{}...\n", line.chars().take(WIDTH - 3).collect::<String>().trim_end())
}
