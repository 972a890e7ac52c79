//! ietf-system with what `daybreak-system` adds.

use super::{IntentError, place::Place};
use daybreak_appliers::intent::{
    AuthorizedKey, Dns, DnsServer, Ntp, NtpServer, SearchDomain, System, Timezone, User,
};

/// The container `system`.
pub(super) fn system(system: &Place<'_>) -> Result<System, IntentError> {
    let clock = system.always("clock")?;
    let timezone = |name| Timezone { at: clock.at_child("timezone-name"), name };
    let mut users: Vec<User> = system
        .always("authentication")?
        .entries("user")?
        .map(|entry| user(&entry))
        .collect::<Result<_, _>>()?;
    users.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(System {
        at: system.at(),
        contact: system.text("contact")?,
        hostname: system.text("hostname")?,
        location: system.text("location")?,
        timezone: clock.text("timezone-name")?.map(timezone),
        dns: dns(&system.always("dns-resolver")?)?,
        ntp: system.inner("ntp")?.map_or_else(|| Ok(Ntp::default()), |container| ntp(&container))?,
        users,
    })
}

fn dns(resolver: &Place<'_>) -> Result<Dns, IntentError> {
    let domain = |value: Place<'_>| Ok(SearchDomain { at: value.at(), name: value.value()?.to_owned() });
    let server = |entry: Place<'_>| {
        let transport = entry.always("udp-and-tcp")?;
        Ok(DnsServer {
            at: entry.at(),
            address: transport.need_parsed("address", "an IP address")?,
            port: transport.parse("port", "a port")?,
        })
    };
    Ok(Dns {
        search: resolver.entries("search")?.map(domain).collect::<Result<_, _>>()?,
        servers: resolver.entries("server")?.map(server).collect::<Result<_, _>>()?,
    })
}

fn ntp(container: &Place<'_>) -> Result<Ntp, IntentError> {
    let server = |entry: Place<'_>| {
        let address = entry.always("udp")?.need("address")?.to_owned();
        Ok(NtpServer { at: entry.at(), address })
    };
    Ok(Ntp {
        at: container.at(),
        enabled: container.flag("enabled")?,
        servers: container.entries("server")?.map(server).collect::<Result<_, _>>()?,
    })
}

fn user(entry: &Place<'_>) -> Result<User, IntentError> {
    let key = |key: Place<'_>| {
        Ok(AuthorizedKey {
            at: key.at(),
            name: key.need("name")?.to_owned(),
            algorithm: key.need("algorithm")?.to_owned(),
            data: key.need("key-data")?.to_owned(),
        })
    };
    Ok(User {
        at: entry.at(),
        name: entry.need("name")?.to_owned(),
        keys: entry.entries("authorized-key")?.map(key).collect::<Result<_, _>>()?,
        admin: entry.flag("admin")?,
    })
}
