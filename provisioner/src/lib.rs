//! Day-0/1/2 provisioner for vRouter appliances.
//!
//! Read in this order: [`site`] (what it is told), [`node`] (states and the engine), [`service`] (the parts together),
//! [`web`] (what machines fetch), [`api`] and [`cli`] (what operators use).

pub mod api;
pub mod boot;
pub mod cli;
pub mod events;
pub mod node;
pub mod service;
pub mod site;
pub mod store;
#[cfg(test)]
mod testing;
pub mod web;

/// An error with its causes, each once, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
