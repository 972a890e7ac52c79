//! Values as people type them: identities without the name of their module where that is clear.

use std::fmt::Write as _;
use std::sync::Arc;

use daybreak_datastore::schema::{Encoding, SchemaId};
use daybreak_yang::LeafType;
use daybreak_yang::yang5::schema::DataValueType as Base;

use super::suggest::closest;
use super::{LineError, Models};

/// Names in a description of what is accepted.
const SHOWN: usize = 12;

/// The canonical value that a word means.
///
/// # Errors
/// [`LineError::Value`] with what is accepted.
pub(crate) fn read(models: &Models, id: SchemaId, text: &str) -> Result<Arc<str>, LineError> {
    if let Ok(value) = models.schema.canonical(id, text) {
        return Ok(value);
    }
    if let Some(name) = identity(models, id, text)
        && let Ok(value) = models.schema.canonical(id, &name)
    {
        return Ok(value);
    }
    let names = choices(models, id);
    Err(LineError::Value {
        node: models.schema.node(id).name.to_string(),
        value: text.to_owned(),
        closest: closest(text, names.iter().map(|(name, _)| name.as_str())).map(str::to_owned),
        accepted: format!("accepted: {}", accepted(models, id)),
    })
}

/// The identity of that name, if it is the only one that the leaf may have.
fn identity(models: &Models, id: SchemaId, text: &str) -> Option<String> {
    if text.contains(':') {
        return None;
    }
    let kind = models.leaf_type(id)?;
    let mut fitting = models.identities_of(&kind).into_iter().filter(|name| name.name == text);
    let found = fitting.next()?;
    fitting.next().is_none().then(|| found.to_string())
}

/// A canonical value as it is shown: what [`read`] makes it again.
pub(crate) fn short<'v>(models: &Models, id: SchemaId, value: &'v str) -> &'v str {
    let qualified = matches!(models.schema.node(id).encoding(), Some(Encoding::Identity | Encoding::Union));
    match value.split_once(':') {
        Some((_, name)) if qualified && identity(models, id, name).as_deref() == Some(value) => name,
        _ => value,
    }
}

/// A value of state as people read it: identities without their module.
pub(crate) fn plain(value: &str) -> &str {
    value.split_once(':').map_or(value, |(_, name)| name)
}

/// The values that can be listed, each with what it means.
pub(super) fn choices(models: &Models, id: SchemaId) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Some(kind) = models.leaf_type(id) {
        collect(models, id, &kind, &mut found);
    }
    found
}

fn collect(models: &Models, id: SchemaId, kind: &LeafType, found: &mut Vec<(String, String)>) {
    match kind {
        LeafType::Enumeration(items) => {
            found.extend(items.iter().map(|item| (item.name.clone(), String::new())));
        }
        LeafType::Bits(names) => found.extend(names.iter().map(|name| (name.clone(), String::new()))),
        LeafType::Plain(Base::Bool) => {
            found.extend(["true", "false"].map(|name| (name.to_owned(), String::new())));
        }
        LeafType::Identityref { .. } => found.extend(models.identities_of(kind).into_iter().map(|name| {
            let full = name.to_string();
            (short(models, id, &full).to_owned(), format!("of {}", name.module))
        })),
        LeafType::Union(members) => members.iter().for_each(|member| collect(models, id, member, found)),
        LeafType::Leafref { target, .. } => collect(models, id, target, found),
        _ => {}
    }
}

