//! What `yang5` gives no safe access to: expressions, paths, identities, defaults, and the check of one value.
//!
//! The second and last place of `unsafe` beside the DPDK binding. libyang is C with or without this file; what is added
//! is reading compiled structures that libyang never changes after the context is made. Each function takes a
//! `SchemaNode` or a `Context`, so the structures live at least as long as the borrow, and copies what it finds.
#![allow(unsafe_code, reason = "yang5 0.4 has no accessor for these parts of the compiled schema")]

use crate::facts::{
    DefaultDeny, EnumItem, Identity, LeafType, Must, Prefixes, QName, Value, ValueError, When, WhenContext,
};
use std::ffi::{CStr, CString, c_char};
use std::ptr;
use yang5::context::Context;
use yang5::ffi;
use yang5::schema::{DataValueType, SchemaModule, SchemaNode, SchemaNodeKind};
use yang5::utils::Binding;

/// The `must` statements of a node.
pub fn musts(node: &SchemaNode<'_>) -> Vec<Must> {
    // SAFETY: the node is of a live context; the array belongs to it.
    let array = unsafe { sized(ffi::lysc_node_musts(node.as_raw())) };
    let must = |must: &ffi::lysc_must| Must {
        condition: expression(must.cond),
        prefixes: prefixes(must.prefixes),
        error_message: optional(must.emsg),
        error_app_tag: optional(must.eapptag),
    };
    array.iter().map(must).collect()
}

/// The `when` statements of a node itself; those of a choice or case around it are theirs.
pub fn whens(node: &SchemaNode<'_>) -> Vec<When> {
    // SAFETY: as in `musts`; the array holds pointers to structures of the context.
    let array = unsafe { sized(ffi::lysc_node_when(node.as_raw())) };
    let when = |when: &*mut ffi::lysc_when| {
        // SAFETY: libyang puts no null into the array.
        let when = unsafe { &**when };
        let context = match when.context {
            context if context.is_null() => WhenContext::Root,
            context if context == node.as_raw() => WhenContext::Itself,
            _ => WhenContext::Parent,
        };
        When { condition: expression(when.cond), prefixes: prefixes(when.prefixes), context }
    };
    array.iter().map(when).collect()
}

/// The type of a leaf or leaf-list; `None` for other nodes.
pub fn leaf_type(node: &SchemaNode<'_>) -> Option<LeafType> {
    let raw = node.leaf_type()?.as_raw();
    // SAFETY: a leaf always has a type, which belongs to the context.
    Some(unsafe { type_of(raw) })
}

/// The ranges of a leaf or leaf-list of an integer type, as the narrowest typedef has them; empty if the type has none, and
/// for all other types.
pub fn ranges(node: &SchemaNode<'_>) -> Vec<(i128, i128)> {
    let Some(leaf) = node.leaf_type() else { return Vec::new() };
    // SAFETY: the base type says that the structure is that of an integer type and which half of each bound is in use;
    // the range, if there is one, belongs to the context.
    unsafe {
        let raw: *const ffi::lysc_type = leaf.as_raw();
        let signed = match base_of(raw) {
            DataValueType::Uint8 | DataValueType::Uint16 | DataValueType::Uint32 | DataValueType::Uint64 => {
                false
            }
            DataValueType::Int8 | DataValueType::Int16 | DataValueType::Int32 | DataValueType::Int64 => true,
            _ => return Vec::new(),
        };
        let range = (*raw.cast::<ffi::lysc_type_num>()).range;
        if range.is_null() {
            return Vec::new();
        }
        let bounds = |part: &ffi::lysc_range_lysc_range_part| {
            let (low, high) = (&part.__bindgen_anon_1, &part.__bindgen_anon_2);
            if signed {
                (i128::from(low.min_64), i128::from(high.max_64))
            } else {
                (i128::from(low.min_u64), i128::from(high.max_u64))
            }
        };
        sized((*range).parts).iter().map(bounds).collect()
    }
}

/// The `unique` statements of a list, each with the leafs that it names.
pub fn uniques<'a>(context: &'a Context, list: &SchemaNode<'a>) -> Vec<Vec<SchemaNode<'a>>> {
    if list.kind() != SchemaNodeKind::List {
        return Vec::new();
    }
    // SAFETY: the kind says that the structure is that of a list; arrays and leafs belong to the context.
    unsafe {
        let raw = &*list.as_raw().cast::<ffi::lysc_node_list>();
        let leaf = |leaf: &*mut ffi::lysc_node_leaf| SchemaNode::from_raw(context, leaf.cast());
        sized(raw.uniques).iter().map(|unique| sized(*unique).iter().map(leaf).collect()).collect()
    }
}

