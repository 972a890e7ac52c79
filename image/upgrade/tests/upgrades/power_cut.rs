//! The power is cut at every write of an upgrade: the disk boots a whole image, and the one that ran before is still there.

use daybreak_layout::Slot;

use crate::rig::{Built, Lost, Rig, SECTOR};

/// Places to cut at, in sectors written so far: around and in the middle of every write.
pub(crate) fn cuts(writes: &[(u64, u64)]) -> Vec<u64> {
    let mut cuts = Vec::new();
    let mut done = 0;
    for (_, length) in writes {
        let sectors = length.div_ceil(SECTOR);
        cuts.extend([done, done + 1, done + sectors / 2, done + sectors - 1]);
        done += sectors;
    }
    cuts.sort_unstable();
    cuts.dedup();
    cuts.retain(|cut| *cut < done);
    cuts
}

/// What must hold whenever the power goes.
fn check(rig: &Rig, case: &str) {
    let first = rig.boot();
    let image = rig.whole(first);
    assert!(image.is_some(), "{case}: slot {first:?} is started and is not whole");
    let next = rig.boot();
    let image = rig.whole(next);
    assert!(image.is_some(), "{case}: slot {next:?} is started next and is not whole");
    // Nobody confirmed the new image, so the machine comes to rest in the old one.
    assert_eq!((next, image), (Slot::A, Some("1.0")), "{case}");
}

fn cut_everywhere(rig: &Rig, before: Option<&Built>, armed: bool) {
    let prepare = || {
        rig.reset(before);
        if armed {
            let power = rig.power(u64::MAX / SECTOR, Lost::Nothing);
            rig.upgrade(&power, before.unwrap()).unwrap();
        }
    };
    prepare();
    let power = rig.power(u64::MAX / SECTOR, Lost::Nothing);
    rig.upgrade(&power, &rig.new).unwrap();
    assert_eq!(rig.boot(), Slot::B, "a whole upgrade is tried");
    assert_eq!(rig.whole(Slot::B), Some("2.0"));
    let cuts = cuts(&power.borrow().writes);
    assert!(cuts.len() >= 10, "{cuts:?}");
    for cut in cuts {
        for lost in [Lost::Nothing, Lost::Everything, Lost::AllButTheLast] {
            prepare();
            let power = rig.power(cut, lost);
            rig.upgrade(&power, &rig.new).unwrap_err();
            check(rig, &format!("cut after {cut} sectors, lost: {lost:?}"));
        }
    }
}

#[test]
fn into_an_empty_slot() {
    let rig = Rig::new();
    cut_everywhere(&rig, None, false);
}

#[test]
fn over_an_image_that_was_to_be_tried() {
    let rig = Rig::new();
    cut_everywhere(&rig, Some(&rig.old), true);
}

#[test]
fn what_is_not_the_image_of_the_manifest_leaves_an_empty_slot() {
    let rig = Rig::new();
    let root = rig.new.folder.join("root.squashfs");
    let good = std::fs::read(&root).unwrap();
    let mut flipped = good.clone();
    flipped[200_000] ^= 4;
    for (bytes, word) in [(&flipped[..], "does not match"), (&good[..good.len() - 1], "does not match")] {
        rig.reset(Some(&rig.old));
        std::fs::write(&root, bytes).unwrap();
        let power = rig.power(u64::MAX / SECTOR, Lost::Nothing);
        let error = rig.upgrade(&power, &rig.new).unwrap_err().to_string();
        assert!(error.contains(word) && error.contains("root.squashfs"), "{error}");
        assert_eq!((rig.boot(), rig.whole(Slot::B)), (Slot::A, None));
    }
}
