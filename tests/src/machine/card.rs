//! Network cards: which hardware, where it is plugged in, and what its cable leads to.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::spec::{Line, comma};

/// Which hardware a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardModel {
    /// That of KVM and most clouds.
    Virtio,
    /// Intel 82540EM, conventional PCI.
    E1000,
    /// Intel 82574L.
    E1000e,
    /// Intel 82576.
    Igb,
    /// That of VMware.
    Vmxnet3,
    /// Realtek 8139, which DPDK has no driver for.
    Rtl8139,
}

impl CardModel {
    /// QEMU's name of it.
    pub const fn device(self) -> &'static str {
        match self {
            Self::Virtio => "virtio-net-pci",
            Self::E1000 => "e1000",
            Self::E1000e => "e1000e",
            Self::Igb => "igb",
            Self::Vmxnet3 => "vmxnet3",
            Self::Rtl8139 => "rtl8139",
        }
    }
}

/// Where a card is plugged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// On the board.
    Board,
    /// In a PCI Express slot of its own.
    Express,
    /// Behind a bridge to conventional PCI, which all such cards of the machine share.
    Bridge,
}

/// What a card's cable leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plug {
    /// A tap.
    Tap(String),
    /// UNIX sockets that carry a frame in each datagram: the card's own, and that of the other end.
    Frames {
        /// The card's.
        own: PathBuf,
        /// The other end's.
        other: PathBuf,
    },
}

/// A network card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Its hardware address, as `52:54:00:12:34:56`.
    pub mac: String,
    /// What it is plugged into.
    pub plug: Plug,
    /// Which hardware it is.
    pub model: CardModel,
    /// Where it is in the machine.
    pub slot: Slot,
    /// Whether its cable is in when the machine is switched on.
    pub cable: bool,
}

impl Card {
    /// A virtio card on the board, plugged into a tap.
    pub fn new(mac: &str, tap: String) -> Self {
        let (model, slot) = (CardModel::Virtio, Slot::Board);
        Self { mac: mac.to_owned(), plug: Plug::Tap(tap), model, slot, cable: true }
    }

    /// QEMU's arguments for card number `i`; `boot` is its place in the boot order. OVMF has its own driver and PXE client:
    /// the ROM would take their place, so it is there only for a card that boots by BIOS.
    pub(super) fn add(&self, line: &mut Line, i: usize, boot: Option<u32>, rom: bool, iommu: bool) {
        match &self.plug {
            Plug::Tap(tap) => {
                line.add("-netdev", &format!("tap,id=net{i},ifname={tap},script=no,downscript=no,vhost=off"))
            }
            Plug::Frames { own, other } => line.add(
                "-netdev",
                &format!(
                    "dgram,id=net{i},local.type=unix,local.path={},remote.type=unix,remote.path={}",
                    comma(own),
                    comma(other)
                ),
            ),
        };
        let mut device = format!("{},netdev=net{i},mac={}", self.model.device(), self.mac);
        match self.slot {
            Slot::Board => {}
            Slot::Express => {
                line.add("-device", &format!("pcie-root-port,id=slot{i},chassis={}", i + 1));
                let _ = write!(device, ",bus=slot{i}");
            }
            Slot::Bridge => {
                let _ = write!(device, ",bus={BRIDGE}");
            }
        }
        if let Some(place) = boot {
            let _ = write!(device, ",bootindex={place}");
        }
        if !rom {
            device += ",romfile=";
        }
        if iommu && self.model == CardModel::Virtio {
            device += super::spec::BEHIND_IOMMU;
        }
        line.add("-device", &device);
    }
}

/// QEMU's name of the bridge of [`Slot::Bridge`].
pub(super) const BRIDGE: &str = "bridge";
