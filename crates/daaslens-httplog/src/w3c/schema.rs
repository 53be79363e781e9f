//! The column map: what a `#Fields:` line declares, or what a header-less line looks like.

use crate::Field;

/// The most columns that a schema may have. IIS has 22 and a handful of custom ones; a line with more is kept
/// as a schema of this many.
pub(crate) const MAX_COLUMNS: usize = 128;

/// How values with blanks are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quoting {
    /// IIS: a blank in a value becomes `+`, a quote is data. Splitting at each blank is right.
    #[default]
    None,
    /// Advanced Logging and other producers: a value that begins with `"` goes on to the next `"`, and columns
    /// may be separated by several blanks or tabs.
    Quotes,
}

/// What speaks through a log: all IIS services write the same container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Web requests.
    Http,
    /// FTP sessions (`MSFTPSVC`, `FTPSVC`, `[2]USER`).
    Ftp,
    /// SMTP sessions (`SMTPSVC`, ports 25 and 587).
    Smtp,
    /// Something else that has no method, path and status: a firewall, a proxy of its own kind.
    Other,
}

/// The columns of the lines that follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    names: Vec<Box<[u8]>>,
    fields: Vec<Option<Field>>,
    index: [u8; Field::COUNT],
    pub(crate) quoting: Quoting,
    /// Whether `time-taken` is in seconds, as the W3C draft has it and IIS has not.
    pub(crate) seconds: bool,
    /// Whether the clock is local, with no zone in the file.
    local: bool,
    /// Whether it was guessed from the shape of the first line, for want of a `#Fields:` line.
    guessed: bool,
}

impl Schema {
    /// From the value of a `#Fields:` line: names separated by runs of blanks or tabs. `None` where there is none.
    pub fn parse(fields: &[u8], quoting: Quoting, foreign: bool) -> Option<Self> {
        let names: Vec<&[u8]> = fields
            .split(|c| matches!(c, b' ' | b'\t' | b'\r'))
            .filter(|name| !name.is_empty())
            .take(MAX_COLUMNS)
            .collect();
        (!names.is_empty()).then(|| Self::new(&names, quoting, foreign, false))
    }

    fn new(names: &[&[u8]], quoting: Quoting, foreign: bool, guessed: bool) -> Self {
        let fields: Vec<_> = names.iter().map(|name| Field::from_name(name)).collect();
        let mut index = [u8::MAX; Field::COUNT];
        // Where a name stands twice the first column wins, as in Log Parser.
        for (column, field) in fields.iter().enumerate().rev() {
            if let Some(field) = field {
                index[*field as usize] = column as u8;
            }
        }
        let milliseconds = names.iter().any(|name| name.eq_ignore_ascii_case(b"TimeTakenMS"));
        let local = names.iter().any(|name| name.eq_ignore_ascii_case(b"time-local"));
        let names = names.iter().map(|name| Box::from(*name)).collect();
        Self { names, fields, index, quoting, seconds: foreign && !milliseconds, local, guessed }
    }

    /// The layouts that occur without a header (rotated or cut files), told apart by the number of columns and
    /// by where the address, the port and the status stand.
    pub(crate) fn guess(tokens: &[&[u8]]) -> Option<Self> {
        const IIS7: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) \
             sc-status sc-substatus sc-win32-status time-taken";
        const IIS8: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) \
             cs(Referer) sc-status sc-substatus sc-win32-status time-taken";
        const AZURE: &str = "date time s-sitename cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip \
             cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes \
             time-taken";
        const FULL: &str = "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port \
             cs-username c-ip cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus \
             sc-win32-status sc-bytes cs-bytes time-taken";
        [AZURE, IIS8, IIS7, FULL].into_iter().find_map(|layout| {
            let names: Vec<&[u8]> = layout.split_ascii_whitespace().map(str::as_bytes).collect();
            let schema = Self::new(&names, Quoting::None, false, true);
            let fits = names.len() == tokens.len()
                && schema
                    .fields
                    .iter()
                    .zip(tokens)
                    .all(|(field, token)| field.is_none_or(|f| f.accepts(token)));
            fits.then_some(schema)
        })
    }

    /// How many columns a line has.
    pub fn columns(&self) -> usize {
        self.fields.len()
    }

    /// The declared name of a column.
    pub fn name(&self, column: usize) -> Option<&[u8]> {
        self.names.get(column).map(|name| &**name)
    }

    /// What a column means to us.
    pub fn field(&self, column: usize) -> Option<Field> {
        self.fields.get(column).copied().flatten()
    }

    /// Where a field stands.
    pub fn column(&self, field: Field) -> Option<usize> {
        let column = self.index[field as usize];
        (column != u8::MAX).then_some(usize::from(column))
    }

    /// Whether the lines carry their date; else it comes from the last `#Date:` line.
    pub fn has_date(&self) -> bool {
        self.column(Field::Date).is_some()
    }

    /// Whether times are local, in a zone that the file does not name.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// Whether the columns were guessed for want of a `#Fields:` line.
    pub fn is_guessed(&self) -> bool {
        self.guessed
    }

    /// What the columns say about the service. A line can still belong to another one: see [`Service::of_site`].
    pub fn service(&self) -> Service {
        let has = |field| self.column(field).is_some();
        let named = |name: &str| self.names.iter().any(|n| n.eq_ignore_ascii_case(name.as_bytes()));
        if named("x-session") || named("x-fullpath") {
            Service::Ftp
        } else if has(Field::Method) && has(Field::UriStem) && has(Field::Status) {
            Service::Http
        } else {
            Service::Other
        }
    }
}

impl Service {
    /// What a site name says: `MSFTPSVC1`, `FTPSVC2`, `SMTPSVC1` are services beside the web's `W3SVC1`.
    pub fn of_site(site: &[u8]) -> Self {
        let starts = |prefix: &str| {
            site.len() >= prefix.len()
                && site[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes())
                && site[prefix.len()..].iter().all(u8::is_ascii_digit)
        };
        if starts("MSFTPSVC") || starts("FTPSVC") {
            Self::Ftp
        } else if starts("SMTPSVC") || starts("NNTPSVC") {
            Self::Smtp
        } else {
            Self::Http
        }
    }
}
