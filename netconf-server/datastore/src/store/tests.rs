use super::{
    BootTime, CommitRequest, ConfirmRequest, Datastore, Origin, Paths, Prepared, Problem, Report, SessionId,
    Store, StoreError,
};
use crate::diff::Change;
use crate::edit::DefaultOperation;
use crate::testing::{edit, example, tree, xml};
use crate::tree::Tree;
use daybreak_netconf::error::RpcError;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

const A: SessionId = SessionId(1);
const B: SessionId = SessionId(2);

fn size(n: u32) -> String {
    format!("<top xmlns=\"urn:example\"><size>{n}</size></top>")
}

#[allow(clippy::unnecessary_wraps, reason = "the signature is that of a validator")]
fn valid(_: &Tree, _: &Tree, _: &[Change]) -> Result<(), Vec<RpcError>> {
    Ok(())
}

fn paths(folder: &Path) -> Paths {
    Paths {
        state: folder.join("state"),
        startup_xml: folder.join("startup.xml"),
        startup_json: folder.join("startup.json"),
    }
}

/// In memory if possible: files are made durable many times.
fn temporary() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn open(folder: &Path, boot: &str) -> (Store, Report) {
    Store::open(example().clone(), paths(folder), boot, &valid).unwrap()
}

fn fresh() -> (TempDir, Store) {
    let folder = temporary();
    let (store, report) = open(folder.path(), "boot-1");
    assert!(report.problems.is_empty() && report.origin == Origin::Startup && !report.interrupted);
    (folder, store)
}

fn set(store: &mut Store, session: SessionId, text: &str) {
    let new = edit(store.tree(Datastore::Candidate), text, DefaultOperation::Merge).unwrap();
    store.set_candidate(session, new).unwrap();
}

fn request(session: SessionId) -> CommitRequest {
    CommitRequest { session, confirm: None, persist_id: None }
}

fn confirmed(session: SessionId, deadline: u64, persist: Option<&str>) -> CommitRequest {
    let persist = persist.map(str::to_owned);
    let confirm = Some(ConfirmRequest { deadline: BootTime(deadline), persist });
    CommitRequest { session, confirm, persist_id: None }
}

fn carry_out(store: &mut Store, mut prepared: Prepared) {
    store.begin(&mut prepared).unwrap().run().unwrap();
    store.conclude(&prepared).unwrap().run().unwrap();
    store.finish(prepared).unwrap();
}

fn save_startup(store: &mut Store, session: SessionId, tree: Tree) {
    store.startup_files(session).unwrap().save(&tree).unwrap();
    store.set_startup(Some(tree));
}

fn commit(store: &mut Store, request: &CommitRequest) {
    let prepared = store.prepare_commit(request, &valid).unwrap();
    carry_out(store, prepared);
}

/// The datastores as a new process would find them now.
fn open_copy(folder: &std::path::Path) -> Store {
    let copy = temporary();
    fs::create_dir(copy.path().join("state")).unwrap();
    for entry in fs::read_dir(folder.join("state")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join("state").join(entry.file_name())).unwrap();
    }
    open(copy.path(), "boot-1").0
}

fn running(store: &Store) -> String {
    xml(store.tree(Datastore::Running))
}

#[test]
fn a_commit_makes_running_what_the_candidate_is() {
    let (_folder, mut store) = fresh();
    set(&mut store, A, &size(5));
    assert!(store.is_candidate_modified() && running(&store).is_empty());
    commit(&mut store, &request(A));
    assert_eq!(running(&store), size(5));
    assert!(!store.is_candidate_modified());
    set(&mut store, A, &size(6));
    store.discard_changes(A).unwrap();
    assert_eq!(xml(store.tree(Datastore::Candidate)), size(5));
}

#[test]
fn what_is_not_valid_is_not_committed() {
    let (_folder, mut store) = fresh();
    set(&mut store, A, &size(5));
    let refuse = |_: &Tree, new: &Tree, changes: &[Change]| {
        assert_eq!((xml(new), changes.len()), (size(5), 1));
        Err(vec![RpcError::malformed("no")])
    };
    let error = store.prepare_commit(&request(A), &refuse).unwrap_err();
    assert!(matches!(&error, StoreError::Invalid(errors) if errors.len() == 1), "{error}");
    assert_eq!(running(&store), "");
}

