//! Our engine without a server: an edit read from XML and carried out on the candidate, the commit with its constraints
//! checked, and the journal on disk.

use crate::configuration::{interfaces, one_leaf};
use crate::figures::Times;
use anyhow::{Context as _, Result, ensure};
use daybreak_datastore::constraint::Constraints;
use daybreak_datastore::diff::Change;
use daybreak_datastore::edit::{DefaultOperation, ErrorOption, apply, parse_xml};
use daybreak_datastore::schema::Schema;
use daybreak_datastore::store::{CommitRequest, Datastore, Paths, SessionId, Store};
use daybreak_datastore::tree::Tree;
use daybreak_datastore::xml::{Fragment, Limits};
use daybreak_netconf::error::RpcError;
use std::sync::Arc;
use std::time::Instant;

const SESSION: SessionId = SessionId(1);

struct Engine {
    store: Store,
    constraints: Constraints,
}

impl Engine {
    /// Edits one after the other in one commit.
    fn commit(&mut self, edit: &str) -> Result<()> {
        let candidate = self.store.tree(Datastore::Candidate).clone();
        let edit = parse_xml(candidate.schema(), Fragment::new(edit), Limits::default())?;
        let tree =
            apply(&candidate, &edit, DefaultOperation::Merge, ErrorOption::RollbackOnError).into_result()?;
        self.store.set_candidate(SESSION, tree)?;
        let constraints = &self.constraints;
        let validate = |old: &Tree, new: &Tree, changes: &[Change]| {
            let errors = constraints.validate(Some(old), new, changes);
            if errors.is_empty() { Ok(()) } else { Err(errors.into_iter().map(RpcError::from).collect()) }
        };
        let request = CommitRequest { session: SESSION, confirm: None, persist_id: None };
        let mut prepared = self.store.prepare_commit(&request, &validate)?;
        ensure!(!prepared.changes.is_empty(), "the edit changes nothing");
        self.store.begin(&mut prepared)?.run()?;
        self.store.conclude(&prepared)?.run()?;
        self.store.finish(prepared)?;
        Ok(())
    }
}

/// Times of edits of one leaf with a commit each.
pub(crate) fn edits(count: usize, rounds: usize) -> Result<Times> {
    // Beside the build, not in /tmp, which may be memory: the journal has to reach a disk.
    let place = std::env::current_exe()?;
    let folder = tempfile::tempdir_in(place.parent().context("the program has no folder")?)?;
    let schema = Arc::new(Schema::new(daybreak_yang::context()?)?);
    let constraints = Constraints::new(&schema)?;
    let paths = Paths {
        state: folder.path().join("state"),
        startup_xml: folder.path().join("startup.xml"),
        startup_json: folder.path().join("startup.json"),
    };
    let (store, _) = Store::open(schema, paths, "bench", &|_, _, _| Ok(()))?;
    let mut engine = Engine { store, constraints };
    engine.commit(&interfaces(0..count))?;
    let mut times = Times::new();
    for round in 0..rounds {
        let edit = one_leaf(round * 7919 % count, 1400 + round);
        let started = Instant::now();
        engine.commit(&edit)?;
        times.push(started.elapsed());
    }
    Ok(times)
}
