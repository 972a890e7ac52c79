use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use daybreak_appliers::intent::Intent;
use daybreak_appliers::transaction::{Applier, Appliers, Change, Deadlines, Plan, Prepared, Work};
use daybreak_appliers::{Failure, Refusal};
use daybreak_datastore::edit::{DefaultOperation, ErrorOption, parse_xml};
use daybreak_datastore::schema::Schema;
use daybreak_datastore::store::{BootTime, Datastore, Paths, SessionId};
use daybreak_datastore::xml::{Fragment, Limits};
use daybreak_netconf::error::{ErrorTag, RpcError};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::history::Past;
use super::{Action, Caller, Confirmed, Engine, Made, Settings};
use crate::nacm::User;

const TYPE: &str = "<type xmlns:t=\"urn:ietf:params:xml:ns:yang:iana-if-type\">t:ethernetCsmacd</type>";

/// The time of every engine here. It is moved by hand.
static NOW: AtomicU64 = AtomicU64::new(0);

fn now() -> BootTime {
    BootTime(NOW.load(Ordering::Acquire))
}

/// A part of the router that is nothing but the names of its interfaces.
#[derive(Default)]
struct Router {
    interfaces: Mutex<Vec<String>>,
    /// An interface of this name is refused.
    refuse: Mutex<Option<&'static str>>,
    /// A commit does not work.
    fail: Mutex<bool>,
    /// A commit stays in the middle until this process ends.
    hang: Mutex<bool>,
    hanging: Notify,
}

#[derive(Clone)]
struct Handle(Arc<Router>);

struct Names(Arc<Router>, Vec<String>);

fn names(intent: &Intent) -> Vec<String> {
    intent.interfaces.keys().cloned().collect()
}

impl Applier for Handle {
    fn name(&self) -> &'static str {
        "router"
    }

    fn prepare(&self, change: Change) -> Work<'_, Prepared> {
        Box::pin(async move {
            let bad = *self.0.refuse.lock();
            if let Some(interface) = bad.and_then(|name| change.to.interfaces.get(name)) {
                return Err(vec![Refusal::invalid(interface.at.leaf("name"), "test:refused", "is refused")]);
            }
            let plan: Box<dyn Plan> = Box::new(Names(Arc::clone(&self.0), names(&change.to)));
            Ok(Some(plan))
        })
    }
}

impl Plan for Names {
    fn commit(self: Box<Self>) -> Work<'static, Result<(), Failure>> {
        Box::pin(async move {
            if *self.0.hang.lock() {
                self.0.interfaces.lock().push("half".to_owned());
                self.0.hanging.notify_one();
                std::future::pending::<()>().await;
            }
            if *self.0.fail.lock() {
                return Err(Failure::new("did not work"));
            }
            *self.0.interfaces.lock() = self.1;
            Ok(())
        })
    }

    fn abort(self: Box<Self>) -> Work<'static, ()> {
        Box::pin(async {})
    }
}

fn caller(session: u32, admin: bool) -> Caller {
    let user = User { name: format!("user{session}"), groups: std::collections::BTreeSet::new(), admin };
    Caller { session: SessionId(session), user }
}

async fn open(folder: &Path, router: &Arc<Router>) -> Arc<Engine> {
    let schema = Arc::new(Schema::new(daybreak_yang::context().unwrap()).unwrap());
    let list: Vec<Arc<dyn Applier>> = vec![Arc::new(Handle(Arc::clone(router)))];
    let settings = Settings {
        paths: Paths {
            state: folder.join("state"),
            startup_xml: folder.join("startup.xml"),
            startup_json: folder.join("startup.json"),
        },
        past: folder.join("commits"),
        boot_id: "boot-1".to_owned(),
        appliers: Appliers::new(list, Deadlines::default()),
        clock: now,
    };
    Engine::open(schema, settings).await.unwrap()
}

