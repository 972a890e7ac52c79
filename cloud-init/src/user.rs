use serde::{Deserialize, Serialize};

use crate::text::{FilePath, HashedPassword, SshKey, SudoRule, UnixName};

/// A login of the appliance. SSH takes keys only; a hashed password works on the console alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Login name. `root` is refused: it stays locked.
    pub name: UnixName,
    /// Keys of this user alone, besides those of [`crate::Day1::ssh_authorized_keys`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ssh_authorized_keys: Vec<SshKey>,
    /// Supplementary groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<UnixName>,
    /// Rule for sudo; none without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sudo: Option<SudoRule>,
    /// Login shell, `/bin/bash` without it.
    #[serde(default = "bash")]
    pub shell: FilePath,
    /// Password hash for the console; without it the password is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hashed_password: Option<HashedPassword>,
}

fn bash() -> FilePath {
    checked("/bin/bash")
}

impl User {
    /// The login made when an operator names none: `admin`, member of `adm` and `sudo`, sudo without a password (there
    /// is no password to ask for).
    pub fn admin() -> Self {
        Self {
            name: checked("admin"),
            ssh_authorized_keys: Vec::new(),
            groups: vec![checked("adm"), checked("sudo")],
            sudo: Some(checked("ALL=(ALL) NOPASSWD:ALL")),
            shell: bash(),
            hashed_password: None,
        }
    }
}

/// Parses one of the constants of this file; the test below runs each of them through its rule.
fn checked<T>(text: &str) -> T
where
    T: std::str::FromStr<Err = crate::text::TextError>,
{
    match text.parse() {
        Ok(value) => value,
        Err(error) => unreachable!("a constant of the default login is wrong: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_login_passes_its_own_rules() {
        let admin = User::admin();
        let text = serde_json::to_string(&admin).unwrap();
        assert_eq!(serde_json::from_str::<User>(&text).unwrap(), admin);
    }

    #[test]
    fn an_unknown_key_names_the_accepted_ones() {
        let error = serde_json::from_str::<User>(r#"{"name": "a", "passwd": "x"}"#).unwrap_err().to_string();
        assert!(error.contains("passwd") && error.contains("hashed_password"), "{error}");
    }
}
