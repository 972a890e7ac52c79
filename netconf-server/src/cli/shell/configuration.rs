//! The commands of configuration mode.

use std::io::Write;

use daybreak_datastore::tree::{InstancePath, Tree};

use super::operational::none;
use super::output::Pipe;
use super::{Flow, Shell};
use crate::cli::error::CliError;
use crate::cli::lang::{Edited, LineError, Scope, Walk, Word, delete, place, set};
use crate::cli::verb::view;

impl Shell {
    pub(super) fn configuration(
        &mut self,
        command: &str,
        words: &[Word],
        pipe: &Pipe,
        warned: bool,
        out: &mut dyn Write,
    ) -> Result<Flow, CliError> {
        match command {
            "set" => self.edit_candidate(words, set)?,
            "delete" => self.edit_candidate(words, delete)?,
            "edit" | "up" | "top" => self.go(command, words)?,
            "show" => {
                let text = self.show_candidate(words, pipe)?;
                self.print(&text, pipe, out)?;
            }
            "discard" => {
                none(command, words)?;
                self.router.link.discard()?;
                self.refresh()?;
            }
            "run" => self.run_operational(words, pipe, out)?,
            "help" => {
                let text = self.commands_help();
                self.print(&text, pipe, out)?;
            }
            "exit" | "quit" => self.leave(command, words, warned, out)?,
            _ => self.both(command, words, pipe, out)?,
        }
        Ok(Flow::Go)
    }

    /// One command is one edit, which the server does as a whole or not at all.
    fn edit_candidate(
        &mut self,
        words: &[Word],
        act: impl Fn(&Tree, &Walk<'_>) -> Result<Edited, LineError>,
    ) -> Result<(), CliError> {
        let Some(draft) = &mut self.draft else { return Ok(()) };
        let walk = Walk::all(&self.router.models, &draft.level, Scope::Config, words)?;
        // What was given nothing after the level would be the level itself.
        if words.is_empty() {
            return Err(LineError::Incomplete("say what, by a path from here".to_owned()).into());
        }
        let edited = act(&draft.candidate, &walk)?;
        if !edited.config.is_empty() {
            self.router.link.edit(&edited.config, false)?;
            draft.candidate = edited.tree;
        }
        Ok(())
    }

    fn go(&mut self, command: &str, words: &[Word]) -> Result<(), CliError> {
        let Some(draft) = &mut self.draft else { return Ok(()) };
        draft.level = match command {
            "edit" => Walk::all(&self.router.models, &draft.level, Scope::Config, words)?.level()?,
            "up" => {
                none(command, words)?;
                up(&draft.level)
            }
            _ => {
                none(command, words)?;
                InstancePath::default()
            }
        };
        Ok(())
    }

    fn show_candidate(&self, words: &[Word], pipe: &Pipe) -> Result<String, CliError> {
        let Some(draft) = &self.draft else { return Ok(String::new()) };
        let walk = Walk::all(&self.router.models, &draft.level, Scope::Config, words)?;
        let base = draft.level.steps().len();
        Ok(view(&walk, &self.router.models, &draft.candidate, base, pipe.format)?)
    }

    /// Leaves configuration mode unless changes would be lost by that: who is there is asked once, a script is not obeyed.
    fn leave(
        &mut self,
        command: &str,
        words: &[Word],
        warned: bool,
        out: &mut dyn Write,
    ) -> Result<(), CliError> {
        let drop_changes = match words {
            [] => warned,
            [word] if "discard".starts_with(&*word.text) && !word.text.is_empty() => true,
            [word, ..] => {
                let message = format!("{command} takes: discard, not {:?}", word.text);
                return Err(LineError::Wrong(message).into());
            }
        };
        if !drop_changes && self.is_modified()? {
            let message = format!("there are changes that were not committed: commit, or {command} discard");
            if !self.attended {
                return Err(LineError::Wrong(message).into());
            }
            if let Some(draft) = &mut self.draft {
                draft.warned = true;
            }
            writeln!(out, "{message} ({command} once more does that, too)")?;
            return Ok(());
        }
        self.router.link.unlock()?;
        self.draft = None;
        Ok(())
    }

    /// Where in the configuration one is, as words; empty at the top.
    pub(super) fn level(&self) -> String {
        self.draft.as_ref().map_or_else(String::new, |draft| place(&self.router.models, &draft.level, 0))
    }
}

/// One level up: a list is not a level.
fn up(level: &InstancePath) -> InstancePath {
    level.parent().unwrap_or_default()
}
