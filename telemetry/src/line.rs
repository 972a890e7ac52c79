//! `InfluxDB` line protocol: `measurement,tag=value field=1i 1700000000000000000`.
//!
//! Written as the reference of `InfluxDB` 1.x says. Two of its gaps decide how names are made safe: a line feed always
//! ends the line, and there is no way to write a backslash at the end of a tag value. `InfluxDB` 1.x has no unsigned
//! field, so all values are signed 64-bit integers.

use crate::point::{Point, Value};
use jiff::Timestamp;

/// Tags that every point carries besides those of its set.
#[derive(Debug, Clone, Default)]
pub struct CommonTags(Vec<(String, String)>);

impl CommonTags {
    /// Those tags; empty names and values are left out because the protocol has no way to write them.
    pub fn new(tags: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut tags: Vec<_> = tags.into_iter().filter(|(k, v)| !k.is_empty() && !v.is_empty()).collect();
        tags.sort();
        tags.dedup_by(|later, first| later.0 == first.0);
        Self(tags)
    }
}

/// Appends one line, with its line feed. A point without values appends nothing: the protocol has no such line.
///
/// Tags are sorted by name, which `InfluxDB` asks for to spare itself the sorting. A tag of the set wins over a common
/// tag of the same name.
pub fn write(out: &mut String, point: &Point, common: &CommonTags, time: Timestamp) {
    if point.values.is_empty() {
        return;
    }
    escape(out, point.set.name, false);
    let own = point.set.tags.iter().zip(&point.tags).map(|(tag, value)| (tag.name, value.as_str()));
    let mut tags: Vec<(&str, &str)> = own.filter(|(_, value)| !value.is_empty()).collect();
    for (name, value) in &common.0 {
        if !tags.iter().any(|(own, _)| own == name) {
            tags.push((name, value));
        }
    }
    tags.sort_unstable();
    for (name, value) in tags {
        out.push(',');
        escape(out, name, true);
        out.push('=');
        escape(out, value, true);
    }
    for (index, (name, value)) in point.values.iter().enumerate() {
        out.push(if index == 0 { ' ' } else { ',' });
        escape(out, name, true);
        out.push('=');
        out.push_str(&integer(*value).to_string());
        out.push('i');
    }
    out.push(' ');
    out.push_str(&time.as_nanosecond().to_string());
    out.push('\n');
}

/// The value as a signed integer. A counter beyond 2^63 starts anew from 0, which queries take for a restart; clipping
/// it would make its rate 0 for ever.
fn integer(value: Value) -> i64 {
    match value {
        Value::Uint(value) => (value & (u64::MAX >> 1)).cast_signed(),
        Value::Int(value) => value,
    }
}

fn escape(out: &mut String, text: &str, equals: bool) {
    for character in text.chars() {
        match character {
            ',' | ' ' => out.push('\\'),
            '=' if equals => out.push('\\'),
            _ => {}
        }
        // A line feed ends the line, other controls have no place in a name.
        out.push(if character.is_control() { '_' } else { character });
    }
    if text.ends_with('\\') {
        out.push('_');
    }
}

#[cfg(test)]
mod tests {
    use super::{CommonTags, write};
    use crate::catalogue::{LOAD, PROCESS};
    use crate::point::Point;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn line(point: &Point, common: &[(&str, &str)]) -> String {
        let common = CommonTags::new(common.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let mut out = String::new();
        write(&mut out, point, &common, Timestamp::from_second(1_700_000_000).unwrap());
        out
    }

    #[test]
    fn without_tags() {
        let point = Point::new(&LOAD, []).with("load1", 12).with("tasks", 3);
        assert_eq!(line(&point, &[]), "system_load load1=12i,tasks=3i 1700000000000000000\n");
    }

    #[test]
    fn tags_are_sorted_and_the_sets_own_win() {
        let point = Point::new(&PROCESS, ["bgpd"]).with("running", 1);
        let common = [("zone", "a"), ("host", "vr1"), ("process", "other"), ("", "x"), ("empty", "")];
        assert_eq!(
            line(&point, &common),
            "system_process,host=vr1,process=bgpd,zone=a running=1i 1700000000000000000\n"
        );
    }

    #[test]
    fn what_has_a_meaning_is_escaped() {
        for (value, written) in [
            ("a,b", r"a\,b"),
            ("a b", r"a\ b"),
            ("a=b", r"a\=b"),
            (r"a\b", r"a\b"),
            (r"a\,b", r"a\\,b"),
            (r"a\", r"a\_"),
            ("a\"b", "a\"b"),
            ("a\nb", "a_b"),
            ("é", "é"),
        ] {
            let point = Point::new(&PROCESS, [value]).with("running", 1);
            let expected = format!("system_process,process={written} running=1i 1700000000000000000\n");
            assert_eq!(line(&point, &[]), expected);
        }
    }

    #[test]
    fn values_stay_in_63_bits() {
        let point = |value| Point::new(&PROCESS, ["x"]).with("cpu_user", value);
        assert!(line(&point(i64::MAX.cast_unsigned()), &[]).contains("cpu_user=9223372036854775807i"));
        assert!(line(&point(1 << 63), &[]).contains("cpu_user=0i"));
        assert!(line(&point(u64::MAX), &[]).contains("cpu_user=9223372036854775807i"));
        let signed = Point::new(&PROCESS, ["x"]).with_signed("oom_score_adj", Some(-1000));
        assert!(line(&signed, &[]).contains("oom_score_adj=-1000i"));
    }

    #[test]
    fn no_value_is_no_line() {
        assert_eq!(line(&Point::new(&LOAD, []), &[]), "");
    }

    /// Splits at a separator that no backslash precedes, as `InfluxDB`'s parser does.
    fn split(text: &str, separator: char) -> Vec<String> {
        let mut parts = vec![String::new()];
        let mut before = None;
        for character in text.chars() {
            if character == separator && before != Some('\\') {
                parts.push(String::new());
            } else if let Some(part) = parts.last_mut() {
                part.push(character);
            }
            before = Some(character);
        }
        parts
    }

    fn plain(text: &str) -> String {
        text.replace(r"\,", ",").replace(r"\ ", " ").replace(r"\=", "=")
    }

    proptest! {
        #[test]
        fn any_tag_value_comes_back(value in "[ -~éñ\\\\,= \"\n\t]{1,40}", number in any::<u64>()) {
            let point = Point::new(&PROCESS, [value.as_str()]).with("running", number);
            let text = line(&point, &[("host", "vr 1")]);
            prop_assert_eq!(text.matches('\n').count(), 1);
            let parts = split(text.trim_end_matches('\n'), ' ');
            prop_assert_eq!(parts.len(), 3, "{}", text);
            let tags = split(&parts[0], ',');
            prop_assert_eq!(&tags[..2], ["system_process", "host=vr\\ 1"], "{}", text);
            let pair = split(&tags[2], '=');
            prop_assert_eq!(pair.len(), 2, "{}", text);
            let mut expected: String = value.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
            if expected.ends_with('\\') {
                expected.push('_');
            }
            prop_assert_eq!(plain(&pair[1]), expected);
            let field = format!("running={}i", number & (u64::MAX >> 1));
            prop_assert_eq!(&parts[1], &field);
        }
    }
}
