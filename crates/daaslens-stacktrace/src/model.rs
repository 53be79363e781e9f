//! What an exception is made of, in any language.

use std::fmt;

/// The most frames that are kept. A stack overflow prints thousands.
pub const MAX_FRAMES: usize = 256;
/// The most exceptions of a chain that are kept.
pub const MAX_CHAIN: usize = 32;
/// The longest message that is kept, in bytes.
pub const MAX_MESSAGE: usize = 4096;
/// Names longer than any compiler makes them are cut.
const MAX_NAME: usize = 1024;

/// Whose exception it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Language {
    /// .NET and .NET Framework.
    #[default]
    DotNet,
    /// Java and what else runs on its machine.
    Java,
    /// Node, and what else runs on V8.
    Node,
    /// Python.
    Python,
    /// PHP.
    Php,
    /// Ruby.
    Ruby,
    /// Go.
    Go,
}

impl Language {
    /// Its name: `.NET`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DotNet => ".NET",
            Self::Java => "Java",
            Self::Node => "Node.js",
            Self::Python => "Python",
            Self::Php => "PHP",
            Self::Ruby => "Ruby",
            Self::Go => "Go",
        }
    }
}

/// A parsed exception.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExceptionText {
    /// Whose it is.
    pub language: Language,
    /// The exceptions, outermost first. Empty where only a stack was given.
    pub chain: Vec<Thrown>,
    /// The frames, innermost first.
    pub frames: Vec<RawFrame>,
    /// Which exception of the chain began it. Mostly the last one; an `AggregateException` has siblings behind it.
    pub root: usize,
}

/// One exception of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thrown {
    /// `System.IO.IOException`. Empty where the source gives only the message of an inner exception.
    pub type_name: String,
    /// Its message, at most [`MAX_MESSAGE`] bytes.
    pub message: String,
    /// The code that stands in brackets between type and message: `(0x80131904)`.
    pub code: Option<u32>,
    /// The code of Node, which is a word: `ECONNREFUSED`, `ERR_HTTP_HEADERS_SENT`.
    pub word: Option<String>,
}

/// One line of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawFrame {
    /// The method or function as written, with its arguments where they are.
    pub method: String,
    /// The source file, where it is told.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u32>,
    /// Which exception of the chain was on its way here: an index into [`ExceptionText::chain`].
    pub of: usize,
}

/// Where a frame is, named so that the name stays the same from build to build.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The method or function, without arguments, numbering and what compilers add. Empty for code outside of any.
    pub function: String,
    /// The file from the root of the site on, for languages whose functions say too little alone.
    pub file: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) if self.function.is_empty() => f.write_str(file),
            Some(file) => write!(f, "{} ({file})", self.function),
            None => f.write_str(&self.function),
        }
    }
}

impl ExceptionText {
    /// Whether nothing was recognised.
    pub fn is_empty(&self) -> bool {
        self.chain.is_empty() && self.frames.is_empty()
    }

    /// The exception that the code saw.
    pub fn outermost(&self) -> Option<&Thrown> {
        self.chain.first()
    }

    /// The exception that began it.
    pub fn innermost(&self) -> Option<&Thrown> {
        self.chain.get(self.root)
    }

    /// The stable name of one of its frames.
    pub fn place(&self, frame: &RawFrame) -> Place {
        let function = match self.language {
            Language::DotNet => crate::normalise_frame(&frame.method),
            Language::Java => crate::java::name(&frame.method),
            Language::Node => crate::node::name(&frame.method),
            Language::Python => frame.method.clone(),
            Language::Php => crate::php::name(&frame.method),
            Language::Ruby => crate::ruby::name(&frame.method),
            Language::Go => crate::go::name(&frame.method),
        };
        let by_file = !matches!(self.language, Language::DotNet | Language::Java | Language::Go);
        let file = frame.file.as_deref().filter(|_| by_file).map(|file| match self.language {
            Language::Node => crate::node::file(file),
            _ => crate::site_file(file),
        });
        Place { function, file }
    }
}

/// Puts together what languages print exception by exception: `blocks` outermost first, each with its frames innermost
/// first. The last block is the one that began it.
pub(crate) fn assembled(language: Language, blocks: Vec<(Thrown, Vec<RawFrame>)>) -> ExceptionText {
    let mut out = ExceptionText { language, ..ExceptionText::default() };
    let mut stacks = Vec::new();
    for (of, (thrown, frames)) in blocks.into_iter().take(MAX_CHAIN).enumerate() {
        out.chain.push(thrown);
        stacks.push(frames.into_iter().map(move |frame| RawFrame { of, ..frame }));
    }
    out.root = out.chain.len().saturating_sub(1);
    out.frames = stacks.into_iter().rev().flatten().take(MAX_FRAMES).collect();
    out
}

/// Adds a further line to a message.
pub(crate) fn add_line(message: &mut String, line: &str) {
    if message.len() >= MAX_MESSAGE {
        return;
    }
    message.push('\n');
    message.push_str(&bounded(line));
    truncate(message, MAX_MESSAGE);
}

/// A message of bounded length.
pub(crate) fn bounded(text: &str) -> String {
    let mut text = text.get(..text.floor_char_boundary(MAX_MESSAGE)).unwrap_or(text).to_owned();
    text.truncate(text.trim_end_matches('\r').len());
    text
}

/// A name of bounded length.
pub(crate) fn cut(text: &str) -> String {
    text.get(..text.floor_char_boundary(MAX_NAME)).unwrap_or(text).to_owned()
}

fn truncate(text: &mut String, max: usize) {
    text.truncate(text.floor_char_boundary(max));
}
