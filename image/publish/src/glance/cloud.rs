//! Which OpenStack, and who asks it: `clouds.yaml` as openstacksdk reads it, or the variables `OS_…`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::PublishError;
use crate::environment::Environment;
use crate::http::Trust;

/// Where to log in, and how.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Cloud {
    /// Keystone's address with its version, without a slash at the end.
    pub(crate) auth_url: String,
    /// Who asks.
    pub(crate) login: Login,
    /// Region of the catalogue.
    pub(crate) region: Option<String>,
    /// Interface of the catalogue: `public`, `internal`, `admin`.
    pub(crate) interface: String,
    /// Glance's address, instead of the catalogue's.
    pub(crate) image_url: Option<String>,
    /// Whose certificates are taken.
    pub(crate) trust: Trust,
    /// Where all this is from, for messages.
    pub(crate) from: String,
}

/// Kinds of login.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Login {
    /// A user with a password, for a project.
    Password {
        /// The user.
        user: Named,
        /// The password.
        password: String,
        /// The project.
        project: Named,
    },
    /// An application credential.
    Application {
        /// The credential; by name together with its user.
        credential: Credential,
        /// Its secret.
        secret: String,
    },
}

/// Something in a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// By its id.
    Id(String),
    /// By its name and its domain's.
    Name(String, Domain),
}

/// A domain of Keystone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    /// By its id.
    Id(String),
    /// By its name.
    Name(String),
}

/// An application credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// By its id.
    Id(String),
    /// By its name and its user.
    Name(String, Named),
}

type Settings = BTreeMap<String, String>;

/// Finds the cloud: by the name that was given, or `OS_CLOUD`, in `clouds.yaml`; else from the variables.
///
/// # Errors
/// [`PublishError::Login`] says where was looked and what is missing or unknown there.
pub(crate) fn find(environment: &Environment, name: Option<&str>) -> Result<Cloud, PublishError> {
    let name = name.map(str::to_owned).or_else(|| environment.text("OS_CLOUD"));
    let Some(name) = name else {
        let settings = SETTINGS
            .iter()
            .filter_map(|key| {
                Some(((*key).to_owned(), environment.text(&format!("OS_{}", key.to_ascii_uppercase()))?))
            })
            .collect::<Settings>();
        if !settings.contains_key("auth_url") {
            return Err(login(
                "no cloud: name one of clouds.yaml with --cloud, or set OS_CLOUD or OS_AUTH_URL and its like",
            ));
        }
        return cloud(&settings, "the variables OS_…".to_owned(), environment);
    };
    let places = places(environment);
    let Some(path) = places.iter().find(|path| path.is_file()) else {
        let places = places.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        return Err(login(format!("cloud {name:?}: there is no clouds.yaml (looked for {places})")));
    };
    let mut settings = entry(path, &name)?
        .ok_or_else(|| login(format!("{}: no cloud is named {name:?} in it", path.display())))?;
    let secure = path.with_file_name("secure.yaml");
    if secure.is_file() {
        settings.extend(entry(&secure, &name)?.unwrap_or_default());
    }
    cloud(&settings, format!("cloud {name:?} of {}", path.display()), environment)
}

/// What is read of both: openstacksdk's names.
const SETTINGS: [&str; 25] = [
    "auth_url",
    "auth_type",
    "username",
    "user_id",
    "user_domain_id",
    "user_domain_name",
    "password",
    "project_id",
    "project_name",
    "project_domain_id",
    "project_domain_name",
    "domain_id",
    "default_domain",
    "default_domain_id",
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
    "region_name",
    "interface",
    "endpoint_type",
    "image_endpoint_override",
    "cacert",
    "verify",
    "insecure",
    "profile",
];

fn places(environment: &Environment) -> Vec<PathBuf> {
    if let Some(path) = environment.path("OS_CLIENT_CONFIG_FILE") {
        return vec![path];
    }
    let home = environment.path("HOME").map(|home| home.join(".config/openstack"));
    let folders = [Some(PathBuf::from(".")), home, Some(PathBuf::from("/etc/openstack"))];
    folders.into_iter().flatten().map(|folder| folder.join("clouds.yaml")).collect()
}

