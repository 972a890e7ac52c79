//! `daybreak-commits`: what was running before.

use super::time::date_and_time;
use crate::engine::Made;
use daybreak_datastore::tree::{BuildError, Builder};

pub(super) fn fill(top: &mut Builder<'_>, commits: &[Made]) -> Result<(), BuildError> {
    top.container("commits", |list| {
        for (number, made) in commits.iter().enumerate() {
            list.entry("commit", |entry| {
                entry
                    .leaf("number", number)?
                    .leaf("time", date_and_time(made.time()))?
                    .optional("user", made.user.as_deref())?
                    .leaf("action", made.action.name())?;
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(())
}
