//! What host name and timezone were before the configuration asked for some.

use super::{current_hostname, current_timezone};
use crate::files::{self, FileError, Mode};
use crate::intent::System;
use crate::linux::Settings;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// None: the configuration asks for none now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Before {
    hostname: Option<String>,
    timezone: Option<String>,
}

impl Before {
    pub(super) fn read(settings: &Settings) -> Result<Self, FileError> {
        let text = files::read(&file(settings))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    pub(super) fn write(&self, settings: &Settings) -> Result<(), FileError> {
        let path = file(settings);
        if *self == Self::default() {
            return files::remove(&path);
        }
        let text = serde_json::to_string(self).map_err(|e| FileError::new("write", &path, e.into()))?;
        files::write(&path, &text, Mode::PUBLIC)
    }

    /// Host name and timezone that are to be: those of the configuration, else those from before it.
    pub(super) fn wanted(&self, system: &System) -> (Option<String>, Option<String>) {
        let hostname = system.hostname.clone().or_else(|| self.hostname.clone());
        let timezone =
            system.timezone.as_ref().map(|zone| zone.name.clone()).or_else(|| self.timezone.clone());
        (hostname, timezone)
    }

    /// What is to be kept once they are.
    pub(super) fn after(&self, settings: &Settings, system: &System) -> Self {
        let keep = |asked: bool, before: &Option<String>, now: Option<String>| {
            if asked { before.clone().or(now) } else { None }
        };
        Self {
            hostname: keep(system.hostname.is_some(), &self.hostname, current_hostname(settings)),
            timezone: keep(system.timezone.is_some(), &self.timezone, current_timezone(settings)),
        }
    }

    /// Both; what `self` has counts.
    pub(super) fn or(self, other: Self) -> Self {
        Self { hostname: self.hostname.or(other.hostname), timezone: self.timezone.or(other.timezone) }
    }
}

fn file(settings: &Settings) -> PathBuf {
    settings.state.join("system-before.json")
}
