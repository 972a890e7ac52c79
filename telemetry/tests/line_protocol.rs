//! What `InfluxDB` makes of tag values that have a meaning in its protocol.

mod common;

use common::{Influx, address, curl};
use daybreak_telemetry::catalogue::PROCESS;
use daybreak_telemetry::line::{self, CommonTags};
use daybreak_telemetry::point::Point;
use jiff::Timestamp;
use std::collections::BTreeSet;

#[test]
fn tag_values_come_back_as_they_were() {
    let values =
        ["a,b", "a b", "a=b", r"a\b", r"a\,b", r"a\=b", r"a\ b", "a\"b", "a'b", "é", " x", "x ", r"\x", "#x"];
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let influx = Influx::start(&address, dir.path(), "");
    influx.ask("CREATE DATABASE kpi");
    let common = CommonTags::new([("host".to_owned(), "v r,1".to_owned())]);
    let mut text = String::new();
    for value in values.into_iter().chain(["end\\", "line\nfeed"]) {
        let point =
            Point::new(&PROCESS, [value]).with("running", u64::MAX).with_signed("oom_score_adj", Some(-1));
        line::write(&mut text, &point, &common, Timestamp::now());
    }
    let file = dir.path().join("lines");
    std::fs::write(&file, &text).unwrap();
    let url = format!("http://{address}:8086/write?db=kpi&precision=ns");
    let answer =
        curl(&[&url, "-w", "%{http_code}", "--data-binary", &format!("@{}", file.display())]).unwrap();
    assert_eq!(answer, "204", "{text}");
    let rows = influx.rows("SHOW TAG VALUES FROM system_process WITH KEY = \"process\"");
    let stored: BTreeSet<&str> = rows.iter().map(|row| row[1].as_str().unwrap()).collect();
    assert_eq!(stored, values.into_iter().chain([r"end\_", "line_feed"]).collect());
    let hosts = influx.rows("SHOW TAG VALUES FROM system_process WITH KEY = \"host\"");
    assert_eq!(hosts.len(), 1);
    assert_eq!(hosts[0][1], "v r,1");
    assert_eq!(influx.number("SELECT last(running) FROM system_process"), i64::MAX.cast_unsigned());
}
