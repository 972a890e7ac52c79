//! Profiles in the shared files.

use std::path::PathBuf;

use super::{Keys, ini, login, process};
use crate::PublishError;
use crate::environment::Environment;

/// The file of credentials and that of settings.
pub(super) fn files(environment: &Environment) -> [PathBuf; 2] {
    let home = environment.path("HOME").unwrap_or_default().join(".aws");
    [("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config")]
        .map(|(variable, name)| environment.path(variable).unwrap_or_else(|| home.join(name)))
}

/// Keys of a profile; none when no file has the profile.
pub(super) fn keys(environment: &Environment, profile: &str) -> Result<Option<Keys>, PublishError> {
    let [credentials, config] = files(environment);
    let in_config = if profile == "default" { "default".to_owned() } else { format!("profile {profile}") };
    let mut section = ini::Section::new();
    let mut found = false;
    // What the file of credentials says wins.
    for (path, name) in [(&config, in_config.as_str()), (&credentials, profile)] {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(PublishError::io("read", path)(error)),
        };
        if let Some(values) = ini::parse(&text).remove(name) {
            found = true;
            section.extend(values);
        }
    }
    if !found {
        return Ok(None);
    }
    let from = format!("profile {profile:?}");
    let value = |name: &str| section.get(name).filter(|value| !value.is_empty()).cloned();
    match (value("aws_access_key_id"), value("aws_secret_access_key")) {
        (Some(id), Some(secret)) => {
            return Ok(Some(Keys { id, secret, session: value("aws_session_token"), until: None, from }));
        }
        (None, None) => {}
        _ => {
            return Err(login(format!("{from} has only one of aws_access_key_id and aws_secret_access_key")));
        }
    }
    if let Some(command) = value("credential_process") {
        return process::keys(&command, &from).map(Some);
    }
    let other = ["role_arn", "sso_session", "sso_start_url", "web_identity_token_file"]
        .into_iter()
        .find(|name| section.contains_key(*name));
    match other {
        Some(name) => Err(login(format!(
            "{from} logs in by {name}, which only AWS' own tool does; let it: \
             eval \"$(aws configure export-credentials --profile {profile} --format env)\""
        ))),
        // A profile with only a region, say: the next place may have keys.
        None if profile == "default" => Ok(None),
        None => Err(login(format!("{from} has no aws_access_key_id"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_files(credentials: &str, config: &str, profile: &str) -> Result<Option<Keys>, PublishError> {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".aws");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("credentials"), credentials).unwrap();
        std::fs::write(folder.join("config"), config).unwrap();
        keys(&Environment::of(&[("HOME", home.path().to_str().unwrap())]), profile)
    }

    #[test]
    fn profiles_are_found_in_both_files() {
        let pair = "aws_access_key_id = A\naws_secret_access_key = S\n";
        let other = "aws_access_key_id = B\naws_secret_access_key = T\n";
        for (credentials, config, profile, expected) in [
            (format!("[default]\n{pair}"), String::new(), "default", Some("A")),
            (format!("[lab]\n{pair}"), format!("[profile lab]\n{other}"), "lab", Some("A")),
            (String::new(), format!("[profile lab]\n{other}"), "lab", Some("B")),
            (String::new(), format!("[lab]\n{other}"), "lab", None),
            (format!("[default]\n{pair}"), String::new(), "lab", None),
            (String::new(), "[default]\nregion = x\n".to_owned(), "default", None),
        ] {
            let keys = in_files(&credentials, &config, profile).unwrap();
            assert_eq!(keys.map(|keys| keys.id).as_deref(), expected, "{credentials}{config}");
        }
    }

    #[test]
    fn logins_of_other_kinds_are_refused_with_the_way_round() {
        for (config, expected) in [
            ("[profile lab]\nrole_arn = arn:aws:iam::1:role/x\n", "export-credentials --profile lab"),
            ("[profile lab]\nsso_session = corp\n", "sso_session"),
            ("[profile lab]\naws_access_key_id = A\n", "only one of"),
            ("[profile lab]\nregion = x\n", "no aws_access_key_id"),
        ] {
            let error = in_files("", config, "lab").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_process_prints_keys() {
        let config = "[profile lab]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"P\", \
                      \"SecretAccessKey\": \"S\", \"SessionToken\": \"T\", \"Expiration\": \"2030-01-01T00:00:00Z\"}'\n";
        let keys = in_files("", config, "lab").unwrap().unwrap();
        assert_eq!((keys.id.as_str(), keys.session.as_deref()), ("P", Some("T")));
        assert!(keys.until.is_some());
        for (command, expected) in [("echo no", "printed"), ("echo sorry >&2; false", "sorry")] {
            let config = format!("[profile lab]\ncredential_process = {command}\n");
            let error = in_files("", &config, "lab").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
