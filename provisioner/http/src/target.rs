//! From request target to path: decoded once, and anything odd refused.

/// Why a request target is no plain path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Neither a path nor an `http://` URL (RFC 9112 section 3.2).
    #[error("the request target is neither a path nor an http URL")]
    Form,
    /// `%` not followed by two hexadecimal digits.
    #[error("the path has a broken percent escape")]
    Escape,
    /// A percent sign that is still there after decoding: encoded twice.
    #[error("the path is percent-encoded twice")]
    EncodedTwice,
    /// The decoded path is not UTF-8, overlong forms included.
    #[error("the path is not UTF-8")]
    NotUtf8,
    /// NUL or another control character.
    #[error("the path holds a control character")]
    Control,
    /// A backslash or an encoded slash: a separator in disguise.
    #[error("the path holds a backslash or an encoded slash")]
    Separator,
    /// A `.` or `..` segment.
    #[error("the path climbs with '.' or '..'")]
    Climbs,
}

/// The decoded path of an origin-form or absolute-form target, without the query.
pub(crate) fn path_of(target: &str) -> Result<String, TargetError> {
    let raw = match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => target,
    };
    if !raw.starts_with('/') {
        return Err(TargetError::Form);
    }
    let raw = raw.split(['?', '#']).next().unwrap_or(raw);
    let path = decode(raw.as_bytes())?;
    if path.chars().any(char::is_control) {
        return Err(TargetError::Control);
    }
    if path.contains('\\') {
        return Err(TargetError::Separator);
    }
    if path.contains('%') {
        return Err(TargetError::EncodedTwice);
    }
    if path.split('/').any(|segment| segment == "." || segment == "..") {
        return Err(TargetError::Climbs);
    }
    Ok(path)
}

fn decode(raw: &[u8]) -> Result<String, TargetError> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let Some((pair, after)) = rest.split_at_checked(2) else {
            return Err(TargetError::Escape);
        };
        let (Some(high), Some(low)) = (hex(pair[0]), hex(pair[1])) else {
            return Err(TargetError::Escape);
        };
        let byte = high << 4 | low;
        if byte == b'/' {
            return Err(TargetError::Separator);
        }
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| TargetError::NotUtf8)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_targets_become_paths() {
        for (target, path) in [
            ("/", "/"),
            ("/images/vrouter/vmlinuz", "/images/vrouter/vmlinuz"),
            ("/images/a%20b", "/images/a b"),
            ("/a?b=../c", "/a"),
            ("/a%3fb", "/a?b"),
            ("http://server:8080/a/b?c", "/a/b"),
            ("http://server", "/"),
            ("/..a/b..", "/..a/b.."),
            ("/caf%c3%a9", "/café"),
        ] {
            assert_eq!(path_of(target).as_deref(), Ok(path), "{target}");
        }
    }

    #[test]
    fn every_spelling_of_traversal_is_refused() {
        for (target, error) in [
            ("/../etc/passwd", TargetError::Climbs),
            ("/images/../../etc/passwd", TargetError::Climbs),
            ("/images/..", TargetError::Climbs),
            ("/./x", TargetError::Climbs),
            ("/%2e%2e/etc/passwd", TargetError::Climbs),
            ("/%2E%2e/etc/passwd", TargetError::Climbs),
            ("/.%2e/etc/passwd", TargetError::Climbs),
            ("/..%2fetc/passwd", TargetError::Separator),
            ("/..%5cetc", TargetError::Separator),
            ("/..\\etc", TargetError::Separator),
            ("/%252e%252e/etc/passwd", TargetError::EncodedTwice),
            ("/%25", TargetError::EncodedTwice),
            ("/%c0%ae%c0%ae/etc/passwd", TargetError::NotUtf8),
            ("/%e0%80%ae/x", TargetError::NotUtf8),
            ("/a%00.txt", TargetError::Control),
            ("/a%0d%0ax", TargetError::Control),
            ("/a%2", TargetError::Escape),
            ("/a%zz", TargetError::Escape),
            ("/a%+1", TargetError::Escape),
            ("etc/passwd", TargetError::Form),
            ("file:///etc/passwd", TargetError::Form),
            ("*", TargetError::Form),
            ("", TargetError::Form),
        ] {
            assert_eq!(path_of(target), Err(error), "{target}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_path_is_always_plain(target in "(/|http://h/)[a-zA-Z0-9%./\\\\?#\u{0}-\u{1f}é]{0,40}") {
            if let Ok(path) = path_of(&target) {
                prop_assert!(path.starts_with('/'));
                prop_assert!(!path.split('/').any(|s| s == ".." || s == "."));
                prop_assert!(!path.contains(['\\', '%', '\0', '\r', '\n']));
            }
        }
    }
}
