//! Builds client packets for tests, by hand so that wrong ones can be made too.

use std::net::Ipv4Addr;

/// A packet to be.
#[derive(Clone)]
pub(crate) struct PacketSpec {
    header: [u8; 240],
    options: Vec<u8>,
}

impl PacketSpec {
    pub(crate) const MAC: [u8; 6] = [0x52, 0x54, 0, 0, 0, 7];

    pub(crate) fn of(kind: u8) -> Self {
        let mut header = [0; 240];
        header[..3].copy_from_slice(&[1, 1, 6]);
        header[4..8].copy_from_slice(&[0xde, 0xad, 0, kind]);
        header[236..240].copy_from_slice(&[99, 130, 83, 99]);
        Self { header, options: vec![53, 1, kind] }.mac(Self::MAC)
    }

    pub(crate) fn discover() -> Self {
        Self::of(1)
    }

    pub(crate) fn request() -> Self {
        Self::of(3)
    }

    /// The same packet with another message type.
    pub(crate) fn kind(mut self, kind: u8) -> Self {
        self.options[2] = kind;
        self
    }

    pub(crate) fn mac(mut self, mac: [u8; 6]) -> Self {
        self.header[28..34].copy_from_slice(&mac);
        self
    }

    pub(crate) fn no_hw(mut self) -> Self {
        self.header[2] = 0;
        self.mac([0; 6])
    }

    pub(crate) fn option(mut self, code: u8, value: &[u8]) -> Self {
        self.options.extend_from_slice(&[code, u8::try_from(value.len()).unwrap()]);
        self.options.extend_from_slice(value);
        self
    }

    pub(crate) fn ip_option(self, code: u8, ip: Ipv4Addr) -> Self {
        self.option(code, &ip.octets())
    }

    pub(crate) fn giaddr(mut self, ip: Ipv4Addr) -> Self {
        self.header[24..28].copy_from_slice(&ip.octets());
        self
    }

    pub(crate) fn ciaddr(mut self, ip: Ipv4Addr) -> Self {
        self.header[12..16].copy_from_slice(&ip.octets());
        self
    }

    pub(crate) fn broadcast(mut self) -> Self {
        self.header[10] = 0x80;
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.header.to_vec();
        bytes.extend_from_slice(&self.options);
        bytes.push(255);
        bytes
    }
}