/// What a leaf accepts, in a few words.
pub(super) fn accepted(models: &Models, id: SchemaId) -> String {
    let Some(kind) = models.leaf_type(id) else { return "nothing".to_owned() };
    let node = models.schema.node(id);
    let typedef = node.yang.leaf_type().and_then(|leaf| leaf.typedef_name());
    let mut text = match (&kind, typedef) {
        (LeafType::Enumeration(_) | LeafType::Identityref { .. } | LeafType::Union(_), _) => {
            let names = choices(models, id);
            match names.len() {
                0 => "a value of its type".to_owned(),
                few if few <= SHOWN => list(&names, few),
                many => format!("{}, ... ({many} in all)", list(&names, SHOWN)),
            }
        }
        (LeafType::Bits(names), _) => format!("any of {}", names.join(", ")),
        (LeafType::InstanceIdentifier { .. }, _) => "the path of a node".to_owned(),
        (LeafType::Plain(base), typedef) => {
            let base = base_text(*base);
            match typedef {
                // Names such as uint8 or string say no more than the base does.
                Some(name) if name.contains('-') => format!("{base} ({name})"),
                _ => base.to_owned(),
            }
        }
        (LeafType::Leafref { .. }, _) => "the name of something configured elsewhere".to_owned(),
    };
    let ranges = daybreak_yang::ranges(&node.yang);
    if !ranges.is_empty() {
        let part = |(low, high): &(i128, i128)| {
            if low == high { low.to_string() } else { format!("{low}..{high}") }
        };
        let parts: Vec<_> = ranges.iter().map(part).collect();
        let _ = write!(text, " of {}", parts.join(", "));
    }
    if let Some(units) = node.yang.units() {
        let _ = write!(text, ", in {units}");
    }
    text
}

fn list(names: &[(String, String)], count: usize) -> String {
    names.iter().take(count).map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

fn base_text(base: Base) -> &'static str {
    match base {
        Base::Bool => "true, false",
        Base::Uint8 | Base::Uint16 | Base::Uint32 | Base::Uint64 => "a number",
        Base::Int8 | Base::Int16 | Base::Int32 | Base::Int64 => "a number, also below 0",
        Base::Dec64 => "a decimal number",
        Base::Binary => "base64",
        Base::Empty => "no value",
        _ => "a text",
    }
}

#[cfg(test)]
mod tests {
    use super::super::models::tests::models;
    use super::*;

    fn id(path: &str) -> SchemaId {
        models().schema.find(path).unwrap()
    }

    #[test]
    fn values_are_read_and_shown() {
        for (path, typed, canonical, shown) in [
            ("/interfaces/interface/enabled", "true", "true", "true"),
            ("/interfaces/interface/ipv4/mtu", "01500", "1500", "1500"),
            ("/interfaces/interface/type", "ethernetCsmacd", "iana-if-type:ethernetCsmacd", "ethernetCsmacd"),
            (
                "/interfaces/interface/type",
                "iana-if-type:softwareLoopback",
                "iana-if-type:softwareLoopback",
                "softwareLoopback",
            ),
            ("/routing/control-plane-protocols/control-plane-protocol/type", "bgp", "ietf-bgp:bgp", "bgp"),
            ("/interfaces/interface/ipv6/address/ip", "2001:DB8::1", "2001:db8::1", "2001:db8::1"),
            ("/interfaces/interface/description", "a:b", "a:b", "a:b"),
        ] {
            assert_eq!(read(models(), id(path), typed).as_deref(), Ok(canonical), "{path}");
            assert_eq!(short(models(), id(path), canonical), shown, "{path}");
            assert_eq!(read(models(), id(path), shown).as_deref(), Ok(canonical), "{path}");
        }
    }

    #[test]
    fn wrong_values_are_told_with_what_is_accepted() {
        for (path, typed, parts) in [
            (
                "/interfaces/interface/enabled",
                "ture",
                &["\"ture\"", "enabled", "did you mean true?", "false"][..],
            ),
            ("/interfaces/interface/ipv4/mtu", "7", &["68..65535", "in octets"]),
            ("/interfaces/interface/ipv4/address/prefix-length", "33", &["a number of 0..32"]),
            ("/interfaces/interface/type", "ethernetCsmacb", &["did you mean ethernetCsmacd?", "in all"]),
            ("/interfaces/interface/ipv4/address/ip", "10.0.0.300", &["a text (ipv4-address-no-zone)"]),
            ("/nacm/rule-list/rule/action", "allow", &["permit, deny"]),
        ] {
            let error = read(models(), id(path), typed).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{path}: {error}");
        }
    }

    #[test]
    fn every_value_that_is_listed_is_accepted() {
        let models = models();
        for node in models.schema.nodes().iter().filter(|node| node.config && node.has_value()) {
            for (name, _) in choices(models, node.id) {
                assert!(read(models, node.id, &name).is_ok(), "{}: {name}", models.schema.path(node.id));
            }
        }
    }
}
