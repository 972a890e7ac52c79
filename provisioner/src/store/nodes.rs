//! Nodes.

use super::{Store, StoreError, millis, timestamp};
use crate::events::NewEvent;
use crate::node::{Node, NodeId, State};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

impl Store {
    /// Every node, by name.
    ///
    /// # Errors
    /// When the store fails or a row does not read back.
    pub async fn nodes(&self) -> Result<Vec<Node>, StoreError> {
        let rows = sqlx::query("SELECT * FROM nodes ORDER BY name").fetch_all(&self.pool).await?;
        rows.iter().map(node).collect()
    }

    /// Adds a node and its first event; both or neither.
    ///
    /// # Errors
    /// When the name or a MAC address is taken, or the store fails.
    pub async fn add_node(&self, node: &Node, event: &NewEvent) -> Result<i64, StoreError> {
        let mut tx = self.pool.begin().await?;
        let taken = sqlx::query("SELECT 1 FROM nodes WHERE name = ?")
            .bind(node.config.name.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        if taken.is_some() {
            return Err(StoreError::NameTaken(node.config.name.clone()));
        }
        sqlx::query(
            "INSERT INTO nodes (id, name, config, status, state, state_version, state_reason, state_since, \
             state_deadline, version, intent, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(node.id.to_string())
        .bind(node.config.name.as_str())
        .bind(json(&node.config))
        .bind(json(&node.status))
        .bind(node.state.name())
        .bind(node.state_version.cast_signed())
        .bind(&node.state_reason)
        .bind(millis(node.state_since))
        .bind(node.state_deadline.map(millis))
        .bind(node.version.cast_signed())
        .bind(node.intent.map(|intent| json(&intent)))
        .bind(millis(node.created))
        .execute(&mut *tx)
        .await?;
        add_macs(&mut tx, node).await?;
        let id = super::events::insert(&mut tx, event).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Stores what the engine changed of a node, with the event that says so; both or neither.
    ///
    /// # Errors
    /// When the node is gone or the store fails.
    pub async fn save_node(&self, node: &Node, event: Option<&NewEvent>) -> Result<Option<i64>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let done = sqlx::query(
            "UPDATE nodes SET status = ?, state = ?, state_version = ?, state_reason = ?, state_since = ?, \
             state_deadline = ?, intent = ? WHERE id = ?",
        )
        .bind(json(&node.status))
        .bind(node.state.name())
        .bind(node.state_version.cast_signed())
        .bind(&node.state_reason)
        .bind(millis(node.state_since))
        .bind(node.state_deadline.map(millis))
        .bind(node.intent.map(|intent| json(&intent)))
        .bind(node.id.to_string())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NoSuchNode(node.id));
        }
        let id = match event {
            Some(event) => Some(super::events::insert(&mut tx, event).await?),
            None => None,
        };
        tx.commit().await?;
        Ok(id)
    }

    /// Deletes a node with its tokens and events.
    ///
    /// # Errors
    /// When there is none or the store fails.
    pub async fn delete_node(&self, id: NodeId) -> Result<(), StoreError> {
        let done =
            sqlx::query("DELETE FROM nodes WHERE id = ?").bind(id.to_string()).execute(&self.pool).await?;
        if done.rows_affected() == 0 { Err(StoreError::NoSuchNode(id)) } else { Ok(()) }
    }
}

async fn add_macs(tx: &mut Transaction<'_, Sqlite>, node: &Node) -> Result<(), StoreError> {
    for mac in &node.config.macs {
        let mac = mac.to_string();
        let owner = sqlx::query(
            "SELECT nodes.name FROM node_macs JOIN nodes ON nodes.id = node_macs.node WHERE mac = ?",
        )
        .bind(&mac)
        .fetch_optional(&mut **tx)
        .await?;
        if let Some(owner) = owner {
            return Err(StoreError::MacTaken { mac, node: owner.get(0) });
        }
        sqlx::query("INSERT INTO node_macs (mac, node) VALUES (?, ?)")
            .bind(&mac)
            .bind(node.id.to_string())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

fn json<T: serde::Serialize>(value: &T) -> String {
    // Our own types: string keys and finite numbers only, so this cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn node(row: &SqliteRow) -> Result<Node, StoreError> {
    let id: String = row.get("id");
    let corrupt = |what: &'static str, why: String| StoreError::Corrupt { what, node: id.clone(), why };
    let config: String = row.get("config");
    let status: String = row.get("status");
    let state: String = row.get("state");
    let intent: Option<String> = row.get("intent");
    Ok(Node {
        id: NodeId(id.parse().map_err(|e: uuid::Error| corrupt("id", e.to_string()))?),
        config: serde_json::from_str(&config).map_err(|e| corrupt("config", e.to_string()))?,
        status: serde_json::from_str(&status).map_err(|e| corrupt("status", e.to_string()))?,
        state: State::from_name(&state).ok_or_else(|| corrupt("state", format!("{state:?}")))?,
        state_version: row.get::<i64, _>("state_version").cast_unsigned(),
        state_reason: row.get("state_reason"),
        state_since: timestamp(row.get("state_since")),
        state_deadline: row.get::<Option<i64>, _>("state_deadline").map(timestamp),
        version: row.get::<i64, _>("version").cast_unsigned(),
        intent: intent
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|e| corrupt("intent", e.to_string()))?,
        created: timestamp(row.get("created")),
    })
}

#[cfg(test)]
mod tests {
    use crate::events::{Code, NewEvent};
    use crate::node::{Intent, State};
    use crate::store::{Store, StoreError};
    use crate::testing::node;
    use jiff::Timestamp;

    fn added(node: &crate::node::Node) -> NewEvent {
        NewEvent {
            node: Some(node.id),
            at: Timestamp::UNIX_EPOCH,
            code: Code::NodeAdded,
            message: "added".into(),
            fields: serde_json::Value::Null,
        }
    }

    #[tokio::test]
    async fn a_node_reads_back_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let mut node = node("r1", State::Enrolled);
        let store = Store::open(&path).await.unwrap();
        store.add_node(&node, &added(&node)).await.unwrap();
        node.intent = Some(Intent::Deploy);
        node.state = State::Deploying;
        node.state_version = 2;
        store.save_node(&node, None).await.unwrap();
        store.close().await;
        let store = Store::open(&path).await.unwrap();
        assert_eq!(store.nodes().await.unwrap(), vec![node]);
    }

    #[tokio::test]
    async fn a_taken_name_or_mac_adds_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store.db")).await.unwrap();
        let first = node("r1", State::Enrolled);
        store.add_node(&first, &added(&first)).await.unwrap();
        let same_name = node("r1", State::Enrolled);
        assert!(matches!(
            store.add_node(&same_name, &added(&same_name)).await,
            Err(StoreError::NameTaken(_))
        ));
        let mut same_mac = node("r2", State::Enrolled);
        same_mac.config.macs.clone_from(&first.config.macs);
        let error = store.add_node(&same_mac, &added(&same_mac)).await.unwrap_err();
        assert!(error.to_string().contains("r1"), "{error}");
        assert_eq!(store.nodes().await.unwrap().len(), 1);
        assert_eq!(store.events(None, 0, 100).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn deleting_takes_tokens_and_events_along() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store.db")).await.unwrap();
        let node = node("r1", State::Enrolled);
        store.add_node(&node, &added(&node)).await.unwrap();
        store.delete_node(node.id).await.unwrap();
        assert!(store.events(None, 0, 100).await.unwrap().is_empty());
        assert!(matches!(store.delete_node(node.id).await, Err(StoreError::NoSuchNode(_))));
    }
}
