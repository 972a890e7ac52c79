//! `vrouter upgrade status`.

use daybreak_layout::grub::GrubEnv;
use daybreak_layout::{Manifest, Slot};
use daybreak_upgrade::{Last, Outcome, Pending, Situation, situation};
use serde_json::{Value, json};

/// Everything that is known of an appliance's slots.
pub(super) struct Status {
    pub(super) running: Slot,
    /// In the order of the slots.
    pub(super) images: [Option<Manifest>; 2],
    pub(super) env: Option<GrubEnv>,
    pub(super) pending: Option<Pending>,
    pub(super) last: Option<Last>,
}

impl Status {
    /// What of the running slot counts.
    fn state(&self) -> &'static str {
        match situation(self.env.as_ref(), self.running, self.pending.as_ref()) {
            Situation::OnTrial => "on-trial",
            Situation::Armed => "switching",
            Situation::Settled | Situation::FellBack | Situation::Confirmed => "confirmed",
        }
    }

    fn next(&self) -> Slot {
        match self.env.as_ref() {
            Some(env) if env.tries_left() == Some(0) => {
                env.slot().map_or(self.running, daybreak_upgrade::other)
            }
            Some(env) => env.slot().unwrap_or(Slot::A),
            None => Slot::A,
        }
    }

    pub(super) fn json(&self) -> Value {
        let slots = [Slot::A, Slot::B].into_iter().zip(&self.images).map(|(slot, image)| {
            let image = image.as_ref().map(|i| json!({"name": i.name(), "version": i.version()}));
            json!({"slot": slot.letter(), "running": slot == self.running, "image": image})
        });
        json!({
            "result": "status",
            "running": self.running.letter(),
            "state": self.state(),
            "next_boot": self.next().letter(),
            "slots": slots.collect::<Vec<_>>(),
            "pending": self.pending,
            "last": self.last,
        })
    }

    pub(super) fn text(&self) -> String {
        let mut lines = Vec::new();
        for (slot, image) in [Slot::A, Slot::B].into_iter().zip(&self.images) {
            let image = image
                .as_ref()
                .map_or_else(|| "empty".to_owned(), |i| format!("{} {}", i.name(), i.version()));
            let mut notes = Vec::new();
            if slot == self.running {
                notes.push(if self.state() == "on-trial" { "running, on trial" } else { "running" });
            }
            if slot == self.next() {
                notes.push("next boot");
            }
            let notes = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join(", ")) };
            lines.push(format!("slot {}: {image}{notes}\n", slot.letter()));
        }
        if let (Some(pending), "switching") = (&self.pending, self.state()) {
            lines.push(format!("{}: {} is tried at the next boot\n", pending.kind, pending.to));
        }
        if let Some(last) = &self.last {
            let outcome = match last.outcome {
                Outcome::Confirmed => "confirmed",
                Outcome::FellBack => "FELL BACK",
                Outcome::Stuck => "NOT WELL, and no other image to go back to",
            };
            let time = i64::try_from(last.at).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
            let time = time.map(|time| format!("{time} ")).unwrap_or_default();
            lines.push(format!("last {}: {time}{}: {outcome}: {}\n", last.kind, last.to, last.reason));
            lines.extend(last.loaders.as_ref().map(|loaders| format!("boot loaders: {loaders}\n")));
        }
        lines.concat()
    }
}

#[cfg(test)]
mod tests {
    use daybreak_layout::{Architecture, FileEntry, Sha256Digest};
    use daybreak_upgrade::health::Expected;
    use daybreak_upgrade::{Fate, Image, Kind, Renewed};

    use super::*;

    fn status(env: GrubEnv) -> Status {
        let file = FileEntry { size: 1, sha256: Sha256Digest::of(b"") };
        let manifest = Manifest::new("vrouter", "1.0", Architecture::Amd64, "", file, file, file).unwrap();
        Status { running: Slot::A, images: [Some(manifest), None], env: Some(env), pending: None, last: None }
    }

    #[test]
    fn a_settled_machine() {
        let status = status(GrubEnv::confirmed(Slot::A));
        assert_eq!(status.text(), "slot a: vrouter 1.0  (running, next boot)\nslot b: empty\n");
        let json = status.json();
        assert_eq!(
            (&json["running"], &json["state"], &json["next_boot"]),
            (&"a".into(), &"confirmed".into(), &"a".into())
        );
        assert_eq!(json["slots"][1]["image"], Value::Null);
    }

    #[test]
    fn a_machine_that_is_about_to_switch() {
        let mut status = status(GrubEnv::on_trial(Slot::B));
        let image =
            |slot, version: &str| Image { slot, name: "vrouter".to_owned(), version: version.to_owned() };
        let (from, to) = (image(Slot::A, "1.0"), image(Slot::B, "2.0"));
        status.pending = Some(Pending {
            kind: Kind::Upgrade,
            from: from.clone(),
            to: to.clone(),
            expected: Expected::default(),
            seconds: 300,
            failure: None,
            keep_loaders: false,
        });
        status.last = Some(Last {
            kind: Kind::Upgrade,
            from,
            to,
            outcome: Outcome::FellBack,
            reason: "why".to_owned(),
            at: 0,
            loaders: None,
        });
        let text = status.text();
        assert!(text.contains("upgrade: vrouter 2.0 in slot b is tried at the next boot\n"), "{text}");
        assert!(
            text.contains("last upgrade: 1970-01-01T00:00:00Z vrouter 2.0 in slot b: FELL BACK: why\n"),
            "{text}"
        );
        assert_eq!(status.json()["state"], "switching");
    }

    #[test]
    fn the_boot_loaders_are_told_of_where_an_upgrade_has_dealt_with_them() {
        let image = |slot| Image { slot, name: "vrouter".to_owned(), version: "1".to_owned() };
        let mut status = status(GrubEnv::confirmed(Slot::A));
        let kept = Fate::Kept("grub 4 would replace grub 5".to_owned());
        status.last = Some(Last {
            kind: Kind::Upgrade,
            from: image(Slot::B),
            to: image(Slot::A),
            outcome: Outcome::Confirmed,
            reason: "why".to_owned(),
            at: 0,
            loaders: Some(Renewed { efi: kept, bios: Fate::Same, menu: Fate::Renewed }),
        });
        let line = "boot loaders: UEFI kept: grub 4 would replace grub 5; BIOS the same; menu renewed\n";
        assert!(status.text().ends_with(line), "{}", status.text());
        let loaders =
            json!({"efi": {"kept": "grub 4 would replace grub 5"}, "bios": "same", "menu": "renewed"});
        assert_eq!(status.json()["last"]["loaders"], loaders);
    }
}
