//! Who has which port, and the transactions that change it.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use daybreak_control::v1;
use futures_util::future::BoxFuture;
use thiserror::Error;
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::spawn_blocking;

use super::check::{Facts, Refusal, check};
use super::open::{Opened, Opener, PortError};
use super::plan::plan;
use super::wanted::{PortName, Wanted};
use crate::daemon::linux::Interface;
use crate::daemon::pci;
use crate::dpdk::{Link, PortSpec};
use crate::fib::PortId;
use crate::forward::PortInfo;
use crate::worker::WorkerHandle;

/// How long a prepared configuration is kept.
const KEPT: Duration = Duration::from_mins(1);
/// How often hardware addresses of twins are looked at.
const ADDRESSES: Duration = Duration::from_secs(5);
/// Characters of a transaction's name at most.
const NAME: usize = 128;

/// Who must know of ports, because routes lead to them.
pub trait PortListener: Send + Sync {
    /// There is a port. The worker has it already.
    fn added(&self, id: PortId, port: &Opened) -> BoxFuture<'static, ()>;
    /// A port goes: no table may lead to it when this is done, for its number will be used again.
    fn removed(&self, id: PortId) -> BoxFuture<'static, ()>;
}

/// Why a configuration was not made effective. Nothing was changed, unless it says so.
#[derive(Debug, Error)]
pub enum CommitError {
    /// Never prepared, or too long ago, or another was prepared since.
    #[error("transaction {0:?} is not prepared (any more); prepare it again")]
    NotPrepared(String),
    /// A step failed.
    #[error("port {port}: {error}{}", left_behind(.lost))]
    Failed {
        /// The port.
        port: PortName,
        /// Why.
        error: PortError,
        /// Ports that were to be restored and could not be, with the reason.
        lost: Vec<(PortName, String)>,
    },
}

fn left_behind(lost: &[(PortName, String)]) -> String {
    if lost.is_empty() {
        return "; nothing was changed".into();
    }
    let ports: Vec<_> = lost.iter().map(|(port, why)| format!("{port} ({why})")).collect();
    format!("; and these ports could not be restored: {}", ports.join(", "))
}

/// A port and its link at this moment.
#[derive(Debug, Clone)]
pub struct PortState {
    /// Its number.
    pub id: PortId,
    /// The port.
    pub opened: Opened,
    /// Its link.
    pub link: Link,
}

/// The ports of the daemon.
pub struct Ports {
    opener: Opener,
    worker: WorkerHandle,
    listener: Arc<dyn PortListener>,
    /// The largest MTU that a buffer holds.
    largest_mtu: u16,
    huge_pages: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Ports by number.
    ports: Vec<Option<Slot>>,
    /// MTUs that drivers of virtual devices take, as far as one was open.
    kinds: HashMap<Discriminant<PortSpec>, RangeInclusive<u16>>,
    prepared: Option<Prepared>,
    generation: u64,
    /// When the hardware addresses of the twins were last looked at.
    looked: Option<Instant>,
}

struct Slot {
    opened: Opened,
    /// What the twin was last told of its carrier.
    carrier: Option<bool>,
}

struct Prepared {
    transaction: String,
    wanted: Vec<Wanted>,
    since: Instant,
}

/// What was done, to be undone.
enum Done {
    Changed(Wanted),
    Removed(Wanted),
    Added(PortName),
}

impl Ports {
    /// No ports yet.
    pub fn new(
        opener: Opener,
        worker: WorkerHandle,
        listener: Arc<dyn PortListener>,
        largest_mtu: u16,
        huge_pages: bool,
    ) -> Self {
        Self { opener, worker, listener, largest_mtu, huge_pages, state: Mutex::default() }
    }

    /// The configuration, and how many commits led to it.
    pub async fn config(&self) -> (Vec<Wanted>, u64) {
        let state = self.state.lock().await;
        (state.wanted(), state.generation)
    }

    /// Checks a configuration and keeps it; it takes the place of one prepared before.
    ///
    /// # Errors
    /// Why it cannot be; and one prepared by another transaction stays then.
    pub async fn prepare(&self, transaction: String, config: &v1::Config) -> Result<(), Vec<Refusal>> {
        let whole = |reason: String| vec![Refusal { port: String::new(), field: "", reason }];
        if transaction.is_empty() || transaction.len() > NAME {
            return Err(whole(format!("the transaction needs a name of 1 to {NAME} bytes")));
        }
        let mut state = self.state.lock().await;
        if let Some(other) = state.prepared.as_ref().filter(|prepared| prepared.is_fresh())
            && other.transaction != transaction
        {
            let left = KEPT.saturating_sub(other.since.elapsed()).as_secs();
            let other = &other.transaction;
            return Err(whole(format!("transaction {other:?} is under way, for {left} s more at most")));
        }
        let facts = self.facts(&state).await.map_err(|error| whole(error.to_string()))?;
        let wanted = check(config, &facts)?;
        state.prepared = Some(Prepared { transaction, wanted, since: Instant::now() });
        Ok(())
    }

