//! What a boot means: a slot on trial, one that came back, or nothing.

use std::path::Path;
use std::time::Duration;

use daybreak_installer::Target;
use daybreak_layout::Slot;
use daybreak_layout::grub::{GrubEnv, TRIES};

use crate::UpgradeError;
use crate::bootenv::write_env;
use crate::health::{Expected, Patience, Probe, wait};
use crate::loaders::Renewed;
use crate::record::{Kind, Last, Outcome, Pending, Records};

/// Seconds for a trial of which nothing is recorded.
const DEFAULT_SECONDS: u64 = 300;

/// What the environment and the record say about this boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// Nothing was asked for.
    Settled,
    /// The other slot is to be started at the next boot.
    Armed,
    /// This slot is on trial.
    OnTrial,
    /// The other slot was to be started, and this one runs.
    FellBack,
    /// This slot was confirmed, and the machine lost power before it was noted.
    Confirmed,
}

/// Decides what this boot is.
pub fn situation(env: Option<&GrubEnv>, running: Slot, pending: Option<&Pending>) -> Situation {
    let tried = env.and_then(|env| env.slot().zip(env.tries_left()));
    match tried {
        Some((slot, _)) if slot == running => Situation::OnTrial,
        Some((_, left)) if left >= TRIES => Situation::Armed,
        // The menu has counted the boot, and then went on to this slot: the other one did not load, or somebody chose.
        Some(_) => Situation::FellBack,
        None => match pending {
            None => Situation::Settled,
            Some(pending) if pending.to.slot == running => match env.and_then(GrubEnv::slot) {
                Some(slot) if slot == running => Situation::Confirmed,
                // Chosen in the menu before it was ever judged, or the environment is damaged: nobody has confirmed it.
                _ => Situation::OnTrial,
            },
            Some(_) => Situation::FellBack,
        },
    }
}

/// How a boot was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There was nothing to judge.
    Nothing,
    /// This slot is confirmed from now on.
    Confirmed,
    /// The other slot did not stay; this one is confirmed.
    FellBack(String),
    /// This slot is not well: the machine must restart, into the other one.
    Restart(String),
    /// This slot is not well, and the other one holds nothing to go back to.
    Stuck(String),
}

/// One boot of one machine.
pub struct Trial<'a> {
    /// The slot that runs.
    pub running: Slot,
    /// Whether the other slot holds an image.
    pub other_starts: bool,
    /// The EFI system partition.
    pub esp: &'a mut dyn Target,
    /// The records.
    pub records: &'a Records,
    /// Folder of the configuration.
    pub config: &'a Path,
    /// Seconds since 1970.
    pub now: u64,
    /// Gives the disk the boot loaders of the running image; is passed the EFI system partition.
    pub renew: &'a mut dyn FnMut(&mut dyn Target) -> Renewed,
}

