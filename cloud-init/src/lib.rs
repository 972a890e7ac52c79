//! Day-1 data of a vRouter: what an operator may say, how it becomes a cloud-init seed, and whether that seed is right.
//!
//! Read in this order: [`Day1`] (the data), [`render()`] (data -> the four `NoCloud` files), [`template`] (the strict
//! engine behind it, also used for boot scripts), [`NoCloudFile`] (how a server names and types the files), [`datasource`]
//! (the same data in the words of OpenStack and EC2), [`media`] (seeds as volumes), [`check`] (cloud-init's own opinion of
//! them). Everything but [`check`] is pure.
//!
//! Behaviour is pinned to cloud-init 22.4.2, which Debian 12 ships; where it differs from newer ones, a comment says so.

#[macro_use]
pub mod text;

pub mod check;
pub mod datasource;
mod day1;
mod install;
pub mod media;
pub mod network;
mod nocloud;
mod render;
pub mod template;
mod user;

pub use day1::{Command, Day1, Day1Error, Identity, StartupConfig, StartupFormat, WriteFile};
pub use install::{After, DiskHints, InstallAnswer, InstallImage};
pub use nocloud::{NoCloudFile, UnknownFile};
pub use render::{RenderError, Seed, Templates, render};
pub use user::User;
