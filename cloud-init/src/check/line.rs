//! Finds the line of a place in a YAML text in block style, as seeds are written.

/// The line in cloud-init's name for a syntax error, `format-l3.c1`.
pub(super) fn of_format_error(path: &str) -> Option<usize> {
    path.strip_prefix("format-l")?.split_once('.')?.0.parse().ok()
}

/// The line of `users.0.name`, or of the nearest part of it that stands on a line of its own.
pub(super) fn of_path(text: &str, path: &str) -> Option<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let (mut from, mut to, mut best) = (0, lines.len(), None);
    for part in path.split('.') {
        let Some(at) = find(&lines[from..to], part).map(|at| from + at) else { break };
        best = Some(at + 1);
        // The children of an entry are what follows and is indented deeper. An item's first key is on the item's own
        // line, behind the dash.
        let depth = indent(lines[at]);
        let end = lines[at + 1..to].iter().position(|l| is_content(l) && !is_child(l, depth, lines[at]));
        to = end.map_or(to, |n| at + 1 + n);
        from = if lines[at].trim_start().starts_with("- ") && part.parse::<usize>().is_ok() {
            at
        } else {
            at + 1
        };
    }
    best
}

fn is_content(line: &str) -> bool {
    let text = line.trim_start();
    !text.is_empty() && !text.starts_with('#')
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// A list may stand at the indentation of its key.
fn is_child(line: &str, depth: usize, parent: &str) -> bool {
    let same_depth_item = indent(line) == depth
        && line.trim_start().starts_with("- ")
        && !parent.trim_start().starts_with("- ");
    indent(line) > depth || same_depth_item
}

/// The first line that is the key `part`, or the item of that number, at the depth of the first line of content.
fn find(lines: &[&str], part: &str) -> Option<usize> {
    let first = lines.iter().position(|l| is_content(l))?;
    if let Ok(number) = part.parse::<usize>() {
        let depth = indent(lines[first]);
        let mut items = (first..lines.len())
            .filter(|&n| indent(lines[n]) == depth && lines[n].trim_start().starts_with("- "));
        return items.nth(number);
    }
    let key = |line: &str| {
        let body = line.trim_start();
        let body = body.strip_prefix("- ").unwrap_or(body);
        let (name, _) = body.split_once(':')?;
        Some((line.len() - body.len(), name.trim_matches(['"', '\'']).to_owned()))
    };
    let (depth, _) = key(lines[first])?;
    (first..lines.len()).find(|&n| is_content(lines[n]) && key(lines[n]) == Some((depth, part.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "#cloud-config\nhostname: x\n\n# people\nusers:\n  - name: a\n    shell: s\n  - name: b\n    \
                        keys:\n      - k1\n      - k2\nruncmd:\n- [a]\n- [b]\nlast: 1\n";

    #[test]
    fn finds_keys_and_items() {
        for (path, line) in [
            ("hostname", 2),
            ("users", 5),
            ("users.0", 6),
            ("users.0.name", 6),
            ("users.0.shell", 7),
            ("users.1.name", 8),
            ("users.1.keys.1", 11),
            ("runcmd.1", 14),
            ("last", 15),
        ] {
            assert_eq!(of_path(TEXT, path), Some(line), "{path}");
        }
    }

    #[test]
    fn stops_at_the_nearest_place() {
        assert_eq!(of_path(TEXT, "users.1.nowhere"), Some(8));
        assert_eq!(of_path(TEXT, "nowhere"), None);
        assert_eq!(of_path("", "x"), None);
    }

    #[test]
    fn reads_the_line_of_a_syntax_error() {
        assert_eq!(of_format_error("format-l3.c1"), Some(3));
        assert_eq!(of_format_error("users.0"), None);
    }
}