fn put(engine: &Engine, who: &Caller, name: &str) -> Result<(), Vec<RpcError>> {
    let text = format!(
        "<interfaces xmlns=\"urn:ietf:params:xml:ns:yang:ietf-interfaces\"><interface><name>{name}</name>{TYPE}\
         </interface></interfaces>"
    );
    let edit = parse_xml(engine.schema(), Fragment::new(&text), Limits::default()).unwrap();
    engine.edit(who, &edit, DefaultOperation::Merge, ErrorOption::StopOnError)
}

fn confirmed(seconds: u64, persist: Option<&str>) -> Confirmed {
    Confirmed { timeout: Duration::from_secs(seconds), persist: persist.map(str::to_owned) }
}

fn interfaces(router: &Router) -> Vec<String> {
    router.interfaces.lock().clone()
}

#[tokio::test]
async fn a_commit_makes_the_router_what_the_candidate_was() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::default(), caller(1, true));
    let engine = open(folder.path(), &router).await;
    put(&engine, &ann, "p0").unwrap();
    assert!(interfaces(&router).is_empty(), "an edit changes no router");
    engine.commit(&ann, None, None).await.unwrap();
    assert_eq!(interfaces(&router), ["p0"]);
    assert_eq!(engine.tree(Datastore::Running), engine.tree(Datastore::Candidate));
}

#[tokio::test]
async fn a_refused_commit_changes_nothing_and_names_the_leaf() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::<Router>::default(), caller(1, true));
    let engine = open(folder.path(), &router).await;
    *router.refuse.lock() = Some("bad");
    put(&engine, &ann, "bad").unwrap();
    let before = engine.tree(Datastore::Running);
    for confirm in [None, Some(confirmed(600, None))] {
        let errors = engine.commit(&ann, confirm, None).await.unwrap_err();
        assert_eq!((errors.len(), errors[0].tag), (1, ErrorTag::InvalidValue));
        let path = errors[0].path.as_ref().unwrap();
        assert!(
            path.text.contains("interface[ietf-interfaces:name='bad']/ietf-interfaces:name"),
            "{}",
            path.text
        );
        assert_eq!(errors[0].app_tag.as_deref(), Some("test:refused"));
    }
    assert!(engine.tree(Datastore::Running).ptr_eq(&before) && interfaces(&router).is_empty());
    assert_eq!(engine.waiting(), None, "a failed confirmed commit arms nothing");
}

#[tokio::test]
async fn a_commit_that_does_not_work_leaves_running() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::<Router>::default(), caller(1, true));
    let engine = open(folder.path(), &router).await;
    put(&engine, &ann, "p0").unwrap();
    *router.fail.lock() = true;
    let errors = engine.commit(&ann, None, None).await.unwrap_err();
    assert_eq!(errors[0].tag, ErrorTag::OperationFailed);
    assert!(engine.tree(Datastore::Running).is_empty());
    *router.fail.lock() = false;
    engine.commit(&ann, None, None).await.unwrap();
    assert_eq!(interfaces(&router), ["p0"], "the candidate was kept and can be tried again");
}

