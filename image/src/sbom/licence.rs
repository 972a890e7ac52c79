//! Licences as SPDX expressions (SPDX 2.3 annex D): of Debian's machine-readable copyright files
//! (copyright-format 1.0, "DEP-5") and of crates.

use std::collections::{BTreeMap, BTreeSet};

use spdx::{Expression, ParseMode};

/// A licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Licence {
    /// The expression.
    pub(crate) expression: String,
    /// Licences in it that SPDX's list has not, as the copyright file names them, by their reference.
    pub(crate) unlisted: BTreeMap<String, String>,
}

/// Longest name of an unlisted licence in its reference: some files have the text in the place of the name.
const MAX_NAME: usize = 48;

/// Names of copyright-format 1.0 §7.1 and usual ones that SPDX spells otherwise.
const SPELT: [(&str, &str); 7] = [
    ("expat", "MIT"),
    ("apache-2", "Apache-2.0"),
    ("artistic-2", "Artistic-2.0"),
    ("bsd-0-clause", "0BSD"),
    ("cc0", "CC0-1.0"),
    ("psf-2", "PSF-2.0"),
    ("python-2", "Python-2.0"),
];

/// Families of GNU with what their identifiers begin and end with around the version; the longest name comes first.
const GNU: [(&str, &str, &str); 5] = [
    ("gfdl-niv", "GFDL-", "-no-invariants"),
    ("gfdl", "GFDL-", ""),
    ("agpl", "AGPL-", ""),
    ("lgpl", "LGPL-", ""),
    ("gpl", "GPL-", ""),
];

/// Exceptions by the name before the word "exception", where the name alone says which text it is.
const EXCEPTIONS: [(&str, &str); 6] = [
    ("bison", "Bison-exception-2.2"),
    ("classpath", "Classpath-exception-2.0"),
    ("font", "Font-exception-2.0"),
    ("libtool", "Libtool-exception"),
    ("linux-syscall-note", "Linux-syscall-note"),
    ("texinfo", "Texinfo-exception"),
];

