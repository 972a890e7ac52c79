//! Capability URIs (RFC 6241 §8, RFC 6243 §4, RFC 8525, RFC 6022).

/// End-of-message framing.
pub const BASE_1_0: &str = "urn:ietf:params:netconf:base:1.0";
/// Chunked framing.
pub const BASE_1_1: &str = "urn:ietf:params:netconf:base:1.1";
/// `<candidate>`, `<commit>`, `<discard-changes>`.
pub const CANDIDATE: &str = "urn:ietf:params:netconf:capability:candidate:1.0";
/// `<confirmed/>`, `<persist>`, `<cancel-commit>`.
pub const CONFIRMED_COMMIT: &str = "urn:ietf:params:netconf:capability:confirmed-commit:1.1";
/// `rollback-on-error`.
pub const ROLLBACK_ON_ERROR: &str = "urn:ietf:params:netconf:capability:rollback-on-error:1.0";
/// `<validate>`, `<test-option>` with `test-only`.
pub const VALIDATE: &str = "urn:ietf:params:netconf:capability:validate:1.1";
/// `<startup>`.
pub const STARTUP: &str = "urn:ietf:params:netconf:capability:startup:1.0";
/// Filters of type `xpath`.
pub const XPATH: &str = "urn:ietf:params:netconf:capability:xpath:1.0";
/// `<with-defaults>`; has parameters.
pub const WITH_DEFAULTS: &str = "urn:ietf:params:netconf:capability:with-defaults:1.0";
/// The YANG library; has parameters.
pub const YANG_LIBRARY: &str = "urn:ietf:params:netconf:capability:yang-library:1.1";

/// Whether a list of capabilities has one, whatever its parameters.
pub fn offers<S: AsRef<str>>(capabilities: &[S], uri: &str) -> bool {
    capabilities.iter().any(|own| {
        let own = own.as_ref().trim();
        own.strip_prefix(uri).is_some_and(|rest| rest.is_empty() || rest.starts_with('?'))
    })
}

#[cfg(test)]
mod tests {
    use super::{BASE_1_1, WITH_DEFAULTS, offers};

    #[test]
    fn parameters_do_not_matter() {
        let own = [format!("{WITH_DEFAULTS}?basic-mode=explicit"), format!("\n {BASE_1_1} ")];
        assert!(offers(&own, WITH_DEFAULTS) && offers(&own, BASE_1_1));
        assert!(!offers(&[format!("{BASE_1_1}0")], BASE_1_1));
    }
}
