//! The little of XML that EC2's answers need.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// Texts of all elements with this name, in their order; up to the first place that is no XML.
pub(super) fn texts(xml: &str, name: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    let mut inside: Option<String> = None;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if tag.local_name().as_ref() == name => inside = Some(String::new()),
            Ok(Event::End(tag)) if tag.local_name().as_ref() == name => found.extend(inside.take()),
            Ok(Event::Text(text)) => {
                if let Some(inside) = &mut inside {
                    inside.push_str(&text);
                }
            }
            Ok(Event::GeneralRef(entity)) => {
                if let Some(inside) = &mut inside {
                    match entity.resolve_char_ref() {
                        Ok(Some(character)) => inside.push(character),
                        _ => inside.push_str(resolve_predefined_entity(&entity).unwrap_or_default()),
                    }
                }
            }
            Ok(Event::Eof) | Err(_) => return found,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_by_name() {
        let xml = "<r xmlns='x'><a><id>1</id></a><b><id>a &lt;&#66;&amp;c</id><id/></b></r>";
        assert_eq!(texts(xml, "id"), ["1", "a <B&c"]);
        assert_eq!(texts("<r><id>1</id><id>2", "id"), ["1"]);
        assert!(texts("no xml", "id").is_empty() && texts("", "id").is_empty());
    }
}