#[test]
fn aborted_changes_leave_no_trace() {
    let (folder, mut store) = fresh();
    set(&mut store, A, &size(5));
    let mut prepared = store.prepare_commit(&request(A), &valid).unwrap();
    store.begin(&mut prepared).unwrap().run().unwrap();
    assert!(matches!(store.begin(&mut prepared.clone()), Err(StoreError::Busy)));
    assert!(matches!(store.compact(), Err(StoreError::Busy)));
    store.abort(&prepared).unwrap().run().unwrap();
    assert!(matches!(store.finish(prepared), Err(StoreError::Busy)));
    assert_eq!(running(&store), "");
    drop(store);
    let (store, report) = open(folder.path(), "boot-1");
    assert_eq!((running(&store).as_str(), report.interrupted), ("", false));
}

#[test]
fn a_change_prepared_on_an_older_running_is_refused() {
    let (_folder, mut store) = fresh();
    set(&mut store, A, &size(5));
    let mut late = store.prepare_commit(&request(A), &valid).unwrap();
    commit(&mut store, &request(A));
    assert!(matches!(store.begin(&mut late), Err(StoreError::Busy)));
}

#[test]
fn locks_keep_others_out_and_end_with_the_session() {
    let (_folder, mut store) = fresh();
    store.lock(Datastore::Candidate, A).unwrap();
    store.lock(Datastore::Running, A).unwrap();
    let denied = store.lock(Datastore::Candidate, B).unwrap_err();
    assert!(matches!(denied, StoreError::LockDenied { holder: A, .. }));
    assert!(matches!(store.lock(Datastore::Candidate, A), Err(StoreError::LockDenied { holder: A, .. })));
    assert!(matches!(store.unlock(Datastore::Candidate, B), Err(StoreError::NotLocked { .. })));
    let candidate = store.tree(Datastore::Candidate).clone();
    assert!(matches!(store.set_candidate(B, candidate.clone()), Err(StoreError::InUse { holder: A, .. })));
    assert!(matches!(store.discard_changes(B), Err(StoreError::InUse { .. })));
    assert!(matches!(store.prepare_commit(&request(B), &valid), Err(StoreError::InUse { .. })));
    assert!(matches!(store.prepare_running(B, candidate, &valid), Err(StoreError::InUse { .. })));
    set(&mut store, A, &size(5));
    assert!(!store.end_session(A));
    // RFC 6241 §8.3.5.2: what was not committed goes with the lock.
    assert!(!store.is_candidate_modified());
    assert_eq!(store.lock_holder(Datastore::Running), None);
    store.lock(Datastore::Running, B).unwrap();
}

#[test]
fn a_modified_candidate_cannot_be_locked() {
    let (_folder, mut store) = fresh();
    set(&mut store, A, &size(5));
    for session in [A, B] {
        assert!(matches!(store.lock(Datastore::Candidate, session), Err(StoreError::CandidateModified)));
    }
    store.discard_changes(B).unwrap();
    store.lock(Datastore::Candidate, B).unwrap();
}

#[test]
fn a_confirmed_commit_goes_back_by_itself() {
    let (_folder, mut store) = fresh();
    set(&mut store, A, &size(5));
    commit(&mut store, &request(A));
    set(&mut store, A, &size(6));
    commit(&mut store, &confirmed(A, 1000, None));
    assert_eq!((running(&store), store.waiting().unwrap().deadline), (size(6), BootTime(1000)));
    assert!(matches!(store.lock(Datastore::Running, B), Err(StoreError::ConfirmPending)));
    assert!(matches!(store.prepare_commit(&request(B), &valid), Err(StoreError::ConfirmOfOther)));
    // The second one extends the first and does not become what is gone back to.
    set(&mut store, A, &size(7));
    commit(&mut store, &confirmed(A, 2000, None));
    assert_eq!(store.waiting().unwrap().deadline, BootTime(2000));
    let back = store.prepare_rollback(None).unwrap();
    carry_out(&mut store, back);
    assert_eq!((running(&store), store.waiting()), (size(5), None));
    assert!(matches!(store.prepare_rollback(None), Err(StoreError::NothingToConfirm)));
}

#[test]
fn a_confirmed_commit_is_confirmed_or_cancelled() {
    let (_folder, mut store) = fresh();
    set(&mut store, A, &size(6));
    commit(&mut store, &confirmed(A, 1000, None));
    assert!(matches!(store.prepare_rollback(Some((B, None))), Err(StoreError::ConfirmOfOther)));
    commit(&mut store, &request(A));
    assert_eq!((running(&store), store.waiting()), (size(6), None));
    set(&mut store, A, &size(7));
    commit(&mut store, &confirmed(A, 1000, None));
    let back = store.prepare_rollback(Some((A, None))).unwrap();
    carry_out(&mut store, back);
    assert_eq!(running(&store), size(6));
}

