use super::*;
use crate::wire::HwAddr;

const NOW: UnixSeconds = 1000;

fn client(n: u32) -> ClientIdentity {
    let mut mac = [2; 6];
    mac[2..].copy_from_slice(&n.to_be_bytes());
    ClientIdentity { hw: Some(HwAddr::ethernet(mac)), ..ClientIdentity::default() }
}

fn table(pool: &str) -> LeaseTable {
    let ranges = [pool.parse().unwrap()];
    LeaseTable::new([("10.0.0.0/8".parse().unwrap(), &ranges[..])])
}

fn find(table: &mut LeaseTable, n: u32, now: UnixSeconds) -> Option<Ipv4Addr> {
    let key = client(n).key().unwrap();
    table.find(&Wanted { subnet: 0, key: &key, reserved: None, asked: None, taken: &|_| false }, now)
}

fn bind(table: &mut LeaseTable, n: u32, ip: Ipv4Addr, now: UnixSeconds, until: UnixSeconds) {
    table.bind(NewLease { subnet: 0, ip, client: client(n), hostname: None }, now, until);
}

#[test]
fn a_hundred_thousand_leases_come_and_go_and_bookkeeping_stays_bounded() {
    const COUNT: u32 = 100_000;
    let mut table = table("10.1.0.0-10.3.255.255");
    for round in 0..3_u64 {
        let now = NOW + round * 1000;
        for n in 0..COUNT {
            let ip = find(&mut table, n, now).unwrap();
            table.offer(NewLease { subnet: 0, ip, client: client(n), hostname: None }, now, now + 60);
            bind(&mut table, n, ip, now, now + 500);
        }
        for n in 0..COUNT / 2 {
            let ip = table.of_client(0, &client(n).key().unwrap()).unwrap().ip;
            table.release(ip, now);
        }
        while table.expiry.len() > 0 {
            table.expire(now + 100_000);
        }
    }
    assert_eq!(table.iter().count(), COUNT as usize, "each client has kept its address");
    assert_eq!(table.by_key.len(), COUNT as usize);
}

#[test]
fn release_and_return_in_a_loop_do_not_grow_the_queues() {
    let mut table = table("10.0.0.1-10.0.0.4");
    for round in 0..10_000_u64 {
        let now = NOW + round * 100;
        let ip = find(&mut table, 7, now).unwrap();
        table.offer(NewLease { subnet: 0, ip, client: client(7), hostname: None }, now, now + 60);
        bind(&mut table, 7, ip, now, now + 1_000_000);
        table.release(ip, now + 1);
        table.expire(now + 1);
    }
    assert!(table.hints() <= 2 * 4 + EXPIRE_BATCH + 1, "{} hints for one address", table.hints());
    let free: Vec<_> = (100..104).map_while(|n| find(&mut table, n, NOW)).collect();
    assert_eq!(free.len(), 4, "each address is in the queue once: {free:?}");
    assert_eq!(find(&mut table, 200, NOW), None);
}

#[test]
fn after_loading_the_last_word_counts_and_free_addresses_are_found() {
    let mut before = table("10.0.0.1-10.0.0.4");
    let ips: Vec<Ipv4Addr> = (1..=4).map(|n| Ipv4Addr::new(10, 0, 0, n)).collect();
    let mut journal = Vec::new();
    for (n, ip) in (1..).zip(&ips) {
        bind(&mut before, n, *ip, NOW, NOW + 100);
        journal.push(before.by_ip(*ip).unwrap().clone());
    }
    journal.push(before.release(ips[1], NOW).unwrap().clone());
    journal.push(before.decline(0, ips[2], NOW, NOW + 5000).unwrap().clone());
    let mut after = table("10.0.0.1-10.0.0.4");
    after.load(journal, NOW + 50);
    assert_eq!(find(&mut after, 1, NOW + 50), Some(ips[0]), "a lease is where it was");
    assert_eq!(find(&mut after, 2, NOW + 50), Some(ips[1]), "and so is one given back");
    assert_eq!(find(&mut after, 3, NOW + 50), Some(ips[1]), "a declined one is not");
    after.expire(NOW + 101);
    let key = client(9).key().unwrap();
    let got = after
        .find(&Wanted { subnet: 0, key: &key, reserved: None, asked: None, taken: &|_| false }, NOW + 101);
    assert!(
        got.is_some_and(|ip| ip != ips[2]),
        "expired ones are given out, the declined one is not: {got:?}"
    );
}

#[test]
fn a_client_that_lost_its_address_does_not_take_the_new_holder_along() {
    let mut table = table("10.0.0.1-10.0.0.1");
    let ip = Ipv4Addr::new(10, 0, 0, 1);
    bind(&mut table, 1, ip, NOW, NOW + 10);
    bind(&mut table, 2, ip, NOW + 20, NOW + 30);
    assert!(table.of_client(0, &client(1).key().unwrap()).is_none());
    assert_eq!(table.of_client(0, &client(2).key().unwrap()).unwrap().ip, ip);
}

#[test]
fn reserved_addresses_return_to_the_pool_when_the_reservation_goes() {
    let mut table = table("10.0.0.1-10.0.0.2");
    let first = Ipv4Addr::new(10, 0, 0, 1);
    let key = client(1).key().unwrap();
    let find = |table: &mut LeaseTable, reserved: bool| {
        let taken = move |ip| reserved && ip == first;
        table.find(&Wanted { subnet: 0, key: &key, reserved: None, asked: None, taken: &taken }, NOW)
    };
    assert_eq!(find(&mut table, true), Some(Ipv4Addr::new(10, 0, 0, 2)));
    assert_eq!(find(&mut table, true), None);
    table.unpark();
    assert_eq!(find(&mut table, true), None);
    table.unpark();
    assert_eq!(find(&mut table, false), Some(first));
}

#[test]
fn what_the_journal_must_hold_is_all_but_offers() {
    let mut table = table("10.0.0.1-10.0.0.9");
    bind(&mut table, 1, Ipv4Addr::new(10, 0, 0, 1), NOW, NOW + 10);
    let offered = NewLease { subnet: 0, ip: Ipv4Addr::new(10, 0, 0, 2), client: client(2), hostname: None };
    table.offer(offered, NOW, NOW + 60);
    let mut bytes = Vec::new();
    assert_eq!(table.encode_all(NOW, &mut bytes), 1);
    assert_eq!(record::decode(&bytes).unwrap().0.ip, Ipv4Addr::new(10, 0, 0, 1));
}
