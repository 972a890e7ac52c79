//! Which slot is started next.

use daybreak_installer::Target;
use daybreak_layout::Slot;
use daybreak_layout::grub::GrubEnv;

use crate::UpgradeError;
use crate::bootenv::{read_env, write_env};
use crate::record::{Image, Last, Outcome, Pending, Records};
use crate::volume::other;

/// Refuses while the running slot is on trial: the other one is the way back.
///
/// # Errors
/// [`UpgradeError::OnTrial`].
pub fn may_switch(env: Option<&GrubEnv>, running: Slot) -> Result<(), UpgradeError> {
    match env {
        Some(env) if env.slot() == Some(running) && env.tries_left().is_some() => {
            Err(UpgradeError::OnTrial(running))
        }
        _ => Ok(()),
    }
}

/// Refuses to go back to an image that was the last to be given up: that would be the same trial again.
///
/// # Errors
/// [`UpgradeError::GivenUp`].
pub fn may_go_back(last: Option<&Last>, to: &Image) -> Result<(), UpgradeError> {
    match last {
        Some(last) if last.outcome == Outcome::FellBack && last.to == *to => {
            Err(UpgradeError::GivenUp { image: to.clone(), reason: last.reason.clone() })
        }
        _ => Ok(()),
    }
}

/// Makes the running slot the one that is started, and forgets a switch that was asked for before. Nothing starts from the
/// other slot afterwards.
///
/// # Errors
/// Those of the disk and the record.
pub fn disarm(esp: &mut dyn Target, records: &Records, running: Slot) -> Result<(), UpgradeError> {
    let wanted = GrubEnv::confirmed(running);
    if read_env(esp)?.as_ref() != Some(&wanted) {
        write_env(esp, &wanted)?;
    }
    records.clear_pending()
}

/// Has the other slot started once, on trial, at the next boot. First the record is written by which that boot will be
/// judged, then the environment, which is what makes it happen. The configuration is not kept here: what is saved until the
/// restart belongs to it, so that boot does it ([`crate::Trial::keep_config`]).
///
/// # Errors
/// Those of the disk and the record.
pub fn arm(esp: &mut dyn Target, records: &Records, pending: &Pending) -> Result<(), UpgradeError> {
    debug_assert_eq!(pending.to.slot, other(pending.from.slot));
    // One of an earlier switch would be taken for that of this one.
    records.forget_config()?;
    records.set_pending(pending)?;
    write_env(esp, &GrubEnv::on_trial(pending.to.slot))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::pending;

    #[test]
    fn an_image_that_was_given_up_is_not_gone_back_to() {
        let (from, to) = (pending().from, pending().to);
        let last = |outcome| Last {
            kind: pending().kind,
            from: from.clone(),
            to: to.clone(),
            outcome,
            reason: "no hello".to_owned(),
            at: 1,
            loaders: None,
        };
        let fell_back = last(Outcome::FellBack);
        let error = may_go_back(Some(&fell_back), &to).unwrap_err().to_string();
        assert!(error.contains("vrouter 2 in slot b") && error.contains("no hello"), "{error}");
        assert!(error.contains("--force"), "{error}");
        // Another image has been put there since.
        let other = Image { version: "3".to_owned(), ..to.clone() };
        for (last, to) in [
            (Some(&fell_back), &other),
            (Some(&fell_back), &from),
            (Some(&last(Outcome::Confirmed)), &to),
            (None, &to),
        ] {
            assert!(may_go_back(last, to).is_ok(), "{last:?} {to}");
        }
    }

    #[test]
    fn only_a_running_slot_on_trial_keeps_the_other_one() {
        for (env, running, allowed) in [
            (Some(GrubEnv::confirmed(Slot::A)), Slot::A, true),
            (Some(GrubEnv::on_trial(Slot::B)), Slot::A, true),
            (Some(GrubEnv::on_trial(Slot::B)), Slot::B, false),
            (Some(GrubEnv::confirmed(Slot::B)), Slot::A, true),
            (None, Slot::A, true),
        ] {
            assert_eq!(may_switch(env.as_ref(), running).is_ok(), allowed, "{env:?} {running:?}");
        }
    }
}
