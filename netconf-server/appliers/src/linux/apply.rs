//! The applier: finds what changes, checks it, does it.

use super::link::{Kernel, Records, Seen, Step, Wish, decide};
use super::overlap::Index;
use super::{Settings, check, system, users};
use crate::files::FileError;
use crate::intent::{Intent, Interface, System};
use crate::refusal::{Failure, Refusal};
use crate::transaction::{Applier, Change, Plan, Prepared, Work};
use imbl::ordmap::DiffItem;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The applier of Linux.
#[derive(Debug, Clone)]
pub struct Linux {
    settings: Arc<Settings>,
    index: Arc<Mutex<Index>>,
}

/// Interfaces by name; None: the configuration gives it back.
type Wanted = BTreeMap<String, Option<Arc<Interface>>>;

/// A change that is checked.
struct Held {
    settings: Arc<Settings>,
    interfaces: Wanted,
    system: Option<Arc<System>>,
    /// The rest is done although something is missing, and that is told at the end.
    missing: Vec<Failure>,
}

impl Linux {
    /// An applier for the Linux that the settings describe.
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), index: Arc::default() }
    }

    async fn prepare(&self, change: Change) -> Prepared {
        let Change { from, to } = change;
        let unable = |error: &dyn fmt::Display| {
            vec![Refusal::unable("", "daybreak:linux", format!("Linux cannot be looked at: {error}"))]
        };
        let records = Records::new(&self.settings.run);
        let mut interfaces = if let Some(from) = &from {
            changed(from, &to)
        } else {
            let names = records.names().map_err(|error| unable(&error))?;
            let all = to.interfaces.iter().map(|(name, one)| (name.clone(), Some(Arc::clone(one))));
            names.into_iter().map(|name| (name, None)).chain(all).collect()
        };
        let mut refusals = self.index.lock().unwrap_or_else(PoisonError::into_inner).check(&to.interfaces);
        let seen = if interfaces.is_empty() {
            BTreeMap::new()
        } else {
            let look = async { Kernel::open(&self.settings.sysctl)?.look(&names(&interfaces)).await };
            look.await.map_err(|error| unable(&error))?
        };
        let named = || interfaces.iter().filter_map(|(name, one)| Some((name.as_str(), one.as_deref()?)));
        refusals.extend(check::interfaces(named(), &to, &seen));
        let there = |name: &str| {
            to.ports.contains_key(name) || (seen.contains_key(name) && !goes(from.as_ref(), &to, name))
        };
        let missing: Vec<_> =
            named().filter(|(name, _)| !there(name)).map(|(name, one)| check::missing(name, one)).collect();
        if let Some(from) = &from {
            refusals.extend(missing.iter().cloned());
            refusals.extend(ports_that_go(from, &to, &interfaces));
        }
        let system = changed_system(from.as_ref(), &to);
        if let Some(system) = &system {
            check::system(system, &self.settings.root, &mut refusals);
            refusals.extend(users::check(&self.settings, system));
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        if from.is_none() {
            // What is known to be missing now cannot be done; what is right already need not be.
            interfaces.retain(|name, one| {
                let Some(seen) = seen.get(name) else { return one.is_some() && to.ports.contains_key(name) };
                let before = records.get(name, seen.index).unwrap_or_default();
                let (steps, after) = decide(&Wish::of(one.as_deref()), &before, seen);
                !steps.is_empty() || after != before
            });
            let right = interfaces.is_empty() && missing.is_empty();
            // It reads the homes of users.
            let (settings, wanted) = (Arc::clone(&self.settings), Arc::clone(&to.system));
            let look =
                move || Ok(system::differs(&settings, &wanted)? || users::differs(&settings, &wanted)?);
            let looked = tokio::task::spawn_blocking(look).await.map_err(|error| unable(&error))?;
            let differs = looked.map_err(|error: FileError| unable(&error))?;
            if right && !differs {
                return Ok(None);
            }
        } else if interfaces.is_empty() && system.is_none() {
            return Ok(None);
        }
        let missing = missing.into_iter().map(|refusal| Failure::at(refusal.path, refusal.message)).collect();
        let missing = if from.is_none() { missing } else { Vec::new() };
        Ok(Some(Box::new(Held { settings: Arc::clone(&self.settings), interfaces, system, missing })))
    }
}

impl Applier for Linux {
    fn name(&self) -> &'static str {
        "linux"
    }

    fn prepare(&self, change: Change) -> Work<'_, Prepared> {
        Box::pin(self.prepare(change))
    }
}

impl Plan for Held {
    fn commit(self: Box<Self>) -> Work<'static, Result<(), Failure>> {
        Box::pin(async move {
            let mut failures = self.missing.clone();
            if !self.interfaces.is_empty() {
                failures.extend(self.links().await.err());
            }
            if let Some(system) = &self.system {
                failures.extend(system::apply(&self.settings, system).await.err());
                failures.extend(users::apply(&self.settings, system).await.err());
            }
            Failure::all(failures)
        })
    }

    fn abort(self: Box<Self>) -> Work<'static, ()> {
        // Nothing is held anywhere.
        Box::pin(async {})
    }
}

