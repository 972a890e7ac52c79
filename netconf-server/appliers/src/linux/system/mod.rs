//! Names, time and resolver: files of the system, and the services that read them.

mod before;
mod render;

use super::Settings;
use crate::command::Program;
use crate::files::{self, FileError, Mode};
use crate::intent::System;
use crate::refusal::Failure;
use before::Before;
use std::path::{Path, PathBuf};

/// A file that is written whole.
struct Written {
    path: &'static str,
    text: Option<String>,
    mode: Mode,
    /// Who reads it only at its start.
    service: Option<&'static str>,
}

/// Whether something of this differs from what is wanted.
pub(super) fn differs(settings: &Settings, system: &System) -> Result<bool, FileError> {
    let before = Before::read(settings)?;
    let (hostname, timezone) = before.wanted(system);
    for file in written(settings, system)? {
        if files::read(&settings.root.join(file.path))? != file.text || pending(settings, &file).exists() {
            return Ok(true);
        }
    }
    let other_name =
        hostname.is_some_and(|name| current_hostname(settings).as_deref() != Some(name.as_str()));
    let other_zone =
        timezone.is_some_and(|zone| current_timezone(settings).as_deref() != Some(zone.as_str()));
    Ok(other_name || other_zone || before != before.after(settings, system))
}

/// Makes it so.
pub(super) async fn apply(settings: &Settings, system: &System) -> Result<(), Failure> {
    let before = Before::read(settings).map_err(Failure::new)?;
    let after = before.after(settings, system);
    // What was before is on disk before it is overwritten.
    before.clone().or(after.clone()).write(settings).map_err(Failure::new)?;
    let (hostname, timezone) = before.wanted(system);
    if let Some(name) = hostname {
        set_hostname(settings, &name).map_err(|error| Failure::at(system.at.leaf("hostname"), error))?;
    }
    if let Some(zone) = timezone {
        set_timezone(settings, &zone).map_err(Failure::new)?;
    }
    after.write(settings).map_err(Failure::new)?;
    for file in written(settings, system).map_err(Failure::new)? {
        write(settings, &file).await?;
    }
    Ok(())
}

/// Writes a file and has its service read it, also when a killed process wrote it and did not get to that.
async fn write(settings: &Settings, file: &Written) -> Result<(), Failure> {
    let (path, pending) = (settings.root.join(file.path), pending(settings, file));
    if files::read(&path).map_err(Failure::new)? != file.text {
        if file.service.is_some() {
            files::write(&pending, "restart\n", Mode::PUBLIC).map_err(Failure::new)?;
        }
        match &file.text {
            Some(text) => files::write(&path, text, file.mode),
            None => files::remove(&path),
        }
        .map_err(Failure::new)?;
    }
    if let (Some(service), true) = (file.service, pending.exists()) {
        if let Some(systemctl) = &settings.systemctl {
            let program = Program::new(systemctl).args(["try-restart", service]);
            program.succeed(settings.deadline).await.map_err(Failure::new)?;
        }
        files::remove(&pending).map_err(Failure::new)?;
    }
    Ok(())
}

/// Exists from before a file is written until its service has read it.
fn pending(settings: &Settings, file: &Written) -> PathBuf {
    settings.run.join(format!("restart-{}", file.service.unwrap_or("nothing")))
}

fn written(settings: &Settings, system: &System) -> Result<Vec<Written>, FileError> {
    let machine_info = files::read(&settings.root.join(MACHINE_INFO))?;
    Ok(vec![
        Written {
            path: "etc/systemd/resolved.conf.d/50-daybreak-netconf.conf",
            text: render::resolved(&system.dns),
            mode: Mode::PUBLIC,
            service: Some("systemd-resolved.service"),
        },
        Written {
            path: "etc/systemd/timesyncd.conf.d/50-daybreak-netconf.conf",
            text: render::timesyncd(&system.ntp),
            mode: Mode::PUBLIC,
            service: Some("systemd-timesyncd.service"),
        },
        Written {
            path: MACHINE_INFO,
            text: render::machine_info(machine_info.as_deref(), system),
            mode: Mode::PUBLIC,
            service: None,
        },
        Written {
            path: "etc/sudoers.d/50-daybreak-netconf",
            text: render::sudoers(system),
            mode: Mode { permissions: 0o440, owner: None },
            service: None,
        },
    ])
}

const MACHINE_INFO: &str = "etc/machine-info";

fn current_hostname(settings: &Settings) -> Option<String> {
    let kernel = std::fs::read_to_string(settings.sysctl.join("kernel/hostname")).ok()?;
    let file = std::fs::read_to_string(settings.root.join("etc/hostname")).ok()?;
    let (kernel, file) = (kernel.trim(), file.trim());
    // After a half change neither is right.
    (kernel == file).then(|| kernel.to_owned())
}

fn set_hostname(settings: &Settings, name: &str) -> Result<(), FileError> {
    files::write(&settings.root.join("etc/hostname"), &format!("{name}\n"), Mode::PUBLIC)?;
    let path = settings.sysctl.join("kernel/hostname");
    std::fs::write(&path, name).map_err(|source| FileError::new("write", &path, source))
}

fn current_timezone(settings: &Settings) -> Option<String> {
    let target = std::fs::read_link(settings.root.join("etc/localtime")).ok()?;
    let target = target.to_string_lossy().into_owned();
    target.split_once("zoneinfo/").map(|(_, name)| name.to_owned())
}

fn set_timezone(settings: &Settings, name: &str) -> Result<(), FileError> {
    // Debian keeps the name in a file too.
    files::write(&settings.root.join("etc/timezone"), &format!("{name}\n"), Mode::PUBLIC)?;
    files::link(&Path::new("/usr/share/zoneinfo").join(name), &settings.root.join("etc/localtime"))
}
