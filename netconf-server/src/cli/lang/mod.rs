//! The language of the command line: words, paths made of schema names, values, and what may come next. No I/O.

mod complete;
mod edit;
mod error;
mod models;
mod names;
mod secret;
mod suggest;
mod values;
mod walk;
mod words;

pub(super) use complete::{Offer, last_word, path_offer, words_offer};
pub(super) use edit::{Edited, delete, set};
pub(super) use error::LineError;
pub(super) use models::Models;
#[cfg(test)]
pub(super) use models::tests;
pub(super) use names::{Scope, label};
pub(super) use secret::{is_secret, names_secret};
pub(super) use suggest::pick;
pub(super) use values::{plain, short};
pub(super) use walk::{Walk, place};
pub(super) use words::{Word, quote, split};
