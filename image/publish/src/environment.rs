//! What the environment says about logins.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// The environment, as far as it decides about logins. Read once, by the caller of this crate's commands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, OsString>,
}

impl Environment {
    /// The variables of this process that begin as AWS' and OpenStack's do, and those of the user's folders.
    pub(crate) fn of_process() -> Self {
        let wanted = |name: &str| {
            name.starts_with("AWS_") || name.starts_with("OS_") || ["HOME", "XDG_STATE_HOME"].contains(&name)
        };
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| name.into_string().ok().map(|name| (name, value)))
            .filter(|(name, value)| wanted(name) && !value.is_empty())
            .collect();
        Self { variables }
    }

    /// A variable that is set, not empty, and text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.variables.get(name).and_then(|value| value.clone().into_string().ok())
    }

    /// A variable that names a file or folder.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(name).map(PathBuf::from)
    }

    #[cfg(test)]
    pub(crate) fn of(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value)));
        Self { variables: variables.collect() }
    }
}
