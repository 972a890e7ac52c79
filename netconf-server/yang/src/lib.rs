//! YANG modules of the appliance.
//!
//! [`context`] is the compiled schema; [`data_nodes`], [`operations`] and [`modules`] are what a client may see of it.
//! [`effects`] says who carries out which node; whatever nobody carries out is not in the schema. The functions beside
//! them read parts of the schema that `yang5` does not show: [`musts`], [`whens`], [`leaf_type`], [`uniques`],
//! [`defaults`], [`default_deny`], and [`validate_value`] checks one value.

mod context;
pub mod effects;
mod embedded;
mod error;
mod facts;
mod identities;
mod implemented;
mod modules;
mod raw;
mod text;

pub use context::{context, context_of_standards};
pub use embedded::{EMBEDDED, Module};
pub use error::YangError;
pub use facts::{
    CaseOf, DefaultDeny, EnumItem, Identity, LeafType, Must, Prefixes, QName, Value, ValueError, When,
    WhenContext, case_of,
};
pub use identities::Identities;
pub use implemented::{DEVIATING, IMPLEMENTED, Implemented};
pub use modules::{data_nodes, modules, operations};
pub use raw::{
    default_deny, defaults, deviated_by, identities, leaf_type, musts, ranges, uniques, validate_value, whens,
};
pub use text::module_text;
pub use yang5;
