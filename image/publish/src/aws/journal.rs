//! What a run remembers, so that one that was killed is gone on with.
//!
//! A file of JSON lines. What decides about the meaning of a later call is on the disk before the call is made: first the
//! token that makes a repeated `StartSnapshot` give the same snapshot again. A line of a block that is lost costs one block.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use super::blocks::BlockDigest;
use crate::PublishError;
use crate::text::hex;

/// What was begun; a run that goes on has to be about the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begun {
    /// Region of the snapshot.
    pub(crate) region: String,
    /// Where it is not AWS' own address.
    pub(crate) endpoint: Option<String>,
    /// Bytes of the image.
    pub(crate) size: u64,
    /// Name of the image to register.
    pub(crate) name: String,
    /// Whether the snapshot is encrypted, and with which key.
    pub(crate) encryption: Encryption,
}

/// How the snapshot is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Encryption {
    /// As the account's default says.
    Default,
    /// With this key of KMS.
    Key(String),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Begun { token: String, what: Begun },
    Snapshot(String),
    Block(u32, String),
    Sealed,
    Image(String),
}

/// What the lines say together.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The snapshot, once it was started.
    pub(crate) snapshot: Option<String>,
    /// Blocks that are in the snapshot.
    pub(crate) blocks: BTreeMap<u32, BlockDigest>,
    /// Whether the snapshot takes no more blocks.
    pub(crate) sealed: bool,
    /// The image, once it was registered.
    pub(crate) image: Option<String>,
}

/// The file, held by this process.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: Mutex<File>,
    /// Token of `StartSnapshot`.
    pub(crate) token: String,
}

impl Journal {
    /// Opens the file of an earlier run, or makes one. `token` is used for a new one.
    ///
    /// # Errors
    /// [`PublishError::State`] when another process has it or it is about something else, [`PublishError::Io`].
    pub(crate) fn open(path: &Path, what: &Begun, token: &str) -> Result<(Self, Known), PublishError> {
        let (file, text) = hold(path, true)?;
        let (begun, known, good) = read(&text);
        if let Some((token, earlier)) = begun {
            if earlier != *what {
                return Err(PublishError::state(path, differs(&earlier, what)));
            }
            // A line that was cut off by the end of the earlier run goes, so that the next one is whole.
            file.set_len(good).map_err(PublishError::io("shorten", path))?;
            return Ok((Self { path: path.to_owned(), file: Mutex::new(file), token }, known));
        }
        if good > 0 || text.contains(&b'\n') {
            return Err(PublishError::state(
                path,
                "it is not a file that this program wrote; remove it, or take another with --state",
            ));
        }
        file.set_len(0).map_err(PublishError::io("empty", path))?;
        let journal = Self { path: path.to_owned(), file: Mutex::new(file), token: token.to_owned() };
        journal.keep(&Line::Begun { token: token.to_owned(), what: what.clone() })?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(PublishError::io("sync", folder))?;
        Ok((journal, Known::default()))
    }

    /// What an earlier run left, for removing it: region, endpoint, token and the rest.
    ///
    /// # Errors
    /// [`PublishError::State`] when there is none or another process has it, [`PublishError::Io`].
    pub(crate) fn look(path: &Path) -> Result<(Self, Begun, Known), PublishError> {
        if !path.exists() {
            return Err(PublishError::state(path, "no unfinished run is known here"));
        }
        let (file, text) = hold(path, false)?;
        let (Some((token, begun)), known, _) = read(&text) else {
            return Err(PublishError::state(path, "it is not a file that this program wrote"));
        };
        Ok((Self { path: path.to_owned(), file: Mutex::new(file), token }, begun, known))
    }

    /// The snapshot was started.
    pub(crate) fn snapshot(&self, id: &str) -> Result<(), PublishError> {
        self.keep(&Line::Snapshot(id.to_owned()))
    }

    /// The snapshot has a block. Not synced: after a power cut the block is sent once more.
    pub(crate) fn block(&self, index: u32, digest: &BlockDigest) -> Result<(), PublishError> {
        self.write(&Line::Block(index, hex(digest)), false)
    }

    /// The snapshot takes no more blocks.
    pub(crate) fn sealed(&self) -> Result<(), PublishError> {
        self.keep(&Line::Sealed)
    }

    /// The image was registered.
    pub(crate) fn image(&self, id: &str) -> Result<(), PublishError> {
        self.keep(&Line::Image(id.to_owned()))
    }

    /// Nothing is left to go on with.
    pub(crate) fn remove(self) -> Result<(), PublishError> {
        fs::remove_file(&self.path).map_err(PublishError::io("remove", &self.path))
    }

    fn keep(&self, line: &Line) -> Result<(), PublishError> {
        self.write(line, true)
    }

    fn write(&self, line: &Line, sync: bool) -> Result<(), PublishError> {
        let mut text =
            serde_json::to_vec(line).map_err(|e| PublishError::io("write", &self.path)(e.into()))?;
        text.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&text).map_err(PublishError::io("write", &self.path))?;
        if sync {
            file.sync_all().map_err(PublishError::io("sync", &self.path))?;
        }
        Ok(())
    }
}

