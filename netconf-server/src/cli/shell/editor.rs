//! The line editor on a terminal.

use std::cell::RefCell;
use std::io::{Write, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use nix::unistd::{Uid, User};
use parking_lot::Mutex;
use rustyline::completion::{Completer, Pair};
use rustyline::config::{ColorMode, CompletionType, Config, Configurer};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{
    Cmd, ConditionalEventHandler, Context, Editor, Event, EventContext, EventHandler, Helper, KeyEvent,
    RepeatCount,
};

use super::command::Mode;
use super::{Flow, Shell};
use crate::cli::error::CliError;
use crate::cli::lang::split;

/// The file of the history.
const HISTORY: &str = ".vrouter_history";
/// Lines that are remembered.
const REMEMBERED: usize = 500;
/// Completions that are listed without asking.
const LISTED: usize = 200;

/// Runs a shell with a person at a terminal.
pub(super) fn run(mut shell: Shell, home: Option<&Path>) -> ExitCode {
    shell.attended = true;
    shell.interrupts = shell.router.link.interrupts();
    let shell = Rc::new(RefCell::new(shell));
    let result = editor(&shell).and_then(|(editor, asked)| talk(&shell, editor, &asked, home));
    shell.borrow_mut().router.link.close();
    match result {
        Ok(()) | Err(CliError::Closed) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vrouter: {error}");
            ExitCode::from(error.code())
        }
    }
}

/// The line as it was when `?` was pressed: before and after the cursor.
type Asked = Arc<Mutex<Option<(String, String)>>>;
type LineEditor = Editor<Offers, FileHistory>;

fn editor(shell: &Rc<RefCell<Shell>>) -> Result<(LineEditor, Asked), CliError> {
    let mut config = Config::builder()
        .max_history_size(REMEMBERED)
        .and_then(|config| config.history_ignore_dups(true))
        .map_err(terminal)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .completion_prompt_limit(LISTED)
        // Several commands that are pasted are run, one after the other; serial consoles know nothing of brackets.
        .bracketed_paste(false)
        .color_mode(ColorMode::Disabled);
    Configurer::enable_synchronized_output(&mut config, false);
    let mut editor = LineEditor::with_config(config.build()).map_err(terminal)?;
    editor.set_helper(Some(Offers(Rc::clone(shell))));
    let asked = Asked::default();
    let question = EventHandler::Conditional(Box::new(Question(Arc::clone(&asked))));
    editor.bind_sequence(KeyEvent::from('?'), question);
    // A login shell that stops has nobody to wake it.
    editor.bind_sequence(KeyEvent::ctrl('Z'), EventHandler::Simple(Cmd::Noop));
    Ok((editor, asked))
}

fn talk(
    shell: &RefCell<Shell>,
    mut editor: LineEditor,
    asked: &Asked,
    home: Option<&Path>,
) -> Result<(), CliError> {
    // None for those who have no home.
    let file = home.filter(|home| home.is_dir()).map(|home| home.join(HISTORY));
    if let Some(file) = &file {
        // There is none before the first line.
        let _: Result<_, _> = editor.load_history(file);
    }
    let mut again = (String::new(), String::new());
    loop {
        let prompt = prompt(&shell.borrow())?;
        let initial = std::mem::take(&mut again);
        let line = match editor.readline_with_initial(prompt.as_str(), (&initial.0, &initial.1)) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => "exit".to_owned(),
            Err(error) => return Err(terminal(error)),
        };
        if let Some(cut) = asked.lock().take() {
            let help = shell.borrow_mut().help(&cut.0);
            stdout().write_all(help.as_bytes())?;
            again = cut;
            continue;
        }
        if !line.trim().is_empty() && !shell.borrow().holds_secret(&line) {
            editor.add_history_entry(line.as_str()).map_err(terminal)?;
            // A home that cannot be written keeps nobody from configuring a router.
            if let Some(file) = &file {
                let _: Result<_, _> = editor.append_history(file);
            }
        }
        let result = shell.borrow_mut().run_line(&line, &mut stdout());
        match result {
            Ok(Flow::Go) => {}
            Ok(Flow::Leave) => return Ok(()),
            Err(CliError::Closed) => return Err(CliError::Closed),
            Err(error) => writeln!(stdout(), "error: {error}")?,
        }
        // An interrupt that came while a command ran has had its effect.
        shell.borrow_mut().forget_interrupt();
    }
}

impl Shell {
    fn forget_interrupt(&mut self) {
        if let Some(signal) = &mut self.interrupts {
            self.router.link.arrived(signal);
        }
    }
}

/// `user@host> `, and `#` in configuration mode with the level on a line before.
fn prompt(shell: &Shell) -> Result<String, CliError> {
    let user = User::from_uid(Uid::effective()).ok().flatten().map_or_else(String::new, |user| user.name);
    // Asked each time: a commit may have renamed the machine.
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim().split('.').next().unwrap_or_default();
    let level = shell.level();
    if !level.is_empty() {
        writeln!(stdout(), "[edit {level}]")?;
    }
    let sign = if shell.mode() == Mode::Configuration { '#' } else { '>' };
    Ok(format!("{user}@{host}{sign} "))
}

fn terminal(error: ReadlineError) -> CliError {
    CliError::io("cannot use", "the terminal", std::io::Error::other(error))
}

/// Offers what the shell knows.
struct Offers(Rc<RefCell<Shell>>);

impl Completer for Offers {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, offer) = self.0.borrow_mut().offer(&line[..at]);
        let only = offer.candidates.len() == 1;
        let pair = |text: String| Pair {
            // The next word can be typed at once.
            replacement: if only { format!("{text} ") } else { text.clone() },
            display: text,
        };
        Ok((start, offer.candidates.into_iter().map(|candidate| pair(candidate.text)).collect()))
    }
}

impl Hinter for Offers {
    type Hint = String;
}

impl Highlighter for Offers {}
impl Validator for Offers {}
impl Helper for Offers {}

/// `?` asks what may come next, wherever it is no part of a text in quotes.
struct Question(Asked);

impl ConditionalEventHandler for Question {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let (before, after) = context.line().split_at(context.pos());
        // An open quote: the sign is part of the value.
        split(before).ok()?;
        *self.0.lock() = Some((before.to_owned(), after.to_owned()));
        Some(Cmd::AcceptLine)
    }
}
