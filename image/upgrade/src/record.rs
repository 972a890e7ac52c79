//! What has to outlive the restart, on the state partition: what was asked for, and how it ended.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use daybreak_layout::{Manifest, Slot};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::UpgradeError;
use crate::health::Expected;
use crate::kept;
use crate::loaders::Renewed;

/// Folder of the configuration that is kept.
const CONFIG: &str = "config";
/// Its name while it is made, and while it is removed.
const UNFINISHED: &str = "config.new";

/// Longest record that is read, in bytes: some thousands of BGP sessions.
const MAX_RECORD: u64 = 4 << 20;

/// An image in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The slot.
    #[serde(serialize_with = "letter", deserialize_with = "slot")]
    pub slot: Slot,
    /// Name of the image.
    pub name: String,
    /// Version of the image.
    pub version: String,
}

impl Image {
    /// The image of a manifest, in a slot.
    pub fn new(slot: Slot, manifest: &Manifest) -> Self {
        Self { slot, name: manifest.name().to_owned(), version: manifest.version().to_owned() }
    }
}

impl std::fmt::Display for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} in slot {}", self.name, self.version, self.slot.letter())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn letter<S: Serializer>(slot: &Slot, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_char(slot.letter())
}

fn slot<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Slot, D::Error> {
    match char::deserialize(deserializer)? {
        'a' => Ok(Slot::A),
        'b' => Ok(Slot::B),
        other => Err(serde::de::Error::custom(format!("there is no slot {other:?}"))),
    }
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A new image.
    Upgrade,
    /// Back to the one of before.
    Rollback,
}

/// A switch to the other slot that has not been judged yet: `pending.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Why.
    pub kind: Kind,
    /// What runs.
    pub from: Image,
    /// What is tried.
    pub to: Image,
    /// What worked before, and has to work again.
    pub expected: Expected,
    /// Seconds that it may take.
    pub seconds: u64,
    /// Why the trial failed, written before the machine goes back.
    #[serde(default)]
    pub failure: Option<String>,
    /// The boot loaders stay as they are, whatever the image brings.
    #[serde(default)]
    pub keep_loaders: bool,
}

/// How a switch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The new image is confirmed.
    Confirmed,
    /// The old image runs again.
    FellBack,
    /// The new image is not well, yet there is nothing to go back to.
    Stuck,
}

/// The last switch that was judged: `last.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// Why.
    pub kind: Kind,
    /// What ran.
    pub from: Image,
    /// What was tried.
    pub to: Image,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it ended so.
    pub reason: String,
    /// When it was judged, in seconds since 1970.
    pub at: u64,
    /// What became of the boot loaders, when an upgrade stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loaders: Option<Renewed>,
}

/// The folder of the records.
#[derive(Clone, Debug)]
pub struct Records {
    folder: PathBuf,
}

impl Records {
    /// Those on the state partition that is mounted at `state`.
    pub fn of(state: &Path) -> Self {
        Self { folder: state.join("upgrade") }
    }

    /// The switch that has not been judged yet. A record that cannot be understood is as good as none: it was written by
    /// another version, or is damaged, and must not keep a machine from coming up.
    ///
    /// # Errors
    /// [`UpgradeError::Record`].
    pub fn pending(&self) -> Result<Option<Pending>, UpgradeError> {
        self.load("pending.json")
    }

    /// Keeps a switch; it is on the medium when this returns.
    ///
    /// # Errors
    /// [`UpgradeError::Record`].
    pub fn set_pending(&self, pending: &Pending) -> Result<(), UpgradeError> {
        self.store("pending.json", pending)
    }

    /// Forgets the switch, and the configuration that was kept for it.
    ///
    /// # Errors
    /// [`UpgradeError::Record`].
    pub fn clear_pending(&self) -> Result<(), UpgradeError> {
        let path = self.folder.join("pending.json");
        match fs::remove_file(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            removed => {
                removed.map_err(UpgradeError::record("remove", &path))?;
                self.sync_folder()?;
            }
        }
        self.forget_config()
    }

    /// Whether the files below `config` can be kept, as far as their number of bytes and the depth of their folders tell.
    ///
    /// # Errors
    /// [`UpgradeError::Record`] says why not.
    pub fn can_keep_config(config: &Path) -> Result<(), UpgradeError> {
        kept::fits(config).map_err(UpgradeError::record("the configuration cannot be kept:", config))
    }

    /// Keeps the files below `config`, unless some are kept already; they are on the medium when this returns, and until
    /// then there is no copy.
    ///
    /// # Errors
    /// [`UpgradeError::Record`].
    pub fn keep_config(&self, config: &Path) -> Result<(), UpgradeError> {
        let (kept, new) = (self.folder.join(CONFIG), self.folder.join(UNFINISHED));
        if kept.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(&self.folder).map_err(UpgradeError::record("make", &self.folder))?;
        remove_folder(&new)?;
        kept::copy(config, &new).map_err(UpgradeError::record("keep the configuration in", &new))?;
        fs::rename(&new, &kept).map_err(UpgradeError::record("keep the configuration in", &kept))?;
        self.sync_folder()
    }

