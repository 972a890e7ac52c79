//! What can be wrong with an expression.

/// An expression that cannot be parsed or evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("XPath, at byte {position}: {problem}")]
pub struct XPathError {
    /// Byte offset in the expression; 0 when it is about the whole of it.
    pub position: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong at one place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// More bytes than the limit.
    #[error("the expression has {length} bytes, the limit is {limit}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// Parentheses, predicates or function calls in each other beyond the limit.
    #[error("more than {limit} parentheses, predicates and function calls are nested")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// A character that starts no token.
    #[error("'{0}' has no meaning here")]
    Character(char),
    /// A literal without its closing quote.
    #[error("the literal is not closed")]
    OpenLiteral,
    /// A token at a place where another was due.
    #[error("{found} where {wanted} is due")]
    Unexpected {
        /// The token, quoted, or "the end".
        found: String,
        /// What could stand there.
        wanted: &'static str,
    },
    /// An axis that XPath does not have.
    #[error("there is no axis '{0}'")]
    Axis(String),
    /// A prefix without a module.
    #[error("the prefix '{0}' is not declared")]
    Prefix(String),
    /// A function that neither XPath nor YANG has.
    #[error("there is no function '{0}'")]
    Function(String),
    /// A variable; there are none in YANG (RFC 7950 §6.4.1) and none in a filter (RFC 6241 §8.9.5.2).
    #[error("there is no variable '${0}'")]
    Variable(String),
    /// Too few or too many arguments.
    #[error("{function}() takes {} and is given {given}", arity(*least, *most))]
    Arguments {
        /// The function.
        function: &'static str,
        /// Its least number of arguments.
        least: usize,
        /// Its greatest number of arguments.
        most: usize,
        /// How many there are.
        given: usize,
    },
    /// A string, number or boolean where only nodes can be.
    #[error("a node set is due, and this is none")]
    NotNodes,
    /// Not a regular expression of XML Schema, or one that is not supported.
    #[error("{0}")]
    Pattern(String),
    /// The evaluation took too long.
    #[error("the evaluation was given up after {limit} steps; name the nodes more exactly")]
    Budget {
        /// The limit.
        limit: u64,
    },
}

fn arity(least: usize, most: usize) -> String {
    match most {
        _ if most == least => format!("{least} argument(s)"),
        usize::MAX => format!("{least} arguments or more"),
        _ => format!("{least} to {most} arguments"),
    }
}