#[test]
fn a_persistent_one_outlives_its_session() {
    let (_folder, mut store) = fresh();
    set(&mut store, A, &size(6));
    commit(&mut store, &confirmed(A, 1000, Some("id")));
    assert!(!store.end_session(A));
    for (id, session) in [(None, A), (Some("other"), A), (None, B)] {
        let request = CommitRequest { persist_id: id.map(str::to_owned), ..request(session) };
        assert!(store.prepare_commit(&request, &valid).is_err(), "{id:?} {session}");
    }
    commit(&mut store, &CommitRequest { persist_id: Some("id".into()), ..request(B) });
    assert_eq!((running(&store), store.waiting()), (size(6), None));
    let stray = CommitRequest { persist_id: Some("id".into()), ..request(B) };
    assert!(matches!(store.prepare_commit(&stray, &valid), Err(StoreError::NothingToConfirm)));
}

#[test]
fn the_end_of_the_session_ends_a_confirmed_commit() {
    let (_folder, mut store) = fresh();
    set(&mut store, A, &size(6));
    commit(&mut store, &confirmed(A, 1000, None));
    assert!(!store.end_session(B));
    assert!(store.end_session(A));
}

#[test]
fn what_is_seen_is_durable_and_what_is_not_concluded_is_gone() {
    let (folder, mut store) = fresh();
    set(&mut store, A, &size(5));
    let mut prepared = store.prepare_commit(&request(A), &valid).unwrap();
    store.begin(&mut prepared).unwrap().run().unwrap();
    assert_eq!(running(&open_copy(folder.path())), "", "only begun");
    store.conclude(&prepared).unwrap().run().unwrap();
    assert_eq!(running(&store), "", "not seen yet");
    assert_eq!(running(&open_copy(folder.path())), size(5), "and durable already");
    store.finish(prepared).unwrap();
    assert_eq!(running(&store), size(5));
}

#[test]
fn a_failed_confirmed_commit_leaves_none_waiting() {
    let (folder, mut store) = fresh();
    set(&mut store, A, &size(6));
    let mut prepared = store.prepare_commit(&confirmed(A, 1000, None), &valid).unwrap();
    store.begin(&mut prepared).unwrap().run().unwrap();
    store.abort(&prepared).unwrap().run().unwrap();
    assert_eq!((store.waiting(), running(&store).as_str()), (None, ""));
    drop(store);
    assert_eq!(open(folder.path(), "boot-1").0.waiting(), None);
}

#[test]
fn a_restart_of_the_daemon_keeps_running_and_what_waits() {
    let (folder, mut store) = fresh();
    set(&mut store, A, &size(5));
    commit(&mut store, &request(A));
    set(&mut store, A, &size(6));
    commit(&mut store, &confirmed(A, 1000, Some("id")));
    set(&mut store, A, "<top xmlns='urn:example'><name>x</name></top>");
    let request = CommitRequest { persist_id: Some("id".into()), ..confirmed(A, 2000, Some("id")) };
    commit(&mut store, &request);
    drop(store);
    // Twice: the second time from the snapshots that the first one made.
    for _ in 0..2 {
        let (store, report) = open(folder.path(), "boot-1");
        assert_eq!((report.origin, report.interrupted, report.problems.len()), (Origin::Journal, false, 0));
        assert_eq!(running(&store), "<top xmlns=\"urn:example\"><name>x</name><size>6</size></top>");
        let waiting = store.waiting().unwrap();
        assert_eq!((waiting.deadline, waiting.persist.as_deref()), (BootTime(2000), Some("id")));
        assert_eq!(xml(&store.prepare_rollback(None).unwrap().new), size(5));
    }
}

#[test]
fn a_reboot_loads_startup() {
    let (folder, mut store) = fresh();
    set(&mut store, A, &size(5));
    commit(&mut store, &request(A));
    let now = store.tree(Datastore::Running).clone();
    save_startup(&mut store, A, now);
    set(&mut store, A, &size(6));
    commit(&mut store, &confirmed(A, 1000, None));
    drop(store);
    let (mut store, report) = open(folder.path(), "boot-2");
    assert_eq!((report.origin, running(&store), store.waiting()), (Origin::Startup, size(5), None));
    store.startup_files(A).unwrap().delete().unwrap();
    store.set_startup(None);
    assert!(store.tree(Datastore::Startup).is_empty());
    drop(store);
    assert_eq!(running(&open(folder.path(), "boot-3").0), "");
}

