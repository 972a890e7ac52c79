use std::net::Ipv4Addr;

use super::*;
use crate::fib::{Fib, Neighbours, NextHop, NextHopId, NextHopPath, NextHops, PortId, Root};
use crate::forward::Tables;
use crate::fpm::{FpmMessage, MAIN_TABLE, Path, Route, RouteKey, Target};
use crate::rib::{Limits, apply};

/// A RIB with `count` routes of each family, and tables that agree with it.
fn agreed(count: u32) -> (Rib, Tables) {
    let mut rib = Rib::new(Limits { next_hops: 2000, neighbours: 10 });
    rib.port_added(PortId(0), 10);
    for number in 0..count {
        let prefixes =
            [format!("10.{}.{}.0/24", number / 256, number % 256), format!("2001:db8:{number:x}::/48")];
        for prefix in prefixes {
            let gateway = Some(Ipv4Addr::from_bits(number % 700).into());
            let path = Path { gateway, interface: Some(10), weight: 1 };
            let key = RouteKey { table: MAIN_TABLE, prefix: prefix.parse().unwrap() };
            let target = Target::Paths(vec![path]);
            rib.fpm(FpmMessage::RouteAdd(Route { key, protocol: 186, metric: 20, target }));
        }
    }
    let (ipv4, ipv6) = (Fib::new(Root::Small, 10_000), Fib::new(Root::Small, 10_000));
    let mut tables = Tables::new(ipv4, ipv6, NextHops::new(2000), Neighbours::new(10));
    repair(&mut tables, rib.take_changes());
    (rib, tables)
}

fn repair(tables: &mut Tables, changes: Vec<Change>) {
    for change in changes {
        apply(tables, change).unwrap();
    }
}

/// One whole pass, which makes what it finds good.
fn pass(audit: &mut Audit, rib: &Rib, tables: &mut Tables) -> Findings {
    loop {
        let (changes, over) = match audit.step() {
            Step::NextHops(first) => {
                (audit.next_hops(rib, next_hop_page(tables, first, rib.highest_next_hop())), false)
            }
            Step::Routes(after) => audit.routes(rib, after, &route_page(tables, after)),
        };
        repair(tables, changes);
        if over {
            return audit.findings();
        }
    }
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let size = u32::try_from(PAGE).unwrap();
    for count in [0, 1, size / 2, size - 1, size, size + 1, 3 * size] {
        let (rib, mut tables) = agreed(count);
        let mut audit = Audit::default();
        assert_eq!(pass(&mut audit, &rib, &mut tables), Findings::default(), "{count} routes");
        assert_eq!(audit.passes(), 1);
    }
}

#[test]
fn every_kind_of_difference_is_found_once_and_made_good() {
    let (rib, mut tables) = agreed(1500);
    let id = |number| NextHopId::new(number).unwrap();
    // The first, the last, and one at the end of a page.
    for prefix in ["10.0.0.0/24", "10.5.219.0/24", "10.1.255.0/24"] {
        assert!(tables.ipv4.remove(prefix.parse().unwrap()).is_some());
    }
    assert!(tables.ipv6.remove("2001:db8:5db::/48".parse().unwrap()).is_some());
    // Led elsewhere.
    tables.ipv4.insert("10.0.5.0/24".parse().unwrap(), id(1)).unwrap();
    // Too many: before, among and after the others.
    for prefix in ["0.0.0.0/0", "10.3.0.0/16", "172.16.0.0/12"] {
        tables.ipv4.insert(prefix.parse().unwrap(), id(2)).unwrap();
    }
    tables.ipv6.insert("fd00::/8".parse().unwrap(), id(2)).unwrap();
    // Next hops.
    let elsewhere = NextHop::Path(NextHopPath { port: PortId(9), gateway: None });
    tables.next_hops.set(id(600), elsewhere.clone()).unwrap();
    tables.next_hops.clear(id(3));
    let mut audit = Audit::default();
    let found = pass(&mut audit, &rib, &mut tables);
    assert_eq!(found, Findings { missing: 5, stale: 4, next_hops: 2 });
    let (ipv4, ipv6) = (tables.ipv4.routes().collect::<Vec<_>>(), tables.ipv6.routes().collect::<Vec<_>>());
    assert_eq!(pass(&mut audit, &rib, &mut tables), Findings::default());
    let (_, good) = agreed(1500);
    assert!(ipv4.into_iter().eq(good.ipv4.routes()) && ipv6.into_iter().eq(good.ipv6.routes()));
    assert_eq!(tables.next_hops.get(id(600)), good.next_hops.get(id(600)));
}

#[test]
fn an_empty_table_is_a_table_that_lacks_everything() {
    let (rib, _) = agreed(2000);
    let (_, mut empty) = agreed(0);
    let mut audit = Audit::default();
    let found = pass(&mut audit, &rib, &mut empty);
    assert_eq!((found.missing, found.stale), (4000, 0));
    let (none, _) = agreed(0);
    let found = pass(&mut Audit::default(), &none, &mut empty);
    assert_eq!((found.missing, found.stale), (0, 4000));
    assert!(empty.ipv4.is_empty() && empty.ipv6.is_empty());
}
