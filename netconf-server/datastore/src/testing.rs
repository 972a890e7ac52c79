//! What the tests of several files need.

use crate::schema::Schema;
use std::sync::{Arc, OnceLock};

/// The schema of the appliance.
pub(crate) fn schema() -> &'static Arc<Schema> {
    static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| Arc::new(Schema::new(daybreak_yang::context().unwrap()).unwrap()))
}
