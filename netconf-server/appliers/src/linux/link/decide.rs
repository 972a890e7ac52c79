//! From what an interface is and what is asked of it to what is to be done.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What is asked of an interface; None: nothing. Also what it was before it was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::linux) struct Wish {
    pub(in crate::linux) up: Option<bool>,
    pub(in crate::linux) mtu: Option<u32>,
    pub(in crate::linux) alias: Option<String>,
    pub(in crate::linux) ipv4: Option<BTreeSet<IpNet>>,
    pub(in crate::linux) ipv6: Option<BTreeSet<IpNet>>,
    pub(in crate::linux) forwarding4: Option<bool>,
    pub(in crate::linux) forwarding6: Option<bool>,
    pub(in crate::linux) ipv6_off: Option<bool>,
}

/// An interface as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::linux) struct Seen {
    pub(in crate::linux) index: u32,
    pub(in crate::linux) up: bool,
    pub(in crate::linux) mtu: u32,
    /// Smallest and largest that it takes; 0 when not known.
    pub(in crate::linux) mtu_range: (u32, u32),
    pub(in crate::linux) alias: String,
    /// Without those that DHCP, router advertisements and the loopback itself gave.
    pub(in crate::linux) addresses: BTreeSet<IpNet>,
    /// None: the kernel has no such switch.
    pub(in crate::linux) forwarding4: Option<bool>,
    pub(in crate::linux) forwarding6: Option<bool>,
    pub(in crate::linux) ipv6_off: Option<bool>,
}

/// One thing to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::linux) enum Step {
    Up(bool),
    Mtu(u32),
    Alias(String),
    Remove(IpNet),
    Add(IpNet),
    Forwarding4(bool),
    Forwarding6(bool),
    Ipv6Off(bool),
}

/// What is to be done, in order, and what will have been before. Nothing is to be done where the wish is fulfilled.
pub(in crate::linux) fn decide(wish: &Wish, before: &Wish, seen: &Seen) -> (Vec<Step>, Wish) {
    let (up, up_before) = settle(wish.up, before.up, Some(&seen.up));
    let (mtu, mtu_before) = settle(wish.mtu, before.mtu, Some(&seen.mtu));
    let (alias, alias_before) = settle(wish.alias.clone(), before.alias.clone(), Some(&seen.alias));
    let (forwarding4, forwarding4_before) =
        settle(wish.forwarding4, before.forwarding4, seen.forwarding4.as_ref());
    let (forwarding6, forwarding6_before) =
        settle(wish.forwarding6, before.forwarding6, seen.forwarding6.as_ref());
    let (ipv6_off, ipv6_off_before) = settle(wish.ipv6_off, before.ipv6_off, seen.ipv6_off.as_ref());
    let of = |ipv4: bool| {
        // Link-local ones are the kernel's, unless the configuration asked for them.
        let asked = [wish, before].map(|one| if ipv4 { one.ipv4.as_ref() } else { one.ipv6.as_ref() });
        let asked = |net: &IpNet| asked.iter().flatten().any(|set| set.contains(net));
        let ours = |net: &&IpNet| net.addr().is_ipv4() == ipv4 && (asked(net) || !is_link_local(net.addr()));
        seen.addresses.iter().filter(ours).copied().collect::<BTreeSet<_>>()
    };
    let (now4, now6) = (of(true), of(false));
    let (ipv4, ipv4_before) = settle(wish.ipv4.clone(), before.ipv4.clone(), Some(&now4));
    let (ipv6, ipv6_before) = settle(wish.ipv6.clone(), before.ipv6.clone(), Some(&now6));

    let changes = [(now4, ipv4), (now6, ipv6)];
    let removed = changes.iter().flat_map(|(now, then)| {
        now.iter().filter(move |net| then.as_ref().is_some_and(|then| !then.contains(net)))
    });
    let added =
        changes.iter().flat_map(|(now, then)| then.iter().flatten().filter(move |net| !now.contains(net)));
    // IPv6 goes on before an address of it comes, and off after all.
    let mut steps: Vec<_> = ipv6_off.filter(|off| !off).map(Step::Ipv6Off).into_iter().collect();
    steps.extend(removed.copied().map(Step::Remove));
    steps.extend(mtu.map(Step::Mtu));
    steps.extend(alias.map(Step::Alias));
    steps.extend(up.map(Step::Up));
    steps.extend(added.copied().map(Step::Add));
    steps.extend(forwarding4.map(Step::Forwarding4));
    steps.extend(forwarding6.map(Step::Forwarding6));
    steps.extend(ipv6_off.filter(|off| *off).map(Step::Ipv6Off));
    let before = Wish {
        up: up_before,
        mtu: mtu_before,
        alias: alias_before,
        ipv4: ipv4_before,
        ipv6: ipv6_before,
        forwarding4: forwarding4_before,
        forwarding6: forwarding6_before,
        ipv6_off: ipv6_off_before,
    };
    (steps, before)
}

