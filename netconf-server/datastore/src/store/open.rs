//! Opening the datastores: running from the journal of this boot, else from startup.

use super::due::{Compaction, Shared};
use super::files::{self, read_tree};
use super::journal::{self, ConfirmStep, Found, Journal, Record};
use super::locks::Locks;
use super::startup::{self, put_aside};
use super::{Confirm, Paths, Store, StoreError, Validate};
use crate::diff::diff;
use crate::edit::{DefaultOperation, ErrorOption, apply, parse_xml};
use crate::error::DataError;
use crate::schema::Schema;
use crate::tree::Tree;
use crate::xml::{Fragment, Limits};
use daybreak_netconf::error::RpcError;
use std::fmt;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where running came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The journal: the daemon was restarted.
    Journal,
    /// The startup configuration: the machine was.
    Startup,
}

/// What opening found.
#[derive(Debug)]
pub struct Report {
    /// Where running came from.
    pub origin: Origin,
    /// Transactions were begun and neither finished nor aborted: what carries running out may be half changed.
    pub interrupted: bool,
    /// What an operator should know.
    pub problems: Vec<Problem>,
}

/// Something that went wrong before and was worked around.
#[derive(Debug)]
pub enum Problem {
    /// A startup configuration could not be understood.
    StartupUnreadable {
        /// The file.
        path: PathBuf,
        /// Where it is now.
        kept: PathBuf,
        /// What is wrong with it.
        error: DataError,
    },
    /// The startup configuration is not valid, so running starts empty. The file stays.
    StartupInvalid {
        /// What is wrong with it.
        errors: Vec<RpcError>,
    },
    /// The journal ended inside a record, as a crash leaves it.
    JournalCut {
        /// Bytes that were left out.
        bytes: u64,
    },
    /// The journal of this boot could not be carried out, so running comes from startup.
    JournalUnusable {
        /// Where it is now.
        kept: PathBuf,
        /// Why.
        reason: String,
    },
    /// Others than its owner can read a file.
    Exposed {
        /// The file.
        path: PathBuf,
        /// Why that cannot be changed.
        error: std::io::Error,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StartupUnreadable { path, kept, error } => write!(
                f,
                "the startup configuration {} cannot be read and was left out: {error}; it is now {}",
                path.display(),
                kept.display()
            ),
            Self::StartupInvalid { errors } => {
                let first = errors.first().map_or_else(String::new, ToString::to_string);
                write!(f, "the startup configuration is not valid, running starts empty: {first}")
            }
            Self::JournalCut { bytes } => {
                write!(f, "the journal ended in {bytes} bytes of a record that was not written whole")
            }
            Self::JournalUnusable { kept, reason } => write!(
                f,
                "the journal cannot be used, running comes from startup: {reason}; it is now {}",
                kept.display()
            ),
            Self::Exposed { path, error } => write!(
                f,
                "{} can be read by others and holds what access control keeps from them: {error}; chmod it to 600",
                path.display()
            ),
        }
    }
}

impl Store {
    /// Opens the datastores. `boot_id` tells boots apart (`/proc/sys/kernel/random/boot_id`): a journal of the same boot is
    /// carried out again, one of another boot is void and running is what startup is.
    ///
    /// A confirmed commit that waits still waits: see [`Store::waiting`] for whether its time is over. Its session is not
    /// there any more, so without a persist id it has to go back.
    ///
    /// # Errors
    /// [`StoreError::Io`] if files cannot be read or written. Files that make no sense are put aside and reported.
    pub fn open(
        schema: Arc<Schema>,
        paths: Paths,
        boot_id: &str,
        validate: Validate<'_>,
    ) -> Result<(Self, Report), StoreError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&paths.state);
        made.map_err(|error| StoreError::io("make", &paths.state, error))?;
        let open = files::tighten(&paths.state, &[&paths.startup_xml, &paths.startup_json]);
        let exposed = |(path, error)| Problem::Exposed { path, error };
        let mut problems: Vec<_> = open.into_iter().map(exposed).collect();
        let startup = startup::load(&schema, &paths, &mut problems)?;
        let found = Journal::read(&paths.state)?;
        let replayed = match replay(&schema, &paths, boot_id, &found) {
            Ok(replayed) => replayed,
            Err(reason) => {
                let path = paths.state.join("journal");
                let kept = put_aside(&path).map_err(|error| StoreError::io("rename", &path, error))?;
                problems.push(Problem::JournalUnusable { kept, reason });
                None
            }
        };
        let origin = if replayed.is_some() { Origin::Journal } else { Origin::Startup };
        if origin == Origin::Journal && found.cut > 0 {
            problems.push(Problem::JournalCut { bytes: found.cut });
        }
        let state = match replayed {
            Some(state) => state,
            None => Replayed {
                running: valid(&schema, &startup, validate, &mut problems),
                ..Replayed::empty(&schema)
            },
        };
        let base = Compaction {
            boot_id: boot_id.to_owned(),
            sequence: state.sequence,
            running: state.running.clone(),
            waiting: state.waiting.clone(),
        };
        let journal = Shared::new(base.run(&paths.state)?);
        let store = Self {
            candidate: state.running.clone(),
            running: state.running,
            startup,
            locks: Locks::default(),
            journal,
            sequence: state.sequence,
            begun: None,
            waiting: state.waiting,
            boot_id: boot_id.to_owned(),
            schema,
            paths,
        };
        Ok((store, Report { origin, interrupted: state.interrupted, problems }))
    }
}

