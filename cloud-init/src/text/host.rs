use super::TextError;

checked_text! {
    /// A host name of one label (RFC 1123 section 2.1): letters, digits and `-`, at most 63.
    Hostname, check_hostname
}

checked_text! {
    /// A fully qualified host name: at least two labels joined by dots, at most 253 characters (RFC 1035 section 2.3.4).
    Fqdn, check_fqdn
}

checked_text! {
    /// The instance id of cloud-init. A new one makes cloud-init run its once-per-instance steps again.
    ///
    /// cloud-init uses it as a folder name under `/var/lib/cloud/instances`, so it can hold no `/` and no leading dot.
    InstanceId, check_instance_id
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn check_hostname(text: &str) -> Result<(), TextError> {
    if is_label(text) {
        return Ok(());
    }
    Err(TextError::new(
        "a hostname",
        text,
        "1 to 63 letters, digits or '-', not starting or ending with '-' (no dots: a full name goes in `fqdn`)",
    ))
}

fn check_fqdn(text: &str) -> Result<(), TextError> {
    if text.len() <= 253 && text.contains('.') && text.split('.').all(is_label) {
        return Ok(());
    }
    Err(TextError::new(
        "a fully qualified name",
        text,
        "labels of letters, digits or '-' joined by dots, such as vr1.example.net, at most 253 characters",
    ))
}

fn check_instance_id(text: &str) -> Result<(), TextError> {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    if text.len() <= 128
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && text.bytes().all(good)
    {
        return Ok(());
    }
    Err(TextError::new(
        "an instance id",
        text,
        "1 to 128 letters, digits, '-', '_', '.' or ':', starting with a letter or digit",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_host_names() {
        for good in ["vr1", "VR-1", "0", &"a".repeat(63)] {
            assert!(good.parse::<Hostname>().is_ok(), "{good}");
        }
        for bad in
            ["", "-a", "a-", "a.b", "a_b", "a b", "x\nruncmd: [evil]", "{{ 7*7 }}", "é", &"a".repeat(64)]
        {
            assert!(bad.parse::<Hostname>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn accepts_full_names() {
        assert!("vr1.example.net".parse::<Fqdn>().is_ok());
        for bad in ["vr1", "vr1.", ".a", "a..b", "a.b\n", &format!("{}.a", "a.".repeat(130))] {
            assert!(bad.parse::<Fqdn>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_instance_id_is_never_a_path() {
        assert!("vr1.3:b-2_c".parse::<InstanceId>().is_ok());
        for bad in ["", "..", "../x", ".hidden", "a/b", "a b", "a\0", &"a".repeat(129)] {
            assert!(bad.parse::<InstanceId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_error_shows_the_value_on_one_line() {
        let error = "x\nERROR forged".parse::<Hostname>().unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        assert!(error.starts_with(r#""x\nERROR forged" is not a hostname"#), "{error}");
    }
}
