//! The process that owns the demo's lab.

use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use nix::sys::signal::{SigSet, Signal};

use super::message::Message;
use super::runtime;
use crate::ansible::Ansible;
use crate::environment::Environment;
use crate::error::{LabError, Result};
use crate::lab::{Addressing, Lab};
use crate::machine::{Firmware, Machine, disk};
use crate::patience::Patience;
use crate::routed::{ANNOUNCED, DATABASE, PEER_AS, Routed};
use crate::story::Story;
use crate::timeline::Timeline;

/// The demo's node.
const NODE: &str = "r1";

/// Longest way from power-on to `active`, on a quiet machine.
const DEPLOYMENT: Duration = Duration::from_mins(20);

/// Longest way from `active` to an SSH login, and from one step of the router's story to the next.
const LOGIN: Duration = Duration::from_mins(3);

/// Echo requests sent through the router.
const PACKETS: u32 = 500;

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

/// What the demo builds before it switches the machine on.
struct Stage {
    machine: Machine,
    ansible: Ansible,
    routed: Routed,
    lab: Lab,
}

fn keep() -> ExitCode {
    let mut stage = match prepare() {
        Ok(made) => made,
        Err(error) => return fail(&error.to_string()),
    };
    match deploy(&mut stage) {
        Ok(ready) => send(&ready),
        Err(error) => {
            let Stage { lab, machine, .. } = &stage;
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

fn prepare() -> Result<Stage> {
    let environment = Environment::from_process()?;
    preparing("network namespaces: a wire for management, one west, one east, a provisioner");
    let mut lab = Lab::new("demo", environment, Addressing::Server)?;
    preparing("`daybreak serve` in its namespace");
    lab.provisioner_mut().start()?;
    preparing("FRR as BGP peer on the west wire, a host on the east wire, InfluxDB beside the provisioner");
    let routed = Routed::new(&lab)?;
    preparing("Ansible with the collection daybreak.vrouter");
    let ansible = Ansible::new(&lab)?;
    preparing("`daybreak node add` for a machine with three network cards and one empty disk of 4 GiB");
    lab.enrol(NODE, 1)?;
    let target = disk::empty(lab.directory(), "target", "DISK0", 4 << 30)?;
    let others = [&routed.west, &routed.east];
    let machine = lab.machine_on(NODE, 1, Firmware::Bios, vec![target], &others)?;
    Ok(Stage { machine, ansible, routed, lab })
}

fn deploy(stage: &mut Stage) -> Result<Message> {
    let Stage { machine, ansible, routed, lab } = stage;
    let mut timeline = lab.provisioner().timeline(NODE)?;
    let on = Timestamp::now();
    machine.power_on(lab.bridge())?;
    follow(lab, &mut timeline, on)?;
    let login = lab.login(NODE)?;
    login.wait(lab.server(), Patience::new(LOGIN))?;
    let tell = |code: &str, text: String| {
        let seconds = seconds(on, Timestamp::now());
        send(&Message::Event { seconds, code: code.to_owned(), text });
    };
    tell("SSH", "logged in with the seed's key".to_owned());
    ansible.trust(lab, NODE)?;
    let story = Story { lab, routed, node: NODE, login: &login, ansible };
    route(&story, tell)?;
    let greeting = login.run(lab.server(), "hostname; uname -srm; uptime -p; sudo vrouterd ctl ports")?;
    Ok(Message::Ready { commands: commands(&story), greeting: greeting.trim().to_owned() })
}

/// The second half: from a login to a router that reports.
fn route(story: &Story<'_>, tell: impl Fn(&str, String)) -> Result<()> {
    story.wait_netconf(Patience::new(LOGIN))?;
    tell("NETCONF", "greets on port 830".to_owned());
    let recap = story.configure()?;
    tell("ANSIBLE", format!("{} of {} tasks changed the router", recap.changed, recap.ok));
    story.wait_route()?;
    tell("BGP", format!("{ANNOUNCED} learnt from AS {PEER_AS}, in the FIB; first packet answered"));
    let pings = story.traffic(PACKETS)?;
    tell("TRAFFIC", format!("{} of {} packets answered through the router", pings.received, pings.sent));
    let counted = story.wait_kpi("p1", "rx_packets", pings.sent, Patience::new(LOGIN))?;
    tell("KPI", format!("InfluxDB has rx_packets={counted} of port p1"));
    Ok(())
}

/// What there is to try, with the commands as they work on this machine.
fn commands(story: &Story<'_>) -> Vec<(String, String)> {
    let Story { lab, routed, login, ansible, .. } = story;
    let inside = format!("nsenter --net=/proc/{}/ns/net", lab.provisioner().id().unwrap_or_default());
    let ssh = format!("{inside} ssh {}", login.arguments().join(" "));
    let daybreak = lab.environment().daybreak.display();
    let query = format!(
        "{inside} curl -sSG '{}/query?db={DATABASE}' --data-urlencode \
         'q=SELECT rx_packets, tx_packets FROM dataplane_port ORDER BY time DESC LIMIT 4'",
        routed.influx.url()
    );
    [
        ("log in", ssh.clone()),
        (
            "its timeline",
            format!("{daybreak} --socket {} node events {NODE}", lab.provisioner().socket().display()),
        ),
        ("the data plane: ports, routes, counters", format!("{ssh} -t 'sudo vrouterd ctl statistics'")),
        ("the BGP peer's shell", routed.peer.shell()),
        (
            "configure it again with Ansible: nothing changes",
            format!("{inside} {}", ansible.shell(&story.variables())),
        ),
        ("KPIs in the database", query),
    ]
    .into_iter()
    .map(|(what, command)| (what.to_owned(), command))
    .collect()
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
