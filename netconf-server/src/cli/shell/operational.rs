//! The commands of operational mode.

use std::io::Write;

use clap::ValueEnum;
use daybreak_datastore::store::Datastore;
use daybreak_datastore::tree::InstancePath;

use super::command::{Mode, find};
use super::output::Pipe;
use super::{Draft, Flow, Shell, programs};
use crate::cli::error::CliError;
use crate::cli::lang::{LineError, Word, pick};
use crate::cli::verb::{self, How};

impl Shell {
    pub(super) fn operational(
        &mut self,
        command: &str,
        words: &[Word],
        pipe: &Pipe,
        out: &mut dyn Write,
    ) -> Result<Flow, CliError> {
        match command {
            "show" => {
                let text = verb::show(&mut self.router, words, pipe.format)?;
                self.print(&text, pipe, out)?;
            }
            "configure" => {
                none(command, words)?;
                self.configure(out)?;
            }
            "help" => {
                let text = self.commands_help();
                self.print(&text, pipe, out)?;
            }
            "exit" | "quit" => {
                none(command, words)?;
                return Ok(Flow::Leave);
            }
            "ping" => programs::ping(words)?,
            "traceroute" => programs::traceroute(words)?,
            "install" | "upgrade" => programs::own(command, words)?,
            "shell" => {
                none(command, words)?;
                programs::shell()?;
            }
            _ => self.both(command, words, pipe, out)?,
        }
        Ok(Flow::Go)
    }

    /// What both modes have; the candidate is read again where it has changed.
    pub(super) fn both(
        &mut self,
        command: &str,
        words: &[Word],
        pipe: &Pipe,
        out: &mut dyn Write,
    ) -> Result<(), CliError> {
        let format = pipe.format;
        let text = match command {
            "commit" => verb::commit(&mut self.router, How::read(words)?, format)?,
            "load" => {
                let (file, mode) = file(words)?;
                verb::load(&mut self.router, file, mode, format)?
            }
            "compare" => verb::compare(&mut self.router, verb::number(command, words)?, format)?,
            "rollback" => verb::rollback(&mut self.router, verb::number(command, words)?, format)?,
            _ => {
                none(command, words)?;
                verb::save(&mut self.router, format)?
            }
        };
        self.refresh()?;
        self.print(&text, pipe, out)
    }

    /// Reads the candidate again, in configuration mode.
    pub(super) fn refresh(&mut self) -> Result<(), CliError> {
        if let Some(draft) = &mut self.draft {
            draft.candidate = self.router.link.config(Datastore::Candidate, None)?;
        }
        Ok(())
    }

    /// Goes to configuration mode: from here on nobody else changes the candidate.
    fn configure(&mut self, out: &mut dyn Write) -> Result<(), CliError> {
        self.router.link.lock()?;
        let candidate = self.router.link.config(Datastore::Candidate, None)?;
        self.draft = Some(Draft { candidate, level: InstancePath::default(), warned: false });
        if self.attended {
            writeln!(out, "the candidate is locked for this session; commit makes it running")?;
        }
        Ok(())
    }

    /// A command of operational mode from configuration mode.
    pub(super) fn run_operational(
        &mut self,
        words: &[Word],
        pipe: &Pipe,
        out: &mut dyn Write,
    ) -> Result<(), CliError> {
        let Some((first, rest)) = words.split_first() else {
            let message = "say which command of operational mode is to be run";
            return Err(LineError::Incomplete(message.to_owned()).into());
        };
        match find(Mode::Operational, first)?.name {
            name @ ("configure" | "exit" | "quit" | "install" | "upgrade") => {
                Err(LineError::Wrong(format!("{name} cannot be run from configuration mode")).into())
            }
            name => self.operational(name, rest, pipe, out).map(drop),
        }
    }
}

/// Refuses words after a command that takes none.
pub(super) fn none(command: &str, words: &[Word]) -> Result<(), LineError> {
    match words.first() {
        None => Ok(()),
        Some(word) => Err(LineError::Wrong(format!("{command} takes nothing more, not {:?}", word.text))),
    }
}

fn file(words: &[Word]) -> Result<(&str, verb::Mode), LineError> {
    let modes = verb::Mode::value_variants();
    let names = ["merge", "replace"];
    match words {
        // Standard input is where the commands come from.
        [file, ..] if file.text == "-" => {
            Err(LineError::Wrong("name a file: standard input is that of the shell".to_owned()))
        }
        [file] => Ok((&file.text, verb::Mode::Merge)),
        [file, mode] => Ok((&file.text, modes[pick(&mode.text, "load", &names)?])),
        _ => Err(LineError::Incomplete("load takes: FILE [merge|replace]".to_owned())),
    }
}
