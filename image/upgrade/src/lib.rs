//! Upgrades of an installed appliance.
//!
//! An image goes into the slot that is not running ([`fill`]), which is then started once on trial ([`arm`]). After that
//! boot the new system looks at itself ([`health`]) and confirms its slot, or goes back ([`Trial`]); without a word from it
//! GRUB goes back by itself, because the one try is used up.
//!
//! A new image that stays brings its boot loaders ([`renew`]).
//!
//! At every byte of this the disk boots a whole image. Each step is on the medium before the next one, which builds on it,
//! begins: the order is that of [`fill`] and [`arm`], and `tests/power_cut.rs` cuts it at every write.

mod bootenv;
mod error;
mod fill;
pub mod health;
mod held;
mod kept;
mod loaders;
mod machine;
mod record;
mod switch;
mod trial;
mod volume;

pub use bootenv::{read_env, write_env};
pub use error::UpgradeError;
pub use fill::{Prepared, fill, prepare};
pub use loaders::{Disk, Fate, Renewed, renew};
pub use machine::Machine;
pub use record::{Image, Kind, Last, Outcome, Pending, Records};
pub use switch::{arm, disarm, may_go_back, may_switch};
pub use trial::{Situation, Trial, Verdict, situation};
pub use volume::{manifest_of, other};
