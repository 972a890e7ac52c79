use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::TextError;

checked_text! {
    /// One public key in the form of `authorized_keys` (sshd(8)) without options: `TYPE BASE64 [COMMENT]`.
    ///
    /// The key's bytes are decoded and must begin with the same type (RFC 4253 section 6.6), so a key cut by copy and
    /// paste is found here and not at the first login.
    SshKey, check_key
}

const TYPES: [&str; 7] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

const ACCEPTED: &str = "one line TYPE BASE64 [COMMENT] as in a .pub file, TYPE being ssh-ed25519, ssh-rsa, \
    ecdsa-sha2-nistp256, -nistp384, -nistp521, sk-ssh-ed25519@openssh.com or \
    sk-ecdsa-sha2-nistp256@openssh.com, and BASE64 a whole key of that type";

fn check_key(text: &str) -> Result<(), TextError> {
    let refuse = || Err(TextError::new("an SSH public key", text, ACCEPTED));
    if text.len() > 16 * 1024 || text.chars().any(char::is_control) {
        return refuse();
    }
    let mut parts = text.splitn(3, ' ');
    let (Some(kind), Some(body)) = (parts.next(), parts.next()) else {
        return refuse();
    };
    if !TYPES.contains(&kind) {
        return refuse();
    }
    match STANDARD.decode(body) {
        Ok(blob) if fields_are_whole(&blob, kind) => Ok(()),
        _ => refuse(),
    }
}

/// True when `blob` is a run of whole length-prefixed strings, at least two, the first being `kind`.
fn fields_are_whole(blob: &[u8], kind: &str) -> bool {
    let mut rest = blob;
    let mut count = 0;
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some((field, tail)) = tail.split_at_checked(length) else {
            return false;
        };
        if count == 0 && field != kind.as_bytes() {
            return false;
        }
        count += 1;
        rest = tail;
    }
    rest.is_empty() && count >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJjWSSvMsLa98yIdzTMyDCx9Lk8zC0xPBmfhzo4RyMFt admin@example";

    #[test]
    fn takes_whole_keys() {
        assert!(ED25519.parse::<SshKey>().is_ok());
        let (bare, _) = ED25519.rsplit_once(' ').unwrap();
        assert!(bare.parse::<SshKey>().is_ok());
    }

    #[test]
    fn refuses_what_would_not_log_in() {
        let cut = &ED25519[..60];
        let swapped = ED25519.replacen("ssh-ed25519", "ssh-rsa", 1);
        let options = format!("command=\"x\" {ED25519}");
        let two = format!("{ED25519}\n{ED25519}");
        for bad in ["", "ssh-ed25519", "ssh-ed25519 !!!!", "ssh-dss AAAA", cut, &swapped, &options, &two] {
            assert!(bad.parse::<SshKey>().is_err(), "{bad:?}");
        }
    }
}
