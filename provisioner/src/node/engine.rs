//! The engine: the only one that moves a state. It writes the store first, then shows.

use super::{Fact, Intent, Node, NodeConfig, NodeId, State, Status, Step, registry::Registry, step};
use crate::events::{Code, Event, NewEvent};
use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::{Mutex, Notify, broadcast};
use tokio_util::sync::CancellationToken;

/// Events that a slow listener may fall behind before it misses some; the store has them all.
const BUS: usize = 1024;

/// Shortest pause between two looks at the deadlines.
const RETRY: std::time::Duration = std::time::Duration::from_millis(100);

/// Where the engine gets the time from.
pub type Clock = fn() -> Timestamp;

/// Moves nodes from state to state.
#[derive(Debug)]
pub struct Engine {
    store: Store,
    registry: Arc<Registry>,
    bus: broadcast::Sender<Event>,
    deploying: SignedDuration,
    clock: Clock,
    // One step at a time, so that a fact is judged by the state that the fact before it left.
    turn: Mutex<()>,
    wake: Notify,
}

impl Engine {
    /// An engine over what the store holds.
    ///
    /// # Errors
    /// When the store fails or a node does not read back.
    pub async fn open(store: Store, deploying: SignedDuration, clock: Clock) -> Result<Self, StoreError> {
        let registry = Arc::new(Registry::new(store.nodes().await?));
        let (bus, _) = broadcast::channel(BUS);
        Ok(Self { store, registry, bus, deploying, clock, turn: Mutex::new(()), wake: Notify::new() })
    }

