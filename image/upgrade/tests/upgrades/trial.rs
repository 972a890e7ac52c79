//! A slot on trial, from the boot to the verdict.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use daybreak_installer::Target;
use daybreak_layout::{Role, Slot};
use daybreak_upgrade::health::{Patience, Probe, Session};
use daybreak_upgrade::{
    Fate, Kind, Outcome, Pending, Renewed, Trial, UpgradeError, Verdict, arm, manifest_of, read_env,
};

use crate::rig::{Lost, Part, Rig, SECTOR};

/// A system of which everything answers, or nothing.
struct Daemons(bool);

impl Daemons {
    fn answer(&self) -> Result<(), String> {
        if self.0 { Ok(()) } else { Err("gone".to_owned()) }
    }
}

impl Probe for Daemons {
    fn netconfd(&mut self) -> Result<(), String> {
        self.answer()
    }
    fn vrouterd(&mut self) -> Result<(), String> {
        self.answer()
    }
    fn frr(&mut self) -> Result<(), String> {
        self.answer()
    }
    fn sessions(&mut self) -> Result<BTreeSet<Session>, String> {
        self.answer().map(|()| BTreeSet::new())
    }
}

/// Nobody waits.
struct Never;

impl Patience for Never {
    fn pause(&mut self, _: Duration, _: Duration) -> bool {
        false
    }
}

/// The boot loaders are not what these tests are about.
fn renewed(_: &mut dyn Target) -> Renewed {
    Renewed { efi: Fate::Renewed, bios: Fate::Renewed, menu: Fate::Same }
}

/// The boot of the menu, and the verdict of the system that it starts.
fn boot(rig: &Rig, well: bool) -> (Slot, Verdict) {
    let running = rig.boot();
    let mut esp = rig.steady(Role::Esp);
    let env = read_env(&mut esp).unwrap();
    let other = Role::Slot(daybreak_upgrade::other(running));
    let other_starts = manifest_of(&mut rig.steady(other)).unwrap().is_some();
    let records = rig.records();
    let config = rig.config();
    let renew = &mut renewed;
    let mut trial =
        Trial { running, other_starts, esp: &mut esp, records: &records, config: &config, now: 7, renew };
    let verdict = trial.judge(env.as_ref(), &mut Daemons(well), &mut Never).unwrap();
    (running, verdict)
}

fn upgraded() -> Rig {
    let rig = Rig::new();
    rig.upgrade(&rig.power(u64::MAX / SECTOR, Lost::Nothing), &rig.new).unwrap();
    rig
}

/// Judges the running slot b with an EFI system partition that may lose its power.
fn judge_b(rig: &Rig, mut esp: Part, well: bool) -> Result<Verdict, UpgradeError> {
    let env = read_env(&mut rig.steady(Role::Esp)).unwrap();
    let (records, config) = (rig.records(), rig.config());
    let mut trial = Trial {
        running: Slot::B,
        other_starts: true,
        esp: &mut esp,
        records: &records,
        config: &config,
        now: 7,
        renew: &mut renewed,
    };
    trial.judge(env.as_ref(), &mut Daemons(well), &mut Never)
}

#[test]
fn a_well_system_stays() {
    let rig = upgraded();
    assert_eq!(boot(&rig, true), (Slot::B, Verdict::Confirmed));
    for _ in 0..2 {
        assert_eq!(boot(&rig, true), (Slot::B, Verdict::Nothing));
    }
    let last = rig.records().last().unwrap().unwrap();
    assert_eq!((last.outcome, last.to.version.as_str(), last.at), (Outcome::Confirmed, "2.0", 7));
}

#[test]
fn an_upgrade_that_stays_brings_its_loaders_and_nothing_else_does() {
    let loaders = |rig: &Rig| rig.records().last().unwrap().unwrap().loaders;
    let rig = upgraded();
    boot(&rig, true);
    assert_eq!(loaders(&rig), Some(renewed(&mut rig.steady(Role::Esp))));

    let kept = upgraded();
    kept.records()
        .set_pending(&Pending { keep_loaders: true, ..kept.records().pending().unwrap().unwrap() })
        .unwrap();
    boot(&kept, true);
    assert_eq!(loaders(&kept), Some(Renewed::kept("as it was asked for")));

    let not_well = upgraded();
    boot(&not_well, false);
    boot(&not_well, true);
    assert_eq!(loaders(&not_well), None);

    // Back to the image of before.
    let pending = rig.pending(&rig.new.manifest);
    let back = Pending {
        kind: Kind::Rollback,
        from: pending.to,
        to: pending.from,
        ..rig.pending(&rig.new.manifest)
    };
    arm(&mut rig.steady(Role::Esp), &rig.records(), &back).unwrap();
    assert_eq!(boot(&rig, true), (Slot::A, Verdict::Confirmed));
    assert_eq!((rig.records().last().unwrap().unwrap().kind, loaders(&rig)), (Kind::Rollback, None));
}

