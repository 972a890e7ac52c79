//! The one libyang context of the process.

use crate::embedded::callback_table;
use crate::error::YangError;
use crate::implemented::{DEVIATING, IMPLEMENTED, Implemented};
use std::sync::OnceLock;
use yang5::context::{Context, ContextFlags, EmbeddedModules};

/// The context with every module implemented and every deviation applied, made at the first call.
///
/// It lives as long as the process: schema nodes borrow from it and are kept everywhere.
///
/// # Errors
/// [`YangError`] when the modules do not compile. The next call tries again.
pub fn context() -> Result<&'static Context, YangError> {
    static CONTEXT: OnceLock<Context> = OnceLock::new();
    static MAKING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(context) = CONTEXT.get() {
        return Ok(context);
    }
    let context = load(IMPLEMENTED.iter().chain(DEVIATING))?;
    Ok(CONTEXT.get_or_init(|| context))
}

/// A context without the deviations: what the standards say, to compare with what the appliance does.
///
/// # Errors
/// [`YangError`] when the modules do not compile.
pub fn context_of_standards() -> Result<Context, YangError> {
    load(IMPLEMENTED.iter())
}

fn load<'a>(modules: impl Iterator<Item = &'a Implemented>) -> Result<Context, YangError> {
    // The callback keeps a pointer to the table, so it lives as long as the process.
    static TABLE: OnceLock<EmbeddedModules> = OnceLock::new();
    let flags = ContextFlags::DISABLE_SEARCHDIRS | ContextFlags::DISABLE_SEARCHDIR_CWD;
    let mut context = Context::new(flags).map_err(YangError::Context)?;
    context.set_embedded_modules(TABLE.get_or_init(callback_table));
    let list: Vec<_> = modules.map(|module| (module.name, None, module.features)).collect();
    context
        .load_modules(&list)
        .map_err(|error| YangError::Compile { message: error.to_string(), at: error.path })?;
    Ok(context)
}