/// The startup configuration if it is valid, else nothing.
fn valid(schema: &Arc<Schema>, startup: &Tree, validate: Validate<'_>, problems: &mut Vec<Problem>) -> Tree {
    let empty = Tree::empty(schema.clone());
    match validate(&empty, startup, &diff(&empty, startup)) {
        Ok(()) => startup.clone(),
        Err(errors) => {
            problems.push(Problem::StartupInvalid { errors });
            empty
        }
    }
}

/// What a journal leads to.
struct Replayed {
    running: Tree,
    sequence: u64,
    waiting: Option<(Confirm, Tree)>,
    interrupted: bool,
}

impl Replayed {
    fn empty(schema: &Arc<Schema>) -> Self {
        Self { running: Tree::empty(schema.clone()), sequence: 0, waiting: None, interrupted: false }
    }
}

/// Carries out the journal of this boot; `None` if there is none.
fn replay(
    schema: &Arc<Schema>,
    paths: &Paths,
    boot_id: &str,
    found: &Found,
) -> Result<Option<Replayed>, String> {
    let load = |name: &str| {
        let tree = read_tree(schema, &paths.state.join(name)).map_err(|error| error.to_string())?;
        tree.map_err(|error| format!("{name}: {error}"))
    };
    let Some((Record::Base { boot_id: of, sequence, running, waiting }, records)) =
        found.records.split_first()
    else {
        return if found.records.is_empty() && found.cut == 0 {
            Ok(None)
        } else {
            Err("it does not start with what it builds on".to_owned())
        };
    };
    if of != boot_id {
        return Ok(None);
    }
    let waiting = match waiting {
        None => None,
        Some((confirm, file)) => Some((confirm.clone(), load(file)?)),
    };
    let mut state = Replayed { running: load(running)?, sequence: *sequence, waiting, interrupted: false };
    let mut intent: Option<(u64, &journal::Change, &ConfirmStep)> = None;
    for record in records {
        match record {
            Record::Base { .. } => return Err("it starts anew in its middle".to_owned()),
            Record::Intent { sequence, change, confirm, .. } => {
                state.interrupted |= intent.is_some();
                state.sequence = *sequence;
                intent = Some((*sequence, change, confirm));
            }
            Record::Abort { .. } => intent = None,
            Record::Commit { sequence } => match intent.take() {
                Some((of, change, confirm)) if of == *sequence => {
                    let new = match change {
                        journal::Change::Snapshot(name) => load(name)?,
                        journal::Change::Edit(edit) => edited(&state.running, edit)
                            .map_err(|error| format!("change {sequence}: {error}"))?,
                    };
                    let old = std::mem::replace(&mut state.running, new);
                    match confirm {
                        ConfirmStep::Keep => {}
                        ConfirmStep::Wait(confirm) => match &mut state.waiting {
                            Some((waiting, _)) => *waiting = confirm.clone(),
                            none => *none = Some((confirm.clone(), old)),
                        },
                        ConfirmStep::End => state.waiting = None,
                    }
                }
                _ => return Err(format!("change {sequence} was finished and never begun")),
            },
        }
    }
    state.interrupted |= intent.is_some();
    Ok(Some(state))
}

fn edited(tree: &Tree, edit: &str) -> Result<Tree, RpcError> {
    let edit = parse_xml(tree.schema(), Fragment::new(edit), Limits::default())?;
    apply(tree, &edit, DefaultOperation::None, ErrorOption::RollbackOnError).into_result()
}
