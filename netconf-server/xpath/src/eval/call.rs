//! Function calls (XPath 1.0 §4, RFC 7950 §10).

use super::{Context, Evaluator, Item, Items, strings};
use crate::ast::{Call, Expr};
use crate::functions::Function;
use crate::{Problem, Tree, Value, XPathError, number, regex};

/// Steps that a pattern costs which is compiled at run time.
const PATTERN_STEPS: usize = 10_000;

impl<T: Tree> Evaluator<'_, T> {
    pub(super) fn call(
        &self,
        call: &Call,
        context: &Context<T::Node>,
    ) -> Result<Value<Item<T::Node>>, XPathError> {
        use Function as F;
        let text = |place| self.text_argument(call, place, context);
        let number = |place: usize| self.number(&call.arguments[place], context);
        let nodes = |place: usize| self.nodes(&call.arguments[place], context);
        Ok(match call.function {
            F::Current => Value::Nodes(vec![Item::element(self.current.clone())]),
            F::Deref => Value::Nodes(self.deref(&nodes(0)?)?),
            // There are no identifiers of XML in a data tree, and no languages.
            F::Id => {
                text(0)?;
                Value::Nodes(Vec::new())
            }
            F::Lang => {
                text(0)?;
                Value::Boolean(false)
            }
            F::True => Value::Boolean(true),
            F::False => Value::Boolean(false),
            F::Boolean => Value::Boolean(self.boolean(&call.arguments[0], context)?),
            F::Not => Value::Boolean(!self.boolean(&call.arguments[0], context)?),
            F::Contains => Value::Boolean(text(0)?.contains(&text(1)?)),
            F::StartsWith => Value::Boolean(text(0)?.starts_with(&text(1)?)),
            F::ReMatch => Value::Boolean(self.re_match(call, &text(0)?, context)?),
            F::DerivedFrom => Value::Boolean(self.is_derived(&nodes(0)?, &text(1)?, false)),
            F::DerivedFromOrSelf => Value::Boolean(self.is_derived(&nodes(0)?, &text(1)?, true)),
            F::BitIsSet => {
                let bit = text(1)?;
                Value::Boolean(nodes(0)?.first().is_some_and(|item| self.tree.bit_is_set(&item.node, &bit)))
            }
            F::EnumValue => {
                let value = nodes(0)?.first().and_then(|item| self.tree.enum_value(&item.node));
                Value::Number(value.map_or(f64::NAN, f64::from))
            }
            F::Position => count(context.position),
            F::Last => count(context.size),
            F::Count => count(nodes(0)?.len()),
            F::StringLength => count(text(0)?.chars().count()),
            F::Sum => {
                let mut sum = 0.0;
                for item in nodes(0)? {
                    sum += number::parse(&self.string_value(&item)?);
                }
                Value::Number(sum)
            }
            F::Number if call.arguments.is_empty() => Value::Number(number::parse(&text(0)?)),
            F::Number => Value::Number(number(0)?),
            F::Floor => Value::Number(number(0)?.floor()),
            F::Ceiling => Value::Number(number(0)?.ceil()),
            F::Round => Value::Number(number::round(number(0)?)),
            F::String => Value::Text(text(0)?),
            F::NormalizeSpace => Value::Text(strings::normalize_space(&text(0)?)),
            F::Translate => Value::Text(strings::translate(&text(0)?, &text(1)?, &text(2)?)),
            F::SubstringBefore => Value::Text(strings::before(&text(0)?, &text(1)?).into()),
            F::SubstringAfter => Value::Text(strings::after(&text(0)?, &text(1)?).into()),
            F::Substring => {
                let length = (call.arguments.len() > 2).then(|| number(2)).transpose()?;
                Value::Text(strings::substring(&text(0)?, number(1)?, length))
            }
            F::Concat => {
                let mut all = String::new();
                for place in 0..call.arguments.len() {
                    all.push_str(&text(place)?);
                }
                Value::Text(all)
            }
            F::LocalName | F::Name | F::NamespaceUri => Value::Text(self.name(call, context)?),
        })
    }

    /// An argument as text; the string value of the context node where it is left out.
    fn text_argument(
        &self,
        call: &Call,
        place: usize,
        context: &Context<T::Node>,
    ) -> Result<String, XPathError> {
        let text = match call.arguments.get(place) {
            Some(Expr::Literal(literal)) => literal.to_string(),
            Some(argument) => self.text(argument, context)?,
            None => self.string_value(&context.item)?.into_owned(),
        };
        self.charge_text(text.len())?;
        Ok(text)
    }

    /// What the first node refers to.
    fn deref(&self, items: &[Item<T::Node>]) -> Result<Items<T>, XPathError> {
        let targets = items.first().map(|item| self.tree.deref(&item.node)).unwrap_or_default();
        self.charge(targets.len())?;
        Ok(targets.into_iter().map(Item::element).collect())
    }

    fn is_derived(&self, items: &[Item<T::Node>], identity: &str, or_self: bool) -> bool {
        let Some((module, identity)) = self.names.resolve(identity) else { return false };
        items.iter().any(|item| self.tree.is_derived(&item.node, module, identity, or_self))
    }

    fn re_match(&self, call: &Call, text: &str, context: &Context<T::Node>) -> Result<bool, XPathError> {
        // The matcher is linear in the text, and slower than a scan.
        self.charge(text.len())?;
        if let Some(pattern) = &call.pattern {
            return Ok(pattern.is_match(text));
        }
        let pattern = self.text_argument(call, 1, context)?;
        self.charge(PATTERN_STEPS + pattern.len())?;
        let compiled = regex::compile(&pattern).map_err(|why| Self::error(call, Problem::Pattern(why)))?;
        Ok(compiled.is_match(text))
    }

    /// `name()` and its kin of the first node of the argument, or of the context node. As there are no prefixes in a
    /// data tree, `name()` has the name of the module in its place.
    fn name(&self, call: &Call, context: &Context<T::Node>) -> Result<String, XPathError> {
        let items = match call.arguments.first() {
            Some(argument) => self.nodes(argument, context)?,
            None => vec![context.item.clone()],
        };
        let Some(item) = items.first().filter(|item| !item.is_text) else { return Ok(String::new()) };
        let name = self.tree.name(&item.node);
        Ok(match call.function {
            Function::LocalName => name.into(),
            Function::NamespaceUri => self.tree.namespace(&item.node).into(),
            _ if name.is_empty() => String::new(),
            _ => format!("{}:{name}", self.tree.module(&item.node)),
        })
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn count<N>(count: usize) -> Value<N> {
    Value::Number(count as f64)
}
