//! Reads what cloud-init prints about faults.

use super::run::Finished;
use super::{Problem, line};
use crate::NoCloudFile;

/// Splits the report of the schema command, `… errors: PATH: MESSAGE, PATH: MESSAGE`, into problems.
///
/// The program's own `--annotate`, which would give lines, fails on lists in 22.4.2 (`KeyError`), so the line is looked
/// up by the path here.
pub(super) fn schema(file: NoCloudFile, text: &str, finished: &Finished) -> Vec<Problem> {
    let printed = format!("{}\n{}", finished.stderr, finished.stdout);
    let Some((_, list)) = printed.split_once("schema errors: ") else {
        let message = format!("refused without a list of errors: {}", finished.last_words());
        return vec![Problem { file, line: None, message }];
    };
    let list = list.split("\n\n").next().unwrap_or(list).trim();
    let mut problems = Vec::new();
    for entry in entries(list) {
        let (path, message) = entry.split_once(": ").unwrap_or(("", entry));
        let flat = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let problem = match line::of_format_error(path) {
            Some(line) => Problem { file, line: Some(line), message: flat },
            None => Problem { file, line: line::of_path(text, path), message: format!("{path}: {flat}") },
        };
        // 22.4.2 tells the same fault once per module that reads the key.
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    problems
}

/// Cuts at each `, ` that a path and a colon follow; messages hold commas too.
fn entries(list: &str) -> Vec<&str> {
    let starts_entry = |rest: &str| {
        rest.split_once(": ").is_some_and(|(path, _)| {
            !path.is_empty()
                && path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        })
    };
    let mut found = Vec::new();
    let mut begin = 0;
    for (at, _) in list.match_indices(", ") {
        if starts_entry(&list[at + 2..]) {
            found.push(&list[begin..at]);
            begin = at + 2;
        }
    }
    found.push(&list[begin..]);
    found
}

/// Problems of the network converter: its last words when it failed, its warnings when it left something out.
pub(super) fn conversion(finished: &Finished) -> Vec<Problem> {
    let file = NoCloudFile::NetworkConfig;
    if !finished.success {
        return vec![Problem { file, line: None, message: finished.last_words() }];
    }
    let warnings = finished.stderr.lines().filter(|l| l.contains("WARNING") || l.contains("ERROR"));
    warnings.map(|l| Problem { file, line: None, message: l.trim().to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(stderr: &str) -> Finished {
        Finished { success: false, stdout: String::new(), stderr: stderr.to_owned() }
    }

    #[test]
    fn splits_the_list_and_finds_the_lines() {
        let text = "#cloud-config\nhostname: 7\nusers:\n  - name: x\n    bogus: 1\n";
        let stderr = "Error:\nCloud config schema errors: hostname: 7 is not of type 'string', hostname: 7 is not of \
                      type 'string', users.0: {'name': 'x', 'bogus': 1} is not valid under any of the given schemas\n";
        let shown: Vec<String> =
            schema(NoCloudFile::UserData, text, &finished(stderr)).iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "user-data:2: hostname: 7 is not of type 'string'",
                "user-data:4: users.0: {'name': 'x', 'bogus': 1} is not valid under any of the given schemas",
            ]
        );
    }

    #[test]
    fn keeps_the_line_of_a_yaml_error() {
        let stderr = "Error:\nCloud config schema errors: format-l3.c1: File x is not valid yaml. while parsing\n  x\n";
        let found = schema(NoCloudFile::UserData, "a: [\n", &finished(stderr));
        assert_eq!(found[0].line, Some(3));
        assert_eq!(found[0].message, "File x is not valid yaml. while parsing x");
    }

    #[test]
    fn an_unknown_report_is_passed_on() {
        let found = schema(NoCloudFile::UserData, "", &finished("Traceback\nKeyError: 'x'\n"));
        assert!(found[0].message.contains("KeyError"), "{}", found[0]);
    }

    #[test]
    fn a_warning_of_the_converter_is_a_problem() {
        let stderr = "2026-01-01 - network_state.py[WARNING]: Skipping invalid command: {}\nRead input\n";
        let found = conversion(&Finished { success: true, ..finished(stderr) });
        assert_eq!(found.len(), 1);
    }
}
