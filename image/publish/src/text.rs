//! Bytes as text.

use std::fmt::Write;

/// Two lower-case digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Percent-encoding of everything but the unreserved characters of RFC 3986, section 2.3.
pub(crate) fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_encoded() {
        assert_eq!(hex(&[0, 15, 255]), "000fff");
        assert_eq!(percent("a-b_c.d~1 2+/&=é"), "a-b_c.d~1%202%2B%2F%26%3D%C3%A9");
    }
}
