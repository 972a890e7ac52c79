//! `<edit-config>` (RFC 6241 §7.2) of the candidate.

use daybreak_datastore::edit::{DefaultOperation, ErrorOption, parse_xml};
use daybreak_datastore::store::Datastore;
use daybreak_datastore::xml::{Fragment, Limits};
use daybreak_netconf::error::{ErrorTag, RpcError};
use daybreak_netconf::message::Response;

use super::parameters::Parameters;
use super::source::datastore;
use super::{Answer, Context, one};

/// `<test-option>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    ThenSet,
    Set,
    Only,
}

impl Test {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "test-then-set" => Self::ThenSet,
            "set" => Self::Set,
            "test-only" => Self::Only,
            _ => return None,
        })
    }
}

pub(super) async fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let target = parameters.required("target").and_then(|target| datastore(&target)).map_err(one)?;
    if target != Datastore::Candidate {
        let message = format!("{target} cannot be edited; edit the candidate and commit it");
        return Err(one(RpcError::protocol(ErrorTag::OperationNotSupported, message)));
    }
    let default = parameters
        .word("default-operation", DefaultOperation::parse, "merge, replace or none")
        .map_err(one)?
        .unwrap_or_default();
    // The candidate may be wrong for a while: it is tested by validate and commit. Only what is asked for is done here.
    let test = parameters
        .word("test-option", Test::parse, "test-then-set, set or test-only")
        .map_err(one)?
        .unwrap_or(Test::Set);
    let option = parameters
        .word("error-option", ErrorOption::parse, "stop-on-error, continue-on-error or rollback-on-error")
        .map_err(one)?
        .unwrap_or_default();
    if parameters.flag("url").map_err(one)? {
        let message = "there is no :url capability; send the configuration in config";
        return Err(one(RpcError::protocol(ErrorTag::OperationNotSupported, message)));
    }
    let config = parameters.required("config").map_err(one)?;
    parameters.done().map_err(one)?;
    let edit = {
        let namespaces = config.namespaces();
        let fragment = Fragment { text: config.inner(), namespaces: &namespaces };
        parse_xml(context.engine.schema(), fragment, Limits::default()).map_err(|error| one(error.into()))?
    };
    if test != Test::Set {
        let tree = context.engine.try_edit(&context.caller, &edit, default)?;
        context.engine.validate(&tree).await?;
    }
    if test != Test::Only {
        context.engine.edit(&context.caller, &edit, default, option)?;
    }
    Ok(Response::Ok)
}