    /// Forgets the configuration that was kept. Its name goes first: half of a copy must never be put back.
    ///
    /// # Errors
    /// [`UpgradeError::Record`].
    pub fn forget_config(&self) -> Result<(), UpgradeError> {
        let (kept, unfinished) = (self.folder.join(CONFIG), self.folder.join(UNFINISHED));
        remove_folder(&unfinished)?;
        match fs::rename(&kept, &unfinished) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            renamed => renamed.map_err(UpgradeError::record("remove", &kept))?,
        }
        self.sync_folder()?;
        remove_folder(&unfinished)
    }

    /// Puts the files that were kept back to `config`, while a switch is under way; gives those that were not the same.
    ///
    /// # Errors
    /// [`UpgradeError::Record`].
    pub fn restore_config(&self, config: &Path) -> Result<Vec<PathBuf>, UpgradeError> {
        let kept = self.folder.join(CONFIG);
        if self.pending()?.is_none() || !kept.is_dir() {
            return Ok(Vec::new());
        }
        kept::put_back(&kept, config).map_err(UpgradeError::record("put the configuration back to", config))
    }

    /// The last switch that was judged.
    ///
    /// # Errors
    /// [`UpgradeError::Record`].
    pub fn last(&self) -> Result<Option<Last>, UpgradeError> {
        self.load("last.json")
    }

    /// Keeps how a switch ended, and forgets the switch.
    ///
    /// # Errors
    /// [`UpgradeError::Record`].
    pub fn conclude(&self, last: &Last) -> Result<(), UpgradeError> {
        self.store("last.json", last)?;
        self.clear_pending()
    }

    fn load<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, UpgradeError> {
        let path = self.folder.join(name);
        let mut json = Vec::new();
        let file = match File::open(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(UpgradeError::record("read", &path))?,
        };
        file.take(MAX_RECORD).read_to_end(&mut json).map_err(UpgradeError::record("read", &path))?;
        Ok(serde_json::from_slice(&json).ok())
    }

    fn store(&self, name: &str, value: &impl Serialize) -> Result<(), UpgradeError> {
        let path = self.folder.join(name);
        let new = self.folder.join(format!("{name}.new"));
        let failed = || UpgradeError::record("write", &path);
        let json = serde_json::to_vec_pretty(value).map_err(io::Error::other).map_err(failed())?;
        fs::create_dir_all(&self.folder).map_err(failed())?;
        let mut file = File::create(&new).map_err(failed())?;
        file.write_all(&json).and_then(|()| file.sync_all()).map_err(failed())?;
        fs::rename(&new, &path).map_err(failed())?;
        self.sync_folder()
    }

    /// A name is on the medium when its folder is, and the folder's own name when that of the state partition is.
    fn sync_folder(&self) -> Result<(), UpgradeError> {
        for folder in [Some(self.folder.as_path()), self.folder.parent()].into_iter().flatten() {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(UpgradeError::record("write the folder", folder))?;
        }
        Ok(())
    }
}

fn remove_folder(path: &Path) -> Result<(), UpgradeError> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(UpgradeError::record("remove", path)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn pending() -> Pending {
        let image =
            |slot, version: &str| Image { slot, name: "vrouter".to_owned(), version: version.to_owned() };
        Pending {
            kind: Kind::Upgrade,
            from: image(Slot::A, "1"),
            to: image(Slot::B, "2"),
            expected: Expected::default(),
            seconds: 300,
            failure: None,
            keep_loaders: false,
        }
    }

    #[test]
    fn records_come_back_and_damaged_ones_are_none() {
        let state = tempfile::tempdir().unwrap();
        let records = Records::of(state.path());
        assert_eq!(records.pending().unwrap(), None);
        records.clear_pending().unwrap();
        records.set_pending(&pending()).unwrap();
        assert_eq!(records.pending().unwrap(), Some(pending()));
        let last = Last {
            kind: Kind::Upgrade,
            from: pending().from,
            to: pending().to,
            outcome: Outcome::FellBack,
            reason: "x".to_owned(),
            at: 1,
            loaders: Some(Renewed::kept("why")),
        };
        records.conclude(&last).unwrap();
        assert_eq!((records.pending().unwrap(), records.last().unwrap()), (None, Some(last)));
        fs::write(state.path().join("upgrade/pending.json"), "{\"kind\": \"sidegrade\"}").unwrap();
        assert_eq!(records.pending().unwrap(), None);
    }

    #[test]
    fn configuration_is_put_back_while_a_switch_is_under_way() {
        let state = tempfile::tempdir().unwrap();
        let config = tempfile::tempdir().unwrap();
        let file = config.path().join("startup.xml");
        let records = Records::of(state.path());
        let text = || fs::read_to_string(&file).unwrap();
        for saved in ["one", "two"] {
            fs::write(&file, saved).unwrap();
            records.forget_config().unwrap();
            records.set_pending(&pending()).unwrap();
            records.keep_config(config.path()).unwrap();
            fs::write(&file, "of the seed").unwrap();
            assert_eq!(records.restore_config(config.path()).unwrap(), std::slice::from_ref(&file));
            assert_eq!(text(), saved);
        }
        records.clear_pending().unwrap();
        fs::write(&file, "three").unwrap();
        assert!(records.restore_config(config.path()).unwrap().is_empty());
        assert_eq!(text(), "three");
    }

    #[test]
    fn the_first_copy_stays_and_what_a_power_cut_left_of_one_is_none() {
        let state = tempfile::tempdir().unwrap();
        let config = tempfile::tempdir().unwrap();
        let file = config.path().join("startup.xml");
        let records = Records::of(state.path());
        records.set_pending(&pending()).unwrap();
        fs::create_dir(state.path().join("upgrade/config.new")).unwrap();
        fs::write(&file, "saved").unwrap();
        assert!(records.restore_config(config.path()).unwrap().is_empty());
        records.keep_config(config.path()).unwrap();
        fs::write(&file, "of the seed").unwrap();
        records.keep_config(config.path()).unwrap();
        records.restore_config(config.path()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "saved");
        records.forget_config().unwrap();
        records.forget_config().unwrap();
        let left: Vec<_> = fs::read_dir(state.path().join("upgrade")).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}
