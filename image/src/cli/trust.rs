//! `daybreak image key|sign|verify`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use daybreak_trust::{Keyring, PublicKey};

use super::Answer;
use crate::ImageError;
use crate::signing::{self, Checked};

/// Verbs for keys.
#[derive(Clone, Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key pair: FILE, which signs and is secret, and FILE.pub, which appliances trust
    New {
        /// File of the secret key
        file: PathBuf,
        #[command(flatten)]
        password: Password,
    },
    /// Show a public key, as `trust.keys` of the specification takes it
    Show {
        /// File of the public key
        file: PathBuf,
    },
}

/// Where the password of a secret key is.
#[derive(Clone, Debug, Args)]
pub struct Password {
    /// File with the password of the secret key; without it the key has none, and its file's permissions protect it
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// What to sign.
#[derive(Clone, Debug, Args)]
pub struct SignArgs {
    /// Folder of an image, its manifest.json, or any file
    path: PathBuf,
    /// File of the secret key
    #[arg(long, value_name = "FILE", env = "DAYBREAK_SIGNING_KEY")]
    key: PathBuf,
    #[command(flatten)]
    password: Password,
    /// What to say of it; it is signed too
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

/// What to check.
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// Folder of an image, its manifest.json, or any signed file
    path: PathBuf,
    /// Public key: its file, or its line of base64; more than one may be given
    #[arg(long, value_name = "PUB", required = true)]
    key: Vec<String>,
}

impl Password {
    fn read(&self) -> Result<Option<String>, ImageError> {
        let read = |path: &PathBuf| {
            let text = fs::read_to_string(path).map_err(ImageError::io("read the password in", path))?;
            Ok(text.trim_end_matches(['\r', '\n']).to_owned())
        };
        self.password_file.as_ref().map(read).transpose()
    }
}

pub(super) fn key(command: KeyCommand) -> Result<Answer, ImageError> {
    match command {
        KeyCommand::New { file, password } => {
            let public = signing::new_key(&file, password.read()?.as_deref())?;
            Ok(shown(&public, &format!("made {0} and {0}.pub\n", file.display())))
        }
        KeyCommand::Show { file } => {
            Ok(shown(&PublicKey::read(&file).map_err(ImageError::trust(&file))?, ""))
        }
    }
}

fn shown(key: &PublicKey, before: &str) -> Answer {
    Answer {
        text: format!("{before}key {}\ntrust:\n  keys: [\"{key}\"]\n", key.id()),
        json: serde_json::json!({"id": key.id().to_string(), "key": key.to_string()}),
    }
}

pub(super) fn sign(args: &SignArgs) -> Result<Answer, ImageError> {
    let key = signing::read_secret(&args.key, args.password.read()?.as_deref())?;
    let made = signing::sign(&args.path, &key, args.comment.as_deref())?;
    let lines = made.iter().map(|path| format!("{}\n", path.display()));
    Ok(Answer {
        text: lines.collect(),
        json: serde_json::json!({"key": key.public().id().to_string(), "signatures": made}),
    })
}

pub(super) fn verify(args: &VerifyArgs) -> Result<Answer, ImageError> {
    let read = |written: &String| match written.parse::<PublicKey>() {
        Ok(key) => Ok(key),
        Err(_) => PublicKey::read(Path::new(written)).map_err(ImageError::trust(Path::new(written))),
    };
    let keys = Keyring::new(args.key.iter().map(read).collect::<Result<_, _>>()?);
    let checked = signing::verify(&args.path, &keys)?;
    let line = |checked: &Checked| {
        let Checked { file, key, comment, covers } = checked;
        let and = if covers.is_empty() {
            String::new()
        } else {
            format!(", and {} files that it names", covers.len())
        };
        format!("{}: good{and}; key {key}, \"{comment}\"\n", file.display())
    };
    Ok(Answer { text: checked.iter().map(line).collect(), json: serde_json::json!({"good": checked}) })
}
