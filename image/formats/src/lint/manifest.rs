//! The manifest of a package.

use super::rules::{Breaches, Rule};

/// One line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Name of the file.
    pub(super) file: String,
    /// SHA-256 or SHA-512, in hex; none where the algorithm is another one.
    pub(super) digest: Option<String>,
}

/// Reads a manifest and adds what is wrong with its lines.
pub(super) fn parse(name: &str, text: &str, breaches: &mut Breaches) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for text in text.lines().filter(|line| !line.trim().is_empty()) {
        let Some((algorithm, file, digest)) = split(text) else {
            breaches.add(Rule::ManifestSyntax, name, format!("the line {text:?}"));
            continue;
        };
        if lines.iter().any(|line| line.file == file) {
            breaches.add(Rule::ManifestSyntax, name, format!("{file} has two digests"));
        }
        let (length, good) = match algorithm {
            "SHA256" => (64, true),
            "SHA512" => (128, true),
            "SHA1" => (40, false),
            other => {
                breaches.add(Rule::ManifestAlgorithm, name, format!("{other} of {file}"));
                continue;
            }
        };
        breaches.check(good, Rule::ManifestAlgorithm, name, || format!("SHA-1 of {file}"));
        if digest.len() != length || !digest.bytes().all(|c| c.is_ascii_hexdigit()) {
            breaches.add(Rule::ManifestSyntax, name, format!("{digest:?} is no digest of {algorithm}"));
            continue;
        }
        let digest = good.then(|| digest.to_ascii_lowercase());
        lines.push(Line { file: file.to_owned(), digest });
    }
    lines
}

/// Algorithm, file and digest.
fn split(line: &str) -> Option<(&str, &str, &str)> {
    let (algorithm, rest) = line.trim_end().split_once('(')?;
    let (file, digest) = rest.rsplit_once(")=")?;
    (!file.is_empty() && !algorithm.is_empty()).then(|| (algorithm.trim(), file, digest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> (usize, Vec<&'static str>) {
        let mut breaches = Breaches::default();
        let lines = parse("a.mf", text, &mut breaches);
        (lines.len(), breaches.finish().into_iter().map(|breach| breach.rule.id()).collect())
    }

    #[test]
    fn lines_that_do_not_hold_are_named() {
        let digest = "a".repeat(64);
        for (text, expected) in [
            (format!("SHA256(a.ovf)= {digest}\n"), (1, vec![])),
            (format!("SHA256(a (1).ovf)= {}\r\n\n", digest.to_uppercase()), (1, vec![])),
            (format!("SHA512(a)= {digest}{digest}\n"), (1, vec![])),
            (format!("SHA1(a)= {}\n", &digest[..40]), (1, vec!["MF-ALGORITHM"])),
            (format!("MD5(a)= {}\n", &digest[..32]), (0, vec!["MF-ALGORITHM"])),
            (format!("SHA256(a)= {}\n", &digest[1..]), (0, vec!["MF-SYNTAX"])),
            (format!("{digest}  a.ovf\n"), (0, vec!["MF-SYNTAX"])),
            (format!("SHA256(a)= {digest}\n").repeat(2), (2, vec!["MF-SYNTAX"])),
        ] {
            assert_eq!(ids(&text), expected, "{text}");
        }
    }
}
