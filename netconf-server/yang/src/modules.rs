//! The modules and top-level nodes that a client may know of.

use yang5::context::Context;
use yang5::schema::{SchemaModule, SchemaNode};

/// Modules that libyang makes up for its own needs; no server may announce them.
const MADE_UP: &[&str] = &["default", "yang"];

/// The modules of the context, implemented or only imported, without those that libyang makes up.
pub fn modules(context: &Context) -> impl Iterator<Item = SchemaModule<'_>> {
    context.modules(false).filter(|module| !MADE_UP.contains(&module.name()))
}

/// The top-level data nodes of the implemented modules.
///
/// libyang adds nodes to check timestamps and to parse errors with (`/yang:date-and-time`, `/ietf-netconf:rpc-error`).
/// They must stay in the schema, where libyang looks for them, and no datastore may have them.
pub fn data_nodes(context: &Context) -> impl Iterator<Item = SchemaNode<'_>> {
    modules(context)
        .filter(|module| module.is_implemented() && module.name() != "ietf-netconf")
        .flat_map(|module| module.data())
}

/// The operations of the implemented modules.
pub fn operations(context: &Context) -> impl Iterator<Item = SchemaNode<'_>> {
    modules(context).filter(SchemaModule::is_implemented).flat_map(|module| module.rpcs())
}

#[cfg(test)]
mod tests {
    use super::{data_nodes, modules, operations};

    #[test]
    fn what_libyang_makes_up_is_not_shown() {
        let context = crate::context().unwrap();
        let names: Vec<_> = data_nodes(context).map(|node| node.name().to_owned()).collect();
        assert!(names.contains(&"interfaces".to_owned()) && names.contains(&"telemetry".to_owned()));
        for made_up in ["date-and-time", "rpc-error", "schema-mounts"] {
            assert!(!names.contains(&made_up.to_owned()), "{made_up}");
        }
        assert!(context.find_path("/yang:date-and-time").is_ok(), "libyang needs it");
        assert!(modules(context).all(|module| module.revision().is_some()));
        assert!(operations(context).any(|operation| operation.name() == "edit-config"));
    }
}