/// For one attribute: what to set it to, if anything, and what is to be kept as what it was before.
fn settle<T: Clone + PartialEq>(
    wish: Option<T>,
    before: Option<T>,
    now: Option<&T>,
) -> (Option<T>, Option<T>) {
    let differs = |value: &T| now != Some(value);
    match (wish, before) {
        (None, None) => (None, None),
        (None, Some(before)) => (Some(before).filter(differs), None),
        (Some(wish), before) => {
            let kept = before.or_else(|| now.cloned());
            (Some(wish).filter(differs), kept)
        }
    }
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::{Seen, Step, Wish, decide};
    use ipnet::IpNet;
    use std::collections::BTreeSet;

    fn nets(texts: &[&str]) -> BTreeSet<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn seen(addresses: &[&str]) -> Seen {
        Seen {
            index: 2,
            up: false,
            mtu: 1500,
            mtu_range: (68, 9000),
            alias: String::new(),
            addresses: nets(addresses),
            forwarding4: Some(true),
            forwarding6: Some(true),
            ipv6_off: Some(false),
        }
    }

    #[test]
    fn what_is_not_asked_for_stays() {
        let (steps, before) = decide(&Wish::default(), &Wish::default(), &seen(&["10.0.0.1/24"]));
        assert_eq!((steps, before), (vec![], Wish::default()));
    }

    #[test]
    fn what_was_before_is_kept_and_comes_back() {
        let wish = Wish {
            up: Some(true),
            mtu: Some(9000),
            alias: Some("x".to_owned()),
            ipv4: Some(nets(&["10.0.0.2/24"])),
            forwarding4: Some(false),
            ..Wish::default()
        };
        let first = seen(&["10.0.0.1/24", "2001:db8::1/64"]);
        let (steps, before) = decide(&wish, &Wish::default(), &first);
        assert_eq!(
            steps,
            [
                Step::Remove("10.0.0.1/24".parse().unwrap()),
                Step::Mtu(9000),
                Step::Alias("x".to_owned()),
                Step::Up(true),
                Step::Add("10.0.0.2/24".parse().unwrap()),
                Step::Forwarding4(false),
            ]
        );
        let then = Seen {
            up: true,
            mtu: 9000,
            alias: "x".to_owned(),
            addresses: nets(&["10.0.0.2/24", "2001:db8::1/64"]),
            forwarding4: Some(false),
            ..first.clone()
        };
        let (nothing, same) = decide(&wish, &before, &then);
        assert_eq!((nothing, &same), (vec![], &before), "a second time there is nothing to do");
        let (back, empty) = decide(&Wish::default(), &before, &then);
        assert_eq!(empty, Wish::default());
        assert_eq!(
            back,
            [
                Step::Remove("10.0.0.2/24".parse().unwrap()),
                Step::Mtu(1500),
                Step::Alias(String::new()),
                Step::Up(false),
                Step::Add("10.0.0.1/24".parse().unwrap()),
                Step::Forwarding4(true),
            ]
        );
    }

    #[test]
    fn a_second_wish_does_not_forget_what_was_before_the_first() {
        let wish = |mtu| Wish { mtu: Some(mtu), ..Wish::default() };
        let (_, before) = decide(&wish(9000), &Wish::default(), &seen(&[]));
        let (_, before) = decide(&wish(4000), &before, &Seen { mtu: 9000, ..seen(&[]) });
        assert_eq!(before.mtu, Some(1500));
    }

    #[test]
    fn link_local_addresses_are_the_kernels_unless_asked_for() {
        let none = Wish { ipv6: Some(nets(&[])), ..Wish::default() };
        let now = seen(&["fe80::1/64", "2001:db8::1/64"]);
        assert_eq!(
            decide(&none, &Wish::default(), &now).0,
            [Step::Remove("2001:db8::1/64".parse().unwrap())]
        );
        let asked = Wish { ipv6: Some(nets(&["fe80::1/64", "2001:db8::1/64"])), ..Wish::default() };
        assert_eq!(decide(&asked, &Wish::default(), &now).0, []);
    }

    #[test]
    fn ipv6_goes_on_first_and_off_last() {
        let on = Wish { ipv6: Some(nets(&["2001:db8::1/64"])), ipv6_off: Some(false), ..Wish::default() };
        let (steps, _) = decide(&on, &Wish::default(), &Seen { ipv6_off: Some(true), ..seen(&[]) });
        assert_eq!(steps, [Step::Ipv6Off(false), Step::Add("2001:db8::1/64".parse().unwrap())]);
        let off = Wish { ipv6: Some(nets(&[])), ipv6_off: Some(true), ..Wish::default() };
        let (steps, _) = decide(&off, &Wish::default(), &seen(&["2001:db8::1/64"]));
        assert_eq!(steps, [Step::Remove("2001:db8::1/64".parse().unwrap()), Step::Ipv6Off(true)]);
    }
}
