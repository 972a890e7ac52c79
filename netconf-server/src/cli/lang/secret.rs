//! Which leafs hold secrets.

use daybreak_datastore::schema::{Schema, SchemaId};
use daybreak_yang::DefaultDeny;

/// Names that mean a secret whatever the module; `password-file` is a name of a file.
const NAMES: &[&str] =
    &["password", "passphrase", "secret", "shared-secret", "key-string", "private-key", "pre-shared-key"];

/// Types that hold one (RFC 7317 §3.5).
const TYPES: &[&str] = &["crypt-hash"];

const NACM: &str = "ietf-netconf-acm";

/// Whether the value of a leaf is not to be shown, nor to be kept in the history: it has the name or the type of a
/// secret, or NACM hides it by default (RFC 8341 §3.2.8: "security sensitive"). NACM's own rules are hidden so, too, and
/// are no secret to those who may read them.
pub(crate) fn is_secret(schema: &Schema, id: SchemaId) -> bool {
    let node = schema.node(id);
    node.has_value()
        && node.config
        && (NAMES.contains(&&*node.name)
            || (node.deny == Some(DefaultDeny::All) && &*schema.module(node.module).name != NACM)
            || node
                .yang
                .leaf_type()
                .and_then(|leaf| leaf.typedef_name())
                .is_some_and(|name| TYPES.contains(&&*name)))
}

/// Whether a word of a line that could not be read looks as if a secret followed.
pub(crate) fn names_secret(word: &str) -> bool {
    NAMES.iter().any(|name| word.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use daybreak_yang::yang5::context::{Context, ContextFlags};

    use super::super::models::tests::models;
    use super::*;

    #[test]
    fn secrets_are_known_by_name_type_and_rule() {
        let mut context = Context::new(ContextFlags::DISABLE_SEARCHDIR_CWD).unwrap();
        context.set_searchdir(concat!(env!("CARGO_MANIFEST_DIR"), "/testcases/cli")).unwrap();
        context.load_module("secrets", None, &[]).unwrap();
        let schema = Schema::new(Box::leak(Box::new(context))).unwrap();
        for (path, expected) in
            [("password", true), ("login", true), ("password-file", false), ("name", false), ("seen", false)]
        {
            assert_eq!(
                is_secret(&schema, schema.find(&format!("/secrets/{path}")).unwrap()),
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn nothing_of_the_appliance_is_hidden_by_mistake() {
        let schema = &models().schema;
        let secrets: Vec<_> = schema
            .nodes()
            .iter()
            .filter(|node| is_secret(schema, node.id))
            .map(|node| schema.path(node.id))
            .collect();
        assert!(secrets.is_empty(), "{secrets:?}");
    }
}