impl Trial<'_> {
    /// Keeps the configuration as it is before cloud-init has its first boot in the slot on trial, which writes what the seed
    /// says. What cannot be kept would be lost, so the machine goes back then.
    ///
    /// # Errors
    /// Those of the disk and the records, when there is no other slot to go back to.
    pub fn keep_config(&mut self, env: Option<&GrubEnv>) -> Result<Verdict, UpgradeError> {
        let Some(pending) = self.records.pending()?.filter(|pending| pending.to.slot == self.running) else {
            return Ok(Verdict::Nothing);
        };
        if situation(env, self.running, Some(&pending)) != Situation::OnTrial {
            return Ok(Verdict::Nothing);
        }
        match self.records.keep_config(self.config) {
            Ok(()) => Ok(Verdict::Nothing),
            Err(error) => self.give_up(Some(pending), format!("before its first boot: {error}")),
        }
    }

    /// Judges the boot; waits for the system to be well when it is on trial. Every decision is on the medium when this
    /// returns, but for that to restart: it stands even where nothing can be read or written, and its reason says so. The menu
    /// has counted the try, and goes back without being told.
    ///
    /// # Errors
    /// Those of the disk and the records. A slot on trial that is well stays on trial then, and the next boot is the other
    /// slot's.
    pub fn judge(
        &mut self,
        env: Option<&GrubEnv>,
        probe: &mut dyn Probe,
        patience: &mut dyn Patience,
    ) -> Result<Verdict, UpgradeError> {
        let (pending, unread) = match self.records.pending() {
            Ok(pending) => (pending, None),
            Err(error) => (None, Some(error)),
        };
        match (situation(env, self.running, pending.as_ref()), unread) {
            (Situation::OnTrial, None) => self.on_trial(pending, probe, patience),
            (Situation::OnTrial, Some(error)) => {
                let verdict = self.on_trial(None, probe, patience)?;
                Ok(match verdict {
                    Verdict::Restart(reason) => Verdict::Restart(format!("{reason}; {error}")),
                    other => other,
                })
            }
            (_, Some(error)) => Err(error),
            (situation, None) => self.settle(situation, pending),
        }
    }

    /// What is left to do in a slot that is not on trial.
    fn settle(&mut self, situation: Situation, pending: Option<Pending>) -> Result<Verdict, UpgradeError> {
        match situation {
            Situation::Settled | Situation::Armed | Situation::OnTrial => Ok(Verdict::Nothing),
            Situation::Confirmed => self.stay(pending),
            Situation::FellBack => {
                // The other system may have had its first boot, and written what the seed says.
                self.records.restore_config(self.config)?;
                // Put back once: what is saved from now on stays, also when the rest fails and is tried at the next boot.
                self.records.forget_config()?;
                write_env(self.esp, &GrubEnv::confirmed(self.running))?;
                let known = pending.as_ref().and_then(|pending| pending.failure.clone());
                let reason =
                    known.unwrap_or_else(|| "it was not started, or ended without reporting".to_owned());
                self.conclude(pending, Outcome::FellBack, &reason, None)?;
                Ok(Verdict::FellBack(reason))
            }
        }
    }

    fn on_trial(
        &mut self,
        pending: Option<Pending>,
        probe: &mut dyn Probe,
        patience: &mut dyn Patience,
    ) -> Result<Verdict, UpgradeError> {
        let pending = pending.filter(|pending| pending.to.slot == self.running);
        let seconds = pending.as_ref().map_or(DEFAULT_SECONDS, |pending| pending.seconds);
        let everything = Expected::everything();
        let expected = pending.as_ref().map_or(&everything, |pending| &pending.expected);
        let Err(missing) = wait(expected, probe, Duration::from_secs(seconds), patience) else {
            write_env(self.esp, &GrubEnv::confirmed(self.running))?;
            return self.stay(pending);
        };
        self.give_up(pending, format!("after {seconds} s: {}", missing.join("; ")))
    }

    /// What is left to do in a slot that was confirmed, also after a power cut in the middle of it. An upgrade brings its boot
    /// loaders; the way back does not bring the old ones again.
    fn stay(&mut self, pending: Option<Pending>) -> Result<Verdict, UpgradeError> {
        let upgrade = pending.as_ref().filter(|pending| pending.kind == Kind::Upgrade);
        let loaders = upgrade.map(|pending| {
            if pending.keep_loaders { Renewed::kept("as it was asked for") } else { (self.renew)(self.esp) }
        });
        self.conclude(pending, Outcome::Confirmed, "everything answered in time", loaders)?;
        Ok(Verdict::Confirmed)
    }

    /// Leaves a slot that is not well. What cannot be noted about it is added to the reason: it keeps no machine here.
    fn give_up(&mut self, pending: Option<Pending>, mut reason: String) -> Result<Verdict, UpgradeError> {
        if !self.other_starts {
            // Without another image the menu would start this one again and again, and each time restart it.
            write_env(self.esp, &GrubEnv::confirmed(self.running))?;
            self.conclude(pending, Outcome::Stuck, &reason, None)?;
            return Ok(Verdict::Stuck(reason));
        }
        if let Some(mut pending) = pending {
            pending.failure = Some(reason.clone());
            if let Err(error) = self.records.set_pending(&pending) {
                reason = format!("{reason}; this cannot be noted: {error}");
            }
        }
        // GRUB would go back by itself; said aloud, it does so whatever became of the count.
        if let Err(error) = write_env(self.esp, &GrubEnv::confirmed(crate::other(self.running))) {
            reason = format!("{reason}; the menu cannot be told: {error}");
        }
        Ok(Verdict::Restart(reason))
    }

    fn conclude(
        &self,
        pending: Option<Pending>,
        outcome: Outcome,
        reason: &str,
        loaders: Option<Renewed>,
    ) -> Result<(), UpgradeError> {
        let Some(Pending { kind, from, to, .. }) = pending else { return self.records.clear_pending() };
        let (reason, at) = (reason.to_owned(), self.now);
        self.records.conclude(&Last { kind, from, to, outcome, reason, at, loaders })
    }
}

/// What is tried, for people.
impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Upgrade => "upgrade",
            Self::Rollback => "rollback",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::pending;

    fn counted(slot: Slot) -> GrubEnv {
        let bytes = GrubEnv::on_trial(slot).to_bytes().unwrap();
        let text = String::from_utf8(bytes).unwrap().replace("tries=1", "tries=0");
        GrubEnv::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn every_boot_is_one_of_five() {
        use Situation::{Armed, Confirmed, FellBack, OnTrial, Settled};
        let to_b = Some(pending());
        for (env, running, pending, expected) in [
            (Some(GrubEnv::confirmed(Slot::A)), Slot::A, None, Settled),
            (None, Slot::A, None, Settled),
            // Asked for; the machine has not restarted yet, or lost power before the environment was written.
            (Some(GrubEnv::on_trial(Slot::B)), Slot::A, to_b.clone(), Armed),
            (Some(GrubEnv::confirmed(Slot::A)), Slot::A, to_b.clone(), FellBack),
            // The menu has counted.
            (Some(counted(Slot::B)), Slot::B, to_b.clone(), OnTrial),
            (Some(counted(Slot::B)), Slot::B, None, OnTrial),
            (Some(counted(Slot::B)), Slot::A, to_b.clone(), FellBack),
            // Confirmed, not noted.
            (Some(GrubEnv::confirmed(Slot::B)), Slot::B, to_b.clone(), Confirmed),
            // Power was lost between the record and the environment, or the slot was given up, and then it was chosen in the
            // menu; or nobody knows.
            (Some(GrubEnv::confirmed(Slot::A)), Slot::B, to_b.clone(), OnTrial),
            (None, Slot::B, to_b.clone(), OnTrial),
            // The slot was chosen in the menu.
            (Some(GrubEnv::confirmed(Slot::B)), Slot::A, None, Settled),
            (None, Slot::A, to_b, FellBack),
        ] {
            assert_eq!(situation(env.as_ref(), running, pending.as_ref()), expected, "{env:?} {running:?}");
        }
    }
}
