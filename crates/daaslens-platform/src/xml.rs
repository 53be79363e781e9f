//! A small tree of an XML document, as much of it as there is.
//!
//! All of these documents are short, and most are written by appending, so that the end may be missing: Kudu's traces
//! of requests that are still running are left open, and a status file whose writer was killed stops anywhere.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::document::Document;
use crate::parsed::{FaultKind, Faults};

/// The most elements that are read of a document.
pub(crate) const MAX_ELEMENTS: usize = 100_000;
/// The most attributes that are kept of a document.
const MAX_ATTRIBUTES: usize = 200_000;
/// How deep elements are read. What lies deeper is left out.
const MAX_DEPTH: usize = 64;

/// An element.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Self>,
    /// The comment that follows it: Kudu writes how long a step took behind its end.
    pub(crate) note: String,
    /// Where it begins in the text.
    pub(crate) at: usize,
    /// Whether its end is there.
    pub(crate) is_closed: bool,
}

impl Element {
    /// The first child of a name. Names differ in case between writers.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children_named(name).next()
    }

    pub(crate) fn children_named<'e>(&'e self, name: &str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name.eq_ignore_ascii_case(name))
    }

    /// The text of the first child of a name; nothing where there is none.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.trim())
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Reads the first root element of a document.
pub(crate) fn parse(document: &Document<'_>, faults: &mut Faults) -> Option<Element> {
    if document.is_empty() {
        return None;
    }
    let text = document.text();
    // An open tag at the very end is read as far as it goes.
    let open = match (text.rfind('<'), text.rfind('>')) {
        (Some(open), close) if close.is_none_or(|close| close < open) => Some(format!("{text}>")),
        _ => None,
    };
    let mut tree = Tree::default();
    let end = tree.grow(open.as_deref().unwrap_or(text));
    if tree.is_capped {
        let kind = FaultKind::Capped { what: "elements", kept: MAX_ELEMENTS as u64, found: None };
        faults.add(document.place(end.unwrap_or(text.len())), kind);
    } else if let Some(at) = end {
        let is_tail = at >= text.len() || text.get(at..).is_some_and(|rest| !rest.contains('>'));
        let kind = if is_tail { FaultKind::Truncated } else { FaultKind::Markup };
        faults.add(document.place(at), kind);
    } else if open.is_some() || !tree.open.is_empty() {
        faults.add(document.place(text.len()), FaultKind::Truncated);
    }
    if tree.attributes >= MAX_ATTRIBUTES {
        let kept = MAX_ATTRIBUTES as u64;
        let kind = FaultKind::Capped { what: "attributes", kept, found: None };
        faults.add(document.place(0), kind);
    }
    if tree.too_deep > 0 {
        let kind =
            FaultKind::Capped { what: "levels of elements", kept: MAX_DEPTH as u64, found: None };
        faults.add(document.place(0), kind);
    }
    tree.finish()
}

#[derive(Default)]
struct Tree {
    root: Option<Element>,
    open: Vec<Element>,
    elements: usize,
    attributes: usize,
    /// How many elements are open that lie too deep.
    buried: usize,
    too_deep: usize,
    is_capped: bool,
}

impl Tree {
    /// Reads all of `text`; gives the offset at which it could not go on.
    fn grow(&mut self, text: &str) -> Option<usize> {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.allow_dangling_amp = true;
        config.allow_unmatched_ends = true;
        config.check_end_names = false;
        config.check_comments = false;
        loop {
            let at = reader.buffer_position() as usize;
            match reader.read_event() {
                Ok(Event::Start(tag)) => {
                    if self.elements >= MAX_ELEMENTS {
                        self.is_capped = true;
                        return Some(at);
                    }
                    self.start(&tag, at);
                }
                Ok(Event::Empty(tag)) => {
                    if self.elements >= MAX_ELEMENTS {
                        self.is_capped = true;
                        return Some(at);
                    }
                    self.start(&tag, at);
                    self.end(None);
                }
                Ok(Event::End(tag)) => self.end(Some(tag.name().as_ref())),
                Ok(Event::Text(piece)) => self.text(&piece.into_inner()),
                Ok(Event::CData(piece)) => self.text(&piece.into_inner()),
                Ok(Event::GeneralRef(reference)) => self.reference(&reference),
                Ok(Event::Comment(comment)) => self.comment(&comment.into_inner()),
                Ok(Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
                Ok(Event::Eof) => return None,
                Err(_) => return Some(at.max(reader.error_position() as usize)),
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, at: usize) {
        if self.open.len() >= MAX_DEPTH {
            self.buried += 1;
            self.too_deep += 1;
            return;
        }
        self.elements += 1;
        let mut pairs = Vec::new();
        for pair in tag.attributes().with_checks(false).filter_map(Result::ok) {
            if self.attributes >= MAX_ATTRIBUTES {
                break;
            }
            self.attributes += 1;
            let value = match quick_xml::escape::unescape(&pair.value) {
                Ok(value) => value.into_owned(),
                Err(_) => pair.value.clone().into_owned(),
            };
            pairs.push((pair.key.as_ref().to_owned(), value));
        }
        self.open.push(Element {
            name: tag.local_name().as_ref().to_owned(),
            attributes: pairs,
            at,
            ..Element::default()
        });
    }

    /// Closes the innermost element, or, where an end was forgotten, the one that the end is of.
    fn end(&mut self, name: Option<&str>) {
        if self.buried > 0 {
            self.buried -= 1;
            return;
        }
        let local = name.map(|name| name.rsplit(':').next().unwrap_or(name));
        let depth = match local {
            None => self.open.len().checked_sub(1),
            Some(name) => self.open.iter().rposition(|element| element.name == name),
        };
        let Some(depth) = depth else { return };
        while self.open.len() > depth {
            let is_last = self.open.len() == depth + 1;
            self.close(is_last);
        }
    }

    fn close(&mut self, is_closed: bool) {
        let Some(mut element) = self.open.pop() else { return };
        element.is_closed = is_closed;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => {
                self.root.get_or_insert(element);
            }
        }
    }

    fn text(&mut self, piece: &str) {
        if self.buried == 0
            && let Some(element) = self.open.last_mut()
        {
            element.text.push_str(piece);
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) {
        let text = format!("&{};", &**reference);
        match quick_xml::escape::unescape(&text) {
            Ok(known) => self.text(&known),
            Err(_) => self.text(&text),
        }
    }

    fn comment(&mut self, comment: &str) {
        if self.buried > 0 {
            return;
        }
        let before = match self.open.last_mut() {
            Some(parent) => parent.children.last_mut(),
            None => self.root.as_mut(),
        };
        if let Some(element) = before
            && element.note.is_empty()
        {
            comment.trim().clone_into(&mut element.note);
        }
    }

    fn finish(mut self) -> Option<Element> {
        while !self.open.is_empty() {
            self.close(false);
        }
        self.root
    }
}
