//! The applier: prepare, commit and abort are those of the protocol.

use super::Settings;
use super::target::{Before, from_protocol, target, to_protocol};
use crate::files::{self, FileError, Mode};
use crate::intent::Intent;
use crate::refusal::{Failure, Refusal};
use crate::transaction::{Applier, Change, Plan, Prepared, Work};
use daybreak_control::v1;
use daybreak_control::v1::control_client::ControlClient;
use imbl::ordmap::DiffItem;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tonic::transport::Channel;

/// The name of every transaction. There is one at a time, and one that a killed process left behind gives way to the next
/// of the same name; any other would be refused until the data plane forgets it.
const TRANSACTION: &str = "netconfd";

/// The applier of the data plane.
#[derive(Debug, Clone)]
pub struct Vrouterd(Arc<Settings>);

/// What ports were before, and of which run of the data plane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    started: u64,
    ports: Before,
}

/// A transaction that the data plane holds.
struct Held {
    client: ControlClient<Channel>,
    file: PathBuf,
    before: Record,
    after: Record,
}

impl Vrouterd {
    /// An applier for the data plane that the settings describe.
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    async fn prepare(&self, change: Change) -> Prepared {
        let Change { from, to } = change;
        let needs = from.as_ref().map_or(Needs::Perhaps, |from| needs(from, &to));
        if needs == Needs::Nothing {
            return Ok(None);
        }
        let unable = |error: &dyn fmt::Display| {
            let path = to.ports.values().next().map_or_else(String::new, |port| port.at.path());
            vec![Refusal::unable(path, "daybreak:vrouterd-unreachable", error.to_string())]
        };
        let mut client = match daybreak_control::connect(&self.0.socket).await {
            Ok(client) => client,
            // Nothing in the configuration says that there is a data plane.
            Err(_) if needs == Needs::Perhaps && to.ports.is_empty() => return Ok(None),
            Err(error) => return Err(unable(&error)),
        };
        let failed =
            |what: &str, error: &dyn fmt::Display| unable(&format!("vrouterd did not {what}: {error}"));
        let info = client.get_info(v1::GetInfoRequest {}).await.map_err(|e| failed("say who it is", &e))?;
        let config =
            client.get_config(v1::GetConfigRequest {}).await.map_err(|e| failed("list its ports", &e))?;
        let (started, now) = (info.into_inner().started, from_protocol(config.into_inner().ports));
        let before = self.record(started).map_err(|error| unable(&error))?;
        let (ports, kept) = target(&to, &now, &before.ports);
        let after = Record { started, ports: kept };
        if ports == now && after == before {
            return Ok(None);
        }
        let config = Some(v1::Config { ports: to_protocol(&ports) });
        let request = v1::PrepareRequest { transaction: TRANSACTION.to_owned(), config };
        let reply = client.prepare(request).await.map_err(|e| failed("check the ports", &e))?.into_inner();
        if !reply.refusals.is_empty() {
            return Err(reply.refusals.iter().map(|refusal| blame(refusal, &to)).collect());
        }
        Ok(Some(Box::new(Held { client, file: self.file(), before, after })))
    }

    /// What ports were before; nothing when the data plane has started anew since, with ports of its own again.
    fn record(&self, started: u64) -> Result<Record, FileError> {
        let text = files::read(&self.file())?;
        let record: Option<Record> = text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(record
            .filter(|record| record.started == started)
            .unwrap_or(Record { started, ports: Before::new() }))
    }

    fn file(&self) -> PathBuf {
        self.0.run.join("ports.json")
    }
}

impl Applier for Vrouterd {
    fn name(&self) -> &'static str {
        "vrouterd"
    }

    fn prepare(&self, change: Change) -> Work<'_, Prepared> {
        Box::pin(self.prepare(change))
    }
}

impl Plan for Held {
    fn commit(mut self: Box<Self>) -> Work<'static, Result<(), Failure>> {
        Box::pin(async move {
            let mut both = self.after.clone();
            both.ports.extend(self.before.ports.clone());
            both.write(&self.file).map_err(Failure::new)?;
            let request = v1::CommitRequest { transaction: TRANSACTION.to_owned() };
            let done = self.client.commit(request).await;
            done.map_err(|error| Failure::new(format!("vrouterd did not change its ports: {error}")))?;
            self.after.write(&self.file).map_err(Failure::new)
        })
    }

    fn abort(mut self: Box<Self>) -> Work<'static, ()> {
        Box::pin(async move {
            let request = v1::AbortRequest { transaction: TRANSACTION.to_owned() };
            if let Err(error) = self.client.abort(request).await {
                // It forgets of itself after 60 s.
                tracing::warn!(error = %error, "vrouterd was not told that a change does not come");
            }
        })
    }
}

impl Record {
    fn write(&self, path: &std::path::Path) -> Result<(), FileError> {
        let text = serde_json::to_string(self).map_err(|e| FileError::new("write", path, e.into()))?;
        files::write(path, &text, Mode::PUBLIC)
    }
}

/// Whether a change is about the data plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// If one of these interfaces is a port that the data plane found itself.
    Perhaps,
    Surely,
}

fn needs(from: &Intent, to: &Intent) -> Needs {
    if !from.ports.ptr_eq(&to.ports) && from.ports != to.ports {
        return Needs::Surely;
    }
    let mut needs = Needs::Nothing;
    for item in from.interfaces.diff(&to.interfaces) {
        let (name, differs) = match item {
            DiffItem::Add(name, _) | DiffItem::Remove(name, _) => (name, true),
            DiffItem::Update { old: (_, old), new: (name, new) } => {
                let mtu = |one: &crate::intent::Interface| one.mtu().map(|(mtu, _)| mtu);
                (name, old.enabled != new.enabled || mtu(old) != mtu(new))
            }
        };
        if differs && to.ports.contains_key(name) {
            return Needs::Surely;
        }
        if differs {
            needs = Needs::Perhaps;
        }
    }
    needs
}

/// The leaf that asks for what the data plane refuses.
fn blame(refusal: &v1::Refusal, to: &Intent) -> Refusal {
    let port = to.ports.get(&refusal.port).map(|port| &port.at);
    let interface = to.interfaces.get(&refusal.port);
    let path = match refusal.field.as_str() {
        "mtu" => interface.and_then(|one| one.mtu()).map(|(_, at)| at.leaf("mtu")),
        "enabled" => interface.map(|one| one.at.leaf("enabled")),
        "name" | "device" => port.map(|at| at.leaf(&refusal.field)),
        _ => None,
    };
    let path =
        path.or_else(|| port.map(crate::intent::At::path)).or_else(|| interface.map(|one| one.at.path()));
    Refusal::invalid(path.unwrap_or_default(), "daybreak:vrouterd-refused", &refusal.reason)
}
