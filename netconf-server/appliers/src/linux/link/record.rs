//! What interfaces were before the configuration asked something of them: one small file each, so that a change costs
//! what it changes. They live in `/run`, as what they tell of ends with the kernel.

use super::Wish;
use crate::files::{self, FileError, Mode};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What an interface was before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::linux) struct Record {
    /// Its index: another one of the same name is another interface.
    pub(in crate::linux) index: u32,
    pub(in crate::linux) before: Wish,
}

/// The folder of the records.
#[derive(Debug, Clone)]
pub(in crate::linux) struct Records(PathBuf);

impl Records {
    pub(in crate::linux) fn new(run: &Path) -> Self {
        Self(run.join("interfaces"))
    }

    /// What the interface with this name and index was before. A file that does not read is none: it was cut off by a
    /// crash before anything was changed.
    pub(in crate::linux) fn get(&self, name: &str, index: u32) -> Result<Wish, FileError> {
        let text = files::read(&self.0.join(name))?;
        let record: Option<Record> = text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(record.filter(|record| record.index == index).map(|record| record.before).unwrap_or_default())
    }

    /// Keeps what an interface was before; nothing is kept of one of which nothing is asked.
    pub(in crate::linux) fn put(&self, name: &str, index: u32, before: &Wish) -> Result<(), FileError> {
        let path = self.0.join(name);
        if *before == Wish::default() {
            return files::remove(&path);
        }
        let record = Record { index, before: before.clone() };
        let text = serde_json::to_string(&record).map_err(|e| FileError::new("write", &path, e.into()))?;
        files::write(&path, &text, Mode::PUBLIC)
    }

    /// Names of interfaces of which something is kept.
    pub(in crate::linux) fn names(&self) -> Result<Vec<String>, FileError> {
        files::names(&self.0)
    }
}

impl Wish {
    /// Both; what `self` has counts.
    pub(in crate::linux) fn or(self, other: Self) -> Self {
        Self {
            up: self.up.or(other.up),
            mtu: self.mtu.or(other.mtu),
            alias: self.alias.or(other.alias),
            ipv4: self.ipv4.or(other.ipv4),
            ipv6: self.ipv6.or(other.ipv6),
            forwarding4: self.forwarding4.or(other.forwarding4),
            forwarding6: self.forwarding6.or(other.forwarding6),
            ipv6_off: self.ipv6_off.or(other.ipv6_off),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Records, Wish};

    #[test]
    fn records_come_back_for_the_same_interface_only() {
        let dir = tempfile::tempdir().unwrap();
        let records = Records::new(dir.path());
        let before = Wish { mtu: Some(1500), ..Wish::default() };
        assert!(records.names().unwrap().is_empty());
        records.put("p0", 7, &before).unwrap();
        assert_eq!(records.get("p0", 7).unwrap(), before);
        assert_eq!(records.get("p0", 8).unwrap(), Wish::default());
        assert_eq!(records.names().unwrap(), ["p0"]);
        std::fs::write(dir.path().join("interfaces/p0"), "{\"ind").unwrap();
        assert_eq!(records.get("p0", 7).unwrap(), Wish::default());
        records.put("p0", 7, &Wish::default()).unwrap();
        assert!(records.names().unwrap().is_empty());
    }
}
