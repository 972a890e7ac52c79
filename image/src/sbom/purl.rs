//! Package URLs (ECMA-427): how scanners name a package.

use std::fmt::Write as _;

/// `pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS`; qualifiers are in the order of their names.
pub(crate) fn purl(
    kind: &str,
    namespace: Option<&str>,
    name: &str,
    version: &str,
    qualifiers: &[(&str, &str)],
) -> String {
    let namespace = namespace.map(|namespace| format!("{}/", encoded(namespace))).unwrap_or_default();
    let mut purl = format!("pkg:{kind}/{namespace}{}@{}", encoded(name), encoded(version));
    for (at, (key, value)) in qualifiers.iter().enumerate() {
        let sign = if at == 0 { '?' } else { '&' };
        purl.extend([sign.to_string(), format!("{key}={}", encoded(value))]);
    }
    purl
}

/// Everything but letters, digits, `-._~` and `:` is percent-encoded.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_debian_and_names_with_plus_are_encoded() {
        let qualifiers = [("arch", "amd64"), ("distro", "bookworm")];
        assert_eq!(
            purl("deb", Some("debian"), "libstdc++6", "1:12.2.0-14+deb12u1~x", &qualifiers),
            "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1~x?arch=amd64&distro=bookworm"
        );
        assert_eq!(purl("cargo", None, "serde_json", "1.0.0", &[]), "pkg:cargo/serde_json@1.0.0");
    }
}
