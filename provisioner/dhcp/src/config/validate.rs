//! Checks that need more than one key.

use super::{ExtraOption, Mode, Subnet};
use crate::wire::code;
use std::{collections::HashSet, net::Ipv4Addr};

/// Codes that the server or the protocol fills in itself.
const OWN_CODES: [u8; 15] = [
    code::SUBNET_MASK,
    code::REQUESTED_IP,
    code::LEASE_TIME,
    code::OVERLOAD,
    code::MESSAGE_TYPE,
    code::SERVER_ID,
    code::PARAMETERS,
    code::MESSAGE,
    code::MAX_SIZE,
    code::RENEWAL_TIME,
    code::REBINDING_TIME,
    code::CLIENT_ID,
    code::RELAY_INFO,
    0,
    255,
];

/// A setting that cannot work: which key, why, what is accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigError {
    /// Path of the key, such as `subnets[0].pools[1]`.
    pub key: String,
    /// What is wrong and what is accepted.
    pub problem: String,
}

/// Checks all subnets, each by itself and against the others.
///
/// # Errors
/// The first [`ConfigError`] in order of the file.
pub fn validate(subnets: &[Subnet]) -> Result<(), ConfigError> {
    for (i, subnet) in subnets.iter().enumerate() {
        let at = |key: &str| format!("subnets[{i}].{key}");
        one(subnet, &at)?;
        for (j, other) in subnets[..i].iter().enumerate() {
            if subnet.subnet.contains(&other.subnet) || other.subnet.contains(&subnet.subnet) {
                let problem = format!("{} overlaps {} of subnets[{j}]", subnet.subnet, other.subnet);
                return Err(ConfigError { key: at("subnet"), problem });
            }
            if subnet.interface == other.interface && subnet.relays.is_empty() && other.relays.is_empty() {
                let problem = format!(
                    "subnets[{j}] is already the subnet on the link of {}; one more there needs `relays`",
                    subnet.interface
                );
                return Err(ConfigError { key: at("interface"), problem });
            }
        }
    }
    Ok(())
}

fn one(subnet: &Subnet, at: &dyn Fn(&str) -> String) -> Result<(), ConfigError> {
    let fail = |key: &str, problem: String| Err(ConfigError { key: at(key), problem });
    let net = subnet.subnet;
    // IFNAMSIZ is 16 with the closing NUL.
    if subnet.interface.is_empty() || subnet.interface.len() > 15 {
        return fail(
            "interface",
            format!("{:?} is not an interface name of 1 to 15 bytes", subnet.interface),
        );
    }
    if net.prefix_len() == 0 || net.prefix_len() > 30 {
        return fail("subnet", format!("{net}: a prefix length from 1 to 30 is accepted"));
    }
    if subnet.mode == Mode::Proxy {
        if !subnet.pools.is_empty() {
            return fail("pools", "a subnet in proxy mode gives no addresses; leave it out".into());
        }
        if subnet.boot.is_none() {
            return fail("boot", "a subnet in proxy mode needs it: a boot file is all it gives".into());
        }
    }
    let host = |ip: Ipv4Addr| net.contains(&ip) && ip != net.network() && ip != net.broadcast();
    for (n, pool) in subnet.pools.iter().enumerate() {
        let key = format!("pools[{n}]");
        if !net.contains(&pool.first()) || !net.contains(&pool.last()) {
            return fail(&key, format!("{pool} is not inside {net}"));
        }
        if let Some(other) =
            subnet.pools[..n].iter().find(|o| o.first() <= pool.last() && pool.first() <= o.last())
        {
            return fail(&key, format!("{pool} overlaps {other}"));
        }
    }
    if let Some(router) = subnet.router.filter(|r| !host(*r)) {
        return fail("router", format!("{router} is not a host address of {net}"));
    }
    if let Some(mtu) = subnet.mtu.filter(|m| *m < 576) {
        return fail("mtu", format!("{mtu} is below 576, the least that IPv4 hosts must take"));
    }
    if let Some(relay) =
        subnet.relays.iter().find(|r| r.is_unspecified() || r.is_broadcast() || r.is_multicast())
    {
        return fail("relays", format!("{relay} cannot be the address of a relay"));
    }
    check_text(subnet.domain.as_deref(), "domain", &fail)?;
    if let Some(boot) = &subnet.boot {
        check_url(boot.http.as_deref(), "boot.http", &fail)?;
        check_url(boot.script.as_deref(), "boot.script", &fail)?;
        if boot.next_server.is_unspecified() {
            return fail("boot.next_server", "0.0.0.0 cannot be a TFTP server".into());
        }
    }
    check_options(&subnet.options).map_err(|e| ConfigError { key: at(&e.key), problem: e.problem })
}

