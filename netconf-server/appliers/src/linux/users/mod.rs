//! Users: made, given their keys and their group, and taken out of use.
//!
//! A user who leaves the configuration is not deleted: another would get the number and with it the files. One that was
//! made from the configuration expires and loses keys and group; one that was there before gets back what it had.

mod keys;
mod marks;
mod passwd;

use super::Settings;
use crate::command::Program;
use crate::files::FileError;
use crate::intent::{AuthorizedKey, System, User};
use crate::refusal::{Failure, Refusal};
use marks::{Mark, Marks};
use passwd::Account;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The group of administrators.
const SUDO: &str = "sudo";

/// Numbers below are the system's, and above too.
const PEOPLE: std::ops::Range<u32> = 1000..60000;

/// Checks users.
pub(super) fn check(settings: &Settings, system: &System) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut seen = BTreeSet::new();
    for user in &system.users {
        let mut refuse = |tag, text| refusals.push(Refusal::invalid(user.at.leaf("name"), tag, text));
        if !is_login(&user.name) {
            let text =
                format!("{:?} is not a login: 1 to 32 of a-z, 0-9, '_' and '-', a letter first", user.name);
            refuse("daybreak:login", text);
            continue;
        }
        if !seen.insert(&user.name) {
            refuse("daybreak:login", format!("{} is there twice", user.name));
        }
        match passwd::find(&settings.root, &user.name) {
            Err(error) => refuse("daybreak:login", error.to_string()),
            Ok(Some(account)) if !PEOPLE.contains(&account.uid) => {
                refuse("daybreak:system-user", format!("{} is an account of the system", user.name));
            }
            Ok(_) => {}
        }
        let mut names = BTreeSet::new();
        for key in &user.keys {
            if let Some((leaf, text)) = keys::unusable(key) {
                refusals.push(Refusal::invalid(key.at.leaf(leaf), "daybreak:ssh-key", text));
            }
            if !names.insert(&key.name) {
                let text = format!("{} is there twice", key.name);
                refusals.push(Refusal::invalid(key.at.leaf("name"), "daybreak:ssh-key", text));
            }
        }
    }
    refusals
}

fn is_login(name: &str) -> bool {
    let usable = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    name.len() <= 32 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(usable)
}