/// Opens and locks the file; gives what is in it.
fn hold(path: &Path, create: bool) -> Result<(File, Vec<u8>), PublishError> {
    let open = OpenOptions::new().read(true).append(true).create(create).open(path);
    let mut file = open.map_err(|source| match source.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => PublishError::state(
            path,
            format!("{source}: the state of the run is kept there; name another place with --state"),
        ),
        _ => PublishError::io("open", path)(source),
    })?;
    if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Err(PublishError::state(path, "another process is publishing this image now"));
    }
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(PublishError::io("read", path))?;
    file.read_to_end(&mut text).map_err(PublishError::io("read", path))?;
    Ok((file, text))
}

/// Reads lines up to the first that is not whole; gives how many bytes those have.
fn read(text: &[u8]) -> (Option<(String, Begun)>, Known, u64) {
    let (mut begun, mut known, mut good) = (None, Known::default(), 0);
    for text in text.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = text.ends_with(b"\n").then(|| serde_json::from_slice(text).ok()).flatten() else {
            break;
        };
        match line {
            Line::Begun { token, what } => begun = Some((token, what)),
            Line::Snapshot(id) => known.snapshot = Some(id),
            Line::Block(index, digest) => {
                let Some(digest) = unhex(&digest) else { break };
                known.blocks.insert(index, digest);
            }
            Line::Sealed => known.sealed = true,
            Line::Image(id) => known.image = Some(id),
        }
        if begun.is_none() {
            return (None, Known::default(), 0);
        }
        good += text.len() as u64;
    }
    (begun, known, good)
}

fn differs(earlier: &Begun, now: &Begun) -> String {
    let what = if earlier.size != now.size {
        format!("an image of {} bytes", earlier.size)
    } else if earlier.name != now.name {
        format!("an image named {:?}", earlier.name)
    } else if earlier.region != now.region || earlier.endpoint != now.endpoint {
        format!("region {}", earlier.region)
    } else {
        "another encryption".to_owned()
    };
    format!(
        "it remembers an unfinished run for {what}; go on with that, or remove what it left: the same command with --discard"
    )
}

fn unhex(text: &str) -> Option<BlockDigest> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun() -> Begun {
        Begun {
            region: "eu-central-1".to_owned(),
            endpoint: None,
            size: 8 << 30,
            name: "vrouter-1".to_owned(),
            encryption: Encryption::Default,
        }
    }

    #[test]
    fn a_journal_cut_at_any_byte_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let (journal, known) = Journal::open(&path, &begun(), "token-1").unwrap();
        assert!(known.snapshot.is_none());
        let started = fs::metadata(&path).unwrap().len();
        journal.snapshot("snap-1").unwrap();
        for index in 0..3 {
            journal.block(index, &[u8::try_from(index).unwrap(); 32]).unwrap();
        }
        journal.sealed().unwrap();
        journal.image("ami-1").unwrap();
        drop(journal);
        let whole = fs::read(&path).unwrap();
        let mut blocks = 0;
        for length in 0..=whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let (journal, known) = Journal::open(&path, &begun(), "token-2").unwrap();
            let begun_before = length as u64 >= started;
            assert_eq!(journal.token, if begun_before { "token-1" } else { "token-2" }, "cut at {length}");
            assert!(known.blocks.len() >= blocks || !begun_before);
            blocks = known.blocks.len();
            assert_eq!(known.image.is_some(), length == whole.len());
            // What is written after a cut is read again.
            journal.block(9, &[9; 32]).unwrap();
            drop(journal);
            let (_, known) = Journal::open(&path, &begun(), "token-3").unwrap();
            assert_eq!(known.blocks.get(&9), Some(&[9; 32]), "cut at {length}");
        }
        assert_eq!(blocks, 3);
    }

    #[test]
    fn another_process_another_image_and_another_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        assert!(Journal::look(&path).unwrap_err().to_string().contains("no unfinished run"));
        let (journal, _) = Journal::open(&path, &begun(), "token").unwrap();
        let error = Journal::open(&path, &begun(), "token").unwrap_err().to_string();
        assert!(error.contains("another process"), "{error}");
        drop(journal);
        for (other, expected) in [
            (Begun { size: 1, ..begun() }, "8589934592 bytes"),
            (Begun { name: "x".to_owned(), ..begun() }, "vrouter-1"),
            (Begun { region: "us-east-1".to_owned(), ..begun() }, "eu-central-1"),
            (Begun { encryption: Encryption::Key("k".to_owned()), ..begun() }, "encryption"),
        ] {
            let error = Journal::open(&path, &other, "token").unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("--discard"), "{error}");
        }
        fs::write(&path, "dear diary\n").unwrap();
        let error = Journal::open(&path, &begun(), "token").unwrap_err().to_string();
        assert!(error.contains("not a file that this program wrote"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"dear diary\n");
    }
}
