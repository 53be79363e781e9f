//! Bytes in blocks of whole lines: by position from files, front to back from everything that is packed.

use std::io::{self, Read};
use std::ops::Range;

use daaslens_core::{Source, Span};
use daaslens_httplog::MAX_LINE;

/// A block of whole lines, or what is known of a line that is too long to be kept.
pub(crate) enum Block<'a> {
    /// Bytes that begin and end at line starts, and where they stand in the source.
    Lines(&'a [u8], u64),
    /// A line beyond [`MAX_LINE`].
    TooLong(Span),
}

/// The most bytes of a document that is read whole.
const MAX_DOCUMENT: u64 = 256 << 20;

/// How much is read on when the last line of a piece goes on beyond its end.
const STEP: usize = 64 << 10;

/// Reads the lines of a seekable source that *begin* in `piece`. The pieces of a source, put one after the other,
/// give each of its lines once. Returns how many bytes were read.
///
/// # Errors
/// What reading says.
pub(crate) fn piece(
    source: &dyn Source,
    piece: Range<u64>,
    newline: u8,
    buffer: &mut Vec<u8>,
    sink: &mut dyn FnMut(Block<'_>),
) -> io::Result<u64> {
    // The byte before the piece tells whether a line begins right at its start.
    let from = piece.start.saturating_sub(1);
    let len = usize::try_from(piece.end - from).unwrap_or(usize::MAX);
    buffer.resize(len, 0);
    let mut have = source.read_at(from, buffer)?;
    let at_end = have < len;
    buffer.truncate(have);
    let skip = if piece.start == 0 {
        0
    } else {
        match memchr::memchr(newline, buffer) {
            Some(at) => at + 1,
            None => return Ok(have as u64), // the middle of a long line
        }
    };
    if skip >= have {
        return Ok(have as u64);
    }
    let last = memchr::memrchr(newline, &buffer[skip..]).map_or(skip, |at| skip + at + 1);
    if !at_end && last < have {
        // The last line goes on behind the piece.
        let mut searched = have;
        loop {
            buffer.resize(have + STEP, 0);
            let n = source.read_at(from + have as u64, &mut buffer[have..])?;
            have += n;
            buffer.truncate(have);
            if let Some(at) = memchr::memchr(newline, &buffer[searched..]) {
                buffer.truncate(searched + at + 1);
                break;
            }
            if n == 0 {
                break;
            }
            searched = have;
            if have - last > MAX_LINE {
                if last > skip {
                    sink(Block::Lines(&buffer[skip..last], from + skip as u64));
                }
                let start = from + last as u64;
                let end = line_end(source, from + have as u64, newline, buffer)?;
                sink(Block::TooLong(Span::new(start, end)));
                return Ok(have as u64);
            }
        }
    }
    sink(Block::Lines(&buffer[skip..], from + skip as u64));
    Ok(buffer.len() as u64)
}

/// Looks for the end of a line from `at` on.
fn line_end(
    source: &dyn Source,
    mut at: u64,
    newline: u8,
    buffer: &mut Vec<u8>,
) -> io::Result<u64> {
    buffer.resize(STEP, 0);
    loop {
        let n = source.read_at(at, buffer)?;
        if let Some(found) = memchr::memchr(newline, &buffer[..n]) {
            return Ok(at + found as u64 + 1);
        }
        if n == 0 {
            return Ok(at);
        }
        at += n as u64;
    }
}

/// Reads everything front to back, in blocks of about `size` bytes.
///
/// # Errors
/// What reading says; whole lines that were read before are handed out first.
pub(crate) fn stream(
    reader: &mut dyn Read,
    size: usize,
    newline: u8,
    buffer: &mut Vec<u8>,
    sink: &mut dyn FnMut(Block<'_>),
) -> io::Result<u64> {
    let size = size.max(1);
    buffer.clear();
    let mut base = 0; // where the buffer begins in the source
    let mut too_long = None; // where a line began that was given up
    loop {
        let kept = buffer.len();
        let result = Read::take(&mut *reader, size as u64).read_to_end(buffer);
        let done = !matches!(result, Ok(n) if n > 0);
        let mut start = 0;
        if let Some(line) = too_long {
            match memchr::memchr(newline, buffer) {
                Some(at) => {
                    start = at + 1;
                    sink(Block::TooLong(Span::new(line, base + start as u64)));
                    too_long = None;
                }
                None => start = buffer.len(),
            }
        }
        let end = if done && result.is_ok() {
            buffer.len()
        } else {
            let from = kept.max(start).min(buffer.len());
            memchr::memrchr(newline, &buffer[from..]).map_or(start, |at| from + at + 1)
        };
        if end > start {
            sink(Block::Lines(&buffer[start..end], base + start as u64));
        }
        if done {
            if let Some(line) = too_long {
                sink(Block::TooLong(Span::new(line, base + buffer.len() as u64)));
            }
            let total = base + buffer.len() as u64;
            return result.map(|_| total);
        }
        let end = end.max(start);
        buffer.drain(..end);
        base += end as u64;
        if too_long.is_none() && buffer.len() > MAX_LINE + 1 {
            too_long = Some(base);
            base += buffer.len() as u64;
            buffer.clear();
        }
    }
}

/// Reads everything as one block: for formats that cannot be cut at line starts.
///
/// # Errors
/// What reading says, and when the document is longer than is read; what was read is handed out first.
pub(crate) fn whole(
    reader: &mut dyn Read,
    buffer: &mut Vec<u8>,
    sink: &mut dyn FnMut(Block<'_>),
) -> io::Result<u64> {
    buffer.clear();
    let result = Read::take(&mut *reader, MAX_DOCUMENT).read_to_end(buffer);
    if !buffer.is_empty() {
        sink(Block::Lines(buffer, 0));
    }
    result?;
    if reader.read(&mut [0])? > 0 {
        let most = daaslens_core::text::bytes(MAX_DOCUMENT);
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is longer than {most}"),
        ));
    }
    Ok(buffer.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use daaslens_core::Kind;
    use daaslens_testkit::MemorySource;
    use proptest::prelude::*;

    /// Lines (with their place), long ones only by their extent.
    fn lines(block: &Block<'_>, out: &mut Vec<(u64, u64)>) {
        match block {
            Block::TooLong(span) => out.push((span.start, span.end)),
            Block::Lines(bytes, base) => {
                let mut at = *base;
                for line in bytes.split_inclusive(|c| *c == b'\n') {
                    out.push((at, at + line.len() as u64));
                    at += line.len() as u64;
                }
            }
        }
    }

    fn check(text: Vec<u8>, size: usize) {
        let mut expected = Vec::new();
        lines(&Block::Lines(&text, 0), &mut expected);
        let source = MemorySource::new("", Kind::W3c, text).seekable();
        let mut pieces = Vec::new();
        let mut buffer = Vec::new();
        let mut at = 0;
        while at < source.size() {
            let end = (at + size as u64).min(source.size());
            piece(&source, at..end, b'\n', &mut buffer, &mut |block| lines(&block, &mut pieces))
                .unwrap();
            at = end;
        }
        assert_eq!(pieces, expected, "pieces of {size}");
        let mut streamed = Vec::new();
        stream(&mut source.bytes.as_slice(), size, b'\n', &mut buffer, &mut |block| {
            lines(&block, &mut streamed);
        })
        .unwrap();
        assert_eq!(streamed, expected, "blocks of {size}");
    }

    #[test]
    fn long_lines_keep_their_extent() {
        let long = "x".repeat(MAX_LINE + STEP * 3);
        for text in [format!("a\n{long}\nb\n"), format!("{long}\n"), format!("a\nbc\n{long}"), long]
        {
            for size in [1 << 16, (1 << 20) + 7, 5 << 20] {
                check(text.clone().into_bytes(), size);
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_and_blocks_hold_each_line_once(text in "[a\n]{0,60}", size in 1usize..20) {
            check(text.into_bytes(), size);
        }
    }
}
