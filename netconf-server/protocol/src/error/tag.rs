//! The lists of values of RFC 6241 Appendix A.

use std::fmt;

/// The layer in which an error arose (RFC 6241 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorType {
    /// Secure transport.
    Transport,
    /// Messages.
    Rpc,
    /// Operations.
    Protocol,
    /// Content.
    Application,
}

impl ErrorType {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Transport, "transport"),
        (Self::Rpc, "rpc"),
        (Self::Protocol, "protocol"),
        (Self::Application, "application"),
    ];

    /// The value of `error-type`.
    pub fn name(self) -> &'static str {
        name(&Self::ALL, self)
    }

    /// The type of that name.
    pub fn parse(text: &str) -> Option<Self> {
        find(&Self::ALL, text)
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// RFC 6241 defines no warning; some devices send them beside `<ok/>`.
    Warning,
}

impl Severity {
    const ALL: [(Self, &'static str); 2] = [(Self::Error, "error"), (Self::Warning, "warning")];

    /// The value of `error-severity`.
    pub fn name(self) -> &'static str {
        name(&Self::ALL, self)
    }

    /// The severity of that name.
    pub fn parse(text: &str) -> Option<Self> {
        find(&Self::ALL, text)
    }
}

/// What is wrong (RFC 6241 Appendix A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorTag {
    /// It is being used by somebody else.
    InUse,
    /// A value that is not acceptable.
    InvalidValue,
    /// Larger than can be handled.
    TooBig,
    /// An attribute is not there.
    MissingAttribute,
    /// An attribute has a wrong value.
    BadAttribute,
    /// An attribute that means nothing here.
    UnknownAttribute,
    /// An element is not there.
    MissingElement,
    /// An element has a wrong value.
    BadElement,
    /// An element that means nothing here.
    UnknownElement,
    /// A namespace that means nothing here.
    UnknownNamespace,
    /// The user may not do that.
    AccessDenied,
    /// Somebody else has the lock.
    LockDenied,
    /// Something ran out.
    ResourceDenied,
    /// What failed could not be undone.
    RollbackFailed,
    /// It must not be there yet.
    DataExists,
    /// It must be there.
    DataMissing,
    /// Not offered.
    OperationNotSupported,
    /// All else.
    OperationFailed,
    /// Obsolete; old devices send it.
    PartialOperation,
    /// The message is no XML, or not in a framing that can be read. Only for base:1.1.
    MalformedMessage,
}

impl ErrorTag {
    /// Every tag with its name.
    pub const ALL: [(Self, &'static str); 20] = [
        (Self::InUse, "in-use"),
        (Self::InvalidValue, "invalid-value"),
        (Self::TooBig, "too-big"),
        (Self::MissingAttribute, "missing-attribute"),
        (Self::BadAttribute, "bad-attribute"),
        (Self::UnknownAttribute, "unknown-attribute"),
        (Self::MissingElement, "missing-element"),
        (Self::BadElement, "bad-element"),
        (Self::UnknownElement, "unknown-element"),
        (Self::UnknownNamespace, "unknown-namespace"),
        (Self::AccessDenied, "access-denied"),
        (Self::LockDenied, "lock-denied"),
        (Self::ResourceDenied, "resource-denied"),
        (Self::RollbackFailed, "rollback-failed"),
        (Self::DataExists, "data-exists"),
        (Self::DataMissing, "data-missing"),
        (Self::OperationNotSupported, "operation-not-supported"),
        (Self::OperationFailed, "operation-failed"),
        (Self::PartialOperation, "partial-operation"),
        (Self::MalformedMessage, "malformed-message"),
    ];

    /// The value of `error-tag`.
    pub fn name(self) -> &'static str {
        name(&Self::ALL, self)
    }

    /// The tag of that name.
    pub fn parse(text: &str) -> Option<Self> {
        find(&Self::ALL, text)
    }
}

impl fmt::Display for ErrorTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn name<T: Copy + PartialEq>(all: &[(T, &'static str)], value: T) -> &'static str {
    all.iter().find(|(own, _)| *own == value).map_or("", |(_, name)| name)
}

fn find<T: Copy>(all: &[(T, &'static str)], text: &str) -> Option<T> {
    all.iter().find(|(_, name)| *name == text).map(|(own, _)| *own)
}

#[cfg(test)]
mod tests {
    use super::{ErrorTag, ErrorType, Severity};

    #[test]
    fn every_value_has_a_name_of_its_own() {
        for (tag, name) in ErrorTag::ALL {
            assert_eq!((tag.name(), ErrorTag::parse(name)), (name, Some(tag)));
        }
        for kind in [ErrorType::Transport, ErrorType::Rpc, ErrorType::Protocol, ErrorType::Application] {
            assert_eq!(ErrorType::parse(kind.name()), Some(kind));
        }
        assert_eq!(Severity::parse("warning"), Some(Severity::Warning));
        assert_eq!(ErrorTag::parse("no-such-tag"), None);
    }
}
