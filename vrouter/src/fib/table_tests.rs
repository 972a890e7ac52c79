use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use super::*;

fn hop(number: u32) -> NextHopId {
    NextHopId::new(number).unwrap()
}

/// The definition: the longest of all prefixes that contain the address.
fn naive<K: Key>(routes: &HashMap<K::Prefix, NextHopId>, address: K) -> Option<NextHopId> {
    (0..=K::BITS).rev().find_map(|length| routes.get(&address.prefix(length)).copied())
}

/// Applies changes to a table and to the model and compares them at the borders of every prefix.
fn agree<K: Key>(root: Root, changes: &[(K::Prefix, Option<u32>)], probes: impl Fn(K::Prefix) -> Vec<K>) {
    let mut fib = Fib::<K>::new(root, 1 << 20);
    let mut model = HashMap::new();
    for (prefix, change) in changes {
        let (before, expected) = match change {
            Some(number) => (fib.insert(*prefix, hop(*number)).unwrap(), model.insert(*prefix, hop(*number))),
            None => (fib.remove(*prefix), model.remove(prefix)),
        };
        assert_eq!(before, expected, "what {prefix:?} had before");
    }
    let addresses: Vec<K> = changes.iter().flat_map(|(prefix, _)| probes(*prefix)).collect();
    let mut batch = vec![0; addresses.len()];
    fib.lookup_batch(&addresses, &mut batch);
    for (address, found) in addresses.iter().zip(batch) {
        assert_eq!(NextHopId::new(found), naive(&model, *address), "{address:?} in {model:?}");
        assert_eq!(fib.lookup(*address), NextHopId::new(found));
    }
    assert_eq!(fib.routes().collect::<HashMap<_, _>>(), model);
    for prefix in model.keys() {
        fib.remove(*prefix);
    }
    assert!(fib.is_empty());
    assert_eq!(fib.tables(), 0, "tables are given back");
    for address in addresses {
        assert_eq!(fib.lookup(address), None);
    }
}

fn around_v4(prefix: Ipv4Net) -> Vec<Ipv4Addr> {
    let (first, last) = (prefix.network().to_bits(), prefix.broadcast().to_bits());
    [first, last, first.wrapping_sub(1), last.wrapping_add(1)].map(Ipv4Addr::from_bits).to_vec()
}

fn around_v6(prefix: Ipv6Net) -> Vec<Ipv6Addr> {
    let (first, last) = (prefix.network().to_bits(), prefix.broadcast().to_bits());
    [first, last, first.wrapping_sub(1), last.wrapping_add(1)].map(Ipv6Addr::from_bits).to_vec()
}

/// Prefixes that nest often: few different bits.
fn nested_v4() -> impl Strategy<Value = (Ipv4Net, Option<u32>)> {
    (0..4_u32, 0..4_u32, 0..=32_u8, prop::option::weighted(0.7, 1..6_u32)).prop_map(
        |(high, low, length, change)| {
            (Ipv4Addr::from_bits((high << 30) | (low << 7) | low).prefix(length), change)
        },
    )
}

fn nested_v6() -> impl Strategy<Value = (Ipv6Net, Option<u32>)> {
    (0..4_u128, 0..4_u128, 0..=128_u8, prop::option::weighted(0.7, 1..6_u32)).prop_map(
        |(high, low, length, change)| {
            (Ipv6Addr::from_bits((high << 126) | (low << 90) | (low << 60) | low).prefix(length), change)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn ipv4_agrees_with_the_definition(changes in prop::collection::vec(nested_v4(), 1..40)) {
        agree::<Ipv4Addr>(Root::Small, &changes, around_v4);
    }

    #[test]
    fn ipv6_agrees_with_the_definition(changes in prop::collection::vec(nested_v6(), 1..40)) {
        agree::<Ipv6Addr>(Root::Small, &changes, around_v6);
    }
}

#[test]
fn a_full_root_agrees_too() {
    let changes: Vec<(Ipv4Net, Option<u32>)> =
        ["10.0.0.0/8", "10.1.1.0/24", "10.1.1.128/25", "10.1.1.129/32"]
            .iter()
            .zip(1..)
            .map(|(prefix, number)| (prefix.parse().unwrap(), Some(number)))
            .collect();
    agree::<Ipv4Addr>(Root::Full, &changes, around_v4);
}

#[test]
fn removing_a_route_uncovers_the_one_around_it_and_no_other() {
    let mut fib = Fib::<Ipv4Addr>::new(Root::Small, 100);
    let net = |text: &str| text.parse::<Ipv4Net>().unwrap();
    for (prefix, number) in
        [("0.0.0.0/0", 1), ("10.0.0.0/8", 2), ("10.0.0.0/9", 3), ("10.0.0.0/25", 4), ("10.0.0.7/32", 5)]
    {
        fib.insert(net(prefix), hop(number)).unwrap();
    }
    let look = |fib: &Fib<Ipv4Addr>, address: [u8; 4]| fib.lookup(address.into()).map(NextHopId::get);
    assert_eq!(fib.remove(net("10.0.0.0/9")), Some(hop(3)));
    assert_eq!(look(&fib, [10, 0, 1, 0]), Some(2));
    assert_eq!(look(&fib, [10, 0, 0, 1]), Some(4));
    assert_eq!(look(&fib, [10, 0, 0, 7]), Some(5));
    assert_eq!(fib.remove(net("10.0.0.0/9")), None, "it is gone");
    assert_eq!(fib.remove(net("0.0.0.0/0")), Some(hop(1)));
    assert_eq!(look(&fib, [11, 0, 0, 0]), None);
    assert_eq!(look(&fib, [10, 0, 0, 7]), Some(5));
}

#[test]
fn a_full_table_says_so_and_keeps_its_answers() {
    let mut fib = Fib::<Ipv4Addr>::new(Root::Small, 2);
    let net = |text: &str| text.parse::<Ipv4Net>().unwrap();
    fib.insert(net("10.0.0.0/32"), hop(1)).unwrap();
    let error = fib.insert(net("10.1.0.0/24"), hop(2)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no room for route 10.1.0.0/24: 2 of 2 tables of 1 KiB are in use; raise the limit of the table"
    );
    assert_eq!((fib.len(), fib.lookup([10, 1, 0, 0].into())), (1, None));
    fib.insert(net("10.0.0.1/32"), hop(3)).expect("needs no further table");
    fib.insert(net("10.0.0.0/16"), hop(4)).expect("needs no further table");
    fib.remove(net("10.0.0.0/32"));
    fib.remove(net("10.0.0.1/32"));
    fib.insert(net("10.1.0.0/24"), hop(2)).expect("tables were given back");
}
