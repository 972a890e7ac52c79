use super::TextError;

checked_text! {
    /// A zone of the IANA time zone database, such as `Europe/Berlin` or `UTC`.
    Timezone, check_timezone
}

fn check_timezone(text: &str) -> Result<(), TextError> {
    // cloud-init joins it to /usr/share/zoneinfo, so it must not be able to climb.
    let part = |p: &str| {
        p.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && p.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-'))
    };
    if text.len() <= 64 && text.split('/').all(part) {
        return Ok(());
    }
    Err(TextError::new(
        "a time zone",
        text,
        "a name of the IANA database, such as UTC, Europe/Berlin or America/Argentina/Ushuaia",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_zone_names_and_no_paths() {
        for good in ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5"] {
            assert!(good.parse::<Timezone>().is_ok(), "{good}");
        }
        for bad in ["", "/etc/passwd", "../../etc/passwd", "Europe/", "Europe//Berlin", "a b", "UTC\n"] {
            assert!(bad.parse::<Timezone>().is_err(), "{bad:?}");
        }
    }
}
