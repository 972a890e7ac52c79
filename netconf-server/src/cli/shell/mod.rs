//! The shell: operational and configuration mode, the same for people, pipes and `-c`.

mod command;
mod completion;
mod configuration;
mod editor;
mod help;
mod operational;
mod output;
mod programs;

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};
use std::path::Path;
use std::process::ExitCode;

use daybreak_datastore::tree::{InstancePath, Tree};
use tokio::signal::unix::Signal;

use super::Format;
use super::error::CliError;
use super::lang::{LineError, Walk, Word, is_secret, names_secret, split};
use super::verb::Router;
use command::Mode;

/// A shell and what it is about.
pub(super) struct Shell {
    router: Router,
    /// How to print what says nothing else after a bar.
    format: Format,
    /// What is being edited, in configuration mode.
    draft: Option<Draft>,
    /// Whether a person is there to be warned, and to ask once more.
    attended: bool,
    /// Running, as it was when a key was last offered.
    offered: Option<Tree>,
    /// Interrupts, which then only end what is being written.
    interrupts: Option<Signal>,
}

/// Configuration mode: the candidate, which this session has locked, and where in it one is.
struct Draft {
    candidate: Tree,
    level: InstancePath,
    /// Whether the last command was `exit`, which was not obeyed.
    warned: bool,
}

/// Whether the shell goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Go,
    Leave,
}

impl Shell {
    pub(super) fn new(socket: &Path, format: Format) -> Result<Self, CliError> {
        let router = Router::new(socket)?;
        Ok(Self { router, format, draft: None, attended: false, offered: None, interrupts: None })
    }

    /// Runs commands that were given whole, as a pipe: the first error ends them.
    pub(super) fn run_commands(mut self, commands: &str) -> ExitCode {
        let result = commands.lines().try_for_each(|line| match self.run_line(line, &mut stdout().lock()) {
            Ok(Flow::Go) => Ok(()),
            Ok(Flow::Leave) => Err(None),
            Err(error) => Err(Some(error)),
        });
        self.finish(result.err().flatten().map(|error| (None, error)))
    }

    /// Runs the shell on standard input: with a line editor on a terminal, which keeps its history in
    /// `home`, else as a pipe.
    pub(super) fn run(self, home: Option<&Path>) -> ExitCode {
        if stdin().is_terminal() && stdout().is_terminal() {
            editor::run(self, home)
        } else {
            self.run_pipe()
        }
    }

    fn run_pipe(mut self) -> ExitCode {
        let mut failed = None;
        for (number, line) in (1..).zip(stdin().lock().lines()) {
            let result = line
                .map_err(|error| CliError::io("cannot read", "standard input", error))
                .and_then(|line| self.run_line(&line, &mut stdout().lock()));
            match result {
                Ok(Flow::Go) => {}
                Ok(Flow::Leave) => break,
                Err(error) => {
                    failed = Some((Some(number), error));
                    break;
                }
            }
        }
        self.finish(failed)
    }

    /// Ends the session; says what was wrong, in which line.
    fn finish(mut self, failed: Option<(Option<usize>, CliError)>) -> ExitCode {
        let uncommitted = failed.is_none() && self.is_modified().unwrap_or(false);
        self.router.link.close();
        match failed {
            None if uncommitted => {
                eprintln!("vrouter: {}", CliError::Uncommitted);
                ExitCode::FAILURE
            }
            None | Some((_, CliError::Closed)) => ExitCode::SUCCESS,
            Some((number, error)) => {
                let place = number.map(|number| format!("line {number}: ")).unwrap_or_default();
                eprintln!("vrouter: {place}{error}");
                ExitCode::from(error.code())
            }
        }
    }

    /// Carries out a line, which may hold several commands.
    fn run_line(&mut self, line: &str, out: &mut dyn Write) -> Result<Flow, CliError> {
        for words in split(line)? {
            if words.is_empty() {
                continue;
            }
            let result = self.run_command(&words, out);
            self.offered = None;
            if self.draft.is_some() && !self.router.link.is_open() {
                self.draft = None;
                let lost = "configuration mode is left: lock and changes went with the session";
                writeln!(out, "{lost}")?;
            }
            if result? == Flow::Leave {
                return Ok(Flow::Leave);
            }
        }
        Ok(Flow::Go)
    }

    fn run_command(&mut self, words: &[Word], out: &mut dyn Write) -> Result<Flow, CliError> {
        if let Some((last, before)) = words.split_last()
            && last.is("?")
        {
            let line = before.iter().map(|word| format!("{} ", super::lang::quote(&word.text)));
            out.write_all(self.help(&line.collect::<String>()).as_bytes())?;
            return Ok(Flow::Go);
        }
        let (words, pipe) = output::pipe(words, self.format)?;
        let Some((first, rest)) = words.split_first() else {
            return Err(LineError::Incomplete("there is no command before |".to_owned()).into());
        };
        let command = command::find(self.mode(), first)?;
        let warned = self.draft.as_mut().is_some_and(|draft| std::mem::take(&mut draft.warned));
        match self.mode() {
            Mode::Operational => self.operational(command.name, rest, &pipe, out),
            Mode::Configuration => self.configuration(command.name, rest, &pipe, warned, out),
        }
    }

