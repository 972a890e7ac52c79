//! Files of the system from an intent that has been checked.

use crate::intent::{Dns, Ntp, System};
use std::fmt::Write;
use std::net::IpAddr;

const HEAD: &str = "# Written by netconfd from its datastore.\n";

/// A drop-in of systemd-resolved; None when nothing is asked of it.
pub(super) fn resolved(dns: &Dns) -> Option<String> {
    if dns.servers.is_empty() && dns.search.is_empty() {
        return None;
    }
    let servers: Vec<_> = dns
        .servers
        .iter()
        .map(|server| match (server.address, server.port.filter(|&port| port != 53)) {
            (address, None) => address.to_string(),
            (IpAddr::V4(address), Some(port)) => format!("{address}:{port}"),
            (IpAddr::V6(address), Some(port)) => format!("[{address}]:{port}"),
        })
        .collect();
    let search: Vec<_> = dns.search.iter().map(|search| search.name.as_str()).collect();
    let mut text = format!("{HEAD}[Resolve]\n");
    // An empty value takes back what other files say.
    for (key, values) in [("DNS", servers.join(" ")), ("Domains", search.join(" "))] {
        if !values.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{key}=\n{key}={values}\n");
        }
    }
    Some(text)
}

/// A drop-in of systemd-timesyncd; None when nothing is asked of it.
pub(super) fn timesyncd(ntp: &Ntp) -> Option<String> {
    if !ntp.enabled || ntp.servers.is_empty() {
        return None;
    }
    let servers: Vec<_> = ntp.servers.iter().map(|server| server.address.as_str()).collect();
    Some(format!("{HEAD}[Time]\nNTP=\nNTP={}\n", servers.join(" ")))
}

/// `machine-info(5)` with contact and location, and all else as it is; None when nothing is in it.
pub(super) fn machine_info(now: Option<&str>, system: &System) -> Option<String> {
    let ours = |line: &&str| !line.starts_with("LOCATION=") && !line.starts_with("DAYBREAK_CONTACT=");
    let mut text: String =
        now.unwrap_or_default().lines().filter(ours).flat_map(|line| [line, "\n"]).collect();
    for (key, value) in [("LOCATION", &system.location), ("DAYBREAK_CONTACT", &system.contact)] {
        if let Some(value) = value {
            let _ = writeln!(text, "{key}=\"{}\"", quoted(value));
        }
    }
    (!text.is_empty()).then_some(text)
}

/// Administrators have no password, so sudo asks for none.
pub(super) fn sudoers(system: &System) -> Option<String> {
    let mut lines: Vec<_> = system
        .users
        .iter()
        .filter(|user| user.admin)
        .map(|user| format!("{} ALL=(ALL) NOPASSWD:ALL\n", user.name))
        .collect();
    lines.sort();
    (!lines.is_empty()).then(|| HEAD.to_owned() + &lines.concat())
}

/// For a value in double quotes, as a shell reads it.
fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{machine_info, resolved, sudoers, timesyncd};
    use crate::intent::System;

    fn system(json: serde_json::Value) -> System {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn nothing_asked_is_no_file() {
        let none = System::default();
        assert_eq!((resolved(&none.dns), timesyncd(&none.ntp), sudoers(&none)), (None, None, None));
        assert_eq!(machine_info(None, &none), None);
        assert_eq!(machine_info(Some("CHASSIS=vm\n"), &none).as_deref(), Some("CHASSIS=vm\n"));
    }

    #[test]
    fn resolver_and_clock() {
        let one = system(serde_json::json!({
            "dns": {"search": [{"name": "a.example"}, {"name": "b.example"}], "servers": [{"address": "192.0.2.1"},
                {"address": "192.0.2.2", "port": 5353}, {"address": "2001:db8::1", "port": 5353}, {"address": "2001:db8::2", "port": 53}]},
            "ntp": {"enabled": true, "servers": [{"address": "ntp.example"}, {"address": "192.0.2.3"}]}}));
        let text = resolved(&one.dns).unwrap();
        assert!(
            text.contains("\nDNS=\nDNS=192.0.2.1 192.0.2.2:5353 [2001:db8::1]:5353 2001:db8::2\n"),
            "{text}"
        );
        assert!(text.ends_with("Domains=\nDomains=a.example b.example\n"), "{text}");
        assert!(timesyncd(&one.ntp).unwrap().ends_with("[Time]\nNTP=\nNTP=ntp.example 192.0.2.3\n"));
        let off =
            system(serde_json::json!({"ntp": {"enabled": false, "servers": [{"address": "ntp.example"}]}}));
        assert_eq!(timesyncd(&off.ntp), None);
    }

    #[test]
    fn machine_info_keeps_what_is_not_ours_and_quotes() {
        let one = system(serde_json::json!({"location": "rack \"7\" $(x)", "contact": "ops@example"}));
        let text = machine_info(Some("CHASSIS=vm\nLOCATION=\"old\"\n"), &one).unwrap();
        assert_eq!(
            text,
            "CHASSIS=vm\nLOCATION=\"rack \\\"7\\\" \\$(x)\"\nDAYBREAK_CONTACT=\"ops@example\"\n"
        );
        assert_eq!(machine_info(Some(&text), &one).as_deref(), Some(text.as_str()));
    }

    #[test]
    fn administrators_may_use_sudo() {
        let one = system(
            serde_json::json!({"users": [{"name": "b", "admin": true}, {"name": "c"}, {"name": "a", "admin": true}]}),
        );
        let text = sudoers(&one).unwrap();
        assert!(text.ends_with("a ALL=(ALL) NOPASSWD:ALL\nb ALL=(ALL) NOPASSWD:ALL\n"), "{text}");
    }
}