/// How an operator is written, and what it makes of its parts.
type Operator = (&'static str, fn(BTreeSet<Tree>) -> Tree);

/// Operators from the one that binds least (copyright-format 1.0 §7.2: a comma binds less than "or").
const OPERATORS: [Operator; 4] =
    [(", or ", Tree::Any), (", and ", Tree::All), (" or ", Tree::Any), (" and ", Tree::All)];

/// The licences of all files of a source package together, or nothing where its copyright file is for people alone.
pub(crate) fn of_copyright(text: &str, source: &str) -> Option<Licence> {
    let mut unlisted = BTreeMap::new();
    let lines = lines(text)?;
    let all = lines.iter().map(|line| tree(line, source, &OPERATORS, &mut unlisted));
    let expression = Tree::All(BTreeSet::new()).with(all).text();
    (!lines.is_empty()).then_some(Licence { expression, unlisted })
}

/// The licence of a crate in its canonical form; nothing where it is none.
pub(crate) fn of_crate(written: &str) -> Option<String> {
    let canonical = Expression::canonicalize(written).ok()?.unwrap_or_else(|| written.to_owned());
    Expression::parse_mode(&canonical, ParseMode::STRICT).ok()?;
    Some(canonical)
}

/// What the paragraphs about files, and the one about all, name as licence.
fn lines(text: &str) -> Option<Vec<String>> {
    let mut named = Vec::new();
    let mut paragraphs = text.split("\n\n").enumerate();
    let field = |paragraph: &str, name: &str| {
        let mut lines = paragraph.lines();
        let is_it =
            |line: &&str| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        lines.find(is_it).map(|line| line[name.len()..].split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let first = text.split("\n\n").next().and_then(|paragraph| field(paragraph, "Format:"))?;
    if !first.contains("copyright-format") {
        return None;
    }
    paragraphs.try_for_each(|(at, paragraph)| {
        if (at == 0 || field(paragraph, "Files:").is_some())
            && let Some(line) = field(paragraph, "License:")
        {
            named.push(if line.is_empty() { "unnamed".to_owned() } else { line });
        }
        Some(())
    })?;
    Some(named)
}

/// An expression without brackets that mean nothing; what is said twice is there once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tree {
    One(String),
    Any(BTreeSet<Tree>),
    All(BTreeSet<Tree>),
}

impl Tree {
    /// The same with more parts; those of the same kind come in as their parts.
    fn with(self, parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(self, |whole, part| match (whole, part) {
            (Self::Any(mut all), Self::Any(more)) => {
                all.extend(more);
                Self::Any(all)
            }
            (Self::All(mut all), Self::All(more)) => {
                all.extend(more);
                Self::All(all)
            }
            (Self::Any(mut all), part) => {
                all.insert(part);
                Self::Any(all)
            }
            (Self::All(mut all), part) => {
                all.insert(part);
                Self::All(all)
            }
            (Self::One(one), _) => Self::One(one),
        })
    }

    fn text(&self) -> String {
        let (parts, operator) = match self {
            Self::One(one) => return one.clone(),
            Self::Any(parts) => (parts, " OR "),
            Self::All(parts) => (parts, " AND "),
        };
        let closed = |part: &Self| match part {
            Self::Any(inner) | Self::All(inner) if inner.len() > 1 && parts.len() > 1 => {
                format!("({})", part.text())
            }
            _ => part.text(),
        };
        parts.iter().map(closed).collect::<Vec<_>>().join(operator)
    }
}

/// A line of a copyright file as expression.
fn tree(line: &str, source: &str, operators: &[Operator], unlisted: &mut BTreeMap<String, String>) -> Tree {
    let Some(((written, whole), rest)) = operators.split_first() else {
        return Tree::One(one(line, source, unlisted));
    };
    let mut parts: Vec<_> = line.split(written).map(|part| tree(part, source, rest, unlisted)).collect();
    if parts.len() == 1 {
        return parts.remove(0);
    }
    whole(BTreeSet::new()).with(parts)
}

/// One licence with its exception.
fn one(written: &str, source: &str, unlisted: &mut BTreeMap<String, String>) -> String {
    let listed = match written.split_once(" with ") {
        None => identifier(written),
        Some((name, with)) => identifier(name)
            .and_then(|licence| exception(with, &licence).map(|with| format!("{licence} WITH {with}"))),
    };
    listed.unwrap_or_else(|| {
        let reference = format!("LicenseRef-{}-{}", word(source), word(written));
        unlisted.insert(reference.clone(), written.to_owned());
        reference
    })
}

/// SPDX's identifier of a short name.
fn identifier(written: &str) -> Option<String> {
    let lower = written.to_ascii_lowercase();
    if let Some((_, identifier)) = SPELT.iter().find(|(name, _)| *name == lower) {
        return Some((*identifier).to_owned());
    }
    for (family, before, after) in GNU {
        if let Some(rest) = lower.strip_prefix(family) {
            return gnu(rest, before, after);
        }
    }
    let name = lower.trim_end_matches('+');
    let listed = spdx::identifiers::LICENSES.iter().find(|licence| licence.name.eq_ignore_ascii_case(name));
    let later = if lower.ends_with('+') { "+" } else { "" };
    listed.map(|licence| format!("{}{later}", licence.name))
}

/// `-2+`, `v2`, `-2.1-or-later` after the name of a family.
fn gnu(rest: &str, before: &str, after: &str) -> Option<String> {
    let version = rest.trim_start_matches(['-', 'v']);
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let (number, later) = version.split_at(end);
    let later = match later {
        "" | "-only" => "only",
        "+" | "-or-later" => "or-later",
        _ => return None,
    };
    let minor = if number.contains('.') { "" } else { ".0" };
    let identifier = format!("{before}{number}{minor}{after}-{later}");
    spdx::license_id(&identifier).map(|licence| licence.name.to_owned())
}

fn exception(written: &str, licence: &str) -> Option<&'static str> {
    let name = written.to_ascii_lowercase();
    let name = name.trim_end_matches("exception").trim_end_matches([' ', '-']);
    if name == "autoconf" {
        // There is one text for each version of the GPL.
        return match licence.split('-').nth(1) {
            Some("2.0") => Some("Autoconf-exception-2.0"),
            Some("3.0") => Some("Autoconf-exception-3.0"),
            _ => None,
        };
    }
    EXCEPTIONS.iter().find(|(known, _)| *known == name).map(|(_, identifier)| *identifier)
}

/// A name in the letters of a reference (SPDX 2.3 §10.1: letters, digits, `-` and `.`).
fn word(name: &str) -> String {
    let mut word = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '.' => word.push(c),
            '+' => word.push_str("plus"),
            _ if word.ends_with('-') => {}
            _ => word.push('-'),
        }
        if word.len() >= MAX_NAME {
            break;
        }
    }
    word.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression_of(line: &str) -> String {
        let mut unlisted = BTreeMap::new();
        let expression = tree(line, "src", &OPERATORS, &mut unlisted).text();
        Expression::parse(&expression).unwrap_or_else(|e| panic!("{line}: {expression}: {e}"));
        expression
    }

    #[test]
    fn short_names_become_identifiers() {
        for (written, expected) in [
            ("Expat", "MIT"),
            ("GPL-2", "GPL-2.0-only"),
            ("GPL-2+", "GPL-2.0-or-later"),
            ("GPLv3+", "GPL-3.0-or-later"),
            ("LGPL-2.1+", "LGPL-2.1-or-later"),
            ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
            ("BSD-3-clause", "BSD-3-Clause"),
            ("zlib", "Zlib"),
            ("AFL-2.1+", "AFL-2.1+"),
            ("GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"),
            ("GPL-2+ with Autoconf exception", "GPL-2.0-or-later WITH Autoconf-exception-2.0"),
            ("GPL-3+ with autoconf exception", "GPL-3.0-or-later WITH Autoconf-exception-3.0"),
            ("BSD-3-clause or GPL-2+", "BSD-3-Clause OR GPL-2.0-or-later"),
            ("Expat or GPL-2 and ISC", "MIT OR (GPL-2.0-only AND ISC)"),
            ("GPL-2 or Expat, and ISC", "ISC AND (GPL-2.0-only OR MIT)"),
            ("Expat and ISC, and ISC, and MIT", "ISC AND MIT"),
            ("Expat or MIT, and MIT or ISC", "(ISC OR MIT) AND MIT"),
        ] {
            assert_eq!(expression_of(written), expected, "{written}");
        }
    }

    #[test]
    fn what_the_list_has_not_is_a_reference_of_its_source() {
        for (written, expected) in [
            ("public-domain", "LicenseRef-src-public-domain"),
            ("Artistic", "LicenseRef-src-Artistic"),
            ("GPL-2+ with OpenSSL exception", "LicenseRef-src-GPL-2plus-with-OpenSSL-exception"),
            ("GPL", "LicenseRef-src-GPL"),
            ("GPL-9", "LicenseRef-src-GPL-9"),
            ("BSD_tcp wrappers!", "LicenseRef-src-BSD-tcp-wrappers"),
        ] {
            assert_eq!(expression_of(written), expected, "{written}");
        }
        assert!(expression_of(&"text ".repeat(100)).len() < 80);
    }

    const COPYRIGHT: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: x

