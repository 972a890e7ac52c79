//! Whether a system is well: what answered before has to answer again, and who talked BGP has to talk again.

mod bgp;
mod system;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use bgp::{Session, established};
pub use system::System;

/// Time between two looks.
const PERIOD: Duration = Duration::from_secs(2);
/// Sessions that are named in a reason; a full one would be a page.
const NAMED: usize = 5;

/// What a system has to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The NETCONF server says hello.
    pub netconfd: bool,
    /// The data plane answers.
    pub vrouterd: bool,
    /// FRR answers.
    pub frr: bool,
    /// These BGP sessions are established.
    pub sessions: BTreeSet<Session>,
}

/// Asks a system. Each question is bounded in time.
pub trait Probe {
    /// Whether the NETCONF server says hello.
    ///
    /// # Errors
    /// Why not.
    fn netconfd(&mut self) -> Result<(), String>;
    /// Whether the data plane answers.
    ///
    /// # Errors
    /// Why not.
    fn vrouterd(&mut self) -> Result<(), String>;
    /// Whether FRR answers.
    ///
    /// # Errors
    /// Why not.
    fn frr(&mut self) -> Result<(), String>;
    /// The BGP sessions that are established.
    ///
    /// # Errors
    /// Why nobody knows.
    fn sessions(&mut self) -> Result<BTreeSet<Session>, String>;
}

/// Waiting, by whoever has a clock.
pub trait Patience {
    /// Waits; false when `deadline`, counted from the first call on, is over.
    fn pause(&mut self, time: Duration, deadline: Duration) -> bool;
}

impl Expected {
    /// All daemons, and no particular session.
    pub fn everything() -> Self {
        Self { netconfd: true, vrouterd: true, frr: true, sessions: BTreeSet::new() }
    }

    /// What a system shows now. What does not answer now is not asked for later: an upgrade may be the cure for it. The NETCONF
    /// server always is: without it nobody manages the router.
    pub fn of(probe: &mut dyn Probe) -> Self {
        Self {
            netconfd: true,
            vrouterd: probe.vrouterd().is_ok(),
            frr: probe.frr().is_ok(),
            sessions: probe.sessions().unwrap_or_default(),
        }
    }

    /// What is missing, each a sentence.
    pub fn missing(&self, probe: &mut dyn Probe) -> Vec<String> {
        let mut missing = Vec::new();
        let mut ask = |wanted: bool, name: &str, answer: &mut dyn FnMut() -> Result<(), String>| {
            if wanted && let Err(reason) = answer() {
                missing.push(format!("{name} does not answer: {reason}"));
            }
        };
        ask(self.netconfd, "netconfd", &mut || probe.netconfd());
        ask(self.vrouterd, "vrouterd", &mut || probe.vrouterd());
        ask(self.frr, "FRR", &mut || probe.frr());
        if !self.sessions.is_empty() {
            match probe.sessions() {
                Err(reason) => missing.push(format!("BGP cannot be asked: {reason}")),
                Ok(there) => missing.extend(absent(&self.sessions, &there)),
            }
        }
        missing
    }
}

fn absent(wanted: &BTreeSet<Session>, there: &BTreeSet<Session>) -> Option<String> {
    let gone: Vec<_> = wanted.difference(there).collect();
    let names: Vec<_> = gone.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if gone.len() > NAMED { ", …" } else { "" };
    let (gone, all) = (gone.len(), wanted.len());
    (gone > 0).then(|| format!("{gone} of {all} BGP sessions are not back: {}{more}", names.join(", ")))
}

/// Looks until nothing is missing.
///
/// # Errors
/// What is missing at the deadline.
pub fn wait(
    expected: &Expected,
    probe: &mut dyn Probe,
    deadline: Duration,
    patience: &mut dyn Patience,
) -> Result<(), Vec<String>> {
    loop {
        let missing = expected.missing(probe);
        if missing.is_empty() {
            return Ok(());
        }
        if !patience.pause(PERIOD, deadline) {
            return Err(missing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system in which one thing after the other comes up.
    struct Starting(u32);

    fn session(peer: &str) -> Session {
        Session { vrf: "default".to_owned(), peer: peer.to_owned() }
    }

    impl Starting {
        fn after(&self, looks: u32) -> Result<(), String> {
            if self.0 >= looks { Ok(()) } else { Err("not yet".to_owned()) }
        }
    }

    impl Probe for Starting {
        fn netconfd(&mut self) -> Result<(), String> {
            self.0 += 1;
            self.after(2)
        }
        fn vrouterd(&mut self) -> Result<(), String> {
            self.after(3)
        }
        fn frr(&mut self) -> Result<(), String> {
            self.after(4)
        }
        fn sessions(&mut self) -> Result<BTreeSet<Session>, String> {
            self.after(4)?;
            Ok(["10.1.0.2", "10.2.0.2"].into_iter().take(self.0 as usize - 4).map(session).collect())
        }
    }

    /// Time passes only while somebody waits.
    struct Clock(Duration);

    impl Patience for Clock {
        fn pause(&mut self, time: Duration, deadline: Duration) -> bool {
            self.0 += time;
            self.0 < deadline
        }
    }

    fn expected() -> Expected {
        let sessions = ["10.1.0.2", "10.2.0.2"].map(session).into();
        Expected { sessions, ..Expected::everything() }
    }

    #[test]
    fn it_is_well_when_everything_is_back() {
        let mut system = Starting(0);
        wait(&expected(), &mut system, Duration::from_mins(1), &mut Clock(Duration::ZERO)).unwrap();
        assert_eq!(system.0, 6);
    }

    #[test]
    fn at_the_deadline_it_says_what_is_missing() {
        for (seconds, words) in [
            (2, vec!["netconfd does not answer: not yet", "vrouterd", "FRR", "BGP cannot be asked"]),
            (8, vec!["2 of 2 BGP sessions are not back: default 10.1.0.2, default 10.2.0.2"]),
            (10, vec!["1 of 2 BGP sessions are not back: default 10.2.0.2"]),
        ] {
            let mut clock = Clock(Duration::ZERO);
            let missing =
                wait(&expected(), &mut Starting(0), Duration::from_secs(seconds), &mut clock).unwrap_err();
            assert_eq!(missing.len(), words.len(), "{seconds}: {missing:?}");
            for (text, word) in missing.iter().zip(words) {
                assert!(text.contains(word), "{seconds}: {text}");
            }
        }
    }

    #[test]
    fn what_did_not_answer_before_is_not_asked_for() {
        let before = Expected::of(&mut Starting(3));
        assert!(before.netconfd && before.vrouterd && !before.frr && before.sessions.is_empty());
        assert!(before.missing(&mut Starting(2)).is_empty());
        assert_eq!(before.missing(&mut Starting(0)).len(), 2);
    }
}
