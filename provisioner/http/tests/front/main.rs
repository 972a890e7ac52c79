//! The front as its clients see it.

mod clients;
mod support;
