//! Checking values against their types, with a bounded memory of what has been checked.

use super::{Encoding, Schema, SchemaId, of_base};
use daybreak_yang::ValueError;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Values that one generation holds; there are two.
const GENERATION: usize = 4096;
/// Longest value that is remembered, bytes.
const LONGEST: usize = 64;

/// Values seen lately. What is found is kept once more when the older generation is dropped, so that what is common
/// (`true`, `iana-if-type:ethernetCsmacd`) is checked and stored once.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Generations>);

/// A canonical value and how it is written.
type Checked = (Arc<str>, Encoding);

#[derive(Debug, Default)]
struct Generations {
    young: Generation,
    old: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    values: HashMap<SchemaId, HashMap<Box<str>, Checked>>,
    count: usize,
}

impl Generation {
    fn get(&self, id: SchemaId, text: &str) -> Option<&Checked> {
        self.values.get(&id)?.get(text)
    }
}

impl Generations {
    fn get(&mut self, id: SchemaId, text: &str) -> Option<Checked> {
        if let Some(found) = self.young.get(id, text) {
            return Some(found.clone());
        }
        let found = self.old.get(id, text)?.clone();
        self.put(id, text, found.clone());
        Some(found)
    }

    fn put(&mut self, id: SchemaId, text: &str, value: Checked) {
        if self.young.count >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        if self.young.values.entry(id).or_default().insert(text.into(), value).is_none() {
            self.young.count += 1;
        }
    }
}

impl Schema {
    /// The canonical form of a value of a leaf or leaf-list, in which identities carry module names as prefixes.
    ///
    /// # Errors
    /// [`ValueError`] in libyang's words when the value does not fit its type.
    pub fn canonical(&self, id: SchemaId, text: &str) -> Result<Arc<str>, ValueError> {
        self.checked(id, text).map(|(value, _)| value)
    }

    /// How a canonical value is written, behind unions. A value that does not fit is taken for text.
    pub fn encoding_of(&self, id: SchemaId, value: &str) -> Encoding {
        match self.node(id).encoding() {
            Some(Encoding::Union) => self.checked(id, value).map_or(Encoding::Text, |(_, encoding)| encoding),
            Some(encoding) => encoding,
            None => Encoding::Text,
        }
    }

    fn checked(&self, id: SchemaId, text: &str) -> Result<Checked, ValueError> {
        let remember = text.len() <= LONGEST;
        if remember {
            let mut cache = self.cache.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = cache.get(id, text) {
                return Ok(found);
            }
        }
        let value = daybreak_yang::validate_value(&self.node(id).yang, text)?;
        let checked = (Arc::from(value.canonical), of_base(value.base));
        if remember {
            self.cache.0.lock().unwrap_or_else(PoisonError::into_inner).put(id, text, checked.clone());
        }
        Ok(checked)
    }
}

#[cfg(test)]
mod tests {
    use super::{GENERATION, Generations};
    use crate::schema::Encoding;
    use crate::testing::schema;
    use std::sync::Arc;

    #[test]
    fn values_become_canonical() {
        let schema = schema();
        let mtu = schema.find("/ietf-interfaces:interfaces/interface/ietf-ip:ipv4/mtu").unwrap();
        assert_eq!(&*schema.canonical(mtu, "01500").unwrap(), "1500");
        assert_eq!(&*schema.canonical(mtu, " 1500 ").unwrap(), "1500");
        assert!(schema.canonical(mtu, "7").unwrap_err().message.contains('7'));
        let address = schema.find("/interfaces/interface/ipv6/address/ip").unwrap();
        assert_eq!(&*schema.canonical(address, "2001:DB8:0::1").unwrap(), "2001:db8::1");
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_what_is_used() {
        let schema = schema();
        let id = schema.find("/interfaces/interface/name").unwrap();
        let mut cache = Generations::default();
        cache.put(id, "often", (Arc::from("often"), Encoding::Text));
        for n in 0..10 * GENERATION {
            cache.put(id, &n.to_string(), (Arc::from("x"), Encoding::Text));
            assert!(cache.young.count + cache.old.count <= 2 * GENERATION);
            if n % 100 == 0 {
                assert!(cache.get(id, "often").is_some());
            }
        }
        assert!(cache.get(id, "0").is_none());
    }
}
