//! The samples for Telegraf agree with the daemon. Telegraf itself is not run: Debian has no package of it.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use common::{address, config, curl, daemon, metric, wait};
use daybreak_telemetry::config::yaml;
use daybreak_telemetry::queue::LARGEST_BATCH;
use serde_json::Value;
use std::process::Command;

/// Options of Telegraf's `sample.conf` of each plugin that the samples may use.
const KNOWN: &[(&str, &[&str])] = &[
    ("influxdb_listener", &["service_address", "max_body_size", "database_tag", "retention_policy_tag"]),
    ("prometheus", &["urls", "metric_version", "url_tag", "response_timeout"]),
];

/// A sample as Python's TOML reader understands it.
fn options(plugin: &str) -> Value {
    let file = format!("{}/telegraf/{plugin}.conf", env!("CARGO_MANIFEST_DIR"));
    let program = "import json, sys, tomllib; print(json.dumps(tomllib.load(open(sys.argv[1], 'rb'))))";
    let output = Command::new("python3").args(["-c", program, &file]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    read["inputs"][plugin][0].clone()
}

#[test]
fn samples_use_only_options_that_the_plugin_has() {
    let samples = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/telegraf")).unwrap();
    assert_eq!(samples.count(), KNOWN.len());
    for (plugin, known) in KNOWN {
        let options = options(plugin);
        let names: Vec<&str> = options.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(!names.is_empty() && names.iter().all(|name| known.contains(name)), "{plugin}: {names:?}");
    }
}

#[test]
fn the_listener_takes_the_largest_request() {
    let options = options("influxdb_listener");
    let size = options["max_body_size"].as_str().unwrap().strip_suffix("MiB").unwrap();
    assert!(size.parse::<usize>().unwrap() << 20 >= LARGEST_BATCH);
}

#[test]
fn the_scraped_address_is_the_default_one_and_has_metrics() {
    let options = options("prometheus");
    let scraped = options["urls"][0].as_str().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("default.yaml");
    std::fs::write(&file, "outputs: {prometheus: {}}\n").unwrap();
    let listen = yaml::load(&file).unwrap().prometheus.unwrap().listen;
    let path = scraped
        .strip_prefix(&format!("http://{listen}"))
        .unwrap_or_else(|| panic!("{scraped} is not {listen}"));

    let address = address();
    let _daemon = daemon(&config(dir.path(), &format!("prometheus: {{listen: '{address}:9273'}}")));
    wait("a reading", || metric(&address, "daybreak_system_memory_total_bytes"));
    assert!(curl(&["-f", &format!("http://{address}:9273{path}")]).is_some(), "{path}");
}
