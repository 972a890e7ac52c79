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

/// What is in each `item` right below the element `set`, as it is written; up to the first place that is no XML.
pub(super) fn items<'a>(xml: &'a str, set: &str) -> Vec<&'a str> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    let mut open: Vec<(bool, usize)> = Vec::new();
    let place = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
    loop {
        let before = place(reader.buffer_position());
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                open.push((tag.local_name().as_ref() == set, place(reader.buffer_position())));
            }
            Ok(Event::End(tag)) => {
                let began = open.pop().map(|(_, began)| began);
                let below = open.last().is_some_and(|(is_set, _)| *is_set);
                if let Some(began) = began.filter(|_| below && tag.local_name().as_ref() == "item") {
                    found.extend(xml.get(began..before));
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
    fn items_of_a_set_are_those_right_below_it() {
        let xml = "<r><other><item>0</item></other><set><item><a><item>1</item></a><b>2</b></item><item/><item>3</item></set></r>";
        assert_eq!(items(xml, "set"), ["<a><item>1</item></a><b>2</b>", "3"]);
        assert!(items("no xml", "set").is_empty());
    }

    #[test]
    fn texts_by_name() {
        let xml = "<r xmlns='x'><a><id>1</id></a><b><id>a &lt;&#66;&amp;c</id><id/></b></r>";
        assert_eq!(texts(xml, "id"), ["1", "a <B&c"]);
        assert_eq!(texts("<r><id>1</id><id>2", "id"), ["1"]);
        assert!(texts("no xml", "id").is_empty() && texts("", "id").is_empty());
    }
}
