//! `daybreak-commits`: what was running before, and what of running is not in effect.

use super::time::date_and_time;
use crate::engine::Made;
use daybreak_datastore::tree::{BuildError, Builder};

pub(super) fn fill(top: &mut Builder<'_>, commits: &[Made], problems: &[String]) -> Result<(), BuildError> {
    // Programs are quoted in them, and not every character of theirs may be in XML.
    let printable = |text: &String| text.replace(char::is_control, " ");
    top.container("commits", |list| {
        list.leaf_list("problem", problems.iter().map(printable))?;
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
