//! Names inside values: XML prefixes to module names and back (RFC 7950 §9.10.3, §9.13.2; RFC 7951 §6.8, §6.11).

use crate::schema::{Encoding, ModuleId, Schema, SchemaId};
use crate::tree::InstancePath;
use crate::xml::Scope;
use std::borrow::Cow;

/// A value with the prefixes of XML turned into module names. A prefix that is not declared may be a module's name
/// already, and is kept for the type to judge.
pub(crate) fn from_xml_value<'v>(
    schema: &Schema,
    encoding: Encoding,
    text: &'v str,
    scope: &Scope,
) -> Cow<'v, str> {
    let module = |prefix: &str| {
        let id = schema.module_in(scope.namespace(prefix)?)?;
        Some(&*schema.module(id).name)
    };
    match encoding {
        Encoding::Identity | Encoding::Union => {
            let trimmed = text.trim_ascii();
            let qualified = match trimmed.split_once(':') {
                Some((prefix, name)) if is_identifier(name) => module(prefix).map(|module| (module, name)),
                None if encoding == Encoding::Identity => module("").map(|module| (module, trimmed)),
                _ => None,
            };
            qualified.map_or(Cow::Borrowed(text), |(module, name)| format!("{module}:{name}").into())
        }
        Encoding::Path => {
            let replaced = replace_prefixes(text, |prefix| module(prefix).map(str::to_owned));
            // A path that names instances gets the one spelling of RFC 7951; any other expression is kept.
            match InstancePath::parse(schema, replaced.trim_ascii()) {
                Ok(path) => path.display(schema).to_string().into(),
                Err(_) => replaced.into(),
            }
        }
        Encoding::Number | Encoding::Boolean | Encoding::Empty | Encoding::Text => Cow::Borrowed(text),
    }
}

/// A value as XML has it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct XmlValue<'v> {
    /// The text, in which module names are the prefixes.
    pub(crate) text: Cow<'v, str>,
    /// The modules whose names must be declared.
    pub(crate) modules: Vec<ModuleId>,
}

/// A canonical value with the prefixes that it needs in XML.
pub(crate) fn to_xml_value<'v>(schema: &Schema, id: SchemaId, value: &'v str) -> XmlValue<'v> {
    let plain = XmlValue { text: Cow::Borrowed(value), modules: Vec::new() };
    match schema.node(id).encoding() {
        Some(Encoding::Identity | Encoding::Union) => {
            let module = value
                .split_once(':')
                .filter(|(_, name)| is_identifier(name))
                .and_then(|(module, _)| schema.module_named(module));
            XmlValue { modules: module.into_iter().collect(), ..plain }
        }
        Some(Encoding::Path) => {
            if let Ok(path) = InstancePath::parse(schema, value) {
                let (text, modules) = path.to_xml(schema);
                return XmlValue { text: text.into(), modules };
            }
            let mut modules = Vec::new();
            replace_prefixes(value, |prefix| {
                let module = schema.module_named(prefix)?;
                if !modules.contains(&module) {
                    modules.push(module);
                }
                None
            });
            XmlValue { modules, ..plain }
        }
        _ => plain,
    }
}

/// Calls `replace` with every prefix of an XPath expression outside quotes.
fn replace_prefixes(text: &str, mut replace: impl FnMut(&str) -> Option<String>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if matches!(first, '\'' | '"') {
            rest[1..].find(first).map_or(rest.len(), |end| end + 2)
        } else if is_name_start(first) {
            rest.find(|c| !is_name_char(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        let is_prefix =
            is_name_start(first) && after.starts_with(':') && after[1..].starts_with(is_name_start);
        match is_prefix.then(|| replace(token)).flatten() {
            Some(replacement) => result.push_str(&replacement),
            None => result.push_str(token),
        }
        rest = after;
    }
    result
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(is_name_char)
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

#[cfg(test)]
mod tests {
    use super::replace_prefixes;

    #[test]
    fn prefixes_outside_quotes_are_replaced() {
        let replace = |text| replace_prefixes(text, |prefix| (prefix == "a").then(|| "long-name".to_owned()));
        assert_eq!(replace("/a:b/a:c[a:d='a:e']/x:f"), "/long-name:b/long-name:c[long-name:d='a:e']/x:f");
        assert_eq!(replace("a::b | ab:c"), "a::b | ab:c");
        assert_eq!(replace("'a:b"), "'a:b");
    }
}