Files: *
Copyright: a
License: GPL-2+ or Expat
 the text

Files: b
License: ISC

Files: c
License: odd

License: BSD-3-clause
 Only the text of a licence.
";

    #[test]
    fn all_files_of_a_package_are_put_together() {
        let licence = of_copyright(COPYRIGHT, "x").unwrap();
        assert_eq!(licence.expression, "ISC AND LicenseRef-x-odd AND (GPL-2.0-or-later OR MIT)");
        assert_eq!(licence.unlisted, BTreeMap::from([("LicenseRef-x-odd".into(), "odd".into())]));
    }

    #[test]
    fn a_file_for_people_says_nothing() {
        assert_eq!(of_copyright("This package was debianized by a.\n\nLicense: GPL-2\n", "x"), None);
        assert_eq!(of_copyright("", "x"), None);
    }

    #[test]
    fn licences_of_crates_are_made_canonical() {
        assert_eq!(of_crate("MIT/Apache-2.0").as_deref(), Some("MIT OR Apache-2.0"));
        assert_eq!(of_crate("MIT OR Apache-2.0").as_deref(), Some("MIT OR Apache-2.0"));
        assert_eq!(of_crate("MPL-2.0+").as_deref(), Some("MPL-2.0+"));
        assert_eq!(of_crate("my own"), None);
        assert_eq!(of_crate(""), None);
    }
}
