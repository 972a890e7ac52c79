//! `<get>` (RFC 6241 §7.7): running with what is true now.

use daybreak_datastore::store::Datastore;

use super::parameters::Parameters;
use super::query::Query;
use super::{Answer, Context, one};

pub(super) async fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let query = Query::take(context, &mut parameters).map_err(one)?;
    parameters.done().map_err(one)?;
    let mut tree = context.engine.tree(Datastore::Running);
    for part in context.surroundings.state().await {
        tree = tree.joined(&part);
    }
    query.answer(context, &tree)
}
