use super::{LARGEST_BATCH, Queue, QueueError, SMALLEST_LIMIT, segment};
use std::os::unix::fs::FileExt;
use std::path::Path;

fn open(folder: &Path) -> Queue {
    Queue::open(folder, SMALLEST_LIMIT).unwrap()
}

fn all(queue: &mut Queue) -> Vec<String> {
    let mut batches = Vec::new();
    while let Some(taken) = queue.take(1).unwrap() {
        queue.delivered(&taken).unwrap();
        batches.push(String::from_utf8(taken.bytes).unwrap());
    }
    batches
}

#[test]
fn batches_leave_in_the_order_in_which_they_came() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = open(dir.path());
    for batch in ["a", "b", "c"] {
        queue.append(batch.as_bytes(), 2).unwrap();
    }
    assert_eq!(queue.points(), 6);
    assert_eq!(all(&mut queue), ["a", "b", "c"]);
    assert_eq!((queue.points(), queue.gap()), (0, 0));
    assert_eq!(queue.take(100).unwrap(), None);
}

#[test]
fn taking_twice_gives_the_same_until_it_is_delivered() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = open(dir.path());
    queue.append(b"one", 1).unwrap();
    queue.append(b"two", 1).unwrap();
    let first = queue.take(1).unwrap().unwrap();
    assert_eq!(queue.take(1).unwrap().unwrap(), first);
    queue.delivered(&first).unwrap();
    assert_eq!(queue.take(1).unwrap().unwrap().bytes, b"two");
}

#[test]
fn batches_are_joined_up_to_the_limit_of_a_request() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = open(dir.path());
    for batch in ["aa\n", "bb\n", "cc\n"] {
        queue.append(batch.as_bytes(), 1).unwrap();
    }
    let taken = queue.take(6).unwrap().unwrap();
    assert_eq!((taken.bytes.as_slice(), taken.points), (b"aa\nbb\n".as_slice(), 2));
}

#[test]
fn what_was_not_delivered_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = open(dir.path());
    for batch in ["a", "b", "c"] {
        queue.append(batch.as_bytes(), 1).unwrap();
    }
    let first = queue.take(1).unwrap().unwrap();
    queue.delivered(&first).unwrap();
    drop(queue);
    let mut queue = open(dir.path());
    queue.append(b"d", 1).unwrap();
    assert_eq!(all(&mut queue), ["b", "c", "d"]);
}

#[test]
fn a_torn_end_is_cut_off_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = open(dir.path());
    queue.append(b"whole", 1).unwrap();
    queue.append(b"torn", 1).unwrap();
    let size = queue.size();
    drop(queue);
    for keep in (size - 4 - 12)..size {
        let path = segment::path(dir.path(), 0);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..usize::try_from(keep).unwrap()]).unwrap();
        let mut queue = open(dir.path());
        assert_eq!(queue.damaged(), 1, "{keep}");
        assert_eq!(queue.take(1).unwrap().unwrap().bytes, b"whole");
        queue.append(b"torn", 1).unwrap();
        assert_eq!(queue.size(), size);
    }
}

#[test]
fn a_damaged_record_is_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = open(dir.path());
    for batch in ["first", "second", "third"] {
        queue.append(batch.as_bytes(), 1).unwrap();
    }
    drop(queue);
    let file = std::fs::File::options().write(true).open(segment::path(dir.path(), 0)).unwrap();
    file.write_all_at(b"X", 13 + 5 + 13 + 2).unwrap();
    let mut queue = open(dir.path());
    assert_eq!(queue.damaged(), 1);
    assert_eq!(all(&mut queue), ["first"]);
}

#[test]
fn at_the_limit_the_oldest_go_and_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = open(dir.path());
    let batch = |number: u8| vec![number; LARGEST_BATCH];
    for number in 0..40 {
        queue.append(&batch(number), 10).unwrap();
        assert!(queue.size() <= SMALLEST_LIMIT, "{}", queue.size());
    }
    let waiting = queue.points();
    assert!(waiting > 0 && queue.gap() > 0);
    assert_eq!(waiting + queue.gap(), 400);
    let oldest = queue.take(1).unwrap().unwrap();
    assert_eq!(u64::from(oldest.bytes[0]) * 10, queue.gap());
    let on_disk: u64 =
        std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(on_disk, queue.size());
}

#[test]
fn a_smaller_limit_removes_the_oldest_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = Queue::open(dir.path(), 4 * SMALLEST_LIMIT).unwrap();
    for number in 0..40 {
        queue.append(&vec![number; LARGEST_BATCH], 10).unwrap();
    }
    assert_eq!(queue.gap(), 0);
    queue.set_limit(SMALLEST_LIMIT).unwrap();
    assert!(queue.size() <= SMALLEST_LIMIT && queue.points() > 0, "{}", queue.size());
    assert_eq!(queue.points() + queue.gap(), 400);
}

#[test]
fn what_was_delivered_while_the_limit_removed_it_is_no_gap() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = open(dir.path());
    queue.append(&vec![1; LARGEST_BATCH], 5).unwrap();
    let under_way = queue.take(1).unwrap().unwrap();
    let mut added = 5;
    while queue.gap() == 0 {
        queue.append(&vec![2; LARGEST_BATCH], 1).unwrap();
        added += 1;
    }
    queue.delivered(&under_way).unwrap();
    assert_eq!(queue.gap() + queue.points() + 5, added);
}

#[test]
fn delivered_segments_leave_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = open(dir.path());
    for _ in 0..200 {
        queue.append(&vec![1; LARGEST_BATCH], 1).unwrap();
        let taken = queue.take(1).unwrap().unwrap();
        queue.delivered(&taken).unwrap();
        assert!(queue.size() <= SMALLEST_LIMIT / 8);
    }
    assert_eq!((queue.gap(), queue.points()), (0, 0));
}

#[test]
fn numbers_go_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = open(dir.path());
    for number in 0..6 {
        queue.append(&vec![number; LARGEST_BATCH], 1).unwrap();
    }
    drop(queue);
    let mut queue = open(dir.path());
    queue.append(&[6], 1).unwrap();
    let firsts: Vec<u8> = all(&mut queue).iter().map(|batch| batch.as_bytes()[0]).collect();
    assert_eq!(firsts, [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_batch_that_is_too_large_is_refused_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = open(dir.path());
    let error = queue.append(&vec![0; LARGEST_BATCH + 1], 3).unwrap_err();
    assert!(matches!(error, QueueError::TooLarge { .. }));
    assert_eq!((queue.gap(), queue.points()), (3, 0));
}

#[test]
fn a_queue_has_one_user() {
    let dir = tempfile::tempdir().unwrap();
    let _queue = open(dir.path());
    let error = Queue::open(dir.path(), SMALLEST_LIMIT).unwrap_err();
    assert!(matches!(error, QueueError::Locked { .. }), "{error}");
}

#[test]
fn a_file_that_is_no_segment_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("notes.txt"), "x").unwrap();
    let mut queue = open(dir.path());
    queue.append(b"a", 1).unwrap();
    assert_eq!(all(&mut queue), ["a"]);
    assert!(dir.path().join("notes.txt").exists());
}
