//! Variables of a dashboard: what the reader chooses.

use super::panel::datasource;
use crate::catalogue::Set;
use serde_json::{Value, json};

/// The data source; its first value is the one that `provisioning/datasources/daybreak.yaml` makes.
pub(super) fn source() -> Value {
    json!({
        "name": "datasource", "type": "datasource", "label": "Data source", "query": "influxdb", "regex": "",
        "current": { "text": "Daybreak", "value": super::DATASOURCE_UID }, "options": [], "refresh": 1,
        "hide": 0, "includeAll": false, "multi": false, "skipUrlSync": false,
    })
}

/// The values of a tag. Those of `host` come first and limit the others.
pub(super) fn tag(set: &Set, tag: &str, label: &str) -> Value {
    let of_host = if tag == "host" { "" } else { " WHERE \"host\" =~ /^${host:regex}$/" };
    let query = format!("SHOW TAG VALUES FROM \"{}\" WITH KEY = \"{tag}\"{of_host}", set.name);
    json!({
        "name": tag, "type": "query", "label": label, "datasource": datasource(), "query": query,
        // 2: also when the time range changes.
        "refresh": 2, "sort": 1, "regex": "", "multi": true, "includeAll": true, "options": [],
        "current": { "text": ["All"], "value": ["$__all"] }, "hide": 0, "skipUrlSync": false,
    })
}
