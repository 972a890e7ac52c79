//! The process that owns the demo's lab.

use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use nix::sys::signal::{SigSet, Signal};

use super::message::Message;
use super::runtime;
use crate::environment::Environment;
use crate::error::{LabError, Result};
use crate::lab::{Addressing, Lab};
use crate::machine::{Firmware, Machine, disk};
use crate::patience::Patience;
use crate::timeline::Timeline;

/// The demo's node.
const NODE: &str = "r1";

/// Longest way from power-on to `active`, on a quiet machine.
const DEPLOYMENT: Duration = Duration::from_mins(20);

/// Longest way from `active` to an SSH login.
const LOGIN: Duration = Duration::from_mins(3);

/// Builds the lab, deploys the machine and keeps both until SIGTERM. Reports go to standard output. When standard input
/// ends before its front said `keep`, nobody will ever end the lab, so it ends itself.
pub fn run() -> ExitCode {
    let ends = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect::<SigSet>();
    if ends.thread_block().is_err() {
        return ExitCode::FAILURE;
    }
    std::thread::spawn(move || {
        let _ = ends.wait();
        // Processes, namespaces and locks go with this process.
        std::process::exit(0);
    });
    std::thread::spawn(|| {
        let mut word = String::new();
        let _ = std::io::stdin().read_to_string(&mut word);
        if word.trim() != "keep" {
            std::process::exit(1);
        }
    });
    match runtime::claim() {
        Ok(Some(_claim)) => keep(),
        Ok(None) => fail("a demo runs already; `make demo-down` ends it"),
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(error: &str) -> ExitCode {
    let (events, console) = (String::new(), String::new());
    send(&Message::Failed { error: error.to_owned(), events, console });
    ExitCode::FAILURE
}

fn keep() -> ExitCode {
    let (lab, mut machine) = match prepare() {
        Ok(made) => made,
        Err(error) => return fail(&error.to_string()),
    };
    match deploy(&lab, &mut machine) {
        Ok(ready) => send(&ready),
        Err(error) => {
            let events =
                lab.provisioner().command(&["node", "events", NODE]).unwrap_or_else(|e| e.to_string());
            let console = machine.console().map_or_else(|e| e.to_string(), |console| console.tail(60));
            send(&Message::Failed { error: error.to_string(), events, console });
            return ExitCode::FAILURE;
        }
    }
    loop {
        // Until the signal thread ends the process.
        std::thread::park();
    }
}

fn send(message: &Message) {
    // A front that is gone is noticed on standard input.
    let _ = std::io::stdout().lock().write_all(message.line().as_bytes());
}

fn preparing(what: &str) {
    send(&Message::Preparing { what: what.to_owned() });
}

fn prepare() -> Result<(Lab, Machine)> {
    let environment = Environment::from_process()?;
    preparing("network namespaces: one wire, one provisioner");
    let mut lab = Lab::new("demo", environment, Addressing::Server)?;
    preparing("`daybreak serve` in its namespace");
    lab.provisioner_mut().start()?;
    preparing("`daybreak node add` for a machine with one empty disk of 4 GiB");
    lab.enrol(NODE, 1)?;
    let target = disk::empty(lab.directory(), "target", "DISK0", 4 << 30)?;
    let machine = lab.machine(NODE, 1, Firmware::Bios, vec![target])?;
    Ok((lab, machine))
}

fn deploy(lab: &Lab, machine: &mut Machine) -> Result<Message> {
    let mut timeline = lab.provisioner().timeline(NODE)?;
    let on = Timestamp::now();
    machine.power_on(lab.bridge())?;
    follow(lab, &mut timeline, on)?;
    let login = lab.login(NODE)?;
    login.wait(lab.server(), Patience::new(LOGIN))?;
    let greeting = login.run(lab.server(), "hostname; uname -srm; uptime -p; cat /proc/cmdline")?;
    let text = "logged in with the seed's key".to_owned();
    send(&Message::Event { seconds: seconds(on, Timestamp::now()), code: "SSH".to_owned(), text });

    let serve = lab.provisioner().id().unwrap_or_default();
    let ssh = format!("nsenter --net=/proc/{serve}/ns/net ssh {}", login.arguments().join(" "));
    let events = format!(
        "{} --socket {} node events {NODE}",
        lab.environment().daybreak.display(),
        lab.provisioner().socket().display()
    );
    Ok(Message::Ready { ssh, events, greeting: greeting.trim().to_owned() })
}

/// Tells every event until the node is active, and how far long steps are.
fn follow(lab: &Lab, timeline: &mut Timeline, on: Timestamp) -> Result<()> {
    let mut patience = Patience::new(DEPLOYMENT);
    loop {
        let Some(slice) = patience.next_wait(Duration::from_millis(500)) else {
            let (awaited, waited) = (format!("{NODE} to be active"), patience.waited());
            return Err(LabError::TimedOut { awaited, waited, seen: timeline.tail() });
        };
        match timeline.next(Patience::new(slice)) {
            Ok(event) => {
                // The event's own time: on a busy machine it is read late.
                let seconds = seconds(on, event.at);
                send(&Message::Event { seconds, code: event.code.clone(), text: event.message.clone() });
                if event.says("STATE-CHANGED", "active") {
                    return Ok(());
                }
                if event.is_failure() {
                    let (watched, awaited) = ("the deployment".to_owned(), format!("{NODE} to be active"));
                    return Err(LabError::Ended { watched, awaited, seen: event.message });
                }
            }
            Err(LabError::TimedOut { .. }) => tell_progress(lab)?,
            Err(other) => return Err(other),
        }
    }
}

/// Seconds from `on` to `at`; 0 for what was before.
fn seconds(on: Timestamp, at: Timestamp) -> f64 {
    at.duration_since(on).as_secs_f64().max(0.0)
}

fn tell_progress(lab: &Lab) -> Result<()> {
    let view = lab.provisioner().json(&["node", "show", NODE])?;
    let progress = &view["progress"];
    if let Some(what) = progress["what"].as_str() {
        let number = |key: &str| progress[key].as_u64().unwrap_or(0);
        let percent = u8::try_from(number("percent")).unwrap_or(100);
        send(&Message::Progress {
            what: what.to_owned(),
            percent,
            bytes: number("bytes"),
            total: number("total"),
        });
    }
    Ok(())
}