    /// Makes a prepared configuration effective and says how many commits there were; to be awaited to its end, for a
    /// commit that is dropped in the middle stops there.
    ///
    /// # Errors
    /// When it is not prepared or a step fails, which undoes the steps before.
    pub async fn commit(&self, transaction: &str) -> Result<u64, CommitError> {
        let mut state = self.state.lock().await;
        let prepared = state
            .prepared
            .take_if(|prepared| prepared.transaction == transaction)
            .filter(Prepared::is_fresh)
            .ok_or_else(|| CommitError::NotPrepared(transaction.to_owned()))?;
        let mut done = Vec::new();
        if let Err((port, error)) = self.apply(&mut state, &prepared.wanted, &mut done).await {
            let lost = self.undo(&mut state, done).await;
            return Err(CommitError::Failed { port, error, lost });
        }
        state.generation += 1;
        self.follow(&mut state).await;
        tracing::info!(
            transaction,
            generation = state.generation,
            ports = prepared.wanted.len(),
            "ports committed"
        );
        Ok(state.generation)
    }

    /// Forgets a prepared configuration.
    pub async fn abort(&self, transaction: &str) {
        self.state.lock().await.prepared.take_if(|prepared| prepared.transaction == transaction);
    }

    /// Every port with its link.
    pub async fn list(&self) -> Vec<PortState> {
        let opened: Vec<_> =
            self.state.lock().await.open().map(|(id, slot)| (id, slot.opened.clone())).collect();
        let mut list = Vec::with_capacity(opened.len());
        for (id, opened) in opened {
            let link = self.opener.link(&opened).await.unwrap_or(Link { up: false, speed: None });
            list.push(PortState { id, opened, link });
        }
        list
    }

    /// Lets the carrier of each twin follow the link of its port.
    pub async fn follow_links(&self) {
        let mut state = self.state.lock().await;
        self.follow(&mut state).await;
    }

    /// Closes every port.
    pub async fn close(&self) {
        let mut state = self.state.lock().await;
        for wanted in state.wanted() {
            self.remove(&mut state, &wanted.name).await;
        }
    }

    async fn follow(&self, state: &mut MutexGuard<'_, State>) {
        if state.looked.is_none_or(|looked| looked.elapsed() >= ADDRESSES) {
            state.looked = Some(Instant::now());
            self.keep_addresses(state).await;
        }
        for slot in state.ports.iter_mut().flatten() {
            let name = slot.opened.wanted.name.as_str();
            let link = self.opener.link(&slot.opened).await;
            let carrier = slot.opened.wanted.enabled && link.is_ok_and(|link| link.up);
            if slot.carrier == Some(carrier) {
                continue;
            }
            match self.opener.twins.set_carrier(name, carrier).await {
                Ok(()) => {
                    tracing::info!(port = name, up = carrier, "link");
                    slot.carrier = Some(carrier);
                }
                Err(error) => tracing::warn!(port = name, %error, "the twin does not follow the link"),
            }
        }
    }

    /// Gives twins the hardware address of their port back when somebody has changed it: neighbours would send to an address
    /// that the card does not listen to.
    async fn keep_addresses(&self, state: &State) {
        let twins = match self.opener.twins.interfaces().await {
            Ok(twins) => twins,
            Err(error) => return tracing::warn!(%error, "the twins cannot be looked at"),
        };
        for (_, Slot { opened, .. }) in state.open() {
            let other = |twin: &&Interface| twin.index == opened.ifindex && twin.mac != Some(opened.mac);
            let Some(twin) = twins.iter().find(other) else { continue };
            match self.opener.twins.set_mac(&twin.name, opened.mac).await {
                Ok(()) => tracing::warn!(
                    port = twin.name, was = ?twin.mac, now = %opened.mac,
                    "somebody changed the hardware address of the twin; it has that of its port again"
                ),
                Err(error) => {
                    tracing::error!(port = twin.name, %error, "the twin has another hardware address");
                }
            }
        }
    }

    async fn facts(&self, state: &State) -> Result<Facts, PortError> {
        let mut interfaces = self.opener.twins.names().await?;
        for (_, slot) in state.open() {
            interfaces.remove(slot.opened.wanted.name.as_str());
        }
        let port_interfaces = self.opener.interfaces.names().await?;
        let pci = spawn_blocking(pci::facts).await?;
        let ranges = state
            .open()
            .map(|(_, slot)| (slot.opened.wanted.device.clone(), slot.opened.mtu_range.clone()))
            .collect();
        let (largest_mtu, huge_pages) = (self.largest_mtu, self.huge_pages);
        let kinds = state.kinds.clone();
        Ok(Facts { largest_mtu, huge_pages, interfaces, port_interfaces, pci, ranges, kinds })
    }

