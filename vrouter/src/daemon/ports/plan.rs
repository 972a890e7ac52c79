//! From one configuration to another.

use super::wanted::Wanted;

/// What is to be done, in this order. Only the first three steps can fail, and each can be undone.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Ports that stay, as they are and as they are to be.
    pub(super) change: Vec<(Wanted, Wanted)>,
    /// Ports whose name or device a new one takes.
    pub(super) make_way: Vec<Wanted>,
    /// New ports.
    pub(super) add: Vec<Wanted>,
    /// Ports that go.
    pub(super) remove: Vec<Wanted>,
}

/// The way from `current` to `wanted`, in which no two ports exclude each other.
pub(super) fn plan(current: &[Wanted], wanted: &[Wanted]) -> Plan {
    let same = |a: &Wanted, b: &Wanted| a.name == b.name && a.device == b.device;
    let mut plan = Plan::default();
    for new in wanted {
        match current.iter().find(|old| same(old, new)) {
            None => plan.add.push(new.clone()),
            Some(old) if old != new => plan.change.push((old.clone(), new.clone())),
            Some(_) => {}
        }
    }
    for old in current.iter().filter(|old| !wanted.iter().any(|new| same(old, new))) {
        let in_the_way = plan.add.iter().any(|new| new.excludes(old));
        if in_the_way { plan.make_way.push(old.clone()) } else { plan.remove.push(old.clone()) }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::ports::wanted::check_port;

    fn port(text: &str) -> Wanted {
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap();
        let (name, device) = check_port(word(), word()).unwrap();
        Wanted { name, device, enabled: true, mtu: word().parse().unwrap() }
    }

    fn ports(list: &[&str]) -> Vec<Wanted> {
        list.iter().map(|text| port(text)).collect()
    }

    #[test]
    fn the_same_needs_nothing() {
        let list = ports(&["p0 ring 1500", "p1 tap:a 1500"]);
        assert_eq!(plan(&list, &list), Plan::default());
    }

    #[test]
    fn sorts_ports_by_what_becomes_of_them() {
        let current =
            ports(&["p0 ring 1500", "p1 tap:a 1500", "p2 tap:b 1500", "p3 null 1500", "p4 ring 1500"]);
        let wanted = ports(&["p0 ring 9000", "px tap:a 1500", "p2 tap:c 1500", "p4 ring 1500"]);
        let plan = plan(&current, &wanted);
        assert_eq!(plan.change, [(port("p0 ring 1500"), port("p0 ring 9000"))]);
        assert_eq!(plan.make_way, ports(&["p1 tap:a 1500", "p2 tap:b 1500"]), "its device, and its name");
        assert_eq!(plan.add, ports(&["px tap:a 1500", "p2 tap:c 1500"]));
        assert_eq!(plan.remove, ports(&["p3 null 1500"]));
    }
}
