//! Comparing a page of the tables with the RIB.

use ipnet::IpNet;

use super::page::RoutePage;
use super::{Finding, PAGE};
use crate::fib::NextHopId;
use crate::rib::Rib;

/// What differs after a prefix, as far as both sides are known, and up to where that is; `None` when it is to the end.
pub(super) fn compare(rib: &Rib, after: Option<IpNet>, page: &RoutePage) -> (Vec<Finding>, Option<IpNet>) {
    let decided: Vec<(IpNet, NextHopId)> = rib.installed(after).take(PAGE).collect();
    let held_to = page.routes.last().filter(|_| !page.end).map(|(prefix, _)| *prefix);
    let decided_to = decided.last().filter(|_| decided.len() == PAGE).map(|(prefix, _)| *prefix);
    let known_to = [held_to, decided_to].into_iter().flatten().min();
    let known = |prefix: &IpNet| known_to.is_none_or(|end| *prefix <= end);
    let mut held = page.routes.iter().filter(|(prefix, _)| known(prefix)).peekable();
    let mut findings = Vec::new();
    for (prefix, id) in decided.into_iter().filter(|(prefix, _)| known(prefix)) {
        while let Some((stale, _)) = held.next_if(|(other, _)| *other < prefix) {
            findings.push(Finding::Stale(*stale));
        }
        if held.next_if(|(other, _)| *other == prefix).is_none_or(|(_, found)| *found != Some(id)) {
            findings.push(Finding::Missing(prefix));
        }
    }
    findings.extend(held.map(|(stale, _)| Finding::Stale(*stale)));
    (findings, known_to)
}
