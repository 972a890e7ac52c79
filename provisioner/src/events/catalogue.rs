//! The one catalogue of events: code, level, what it means, the usual cause and what to do.
//!
//! `docs/events.md` is generated from it.

use serde::{Deserialize, Serialize};

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Part of the normal course.
    Info,
    /// Worth a look if it repeats.
    Warning,
    /// Somebody has to act.
    Error,
}

/// A row of the catalogue.
#[derive(Debug)]
pub struct Row {
    /// The stable code.
    pub code: Code,
    /// Its text form.
    pub name: &'static str,
    /// How much it matters.
    pub level: Level,
    /// One sentence: what happened.
    pub meaning: &'static str,
    /// One sentence: the usual cause.
    pub cause: &'static str,
    /// One sentence: what to do, empty for the normal course.
    pub remedy: &'static str,
}

macro_rules! catalogue {
    ($($variant:ident $name:literal $level:ident $meaning:literal, $cause:literal, $remedy:literal;)*) => {
        /// Stable code of an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $(#[doc = $meaning] #[serde(rename = $name)] $variant,)*
        }

        /// Every event.
        pub const CATALOGUE: &[Row] = &[$(Row {
            code: Code::$variant, name: $name, level: Level::$level,
            meaning: $meaning, cause: $cause, remedy: $remedy,
        },)*];
    };
}

catalogue! {
    NodeAdded "NODE-ADDED" Info
        "The node was added to the site.", "An operator added it.", "";
    NodeIntent "NODE-INTENT" Info
        "An operator asked for something.", "`node deploy` or `node abort`.", "";
    StateChanged "STATE-CHANGED" Info
        "The node went to another state.", "The reason is in the message.", "";
    StateFailed "STATE-FAILED" Error
        "The node was given up.", "The reason is in the message; the events before it say how far it came.",
        "Mend the cause, then run `daybreak node deploy NAME` and power the machine on.";
    DhcpOffered "DHCP-OFFERED" Info
        "An address was offered.", "The firmware, iPXE or the system looks for a server.", "";
    DhcpAcked "DHCP-ACKED" Info
        "An address was leased.", "The machine asked for the address it was offered, or renewed it.", "";
    DhcpNaked "DHCP-NAKED" Warning
        "A request was refused.", "The machine asked for an address that is not its own or not of this subnet.",
        "Nothing, if an offer follows; else look for a second DHCP server on the segment.";
    DhcpDeclined "DHCP-DECLINED" Warning
        "The machine found its address in use and declined it.", "Another machine has the address by hand.",
        "Find that machine (`arping`), then take the address out of the pool or give it a reservation.";
    DhcpReleased "DHCP-RELEASED" Info
        "The machine gave its address back.", "A clean shutdown.", "";
    DhcpInformed "DHCP-INFORMED" Info
        "The machine asked for options only.", "It has an address by other means.", "";
    DhcpProxied "DHCP-PROXIED" Info
        "Boot data was offered beside another DHCP server.", "The subnet is in proxy mode.", "";
    DhcpDropped "DHCP-DROPPED" Warning
        "A packet of the machine was not answered.", "The reason is in the message.",
        "If it names an empty pool, widen the pool or shorten the lease time.";
    TftpSent "TFTP-SENT" Info
        "A loader was sent by TFTP.", "The firmware boots from the network.", "";
    TftpRefused "TFTP-REFUSED" Warning
        "A TFTP request was refused.", "The name is not one of the loaders, or a limit was reached.",
        "`autoexec.ipxe` and `*.cfg` are asked for by habit and harmless; else check `loaders` in the site file.";
    TftpFailed "TFTP-FAILED" Warning
        "A TFTP transfer did not finish.", "The machine stopped answering: a reset, a cable, or a firmware that only asked for the size.",
        "If the same file is not sent a moment later, check the link and the firmware's console.";
    HttpSent "HTTP-SENT" Info
        "A file was sent by HTTP.", "A step of the boot or of the install.", "";
    HttpAborted "HTTP-ABORTED" Warning
        "An HTTP transfer broke off.", "The machine was reset or the link broke.",
        "The client asks again for the rest; if it does not, look at the machine's console.";
    BootInstall "BOOT-INSTALL" Info
        "The machine got the script that installs it.", "It is deploying.", "";
    BootDisk "BOOT-DISK" Info
        "The machine was sent to its disk.", "It is installed, or nothing is to be installed.", "";
    BootUnknown "BOOT-UNKNOWN" Warning
        "A machine that is not enrolled asked for a boot script.", "Its MAC address is in no node.",
        "Enrol it: `daybreak node add`; `daybreak discovered` lists such machines.";
    BootRefused "BOOT-REFUSED" Error
        "No boot script could be made.", "A template or the image is at fault; the message says which.",
        "Mend what the message names; `daybreak site check` finds it before a machine does.";
    SeedRead "SEED-READ" Info
        "A seed file was delivered.", "cloud-init or the installer read it.", "";
    MetadataRead "METADATA-READ" Info
        "The user-data was read from the metadata service.", "cloud-init found its datasource.", "";
    TokenRefused "TOKEN-REFUSED" Warning
        "A one-time token was refused.", "It was used before, belongs to an earlier state or boot, or was never given out.",
        "If no second boot explains it, somebody else on the segment is trying: look at the peer's address.";
    InstallStep "INSTALL-STEP" Info
        "The installer reached a step.", "The install goes on.", "";
    InstallDone "INSTALL-DONE" Info
        "The installer is done; the machine boots from its disk next.", "All was written and read back.", "";
    InstallFailed "INSTALL-FAILED" Error
        "The installer gave up.", "The code and the message are the installer's own; see `docs/install.md`.",
        "Mend what it names (often the disk hint), then `daybreak node deploy NAME`.";
    PhoneHome "PHONE-HOME" Info
        "The installed system phoned home with its SSH host keys.", "Day-1 is done.", "";
    EventsLost "EVENTS-LOST" Warning
        "Some packets or transfers are missing from the timelines.", "More happened at once than the queue holds.",
        "Nothing: the service itself is not affected. Counts are in the message.";
}

impl Code {
    /// Its row.
    pub fn row(self) -> &'static Row {
        &CATALOGUE[self as usize]
    }

    /// Its text form.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The code of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        CATALOGUE.iter().find(|row| row.name == name).map(|row| row.code)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::{CATALOGUE, Code, Level};
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_find_their_row() {
        let mut names = HashSet::new();
        for row in CATALOGUE {
            assert!(names.insert(row.name), "{} stands twice", row.name);
            assert_eq!(row.code.row().name, row.name);
            assert_eq!(Code::from_name(row.name), Some(row.code));
        }
    }

    #[test]
    fn what_needs_a_person_says_what_to_do() {
        for row in CATALOGUE {
            assert!(row.level == Level::Info || !row.remedy.is_empty(), "{} has no remedy", row.name);
            assert!(row.meaning.ends_with('.') && row.cause.ends_with('.'), "{}", row.name);
        }
    }
}
