use super::TextError;

/// A password hash in crypt(5) form. Its text is a secret: `Debug` hides it and no error repeats it.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HashedPassword(String);

/// The prefixes of crypt(5) that Debian's libcrypt accepts and that are not known to be weak.
const PREFIXES: [&str; 6] = ["$y$", "$gy$", "$7$", "$6$", "$5$", "$2b$"];

const ACCEPTED: &str = "a hash as `mkpasswd` prints it, starting with $y$, $gy$, $7$, $6$, $5$ or $2b$ (plain passwords are refused)";

impl std::str::FromStr for HashedPassword {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'$' | b',' | b'=');
        let whole = PREFIXES.iter().any(|p| text.strip_prefix(p).is_some_and(|rest| rest.len() >= 20));
        if whole && text.len() <= 384 && text.bytes().all(good) {
            return Ok(Self(text.to_owned()));
        }
        Err(TextError::hidden("a hashed password", ACCEPTED))
    }
}

impl TryFrom<String> for HashedPassword {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<HashedPassword> for String {
    fn from(value: HashedPassword) -> Self {
        value.0
    }
}

impl HashedPassword {
    /// The hash itself, for the seed and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for HashedPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashedPassword(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "$6$saltsalt$Zb3.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/";

    #[test]
    fn accepts_crypt_hashes_only() {
        assert!(GOOD.parse::<HashedPassword>().is_ok());
        for bad in
            ["secret", "", "$1$old$aaaaaaaaaaaaaaaaaaaaaa", "$6$x", "$6$a:b$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
        {
            assert!(bad.parse::<HashedPassword>().is_err(), "{bad}");
        }
    }

    #[test]
    fn never_shows_the_secret() {
        let hash: HashedPassword = GOOD.parse().unwrap();
        assert!(!format!("{hash:?}").contains("salt"));
        let error = "hunter2".parse::<HashedPassword>().unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        assert!(error.contains("$6$"), "{error}");
    }
}
