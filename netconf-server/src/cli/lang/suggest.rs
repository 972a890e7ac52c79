//! Choosing one of several words by what was typed.

use super::LineError;

/// The word that is meant: itself, or the only one that begins so.
///
/// # Errors
/// [`LineError::Unknown`] with what is probably meant, [`LineError::Ambiguous`]; `place` says where it was looked for.
pub(crate) fn pick<S: AsRef<str>>(word: &str, place: &str, accepted: &[S]) -> Result<usize, LineError> {
    if let Some(exact) = accepted.iter().position(|own| own.as_ref() == word) {
        return Ok(exact);
    }
    let begins: Vec<usize> = (0..accepted.len())
        .filter(|at| !word.is_empty() && accepted[*at].as_ref().starts_with(word))
        .collect();
    let names = |of: &[usize]| of.iter().map(|at| accepted[*at].as_ref().to_owned()).collect();
    match begins[..] {
        [only] => Ok(only),
        [] => Err(LineError::Unknown {
            word: word.to_owned(),
            place: place.to_owned(),
            closest: closest(word, accepted.iter().map(AsRef::as_ref)).map(str::to_owned),
            accepted: names(&(0..accepted.len()).collect::<Vec<_>>()),
        }),
        _ => Err(LineError::Ambiguous { word: word.to_owned(), accepted: names(&begins) }),
    }
}

/// The word that is probably meant: few letters away, the nearest one.
pub(super) fn closest<'a>(word: &str, accepted: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let few = word.chars().count().div_ceil(3).min(4);
    accepted
        .map(|other| (distance(word, other), other))
        .filter(|(distance, _)| (1..=few).contains(distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// Letters to be put in, taken out, changed or swapped with their neighbour to make one word the other (optimal string
/// alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut cost = changed.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "ab", 2),
            ("commit", "comit", 1),
            ("adress", "address", 1),
            ("ab", "ba", 1),
            ("abc", "xyz", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn words_are_picked() {
        let words = ["set", "show", "shell", "commit"];
        assert_eq!(pick("set", "here", &words), Ok(0));
        assert_eq!(pick("sho", "here", &words), Ok(1));
        assert_eq!(pick("com", "here", &words), Ok(3));
        assert!(
            matches!(pick("sh", "here", &words), Err(LineError::Ambiguous { accepted, .. }) if accepted == ["show", "shell"])
        );
        // A whole word wins over longer ones that begin with it.
        assert_eq!(pick("ip", "here", &["ipv4", "ip"]), Ok(1));
        let error = pick("comimt", "here", &words).unwrap_err().to_string();
        assert_eq!(
            error,
            "\"comimt\" is unknown in here; did you mean commit? (accepted: set, show, shell, commit)"
        );
        let error = pick("xyzzy", "here", &words).unwrap_err().to_string();
        assert!(!error.contains("did you mean"), "{error}");
        assert!(pick("", "here", &words).is_err());
    }
}