#[test]
fn a_cut_between_the_verdict_and_the_loaders_is_made_good() {
    let rig = upgraded();
    assert_eq!(rig.boot(), Slot::B);
    // Confirmed, and then the power went: nothing was noted.
    let pending = rig.records().pending().unwrap();
    assert_eq!(judge_b(&rig, rig.steady(Role::Esp), true).unwrap(), Verdict::Confirmed);
    rig.records().set_pending(&pending.unwrap()).unwrap();
    fs::remove_file(rig.dir.path().join("upgrade/last.json")).unwrap();
    assert_eq!(boot(&rig, true), (Slot::B, Verdict::Confirmed));
    assert!(rig.records().last().unwrap().unwrap().loaders.is_some());
}

#[test]
fn a_system_that_is_not_well_goes_back_and_says_why() {
    let rig = upgraded();
    let (slot, verdict) = boot(&rig, false);
    assert_eq!(slot, Slot::B);
    assert!(matches!(&verdict, Verdict::Restart(reason) if reason.contains("netconfd")), "{verdict:?}");
    let (slot, verdict) = boot(&rig, false);
    assert_eq!(slot, Slot::A);
    assert!(matches!(&verdict, Verdict::FellBack(reason) if reason.contains("netconfd")), "{verdict:?}");
    assert_eq!(boot(&rig, true), (Slot::A, Verdict::Nothing));
    assert_eq!(rig.records().last().unwrap().unwrap().outcome, Outcome::FellBack);
}

/// The boot of the menu, and what runs in it before cloud-init.
fn first_boot(rig: &Rig) -> (Slot, Verdict) {
    let running = rig.boot();
    let mut esp = rig.steady(Role::Esp);
    let env = read_env(&mut esp).unwrap();
    let (records, config) = (rig.records(), rig.config());
    let renew = &mut renewed;
    let mut trial = Trial {
        running,
        other_starts: true,
        esp: &mut esp,
        records: &records,
        config: &config,
        now: 7,
        renew,
    };
    (running, trial.keep_config(env.as_ref()).unwrap())
}

#[test]
fn what_is_saved_until_the_restart_is_put_back_in_the_trial_and_after_it() {
    let rig = upgraded();
    let startup = rig.config().join("startup.xml");
    let text = || std::fs::read_to_string(&startup).unwrap();
    // Without --reboot the restart comes whenever somebody wants it.
    std::fs::write(&startup, "saved after the upgrade was asked for").unwrap();
    assert_eq!(first_boot(&rig), (Slot::B, Verdict::Nothing));
    std::fs::write(&startup, "of the seed").unwrap();
    rig.records().restore_config(&rig.config()).unwrap();
    assert_eq!(text(), "saved after the upgrade was asked for");
    std::fs::write(&startup, "of the trial").unwrap();
    let (slot, verdict) = boot(&rig, true);
    assert!(slot == Slot::A && matches!(verdict, Verdict::FellBack(_)), "{verdict:?}");
    assert_eq!(text(), "saved after the upgrade was asked for");
}

#[test]
fn a_trial_that_never_boots_puts_nothing_back() {
    let rig = upgraded();
    let startup = rig.config().join("startup.xml");
    std::fs::write(&startup, "saved after the upgrade was asked for").unwrap();
    // The menu counted the boot, and then the kernel did not load.
    assert_eq!(rig.boot(), Slot::B);
    let (slot, _) = boot(&rig, true);
    assert_eq!(slot, Slot::A);
    assert_eq!(std::fs::read_to_string(&startup).unwrap(), "saved after the upgrade was asked for");
}

#[test]
fn only_the_slot_on_trial_keeps_the_configuration() {
    let rig = upgraded();
    let kept = rig.dir.path().join("upgrade/config");
    assert!(!kept.exists());
    rig.boot();
    assert_eq!(first_boot(&rig), (Slot::A, Verdict::Nothing));
    assert!(!kept.exists());
}

