//! Panels of a dashboard: the classic JSON model of Grafana, schema 41.

use super::query::Query;
use serde_json::{Value, json};

/// The data source, by the variable that chooses it.
pub(super) fn datasource() -> Value {
    json!({ "type": "influxdb", "uid": "${datasource}" })
}

/// What a panel looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Lines over time.
    Lines,
    /// Lines over time, one on the other.
    Stack,
    /// The last value, large.
    Number,
    /// Which of these states something was in, over time.
    States(&'static [State]),
}

/// A value that stands for a state.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct State {
    /// The value.
    pub(super) value: u32,
    /// Its name.
    pub(super) text: &'static str,
    /// Grafana's name of its colour.
    pub(super) color: &'static str,
}

/// A panel.
#[derive(Debug, Clone)]
pub(super) struct Panel {
    /// Its title.
    pub(super) title: &'static str,
    /// Its look.
    pub(super) look: Look,
    /// Grafana's name of the unit.
    pub(super) unit: &'static str,
    /// What it asks.
    pub(super) queries: Vec<Query>,
    /// Seconds between two points of the sets, as the catalogue has them: asking for finer steps gives holes.
    pub(super) step: u64,
}

/// Where a panel is, in columns of 24 and rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    /// From the left.
    pub(super) x: u32,
    /// From the top.
    pub(super) y: u32,
    /// Width.
    pub(super) w: u32,
    /// Height.
    pub(super) h: u32,
}

impl Grid {
    fn json(self) -> Value {
        json!({ "x": self.x, "y": self.y, "w": self.w, "h": self.h })
    }
}

/// The head of a row.
pub(super) fn row(title: &str, id: u32, y: u32) -> Value {
    json!({
        "type": "row", "id": id, "title": title, "collapsed": false, "panels": [],
        "gridPos": Grid { x: 0, y, w: 24, h: 1 }.json(),
    })
}

impl Panel {
    /// Columns and rows that it takes.
    pub(super) fn size(&self) -> (u32, u32) {
        if self.look == Look::Number { (4, 4) } else { (12, 8) }
    }

    /// As JSON.
    pub(super) fn json(&self, id: u32, grid: Grid) -> Value {
        let about: Vec<&str> = self.queries.iter().map(|query| query.about.as_str()).collect();
        let targets = self.queries.iter().zip('A'..).map(|(query, letter)| {
            json!({
                "refId": letter.to_string(), "datasource": datasource(), "query": query.text, "alias": query.alias,
                "rawQuery": true, "resultFormat": "time_series",
            })
        });
        let (kind, custom, options) = self.look.json();
        let mut defaults = json!({ "unit": self.unit, "custom": custom });
        if let Look::States(states) = self.look {
            defaults["mappings"] = json!([{ "type": "value", "options": mappings(states) }]);
        } else if self.unit != "none" {
            defaults["min"] = json!(0);
        }
        json!({
            "type": kind, "id": id, "title": self.title, "description": about.join("\n\n"),
            "datasource": datasource(), "gridPos": grid.json(), "interval": format!("{}s", self.step),
            "targets": targets.collect::<Vec<_>>(),
            "fieldConfig": { "defaults": defaults, "overrides": [] },
            "options": options,
        })
    }
}

fn mappings(states: &[State]) -> Value {
    let mapping = |(index, state): (usize, &State)| {
        let shown = json!({ "text": state.text, "color": state.color, "index": index });
        (state.value.to_string(), shown)
    };
    states.iter().enumerate().map(mapping).collect::<serde_json::Map<_, _>>().into()
}

impl Look {
    /// Type of the panel, what each field has besides its unit, and options.
    fn json(self) -> (&'static str, Value, Value) {
        let tooltip = json!({ "mode": "multi", "sort": "desc" });
        let legend = json!({
            "showLegend": true, "displayMode": "table", "placement": "bottom", "calcs": ["mean", "max", "lastNotNull"],
        });
        match self {
            Self::Lines | Self::Stack => {
                let stacking =
                    json!({ "mode": if self == Self::Stack { "normal" } else { "none" }, "group": "A" });
                let custom = json!({
                    "drawStyle": "line", "lineWidth": 1, "fillOpacity": if self == Self::Stack { 40 } else { 8 },
                    "showPoints": "never", "spanNulls": false, "stacking": stacking,
                });
                ("timeseries", custom, json!({ "legend": legend, "tooltip": tooltip }))
            }
            Self::Number => {
                let reduce = json!({ "calcs": ["lastNotNull"], "fields": "", "values": false });
                let options = json!({
                    "reduceOptions": reduce, "colorMode": "value", "graphMode": "area", "textMode": "auto",
                    "justifyMode": "auto", "orientation": "auto",
                });
                ("stat", json!({}), options)
            }
            Self::States(_) => {
                let options = json!({
                    "mergeValues": true, "showValue": "auto", "rowHeight": 0.8, "alignValue": "left",
                    "legend": { "showLegend": false, "displayMode": "list", "placement": "bottom" },
                    "tooltip": tooltip,
                });
                ("state-timeline", json!({ "lineWidth": 0, "fillOpacity": 80 }), options)
            }
        }
    }
}
