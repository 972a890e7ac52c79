//! `<validate>` (RFC 6241 §8.6.4.1).

use daybreak_netconf::message::Response;

use super::parameters::Parameters;
use super::source::source;
use super::{Answer, Context, one};

pub(super) async fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let tree = {
        let element = parameters.required("source").map_err(one)?;
        source(context.engine.schema(), &element)?.tree(context)
    };
    parameters.done().map_err(one)?;
    context.engine.validate(&tree).await?;
    Ok(Response::Ok)
}
