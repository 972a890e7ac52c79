use std::collections::BTreeMap;
use std::io;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object, Serde, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior, filters, tests};
use serde::Serialize;

use super::{Escape, KernelArg, TemplateError, yaml};

/// Bounds of one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest template in bytes.
    pub source: usize,
    /// Most instructions of one rendering.
    pub fuel: u64,
    /// Largest output of one rendering in bytes.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { source: 256 * 1024, fuel: 1_000_000, output: 16 * 1024 * 1024 }
    }
}

/// Compiled templates with one escape rule. Cheap to share, never reads a file.
#[derive(Clone, Debug)]
pub struct Engine {
    environment: Environment<'static>,
    sources: BTreeMap<String, String>,
    limits: Limits,
}

impl Engine {
    /// An engine without templates.
    pub fn new(escape: Escape, limits: Limits) -> Self {
        let mut environment = Environment::empty();
        environment.set_syntax(syntax());
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(true);
        environment.set_fuel(Some(limits.fuel));
        environment.set_recursion_limit(64);
        match escape {
            Escape::Yaml => environment.set_formatter(|out, _: &mut State, value| yaml::write(out, value)),
            Escape::Words => {
                environment.set_formatter(|out, _: &mut State, value| write_words(out, value));
                environment.add_filter("text", text_filter);
            }
        }
        add_vocabulary(&mut environment);
        Self { environment, sources: BTreeMap::new(), limits }
    }

    /// Compiles `source` under `name`, in place of a template of the same name.
    ///
    /// # Errors
    /// [`TemplateError::Syntax`] with the line, or [`TemplateError::Limit`] for a source that is too large. The engine
    /// is unchanged then.
    pub fn add(&mut self, name: &str, source: &str) -> Result<(), TemplateError> {
        if source.len() > self.limits.source {
            let limit = self.limits.source as u64;
            return Err(TemplateError::Limit { template: name.to_owned(), what: "is larger than", limit });
        }
        self.environment
            .add_template_owned(name.to_owned(), source.to_owned())
            .map_err(|e| TemplateError::from_minijinja(&e, name, source, self.limits.fuel))?;
        self.sources.insert(name.to_owned(), source.to_owned());
        Ok(())
    }

    /// Names of the templates, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str)
    }

    /// Renders the template `name` with `context`, whole or not at all.
    ///
    /// # Errors
    /// See [`TemplateError`]; each gives template and line.
    pub fn render(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        let Some(source) = self.sources.get(name) else {
            let known = self.names().collect::<Vec<_>>().join(", ");
            return Err(TemplateError::Unknown { name: name.to_owned(), known });
        };
        let convert = |e: &Error| TemplateError::from_minijinja(e, name, source, self.limits.fuel);
        let template = self.environment.get_template(name).map_err(|e| convert(&e))?;
        let mut buffer = Bounded { bytes: Vec::new(), limit: self.limits.output, full: false };
        let rendered = template.render_captured_to(Value::from(Serde(context)), &mut buffer).map(|_| ());
        if buffer.full {
            let limit = self.limits.output as u64;
            return Err(TemplateError::Limit {
                template: name.to_owned(),
                what: "prints more bytes than",
                limit,
            });
        }
        rendered.map_err(|e| convert(&e))?;
        String::from_utf8(buffer.bytes).map_err(|e| TemplateError::Failed {
            template: name.to_owned(),
            line: 1,
            detail: e.to_string(),
        })
    }
}

/// A line that holds only a `{% … %}` prints nothing, not even itself; the last line keeps its line break.
fn syntax() -> SyntaxConfig {
    let built =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    match built {
        Ok(syntax) => syntax,
        Err(error) => unreachable!("the delimiters are minijinja's own: {error}"),
    }
}

/// The filters and tests there are. None of them reads anything, marks text as safe, or makes much out of little.
fn add_vocabulary(environment: &mut Environment<'static>) {
    environment.add_filter("default", filters::default);
    environment.add_filter("first", filters::first);
    environment.add_filter("items", filters::items);
    environment.add_filter("join", filters::join);
    environment.add_filter("last", filters::last);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("sort", filters::sort);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("upper", filters::upper);
    environment.add_test("defined", tests::is_defined);
    environment.add_test("none", tests::is_none);
    environment.add_test("eq", tests::is_eq);
    environment.add_test("string", tests::is_string);
}

/// Text with spaces that the filter `text` has checked; no template can make one in another way.
#[derive(Debug)]
struct CheckedLine(String);

impl Object for CheckedLine {}

/// Lets a message with spaces through: each word must be a [`KernelArg`].
fn text_filter(text: &str) -> Result<Value, Error> {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    for word in &words {
        check_word(word)?;
    }
    Ok(Value::from_object(CheckedLine(words.join(" "))))
}

fn check_word(word: &str) -> Result<(), Error> {
    word.parse::<KernelArg>().map(|_| ()).map_err(|e| Error::new(ErrorKind::InvalidOperation, e.to_string()))
}

fn write_words(out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    if let Some(line) = value.downcast_object_ref::<CheckedLine>() {
        return Ok(out.write_str(&line.0)?);
    }
    match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool => {
            let word = value.to_string();
            check_word(&word)?;
            Ok(out.write_str(&word)?)
        }
        ValueKind::Seq | ValueKind::Iterable => {
            for (index, item) in value.try_iter()?.checked().enumerate() {
                let item = item?;
                if !matches!(item.kind(), ValueKind::String | ValueKind::Number) {
                    let detail = format!("a list of words holds a value of kind {}", item.kind());
                    return Err(Error::new(ErrorKind::InvalidOperation, detail));
                }
                if index > 0 {
                    out.write_str(" ")?;
                }
                write_words(out, &item)?;
            }
            Ok(())
        }
        kind => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!(
                "a value of kind {kind} cannot be printed as words: give a text, a number or a list of them"
            ),
        )),
    }
}

/// A buffer that refuses to grow past its limit.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + data.len() > self.limit {
            self.full = true;
            return Err(io::Error::other("the output is full"));
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
