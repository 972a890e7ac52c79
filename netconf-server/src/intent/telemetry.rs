//! `daybreak-telemetry`.

use super::{IntentError, place::Place};
use daybreak_appliers::intent::{Influxdb, Login, Prometheus, Telemetry, TelemetrySet};
use std::net::{IpAddr, SocketAddr};

/// The container `telemetry`.
pub(super) fn telemetry(container: &Place<'_>) -> Result<Telemetry, IntentError> {
    let tag = |entry: Place<'_>| Ok((entry.need("name")?.to_owned(), entry.need("value")?.to_owned()));
    let set = |entry: Place<'_>| Ok((entry.need("name")?.to_owned(), set(&entry)?));
    let processes: Vec<_> =
        container.entries("process")?.map(|value| Ok(value.value()?.to_owned())).collect::<Result<_, _>>()?;
    Ok(Telemetry {
        at: container.at(),
        host: container.text("host")?,
        tags: container.entries("tag")?.map(tag).collect::<Result<_, _>>()?,
        processes: (!processes.is_empty()).then_some(processes),
        sets: container.entries("set")?.map(set).collect::<Result<_, _>>()?,
        influxdb: container
            .entries("influxdb-output")?
            .map(|entry| influxdb(&entry))
            .collect::<Result<_, _>>()?,
        prometheus: container.inner("prometheus")?.map(|endpoint| prometheus(&endpoint)).transpose()?,
    })
}

fn set(entry: &Place<'_>) -> Result<TelemetrySet, IntentError> {
    Ok(TelemetrySet {
        at: entry.at(),
        enabled: entry.parse("enabled", "true or false")?,
        period: entry.parse("period", "a number of seconds")?,
    })
}

fn influxdb(entry: &Place<'_>) -> Result<Influxdb, IntentError> {
    let login = match (entry.text("username")?, entry.text("password-file")?) {
        (Some(username), Some(password_file)) => Some(Login { username, password_file }),
        (None, None) => None,
        (_, None) => return Err(IntentError::Missing { path: entry.at().leaf("password-file") }),
        (None, _) => return Err(IntentError::Missing { path: entry.at().leaf("username") }),
    };
    Ok(Influxdb {
        at: entry.at(),
        name: entry.need("name")?.to_owned(),
        url: entry.need("url")?.to_owned(),
        database: entry.need("database")?.to_owned(),
        retention_policy: entry.text("retention-policy")?,
        login,
        queue_limit: entry.parse("queue-limit", "a number of MiB")?,
    })
}

fn prometheus(endpoint: &Place<'_>) -> Result<Prometheus, IntentError> {
    let listen = endpoint.always("listen")?;
    let address: IpAddr = listen.need_parsed("address", "an IP address")?;
    let port = listen.need_parsed("port", "a port")?;
    Ok(Prometheus { at: endpoint.at(), listen: Some(SocketAddr::new(address, port)) })
}
