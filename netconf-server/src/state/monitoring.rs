//! ietf-netconf-monitoring (RFC 6022), and the counters of ietf-netconf-acm.

use super::lenient::Lenient;
use super::time::date_and_time;
use daybreak_datastore::tree::{BuildError, Builder};
use daybreak_yang::yang5::context::Context;
use daybreak_yang::{EMBEDDED, modules};
use std::time::SystemTime;

/// What the server knows of itself.
#[derive(Debug, Clone)]
pub struct Monitoring<'a> {
    /// Capabilities as in its hello.
    pub capabilities: &'a [String],
    /// Who holds which datastore.
    pub locks: &'a [Lock],
    /// Sessions that are open.
    pub sessions: &'a [Session],
    /// Counters since the start.
    pub statistics: Statistics,
}

/// A lock on a whole datastore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// `running`, `candidate` or `startup`.
    pub datastore: &'static str,
    /// Who holds it; 0 for a session that is not NETCONF's.
    pub session: u32,
    /// Since when.
    pub since: SystemTime,
}

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: u32,
    /// Login.
    pub username: String,
    /// Address of the client.
    pub source_host: Option<String>,
    /// Since when.
    pub login: SystemTime,
    /// Its counters.
    pub counters: Counters,
}

/// Counters of a session, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests that were well formed.
    pub in_rpcs: u32,
    /// Messages that were no requests.
    pub in_bad_rpcs: u32,
    /// Replies with an error.
    pub out_rpc_errors: u32,
    /// Notifications.
    pub out_notifications: u32,
}

/// Counters of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistics {
    /// When it started.
    pub started: SystemTime,
    /// Sessions that ended because of a hello.
    pub in_bad_hellos: u32,
    /// Sessions that began.
    pub in_sessions: u32,
    /// Sessions that ended without `close-session`.
    pub dropped_sessions: u32,
    /// Sums over all sessions.
    pub counters: Counters,
}

/// Counters of access control (RFC 8341 §3.5.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Denied {
    /// Operations.
    pub operations: u32,
    /// Writes.
    pub data_writes: u32,
    /// Notifications.
    pub notifications: u32,
}

pub(super) fn fill(top: &mut Builder<'_>, context: &Context, now: &Monitoring<'_>) -> Result<(), BuildError> {
    top.container("netconf-state", |state| {
        state.container("capabilities", |list| list.leaf_list("capability", now.capabilities).map(|_| ()))?;
        state.container("datastores", |list| {
            ["candidate", "running", "startup"].iter().try_for_each(|name| datastore(list, name, now.locks))
        })?;
        state.container("schemas", |list| schemas(list, context))?;
        state.container("sessions", |list| now.sessions.iter().try_for_each(|it| session(list, it)))?;
        state.container("statistics", |inside| statistics(inside, &now.statistics))?;
        Ok(())
    })?;
    Ok(())
}

pub(super) fn fill_denied(top: &mut Builder<'_>, now: Denied) -> Result<(), BuildError> {
    top.container("nacm", |nacm| {
        nacm.leaf("denied-operations", now.operations)?
            .leaf("denied-data-writes", now.data_writes)?
            .leaf("denied-notifications", now.notifications)?;
        Ok(())
    })?;
    Ok(())
}

fn datastore(list: &mut Builder<'_>, name: &str, locks: &[Lock]) -> Result<(), BuildError> {
    list.entry("datastore", |datastore| {
        datastore.leaf("name", name)?;
        if let Some(lock) = locks.iter().find(|lock| lock.datastore == name) {
            datastore.container("locks", |locks| {
                locks.container("global-lock", |global| {
                    global
                        .leaf("locked-by-session", lock.session)?
                        .leaf("locked-time", date_and_time(lock.since))?;
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Every module and submodule whose text `get-schema` gives.
fn schemas(list: &mut Builder<'_>, context: &Context) -> Result<(), BuildError> {
    for module in modules(context) {
        let namespace = module.namespace();
        schema(list, module.name(), module.revision().unwrap_or_default(), namespace)?;
        for submodule in EMBEDDED.iter().filter(|embedded| embedded.parent == Some(module.name())) {
            schema(list, submodule.name, submodule.revision, namespace)?;
        }
    }
    Ok(())
}

fn schema(list: &mut Builder<'_>, name: &str, revision: &str, namespace: &str) -> Result<(), BuildError> {
    list.entry("schema", |schema| {
        schema
            .leaf("identifier", name)?
            .leaf("version", revision)?
            .leaf("format", "ietf-netconf-monitoring:yang")?
            .leaf("namespace", namespace)?
            .leaf_list("location", ["NETCONF"])?;
        Ok(())
    })?;
    Ok(())
}

fn session(list: &mut Builder<'_>, now: &Session) -> Result<(), BuildError> {
    list.entry("session", |session| {
        session
            .leaf("session-id", now.id)?
            .leaf("transport", "ietf-netconf-monitoring:netconf-ssh")?
            .leaf("login-time", date_and_time(now.login))?;
        session.text("username", &now.username)?;
        session.text_if("source-host", now.source_host.as_deref())?;
        counters(session, &now.counters)
    })?;
    Ok(())
}

fn statistics(inside: &mut Builder<'_>, now: &Statistics) -> Result<(), BuildError> {
    inside
        .leaf("netconf-start-time", date_and_time(now.started))?
        .leaf("in-bad-hellos", now.in_bad_hellos)?
        .leaf("in-sessions", now.in_sessions)?
        .leaf("dropped-sessions", now.dropped_sessions)?;
    counters(inside, &now.counters)
}

fn counters(inside: &mut Builder<'_>, now: &Counters) -> Result<(), BuildError> {
    inside
        .leaf("in-rpcs", now.in_rpcs)?
        .leaf("in-bad-rpcs", now.in_bad_rpcs)?
        .leaf("out-rpc-errors", now.out_rpc_errors)?
        .leaf("out-notifications", now.out_notifications)?;
    Ok(())
}
