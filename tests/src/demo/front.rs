//! What a person sees of the demo.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};

use indicatif::{ProgressBar, ProgressStyle};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;

use super::message::Message;
use super::phases::Phases;
use super::runtime;
use crate::directory;
use crate::error::{LabError, Result};

/// `daybreak-demo up`: starts the keeper, shows its reports, and leaves the lab running when it is ready.
///
/// # Errors
/// When the keeper cannot be started.
pub fn up() -> Result<ExitCode> {
    // Ctrl-C must end the lab too, so it is taken as an event here and passed on.
    let interrupts = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect::<SigSet>();
    // Refused only for invalid sets.
    let _ = interrupts.thread_block();
    let (mut keeper, hold) = start_keeper()?;
    if let Ok(id) = i32::try_from(keeper.id()) {
        std::thread::spawn(move || {
            let _ = interrupts.wait();
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        });
    }
    let ready = show(&mut keeper);
    if ready {
        let mut hold = hold;
        // The keeper that is gone by now has said `failed`.
        let _ = hold.write_all(b"keep");
        return Ok(ExitCode::SUCCESS);
    }
    drop(hold);
    let _ = keeper.wait();
    directory::remove_stale(&directory::base());
    Ok(ExitCode::FAILURE)
}

/// `daybreak-demo down`: ends the lab, if there is one.
///
/// # Errors
/// When it cannot be told whether there is one.
pub fn down() -> Result<ExitCode> {
    if runtime::end()? {
        println!("demo: the lab is gone");
    } else {
        println!("demo: no lab is running");
    }
    directory::remove_stale(&directory::base());
    Ok(ExitCode::SUCCESS)
}

fn start_keeper() -> Result<(Child, ChildStdin)> {
    let failed = |source| LabError::Start { program: "daybreak-demo keep".to_owned(), source };
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    // A process group of its own: the terminal's Ctrl-C must not reach a lab that is to stay.
    command.arg("keep").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut keeper = command.spawn().map_err(failed)?;
    match keeper.stdin.take() {
        Some(stdin) => Ok((keeper, stdin)),
        None => Err(failed(std::io::ErrorKind::BrokenPipe.into())),
    }
}

/// Shows reports until the lab is ready (true) or has ended (false).
fn show(keeper: &mut Child) -> bool {
    let Some(reports) = keeper.stdout.take() else { return false };
    // indicatif draws nothing when standard error is no terminal.
    let bar = ProgressBar::new(100);
    if let Ok(style) = ProgressStyle::with_template("            {bar:30} {percent:>3} %  {msg}") {
        bar.set_style(style);
    }
    let mut phases = Phases::default();
    for line in BufReader::new(reports).lines() {
        let Ok(message) = line.map_err(|_| ()).and_then(|line| serde_json::from_str(&line).map_err(|_| ()))
        else {
            break;
        };
        match message {
            Message::Preparing { what } => bar.suspend(|| println!("demo: {what}")),
            Message::Event { seconds, code, text } => {
                phases.see(seconds, &code, &text);
                bar.set_message("");
                bar.suspend(|| println!("{seconds:>8.1} s  {code:<14} {text}"));
            }
            Message::Progress { what, percent, bytes, total } => {
                bar.set_position(percent.into());
                bar.set_message(format!("{what}, {} of {} MiB", bytes >> 20, total >> 20));
            }
            Message::Ready { commands, greeting } => {
                bar.finish_and_clear();
                println!("\n{}", phases.table());
                println!("The appliance says:\n  {}\n", greeting.replace('\n', "\n  "));
                println!("The lab stays up until `make demo-down`. Try:");
                for (what, command) in commands {
                    println!("\n# {what}\n{command}");
                }
                return true;
            }
            Message::Failed { error, events, console } => {
                bar.finish_and_clear();
                eprintln!("\n{}", phases.table());
                eprintln!("--- the end of the machine's console:\n{console}\n");
                eprintln!("--- daybreak node events r1:\n{events}\n");
                eprintln!("demo: failed: {error}");
                return false;
            }
        }
    }
    bar.finish_and_clear();
    eprintln!("demo: the lab ended before it was ready");
    false
}