#[test]
fn startup_may_be_json_until_it_is_saved() {
    let folder = temporary();
    fs::write(folder.path().join("startup.json"), "{\"example:top\": {\"size\": 5}}").unwrap();
    let (mut store, _) = open(folder.path(), "boot-1");
    assert_eq!(running(&store), size(5));
    save_startup(&mut store, A, tree(&size(6)));
    let text = fs::read_to_string(folder.path().join("startup.xml")).unwrap();
    let expected = "<config xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\">\n<top xmlns=\"urn:example\">\n  \
                    <size>6</size>\n</top>\n</config>\n";
    assert_eq!(text, expected);
    assert_eq!(running(&open(folder.path(), "boot-2").0), size(6));
}

#[test]
fn a_startup_that_cannot_be_read_is_put_aside() {
    let folder = temporary();
    for round in 1..=2 {
        fs::write(folder.path().join("startup.xml"), "<top xmlns='urn:example'>\n<size>x</size></top>")
            .unwrap();
        let (store, report) = open(folder.path(), &format!("boot-{round}"));
        assert_eq!(running(&store), "");
        let [Problem::StartupUnreadable { kept, error, .. }] = &report.problems[..] else {
            panic!("{report:?}")
        };
        assert_eq!(*kept, folder.path().join(format!("startup.xml.rejected-{round}")));
        assert_eq!(error.position, Some((2, 15)));
        assert!(report.problems[0].to_string().contains("line 2, column 15"), "{}", report.problems[0]);
        assert!(kept.exists() && !folder.path().join("startup.xml").exists());
    }
    fs::write(folder.path().join("startup.xml"), b"<top>\xff</top>").unwrap();
    let (_, report) = open(folder.path(), "boot-3");
    assert!(report.problems[0].to_string().contains("UTF-8"), "{}", report.problems[0]);
}

#[test]
fn a_startup_that_is_not_valid_stays_where_it_is() {
    let folder = temporary();
    fs::write(folder.path().join("startup.xml"), size(5)).unwrap();
    let refuse = |_: &Tree, _: &Tree, _: &[Change]| Err(vec![RpcError::malformed("no")]);
    let (store, report) = Store::open(example().clone(), paths(folder.path()), "boot-1", &refuse).unwrap();
    assert!(matches!(&report.problems[..], [Problem::StartupInvalid { .. }]));
    assert_eq!((running(&store).as_str(), xml(store.tree(Datastore::Startup))), ("", size(5)));
    assert!(folder.path().join("startup.xml").exists());
}

#[test]
fn a_journal_of_nonsense_is_put_aside() {
    let folder = temporary();
    fs::write(folder.path().join("startup.xml"), size(5)).unwrap();
    fs::create_dir(folder.path().join("state")).unwrap();
    fs::write(folder.path().join("state/journal"), "nonsense").unwrap();
    let (store, report) = open(folder.path(), "boot-1");
    assert!(matches!(&report.problems[..], [Problem::JournalUnusable { kept, .. }] if kept.exists()));
    assert_eq!(running(&store), size(5));
}

/// What kill -9 and a full disk can leave: the journal cut anywhere.
#[test]
fn a_journal_cut_at_any_byte_gives_the_state_before_or_after() {
    let (folder, mut store) = fresh();
    let journal = folder.path().join("state/journal");
    let length = || fs::metadata(&journal).unwrap().len();
    // Length of the journal, running and deadline from that length on.
    let mut states = vec![(length(), String::new(), None)];
    for n in 1..=4_u32 {
        set(&mut store, A, &size(n));
        let request = if n == 2 || n == 3 { confirmed(A, n.into(), None) } else { request(A) };
        commit(&mut store, &request);
        states.push((length(), size(n), store.waiting().map(|waiting| waiting.deadline)));
    }
    drop(store);
    let whole = fs::read(&journal).unwrap();
    let snapshots = snapshot(folder.path());
    for cut in usize::try_from(states[0].0).unwrap()..=whole.len() {
        let copy = temporary();
        restore(copy.path(), &snapshots);
        fs::write(copy.path().join("state/journal"), &whole[..cut]).unwrap();
        let (store, report) = open(copy.path(), "boot-1");
        let expected = states.iter().rev().find(|state| state.0 <= cut as u64).unwrap();
        let found = (running(&store), store.waiting().map(|waiting| waiting.deadline));
        assert_eq!(found, (expected.1.clone(), expected.2), "cut at {cut}");
        let between = cut as u64 != expected.0;
        assert_eq!(report.interrupted || !report.problems.is_empty(), between, "cut at {cut}");
        if found.1.is_some() {
            assert_eq!(xml(&store.prepare_rollback(None).unwrap().new), size(1), "cut at {cut}");
        }
    }
}

