use super::load;
use std::path::Path;
use std::time::Duration;

fn error(text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("telemetry.yaml");
    std::fs::write(&path, text).unwrap();
    load(&path).unwrap_err().to_string()
}

const OUTPUTS: &str = "outputs: {prometheus: {}}\n";

#[test]
fn the_sample_of_the_manual_reads() {
    let config = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/telemetryd.yaml")).unwrap();
    assert_eq!(config.influxdb[0].name.as_str(), "main");
    assert_eq!(config.influxdb[0].queue_limit.bytes(), 64 << 20);
    assert_eq!(config.prometheus.unwrap().listen.to_string(), "127.0.0.1:9273");
    let periods: Vec<_> = config.sets.values().filter_map(|set| set.period).collect();
    assert_eq!(periods[0].as_duration(), Duration::from_secs(5));
    let manual = include_str!("../../../../docs/telemetry.md");
    assert!(
        manual.contains(include_str!("../../../samples/telemetryd.yaml")),
        "docs/telemetry.md shows another sample"
    );
}

#[test]
fn an_error_names_file_line_column_and_what_is_accepted() {
    for (text, place, accepted) in [
        (format!("{OUTPUTS}output: 3\n"), "line 2", "outputs"),
        (format!("{OUTPUTS}sets:\n  system_cpu: {{period: 10}}\n"), "line 3", "1s to 1h"),
        (format!("{OUTPUTS}sets:\n  cpu: {{period: 10s}}\n"), "line 3", "system_cpu"),
        (
            "outputs:\n  influxdb:\n  - {name: a, url: 'https://db', database: x}\n".to_owned(),
            "line 3",
            "TLS",
        ),
        ("outputs:\n  prometheus: {listen: here}\n".to_owned(), "line 2", "socket address"),
        ("outputs: {\n".to_owned(), "line", ""),
    ] {
        let message = error(&text);
        for part in ["telemetry.yaml", place, "column", accepted] {
            assert!(message.contains(part), "{part:?} is not in {message}");
        }
    }
}

#[test]
fn the_packages_file_listens_on_loopback_and_sends_nothing() {
    let config = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("telemetryd.yaml")).unwrap();
    assert!(config.influxdb.is_empty());
    assert_eq!(config.prometheus.unwrap().listen.to_string(), "127.0.0.1:9273");
}

#[test]
fn values_that_do_not_go_together_are_refused_where_they_stand() {
    let influx =
        |rest: &str| format!("outputs:\n  influxdb:\n  - {{name: a, url: 'http://db', database: x{rest}}}\n");
    for (text, place, expected) in [
        ("state_dir: x\noutputs: {}".to_owned(), "line 2 column 10", "outputs: "),
        (format!("{OUTPUTS}host: ''"), "line 2 column 7", "host: "),
        (format!("{OUTPUTS}tags: {{site: x, interface: x}}"), "line 2 column 28", "tags.interface: "),
        (format!("{OUTPUTS}tags: {{host: x}}"), "line 2 column 14", "tags.host: "),
        (format!("{OUTPUTS}tags: {{site: ''}}"), "line 2 column 14", "tags.site: "),
        (format!("{OUTPUTS}processes: [a, a]"), "line 2 column 16", "processes a: is there twice"),
        (influx(", username: u"), "line 3 column 5", "outputs.influxdb a: username and password_file"),
        (
            influx("}\n  - {name: a, url: 'http://db', database: y"),
            "line 4 column 5",
            "outputs.influxdb a: is there twice",
        ),
        (influx("").replace("database: x", "database: ''"), "line 3 column 5", "database is empty"),
    ] {
        let message = error(&text);
        assert!(message.contains(expected) && message.contains(place), "{place} {expected}: {message}");
    }
}

#[test]
fn in_a_log_an_error_is_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("telemetry.yaml");
    for text in
        ["outputs: {}\n", "outputs: {prometheus: {}}\nsets: {system_cpu: {period: 2h}}\n", "outputs: [\n"]
    {
        std::fs::write(&path, text).unwrap();
        let error = load(&path).unwrap_err();
        let (brief, place) = (error.brief(), error.place().unwrap());
        assert!(!brief.contains('\n'), "{brief}");
        assert!(
            brief.contains(&format!("telemetry.yaml: line {} column {}", place.line, place.column)),
            "{brief}"
        );
    }
    assert_eq!(load(Path::new("/nonexistent")).unwrap_err().place(), None);
}

#[test]
fn paths_count_from_the_files_folder() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("telemetry.yaml");
    std::fs::write(&path, format!("{OUTPUTS}state_dir: state\n")).unwrap();
    let config = load(&path).unwrap();
    assert_eq!(config.state_dir, dir.path().join("state"));
    assert_eq!(config.sources.vrouterd, Path::new("/run/daybreak/vrouterd.sock"));
    assert_eq!(config.sources.bgpd, Path::new("/run/frr/bgpd.vty"));
    std::fs::write(&path, format!("{OUTPUTS}sources: {{vrouterd: v.sock, bgpd: /b.vty}}\n")).unwrap();
    let config = load(&path).unwrap();
    assert_eq!(config.sources.vrouterd, dir.path().join("v.sock"));
    assert_eq!(config.sources.bgpd, Path::new("/b.vty"));
}

#[test]
fn a_missing_file_is_named() {
    let message = load(Path::new("/nonexistent/telemetry.yaml")).unwrap_err().to_string();
    assert!(message.contains("/nonexistent/telemetry.yaml"), "{message}");
}
