//! Reading the file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::de::{Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::{Config, Management, Port, Ports, Source};
use crate::packet::MacAddr;

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not what the configuration may be.
    #[error("{path}: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column, what is wrong and what is accepted.
        message: String,
    },
    /// Values that are out of range or do not go together.
    #[error("{path}: {key}: {message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Which key.
        key: String,
        /// What is wrong and what is accepted.
        message: String,
    },
}

/// Reads and checks a file. An empty file is a configuration with every default.
///
/// # Errors
/// When it cannot be read, does not parse, or its values are out of range.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
    let nothing = text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    });
    let config: Config = if nothing {
        Config::default()
    } else {
        serde_saphyr::from_str(text)
            .map_err(|error| ConfigError::Syntax { path: path.to_owned(), message: error.to_string() })?
    };
    let invalid = |key: String, message: String| ConfigError::Invalid { path: path.to_owned(), key, message };
    check(&config).map_err(|(key, message)| invalid(key, message))?;
    Ok(config)
}

/// Ranges, and what two values must have to do with each other.
fn check(config: &Config) -> Result<(), (String, String)> {
    let range = |key: &str, value: u64, from: u64, to: u64| {
        if (from..=to).contains(&value) {
            return Ok(());
        }
        Err((key.to_owned(), format!("{value} is out of range; {from} to {to}")))
    };
    if let Some(memory) = config.hugepages.memory {
        range("hugepages.memory (MiB)", memory.to_mib().into(), 32, 1 << 20)?;
    }
    if let Some(count) = config.buffers.count {
        range("buffers.count", count.into(), 1023, 4_000_000)?;
    }
    range("buffers.size", config.buffers.size.into(), 1600, 16_000)?;
    range("fpm.stale_time", config.fpm.stale_time.into(), 1, 3600)?;
    range("polling.rest", config.polling.rest.into(), 0, 100_000)?;
    range("tables.next_hops", config.tables.next_hops.into(), 16, (1 << 23) - 1)?;
    range("tables.neighbours", config.tables.neighbours as u64, 16, 1 << 24)?;
    if let Some(namespace) = &config.port_namespace
        && (namespace.is_empty() || namespace.contains('/') || namespace.starts_with('.'))
    {
        return Err(("port_namespace".into(), format!("{namespace:?} is no name of a network namespace")));
    }
    let Ports::List(ports) = &config.ports else { return Ok(()) };
    let mut names = HashSet::new();
    for (place, port) in ports.iter().enumerate() {
        let key = |field: &str| format!("ports[{place}].{field}");
        let parsed =
            crate::daemon::check_port(&port.name, &port.device).map_err(|(field, why)| (key(field), why));
        parsed?;
        if !names.insert(&port.name) {
            return Err((key("name"), format!("there are two ports {}", port.name)));
        }
        let largest = config.buffers.largest_mtu();
        if !(68..=largest).contains(&port.mtu) {
            let why = format!("{} is out of range; 68 to {largest} (buffers.size less 22)", port.mtu);
            return Err((key("mtu"), why));
        }
    }
    Ok(())
}

/// Reads where routes come from.
pub(super) fn source<'de, D: Deserializer<'de>>(from: D) -> Result<Source, D::Error> {
    match String::deserialize(from)?.as_str() {
        "fpm" => Ok(Source::Fpm),
        "netlink" => Ok(Source::Netlink),
        other => Err(D::Error::custom(format!("{other:?} is neither `fpm` nor `netlink`"))),
    }
}

impl<'de> Deserialize<'de> for Ports {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Ports;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`auto` or a list of ports")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Ports, E> {
                if text == "auto" {
                    return Ok(Ports::Auto);
                }
                Err(E::custom(format!("{text:?} is neither `auto` nor a list of ports")))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Ports, A::Error> {
                let mut ports = Vec::new();
                while let Some(port) = list.next_element::<Port>()? {
                    if ports.len() == crate::daemon::MAX_PORTS {
                        while list.next_element::<IgnoredAny>()?.is_some() {}
                        let most = crate::daemon::MAX_PORTS;
                        return Err(A::Error::custom(format!("there may be {most} ports at most")));
                    }
                    ports.push(port);
                }
                Ok(Ports::List(ports))
            }
        }

        from.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Management {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Ok(match text.as_str() {
            "auto" => Self::Auto,
            "first" => Self::First,
            "none" => Self::Nothing,
            "" => {
                return Err(D::Error::custom(
                    "management is `auto`, `first`, `none`, a MAC address or a name",
                ));
            }
            text => match text.parse::<MacAddr>() {
                Ok(mac) => Self::Mac(mac),
                Err(_) => Self::Name(text.to_owned()),
            },
        })
    }
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