    fn mode(&self) -> Mode {
        if self.draft.is_some() { Mode::Configuration } else { Mode::Operational }
    }

    /// Writes a text through a pipe; an interrupt ends it.
    fn print(&mut self, text: &str, pipe: &output::Pipe, out: &mut dyn Write) -> Result<(), CliError> {
        let text = pipe.apply(text);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            // A long table on a slow console must not have to be waited for.
            let end = rest.match_indices('\n').nth(99).map_or(rest.len(), |(at, _)| at + 1);
            out.write_all(&rest.as_bytes()[..end])?;
            rest = &rest[end..];
            if let Some(signal) = &mut self.interrupts
                && self.router.link.arrived(signal)
            {
                writeln!(out, "interrupted")?;
                break;
            }
        }
        Ok(out.flush()?)
    }

    /// Whether the candidate that this session has locked differs from running.
    fn is_modified(&mut self) -> Result<bool, CliError> {
        let Some(draft) = &self.draft else { return Ok(false) };
        let running = self.router.link.config(daybreak_datastore::store::Datastore::Running, None)?;
        Ok(running != draft.candidate)
    }

    /// Whether a line holds a secret, or looks as if it did: it is not to be remembered.
    fn holds_secret(&self, line: &str) -> bool {
        let Ok(commands) = split(line) else { return line.split_whitespace().any(names_secret) };
        commands.iter().any(|words| self.words_hold_secret(words))
    }

    fn words_hold_secret(&self, words: &[Word]) -> bool {
        let named = words.iter().rev().skip(1).any(|word| names_secret(&word.text));
        let Some((_, path)) = words.split_first() else { return false };
        let top = InstancePath::default();
        let level = self.draft.as_ref().map_or(&top, |draft| &draft.level);
        let mut walk = Walk::new(&self.router.models, level, super::lang::Scope::Config);
        let schema = &self.router.models.schema;
        named
            || path.iter().any(|word| {
                // The word after a secret leaf is its value, whether it fits or not.
                let is_value = walk.path().id().is_some_and(|id| is_secret(schema, id));
                let _: Result<(), LineError> = walk.feed(&word.text);
                is_value
            })
    }
}

#[cfg(test)]
mod tests {
    use daybreak_datastore::schema::Schema;
    use daybreak_yang::yang5::context::{Context, ContextFlags};

    use super::*;
    use crate::cli::lang::Models;
    use crate::cli::link::Link;

    /// A shell that has a schema with secrets, and nobody to talk to.
    fn shell() -> Shell {
        let mut context = Context::new(ContextFlags::DISABLE_SEARCHDIR_CWD).unwrap();
        context.set_searchdir(concat!(env!("CARGO_MANIFEST_DIR"), "/testcases/cli")).unwrap();
        context.load_module("secrets", None, &[]).unwrap();
        let models = Models::of(Schema::new(Box::leak(Box::new(context))).unwrap());
        let link = Link::new(Path::new("/nowhere"), models.schema.clone()).unwrap();
        Shell {
            router: Router { models, link },
            format: Format::Text,
            draft: None,
            attended: true,
            offered: None,
            interrupts: None,
        }
    }

    #[test]
    fn lines_with_secrets_are_not_remembered() {
        let shell = shell();
        for (line, secret) in [
            ("set secrets password x", true),
            ("set sec passw x", false),
            ("set sec log x", true),
            ("set secrets name a login x", true),
            ("show; set secrets login x", true),
            ("set secrtes password x", true),
            ("set secrets password \"x", true),
            ("set secrets name x", false),
            ("set secrets password-file x", false),
            ("delete secrets password", false),
            ("show config", false),
            ("", false),
        ] {
            assert_eq!(shell.holds_secret(line), secret, "{line}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        use crate::cli::Format;
        use crate::cli::render::config;
        let shell = shell();
        let schema = &shell.router.models.schema;
        let tree = Tree::build(schema, |top| {
            top.container("secrets", |inner| {
                inner.leaf("name", "a")?.leaf("login", "hidden")?.leaf("password", "hidden").map(drop)
            })
            .map(drop)
        })
        .unwrap();
        for format in [Format::Text, Format::Set, Format::Json, Format::Xml] {
            let text = config(&shell.router.models, &tree, &InstancePath::default(), 0, format);
            assert!(!text.contains("hidden") && text.contains("name"), "{text}");
        }
        let empty = Tree::empty(schema.clone());
        let xml = crate::cli::render::compare_xml(&shell.router.models, &empty, &tree);
        assert!(!xml.contains("hidden") && xml.contains("<name>a"), "{xml}");
        for text in [
            crate::cli::render::compare(&shell.router.models, &empty, &tree),
            crate::cli::render::compare_json(&shell.router.models, &empty, &tree),
        ] {
            assert!(!text.contains("hidden") && text.contains("password"), "{text}");
        }
    }
}