/// Whether some user is not as it is to be.
pub(super) fn differs(settings: &Settings, system: &System) -> Result<bool, FileError> {
    let marks = Marks::new(&settings.state);
    for user in &system.users {
        let account = passwd::find(&settings.root, &user.name)?;
        let right = |account: &Account| {
            let admin = account.groups.iter().any(|group| group == SUDO);
            admin == user.admin && !account.expired && !keys::differ(&home(settings, account), &user.keys)
        };
        if marks.get(&user.name)?.is_none() || !account.as_ref().is_some_and(right) {
            return Ok(true);
        }
    }
    for name in marks.names()? {
        if is_in(system, &name) {
            continue;
        }
        let Some(account) = passwd::find(&settings.root, &name)? else { continue };
        let admin = account.groups.iter().any(|group| group == SUDO);
        let right = match marks.get(&name)? {
            Some(Mark { ours: true, .. }) => {
                account.expired && !admin && !keys::differ(&home(settings, &account), &[])
            }
            // One that was there before has a mark only while the configuration has it.
            _ => false,
        };
        if !right {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes it so.
pub(super) async fn apply(settings: &Settings, system: &System) -> Result<(), Failure> {
    let marks = Marks::new(&settings.state);
    let mut failures = Vec::new();
    for user in &system.users {
        if let Err(error) = put(settings, &marks, user).await {
            failures.push(Failure::at(user.at.path(), format!("user {}: {error}", user.name)));
        }
    }
    for name in marks.names().map_err(Failure::new)? {
        if !is_in(system, &name)
            && let Err(error) = give_back(settings, &marks, &name).await
        {
            failures.push(Failure::new(format!("user {name}: {error}")));
        }
    }
    Failure::all(failures)
}

fn is_in(system: &System, name: &str) -> bool {
    system.users.iter().any(|user| user.name == name)
}

async fn put(settings: &Settings, marks: &Marks, user: &User) -> Result<(), Failure> {
    let name = &user.name;
    let found = passwd::find(&settings.root, name).map_err(Failure::new)?;
    if marks.get(name).map_err(Failure::new)?.is_none() {
        // Before the user is made: if we end in between, the user is known as ours.
        let sudo = found.as_ref().is_some_and(|account| account.groups.iter().any(|group| group == SUDO));
        marks.put(name, Mark { ours: found.is_none(), sudo }).map_err(Failure::new)?;
    }
    if found.is_none() {
        let program = tool(settings, "useradd").args(["-m", "-U", "-s", "/bin/bash", name]);
        program.succeed(settings.deadline).await.map_err(Failure::new)?;
    }
    let account = account(settings, name)?;
    if account.expired {
        let program = tool(settings, "usermod").args(["-e", "", name]);
        program.succeed(settings.deadline).await.map_err(Failure::new)?;
    }
    set_sudo(settings, name, &account, user.admin).await?;
    write_keys(settings, &account, user.keys.clone()).await
}

/// Puts keys into the file of a user, where waiting for its home keeps nobody.
async fn write_keys(settings: &Settings, account: &Account, keys: Vec<AuthorizedKey>) -> Result<(), Failure> {
    let (home, uid, gid) = (home(settings, account), account.uid, account.gid);
    let written = tokio::task::spawn_blocking(move || keys::write(&home, uid, gid, &keys)).await;
    let written = written.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    written.map_err(|error| Failure::new(format!("its authorized_keys cannot be written: {error}")))
}

async fn give_back(settings: &Settings, marks: &Marks, name: &str) -> Result<(), Failure> {
    let Some(mark) = marks.get(name).map_err(Failure::new)? else { return Ok(()) };
    let Some(account) = passwd::find(&settings.root, name).map_err(Failure::new)? else {
        return marks.remove(name).map_err(Failure::new);
    };
    write_keys(settings, &account, Vec::new()).await?;
    set_sudo(settings, name, &account, mark.sudo && !mark.ours).await?;
    if !mark.ours {
        return marks.remove(name).map_err(Failure::new);
    }
    if !account.expired {
        let program = tool(settings, "usermod").args(["-e", "1", name]);
        program.succeed(settings.deadline).await.map_err(Failure::new)?;
    }
    Ok(())
}

/// Puts a user into the group of administrators, or takes it out.
async fn set_sudo(settings: &Settings, name: &str, account: &Account, admin: bool) -> Result<(), Failure> {
    let mut groups: BTreeSet<_> = account.groups.iter().map(String::as_str).collect();
    let changed = if admin { groups.insert(SUDO) } else { groups.remove(SUDO) };
    if !changed {
        return Ok(());
    }
    let groups = groups.into_iter().collect::<Vec<_>>().join(",");
    let program = tool(settings, "usermod").args(["-G", &groups, name]);
    program.succeed(settings.deadline).await.map(drop).map_err(Failure::new)
}

fn account(settings: &Settings, name: &str) -> Result<Account, Failure> {
    let found = passwd::find(&settings.root, name).map_err(Failure::new)?;
    found.ok_or_else(|| Failure::new("is not in /etc/passwd although it was made"))
}

fn home(settings: &Settings, account: &Account) -> PathBuf {
    settings.root.join(account.home.trim_start_matches('/'))
}

/// A tool of the package `passwd`, at work below the root of the settings.
fn tool(settings: &Settings, name: &str) -> Program {
    let program = Program::new(PathBuf::from("/usr/sbin").join(name));
    if settings.root.as_os_str() == "/" { program } else { program.arg("-P").arg(&settings.root) }
}

#[cfg(test)]
mod tests {
    use super::is_login;

    #[test]
    fn logins() {
        for good in ["ann", "a", "svc_1-x"] {
            assert!(is_login(good), "{good}");
        }
        for bad in ["", "-a", "1a", "Ann", "a b", "a:b", "a\n", "a/b", "é", &"a".repeat(33)] {
            assert!(!is_login(bad), "{bad:?}");
        }
    }
}
