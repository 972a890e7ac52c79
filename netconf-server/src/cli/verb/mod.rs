//! What the verbs do, of one shot and of the shell alike: words in, text out.

mod commit;
mod compare;
mod load;
mod rollback;
mod save;
mod show;

pub(super) use commit::{How, commit};
pub(super) use compare::compare;
pub(super) use load::{Mode, load};
pub(super) use rollback::{number, rollback};
pub(super) use save::save;
pub(super) use show::{WHAT, show, view};

use std::path::Path;

use super::Format;
use super::error::CliError;
use super::lang::Models;
use super::link::Link;

/// The router as its command line sees it.
pub(super) struct Router {
    /// What can be configured.
    pub(super) models: Models,
    /// The way to `netconfd`.
    pub(super) link: Link,
}

impl Router {
    /// Loads the models; asks nobody anything yet.
    pub(super) fn new(socket: &Path) -> Result<Self, CliError> {
        let models = Models::load()?;
        let link = Link::new(socket, models.schema.clone())?;
        Ok(Self { models, link })
    }
}

/// What was done, for people or programs.
fn done(format: Format, result: &str, text: &str) -> String {
    match format {
        Format::Json => format!("{}\n", serde_json::json!({"result": result, "message": text})),
        _ => format!("{text}\n"),
    }
}
