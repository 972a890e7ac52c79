use minijinja::ErrorKind;

/// Why a template could not be read or rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// No template of this name was given to the engine.
    #[error("there is no template {name:?}; there are: {known}")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The text is not a template.
    #[error("template {template}, line {line}: {detail}")]
    Syntax {
        /// Name of the template.
        template: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        detail: String,
    },
    /// The template uses a name that has no value.
    #[error("template {template}, line {line}: {name} is not defined")]
    Undefined {
        /// Name of the template.
        template: String,
        /// Line, from 1.
        line: usize,
        /// The name or expression without a value.
        name: String,
    },
    /// The template failed while it was rendered, or the escape rule refused a value.
    #[error("template {template}, line {line}: {detail}")]
    Failed {
        /// Name of the template.
        template: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        detail: String,
    },
    /// A bound of [`super::Limits`] was reached.
    #[error("template {template} {what} the limit of {limit}")]
    Limit {
        /// Name of the template.
        template: String,
        /// Which bound: "is larger than", "needs more instructions than", "prints more bytes than".
        what: &'static str,
        /// The bound.
        limit: u64,
    },
}

impl TemplateError {
    /// Translates an error of minijinja; `source` is the text of the template.
    pub(super) fn from_minijinja(error: &minijinja::Error, template: &str, source: &str, fuel: u64) -> Self {
        let template = error.name().unwrap_or(template).to_owned();
        let line = error.line().unwrap_or(1);
        let part = error.range().and_then(|range| source.get(range)).unwrap_or("an expression").trim();
        match error.kind() {
            ErrorKind::OutOfFuel => {
                Self::Limit { template, what: "needs more instructions than", limit: fuel }
            }
            ErrorKind::UndefinedError => Self::Undefined { template, line, name: part.to_owned() },
            kind => {
                let mut detail = error.detail().map_or_else(|| kind.to_string(), ToOwned::to_owned);
                let mut cause = std::error::Error::source(error);
                while let Some(inner) = cause {
                    detail = format!("{detail}: {inner}");
                    cause = inner.source();
                }
                if kind == ErrorKind::SyntaxError {
                    Self::Syntax { template, line, detail }
                } else {
                    Self::Failed { template, line, detail: format!("{detail} (in {part})") }
                }
            }
        }
    }
}