#[test]
fn a_configuration_that_cannot_be_kept_is_not_written_over() {
    let rig = upgraded();
    // What a full or broken state partition answers with.
    let deep = (0..9).fold(rig.config(), |folder, _| folder.join("deeper"));
    std::fs::create_dir_all(deep).unwrap();
    let (slot, verdict) = first_boot(&rig);
    assert!(slot == Slot::B && matches!(verdict, Verdict::Restart(_)), "{verdict:?}");
    let (slot, verdict) = boot(&rig, true);
    assert_eq!(slot, Slot::A);
    assert!(matches!(&verdict, Verdict::FellBack(reason) if reason.contains("too deep")), "{verdict:?}");
}

#[test]
fn a_system_that_never_reports_is_left_by_the_menu() {
    let rig = upgraded();
    assert_eq!(first_boot(&rig), (Slot::B, Verdict::Nothing));
    let startup = rig.config().join("startup.xml");
    std::fs::write(&startup, "of the seed").unwrap();
    let (slot, verdict) = boot(&rig, true);
    assert_eq!(slot, Slot::A);
    assert!(
        matches!(&verdict, Verdict::FellBack(reason) if reason.contains("without reporting")),
        "{verdict:?}"
    );
    assert_eq!(std::fs::read_to_string(startup).unwrap(), "saved");
}

#[test]
fn a_slot_that_is_not_well_is_left_whatever_cannot_be_read_or_written() {
    for (in_the_way, word) in [("pending.json", "read"), ("pending.json.new", "cannot be noted")] {
        let rig = upgraded();
        assert_eq!(rig.boot(), Slot::B);
        // As a full or broken state partition: what is a folder is no record, and no place for one.
        let path = rig.dir.path().join("upgrade").join(in_the_way);
        let _ = std::fs::remove_file(&path);
        std::fs::create_dir(&path).unwrap();
        let power = rig.power(0, Lost::Nothing);
        let verdict = judge_b(&rig, rig.part(&power, Role::Esp), false);
        let Ok(Verdict::Restart(reason)) = verdict else { panic!("{in_the_way}: {verdict:?}") };
        let told = [word, "pending.json", "the menu cannot be told", "netconfd"];
        assert!(told.iter().all(|word| reason.contains(word)), "{in_the_way}: {reason}");
        assert_eq!(rig.boot(), Slot::A, "{in_the_way}");
    }
}

#[test]
fn without_a_way_back_it_does_not_restart_for_ever() {
    let rig = upgraded();
    rig.reset_slot_a();
    let (slot, verdict) = boot(&rig, false);
    assert_eq!(slot, Slot::B);
    assert!(matches!(verdict, Verdict::Stuck(_)), "{verdict:?}");
    assert_eq!(boot(&rig, false), (Slot::B, Verdict::Nothing));
}

#[test]
fn the_image_of_a_slot_is_read_without_mounting_it() {
    let rig = upgraded();
    let version =
        |slot| manifest_of(&mut rig.steady(Role::Slot(slot))).unwrap().map(|m| m.version().to_owned());
    assert_eq!((version(Slot::A), version(Slot::B)), (Some("1.0".to_owned()), Some("2.0".to_owned())));
    rig.reset(None);
    assert_eq!(version(Slot::B), None);
}

#[test]
fn every_cut_of_the_verdict_is_followed_by_a_whole_boot() {
    for well in [true, false] {
        let rig = Rig::new();
        for (cut, lost) in [(0, Lost::Nothing), (1, Lost::Everything), (1, Lost::Nothing)] {
            rig.reset(None);
            rig.upgrade(&rig.power(u64::MAX / SECTOR, Lost::Nothing), &rig.new).unwrap();
            assert_eq!(rig.boot(), Slot::B);
            let power = rig.power(cut, lost);
            match judge_b(&rig, rig.part(&power, Role::Esp), well) {
                Err(_) => assert!(well, "cut {cut}, lost {lost:?}: it does not restart"),
                Ok(Verdict::Restart(reason)) => {
                    assert!(!well && reason.contains("the power is cut"), "{reason}");
                }
                Ok(verdict) => panic!("{verdict:?}"),
            }
            let (slot, _) = boot(&rig, true);
            assert!(rig.whole(slot).is_some(), "well {well}, cut {cut}, lost {lost:?}");
            assert_eq!(boot(&rig, true), (slot, Verdict::Nothing), "it has come to rest");
        }
    }
}