#[tokio::test]
async fn an_invalid_candidate_is_told_with_every_error() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::default(), caller(1, true));
    let engine = open(folder.path(), &router).await;
    let text = "<interfaces xmlns=\"urn:ietf:params:xml:ns:yang:ietf-interfaces\"><interface><name>a</name></interface>\
                <interface><name>b</name></interface></interfaces>";
    let edit = parse_xml(engine.schema(), Fragment::new(text), Limits::default()).unwrap();
    engine.edit(&ann, &edit, DefaultOperation::Merge, ErrorOption::StopOnError).unwrap();
    let candidate = engine.tree(Datastore::Candidate);
    let validated = engine.validate(&candidate).await.unwrap_err();
    let errors = engine.commit(&ann, None, None).await.unwrap_err();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert_eq!(errors, validated);
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_commit_goes_back_when_its_time_is_over() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::<Router>::default(), caller(1, true));
    let engine = open(folder.path(), &router).await;
    let stop = CancellationToken::new();
    let timer = tokio::spawn(Arc::clone(&engine).run_confirm_timer(stop.clone()));
    put(&engine, &ann, "p0").unwrap();
    engine.commit(&ann, Some(confirmed(5, None)), None).await.unwrap();
    assert_eq!(interfaces(&router), ["p0"]);
    NOW.fetch_add(6_000, Ordering::AcqRel);
    // Paused time goes on as soon as there is nothing else to do, and nothing is written to disk.
    tokio::time::timeout(Duration::from_mins(1), async {
        while engine.waiting().is_some() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
    .await
    .unwrap();
    assert!(interfaces(&router).is_empty() && engine.tree(Datastore::Running).is_empty());
    stop.cancel();
    timer.await.unwrap();
}

#[tokio::test]
async fn the_end_of_its_session_takes_a_confirmed_commit_back_unless_it_persists() {
    let (folder, router) = (tempfile::tempdir().unwrap(), Arc::<Router>::default());
    let engine = open(folder.path(), &router).await;
    let (ann, bob) = (caller(1, true), caller(2, true));
    put(&engine, &ann, "p0").unwrap();
    engine.commit(&ann, Some(confirmed(600, None)), None).await.unwrap();
    engine.end_session(bob.session).await;
    assert_eq!(interfaces(&router), ["p0"], "not the session that committed");
    engine.end_session(ann.session).await;
    assert!(interfaces(&router).is_empty());

    put(&engine, &bob, "p1").unwrap();
    engine.commit(&bob, Some(confirmed(600, Some("ticket"))), None).await.unwrap();
    engine.end_session(bob.session).await;
    assert_eq!(interfaces(&router), ["p1"]);
    let errors = engine.commit(&ann, None, None).await.unwrap_err();
    assert_eq!(errors[0].tag, ErrorTag::InUse, "not without the ticket");
    engine.commit(&ann, None, Some("ticket".to_owned())).await.unwrap();
    assert_eq!((engine.waiting(), interfaces(&router)), (None, vec!["p1".to_owned()]));
}

#[tokio::test]
async fn a_second_confirmed_commit_keeps_the_first_way_back() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::<Router>::default(), caller(1, true));
    let engine = open(folder.path(), &router).await;
    for name in ["p0", "p1"] {
        put(&engine, &ann, name).unwrap();
        engine.commit(&ann, Some(confirmed(600, None)), None).await.unwrap();
    }
    assert_eq!(interfaces(&router), ["p0", "p1"]);
    engine.cancel_commit(&ann, None).await.unwrap();
    assert!(interfaces(&router).is_empty() && engine.tree(Datastore::Running).is_empty());
    assert_eq!(engine.cancel_commit(&ann, None).await.unwrap_err()[0].tag, ErrorTag::InvalidValue);
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_commit_goes_back_to_what_running_was() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::<Router>::default(), caller(1, true));
    let engine = open(folder.path(), &router).await;
    put(&engine, &ann, "p0").unwrap();
    engine.commit(&ann, None, None).await.unwrap();
    put(&engine, &ann, "p1").unwrap();
    *router.hang.lock() = true;
    let stuck = tokio::spawn({
        let (engine, ann) = (Arc::clone(&engine), ann.clone());
        async move { engine.commit(&ann, None, None).await }
    });
    router.hanging.notified().await;
    assert_eq!(interfaces(&router), ["p0", "half"]);
    // The process would be gone now; the files are what it left.
    stuck.abort();
    *router.hang.lock() = false;
    let again = open(folder.path(), &router).await;
    assert_eq!(interfaces(&router), ["p0"], "brought back to what running is");
    put(&again, &ann, "p2").unwrap();
    again.commit(&ann, None, None).await.unwrap();
    assert_eq!(interfaces(&router), ["p0", "p2"], "the interrupted commit is not in it");
}

