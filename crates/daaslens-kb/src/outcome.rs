//! A `status.substatus.win32` in words.
//!
//! Logs give three numbers a request. Some triples have a meaning of their own (`502.3.12030`); the rest is put
//! together from what is known of the parts, and what is not documented is said to be so.

use crate::{
    lookup,
    model::{Status, Substatus, Triple, Win32},
};

/// What is known about one `status.substatus.win32`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The best words for a table row, in lower case and without a full stop.
    pub words: String,
    /// Whether the win32 status says that the client ended the request.
    pub client_abort: bool,
    /// Whether the substatus, or the status where there is none, is documented.
    pub documented: bool,
    /// The meaning of the exact triple, where it has one of its own.
    pub triple: Option<&'static Triple>,
    /// The status with its substatus.
    pub substatus: Option<&'static Substatus>,
    /// The status.
    pub status: Option<&'static Status>,
    /// The Windows error; `None` for 0 as well.
    pub win32: Option<&'static Win32>,
}

impl Outcome {
    /// What to do, from the most exact entry that says something.
    pub fn advice(&self) -> &'static [&'static str] {
        let abouts = [
            self.triple.map(|row| row.about.advice),
            self.substatus.map(|row| row.about.advice),
            self.status.map(|row| row.about.advice),
        ];
        abouts.into_iter().flatten().find(|advice| !advice.is_empty()).unwrap_or_default()
    }

    /// The fullest sentences, from the most exact entry.
    pub fn means(&self) -> Option<&'static str> {
        let triple = self.triple.map(|row| row.about.means);
        let substatus = self.substatus.map(|row| row.about.means);
        triple.or(substatus).or(self.status.map(|row| row.about.means))
    }
}

/// Puts a `status.substatus.win32` into words. `win32` may be as logged; it is reduced here.
pub fn outcome(status: u16, substatus: u32, win32: u64) -> Outcome {
    let error = lookup::win32_of(win32);
    let triple = lookup::triple(status, substatus, error);
    let known_error = (error != 0).then(|| lookup::win32(error)).flatten();
    let known_substatus = lookup::substatus(status, substatus);
    let known_status = lookup::status(status);
    let client_abort = lookup::is_client_abort(error);

    let words = triple.map_or_else(
        || {
            let base = base_words(status, substatus, known_substatus, known_status);
            let win32 = match known_error {
                _ if error == 0 => return base,
                Some(_) if client_abort => "the client had left".to_owned(),
                Some(known) => lower(known.about.title),
                None => "not a Windows error known here".to_owned(),
            };
            format!("{base}; {win32} (win32 {error})")
        },
        |row| row.about.title.to_owned(),
    );
    let documented = match known_substatus {
        Some(known) => known.documented,
        None => substatus == 0 && known_status.is_some(),
    };
    Outcome {
        words,
        client_abort,
        documented,
        triple,
        substatus: known_substatus,
        status: known_status,
        win32: known_error,
    }
}

fn base_words(
    status: u16,
    substatus: u32,
    known_substatus: Option<&Substatus>,
    known_status: Option<&Status>,
) -> String {
    if let Some(known) = known_substatus {
        return lower(known.about.title);
    }
    let base =
        known_status.map_or_else(|| format!("status {status}"), |known| lower(known.about.title));
    if substatus == 0 { base } else { format!("{base}; substatus {substatus} is not documented") }
}

/// A title inside a sentence: its first letter small, unless it begins with a name (`TLS`, `ASP.NET`, `FastCGI`).
fn lower(title: &str) -> String {
    let word = title.split([' ', ':', ',']).next().unwrap_or_default();
    let name = word.chars().skip(1).any(char::is_uppercase)
        || NAMES.iter().any(|name| title.starts_with(name));
    let mut letters = title.chars();
    match letters.next() {
        Some(first) if !name => first.to_lowercase().chain(letters).collect(),
        _ => title.to_owned(),
    }
}

/// The names among titles that have no second capital in their first word.
const NAMES: [&str; 3] = ["App Service", "Global.asax", "Passport"];
