//! `vrouter upgrade`; the manual is `docs/upgrade.md`.

mod args;
mod loaders;
mod progress;
mod status;

use std::io::{self, BufRead, IsTerminal, Write, stderr, stdin, stdout};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use daybreak_installer::{ImageTarget, Target, Trust};
use daybreak_layout::Slot;
use daybreak_layout::grub::GrubEnv;
use daybreak_trust::Keyring;
use daybreak_upgrade::health::{Expected, Patience, System};
use daybreak_upgrade::{
    Image, Kind, Machine, Pending, Prepared, Records, Situation, Trial, UpgradeError, Verdict, arm, disarm,
    fill, manifest_of, may_go_back, may_switch, other, prepare, read_env, situation,
};
use serde_json::json;

pub(super) use args::Args;
use args::{Action, ImageArgs, RollbackArgs, SwitchArgs, sleeping, source};
use progress::Progress;
use status::Status;

/// Sockets of the daemons whose answers are asked for.
const NETCONFD: &str = "/run/daybreak/netconfd.sock";

/// Folder of the startup configuration.
const CONFIG: &str = "/config";

/// Exit codes; 2 is clap's for a wrong command line.
const REFUSED: u8 = 3;

/// Why a verb ended.
enum Failure {
    /// The upgrade itself.
    Upgrade(UpgradeError),
    /// Everything around it, in a sentence.
    Other(String),
}

impl<E: Into<UpgradeError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Upgrade(error.into())
    }
}

pub(super) fn run(args: &Args, json: bool) -> ExitCode {
    let done = match (&args.action, &args.source) {
        (Some(Action::Status), _) => show_status(json),
        (Some(Action::Rollback(args)), _) => rollback(args, json),
        (Some(Action::Health), _) => judge(json),
        (Some(Action::KeepConfig), _) => keep_config(),
        (Some(Action::Config), _) => restore_config(),
        (None, Some(source)) => upgrade(source, &args.image, &args.switch, json),
        (None, None) => Err(Failure::Other("name an image".to_owned())),
    };
    match done {
        Ok(code) => code,
        Err(failure) => fail(&failure, json),
    }
}

fn upgrade(written: &str, image: &ImageArgs, switch: &SwitchArgs, json: bool) -> Result<ExitCode, Failure> {
    let machine = Machine::find(Path::new("/"))?;
    let mut esp = open(machine.esp())?;
    may_switch(read_env(&mut esp)?.as_ref(), machine.running())?;
    Records::can_keep_config(Path::new(CONFIG))?;
    let mut slot = open(machine.slot(machine.other()))?;
    let keys = Keyring::load(&image.keys).map_err(|e| Failure::Other(e.to_string()))?;
    let trust = Trust { keys, insecure: image.insecure };
    let prepared = prepare(&source(written, sleeping())?, image.manifest_sha256, &trust, slot.size())?;
    let from = Image::new(machine.running(), &machine.running_manifest()?);
    let to = Image::new(machine.other(), prepared.manifest());
    announce(&from, &to, &prepared, &mut slot, json)?;
    consent(switch, json)?;

    let records = machine.records();
    disarm(&mut esp, &records, machine.running())?;
    fill(&mut slot, prepared, &mut Progress::new(json))?;
    let expected = Expected::of(&mut system());
    let pending = Pending {
        kind: Kind::Upgrade,
        from,
        to,
        expected,
        seconds: switch.health_timeout,
        failure: None,
        keep_loaders: image.keep_loaders,
    };
    arm(&mut esp, &records, &pending)?;
    finish(&pending, switch, json)
}

fn rollback(args: &RollbackArgs, json: bool) -> Result<ExitCode, Failure> {
    let switch = &args.switch;
    let machine = Machine::find(Path::new("/"))?;
    let mut esp = open(machine.esp())?;
    let env = read_env(&mut esp)?;
    may_switch(env.as_ref(), machine.running())?;
    let records = machine.records();
    let armed = records.pending()?;
    if situation(env.as_ref(), machine.running(), armed.as_ref()) == Situation::Armed {
        // The image of before is the one that runs.
        disarm(&mut esp, &records, machine.running())?;
        called_off(armed.as_ref(), json);
        return Ok(ExitCode::SUCCESS);
    }
    Records::can_keep_config(Path::new(CONFIG))?;
    let found = manifest_of(&mut open(machine.slot(machine.other()))?)?;
    let manifest = found.ok_or(UpgradeError::Empty(machine.other()))?;
    let from = Image::new(machine.running(), &machine.running_manifest()?);
    let to = Image::new(machine.other(), &manifest);
    if !args.force {
        may_go_back(records.last()?.as_ref(), &to)?;
    }
    if !json {
        eprintln!("from: {from}\nto:   {to}");
    }
    consent(switch, json)?;
    let expected = Expected::of(&mut system());
    let pending = Pending {
        kind: Kind::Rollback,
        from,
        to,
        expected,
        seconds: switch.health_timeout,
        failure: None,
        keep_loaders: true,
    };
    arm(&mut esp, &records, &pending)?;
    finish(&pending, switch, json)
}