#[tokio::test]
async fn a_restart_takes_an_unconfirmed_commit_back() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::<Router>::default(), caller(1, true));
    let engine = open(folder.path(), &router).await;
    put(&engine, &ann, "p0").unwrap();
    engine.commit(&ann, Some(confirmed(600, None)), None).await.unwrap();
    drop(engine);
    let again = open(folder.path(), &router).await;
    assert!(interfaces(&router).is_empty() && again.waiting().is_none());
}

#[tokio::test]
async fn a_disk_that_takes_nothing_keeps_no_confirmed_commit_from_going_back() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::default(), caller(1, true));
    let engine = open(folder.path(), &router).await;
    let describe = |text: &str| {
        let text = format!(
            "<interfaces xmlns=\"urn:ietf:params:xml:ns:yang:ietf-interfaces\"><interface><name>p0</name>{TYPE}\
             <description>{text}</description></interface></interfaces>"
        );
        let edit = parse_xml(engine.schema(), Fragment::new(&text), Limits::default()).unwrap();
        engine.edit(&ann, &edit, DefaultOperation::Merge, ErrorOption::StopOnError)
    };
    // What goes back is more than a record holds, so that it needs a file of its own.
    describe(&"x".repeat(2 << 20)).unwrap();
    engine.commit(&ann, None, None).await.unwrap();
    let before = engine.tree(Datastore::Running);
    let away = |away: bool| {
        let names = [folder.path().join("state"), folder.path().join("away")];
        std::fs::rename(&names[usize::from(!away)], &names[usize::from(away)]).unwrap();
    };
    for cancelled in [false, true] {
        describe("short").unwrap();
        put(&engine, &ann, "p1").unwrap();
        engine.commit(&ann, Some(confirmed(600, Some("ticket"))), None).await.unwrap();
        assert_eq!(interfaces(&router), ["p0", "p1"]);
        away(true);
        if cancelled {
            let errors = engine.cancel_commit(&ann, Some("ticket".to_owned())).await.unwrap_err();
            assert_eq!(errors[0].tag, ErrorTag::OperationFailed, "{errors:?}");
        } else {
            engine.roll_back(None, "its time is over").await.unwrap();
        }
        assert_eq!(interfaces(&router), ["p0"]);
        assert!(engine.waiting().is_none() && engine.tree(Datastore::Running) == before);
        away(false);
    }
    // The next change is in a journal that knows of it.
    put(&engine, &ann, "p2").unwrap();
    engine.commit(&ann, None, None).await.unwrap();
    let now = engine.tree(Datastore::Running);
    drop(engine);
    assert!(open(folder.path(), &router).await.tree(Datastore::Running) == now);
}

#[tokio::test]
async fn whoever_may_not_write_changes_nothing_and_is_counted() {
    let (folder, router, eve) = (tempfile::tempdir().unwrap(), Arc::<Router>::default(), caller(1, false));
    let engine = open(folder.path(), &router).await;
    let errors = put(&engine, &eve, "p0").unwrap_err();
    assert_eq!(errors[0].tag, ErrorTag::AccessDenied);
    assert!(errors[0].path.is_some() && engine.tree(Datastore::Candidate).is_empty());
    assert_eq!(engine.denied().data_writes.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn startup_is_what_is_copied_to_it_and_comes_back_after_a_boot() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::<Router>::default(), caller(1, true));
    let engine = open(folder.path(), &router).await;
    put(&engine, &ann, "p0").unwrap();
    engine.commit(&ann, None, None).await.unwrap();
    assert!(!engine.is_saved());
    engine.replace(&ann, Datastore::Startup, engine.tree(Datastore::Running)).await.unwrap();
    assert!(engine.is_saved());
    drop(engine);
    // Another boot: the journal of the last one means nothing.
    std::fs::remove_dir_all(folder.path().join("state")).unwrap();
    router.interfaces.lock().clear();
    open(folder.path(), &router).await;
    assert_eq!(interfaces(&router), ["p0"]);
}