/// The canonical defaults of a leaf (at most one) or leaf-list, also those that come from the type.
pub fn defaults(node: &SchemaNode<'_>) -> Vec<String> {
    // SAFETY: the kind says which structure it is; default values belong to the context.
    let values: Vec<&ffi::lysc_value> = unsafe {
        match node.kind() {
            SchemaNodeKind::Leaf => vec![&(*node.as_raw().cast::<ffi::lysc_node_leaf>()).dflt],
            SchemaNodeKind::LeafList => {
                sized((*node.as_raw().cast::<ffi::lysc_node_leaflist>()).dflts).iter().collect()
            }
            _ => Vec::new(),
        }
    };
    values.into_iter().filter_map(|value| default_text(node, value)).collect()
}

/// The default in canonical form; libyang has checked it when it compiled the schema.
fn default_text(node: &SchemaNode<'_>, value: &ffi::lysc_value) -> Option<String> {
    if value.str_.is_null() {
        return None;
    }
    let mut canonical = ptr::null();
    // SAFETY: node and value belong together; the canonical text is a reference of ours in the dictionary.
    unsafe {
        let result = ffi::lyd_value_validate_dflt(
            node.as_raw(),
            value.str_,
            value.prefixes,
            ptr::null(),
            ptr::null_mut(),
            &raw mut canonical,
        );
        matches!(result, ffi::LY_ERR::LY_SUCCESS | ffi::LY_ERR::LY_EINCOMPLETE)
            .then(|| take_from_dictionary(node, canonical))
    }
}

/// Checks a value against the type of its node and gives its canonical form.
///
/// Identities and instance identifiers carry module names as prefixes, as in JSON (RFC 7951 §6.8), never XML prefixes.
/// Whether the target of a leafref or instance identifier is there is not checked: that takes a tree.
///
/// # Errors
/// [`ValueError`] in libyang's words. NUL and control characters that no YANG string may hold (RFC 7950 §9.4) are refused
/// before libyang sees them, and so is a value for a node that is no leaf.
pub fn validate_value(node: &SchemaNode<'_>, text: &str) -> Result<Value, ValueError> {
    let refuse = |message: String| ValueError { message, app_tag: None };
    if !matches!(node.kind(), SchemaNodeKind::Leaf | SchemaNodeKind::LeafList) {
        return Err(refuse(format!("{} takes no value", node.name())));
    }
    if let Some(bad) = text.chars().find(|c| !is_yang_char(*c)) {
        return Err(refuse(format!("the value of {} holds the character U+{:04X}", node.name(), bad as u32)));
    }
    let Ok(length) = u32::try_from(text.len()) else {
        return Err(refuse(format!("the value of {} is longer than 4 GiB", node.name())));
    };
    // A length is not enough: types such as date-and-time read on to the first byte that does not fit, and would take digits
    // of whatever lies behind. Every NUL was refused above.
    let terminated = CString::new(text).map_err(|error| refuse(error.to_string()))?;
    let (mut canonical, mut real) = (ptr::null(), ptr::null());
    // SAFETY: the node is a leaf or leaf-list of a live context, the text has the length given and a NUL behind it, the out
    // parameters are ours. Errors are kept per thread, so the last one is that of this call. The canonical text is a reference of ours
    // in the dictionary, the type belongs to the context.
    unsafe {
        let context = (*(*node.as_raw()).module).ctx;
        let result = ffi::lyd_value_validate(
            node.as_raw(),
            terminated.as_ptr(),
            length,
            ptr::null(),
            &raw mut real,
            &raw mut canonical,
        );
        if matches!(result, ffi::LY_ERR::LY_SUCCESS | ffi::LY_ERR::LY_EINCOMPLETE) {
            let base = base_of(real);
            return Ok(Value { canonical: take_from_dictionary(node, canonical), base });
        }
        let error = ffi::ly_err_last(context).as_ref();
        let error = error.map(|error| ValueError {
            message: optional(error.msg).unwrap_or_else(|| format!("{text:?} does not fit {}", node.name())),
            app_tag: optional(error.apptag),
        });
        ffi::ly_err_clean(context, ptr::null_mut());
        Err(error.unwrap_or_else(|| refuse(format!("{text:?} does not fit {}", node.name()))))
    }
}