/// A switch that waited for the restart does not happen.
fn called_off(armed: Option<&Pending>, json: bool) {
    if json {
        say(&mut stdout(), &json!({"result": "called-off", "pending": armed}).to_string());
    } else {
        let what = armed
            .map_or_else(|| "the switch".to_owned(), |armed| format!("the {} to {}", armed.kind, armed.to));
        say(&mut stderr(), &format!("{what} is called off; the running image stays"));
    }
}

fn show_status(json: bool) -> Result<ExitCode, Failure> {
    let machine = Machine::find(Path::new("/"))?;
    let records = machine.records();
    let image = |slot: Slot| -> Result<_, Failure> {
        if slot == machine.running() {
            return Ok(Some(machine.running_manifest()?));
        }
        Ok(manifest_of(&mut look(machine.slot(slot))?)?)
    };
    let status = Status {
        running: machine.running(),
        images: [image(Slot::A)?, image(Slot::B)?],
        env: read_env(&mut look(machine.esp())?)?,
        pending: records.pending()?,
        last: records.last()?,
    };
    if json {
        println!("{}", status.json());
    } else {
        print!("{}", status.text());
    }
    Ok(ExitCode::SUCCESS)
}

/// Judges this boot. A machine that is not installed has nothing to judge.
fn judge(json: bool) -> Result<ExitCode, Failure> {
    let machine = match Machine::find(Path::new("/")) {
        Err(UpgradeError::NotInstalled(_)) => return Ok(ExitCode::SUCCESS),
        machine => machine?,
    };
    // Not for itself alone: `status` is asked meanwhile.
    let mut esp = look(machine.esp())?;
    let env = environment(&mut esp);
    let other_starts = other_starts(&machine);
    let records = machine.records();
    let config = Path::new(CONFIG);
    let mut trial = Trial {
        running: machine.running(),
        other_starts,
        esp: &mut esp,
        records: &records,
        config,
        now: now(),
        renew: &mut |esp| loaders::renew(&machine, esp),
    };
    let verdict = trial.judge(env.as_ref(), &mut system(), &mut Waiting(Instant::now()))?;
    let running = machine.running().letter();
    let back = other(machine.running()).letter();
    let (word, text) = match &verdict {
        Verdict::Nothing => return Ok(ExitCode::SUCCESS),
        Verdict::Confirmed => ("confirmed", format!("slot {running} is well, and confirmed")),
        Verdict::FellBack(why) => ("fell-back", format!("slot {back} did not stay: {why}")),
        Verdict::Restart(why) => {
            ("restart", format!("slot {running} is not well: {why}; restarting into slot {back}"))
        }
        Verdict::Stuck(why) => ("stuck", format!("slot {running} is not well: {why}; slot {back} is empty")),
    };
    // First what must happen: whoever reads this may be gone.
    let done = match verdict {
        Verdict::Restart(_) => restart(),
        _ => Ok(ExitCode::SUCCESS),
    };
    let text = if json { json!({"result": word, "message": text}).to_string() } else { text };
    say(&mut stdout(), &text);
    done
}

/// The environment; that of a disk that does not give it is as good as damaged, and the record tells what this boot is.
fn environment(esp: &mut ImageTarget) -> Option<GrubEnv> {
    read_env(esp).unwrap_or_else(|error| {
        say(&mut stderr(), &format!("vrouter: {error}"));
        None
    })
}

/// Whether the other slot holds an image. Of one that cannot be read the menu finds out.
fn other_starts(machine: &Machine) -> bool {
    let found = look(machine.slot(machine.other())).and_then(|mut slot| manifest_of(&mut slot));
    found.map_or_else(
        |error| {
            say(&mut stderr(), &format!("vrouter: {error}"));
            true
        },
        |manifest| manifest.is_some(),
    )
}

/// Prints a line. Nobody may be there to read it (a session that has ended, a full journal), which must not end what goes on.
fn say(output: &mut impl Write, line: &str) {
    let _ = writeln!(output, "{line}");
}