    async fn apply(
        &self,
        state: &mut State,
        wanted: &[Wanted],
        done: &mut Vec<Done>,
    ) -> Result<(), (PortName, PortError)> {
        let plan = plan(&state.wanted(), wanted);
        for (before, after) in plan.change {
            done.push(Done::Changed(before));
            self.change(state, &after, false).await.map_err(|error| (after.name, error))?;
        }
        for old in plan.make_way {
            self.remove(state, &old.name).await;
            done.push(Done::Removed(old));
        }
        for new in plan.add {
            self.add(state, &new).await.map_err(|error| (new.name.clone(), error))?;
            done.push(Done::Added(new.name));
        }
        for old in plan.remove {
            self.remove(state, &old.name).await;
        }
        Ok(())
    }

    /// Undoes steps, the last first, and says what could not be.
    async fn undo(&self, state: &mut State, done: Vec<Done>) -> Vec<(PortName, String)> {
        let mut lost = Vec::new();
        for step in done.into_iter().rev() {
            let (name, outcome) = match step {
                Done::Changed(before) => (before.name.clone(), self.change(state, &before, true).await),
                Done::Removed(old) => (old.name.clone(), self.add(state, &old).await),
                Done::Added(name) => {
                    self.remove(state, &name).await;
                    (name, Ok(()))
                }
            };
            if let Err(error) = outcome {
                tracing::error!(port = %name, %error, "a port could not be restored");
                lost.push((name, error.to_string()));
            }
        }
        lost
    }

    async fn add(&self, state: &mut State, wanted: &Wanted) -> Result<(), PortError> {
        let (opened, data) = self.opener.open(wanted).await?;
        if !matches!(wanted.device, PortSpec::Pci(_)) {
            state.kinds.insert(discriminant(&wanted.device), opened.mtu_range.clone());
        }
        let place = state.ports.iter().position(Option::is_none).unwrap_or(state.ports.len());
        let id = PortId(u16::try_from(place).unwrap_or(u16::MAX));
        let info = PortInfo { mac: opened.mac, mtu: wanted.mtu, ipv4: None, ipv6: None };
        self.worker.add_port(id, data, wanted.enabled, info).await?;
        self.listener.added(id, &opened).await;
        tracing::info!(
            port = %wanted.name, device = %wanted.device, driver = opened.driver, mac = %opened.mac,
            ifindex = opened.ifindex, mtus = ?opened.mtu_range, "port added"
        );
        if place == state.ports.len() {
            state.ports.push(None);
        }
        state.ports[place] = Some(Slot { opened, carrier: None });
        Ok(())
    }

    /// Changes a port; `whole` also sets what seems to be set, for a change before may have stopped half-way.
    async fn change(&self, state: &mut State, to: &Wanted, whole: bool) -> Result<(), PortError> {
        let Some((id, slot)) = state.find(&to.name) else { return Ok(()) };
        if whole || slot.opened.wanted.mtu != to.mtu {
            self.opener.set_mtu(&slot.opened, to.mtu).await?;
            self.worker.set_mtu(id, to.mtu).await?;
        }
        self.worker.set_enabled(id, to.enabled).await?;
        slot.opened.wanted = to.clone();
        Ok(())
    }

    async fn remove(&self, state: &mut State, name: &PortName) {
        let Some((id, _)) = state.find(name) else { return };
        self.listener.removed(id).await;
        let data = self.worker.remove_port(id).await;
        let slot = state.ports[usize::from(id.0)].take();
        // The last handles close the devices, which takes some milliseconds.
        if spawn_blocking(move || drop((data, slot))).await.is_err() {
            tracing::error!(port = %name, "closing the port broke");
        }
        tracing::info!(port = %name, "port removed");
    }
}

impl State {
    fn open(&self) -> impl Iterator<Item = (PortId, &Slot)> {
        let number = |place| PortId(u16::try_from(place).unwrap_or(u16::MAX));
        self.ports.iter().enumerate().filter_map(move |(place, slot)| Some((number(place), slot.as_ref()?)))
    }

    fn find(&mut self, name: &PortName) -> Option<(PortId, &mut Slot)> {
        let place = self
            .ports
            .iter()
            .position(|slot| slot.as_ref().is_some_and(|slot| slot.opened.wanted.name == *name))?;
        Some((PortId(u16::try_from(place).ok()?), self.ports[place].as_mut()?))
    }

    fn wanted(&self) -> Vec<Wanted> {
        self.open().map(|(_, slot)| slot.opened.wanted.clone()).collect()
    }
}

impl Prepared {
    fn is_fresh(&self) -> bool {
        self.since.elapsed() < KEPT
    }
}