/// The identities that a module defines.
pub fn identities(module: &SchemaModule<'_>) -> Vec<Identity> {
    // SAFETY: the module is of a live context; identities and what derives from them belong to contexts of equal life.
    unsafe {
        let identity = |identity: &ffi::lysc_ident| Identity {
            name: identity_name(identity),
            derived: sized(identity.derived).iter().map(|derived| identity_name(&**derived)).collect(),
        };
        sized((*module.as_raw()).identities).iter().map(identity).collect()
    }
}

/// The modules that deviate from a module, for the library of modules (RFC 8525 §3).
pub fn deviated_by(module: &SchemaModule<'_>) -> Vec<String> {
    // SAFETY: the module is of a live context, which holds the array and the modules in it.
    unsafe { sized((*module.as_raw()).deviated_by).iter().map(|by| text((**by).name)).collect() }
}

/// What NACM's extensions say about a node. libyang hands them down, so a node below a denied one is denied, too.
///
/// `kill-session` and `delete-config` carry none: RFC 6241 is older. RFC 8341 §3.4.4 denies them in step 10.
pub fn default_deny(node: &SchemaNode<'_>) -> Option<DefaultDeny> {
    // SAFETY: extension instances and definitions belong to the context.
    let names = unsafe {
        let extension = |instance: &ffi::lysc_ext_instance| {
            let definition = &*instance.def;
            (text((*definition.module).name), text(definition.name))
        };
        sized((*node.as_raw()).exts).iter().map(extension).collect::<Vec<_>>()
    };
    names.into_iter().filter(|(module, _)| module == "ietf-netconf-acm").find_map(|(_, name)| {
        match name.as_str() {
            "default-deny-write" => Some(DefaultDeny::Write),
            "default-deny-all" => Some(DefaultDeny::All),
            _ => None,
        }
    })
}

/// The characters of a YANG string (RFC 7950 §14, `yang-char`); surrogates cannot be in a `char`.
fn is_yang_char(c: char) -> bool {
    let noncharacter = matches!(c, '\u{fdd0}'..='\u{fdef}') || (c as u32) & 0xfffe == 0xfffe;
    (c >= ' ' || matches!(c, '\t' | '\n' | '\r')) && !noncharacter
}

/// # Safety
/// The type must belong to a live context.
unsafe fn type_of(raw: *const ffi::lysc_type) -> LeafType {
    // SAFETY: the base type says which structure is behind the pointer; all it points to belongs to the context.
    unsafe {
        match (*raw).basetype {
            ffi::LY_DATA_TYPE::LY_TYPE_LEAFREF => {
                let leafref = &*raw.cast::<ffi::lysc_type_leafref>();
                LeafType::Leafref {
                    path: expression(leafref.path),
                    prefixes: prefixes(leafref.prefixes),
                    require_instance: leafref.require_instance != 0,
                    target: Box::new(type_of(leafref.realtype)),
                }
            }
            ffi::LY_DATA_TYPE::LY_TYPE_IDENT => {
                let bases = sized((*raw.cast::<ffi::lysc_type_identityref>()).bases);
                LeafType::Identityref { bases: bases.iter().map(|base| identity_name(&**base)).collect() }
            }
            ffi::LY_DATA_TYPE::LY_TYPE_INST => LeafType::InstanceIdentifier {
                require_instance: (*raw.cast::<ffi::lysc_type_instanceid>()).require_instance != 0,
            },
            ffi::LY_DATA_TYPE::LY_TYPE_UNION => {
                let types = sized((*raw.cast::<ffi::lysc_type_union>()).types);
                LeafType::Union(types.iter().map(|member| type_of(*member)).collect())
            }
            ffi::LY_DATA_TYPE::LY_TYPE_ENUM => {
                let names = sized((*raw.cast::<ffi::lysc_type_enum>()).enums);
                // In an enumeration the union beside the name is the value.
                let item = |item: &ffi::lysc_type_bitenum_item| EnumItem {
                    name: text(item.name),
                    value: item.__bindgen_anon_1.value,
                };
                LeafType::Enumeration(names.iter().map(item).collect())
            }
            ffi::LY_DATA_TYPE::LY_TYPE_BITS => {
                let names = sized((*raw.cast::<ffi::lysc_type_bits>()).bits);
                LeafType::Bits(names.iter().map(|item| text(item.name)).collect())
            }
            _ => LeafType::Plain(base_of(raw)),
        }
    }
}