/// Settings of one cloud of a file; those of `auth` beside the others.
fn entry(path: &Path, name: &str) -> Result<Option<Settings>, PublishError> {
    let text = std::fs::read_to_string(path).map_err(PublishError::io("read", path))?;
    // The error's own text could show a line with a password.
    let value: Value = serde_saphyr::from_str(&text).map_err(|e| match e.location() {
        Some(at) => {
            login(format!("{}: not YAML (line {}, column {})", path.display(), at.line(), at.column()))
        }
        None => login(format!("{}: not YAML", path.display())),
    })?;
    let Some(cloud) = value.get("clouds").and_then(|clouds| clouds.get(name)) else { return Ok(None) };
    let mut settings = Settings::new();
    for map in [Some(cloud), cloud.get("auth")].into_iter().flatten().filter_map(Value::as_object) {
        for (key, value) in map {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => continue,
            };
            settings.insert(key.clone(), text);
        }
    }
    Ok(Some(settings))
}

fn cloud(settings: &Settings, from: String, environment: &Environment) -> Result<Cloud, PublishError> {
    let get = |name: &str| settings.get(name).filter(|value| !value.is_empty()).cloned();
    let need = |name: &str| get(name).ok_or_else(|| login(format!("{from}: {name} is missing")));
    let auth_url = get("auth_url").ok_or_else(|| match get("profile") {
        Some(profile) => login(format!("{from}: profile {profile:?} is not known here: write its auth_url")),
        None => login(format!("{from}: auth_url is missing")),
    })?;
    let auth_url = auth_url.trim_end_matches('/');
    let auth_url = if auth_url.ends_with("/v3") { auth_url.to_owned() } else { format!("{auth_url}/v3") };
    let domain = |of: &str| {
        get(&format!("{of}_domain_id"))
            .map(Domain::Id)
            .or_else(|| get(&format!("{of}_domain_name")).map(Domain::Name))
            .or_else(|| get("domain_id").or_else(|| get("default_domain_id")).map(Domain::Id))
            .or_else(|| get("default_domain").map(Domain::Name))
            .unwrap_or_else(|| Domain::Id("default".to_owned()))
    };
    let user = || match (get("user_id"), get("username")) {
        (Some(id), _) => Ok(Named::Id(id)),
        (None, Some(name)) => Ok(Named::Name(name, domain("user"))),
        (None, None) => Err(login(format!("{from}: username is missing"))),
    };
    let applies = get("application_credential_id").is_some() || get("application_credential_name").is_some();
    let kind = get("auth_type")
        .unwrap_or_else(|| if applies { "v3applicationcredential" } else { "password" }.to_owned());
    let login_ = match kind.as_str() {
        "password" | "v3password" => Login::Password {
            user: user()?,
            password: need("password")?,
            project: match (get("project_id"), get("project_name")) {
                (Some(id), _) => Named::Id(id),
                (None, Some(name)) => Named::Name(name, domain("project")),
                (None, None) => return Err(login(format!("{from}: project_name is missing"))),
            },
        },
        "v3applicationcredential" => Login::Application {
            credential: match get("application_credential_id") {
                Some(id) => Credential::Id(id),
                None => Credential::Name(need("application_credential_name")?, user()?),
            },
            secret: need("application_credential_secret")?,
        },
        other => {
            let text = "password and v3applicationcredential are; `openstack application credential create` makes one";
            return Err(login(format!("{from}: auth_type {other} is not supported here: {text}")));
        }
    };
    let off = |name: &str, value: &str| get(name).is_some_and(|text| text.eq_ignore_ascii_case(value));
    let trust = if off("verify", "false") || off("insecure", "true") {
        Trust::Anyone
    } else {
        get("cacert").map_or(Trust::Machine, |path| Trust::File(in_home(&path, environment)))
    };
    let interface = get("interface").or_else(|| get("endpoint_type")).unwrap_or_else(|| "public".to_owned());
    Ok(Cloud {
        auth_url,
        login: login_,
        region: get("region_name"),
        interface: interface.trim_end_matches("URL").to_owned(),
        image_url: get("image_endpoint_override"),
        trust,
        from,
    })
}

