//! Programs of Linux that the shell runs.

use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::unistd::{Group, Uid, User, geteuid, getgroups, getuid};

use crate::cli::error::CliError;
use crate::cli::lang::{LineError, Word, pick};

/// Whose members are administrators.
const ADMINISTRATORS: &str = "sudo";
/// Packets of a ping if none are asked for; a ping without end would hold up a script.
const COUNT: u32 = 5;

/// `ping HOST [count N]`.
pub(super) fn ping(words: &[Word]) -> Result<(), CliError> {
    let (host, count) = match words {
        [host] => (host, COUNT),
        [host, word, count] => {
            pick(&word.text, "ping", &["count"])?;
            let number = count.text.parse().ok().filter(|count| *count > 0);
            let wrong = || LineError::Wrong(format!("count takes a number from 1 on, not {:?}", count.text));
            (host, number.ok_or_else(wrong)?)
        }
        _ => return Err(LineError::Incomplete("ping takes: HOST [count N]".to_owned()).into()),
    };
    run(Command::new("ping").args(["-c", &count.to_string()]).arg(host_of(host)?))
}

/// `traceroute HOST`.
pub(super) fn traceroute(words: &[Word]) -> Result<(), CliError> {
    let [host] = words else {
        return Err(LineError::Incomplete("traceroute takes: HOST".to_owned()).into());
    };
    run(Command::new("traceroute").arg(host_of(host)?))
}

/// A verb of this very program, `install` or `upgrade`, as root.
pub(super) fn own(verb: &str, words: &[Word]) -> Result<(), CliError> {
    let own = std::env::current_exe().map_err(|error| CliError::io("cannot find", "vrouter", error))?;
    let mut command = if geteuid().is_root() {
        Command::new(own)
    } else {
        let mut sudo = Command::new("sudo");
        sudo.arg("--").arg(own);
        sudo
    };
    run(command.arg(verb).args(words.iter().map(|word| &word.text)))
}

/// A shell of Linux. Who has no way to become root gets none: the command line is all such users have.
pub(super) fn shell() -> Result<(), CliError> {
    if !is_administrator() {
        let message = format!("shell is for members of the group {ADMINISTRATORS}");
        return Err(LineError::Wrong(message).into());
    }
    // Who leaves it goes back to the router's command line, whatever its last command came to.
    match run(Command::new("/bin/bash").arg0("-bash").env("SHELL", "/bin/bash")) {
        Err(CliError::Program { .. }) => Ok(()),
        other => other,
    }
}

fn is_administrator() -> bool {
    let Ok(Some(group)) = Group::from_name(ADMINISTRATORS) else { return getuid().is_root() };
    let member = |name: &str| group.mem.iter().any(|member| member == name);
    getuid().is_root()
        || getgroups().is_ok_and(|groups| groups.contains(&group.gid))
        || User::from_uid(Uid::current()).ok().flatten().is_some_and(|user| member(&user.name))
}

/// A name or an address, and no option.
fn host_of(word: &Word) -> Result<&str, LineError> {
    let text = word.text.as_str();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_' | '%');
    if text.is_empty() || text.starts_with('-') || !text.chars().all(fits) {
        return Err(LineError::Wrong(format!("{text:?} is neither a name of a host nor an address")));
    }
    Ok(text)
}

/// Runs a program on the terminal of the shell.
fn run(command: &mut Command) -> Result<(), CliError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| match error.kind() {
        ErrorKind::NotFound => LineError::Wrong(format!("{name} is not installed here")).into(),
        _ => CliError::io("cannot run", name.clone(), error),
    })?;
    if status.success() {
        return Ok(());
    }
    Err(CliError::Program { program: name, status: status.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_no_options() {
        let word = |text: &str| Word { text: text.to_owned(), start: 0, quoted: false };
        for good in ["192.0.2.1", "2001:db8::1", "fe80::1%p0", "host.example", "a_b-c"] {
            assert_eq!(host_of(&word(good)), Ok(good));
        }
        for bad in ["-f", "", "a b", "$(id)", "a;b", "--help"] {
            assert!(host_of(&word(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_ping_is_read_before_it_is_run() {
        let words = |line: &str| crate::cli::lang::split(line).unwrap().remove(0);
        for (line, part) in
            [("", "takes: HOST"), ("a count 0", "from 1"), ("a size 3", "accepted: count"), ("-f", "neither")]
        {
            let error = ping(&words(line)).unwrap_err().to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
