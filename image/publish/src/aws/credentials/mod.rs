//! Who asks AWS: from the environment, a profile, or the role of the machine.

mod imds;
mod ini;
mod process;
mod profile;

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::Deserialize;

use crate::PublishError;
use crate::environment::Environment;

/// What signs requests. Its `Debug` shows no secret.
#[derive(Clone)]
pub(crate) struct Keys {
    /// Names the secret.
    pub(crate) id: String,
    /// The secret.
    pub(crate) secret: String,
    /// Goes with keys that end by themselves.
    pub(crate) session: Option<String>,
    /// When they end.
    pub(crate) until: Option<SystemTime>,
    /// Where they are from, for messages.
    pub(crate) from: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("id", &self.id).field("from", &self.from).finish_non_exhaustive()
    }
}

/// Keys that end within this time are replaced before they are used.
const MARGIN: Duration = Duration::from_mins(5);

impl Keys {
    /// Whether new ones are needed.
    pub(crate) fn end_soon(&self, now: SystemTime) -> bool {
        self.until.is_some_and(|until| until < now + MARGIN)
    }
}

/// Finds keys. A profile that was asked for by name is the only place that is looked at; without one it is the
/// environment, then the profile `default`, then the machine's role.
///
/// # Errors
/// [`PublishError::Login`] says where was looked and what is missing there.
pub(crate) fn find(environment: &Environment, profile: Option<&str>) -> Result<Keys, PublishError> {
    if let Some(profile) = profile {
        let keys = profile::keys(environment, profile)?;
        let places = profile::files(environment);
        return keys.ok_or_else(|| {
            let [credentials, config] = places.map(|path| path.display().to_string());
            login(format!("there is no profile {profile:?} in {credentials} or {config}"))
        });
    }
    if let Some(keys) = from_environment(environment)? {
        return Ok(keys);
    }
    let profile = environment.text("AWS_PROFILE");
    if let Some(keys) = profile::keys(environment, profile.as_deref().unwrap_or("default"))? {
        return Ok(keys);
    }
    if let Some(profile) = profile {
        return Err(login(format!("there is no profile {profile:?}, which AWS_PROFILE names")));
    }
    imds::keys(environment)
}

fn from_environment(environment: &Environment) -> Result<Option<Keys>, PublishError> {
    let [id, secret] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| environment.text(name));
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Some(Keys {
            id,
            secret,
            session: environment.text("AWS_SESSION_TOKEN"),
            until: None,
            from: "AWS_ACCESS_KEY_ID".to_owned(),
        })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(login("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY")),
        (None, Some(_)) => Err(login("AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID")),
    }
}

fn login(reason: impl std::fmt::Display) -> PublishError {
    PublishError::Login(format!("AWS credentials: {reason}"))
}

/// Keys as the metadata service and `credential_process` print them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    access_key_id: String,
    secret_access_key: String,
    #[serde(alias = "SessionToken")]
    token: Option<String>,
    expiration: Option<String>,
}

impl Printed {
    fn keys(self, from: String) -> Result<Keys, PublishError> {
        let until = self.expiration.map(|text| text.parse::<Timestamp>()).transpose();
        let until = until.map_err(|e| login(format!("{from}: the time of their end cannot be read: {e}")))?;
        Ok(Keys {
            id: self.access_key_id,
            secret: self.secret_access_key,
            session: self.token,
            until: until.map(SystemTime::from),
            from,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_needs_both_parts() {
        let (id, secret) = (("AWS_ACCESS_KEY_ID", "AK"), ("AWS_SECRET_ACCESS_KEY", "very-secret"));
        let keys = find(&Environment::of(&[id, secret, ("AWS_SESSION_TOKEN", "t")]), None).unwrap();
        assert_eq!((keys.id.as_str(), keys.session.as_deref()), ("AK", Some("t")));
        assert!(!format!("{keys:?}").contains("very-secret"));
        for (variable, missing) in
            [(id, "without AWS_SECRET_ACCESS_KEY"), (secret, "without AWS_ACCESS_KEY_ID")]
        {
            let error = find(&Environment::of(&[variable]), None).unwrap_err().to_string();
            assert!(error.contains(missing), "{error}");
        }
    }

    #[test]
    fn keys_are_replaced_before_they_end() {
        let now = SystemTime::now();
        let keys = |seconds| Keys {
            id: String::new(),
            secret: String::new(),
            session: None,
            until: Some(now + Duration::from_secs(seconds)),
            from: String::new(),
        };
        assert!(keys(299).end_soon(now) && !keys(301).end_soon(now));
    }

    #[test]
    fn nowhere_says_where_was_looked() {
        let environment = Environment::of(&[("HOME", "/nonexistent"), ("AWS_EC2_METADATA_DISABLED", "true")]);
        let error = find(&environment, None).unwrap_err().to_string();
        assert!(error.contains("AWS_ACCESS_KEY_ID") && error.contains("/nonexistent/.aws"), "{error}");
        let error = find(&environment, Some("lab")).unwrap_err().to_string();
        assert!(error.contains("\"lab\""), "{error}");
    }
}
