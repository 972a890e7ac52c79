use super::TextError;

checked_text! {
    /// An absolute `http` or `https` URL, at most 2048 characters.
    HttpUrl, check_http
}

checked_text! {
    /// The base URL of a `NoCloud` seed: an [`HttpUrl`] that ends in `/`.
    ///
    /// cloud-init 22.4.2 joins base and file name as they are; newer ones add a missing `/`.
    SeedUrl, check_seed
}

const ACCEPTED: &str = "http://HOST/… or https://HOST/… in printable ASCII without spaces, quotes, ';', '$', '\\', '<', '>', '`', '{', '}', '|' or '^'";

fn check_http(text: &str) -> Result<(), TextError> {
    // `$` is refused since cloud-init expands `$INSTANCE_ID` in its phone-home URL; `;` since it ends a value in
    // `ds=nocloud;s=URL`; the others are not allowed raw in a URL (RFC 3986 section 2).
    let good = |b: u8| b.is_ascii_graphic() && !br#""'$;\<>`{}|^"#.contains(&b);
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let host = rest.and_then(|r| r.split(['/', '?', '#']).next());
    let host_good = host.is_some_and(|h| !h.is_empty() && !h.contains('@') && !h.starts_with(':'));
    if host_good && text.len() <= 2048 && text.bytes().all(good) {
        return Ok(());
    }
    Err(TextError::new("a web address", text, ACCEPTED))
}

fn check_seed(text: &str) -> Result<(), TextError> {
    check_http(text)?;
    if text.ends_with('/') && !text.contains(['?', '#']) {
        return Ok(());
    }
    Err(TextError::new("a seed address", text, "a web address that ends in '/' and has no '?' or '#'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_web_addresses() {
        for good in ["http://10.0.0.1/x", "https://[fd00::1]:8443/a?b=c%20d", "http://host"] {
            assert!(good.parse::<HttpUrl>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "ftp://h/",
            "file:///etc/passwd",
            "http://",
            "http:///x",
            "http://:80/",
            "http://user:pw@h/",
            "http://h/a b",
            "http://h/\nx",
            "http://h/$INSTANCE_ID",
            "http://h/;s=x",
            "http://h/é",
        ] {
            assert!(bad.parse::<HttpUrl>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_seed_address_ends_in_a_slash() {
        assert!("http://10.0.0.1/seed/abc/".parse::<SeedUrl>().is_ok());
        for bad in ["http://10.0.0.1/seed/abc", "http://10.0.0.1/seed/?a/"] {
            assert!(bad.parse::<SeedUrl>().is_err(), "{bad}");
        }
    }
}
