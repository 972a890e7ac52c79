//! One-time tokens: only their hashes are stored.

use super::{Store, StoreError, millis};
use crate::node::NodeId;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::Row;

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The seed of the live system that installs.
    SeedInstall,
    /// The seed of the installed system, read by the installer.
    SeedDay1,
    /// The installer's reports.
    Report,
    /// The installed system's call.
    PhoneHome,
}

impl Purpose {
    const ALL: [Self; 4] = [Self::SeedInstall, Self::SeedDay1, Self::Report, Self::PhoneHome];

    /// The word stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::SeedInstall => "seed-install",
            Self::SeedDay1 => "seed-day1",
            Self::Report => "report",
            Self::PhoneHome => "phone-home",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// The secret itself: 32 random bytes, shown once in a URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

/// SHA-256 of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl Token {
    /// A fresh one.
    ///
    /// # Errors
    /// When the kernel gives no random bytes.
    pub fn fresh() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// As written in a URL: 64 hex digits, so that no client can fold or escape it.
    pub fn to_url(&self) -> String {
        use std::fmt::Write;
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Reads it from a URL's segment.
    pub fn from_url(segment: &str) -> Option<Self> {
        let digits = segment.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+'))?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// What is stored of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(secret)")
    }
}

/// A token that was found valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Whose it is.
    pub node: NodeId,
    /// What it opens.
    pub purpose: Purpose,
    /// The node's state version when it was given out.
    pub state_version: u64,
    /// Bits that were used up before.
    pub used: u32,
}

impl Store {
    /// Stores a token and ends all others of this node and purpose.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put_token(
        &self,
        token: TokenHash,
        node: NodeId,
        purpose: Purpose,
        state_version: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query("DELETE FROM tokens WHERE node = ? AND purpose = ?")
            .bind(node.to_string())
            .bind(purpose.name())
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO tokens (hash, node, purpose, state_version, used, created) VALUES (?, ?, ?, ?, 0, ?)",
        )
        .bind(token.0.as_slice())
        .bind(node.to_string())
        .bind(purpose.name())
        .bind(state_version.cast_signed())
        .bind(millis(now))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Looks a token up.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn token(&self, token: TokenHash) -> Result<Option<Claim>, StoreError> {
        let row = sqlx::query("SELECT node, purpose, state_version, used FROM tokens WHERE hash = ?")
            .bind(token.0.as_slice())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.and_then(|row| {
            Some(Claim {
                node: NodeId(row.get::<String, _>(0).parse().ok()?),
                purpose: Purpose::from_name(&row.get::<String, _>(1))?,
                state_version: row.get::<i64, _>(2).cast_unsigned(),
                used: u32::try_from(row.get::<i64, _>(3)).ok()?,
            })
        }))
    }

    /// Uses up one bit of a token, durably. False when it was used up before.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn use_token(&self, token: TokenHash, bit: u32) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE tokens SET used = used | ?1 WHERE hash = ?2 AND used & ?1 = 0")
            .bind(1_i64 << bit)
            .bind(token.0.as_slice())
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives a bit back, because what it opened never left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unuse_token(&self, token: TokenHash, bit: u32) -> Result<(), StoreError> {
        sqlx::query("UPDATE tokens SET used = used & ~?1 WHERE hash = ?2")
            .bind(1_i64 << bit)
            .bind(token.0.as_slice())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Purpose, Token};
    use crate::events::{Code, NewEvent};
    use crate::node::State;
    use crate::store::Store;
    use crate::testing::node;
    use jiff::Timestamp;

    #[test]
    fn the_url_form_reads_back_and_nothing_else_does() {
        let token = Token::fresh().unwrap();
        assert_eq!(Token::from_url(&token.to_url()), Some(token.clone()));
        let good = token.to_url();
        for bad in ["", "..", &good[1..], &format!("{good}0"), &format!("+{}", &good[1..]), &"é".repeat(32)]
        {
            assert_eq!(Token::from_url(bad), None, "{bad}");
        }
        assert_eq!(format!("{token:?}"), "Token(secret)");
    }

    #[tokio::test]
    async fn a_bit_is_used_once_and_a_new_token_ends_the_old() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store.db")).await.unwrap();
        let node = node("r1", State::Deploying);
        let now = Timestamp::UNIX_EPOCH;
        let added = NewEvent {
            node: Some(node.id),
            at: now,
            code: Code::NodeAdded,
            message: String::new(),
            fields: serde_json::Value::Null,
        };
        store.add_node(&node, &added).await.unwrap();
        let first = Token::fresh().unwrap().hash();
        store.put_token(first, node.id, Purpose::SeedInstall, 1, now).await.unwrap();
        assert!(store.use_token(first, 2).await.unwrap());
        assert!(!store.use_token(first, 2).await.unwrap());
        assert!(store.use_token(first, 0).await.unwrap());
        store.unuse_token(first, 2).await.unwrap();
        assert!(store.use_token(first, 2).await.unwrap());
        let second = Token::fresh().unwrap().hash();
        store.put_token(second, node.id, Purpose::SeedInstall, 1, now).await.unwrap();
        assert_eq!(store.token(first).await.unwrap(), None);
        assert_eq!(store.token(second).await.unwrap().unwrap().used, 0);
    }
}
