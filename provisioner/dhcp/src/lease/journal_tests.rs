use super::*;
use crate::{
    client::ClientIdentity,
    lease::{LeaseState, NewLease},
    wire::HwAddr,
};
use parking_lot::RwLock;
use std::net::Ipv4Addr;

fn lease(n: u8) -> Lease {
    Lease {
        ip: Ipv4Addr::new(10, 0, 0, n),
        client: ClientIdentity {
            hw: Some(HwAddr::ethernet([2, 0, 0, 0, 0, n])),
            ..ClientIdentity::default()
        },
        hostname: None,
        state: LeaseState::Bound,
        start: 1000,
        expires: 2000,
    }
}

fn records(numbers: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    numbers.into_iter().for_each(|n| record::encode(&lease(n), &mut bytes));
    bytes
}

fn empty_table() -> RwLock<LeaseTable> {
    RwLock::new(LeaseTable::new([("10.0.0.0/24".parse().unwrap(), &["10.0.0.0/24".parse().unwrap()][..])]))
}

/// A journal with three leases, closed.
fn three() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leases.journal");
    let (mut journal, leases, report) = Journal::open(&path).unwrap();
    assert_eq!((leases.len(), report), (0, LoadReport::default()));
    journal.compact(&empty_table(), 1000).unwrap();
    journal.append(&records(1..=2)).unwrap();
    journal.append(&records([3])).unwrap();
    (folder, path)
}

#[test]
fn what_was_appended_is_read_back() {
    let (_folder, path) = three();
    let (journal, leases, report) = Journal::open(&path).unwrap();
    assert_eq!(leases, [lease(1), lease(2), lease(3)]);
    assert_eq!(report, LoadReport { records: 3, torn_bytes: 0, damaged_bytes: 0 });
    assert!(!journal.wants_compaction());
}

#[test]
fn a_tail_torn_at_any_byte_loses_only_the_last_record() {
    let (_folder, path) = three();
    let whole = fs::read(&path).unwrap();
    let last = records([3]).len();
    for cut in 1..last {
        fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        let (mut journal, leases, report) = Journal::open(&path).unwrap();
        assert_eq!(leases, [lease(1), lease(2)], "cut {cut}");
        assert_eq!(report.torn_bytes, (last - cut) as u64);
        assert!(journal.append(&records([9])).is_err(), "nothing is put behind a torn tail");
        let table = empty_table();
        table.write().load(leases, 1000);
        journal.compact(&table, 1000).unwrap();
        journal.append(&records([9])).unwrap();
        drop(journal);
        let (_, leases, report) = Journal::open(&path).unwrap();
        assert_eq!((leases.len(), report.torn_bytes, report.damaged_bytes), (3, 0, 0));
    }
}

#[test]
fn a_tail_of_zeroes_is_a_torn_tail() {
    let (_folder, path) = three();
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend([0; 4096]);
    fs::write(&path, &bytes).unwrap();
    let (_, leases, report) = Journal::open(&path).unwrap();
    assert_eq!((leases.len(), report.torn_bytes), (3, 4096));
}

#[test]
fn damage_in_the_middle_loses_only_the_damaged_record() {
    let (_folder, path) = three();
    let mut bytes = fs::read(&path).unwrap();
    let second = MAGIC.len() + records([1]).len();
    bytes[second + 10] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let (_, leases, report) = Journal::open(&path).unwrap();
    assert_eq!(leases, [lease(1), lease(3)]);
    assert_eq!(report.damaged_bytes, records([2]).len() as u64);
}

#[test]
fn a_crash_at_the_very_first_start_is_survived() {
    let (_folder, path) = three();
    for len in 0..MAGIC.len() {
        fs::write(&path, &MAGIC[..len]).unwrap();
        let (journal, leases, _) = Journal::open(&path).unwrap();
        assert!(leases.is_empty() && journal.wants_compaction());
    }
}

#[test]
fn another_file_is_refused_and_left_alone() {
    let (_folder, path) = three();
    fs::write(&path, "duid 1 2 3 and more").unwrap();
    assert!(matches!(Journal::open(&path), Err(JournalError::Foreign { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "duid 1 2 3 and more");
}

#[test]
fn two_processes_cannot_share_a_journal() {
    let (_folder, path) = three();
    let first = Journal::open(&path).unwrap();
    assert!(matches!(Journal::open(&path), Err(JournalError::InUse { .. })));
    drop(first);
    Journal::open(&path).unwrap();
}

#[test]
fn rewriting_keeps_every_lease_and_bounds_the_file() {
    let (_folder, path) = three();
    let (mut journal, leases, _) = Journal::open(&path).unwrap();
    let table = empty_table();
    table.write().load(leases, 1000);
    let renewals = records(std::iter::repeat_n(1, 20_000));
    let mut appended = 0;
    while !journal.wants_compaction() {
        journal.append(&renewals).unwrap();
        appended += 20_000;
        assert!(appended < 1_000_000, "it never wants to be rewritten");
    }
    journal.compact(&table, 1000).unwrap();
    assert!(fs::metadata(&path).unwrap().len() < 1000);
    table.write().bind(
        NewLease { subnet: 0, ip: lease(4).ip, client: lease(4).client, hostname: None },
        1000,
        2000,
    );
    journal.append(&records([4])).unwrap();
    drop(journal);
    let (_, mut leases, _) = Journal::open(&path).unwrap();
    leases.sort_by_key(|lease| lease.ip);
    assert_eq!(leases, [lease(1), lease(2), lease(3), lease(4)]);
}

#[test]
fn an_interrupted_rewriting_leaves_the_old_file() {
    let (folder, path) = three();
    fs::write(folder.path().join("leases.new"), b"half a fi").unwrap();
    let (mut journal, leases, _) = Journal::open(&path).unwrap();
    assert_eq!(leases.len(), 3);
    let table = empty_table();
    table.write().load(leases, 1000);
    journal.compact(&table, 1000).unwrap();
    drop(journal);
    assert_eq!(Journal::open(&path).unwrap().1.len(), 3);
}

#[test]
fn a_failed_rewriting_is_reported_and_the_old_file_still_works() {
    let (folder, path) = three();
    let (mut journal, _, _) = Journal::open(&path).unwrap();
    // A folder in the way of the new file: this fails for root too.
    fs::create_dir(folder.path().join("leases.new")).unwrap();
    let error = journal.compact(&empty_table(), 1000).unwrap_err().to_string();
    assert!(error.contains("leases.journal") && error.contains("new file"), "{error}");
    journal.append(&records([4])).unwrap();
    drop(journal);
    assert_eq!(Journal::open(&path).unwrap().1.len(), 4);
}
