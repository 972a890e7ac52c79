//! Every query of the dashboard on a real `InfluxDB`.

use crate::common::{Influx, address};
use crate::expand::View;
use crate::fill::{HOSTS, NAMES, RANGE, fill, plausible};
use daybreak_telemetry::grafana;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A query of a panel.
struct Asked {
    panel: String,
    unit: String,
    step: u64,
    text: String,
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn all_queries(dashboard: &Value) -> Vec<Asked> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let panels = list(&dashboard["panels"]).iter().filter(|panel| panel["type"] != "row");
    panels
        .flat_map(|panel| {
            list(&panel["targets"]).iter().map(|target| Asked {
                panel: text(&panel["title"]),
                unit: text(&panel["fieldConfig"]["defaults"]["unit"]),
                step: text(&panel["interval"]).strip_suffix('s').unwrap().parse().unwrap(),
                text: text(&target["query"]),
            })
        })
        .collect()
}

/// What the reader chooses of a variable.
#[derive(Clone, Copy)]
enum Choice {
    These(&'static [&'static str]),
    All,
}

/// Asks the variables as Grafana does: `host` first, for the others depend on it.
fn choose(influx: &Influx, dashboard: &Value, hosts: Choice, names: Choice) -> BTreeMap<String, Vec<String>> {
    let mut chosen = BTreeMap::new();
    for variable in list(&dashboard["templating"]["list"]).iter().filter(|v| v["type"] == "query") {
        let name = variable["name"].as_str().unwrap();
        let view = View { range: (0, 0), interval: 1, chosen: chosen.clone() };
        let rows = influx.rows(&view.expand(variable["query"].as_str().unwrap()));
        let offered: BTreeSet<String> = rows.iter().map(|row| row[1].as_str().unwrap().to_owned()).collect();
        let expected = if name == "host" { HOSTS.as_slice() } else { NAMES.as_slice() };
        assert_eq!(offered, expected.iter().map(|name| (*name).to_owned()).collect(), "{name}");
        let values = match if name == "host" { hosts } else { names } {
            Choice::All => offered.into_iter().collect(),
            Choice::These(these) => these.iter().map(|name| (*name).to_owned()).collect(),
        };
        chosen.insert(name.to_owned(), values);
    }
    chosen
}

/// No error, a series for each choice and for nothing else, and only values that the points explain.
fn check(asked: &Asked, view: &View, answer: &Value) {
    let panel = format!("{} {:?} {}", asked.panel, view.chosen["port"], asked.text);
    assert!(answer.get("error").is_none(), "{panel}: {answer}");
    let series = list(&answer["series"]);
    assert!(!series.is_empty(), "{panel}: no series");
    for (tag, values) in &view.chosen {
        let seen: BTreeSet<&str> = series.iter().filter_map(|one| one["tags"][tag].as_str()).collect();
        let wanted: BTreeSet<&str> = values.iter().map(String::as_str).collect();
        // A sum has no tag but host, and not every set has every tag.
        assert!(seen.is_empty() && tag != "host" || seen == wanted, "{panel}: {tag} is {seen:?}");
    }
    let expected = plausible(&asked.unit, view.interval);
    for one in series {
        let values = list(&one["values"]);
        assert!(values.len() >= 10, "{panel}: {} values", values.len());
        for row in values {
            let value = row[1].as_f64().unwrap_or_else(|| panic!("{panel}: {row}"));
            let close = |wanted: &f64| (value - wanted).abs() <= wanted * 1e-9;
            assert!(expected.iter().any(close), "{panel}: {value} is none of {expected:?}");
        }
    }
}

#[test]
fn every_query_gives_what_the_points_say() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let influx = Influx::start(&address, dir.path(), "");
    fill(&influx, &address, dir.path());
    let dashboard = grafana::router().unwrap();
    let queries = all_queries(&dashboard);
    assert!(queries.len() > 60, "{}", queries.len());
    for (hosts, names) in [
        (Choice::These(&["vr 2.lab"]), Choice::These(&["et-0/1/0"])),
        (Choice::These(&["vr1"]), Choice::These(&["a.b"])),
        (Choice::All, Choice::These(&["et-0/1/0", "c|d (e)"])),
        (Choice::All, Choice::All),
    ] {
        let chosen = choose(&influx, &dashboard, hosts, names);
        // As on a wide screen, and as over a long time.
        for coarsest in [0, 120] {
            let range = (RANGE.0 * 1000, RANGE.1 * 1000);
            let view =
                |asked: &Asked| View { range, interval: asked.step.max(coarsest), chosen: chosen.clone() };
            let texts: Vec<_> = queries.iter().map(|asked| view(asked).expand(&asked.text)).collect();
            for (asked, answer) in queries.iter().zip(influx.ask_all(&texts)) {
                check(asked, &view(asked), &answer);
            }
        }
    }
}