    /// The nodes in memory.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Every event from now on.
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.bus.subscribe()
    }

    /// Adds a node.
    ///
    /// # Errors
    /// When its name, a MAC address, its address or its UUID is taken, or the store fails.
    pub async fn add(&self, config: NodeConfig) -> Result<Node, StoreError> {
        let now = self.now();
        let node = Node {
            id: NodeId(uuid::Uuid::new_v4()),
            config,
            status: Status::default(),
            state: State::Enrolled,
            state_version: 1,
            state_reason: "added".to_owned(),
            state_since: now,
            state_deadline: None,
            version: 1,
            intent: None,
            created: now,
        };
        let event = self.event(Some(node.id), Code::NodeAdded, "added".to_owned(), Value::Null);
        let _turn = self.turn.lock().await;
        if let Some((what, value, owner)) = self.registry.taken(&node.config) {
            return Err(StoreError::Taken { what, value, node: owner.to_string() });
        }
        let id = self.store.add_node(&node, &event).await?;
        self.registry.put(node.clone());
        self.publish(id, event);
        Ok(node)
    }

    /// Deletes a node.
    ///
    /// # Errors
    /// When it is gone or the store fails.
    pub async fn remove(&self, id: NodeId) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        self.store.delete_node(id).await?;
        self.registry.remove(id);
        Ok(())
    }

    /// Records what an operator wants; the engine's loop acts on it.
    ///
    /// # Errors
    /// When the node is gone or the store fails.
    pub async fn intend(&self, id: NodeId, intent: Intent) -> Result<Node, StoreError> {
        let _turn = self.turn.lock().await;
        let mut node = self.registry.get(id).ok_or(StoreError::NoSuchNode(id))?;
        node.intent = Some(intent);
        let event = self.event(
            Some(id),
            Code::NodeIntent,
            format!("{intent:?} asked for").to_lowercase(),
            json!({"intent": intent}),
        );
        self.save(node.clone(), Some(event)).await?;
        self.wake.notify_one();
        Ok(node)
    }

    /// Judges a fact and carries out what the state decided. Gives the node as it is after.
    ///
    /// # Errors
    /// When the node is gone or the store fails; then nothing has changed.
    pub async fn observe(&self, id: NodeId, fact: &Fact) -> Result<Node, StoreError> {
        let _turn = self.turn.lock().await;
        self.judge(id, fact).await
    }

    async fn judge(&self, id: NodeId, fact: &Fact) -> Result<Node, StoreError> {
        let mut node = self.registry.get(id).ok_or(StoreError::NoSuchNode(id))?;
        let before = node.clone();
        if let Fact::PhoneHome { host_keys } = fact {
            node.status.host_keys.clone_from(host_keys);
        }
        if matches!(fact, Fact::Intent(_)) {
            node.intent = None;
        }
        let event = match step(&node, fact) {
            Step::Wait => None,
            Step::Installed => {
                node.status.installed = true;
                node.status.progress = None;
                None
            }
            Step::Transition { to, reason } => Some(self.enter(&mut node, to, reason)),
        };
        if node != before {
            self.save(node.clone(), event).await?;
            self.wake.notify_one();
        }
        Ok(node)
    }

    fn enter(&self, node: &mut Node, to: State, reason: String) -> NewEvent {
        let now = self.now();
        let from = node.state;
        node.state = to;
        node.state_version += 1;
        node.state_since = now;
        node.state_deadline =
            to.row().has_deadline.then(|| now.saturating_add(self.deploying).ok()).flatten();
        node.status.progress = None;
        if to == State::Deploying {
            node.status.installed = false;
            node.status.host_keys.clear();
        }
        let code = if to == State::Failed { Code::StateFailed } else { Code::StateChanged };
        let message = format!("{from} -> {to}: {reason}");
        let fields = json!({"from": from, "to": to, "reason": reason});
        node.state_reason = reason;
        self.event(Some(node.id), code, message, fields)
    }

    async fn save(&self, node: Node, event: Option<NewEvent>) -> Result<(), StoreError> {
        let id = self.store.save_node(&node, event.as_ref()).await?;
        self.registry.put(node);
        if let (Some(id), Some(event)) = (id, event) {
            self.publish(id, event);
        }
        Ok(())
    }

    /// Writes an event of now to a timeline. A store that fails is logged: an event never stops a boot.
    pub async fn record(&self, node: Option<NodeId>, code: Code, message: impl Into<String>, fields: Value) {
        let event = self.event(node, code, message.into(), fields);
        self.record_all(vec![event]).await;
    }

    /// Writes several events in one transaction.
    pub async fn record_all(&self, events: Vec<NewEvent>) {
        match self.store.add_events(&events).await {
            Ok(ids) => ids.into_iter().zip(events).for_each(|(id, event)| self.publish(id, event)),
            Err(error) => tracing::error!(%error, lost = events.len(), "events were not stored"),
        }
    }

    /// An event of now.
    pub fn event(&self, node: Option<NodeId>, code: Code, message: String, fields: Value) -> NewEvent {
        NewEvent { node, at: self.now(), code, message, fields }
    }

    fn publish(&self, id: i64, event: NewEvent) {
        let NewEvent { node, at, code, message, fields } = event;
        let name = node.and_then(|id| self.registry.get(id)).map(|node| node.config.name);
        tracing::info!(node = name.map(|name| name.to_string()), code = code.name(), "{message}");
        // No listener is not an error.
        let _ = self.bus.send(Event { id, node, at, code, message, fields });
    }

    /// Acts on intents and deadlines until cancelled. What an earlier process left is acted on first.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            self.act().await;
            let next = self.registry.all().iter().filter_map(|node| node.state_deadline).min();
            let wait = next.map(|at| std::time::Duration::try_from(at.duration_since(self.now())));
            let deadline = async {
                match wait {
                    // A deadline that could not be acted on is tried again, but not in a hot loop.
                    Some(wait) => tokio::time::sleep(wait.unwrap_or_default().max(RETRY)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
                () = deadline => {}
            }
        }
    }

    async fn act(&self) {
        let now = self.now();
        for node in self.registry.all() {
            let fact = match (node.intent, node.state_deadline) {
                (Some(intent), _) => Fact::Intent(intent),
                (None, Some(deadline)) if deadline <= now => Fact::Deadline,
                _ => continue,
            };
            if let Err(error) = self.observe(node.id, &fact).await {
                tracing::error!(node = %node.config.name, %error, "a step was not taken");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Engine;
    use crate::events::Code;
    use crate::node::{Fact, Intent, State};
    use crate::store::Store;
    use crate::testing::config;
    use jiff::{SignedDuration, Timestamp};
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    async fn engine(dir: &tempfile::TempDir, deploying: SignedDuration) -> Engine {
        let store = Store::open(&dir.path().join("store.db")).await.unwrap();
        Engine::open(store, deploying, Timestamp::now).await.unwrap()
    }

    async fn until_state(engine: &Engine, name: &str, state: State) {
        let mut events = engine.listen();
        let reached = async {
            while engine.registry().by_name(name).map(|node| node.state) != Some(state) {
                events.recv().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reached)
            .await
            .unwrap_or_else(|_| panic!("{name} did not become {state}"));
    }

    #[tokio::test]
    async fn an_intent_left_by_a_killed_process_is_acted_on() {
        let dir = tempfile::tempdir().unwrap();
        let first = engine(&dir, SignedDuration::from_mins(30)).await;
        let id = first.add(config("r1")).await.unwrap().id;
        first.intend(id, Intent::Deploy).await.unwrap();
        drop(first);
        let second = engine(&dir, SignedDuration::from_mins(30)).await;
        assert_eq!(second.registry().by_name("r1").unwrap().intent, Some(Intent::Deploy));
        let stop = CancellationToken::new();
        tokio::select! {
            () = second.run(stop) => unreachable!(),
            () = until_state(&second, "r1", State::Deploying) => {}
        }
        assert_eq!(second.registry().by_name("r1").unwrap().intent, None);
    }

    #[tokio::test]
    async fn a_deadline_ends_the_state_with_a_reason() {
        let dir = tempfile::tempdir().unwrap();
        let engine = engine(&dir, SignedDuration::from_millis(50)).await;
        let id = engine.add(config("r1")).await.unwrap().id;
        engine.observe(id, &Fact::BootScript).await.unwrap();
        let stop = CancellationToken::new();
        tokio::select! {
            () = engine.run(stop) => unreachable!(),
            () = until_state(&engine, "r1", State::Failed) => {}
        }
        let node = engine.registry().by_name("r1").unwrap();
        assert!(node.state_reason.contains("deadline"), "{}", node.state_reason);
        let events = engine.store().events(Some(id), 0, 100).await.unwrap();
        assert_eq!(events.last().unwrap().code, Code::StateFailed);
    }

    #[tokio::test]
    async fn each_transition_counts_the_state_version_up() {
        let dir = tempfile::tempdir().unwrap();
        let engine = engine(&dir, SignedDuration::from_mins(30)).await;
        let node = engine.add(config("r1")).await.unwrap();
        let deploying = engine.observe(node.id, &Fact::BootScript).await.unwrap();
        assert_eq!((deploying.state, deploying.state_version), (State::Deploying, node.state_version + 1));
        let again = engine.observe(node.id, &Fact::BootScript).await.unwrap();
        assert_eq!(again.state_version, deploying.state_version);
    }
}
