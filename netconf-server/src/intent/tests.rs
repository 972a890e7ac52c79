//! Configurations of `testcases/intent/` as intents.
use daybreak_datastore::schema::Schema;
use std::sync::{Arc, OnceLock};

/// The schema of the appliance.
pub(super) fn schema() -> &'static Arc<Schema> {
    static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| Arc::new(Schema::new(daybreak_yang::context().unwrap()).unwrap()))
}
