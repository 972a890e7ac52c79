//! What the DHCP server did.

use crate::events::{Code, NewEvent};
use crate::node::Firmware;
use crate::service::Service;
use crate::service::leases::identity;
use daybreak_dhcp::client::{Arch, FirmwareKind};
use daybreak_dhcp::{Event, Outcome};
use serde_json::json;

impl Service {
    pub(super) fn told_dhcp(&self, event: &Event) -> Option<NewEvent> {
        let registry = self.engine.registry();
        let node = registry.with_identity(&identity(&event.client), |node| node.id)?;
        let now = self.engine.now();
        let leased = if let Outcome::Ack { ip, .. } = event.outcome { Some(ip) } else { None };
        let firmware = event.firmware.and_then(booting);
        registry.see(node, |status| {
            status.last_seen = Some(now);
            status.address = leased.or(status.address);
            status.firmware = firmware.or(status.firmware);
        });
        let file = |file: &Option<Box<str>>| {
            file.as_ref().map_or_else(String::new, |file| format!(", boot file {file}"))
        };
        let (code, message) = match &event.outcome {
            Outcome::Offer { ip, boot_file } => (Code::DhcpOffered, format!("{ip}{}", file(boot_file))),
            Outcome::Ack { ip, boot_file } => (Code::DhcpAcked, format!("{ip}{}", file(boot_file))),
            Outcome::Nak { reason } => (Code::DhcpNaked, reason.name().to_owned()),
            Outcome::Decline { ip } => (Code::DhcpDeclined, ip.to_string()),
            Outcome::Release { ip } => (Code::DhcpReleased, ip.to_string()),
            Outcome::Inform { ip } => (Code::DhcpInformed, ip.to_string()),
            Outcome::Proxy { boot_file } => (Code::DhcpProxied, format!("boot file {boot_file}")),
            Outcome::Dropped { reason } => (Code::DhcpDropped, reason.name().to_owned()),
        };
        let fields = json!({"mac": event.client.to_string(), "firmware": firmware});
        Some(self.engine.event(Some(node), code, message, fields))
    }
}

/// The firmware under whatever boots, `None` for an operating system.
fn booting(firmware: daybreak_dhcp::client::Firmware) -> Option<Firmware> {
    if firmware.kind == FirmwareKind::NotBooting {
        return None;
    }
    firmware
        .arch
        .map(|arch| if matches!(arch, Arch::Bios | Arch::HttpBios) { Firmware::Bios } else { Firmware::Uefi })
}
