//! Fills a reply: addresses, times, boot file and the options that the client asked for.

use super::{Exchange, Output, plan::PlannedOption};
use crate::{
    client::FirmwareKind,
    config::Boot,
    wire::{MessageType, Packet, ReplyWriter, code},
};
use std::{borrow::Cow, net::Ipv4Addr};

/// Which settings a reply carries.
pub(super) enum Grant {
    /// An address with the subnet's lease time.
    Lease(Ipv4Addr),
    /// Settings alone, for DHCPINFORM.
    Settings,
}

/// Codes of option 55 once each, in the client's order; `None` when it sent no list and so takes everything.
struct Asked(Option<Vec<u8>>);

impl Asked {
    fn of(packet: &Packet<'_>) -> Self {
        Self(packet.get(code::PARAMETERS).map(|list| {
            let mut seen = [false; 256];
            list.iter().copied().filter(|c| !std::mem::replace(&mut seen[usize::from(*c)], true)).collect()
        }))
    }

    fn wants(&self, code: u8) -> bool {
        self.0.as_ref().is_none_or(|list| list.contains(&code))
    }
}

/// The boot file of this client, unless its node must not boot from the network.
pub(super) fn boot_of<'x>(x: &'x Exchange<'_>) -> Option<(&'x Boot, Cow<'x, str>)> {
    let boot = x.subnet.config.boot.as_ref()?;
    if x.node.as_ref().is_some_and(|node| !node.may_boot) {
        return None;
    }
    let own = x.node.as_ref().and_then(|node| node.uefi_x64.as_deref());
    Some((boot, boot.file(x.firmware, own)?))
}

/// Writes an offer or an acknowledgement; the result is the boot file that it names.
pub(super) fn positive(
    x: &Exchange<'_>,
    kind: MessageType,
    grant: &Grant,
    out: &mut Output,
) -> Option<Box<str>> {
    let mut reply = ReplyWriter::begin(&mut out.replies, x.packet, kind, x.subnet.server);
    // RFC 2131 table 3: DHCPACK carries the client's own `ciaddr`, DHCPOFFER zero.
    if kind == MessageType::Ack {
        reply.ciaddr(x.packet.ciaddr());
    }
    if let Grant::Lease(ip) = grant {
        reply.yiaddr(*ip);
        let lease = x.subnet.config.lease_time.get();
        reply.option(code::LEASE_TIME, &lease.to_be_bytes());
        reply.option(code::RENEWAL_TIME, &(lease / 2).to_be_bytes());
        reply.option(code::REBINDING_TIME, &(lease - lease / 8).to_be_bytes());
    }
    reply.option(code::SUBNET_MASK, &x.subnet.config.subnet.netmask().octets());
    echo_identity(x, &mut reply);
    let asked = Asked::of(x.packet);
    let boot = boot_of(x);
    if let Some((boot, file)) = &boot {
        // UEFI takes an offer for HTTP boot only with this class (UEFI 2.10 §24.7.2).
        if x.firmware.kind == FirmwareKind::HttpClient {
            reply.option(code::VENDOR_CLASS, b"HTTPClient");
        }
        boot_fields(&mut reply, boot, file, &asked);
    }
    settings(x, &mut reply, &asked);
    out.left_out += reply.finish();
    boot.map(|(_, file)| file.into())
}

/// `siaddr`, `file` and, where the client asks or the name is long, options 66 and 67.
fn boot_fields(reply: &mut ReplyWriter<'_>, boot: &Boot, file: &str, asked: &Asked) {
    reply.siaddr(boot.next_server);
    let fits = reply.file(file.as_bytes());
    if !fits || asked.wants(code::BOOT_FILE) {
        reply.option(code::BOOT_FILE, file.as_bytes());
    }
    if asked.wants(code::TFTP_SERVER) {
        reply.option(code::TFTP_SERVER, boot.next_server.to_string().as_bytes());
    }
}

