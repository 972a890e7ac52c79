//! What is asked of a tree: filter, defaults, and what the user may see.

use daybreak_datastore::codec::{WithDefaults, WriteOptions, write_xml};
use daybreak_datastore::filter::{Selection, SubtreeFilter, XPathFilter};
use daybreak_datastore::tree::{NodeRef, Tree};
use daybreak_datastore::xml::{Fragment, Limits};
use daybreak_netconf::error::{ErrorTag, RpcError};
use daybreak_netconf::message::Response;
use daybreak_netconf::xml::Element;

use super::parameters::Parameters;
use super::{Answer, Context, one};

/// Filter and defaults of `get` and `get-config`.
pub(super) struct Query {
    filter: Filter,
    defaults: WithDefaults,
}

enum Filter {
    None,
    Subtree(SubtreeFilter),
    XPath(XPathFilter),
}

impl Query {
    /// Takes `<filter>` and `<with-defaults>` out of the parameters.
    pub(super) fn take(context: &Context, parameters: &mut Parameters<'_>) -> Result<Self, RpcError> {
        let filter = match parameters.optional("filter")? {
            None => Filter::None,
            Some(element) => filter(context, &element)?,
        };
        let accepted = "explicit, report-all, report-all-tagged or trim";
        let defaults = parameters.word("with-defaults", WithDefaults::parse, accepted)?.unwrap_or_default();
        Ok(Self { filter, defaults })
    }

    /// All that may be seen, as it was set.
    pub(super) fn everything() -> Self {
        Self { filter: Filter::None, defaults: WithDefaults::default() }
    }

    /// The part of `tree` that was asked for and may be seen.
    pub(super) fn answer(&self, context: &Context, tree: &Tree) -> Answer {
        self.text(context, tree).map(Response::Data)
    }

    /// The same as XML.
    pub(super) fn text<'t>(&self, context: &'t Context, tree: &'t Tree) -> Result<String, Vec<RpcError>> {
        let view = context.engine.constraints().view(tree);
        let selection = self.selection(context, tree)?;
        let text = context.with_access(|access| {
            let permit = |node: &NodeRef<'_>| access.shows(node);
            let when = |node: &NodeRef<'t>| view.is_in_use(node);
            let options = WriteOptions {
                defaults: self.defaults,
                selection: selection.as_ref(),
                permit: (!access.reads_everything()).then_some(&permit),
                when: Some(&when),
                indent: None,
            };
            let mut text = String::new();
            let empty = selection.as_ref().is_some_and(Selection::is_none);
            if !empty {
                write_xml(&mut text, &tree.root(), options)?;
            }
            Ok::<_, std::fmt::Error>(text)
        });
        text.map_err(|_| one(RpcError::application(ErrorTag::OperationFailed, "the reply cannot be written")))
    }

    /// What the filter selects of what may be seen.
    fn selection(&self, context: &Context, tree: &Tree) -> Result<Option<Selection>, Vec<RpcError>> {
        let visible = || context.with_access(|access| access.visible(tree)).unwrap_or_else(|| tree.clone());
        match &self.filter {
            Filter::None => Ok(None),
            Filter::Subtree(filter) => {
                let defaults =
                    matches!(self.defaults, WithDefaults::ReportAll | WithDefaults::ReportAllTagged);
                Ok(Some(filter.select(&visible().root(), defaults)))
            }
            Filter::XPath(filter) => {
                let visible = visible();
                let view = context.engine.constraints().view(&visible);
                filter.select(&view).map(Some).map_err(|error| one(error.into()))
            }
        }
    }
}

fn filter(context: &Context, element: &Element<'_>) -> Result<Filter, RpcError> {
    let schema = context.engine.schema();
    match element.attribute("type") {
        // RFC 6241 §7.7: the default is a subtree filter.
        None | Some("subtree") => {
            let namespaces = element.namespaces();
            let fragment = Fragment { text: element.inner(), namespaces: &namespaces };
            let filter = SubtreeFilter::parse(schema, fragment, Limits::default())?;
            Ok(Filter::Subtree(filter))
        }
        Some("xpath") => {
            let select = element.attribute("select").ok_or_else(|| {
                RpcError::missing_attribute(daybreak_netconf::error::ErrorType::Protocol, "select", "filter")
            })?;
            let prefixes = element.prefixes();
            let names = prefixes.iter().map(|(prefix, namespace)| (prefix.as_str(), namespace.as_str()));
            Ok(Filter::XPath(XPathFilter::parse(schema, select, names, daybreak_xpath::Limits::default())?))
        }
        Some(other) => Err(RpcError::bad_attribute(
            "type",
            "filter",
            format!("a filter of type {other:?} is unknown; subtree and xpath are accepted"),
        )),
    }
}
