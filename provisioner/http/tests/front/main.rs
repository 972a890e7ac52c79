//! The front as its clients see it.
#![cfg(test)]

mod clients;
mod hostile;
mod support;
mod transfers;