/// Every file but the journal itself.
fn snapshot(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder.join("state")).unwrap();
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().to_str().unwrap().to_owned(), fs::read(entry.path()).unwrap()))
        .collect()
}

fn restore(folder: &Path, files: &[(String, Vec<u8>)]) {
    fs::create_dir(folder.join("state")).unwrap();
    for (name, content) in files {
        fs::write(folder.join("state").join(name), content).unwrap();
    }
}

#[test]
fn a_change_too_large_for_a_record_goes_into_a_file() {
    let (folder, mut store) = fresh();
    let mut text = "<top xmlns='urn:example'>".to_owned();
    for n in 0..30_000 {
        write!(text, "<item><name>{n}</name><value>{n}</value></item>").unwrap();
    }
    text.push_str("</top>");
    set(&mut store, A, &text);
    commit(&mut store, &request(A));
    set(&mut store, A, &size(1));
    commit(&mut store, &request(A));
    let expected = store.tree(Datastore::Running).clone();
    drop(store);
    assert!(fs::metadata(folder.path().join("state/journal")).unwrap().len() < 10_000);
    let (store, _) = open(folder.path(), "boot-1");
    assert_eq!(*store.tree(Datastore::Running), expected);
    store.compact().unwrap().run().unwrap();
    let names: Vec<_> = snapshot(folder.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    drop(store);
    assert_eq!(*open(folder.path(), "boot-1").0.tree(Datastore::Running), expected);
}

#[test]
fn files_are_for_their_owner_alone_and_made_so_where_they_are_not() {
    let (folder, mut store) = fresh();
    set(&mut store, A, &size(1));
    commit(&mut store, &request(A));
    let saved = store.tree(Datastore::Running).clone();
    save_startup(&mut store, A, saved);
    drop(store);
    let rejected = folder.path().join("startup.xml.rejected-1");
    fs::write(&rejected, "<a/>").unwrap();
    fs::write(folder.path().join("neighbor"), "").unwrap();
    let files = || {
        let of = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let (startup, mut state): (Vec<_>, Vec<_>) = (of(folder.path()), of(&folder.path().join("state")));
        state.extend(startup.into_iter().filter(|path| path.is_file() && !path.ends_with("neighbor")));
        state
    };
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("state")), 0o700);
    assert!(files().iter().all(|path| *path == rejected || mode(path) == 0o600));
    for path in files().iter().chain([&folder.path().join("neighbor")]) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let (_store, report) = open(folder.path(), "boot-1");
    assert!(report.problems.is_empty() && files().len() >= 4, "{report:?}");
    assert!(files().iter().all(|path| mode(path) == 0o600));
    assert_eq!(mode(&folder.path().join("neighbor")), 0o644);
}

#[test]
fn a_change_that_the_journal_does_not_know_is_in_the_next_one() {
    let (folder, mut store) = fresh();
    set(&mut store, A, &size(1));
    commit(&mut store, &request(A));
    set(&mut store, A, &size(2));
    commit(&mut store, &confirmed(A, 100, Some("ticket")));
    let mut prepared = store.prepare_rollback(None).unwrap();
    let _what_never_reaches_the_disk = store.begin(&mut prepared).unwrap();
    store.finish_unwritten(prepared).unwrap();
    assert!(store.waiting().is_none() && running(&store).contains(">1<"));
    // A crash now leads to where the journal is: the commit waits, its time over.
    let crashed = open_copy(folder.path());
    assert!(crashed.waiting().is_some() && running(&crashed).contains(">2<"));
    assert!(store.wants_compaction());
    set(&mut store, A, "<top xmlns=\"urn:example\"><item><name>a</name></item></top>");
    commit(&mut store, &request(A));
    let (expected, restarted) = (running(&store), open_copy(folder.path()));
    assert!(restarted.waiting().is_none() && running(&restarted) == expected && expected.contains(">1<"));
}

#[test]
fn running_may_be_changed_without_a_candidate() {
    let (_folder, mut store) = fresh();
    let prepared = store.prepare_running(A, tree(&size(5)), &valid).unwrap();
    carry_out(&mut store, prepared);
    // A candidate that nobody changed goes along; one with changes stays.
    assert_eq!(xml(store.tree(Datastore::Candidate)), size(5));
    set(&mut store, A, &size(6));
    let prepared = store.prepare_running(A, tree(&size(7)), &valid).unwrap();
    carry_out(&mut store, prepared);
    assert_eq!((xml(store.tree(Datastore::Candidate)), running(&store)), (size(6), size(7)));
}