impl Held {
    /// Brings interfaces to what is wanted. Addresses leave all of them before one comes to another; and as the kernel may
    /// take more away than was asked, as the secondary addresses of a subnet, it is looked at again in between.
    async fn links(&self) -> Result<(), Failure> {
        let kernel = Kernel::open(&self.settings.sysctl).map_err(Failure::new)?;
        let records = Records::new(&self.settings.run);
        let mut failures = BTreeMap::new();
        for first in [true, false] {
            let seen = kernel.look(&names(&self.interfaces)).await.map_err(Failure::new)?;
            for (name, interface) in &self.interfaces {
                let outcome = match seen.get(name) {
                    Some(seen) => self.link(&kernel, &records, name, interface.as_deref(), seen, first).await,
                    None => gone(&records, name, interface.as_deref()),
                };
                if let Err(failure) = outcome {
                    failures.entry(name).or_insert(failure);
                }
            }
        }
        Failure::all(failures.into_values().collect())
    }

    async fn link(
        &self,
        kernel: &Kernel,
        records: &Records,
        name: &str,
        interface: Option<&Interface>,
        seen: &Seen,
        first: bool,
    ) -> Result<(), Failure> {
        let before = records.get(name, seen.index).map_err(Failure::new)?;
        let (steps, after) = decide(&Wish::of(interface), &before, seen);
        // What was before is kept before it changes.
        records.put(name, seen.index, &before.or(after.clone())).map_err(Failure::new)?;
        for step in steps.iter().filter(|step| !first || matches!(step, Step::Remove(_))) {
            let failed = |error: &dyn fmt::Display| match interface {
                Some(interface) => Failure::at(blame(interface, step), error),
                None => Failure::new(error),
            };
            kernel.step(name, seen.index, step).await.map_err(|error| failed(&error))?;
        }
        if first { Ok(()) } else { records.put(name, seen.index, &after).map_err(Failure::new) }
    }
}

/// An interface that is not there: it is a failure where it is wanted, and the end of its record where it is not.
fn gone(records: &Records, name: &str, interface: Option<&Interface>) -> Result<(), Failure> {
    match interface {
        Some(interface) => {
            let refusal = check::missing(name, interface);
            Err(Failure::at(refusal.path, refusal.message))
        }
        None => records.put(name, 0, &Wish::default()).map_err(Failure::new),
    }
}

/// The leaf that asks for a step.
fn blame(interface: &Interface, step: &Step) -> String {
    let ip = |v4: bool, leaf: &str| {
        let family = if v4 { interface.ipv4.as_ref() } else { interface.ipv6.as_ref() };
        family.map_or_else(|| interface.at.path(), |family| family.at.leaf(leaf))
    };
    match step {
        Step::Up(_) => interface.at.leaf("enabled"),
        Step::Mtu(_) => interface.mtu().map_or_else(|| interface.at.path(), |(_, at)| at.leaf("mtu")),
        Step::Alias(_) => interface.at.leaf("description"),
        Step::Add(net) | Step::Remove(net) => interface
            .families()
            .flat_map(|family| &family.addresses)
            .find(|address| address.net == *net)
            .map_or_else(|| interface.at.path(), |address| address.at.path()),
        Step::Forwarding4(_) => ip(true, "forwarding"),
        Step::Forwarding6(_) => ip(false, "forwarding"),
        Step::Ipv6Off(_) => ip(false, "enabled"),
    }
}

fn names(interfaces: &Wanted) -> BTreeSet<&str> {
    interfaces.keys().map(String::as_str).collect()
}

/// What differs between two intents.
fn changed(from: &Intent, to: &Intent) -> Wanted {
    from.interfaces
        .diff(&to.interfaces)
        .map(|item| match item {
            DiffItem::Add(name, new) | DiffItem::Update { new: (name, new), .. } => {
                (name.clone(), Some(Arc::clone(new)))
            }
            DiffItem::Remove(name, _) => (name.clone(), None),
        })
        .collect()
}

fn changed_system(from: Option<&Intent>, to: &Intent) -> Option<Arc<System>> {
    let unchanged =
        from.is_some_and(|from| Arc::ptr_eq(&from.system, &to.system) || from.system == to.system);
    (!unchanged).then(|| Arc::clone(&to.system))
}

/// Whether an interface is the twin of a port that this change takes away.
fn goes(from: Option<&Intent>, to: &Intent, name: &str) -> bool {
    from.is_some_and(|from| from.ports.contains_key(name)) && !to.ports.contains_key(name)
}

/// Interfaces that do not change themselves, while the port behind them goes.
fn ports_that_go(from: &Intent, to: &Intent, changed: &Wanted) -> Vec<Refusal> {
    from.ports
        .diff(&to.ports)
        .filter_map(|item| match item {
            DiffItem::Remove(name, _) if !changed.contains_key(name) => to.interfaces.get_key_value(name),
            _ => None,
        })
        .map(|(name, interface)| check::missing(name, interface))
        .collect()
}
