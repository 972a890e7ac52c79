//! The files of AWS' tools: sections of `name = value`.

use std::collections::BTreeMap;

/// A section's values by their names.
pub(super) type Section = BTreeMap<String, String>;

/// Sections by their names. Indented lines, which are values of values, and lines that cannot be read are passed over, as
/// AWS' own tools do; a section that comes twice is one.
pub(super) fn parse(text: &str) -> BTreeMap<String, Section> {
    let mut sections = BTreeMap::<String, Section>::new();
    let mut current = None;
    for line in text.lines() {
        if line.starts_with([' ', '\t', '#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name)
        {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            current = Some(sections.entry(name).or_default());
        } else if let (Some(section), Some((name, value))) = (&mut current, line.split_once('=')) {
            let value = value.split(" #").next().unwrap_or_default();
            section.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_values_comments_and_nested_values() {
        let sections = parse(
            "stray = 1\n# a = b\n[default]\naws_access_key_id=AK\nAWS_SECRET_ACCESS_KEY = a/b+c== # mine\n\
             s3 =\n  max = 3\n[profile  lab]\nregion = eu-north-1\n[default]\naws_session_token = t=\nbroken\n",
        );
        assert_eq!(sections.keys().collect::<Vec<_>>(), ["default", "profile lab"]);
        let default = &sections["default"];
        assert_eq!(default["aws_access_key_id"], "AK");
        assert_eq!(default["aws_secret_access_key"], "a/b+c==");
        assert_eq!(default["aws_session_token"], "t=");
        assert!(!default.contains_key("max") && !default.contains_key("a"));
        assert_eq!(sections["profile lab"]["region"], "eu-north-1");
    }
}
