use super::TextError;

checked_text! {
    /// An absolute path to a file on the appliance: no `..`, no control character, at most 1024 characters.
    FilePath, check_path
}

checked_text! {
    /// Permissions of a file in octal, such as `0644`.
    FileMode, check_mode
}

checked_text! {
    /// Owner and group of a file, such as `root:root`.
    FileOwner, check_owner
}

checked_text! {
    /// A SHA-256 digest: 64 lower-case hexadecimal digits.
    Sha256, check_sha256
}

checked_text! {
    /// Text of one line: printable, at most 255 characters.
    PlainText, check_plain
}

impl Default for FileMode {
    fn default() -> Self {
        Self("0644".to_owned())
    }
}

impl Default for FileOwner {
    fn default() -> Self {
        Self("root:root".to_owned())
    }
}

fn check_path(text: &str) -> Result<(), TextError> {
    let parts_good = text.split('/').skip(1).all(|p| !p.is_empty() && p != "." && p != "..");
    if text.starts_with('/') && text.len() <= 1024 && parts_good && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(TextError::new(
        "a file path",
        text,
        "an absolute path such as /etc/motd, without '.', '..', '//', a trailing '/' or control characters",
    ))
}

fn check_mode(text: &str) -> Result<(), TextError> {
    if matches!(text.len(), 3 | 4) && text.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        return Ok(());
    }
    Err(TextError::new("a file mode", text, "3 or 4 octal digits in quotes, such as \"0644\""))
}

fn check_owner(text: &str) -> Result<(), TextError> {
    let part = |p: &str| p.parse::<super::UnixName>().is_ok();
    if text.split_once(':').is_some_and(|(user, group)| part(user) && part(group)) {
        return Ok(());
    }
    Err(TextError::new("a file owner", text, "USER:GROUP, such as root:root"))
}

fn check_sha256(text: &str) -> Result<(), TextError> {
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Ok(());
    }
    Err(TextError::new("a SHA-256 digest", text, "64 lower-case hexadecimal digits"))
}

fn check_plain(text: &str) -> Result<(), TextError> {
    if !text.is_empty() && text.chars().count() <= 255 && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(TextError::new("a line of text", text, "1 to 255 characters without control characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cannot_climb() {
        assert!("/etc/motd".parse::<FilePath>().is_ok());
        for bad in ["", "etc/motd", "/", "/a/../b", "/a/./b", "/a//b", "/a/", "/a\0b", "/a\nb"] {
            assert!(bad.parse::<FilePath>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn modes_owners_and_digests() {
        assert!("0600".parse::<FileMode>().is_ok() && "755".parse::<FileMode>().is_ok());
        assert!("0o644".parse::<FileMode>().is_err() && "999".parse::<FileMode>().is_err());
        assert!("frr:frrvty".parse::<FileOwner>().is_ok());
        assert!("root".parse::<FileOwner>().is_err() && "a:b:c".parse::<FileOwner>().is_err());
        assert!("0".repeat(64).parse::<Sha256>().is_ok());
        assert!("A".repeat(64).parse::<Sha256>().is_err() && "0".repeat(63).parse::<Sha256>().is_err());
        assert!("DISK0".parse::<PlainText>().is_ok() && "a\nb".parse::<PlainText>().is_err());
    }
}
