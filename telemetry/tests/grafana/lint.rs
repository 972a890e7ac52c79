//! Rules that a dashboard keeps, so that it works in every Grafana that loads it.

use daybreak_telemetry::catalogue::{CATALOGUE, Kind};
use daybreak_telemetry::grafana::{self, DATASOURCE_UID};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().unwrap().iter()
}

fn queries(dashboard: &Value) -> Vec<String> {
    let targets = panels(dashboard).flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    targets.map(|target| target["query"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_dashboard_can_be_provisioned() {
    let dashboard = grafana::router().unwrap();
    let text = dashboard.to_string();
    for import_only in ["${DS_", "__inputs", "__requires"] {
        assert!(!text.contains(import_only), "{import_only} works in the import dialog only");
    }
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 41);
    assert_eq!(dashboard["editable"], false);
    assert!(dashboard["uid"].as_str().unwrap().len() <= 40);
    assert!(dashboard.get("id").is_none(), "an id belongs to one Grafana");
}

#[test]
fn every_panel_says_what_it_is_and_where_its_data_is_from() {
    let dashboard = grafana::router().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels(&dashboard) {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "two panels have one id: {panel}");
        assert!(!panel["title"].as_str().unwrap().is_empty());
        if panel["type"] == "row" {
            continue;
        }
        assert!(panel["description"].as_str().unwrap().ends_with('.'), "{panel}");
        assert!(!panel["fieldConfig"]["defaults"]["unit"].as_str().unwrap().is_empty(), "{panel}");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{panel}");
        for part in targets.iter().chain([panel]) {
            assert_eq!(part["datasource"]["uid"], "${datasource}", "{part}");
        }
        let letters: BTreeSet<&str> =
            targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
        assert_eq!(letters.len(), targets.len(), "{panel}");
    }
}

#[test]
fn panels_lie_on_the_grid_side_by_side() {
    let dashboard = grafana::router().unwrap();
    let mut taken = BTreeSet::new();
    for panel in panels(&dashboard) {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(x + w <= 24 && w > 0 && h > 0, "{panel}");
        for place in (y..y + h).flat_map(|row| (x..x + w).map(move |column| (row, column))) {
            assert!(taken.insert(place), "{} lies on another", panel["title"]);
        }
    }
}

#[test]
fn variables_are_known_and_escaped() {
    let dashboard = grafana::router().unwrap();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let mut known = BTreeSet::new();
    for variable in variables.iter().filter(|variable| variable["type"] == "query") {
        known.insert(format!("${{{}:regex}}", variable["name"].as_str().unwrap()));
        assert_eq!(variable["refresh"], 2, "{variable} does not follow the time range");
        assert!(variable.get("allValue").is_none(), "{variable}: `.*` would match what was never offered");
    }
    let texts = variables.iter().filter_map(|variable| variable["query"].as_str().map(str::to_owned));
    for query in queries(&dashboard).into_iter().chain(texts) {
        let mut rest = query.replace("$timeFilter", "").replace("$__interval", "").replace("$/", "/");
        for variable in &known {
            rest = rest.replace(variable, "");
        }
        assert!(!rest.contains('$'), "{query} leaves {rest}");
    }
}

#[test]
fn a_counter_is_never_shown_as_it_is_and_every_set_is_shown() {
    let queries = queries(&grafana::router().unwrap());
    for set in CATALOGUE {
        let of_set: Vec<&String> =
            queries.iter().filter(|query| query.contains(&format!("FROM \"{}\"", set.name))).collect();
        assert!(!of_set.is_empty(), "{} is on no panel", set.name);
        for query in of_set {
            for kpi in set.kpis.iter().filter(|kpi| kpi.kind == Kind::Counter) {
                let last = format!("last(\"{}\")", kpi.name);
                let derived = ["derivative", "difference"].map(|f| format!("non_negative_{f}({last}"));
                let bare = derived.iter().fold(query.clone(), |text, part| text.replace(part, ""));
                assert!(!bare.contains(&format!("(\"{}\")", kpi.name)), "{query}");
            }
        }
    }
}

fn yaml(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("grafana/provisioning").join(file);
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn provisioning_makes_the_data_source_that_the_dashboard_chooses() {
    let sources = yaml("datasources/daybreak.yaml");
    let source = &sources["datasources"][0];
    let dashboard = grafana::router().unwrap();
    let variable = &dashboard["templating"]["list"][0];
    assert_eq!((&sources["apiVersion"], &source["uid"]), (&1.into(), &DATASOURCE_UID.into()));
    assert_eq!((&variable["type"], &variable["query"]), (&"datasource".into(), &source["type"]));
    assert_eq!(
        (&variable["current"]["value"], &variable["current"]["text"]),
        (&source["uid"], &source["name"])
    );
    let provider = &yaml("dashboards/daybreak.yaml")["providers"][0];
    assert_eq!(provider["type"], "file");
    assert!(provider["options"]["path"].as_str().unwrap().starts_with('/'));
}
