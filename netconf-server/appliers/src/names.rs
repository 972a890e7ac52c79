//! Names that become parts of commands, paths and files.

/// Why a text cannot be the name of an interface in Linux; None when it can.
pub(crate) fn interface(name: &str) -> Option<String> {
    if name.is_empty() || name.len() > 15 {
        return Some(format!("{name:?} is not the name of an interface: Linux takes 1 to 15 bytes"));
    }
    let usable = |c: char| {
        c.is_ascii_graphic()
            && !matches!(c, '/' | ':' | '|' | '!' | '#' | '%' | '*' | '?' | '"' | '\'' | '\\')
    };
    if name == "." || name == ".." || name.starts_with('-') || !name.chars().all(usable) {
        return Some(format!(
            "{name:?} is not the name of an interface: letters, digits, '.', '_', '-' and '@' are"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::interface;

    #[test]
    fn interfaces() {
        for good in ["lo", "p0", "eth0.100", "enp0s3", "br-lan", "a_b@c"] {
            assert_eq!(interface(good), None, "{good}");
        }
        for bad in ["", "a b", "a/b", "..", ".", "-c", "a\nb", "a|b", "é", "sixteen-bytes-xx", "a:1"] {
            assert!(interface(bad).is_some(), "{bad:?}");
        }
    }
}
