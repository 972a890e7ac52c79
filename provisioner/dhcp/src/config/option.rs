//! Options by number and typed value.

use serde::{Deserialize, Serialize, de::Error as _};
use std::net::Ipv4Addr;

/// One option for a subnet or a node: `{code: 150, value: {ips: [192.0.2.1]}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraOption {
    /// Option code, 1 to 254; those that the protocol itself uses are refused.
    pub code: u8,
    /// What it carries.
    pub value: OptionValue,
    /// Send it even when the client does not ask for it in option 55.
    #[serde(default)]
    pub always: bool,
}

/// A typed value, encoded as RFC 2132 and RFC 3925 write such data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptionValue {
    /// One IPv4 address.
    Ip(Ipv4Addr),
    /// IPv4 addresses in order.
    Ips(Vec<Ipv4Addr>),
    /// Text without a closing NUL.
    Text(String),
    /// One byte.
    U8(u8),
    /// 16 bits in network order.
    U16(u16),
    /// 32 bits in network order.
    U32(u32),
    /// One byte, 1 or 0.
    Bool(bool),
    /// Bytes as hexadecimal digits; `:` and blanks between them are skipped.
    #[serde(deserialize_with = "hex", serialize_with = "to_hex")]
    Hex(Vec<u8>),
}

impl OptionValue {
    /// The bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Ip(ip) => ip.octets().to_vec(),
            Self::Ips(ips) => ips.iter().flat_map(Ipv4Addr::octets).collect(),
            Self::Text(text) => text.clone().into_bytes(),
            Self::U8(value) => vec![*value],
            Self::U16(value) => value.to_be_bytes().to_vec(),
            Self::U32(value) => value.to_be_bytes().to_vec(),
            Self::Bool(value) => vec![u8::from(*value)],
            Self::Hex(bytes) => bytes.clone(),
        }
    }
}

fn to_hex<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    serializer.serialize_str(&digits.join(":"))
}

fn hex<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|c| *c != ':' && *c != ' ')
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect();
    match digits {
        Some(digits) if digits.len() % 2 == 0 => Ok(digits.chunks(2).map(|d| d[0] << 4 | d[1]).collect()),
        _ => Err(D::Error::custom(format!("{text:?} is not an even number of hexadecimal digits"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_of_encodings() {
        for (yaml, bytes) in [
            ("ip: 10.0.0.1", &[10, 0, 0, 1][..]),
            ("ips: [10.0.0.1, 10.0.0.2]", &[10, 0, 0, 1, 10, 0, 0, 2]),
            ("text: ab", b"ab"),
            ("u8: 7", &[7]),
            ("u16: 258", &[1, 2]),
            ("u32: 16909060", &[1, 2, 3, 4]),
            ("bool: true", &[1]),
            ("hex: 'de:ad be'", &[0xde, 0xad, 0xbe]),
        ] {
            let value: OptionValue = serde_saphyr::from_str(yaml).unwrap_or_else(|e| panic!("{yaml}: {e}"));
            assert_eq!(value.encode(), bytes, "{yaml}");
            let again: OptionValue = serde_json::from_value(serde_json::to_value(&value).unwrap()).unwrap();
            assert_eq!(again, value, "{yaml}");
        }
    }
}
