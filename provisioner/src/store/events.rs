//! Events, bounded per node.

use super::{Store, StoreError, millis, timestamp};
use crate::events::{Code, Event, NewEvent};
use crate::node::NodeId;
use sqlx::{Row, Sqlite, Transaction};

/// Events kept of one node; the oldest go first.
const KEPT_PER_NODE: i64 = 5_000;

impl Store {
    /// Stores events in one transaction and gives back their ids.
    ///
    /// # Errors
    /// When the store fails; then none is stored.
    pub async fn add_events(&self, events: &[NewEvent]) -> Result<Vec<i64>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let mut ids = Vec::with_capacity(events.len());
        for event in events {
            ids.push(insert(&mut tx, event).await?);
        }
        tx.commit().await?;
        Ok(ids)
    }

    /// Events after an id, oldest first: of a node, or of the site.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn events(
        &self,
        node: Option<NodeId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let rows = match node {
            Some(node) => {
                sqlx::query("SELECT * FROM events WHERE node = ? AND id > ? ORDER BY id LIMIT ?")
                    .bind(node.to_string())
                    .bind(after)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await?
            }
            None => {
                sqlx::query("SELECT * FROM events WHERE id > ? ORDER BY id LIMIT ?")
                    .bind(after)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await?
            }
        };
        rows.iter()
            .map(|row| {
                let node: Option<String> = row.get("node");
                let code: String = row.get("code");
                let fields: String = row.get("fields");
                let corrupt = |what: &'static str, why: String| StoreError::Corrupt {
                    what,
                    node: node.clone().unwrap_or_default(),
                    why,
                };
                Ok(Event {
                    id: row.get("id"),
                    node: node
                        .as_deref()
                        .map(|id| id.parse().map(NodeId))
                        .transpose()
                        .map_err(|e: uuid::Error| corrupt("event's node", e.to_string()))?,
                    at: timestamp(row.get("at")),
                    code: Code::from_name(&code)
                        .ok_or_else(|| corrupt("event's code", format!("{code:?}")))?,
                    message: row.get("message"),
                    fields: serde_json::from_str(&fields)
                        .map_err(|e| corrupt("event's fields", e.to_string()))?,
                })
            })
            .collect()
    }
}

pub(super) async fn insert(tx: &mut Transaction<'_, Sqlite>, event: &NewEvent) -> Result<i64, StoreError> {
    let node = event.node.map(|node| node.to_string());
    let done = sqlx::query("INSERT INTO events (node, at, code, message, fields) VALUES (?, ?, ?, ?, ?)")
        .bind(&node)
        .bind(millis(event.at))
        .bind(event.code.name())
        .bind(&event.message)
        .bind(event.fields.to_string())
        .execute(&mut **tx)
        .await?;
    let id = done.last_insert_rowid();
    // Now and then is enough, and costs nothing on the other inserts.
    if id % 64 == 0 {
        sqlx::query(
            "DELETE FROM events WHERE node IS ?1 AND id <= \
             (SELECT id FROM events WHERE node IS ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        )
        .bind(&node)
        .bind(KEPT_PER_NODE)
        .execute(&mut **tx)
        .await?;
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::KEPT_PER_NODE;
    use crate::events::{Code, NewEvent};
    use crate::store::Store;
    use jiff::Timestamp;

    #[tokio::test]
    async fn old_events_make_room() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store.db")).await.unwrap();
        let event = |n: i64| NewEvent {
            node: None,
            at: Timestamp::UNIX_EPOCH,
            code: Code::BootUnknown,
            message: n.to_string(),
            fields: serde_json::json!({"n": n}),
        };
        let many: Vec<_> = (0..KEPT_PER_NODE + 200).map(event).collect();
        store.add_events(&many).await.unwrap();
        let kept = store.events(None, 0, u32::MAX).await.unwrap();
        assert!(i64::try_from(kept.len()).unwrap() <= KEPT_PER_NODE + 64, "{} kept", kept.len());
        assert_eq!(kept.last().unwrap().message, (KEPT_PER_NODE + 199).to_string());
    }
}
