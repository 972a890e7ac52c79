//! The front as its clients see it.
#![cfg(test)]

mod clients;
mod support;
