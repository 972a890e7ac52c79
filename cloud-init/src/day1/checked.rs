//! The rules between the fields of [`Day1`].

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Command, Day1, Day1Error, StartupConfig, StartupFormat, WriteFile};
use crate::InstallAnswer;
use crate::network::Network;
use crate::text::{Fqdn, Hostname, HttpUrl, SshKey, Timezone};
use crate::user::User;

/// Largest text of one file or command, so that a seed stays small enough to be rendered and served from memory.
const MAX_CONTENT: usize = 2 * 1024 * 1024;
/// Largest number of entries in any list.
const MAX_ENTRIES: usize = 256;

/// [`Day1`] as it is written, before the rules between fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename = "Day1")]
pub(super) struct Fields {
    hostname: Hostname,
    fqdn: Option<Fqdn>,
    #[serde(default)]
    ssh_authorized_keys: Vec<SshKey>,
    #[serde(default)]
    users: Vec<User>,
    timezone: Option<Timezone>,
    network: Option<Network>,
    startup_config: Option<StartupConfig>,
    #[serde(default)]
    write_files: Vec<WriteFile>,
    #[serde(default)]
    runcmd: Vec<Command>,
    install: Option<InstallAnswer>,
    phone_home_url: Option<HttpUrl>,
}

impl TryFrom<Fields> for Day1 {
    type Error = Day1Error;

    fn try_from(f: Fields) -> Result<Self, Self::Error> {
        let day1 = Self {
            hostname: f.hostname,
            fqdn: f.fqdn,
            ssh_authorized_keys: f.ssh_authorized_keys,
            users: f.users,
            timezone: f.timezone,
            network: f.network,
            startup_config: f.startup_config,
            write_files: f.write_files,
            runcmd: f.runcmd,
            install: f.install,
            phone_home_url: f.phone_home_url,
        };
        check(&day1)?;
        Ok(day1)
    }
}

fn refuse(text: String) -> Result<(), Day1Error> {
    Err(Day1Error(text))
}

pub(super) fn check(day1: &Day1) -> Result<(), Day1Error> {
    check_name(day1)?;
    check_lists(day1)?;
    check_users(day1)?;
    check_files(day1)?;
    if let Some(install) = &day1.install {
        check_install(install)?;
    }
    for command in &day1.runcmd {
        check_command(command)?;
    }
    match &day1.network {
        Some(network) => network.check().map_err(|e| Day1Error(format!("network: {e}"))),
        None => Ok(()),
    }
}

fn check_name(day1: &Day1) -> Result<(), Day1Error> {
    let Some(fqdn) = &day1.fqdn else { return Ok(()) };
    let first = fqdn.as_str().split('.').next().unwrap_or_default();
    if first.eq_ignore_ascii_case(day1.hostname.as_str()) {
        return Ok(());
    }
    refuse(format!(
        "fqdn {fqdn} does not begin with the hostname {}: write {}.DOMAIN",
        day1.hostname, day1.hostname
    ))
}

fn check_lists(day1: &Day1) -> Result<(), Day1Error> {
    let keys_of_users = day1.users.iter().map(|u| u.ssh_authorized_keys.len().max(u.groups.len())).max();
    let lists = [
        ("ssh_authorized_keys", day1.ssh_authorized_keys.len()),
        ("users", day1.users.len()),
        ("users: ssh_authorized_keys or groups", keys_of_users.unwrap_or(0)),
        ("write_files", day1.write_files.len()),
        ("runcmd", day1.runcmd.len()),
    ];
    match lists.into_iter().find(|(_, length)| *length > MAX_ENTRIES) {
        Some((name, length)) => refuse(format!("{name} has {length} entries, {MAX_ENTRIES} are accepted")),
        None => Ok(()),
    }
}

fn check_users(day1: &Day1) -> Result<(), Day1Error> {
    if day1.users.is_empty() && day1.ssh_authorized_keys.is_empty() {
        return refuse(
            "nobody could ever log in: give ssh_authorized_keys, or users with keys of their own".to_owned(),
        );
    }
    let mut names = BTreeSet::new();
    for user in &day1.users {
        let name = &user.name;
        if name.as_str() == "root" {
            return refuse("users: root stays locked; name another user and give it a sudo rule".to_owned());
        }
        if !names.insert(name) {
            return refuse(format!("users: {name} is there twice"));
        }
        let has_key = !user.ssh_authorized_keys.is_empty() || !day1.ssh_authorized_keys.is_empty();
        if !has_key && user.hashed_password.is_none() {
            return refuse(format!(
                "users: {name} could never log in: give it ssh_authorized_keys or hashed_password, or add a key to \
                 the node's ssh_authorized_keys"
            ));
        }
    }
    Ok(())
}

fn check_files(day1: &Day1) -> Result<(), Day1Error> {
    let mut paths = BTreeSet::new();
    if let Some(startup) = &day1.startup_config {
        check_startup(startup)?;
        paths.insert(startup.format.path());
    }
    for file in &day1.write_files {
        if !paths.insert(file.path.as_str()) {
            return refuse(format!("write_files: {} is written twice", file.path));
        }
        if file.content.len() > MAX_CONTENT {
            return refuse(format!("write_files: {} is larger than {MAX_CONTENT} bytes", file.path));
        }
    }
    Ok(())
}

/// The installer fetches by plain HTTP: what it fetches is proved by digests, and it carries no certificates.
fn check_install(install: &InstallAnswer) -> Result<(), Day1Error> {
    let urls = [
        ("image.url", install.image.url.as_str()),
        ("seed_url", install.seed_url.as_str()),
        ("report_url", install.report_url.as_str()),
    ];
    match urls.into_iter().find(|(_, url)| !url.starts_with("http://")) {
        Some((field, url)) => {
            refuse(format!("install: {field} {url} must begin with http://, which the installer speaks"))
        }
        None => Ok(()),
    }
}

/// A quick look only: the appliance validates the configuration against its YANG models when it loads it.
fn check_startup(startup: &StartupConfig) -> Result<(), Day1Error> {
    let content = &startup.content;
    if content.len() > MAX_CONTENT {
        return refuse(format!("startup_config: content is larger than {MAX_CONTENT} bytes"));
    }
    match startup.format {
        StartupFormat::Json => match serde_json::from_str::<serde::de::IgnoredAny>(content) {
            Ok(_) => Ok(()),
            Err(error) => refuse(format!("startup_config: content is not JSON: {error}")),
        },
        StartupFormat::Xml if content.trim_start().starts_with('<') => Ok(()),
        StartupFormat::Xml => {
            refuse("startup_config: content is not XML: its first character must be '<'".to_owned())
        }
    }
}

fn check_command(command: &Command) -> Result<(), Day1Error> {
    let (empty, words): (bool, &[String]) = match command {
        Command::Argv(words) => (words.first().is_none_or(String::is_empty), words),
        Command::Shell(line) => (line.trim().is_empty(), std::slice::from_ref(line)),
    };
    if empty {
        return refuse(
            "runcmd: a command is empty: write [PROGRAM, ARGUMENT, ...] or a text for sh".to_owned(),
        );
    }
    if words.iter().any(|word| word.contains('\0')) {
        return refuse("runcmd: a command holds a NUL character, which no program can be given".to_owned());
    }
    if words.iter().map(String::len).sum::<usize>() > MAX_CONTENT {
        return refuse(format!("runcmd: a command is larger than {MAX_CONTENT} bytes"));
    }
    Ok(())
}
