//! What is wrong with a line.

/// A line that cannot be carried out as it stands; the words are those of the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineError {
    /// A quote without its other end.
    #[error("the quote at column {column} is not closed")]
    OpenQuote {
        /// Where it begins, from 1.
        column: usize,
    },
    /// No such word here.
    #[error("{word:?} is unknown in {place}{}", hint(.closest.as_ref(), .accepted))]
    Unknown {
        /// The word.
        word: String,
        /// Where it stands: a node, or what is chosen from.
        place: String,
        /// What was probably meant.
        closest: Option<String>,
        /// What is accepted.
        accepted: Vec<String>,
    },
    /// The beginning of several words.
    #[error("{word:?} is ambiguous: {}", .accepted.join(", "))]
    Ambiguous {
        /// The word.
        word: String,
        /// What it may be.
        accepted: Vec<String>,
    },
    /// A value that does not fit.
    #[error("{value:?} is no value of {node}{}", hint_text(.closest.as_ref(), .accepted))]
    Value {
        /// Name of the leaf.
        node: String,
        /// The value.
        value: String,
        /// What was probably meant.
        closest: Option<String>,
        /// What is accepted.
        accepted: String,
    },
    /// The line ends too early.
    #[error("{0}")]
    Incomplete(String),
    /// Something that cannot be said in this way.
    #[error("{0}")]
    Wrong(String),
}

/// More than this is no help in one line.
const SHOWN: usize = 12;

fn hint(closest: Option<&String>, accepted: &[String]) -> String {
    let list = match accepted {
        [] => "nothing more is accepted here".to_owned(),
        few if few.len() <= SHOWN => format!("accepted: {}", few.join(", ")),
        many => format!("accepted: {}, ... ({} in all)", many[..SHOWN].join(", "), many.len()),
    };
    hint_text(closest, &list)
}

fn hint_text(closest: Option<&String>, accepted: &str) -> String {
    match closest {
        Some(closest) => format!("; did you mean {closest}? ({accepted})"),
        None => format!("; {accepted}"),
    }
}