/// Keeps the configuration on the first boot of a new slot, before cloud-init writes over it.
fn keep_config() -> Result<ExitCode, Failure> {
    let machine = Machine::find(Path::new("/"))?;
    let mut esp = look(machine.esp())?;
    let env = environment(&mut esp);
    let records = machine.records();
    let mut trial = Trial {
        running: machine.running(),
        other_starts: other_starts(&machine),
        esp: &mut esp,
        records: &records,
        config: Path::new(CONFIG),
        now: now(),
        renew: &mut |esp| loaders::renew(&machine, esp),
    };
    match trial.keep_config(env.as_ref())? {
        Verdict::Restart(why) => {
            let restarted = restart();
            say(&mut stderr(), &format!("vrouter: the configuration cannot be kept: {why}; restarting"));
            restarted
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Takes back what cloud-init wrote over the configuration on the first boot of a new slot.
fn restore_config() -> Result<ExitCode, Failure> {
    let machine = Machine::find(Path::new("/"))?;
    for path in machine.records().restore_config(Path::new(CONFIG))? {
        say(&mut stdout(), &format!("{} is as it was before the upgrade again", path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// What would happen.
fn announce(
    from: &Image,
    to: &Image,
    prepared: &Prepared,
    slot: &mut ImageTarget,
    json: bool,
) -> Result<(), Failure> {
    let replaced = manifest_of(slot)?;
    if json {
        let belief = prepared.belief().to_string();
        println!("{}", json!({"result": "planned", "from": from, "to": to, "trust": belief}));
        return Ok(());
    }
    eprintln!("from:  {from}");
    eprintln!("to:    {to}");
    eprintln!("trust: {}", prepared.belief());
    if let Some(replaced) = replaced {
        let letter = to.slot.letter();
        eprintln!("       replaces {} {} in slot {letter}", replaced.name(), replaced.version());
    }
    Ok(())
}

fn consent(switch: &SwitchArgs, json: bool) -> Result<(), Failure> {
    if switch.yes {
        return Ok(());
    }
    if json || !stdin().is_terminal() || !stderr().is_terminal() {
        return Err(Failure::Other("nobody was there to be asked: give --yes".to_owned()));
    }
    let question = if switch.reboot { "Go on, and restart" } else { "Go on" };
    match ask(question, &mut stdin().lock(), &mut stderr().lock()) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(Failure::Other("not confirmed; nothing was changed".to_owned())),
    }
}

/// Asks on the terminal; only the whole word counts.
fn ask(question: &str, input: &mut impl BufRead, output: &mut impl Write) -> io::Result<bool> {
    write!(output, "{question}? Type yes: ")?;
    output.flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(line.trim() == "yes")
}

fn finish(pending: &Pending, switch: &SwitchArgs, json: bool) -> Result<ExitCode, Failure> {
    if json {
        let armed = json!({"result": "armed", "pending": pending, "reboot": switch.reboot});
        say(&mut stdout(), &armed.to_string());
    } else {
        let when = if switch.reboot { "now" } else { "at the next restart" };
        let told = format!(
            "{} is tried {when}; if it is not well within {} s, the machine goes back to {}",
            pending.to, pending.seconds, pending.from
        );
        say(&mut stderr(), &told);
    }
    if switch.reboot { restart() } else { Ok(ExitCode::SUCCESS) }
}

fn restart() -> Result<ExitCode, Failure> {
    match Command::new("systemctl").args(["--no-block", "reboot"]).status() {
        Ok(status) if status.success() => Ok(ExitCode::SUCCESS),
        Ok(status) => Err(Failure::Other(format!("systemctl reboot ended with {status}; restart by hand"))),
        Err(error) => Err(Failure::Other(format!("systemctl reboot: {error}; restart by hand"))),
    }
}

fn fail(failure: &Failure, json: bool) -> ExitCode {
    let (code, message) = match failure {
        Failure::Upgrade(UpgradeError::Image(error)) => (Some(error.code()), error.to_string()),
        Failure::Upgrade(error) => (None, error.to_string()),
        Failure::Other(message) => (None, message.clone()),
    };
    if json {
        say(&mut stdout(), &json!({"result": "failed", "code": code, "message": message}).to_string());
    } else {
        say(&mut stderr(), &format!("vrouter: {message}"));
    }
    ExitCode::from(REFUSED)
}

/// For this process alone: of two upgrades at once the second is refused, and so is one over a mounted partition.
fn open(device: &Path) -> Result<ImageTarget, UpgradeError> {
    opened(device, ImageTarget::device(device))
}

/// Beside others.
fn look(device: &Path) -> Result<ImageTarget, UpgradeError> {
    opened(device, ImageTarget::image_file(device))
}

fn opened(device: &Path, target: io::Result<ImageTarget>) -> Result<ImageTarget, UpgradeError> {
    target.map_err(|source| UpgradeError::Device { action: "open", device: device.to_owned(), source })
}

fn system() -> System {
    System::new(Path::new(NETCONFD), Path::new(daybreak_control::DEFAULT_SOCKET))
}

/// Waits by the clock of the machine.
struct Waiting(Instant);

impl Patience for Waiting {
    fn pause(&mut self, time: Duration, deadline: Duration) -> bool {
        sleep(time);
        self.0.elapsed() < deadline
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the pause between two tries, and between two looks, both bounded"
)]
fn sleep(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_to_read_a_line() {
        let (reader, mut writer) = io::pipe().unwrap();
        drop(reader);
        say(&mut writer, "slot b is not well");
    }

    #[test]
    fn only_yes_is_yes() {
        for (typed, expected) in [("yes\n", true), (" yes \n", true), ("y\n", false), ("", false)] {
            assert_eq!(ask("Go on", &mut typed.as_bytes(), &mut Vec::new()).unwrap(), expected, "{typed:?}");
        }
    }
}
