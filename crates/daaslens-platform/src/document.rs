//! From bytes to text whose places are still known.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::parsed::{FaultKind, Faults, Place};
use crate::{MAX_DOCUMENT, MAX_TEXT};

/// The text of a file.
///
/// Kudu and DaaS write UTF-8, at times with a byte order mark; what PowerShell redirected is UTF-16. A byte that is no
/// UTF-8 becomes one `?`, so that offsets stay what they were.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    text: Cow<'a, str>,
    /// How many bytes stand before the text.
    skipped: usize,
    is_wide: bool,
    marks: OnceCell<Vec<Counts>>,
}

/// How far apart the marks of a document are, in bytes.
const STRIDE: usize = 4096;

/// What stands before a place.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// Bytes of the file.
    bytes: u64,
    lines: u64,
}

impl Counts {
    fn plus(self, piece: &[u8], is_wide: bool) -> Self {
        // A character of four bytes is two units of UTF-16, any other is one.
        let unit = |c: &u8| match c {
            0x80..0xc0 => 0,
            0xf0.. => 4,
            _ => 2,
        };
        let bytes = if is_wide { piece.iter().map(unit).sum() } else { piece.len() as u64 };
        Self {
            bytes: self.bytes + bytes,
            lines: self.lines + memchr::memchr_iter(b'\n', piece).count() as u64,
        }
    }
}

impl<'a> Document<'a> {
    /// Reads `bytes` up to [`MAX_DOCUMENT`]; notes what is not text, and what is empty.
    pub(crate) fn new(bytes: &'a [u8], faults: &mut Faults) -> Self {
        let whole = bytes.len();
        let bytes = bytes.get(..MAX_DOCUMENT).unwrap_or(bytes);
        let document = match bytes {
            [0xef, 0xbb, 0xbf, rest @ ..] => Self::narrow(rest, 3, faults),
            [0xff, 0xfe, rest @ ..] => Self::wide(rest, u16::from_le_bytes, faults),
            [0xfe, 0xff, rest @ ..] => Self::wide(rest, u16::from_be_bytes, faults),
            bytes => Self::narrow(bytes, 0, faults),
        };
        // Zeros are what a file system leaves of a file whose pages were never written.
        if document.text.chars().all(|c| c.is_whitespace() || c == '\0') {
            faults.add(Place { byte: 0, line: 1 }, FaultKind::Empty);
        } else if whole > bytes.len() {
            let kind = FaultKind::Capped {
                what: "bytes",
                kept: MAX_DOCUMENT as u64,
                found: Some(whole as u64),
            };
            faults.add(document.place(document.text.len()), kind);
        }
        document
    }

    fn narrow(bytes: &'a [u8], skipped: usize, faults: &mut Faults) -> Self {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(with_question_marks(bytes)),
        };
        let document = Self { text, skipped, is_wide: false, marks: OnceCell::new() };
        if let Err(error) = std::str::from_utf8(bytes) {
            faults.add(document.place(error.valid_up_to()), FaultKind::NotText);
        }
        document
    }

    fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16, faults: &mut Faults) -> Self {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let mut bad = !rest.is_empty();
        let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
            .map(|c| {
                bad |= c.is_err();
                c.unwrap_or('?')
            })
            .collect();
        let document =
            Self { text: Cow::Owned(text), skipped: 2, is_wide: true, marks: OnceCell::new() };
        if bad {
            faults.add(Place { byte: 2, line: 1 }, FaultKind::NotText);
        }
        document
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.chars().all(|c| c.is_whitespace() || c == '\0')
    }

    /// The place of the character at `offset` of the text.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let text = self.text.as_bytes();
        let offset = offset.min(text.len());
        // Counting from the start each time would be quadratic: the counts are kept for every few thousand bytes.
        let marks = self.marks.get_or_init(|| {
            let mut counts = Counts::default();
            let mut marks = vec![counts];
            for piece in text.chunks(STRIDE) {
                counts = counts.plus(piece, self.is_wide);
                marks.push(counts);
            }
            marks
        });
        let mark = offset / STRIDE;
        let before = marks.get(mark).copied().unwrap_or_default();
        let counts = before.plus(text.get(mark * STRIDE..offset).unwrap_or_default(), self.is_wide);
        Place { byte: self.skipped as u64 + counts.bytes, line: 1 + counts.lines }
    }

    /// Places in growing order, without counting again what was counted.
    pub(crate) fn cursor(&self) -> Cursor<'_> {
        self.cursor_at(0)
    }

    /// The same for offsets that count from `start`.
    pub(crate) fn cursor_at(&self, start: usize) -> Cursor<'_> {
        let text = self.text.as_bytes();
        let text = text.get(start.min(text.len())..).unwrap_or_default();
        let before = self.place(start);
        Cursor { text, before, at: 0, counts: Counts::default(), is_wide: self.is_wide }
    }

    /// The lines without their ends, and the place of each.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (Place, &str)> {
        let mut place = Place { byte: self.skipped as u64, line: 1 };
        self.text.split_inclusive('\n').map(move |line| {
            let at = place;
            let counts = Counts::default().plus(line.as_bytes(), self.is_wide);
            place = Place { byte: at.byte + counts.bytes, line: at.line + 1 };
            (at, line.trim_end_matches(['\n', '\r']))
        })
    }
}

/// Places of a document, one after the other.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a [u8],
    before: Place,
    at: usize,
    counts: Counts,
    is_wide: bool,
}

impl Cursor<'_> {
    /// The place of the character at `offset`.
    pub(crate) fn place(&mut self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        if offset < self.at {
            (self.at, self.counts) = (0, Counts::default());
        }
        let piece = self.text.get(self.at..offset).unwrap_or_default();
        self.counts = self.counts.plus(piece, self.is_wide);
        self.at = offset;
        let Place { byte, line } = self.before;
        Place { byte: byte + self.counts.bytes, line: line + self.counts.lines }
    }
}

/// `text` without what surrounds it, up to [`MAX_TEXT`] characters.
pub(crate) fn kept(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text.to_owned(),
    }
}

/// [`kept`], where there is anything.
pub(crate) fn some(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| kept(text))
}

/// `path` without query and fragment: what stands behind them can be a key.
pub(crate) fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or_default()
}

/// Whether `text` is the short name of an instance: six hex digits.
pub(crate) fn is_prefix(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|c| c.is_ascii_hexdigit())
}

fn with_question_marks(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_stay_what_they_were() {
        let mut faults = Faults::default();
        let document = Document::new(b"\xef\xbb\xbfa\xffb\nc", &mut faults);
        assert_eq!(document.text(), "a?b\nc");
        assert_eq!(document.place(4), Place { byte: 7, line: 2 });
        let faults = Parsed::new((), faults).faults;
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].place, Place { byte: 4, line: 1 });
    }

    #[test]
    fn utf16_is_counted_in_the_bytes_of_the_file() {
        let bytes: Vec<u8> = [0xfeffu16]
            .into_iter()
            .chain("é\r\nx".encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        let document = Document::new(&bytes, &mut Faults::default());
        assert_eq!(document.place("é\r\n".len()), Place { byte: 8, line: 2 });
        let lines: Vec<(u64, &str)> = document.lines().map(|(at, line)| (at.byte, line)).collect();
        assert_eq!(lines, [(2, "é"), (8, "x")]);
    }

    use crate::parsed::Parsed;
}
