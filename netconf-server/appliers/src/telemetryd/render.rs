//! `telemetryd.yaml` from an intent. Every text is written as JSON writes it, which YAML reads alike, so that none can be
//! more than a text.

use crate::intent::{Influxdb, Telemetry};
use crate::refusal::Refusal;
use std::fmt::Write;

/// What telemetryd runs with when the configuration says nothing: what its package brings.
const DEFAULT: &str = include_str!("../../../../telemetry/telemetryd.yaml");

/// Renders the configuration.
///
/// # Errors
/// A text that telemetryd could read as something else.
pub fn render(telemetry: Option<&Telemetry>) -> Result<String, Vec<Refusal>> {
    let Some(telemetry) = telemetry else { return Ok(DEFAULT.to_owned()) };
    let mut text = String::from("# Written by netconfd from its datastore.\n");
    if let Some(host) = &telemetry.host {
        line(&mut text, "host", &quoted(host));
    }
    if !telemetry.tags.is_empty() {
        text.push_str("tags:\n");
        for (name, value) in &telemetry.tags {
            line(&mut text, &format!("  {}", quoted(name)), &quoted(value));
        }
    }
    if let Some(processes) = &telemetry.processes {
        let names: Vec<_> = processes.iter().map(|name| quoted(name)).collect();
        line(&mut text, "processes", &format!("[{}]", names.join(", ")));
    }
    if !telemetry.sets.is_empty() {
        text.push_str("sets:\n");
        for (name, set) in &telemetry.sets {
            let enabled = set.enabled.map(|enabled| format!("enabled: {enabled}"));
            let period = set.period.map(|period| format!("period: {period}s"));
            let keys: Vec<_> = enabled.into_iter().chain(period).collect();
            line(&mut text, &format!("  {}", quoted(name)), &format!("{{{}}}", keys.join(", ")));
        }
    }
    text.push_str("outputs:\n");
    if telemetry.influxdb.is_empty() && telemetry.prometheus.is_none() {
        let why = "names no output; add an InfluxDB or the Prometheus endpoint";
        return Err(vec![Refusal::invalid(telemetry.at.path(), "daybreak:no-output", why)]);
    }
    if !telemetry.influxdb.is_empty() {
        text.push_str("  influxdb:\n");
        telemetry.influxdb.iter().for_each(|output| influxdb(&mut text, output));
    }
    if let Some(prometheus) = &telemetry.prometheus {
        let listen = prometheus
            .listen
            .map_or_else(String::new, |listen| format!("listen: {}", quoted(&listen.to_string())));
        line(&mut text, "  prometheus", &format!("{{{listen}}}"));
    }
    Ok(text)
}

fn influxdb(text: &mut String, output: &Influxdb) {
    line(text, "  - name", &quoted(&output.name));
    line(text, "    url", &quoted(&output.url));
    line(text, "    database", &quoted(&output.database));
    if let Some(policy) = &output.retention_policy {
        line(text, "    retention_policy", &quoted(policy));
    }
    if let Some(login) = &output.login {
        line(text, "    username", &quoted(&login.username));
        line(text, "    password_file", &quoted(&login.password_file));
    }
    if let Some(limit) = output.queue_limit {
        line(text, "    queue_limit", &format!("{limit}MiB"));
    }
}

fn line(text: &mut String, key: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{key}: {value}");
}

/// In double quotes; what JSON leaves as it is and YAML does not take is escaped too.
fn quoted(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// The item that telemetryd's words are about: those of an output name it, those of a set too.
pub(super) fn blame(telemetry: &Telemetry, why: &str) -> String {
    let says = |word: &str| {
        why.split(|c: char| c.is_whitespace() || matches!(c, ':' | '"' | '\'')).any(|w| w == word)
    };
    let keys = ["host", "tags", "processes"]
        .map(|key| why.contains(&format!("{key}:")) || why.contains(&format!("{key}.")));
    let output =
        || telemetry.influxdb.iter().find(|output| says(&output.name)).map(|output| output.at.path());
    let set = || telemetry.sets.iter().find(|(name, _)| says(name)).map(|(_, set)| set.at.path());
    let url = || {
        telemetry.influxdb.iter().find(|output| why.contains(&output.url)).map(|output| output.at.leaf("url"))
    };
    match keys {
        [true, ..] => telemetry.at.leaf("host"),
        _ => url().or_else(output).or_else(set).unwrap_or_else(|| telemetry.at.path()),
    }
}

#[cfg(test)]
mod tests {
    use super::{quoted, render};
    use crate::intent::Telemetry;
    use std::path::Path;

    #[test]
    fn testcases() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases/telemetryd");
        let mut cases = 0;
        for case in std::fs::read_dir(&folder).unwrap() {
            let case = case.unwrap().path();
            let read = |file: &str| std::fs::read_to_string(case.join(file)).unwrap_or_default();
            let telemetry: Option<Telemetry> = serde_json::from_str(&read("telemetry.json"))
                .unwrap_or_else(|error| panic!("{}: {error}", case.display()));
            let text = render(telemetry.as_ref()).unwrap();
            assert_eq!(text, read("expected.yaml"), "{}", case.display());
            cases += 1;
        }
        assert!(cases >= 2, "{cases} cases in {}", folder.display());
    }

    #[test]
    fn a_text_stays_a_text() {
        assert_eq!(quoted("a\"b\\c\nd: {}#\u{2028}"), "\"a\\\"b\\\\c\\u000ad: {}#\\u2028\"");
    }

    #[test]
    fn no_output_is_refused() {
        let one: Telemetry = serde_json::from_value(serde_json::json!({"at": "/t"})).unwrap();
        assert_eq!(render(Some(&one)).unwrap_err()[0].path, "/t");
    }
}
