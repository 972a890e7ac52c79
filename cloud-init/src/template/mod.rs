//! A strict template engine: minijinja with everything taken away that a seed or a boot script must not have.
//!
//! - An undefined name is an error that gives template, line and name.
//! - Every printed value goes through one [`Escape`] rule; nothing can switch it off (no `safe`, no `autoescape`).
//! - There are no files: a template is text given by the caller; `include`, `import`, `extends` and macros do not exist.
//! - Values are data: a `{{ … }}` inside a value is printed, never evaluated.
//! - A line that holds only `{% … %}` disappears whole, so templates can be indented.
//! - Instructions, recursion and output are bounded ([`Limits`]).

mod engine;
mod error;
mod kernel;
mod yaml;

pub use engine::{Engine, Limits};
pub use error::TemplateError;
pub use kernel::{KernelArg, KernelLine, KernelLineTooLong};

/// How printed values are made harmless in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// For YAML and JSON: a value becomes a JSON value on one line, so it can only ever be a value. Write
    /// `key: {{ value }}` without quotes around it.
    Yaml,
    /// For boot scripts and kernel lines: a value becomes one word as [`KernelArg`] defines it, a list becomes words
    /// joined by spaces. The filter `text` lets spaces through, for messages. Anything else is an error.
    Words,
}
