//! What can go wrong.

/// The modules make no context, or libyang refuses what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum YangError {
    /// libyang gives no context.
    #[error("libyang makes no context: {0}")]
    Context(#[source] yang5::Error),
    /// The modules do not compile together.
    #[error("the YANG modules do not compile: {message}{}", at.as_deref().map(|at| format!(" ({at})")).unwrap_or_default())]
    Compile {
        /// What libyang says.
        message: String,
        /// Where, if it says so.
        at: Option<String>,
    },
    /// A module that should be there is not.
    #[error("there is no module {name}{}", revision.as_deref().map(|r| format!("@{r}")).unwrap_or_default())]
    NoModule {
        /// Its name.
        name: String,
        /// The revision that was asked for.
        revision: Option<String>,
    },
    /// libyang does not print a module.
    #[error("libyang does not print module {name}: {source}")]
    Print {
        /// Its name.
        name: String,
        /// Why.
        source: yang5::Error,
    },
}