/// Action and user of everything that is kept.
fn made(engine: &Engine) -> Vec<(Action, Option<String>)> {
    engine.commits().into_iter().map(|made| (made.action, made.user)).collect()
}

#[tokio::test]
async fn what_was_running_is_kept_and_outlives_the_server() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::<Router>::default(), caller(1, true));
    let engine = open(folder.path(), &router).await;
    put(&engine, &ann, "p0").unwrap();
    engine.commit(&ann, None, None).await.unwrap();
    let first = engine.tree(Datastore::Running);
    put(&engine, &ann, "p1").unwrap();
    engine.commit(&ann, Some(confirmed(600, None)), None).await.unwrap();
    let second = engine.tree(Datastore::Running);
    engine.cancel_commit(&ann, None).await.unwrap();
    // A commit of nothing is none.
    engine.commit(&ann, None, None).await.unwrap();
    let user = || Some("user1".to_owned());
    let expected = vec![
        (Action::TakenBack, user()),
        (Action::ConfirmedCommit, user()),
        (Action::Commit, user()),
        (Action::Start, None),
    ];
    assert_eq!(made(&engine), expected);
    let folder_of_past = folder.path().join("commits");
    for written in [false, true] {
        if written {
            let stop = CancellationToken::new();
            stop.cancel();
            Arc::clone(&engine).run_history(stop).await;
        }
        assert_eq!(std::fs::read_dir(&folder_of_past).unwrap().count(), if written { 4 } else { 0 });
        assert!(engine.earlier(0).await.unwrap() == first && engine.earlier(1).await.unwrap() == second);
        assert!(engine.earlier(2).await.unwrap() == first && engine.earlier(3).await.unwrap().is_empty());
        let missing = engine.earlier(4).await.unwrap_err();
        assert_eq!(missing[0].tag, ErrorTag::DataMissing);
        assert!(missing[0].to_string().contains("0 to 3 are"), "{}", missing[0]);
    }
    drop(engine);
    let engine = open(folder.path(), &router).await;
    assert_eq!(made(&engine), expected, "running is as it was");
    drop(engine);
    // Another boot begins with startup, which is empty.
    std::fs::remove_dir_all(folder.path().join("state")).unwrap();
    let engine = open(folder.path(), &router).await;
    assert_eq!(made(&engine)[..2], [(Action::Start, None), (Action::TakenBack, user())]);
    assert!(engine.earlier(1).await.unwrap() == first);
}

#[tokio::test]
async fn an_earlier_configuration_that_cannot_be_read_is_an_error_of_its_own() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::<Router>::default(), caller(1, true));
    let engine = open(folder.path(), &router).await;
    put(&engine, &ann, "p0").unwrap();
    engine.commit(&ann, None, None).await.unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    Arc::clone(&engine).run_history(stop).await;
    std::fs::write(folder.path().join("commits/0000000001.xml.gz"), "cut").unwrap();
    let error = engine.earlier(1).await.unwrap_err();
    assert_eq!(error[0].tag, ErrorTag::OperationFailed);
    assert!(error[0].to_string().contains("0000000001.xml.gz"), "{}", error[0]);
    assert!(engine.earlier(0).await.is_ok());
}

#[tokio::test]
async fn without_a_folder_the_past_is_kept_in_memory_up_to_a_number() {
    let (folder, router, ann) = (tempfile::tempdir().unwrap(), Arc::<Router>::default(), caller(1, true));
    std::fs::write(folder.path().join("commits"), "a file").unwrap();
    let engine = open(folder.path(), &router).await;
    put(&engine, &ann, "p0").unwrap();
    engine.commit(&ann, None, None).await.unwrap();
    assert!(engine.earlier(1).await.unwrap().is_empty());
    let mut past =
        Past::open(&folder.path().join("commits"), engine.schema(), &engine.tree(Datastore::Running));
    for _ in 0..60 {
        past.add(Made::now(None, Action::Commit), engine.tree(Datastore::Running));
    }
    assert_eq!(past.len(), 50);
}
