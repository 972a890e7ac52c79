//! Parameters of an operation: the elements in it, each taken once, none left over.

use daybreak_netconf::error::{ErrorTag, RpcError};
use daybreak_netconf::xml::{Element, XmlError};

/// The elements that were not taken yet.
pub(super) struct Parameters<'m> {
    operation: String,
    rest: Vec<Element<'m>>,
}

pub(super) fn of_xml(error: &XmlError) -> RpcError {
    match error {
        XmlError::Malformed { .. } => RpcError::malformed(error.to_string()),
        XmlError::TooBig { .. } => RpcError::too_big(error.to_string()),
    }
}

impl<'m> Parameters<'m> {
    pub(super) fn of(operation: &Element<'m>) -> Result<Self, RpcError> {
        let rest = operation.children().map_err(|error| of_xml(&error))?;
        Ok(Self { operation: operation.name().to_owned(), rest })
    }

    /// An element that may be there, once.
    pub(super) fn optional(&mut self, name: &str) -> Result<Option<Element<'m>>, RpcError> {
        let Some(at) = self.rest.iter().position(|element| element.name() == name) else { return Ok(None) };
        let element = self.rest.remove(at);
        if self.rest.iter().any(|element| element.name() == name) {
            return Err(RpcError::bad_element(name, format!("{} takes one {name}", self.operation)));
        }
        Ok(Some(element))
    }

    /// An element that must be there.
    pub(super) fn required(&mut self, name: &str) -> Result<Element<'m>, RpcError> {
        self.optional(name)?.ok_or_else(|| RpcError::missing_element(name, &self.operation))
    }

    /// The text of an element that may be there.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, RpcError> {
        let element = self.optional(name)?;
        element.map(|element| text(&element)).transpose()
    }

    /// One of a list of words; `parse` knows them.
    pub(super) fn word<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        accepted: &str,
    ) -> Result<Option<T>, RpcError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| wrong(name, &text, accepted))
    }

    /// Whether an empty element is there.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, RpcError> {
        Ok(self.optional(name)?.is_some())
    }

    /// Nothing else may be there.
    pub(super) fn done(self) -> Result<(), RpcError> {
        match self.rest.first() {
            None => Ok(()),
            Some(other) => Err(RpcError::unknown_element(other.name(), &self.operation)),
        }
    }
}

/// The text of an element, without blanks around it.
pub(super) fn text(element: &Element<'_>) -> Result<String, RpcError> {
    element.text().map(|text| text.trim().to_owned()).map_err(|error| of_xml(&error))
}

/// A value that is none of those that are accepted.
pub(super) fn wrong(name: &str, value: &str, accepted: &str) -> RpcError {
    let message = format!("{name} is {value:?}; {accepted} is accepted");
    RpcError::protocol(ErrorTag::InvalidValue, message)
        .with(daybreak_netconf::error::ErrorInfo::BadElement(name.to_owned()))
}