fn in_home(path: &str, environment: &Environment) -> PathBuf {
    match (path.strip_prefix("~/"), environment.path("HOME")) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

fn login(reason: impl std::fmt::Display) -> PublishError {
    PublishError::Login(format!("OpenStack: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_file(text: &str, name: &str) -> Result<Cloud, PublishError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clouds.yaml");
        std::fs::write(&path, text).unwrap();
        std::fs::write(folder.path().join("secure.yaml"), "clouds: {lab: {auth: {password: from-secure}}}")
            .unwrap();
        let environment =
            Environment::of(&[("OS_CLIENT_CONFIG_FILE", path.to_str().unwrap()), ("HOME", "/home/x")]);
        find(&environment, Some(name))
    }

    const LAB: &str = "clouds:\n  lab:\n    auth:\n      auth_url: https://c.example:5000/\n      username: u\n      \
                       project_name: p\n      user_domain_name: Users\n    region_name: r1\n    interface: internalURL\n    \
                       cacert: ~/ca.pem\n";

    #[test]
    fn a_cloud_with_its_secret_in_the_other_file() {
        let cloud = in_file(LAB, "lab").unwrap();
        assert_eq!(cloud.auth_url, "https://c.example:5000/v3");
        assert_eq!((cloud.region.as_deref(), cloud.interface.as_str()), (Some("r1"), "internal"));
        assert_eq!(cloud.trust, Trust::File(PathBuf::from("/home/x/ca.pem")));
        let expected = Login::Password {
            user: Named::Name("u".to_owned(), Domain::Name("Users".to_owned())),
            password: "from-secure".to_owned(),
            project: Named::Name("p".to_owned(), Domain::Id("default".to_owned())),
        };
        assert!(cloud.login == expected);
    }

    #[test]
    fn variables_do_as_well() {
        let variables = [
            ("OS_AUTH_URL", "http://k/v3"),
            ("OS_APPLICATION_CREDENTIAL_NAME", "ci"),
            ("OS_APPLICATION_CREDENTIAL_SECRET", "s"),
            ("OS_USER_ID", "42"),
            ("OS_INSECURE", "true"),
        ];
        let cloud = find(&Environment::of(&variables), None).unwrap();
        assert_eq!((cloud.auth_url.as_str(), &cloud.trust), ("http://k/v3", &Trust::Anyone));
        let expected = Login::Application {
            credential: Credential::Name("ci".to_owned(), Named::Id("42".to_owned())),
            secret: "s".to_owned(),
        };
        assert!(cloud.login == expected);
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let with = |line: &str| format!("clouds: {{lab: {{auth: {{auth_url: 'http://k', {line}}}}}}}");
        for (text, name, expected) in [
            (LAB.to_owned(), "other", "no cloud is named \"other\""),
            (with("project_name: p"), "lab", "username is missing"),
            (with("username: u"), "lab", "project_name is missing"),
            (with("application_credential_id: i"), "lab", "application_credential_secret is missing"),
            (
                "clouds: {lab: {auth_type: v3oidcpassword, auth: {auth_url: 'http://k'}}}".to_owned(),
                "lab",
                "v3oidcpassword",
            ),
            ("clouds: {lab: {profile: vexx, auth: {username: u}}}".to_owned(), "lab", "profile \"vexx\""),
            ("clouds: {lab: {}}".to_owned(), "lab", "auth_url is missing"),
            ("clouds: [".to_owned(), "lab", "not YAML"),
        ] {
            let error = in_file(&text, name).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let error = find(&Environment::default(), None).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("--cloud"), "{error}");
    }
}
