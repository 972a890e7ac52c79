//! `<get-config>` (RFC 6241 §7.1).

use super::parameters::Parameters;
use super::query::Query;
use super::source::datastore;
use super::{Answer, Context, one};

pub(super) fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let source = parameters.required("source").and_then(|source| datastore(&source)).map_err(one)?;
    let query = Query::take(context, &mut parameters).map_err(one)?;
    parameters.done().map_err(one)?;
    query.answer(context, &context.engine.tree(source))
}