/// RFC 6842 §3: "MUST return the 'client identifier' option, unaltered"; PXE 2.1 wants option 97 back too.
fn echo_identity(x: &Exchange<'_>, reply: &mut ReplyWriter<'_>) {
    for code in [code::CLIENT_ID, code::CLIENT_UUID] {
        if let Some(value) = x.packet.get(code) {
            reply.option(code, &value);
        }
    }
}

/// Options of node and subnet in the order of option 55, the node's before the subnet's; those marked `always` last.
fn settings(x: &Exchange<'_>, reply: &mut ReplyWriter<'_>, asked: &Asked) {
    let mut own: Vec<PlannedOption> = Vec::new();
    if let Some(node) = &x.node {
        own.extend(node.options.iter().map(PlannedOption::extra));
        if let Some(name) = &node.hostname
            && !own.iter().any(|o| o.code == code::HOST_NAME)
        {
            own.push(PlannedOption {
                code: code::HOST_NAME,
                value: name.clone().into_bytes(),
                always: false,
            });
        }
    }
    let subnet = x.subnet.options.iter().filter(|o| !own.iter().any(|n| n.code == o.code));
    let all: Vec<&PlannedOption> = own.iter().chain(subnet).collect();
    match &asked.0 {
        None => all.iter().for_each(|o| reply.option(o.code, &o.value)),
        Some(list) => {
            for code in list {
                if let Some(option) = all.iter().find(|o| o.code == *code) {
                    reply.option(option.code, &option.value);
                }
            }
            for option in all.iter().filter(|o| o.always && !list.contains(&o.code)) {
                reply.option(option.code, &option.value);
            }
        }
    }
}

/// Writes a DHCPNAK with its reason as text (RFC 2131 table 3 allows nothing else).
pub(super) fn negative(x: &Exchange<'_>, why: &str, out: &mut Output) {
    let mut reply = ReplyWriter::begin(&mut out.replies, x.packet, MessageType::Nak, x.subnet.server);
    // RFC 2131 §4.3.2: behind a relay "the server MUST set the broadcast bit", the client may have a wrong address.
    if !x.packet.giaddr().is_unspecified() {
        reply.broadcast();
    }
    reply.option(code::MESSAGE, why.as_bytes());
    if let Some(id) = x.packet.get(code::CLIENT_ID) {
        reply.option(code::CLIENT_ID, &id);
    }
    out.left_out += reply.finish();
}

/// Writes the answer of proxy mode: a boot file and no address (PXE 2.1 §2.4.5).
pub(super) fn proxy(x: &Exchange<'_>, kind: MessageType, boot: &Boot, file: &str, out: &mut Output) {
    let mut reply = ReplyWriter::begin(&mut out.replies, x.packet, kind, x.subnet.server);
    if kind == MessageType::Ack {
        reply.ciaddr(x.packet.ciaddr());
    }
    let http = x.firmware.kind == FirmwareKind::HttpClient;
    reply.option(code::VENDOR_CLASS, if http { b"HTTPClient" } else { b"PXEClient" });
    echo_identity(x, &mut reply);
    if !http {
        reply.option(code::VENDOR, &pxe_vendor_options(x.packet));
    }
    boot_fields(&mut reply, boot, file, &Asked::of(x.packet));
    out.left_out += reply.finish();
}

/// `PXE_DISCOVERY_CONTROL` (tag 6) with bit 3, load the file that this packet names without prompt, menu or discovery;
/// and `PXE_BOOT_ITEM` (tag 71) returned when the client asked a boot server for an item (PXE 2.1 table 2-1).
fn pxe_vendor_options(packet: &Packet<'_>) -> Vec<u8> {
    let mut options = vec![6, 1, 8];
    if let Some(sent) = packet.get(code::VENDOR) {
        let mut rest = sent.as_ref();
        while let [tag, len, tail @ ..] = rest {
            let Some(value) = tail.get(..usize::from(*len)) else { break };
            if *tag == 71 && *len == 4 {
                options.extend_from_slice(&[71, 4]);
                options.extend_from_slice(value);
                break;
            }
            rest = &tail[value.len()..];
        }
    }
    options.push(255);
    options
}
