//! `<get-schema>` (RFC 6022 §3.1).

use daybreak_netconf::error::{ErrorTag, RpcError};
use daybreak_netconf::message::Response;
use daybreak_netconf::xml::{MONITORING, escape_text};

use super::parameters::{Parameters, text, wrong};
use super::{Answer, Context, one};

pub(super) fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let name = parameters.required("identifier").and_then(|element| text(&element)).map_err(one)?;
    let version = parameters.text("version").map_err(one)?.filter(|version| !version.is_empty());
    let format = parameters.text("format").map_err(one)?;
    parameters.done().map_err(one)?;
    // The value is an identity, whatever prefix the client gave its module.
    if let Some(format) = format.filter(|format| format.rsplit(':').next() != Some("yang")) {
        return Err(one(wrong("format", &format, "yang")));
    }
    let module = daybreak_yang::module_text(context.engine.schema().context(), &name, version.as_deref());
    let module =
        module.map_err(|error| one(RpcError::application(ErrorTag::InvalidValue, error.to_string())))?;
    let mut data = format!("<data xmlns=\"{MONITORING}\">");
    escape_text(&mut data, &module);
    data.push_str("</data>");
    Ok(Response::Output(data))
}