type Fail<'f> = &'f dyn Fn(&str, String) -> Result<(), ConfigError>;

fn check_text(text: Option<&str>, key: &str, fail: Fail<'_>) -> Result<(), ConfigError> {
    match text {
        Some(text) if text.is_empty() || text.len() > 253 || !text.bytes().all(|b| b.is_ascii_graphic()) => {
            fail(key, format!("{text:?}: 1 to 253 printable ASCII characters without blanks are accepted"))
        }
        _ => Ok(()),
    }
}

fn check_url(url: Option<&str>, key: &str, fail: Fail<'_>) -> Result<(), ConfigError> {
    check_text(url, key, fail)?;
    match url {
        Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
            fail(key, format!("{url:?} must begin with http:// or https://"))
        }
        _ => Ok(()),
    }
}

/// Checks a list of further options, of a subnet or a node.
///
/// # Errors
/// [`ConfigError`] for a code that the server fills in itself, a code given twice or an overlong value.
pub fn check_options(options: &[ExtraOption]) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for (n, option) in options.iter().enumerate() {
        let problem = if OWN_CODES.contains(&option.code) {
            format!("option {} is set by the server itself; any other from 1 to 254 is accepted", option.code)
        } else if !seen.insert(option.code) {
            format!("option {} is given twice", option.code)
        } else if option.value.encode().len() > 1024 {
            format!("option {} is over 1024 bytes", option.code)
        } else {
            continue;
        };
        return Err(ConfigError { key: format!("options[{n}]"), problem });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnets(yaml: &str) -> Vec<Subnet> {
        serde_saphyr::from_str(yaml).unwrap_or_else(|e| panic!("{yaml}: {e}"))
    }

    #[test]
    fn table_of_refusals() {
        let base = "interface: a, subnet: 10.0.0.0/24";
        for (yaml, key, words) in [
            ("[{interface: '', subnet: 10.0.0.0/24}]".to_owned(), "subnets[0].interface", "1 to 15"),
            ("[{interface: a, subnet: 10.0.0.0/31}]".into(), "subnets[0].subnet", "1 to 30"),
            (format!("[{{{base}, pools: [10.0.1.1-10.0.1.2]}}]"), "subnets[0].pools[0]", "not inside"),
            (
                format!("[{{{base}, pools: [10.0.0.1-10.0.0.9, 10.0.0.9-10.0.0.10]}}]"),
                "subnets[0].pools[1]",
                "overlaps",
            ),
            (format!("[{{{base}, router: 10.0.0.255}}]"), "subnets[0].router", "not a host"),
            (format!("[{{{base}, mtu: 500}}]"), "subnets[0].mtu", "576"),
            (format!("[{{{base}, mode: proxy}}]"), "subnets[0].boot", "proxy"),
            (format!("[{{{base}, domain: 'a b'}}]"), "subnets[0].domain", "printable"),
            (
                format!("[{{{base}, boot: {{next_server: 10.0.0.1, http: 'ftp://x'}}}}]"),
                "subnets[0].boot.http",
                "http://",
            ),
            (
                format!("[{{{base}, options: [{{code: 54, value: {{u8: 1}}}}]}}]"),
                "subnets[0].options[0]",
                "itself",
            ),
            (
                format!("[{{{base}}}, {{interface: b, subnet: 10.0.0.128/25}}]"),
                "subnets[1].subnet",
                "overlaps",
            ),
            (
                format!("[{{{base}}}, {{interface: a, subnet: 10.0.1.0/24}}]"),
                "subnets[1].interface",
                "relays",
            ),
            (format!("[{{{base}, relays: [0.0.0.0]}}]"), "subnets[0].relays", "relay"),
        ] {
            let error = validate(&subnets(&yaml)).expect_err(&yaml);
            assert_eq!(error.key, key, "{yaml}");
            assert!(error.problem.contains(words), "{yaml}: {error}");
        }
    }

    #[test]
    fn a_link_and_a_relayed_subnet_share_an_interface() {
        let yaml =
            "[{interface: a, subnet: 10.0.0.0/24}, {interface: a, subnet: 10.0.1.0/24, relays: [10.0.1.1]}]";
        assert_eq!(validate(&subnets(yaml)), Ok(()));
    }
}
