//! Prometheus text exposition format 0.0.4.
//!
//! Names end in base units and counters in `_total`, as Prometheus advises; values are divided to base units in
//! decimal digits, never through a float, so no counter loses its last digits here.

use crate::catalogue::{Kind, Kpi, Set};
use crate::point::{Point, Value};
use std::fmt::Write;

/// Content type of the page.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Name of a KPI.
pub fn metric(set: &Set, kpi: &Kpi) -> String {
    let (suffix, _) = kpi.unit.prometheus();
    let total = if kpi.kind == Kind::Counter { "_total" } else { "" };
    format!("daybreak_{}_{}{suffix}{total}", set.name, kpi.name)
}

/// The page for the points of one set each.
pub fn page<'a>(sets: impl IntoIterator<Item = &'a [Point]>) -> String {
    let mut out = String::new();
    for points in sets {
        if let Some(first) = points.first() {
            chapter(&mut out, first.set, points);
        }
    }
    out
}

fn chapter(out: &mut String, set: &Set, points: &[Point]) {
    for kpi in set.kpis {
        let name = metric(set, kpi);
        let mut begun = false;
        for point in points {
            let Some((_, value)) = point.values.iter().find(|(name, _)| *name == kpi.name) else { continue };
            // Writing to a String cannot fail.
            if !begun {
                let _ = write!(out, "# HELP {name} ");
                escape(out, kpi.about, false);
                let _ = writeln!(out, "\n# TYPE {name} {}", kpi.kind.name());
                begun = true;
            }
            out.push_str(&name);
            labels(out, point);
            out.push(' ');
            let (digits, negative) = match *value {
                Value::Uint(value) => (value, false),
                Value::Int(value) => (value.unsigned_abs(), value < 0),
            };
            if negative {
                out.push('-');
            }
            decimal(out, digits, kpi.unit.prometheus().1);
            out.push('\n');
        }
    }
}

fn labels(out: &mut String, point: &Point) {
    for (index, (tag, value)) in point.set.tags.iter().zip(&point.tags).enumerate() {
        let _ = write!(out, "{}{}=\"", if index == 0 { '{' } else { ',' }, tag.name);
        escape(out, value, true);
        out.push('"');
    }
    if !point.tags.is_empty() {
        out.push('}');
    }
}

fn escape(out: &mut String, text: &str, quotes: bool) {
    for character in text.chars() {
        match character {
            '\\' => out.push_str(r"\\"),
            '\n' => out.push_str(r"\n"),
            '"' if quotes => out.push_str("\\\""),
            other => out.push(other),
        }
    }
}

/// `value / 10^places`, without trailing zeros.
fn decimal(out: &mut String, value: u64, places: u32) {
    let scale = 10u64.pow(places);
    let (whole, part) = (value / scale, value % scale);
    let _ = write!(out, "{whole}");
    if part > 0 {
        let digits = format!("{part:0width$}", width = places as usize);
        let _ = write!(out, ".{}", digits.trim_end_matches('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::{decimal, page};
    use crate::catalogue::{CPU, LOAD, PROCESS};
    use crate::point::Point;

    #[test]
    fn one_head_per_metric_and_base_units() {
        let cpu = [
            Point::new(&CPU, ["0"]).with("user", 1_500_000),
            Point::new(&CPU, ["1"]).with("user", 2_000_001).with("idle", 0),
        ];
        let load = [Point::new(&LOAD, []).with("load1", 141)];
        assert_eq!(
            page([cpu.as_slice(), load.as_slice()]),
            "# HELP daybreak_system_cpu_user_seconds_total Programs, guests of a hypervisor included.\n\
             # TYPE daybreak_system_cpu_user_seconds_total counter\n\
             daybreak_system_cpu_user_seconds_total{cpu=\"0\"} 1.5\n\
             daybreak_system_cpu_user_seconds_total{cpu=\"1\"} 2.000001\n\
             # HELP daybreak_system_cpu_idle_seconds_total Nothing to do.\n\
             # TYPE daybreak_system_cpu_idle_seconds_total counter\n\
             daybreak_system_cpu_idle_seconds_total{cpu=\"1\"} 0\n\
             # HELP daybreak_system_load_load1 Average of the last minute.\n\
             # TYPE daybreak_system_load_load1 gauge\n\
             daybreak_system_load_load1 1.41\n"
        );
    }

    #[test]
    fn label_values_are_escaped() {
        let point = [Point::new(&PROCESS, ["a\"b\\c\nd"]).with("running", 1)];
        assert!(page([point.as_slice()]).contains(r#"{process="a\"b\\c\nd"} 1"#));
    }

    #[test]
    fn negative_values_keep_their_sign() {
        let point = [Point::new(&PROCESS, ["x"]).with_signed("oom_score_adj", Some(-900))];
        assert!(page([point.as_slice()]).contains("{process=\"x\"} -900\n"));
    }

    #[test]
    fn no_digit_is_lost() {
        let written = |value, places| {
            let mut out = String::new();
            decimal(&mut out, value, places);
            out
        };
        assert_eq!(written(u64::MAX, 0), "18446744073709551615");
        assert_eq!(written(u64::MAX, 6), "18446744073709.551615");
        assert_eq!(written(1, 6), "0.000001");
        assert_eq!(written(10, 2), "0.1");
        assert_eq!(written(0, 6), "0");
    }
}
