use super::TextError;

checked_text! {
    /// A user or group name as Debian's adduser takes it.
    UnixName, check_name
}

checked_text! {
    /// One sudoers rule without the user, such as `ALL=(ALL) NOPASSWD:ALL` (sudoers(5)).
    SudoRule, check_sudo
}

fn check_name(text: &str) -> Result<(), TextError> {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    if text.len() <= 32
        && text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
        && text.bytes().all(good)
    {
        return Ok(());
    }
    Err(TextError::new(
        "a user or group name",
        text,
        "1 to 32 lower-case letters, digits, '_' or '-', starting with a letter or '_'",
    ))
}

fn check_sudo(text: &str) -> Result<(), TextError> {
    // cloud-init writes `USER RULE` as a line of sudoers.d: a line break would add a rule for somebody else, and a
    // backslash at the end or a comment would swallow what follows.
    let good = |c: char| c.is_ascii_graphic() || c == ' ';
    if text.contains('=') && text.len() <= 512 && text.chars().all(good) && !text.contains(['\\', '#']) {
        return Ok(());
    }
    Err(TextError::new(
        "a sudo rule",
        text,
        "one line HOST=(RUNAS) COMMANDS of printable ASCII without '\\' and '#', such as ALL=(ALL) NOPASSWD:ALL",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_adduser() {
        for good in ["admin", "_svc", "a-b_9"] {
            assert!(good.parse::<UnixName>().is_ok(), "{good}");
        }
        for bad in ["", "Admin", "9a", "-a", "a b", "a:b", "a\n", &"a".repeat(33)] {
            assert!(bad.parse::<UnixName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_sudo_rule_is_one_line() {
        assert!("ALL=(ALL) NOPASSWD:ALL".parse::<SudoRule>().is_ok());
        for bad in ["", "ALL", "ALL=(ALL) ALL\neve ALL=(ALL) ALL", "ALL=ALL \\", "ALL=ALL # x"] {
            assert!(bad.parse::<SudoRule>().is_err(), "{bad:?}");
        }
    }
}
