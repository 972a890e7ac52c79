//! Signatures of images, in minisign's format.
//!
//! [`SecretKey::sign`] makes a signature file, [`Signature::verify`] checks one against a [`PublicKey`], and a [`Keyring`]
//! is the folder of keys that an appliance trusts.

mod error;
mod keyring;
mod public;
mod secret;
mod signature;
mod text;

pub use error::TrustError;
pub use keyring::Keyring;
pub use public::{KeyId, PublicKey};
pub use secret::SecretKey;
pub use signature::{MAX_SIGNATURE_SIZE, Signature};

/// Folder of the keys that an appliance trusts, in its root file system.
pub const KEY_DIR: &str = "/etc/daybreak/keys";

/// What the name of a file gets for that of its signature.
pub const SUFFIX: &str = ".minisig";