/// The base type of libyang as `yang5` names it.
///
/// # Safety
/// As for `type_of`.
unsafe fn base_of(raw: *const ffi::lysc_type) -> DataValueType {
    // SAFETY: by the caller's promise.
    match unsafe { (*raw).basetype } {
        ffi::LY_DATA_TYPE::LY_TYPE_BINARY => DataValueType::Binary,
        ffi::LY_DATA_TYPE::LY_TYPE_UINT8 => DataValueType::Uint8,
        ffi::LY_DATA_TYPE::LY_TYPE_UINT16 => DataValueType::Uint16,
        ffi::LY_DATA_TYPE::LY_TYPE_UINT32 => DataValueType::Uint32,
        ffi::LY_DATA_TYPE::LY_TYPE_UINT64 => DataValueType::Uint64,
        ffi::LY_DATA_TYPE::LY_TYPE_STRING => DataValueType::String,
        ffi::LY_DATA_TYPE::LY_TYPE_BITS => DataValueType::Bits,
        ffi::LY_DATA_TYPE::LY_TYPE_BOOL => DataValueType::Bool,
        ffi::LY_DATA_TYPE::LY_TYPE_DEC64 => DataValueType::Dec64,
        ffi::LY_DATA_TYPE::LY_TYPE_EMPTY => DataValueType::Empty,
        ffi::LY_DATA_TYPE::LY_TYPE_ENUM => DataValueType::Enum,
        ffi::LY_DATA_TYPE::LY_TYPE_IDENT => DataValueType::IdentityRef,
        ffi::LY_DATA_TYPE::LY_TYPE_INST => DataValueType::InstanceId,
        ffi::LY_DATA_TYPE::LY_TYPE_LEAFREF => DataValueType::LeafRef,
        ffi::LY_DATA_TYPE::LY_TYPE_UNION => DataValueType::Union,
        ffi::LY_DATA_TYPE::LY_TYPE_INT8 => DataValueType::Int8,
        ffi::LY_DATA_TYPE::LY_TYPE_INT16 => DataValueType::Int16,
        ffi::LY_DATA_TYPE::LY_TYPE_INT32 => DataValueType::Int32,
        ffi::LY_DATA_TYPE::LY_TYPE_INT64 => DataValueType::Int64,
        _ => DataValueType::Unknown,
    }
}

/// The text of an expression.
fn expression(raw: *const ffi::lyxp_expr) -> String {
    // SAFETY: callers pass expressions of the compiled schema, which keep their text.
    unsafe { text(ffi::lyxp_get_expr(raw)) }
}

/// The prefixes that libyang stored with an expression; the one without a name is for unprefixed names.
fn prefixes(raw: *mut ffi::lysc_prefix) -> Prefixes {
    let mut result = Prefixes::default();
    // SAFETY: callers pass the array beside an expression of the compiled schema; its modules belong to the context.
    unsafe {
        for entry in sized(raw) {
            let module = text((*entry.mod_).name);
            match optional(entry.prefix) {
                None => result.default = module,
                Some(prefix) => result.used.push((prefix, module)),
            }
        }
    }
    result
}

/// # Safety
/// The identity must belong to a live context.
unsafe fn identity_name(identity: &ffi::lysc_ident) -> QName {
    // SAFETY: by the caller's promise; an identity has a name and a module.
    unsafe { QName { module: text((*identity.module).name), name: text(identity.name) } }
}

/// Copies a text out of the dictionary of the node's context and gives the reference back.
///
/// # Safety
/// The text must be null or a reference that the caller holds in that dictionary.
unsafe fn take_from_dictionary(node: &SchemaNode<'_>, raw: *const c_char) -> String {
    let copy = optional(raw).unwrap_or_default();
    // SAFETY: by the caller's promise; the reference is not used after this.
    unsafe { ffi::lydict_remove((*(*node.as_raw()).module).ctx, raw) };
    copy
}

/// A sized array of libyang as a slice: the number of items stands before the first one.
///
/// # Safety
/// The pointer must be null or to a sized array of the compiled schema that outlives the result.
unsafe fn sized<'a, T>(array: *mut T) -> &'a [T] {
    if array.is_null() {
        return &[];
    }
    // SAFETY: `LY_ARRAY_COUNT` of libyang's tree.h reads the same 64-bit number.
    unsafe {
        let count = array.cast::<u64>().sub(1).read();
        std::slice::from_raw_parts(array, usize::try_from(count).unwrap_or(0))
    }
}

/// A text of libyang that may be absent.
fn optional(raw: *const c_char) -> Option<String> {
    // SAFETY: callers pass null or a text that ends in NUL and belongs to the context.
    (!raw.is_null()).then(|| unsafe { text(raw) })
}

/// # Safety
/// The pointer must be to a text that ends in NUL.
unsafe fn text(raw: *const c_char) -> String {
    // SAFETY: by the caller's promise.
    unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned()
}
