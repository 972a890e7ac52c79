//! XPath filters of `get` and `get-config` (RFC 6241 §8.9.5).

use super::Selection;
use crate::constraint::View;
use crate::error::{DataError, ErrorTag};
use crate::schema::Schema;
use daybreak_xpath::{Expression, Kind, Limits, Names, Unprefixed, XPathError};

/// A `select` attribute.
#[derive(Debug, Clone)]
pub struct XPathFilter {
    expression: Expression,
}

impl XPathFilter {
    /// Reads an expression. `namespaces` are the prefixes in scope at the attribute with their XML namespaces; a name
    /// without prefix is found in any module, as clients leave prefixes out.
    ///
    /// # Errors
    /// `invalid-value` for what is no expression, or one that gives no node set (RFC 6241 §8.9.5.2).
    pub fn parse<'n>(
        schema: &Schema,
        text: &str,
        namespaces: impl IntoIterator<Item = (&'n str, &'n str)>,
        limits: Limits,
    ) -> Result<Self, DataError> {
        let mut names = Names::new(Unprefixed::Any);
        for (prefix, namespace) in namespaces {
            // A prefix of a namespace that is not ours is an error only if it is used. Module names serve, too.
            let module = schema.module_in(namespace).or_else(|| schema.module_named(namespace));
            if let Some(module) = module {
                names = names.with(prefix, &schema.module(module).name);
            }
        }
        let expression = Expression::parse(text, &names, limits).map_err(|error| refused(text, &error))?;
        if expression.kind() != Kind::Nodes {
            let message = format!("the filter \"{text}\" gives no nodes; write a path");
            return Err(DataError::new(ErrorTag::InvalidValue, message).attribute("select"));
        }
        Ok(Self { expression })
    }

    /// What it selects of a tree: the nodes with all that is in them, and the way to them.
    ///
    /// # Errors
    /// `too-big` when the evaluation takes more steps than the limit.
    pub fn select(&self, view: &View<'_>) -> Result<Selection, DataError> {
        let nodes = self
            .expression
            .select(view, &view.tree().root())
            .map_err(|error| refused(self.expression.text(), &error))?;
        let mut selection = Selection::none();
        for node in nodes {
            if node.is_root() {
                return Ok(Selection::All);
            }
            selection.add(&node.path());
        }
        Ok(selection)
    }
}

fn refused(text: &str, error: &XPathError) -> DataError {
    let tag = match error.problem {
        daybreak_xpath::Problem::Budget { .. } => ErrorTag::TooBig,
        _ => ErrorTag::InvalidValue,
    };
    DataError::new(tag, format!("the filter \"{text}\": {error}")).attribute("select")
}

#[cfg(test)]
mod tests {
    use super::XPathFilter;
    use crate::codec::{WriteOptions, write_xml};
    use crate::constraint::Constraints;
    use crate::testing::{cases, example, tree};
    use daybreak_netconf::error::ErrorTag;
    use daybreak_xpath::Limits;
    use std::fs;

    const NAMESPACES: [(&str, &str); 4] = [
        ("e", "urn:example"),
        ("more", "urn:example-more"),
        ("u", "http://example.com/schema/1.2/config"),
        ("nothing", "urn:nothing"),
    ];

    /// What a filter leaves of `testcases/filter/data.xml`.
    fn filtered(text: &str) -> String {
        let data = tree(&fs::read_to_string(cases("filter/data.xml")).unwrap());
        let constraints = Constraints::new(example()).unwrap();
        let filter = XPathFilter::parse(example(), text, NAMESPACES, Limits::default()).unwrap();
        let selection = filter.select(&constraints.view(&data)).unwrap();
        let mut found = String::new();
        let options = WriteOptions { selection: Some(&selection), ..WriteOptions::default() };
        write_xml(&mut found, &data.root(), options).unwrap();
        found
    }

    #[test]
    fn selected_nodes_come_with_the_way_to_them_and_keys() {
        let item = "<top xmlns=\"urn:example\"><item><name>i</name><part><kind>j</kind><number>1</number>\
                    <note>z</note></part></item></top>";
        let user = "<top xmlns=\"http://example.com/schema/1.2/config\"><users><user><name>fred</name>\
                    <type>admin</type></user></users></top>";
        for (text, expected) in [
            ("/e:top/e:item/e:part[e:kind='j']", item),
            ("/e:top/e:item[e:name='i']/e:part[e:kind='j'][e:number='1']/e:note", item),
            ("//note/..", item),
            ("/u:top/u:users/u:user[u:name='fred']/u:type", user),
            ("/top/users/user[name='fred']/type", user),
            (
                "/e:top/e:size | /e:top/e:tag[. = 'b']",
                "<top xmlns=\"urn:example\"><size>5</size><tag>b</tag></top>",
            ),
            ("/more:other", "<other xmlns=\"urn:example-more\"><name>p</name></other>"),
            (
                "/e:top/more:name",
                "<top xmlns=\"urn:example\"><name xmlns=\"urn:example-more\">more</name></top>",
            ),
            ("/e:top/e:item[e:name='x']", ""),
            ("/e:other/text()", ""),
        ] {
            assert_eq!(filtered(text), expected, "{text}");
        }
        assert_eq!(filtered("/"), filtered("/*"));
    }

    #[test]
    fn what_is_no_path_or_takes_too_long_is_refused() {
        let parse = |text: &str| XPathFilter::parse(example(), text, NAMESPACES, Limits::default());
        for text in ["count(/e:top)", "'x'", "/e:top[", "/unknown:top", "/nothing:top", ""] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.tag(), ErrorTag::InvalidValue, "{text}");
        }
        let data = tree(&fs::read_to_string(cases("filter/data.xml")).unwrap());
        let constraints = Constraints::new(example()).unwrap();
        let limits = Limits { steps: 1000, ..Limits::default() };
        let filter = XPathFilter::parse(example(), "//*[//*[//*]]", NAMESPACES, limits).unwrap();
        let error = filter.select(&constraints.view(&data)).unwrap_err();
        assert_eq!(error.tag(), ErrorTag::TooBig);
    }
}
