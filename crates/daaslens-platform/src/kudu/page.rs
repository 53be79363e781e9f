//! The environment page of Kudu, saved from the browser.
//!
//! It shows the whole environment with all its keys. Of it only what names the machine and the instance is kept, what the
//! machine is, and the names of settings.

use crate::document::{Document, is_prefix, kept, some};
use crate::parsed::{FaultKind, Faults, Parsed};
use crate::stamp;

use super::InstanceJoin;
use super::settings::{Setting, known, settle};

/// The most names of settings that are kept.
const MAX_NAMES: usize = 1000;

/// What the environment page says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentPage {
    /// How long the machine was up, as it was written (`12.03:14:05.6710000`).
    pub up_time: Option<String>,
    /// The system.
    pub os_version: Option<String>,
    /// How many processors it has.
    pub processors: Option<u32>,
    /// Whether Kudu ran in 64 bits.
    pub is_64_bit: Option<bool>,
    /// The name of the machine.
    pub machine: Option<String>,
    /// The first six hex digits of the instance.
    pub prefix: Option<String>,
    /// The version of .NET that Kudu ran on.
    pub clr_version: Option<String>,
    /// The plan (`WEBSITE_SKU`).
    pub sku: Option<String>,
    /// The settings and variables that are no secret.
    pub known: Vec<Setting>,
    /// The names of the application's settings.
    pub setting_names: Vec<String>,
    /// The site (`WEBSITE_SITE_NAME`).
    pub site: Option<String>,
}

impl EnvironmentPage {
    /// How long the machine was up when the page was saved, in milliseconds.
    pub fn up_ms(&self) -> Option<u64> {
        stamp::time_span(self.up_time.as_deref()?)
    }

    /// The instance under both of its names.
    pub fn join(&self) -> Option<InstanceJoin> {
        let (prefix, machine) = (self.prefix.clone()?, self.machine.clone()?);
        Some(InstanceJoin { prefix, machine, certain: true })
    }
}

/// Reads the page. `None` where it is another one.
pub fn read_page(bytes: &[u8]) -> Parsed<Option<EnvironmentPage>> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let mut page = EnvironmentPage::default();
    let mut in_settings = false;
    let mut names = 0;
    let mut seen = 0;
    for item in items(document.text()) {
        let item = match item {
            Item::Heading(title) => {
                let title: String =
                    title.chars().filter(char::is_ascii_alphabetic).take(20).collect();
                in_settings = title.eq_ignore_ascii_case("appsettings");
                continue;
            }
            Item::Entry(text) => plain(text),
        };
        if let Some((name, value)) = item.split_once('=') {
            let (name, value) = (name.trim(), value.trim());
            if in_settings {
                names += 1;
                if page.setting_names.len() < MAX_NAMES {
                    page.setting_names.push(kept(name));
                }
            }
            page.known.extend(known(name, value));
            let field = match name.to_ascii_uppercase().as_str() {
                "WEBSITE_SKU" => &mut page.sku,
                "WEBSITE_SITE_NAME" => &mut page.site,
                "COMPUTERNAME" => &mut page.machine,
                "WEBSITE_INSTANCE_ID" => {
                    page.prefix = page.prefix.take().or_else(|| prefix_of(value));
                    continue;
                }
                _ => continue,
            };
            *field = field.take().or_else(|| some(value));
        } else if let Some((name, value)) = item.split_once(':') {
            let value = value.trim();
            seen += 1;
            match name.trim().to_ascii_lowercase().as_str() {
                "system up time" => page.up_time = some(value),
                "os version" => page.os_version = some(value),
                "processor count" => page.processors = value.parse().ok(),
                "64 bit process" => page.is_64_bit = value.to_ascii_lowercase().parse().ok(),
                "machine name" => page.machine = some(value),
                "instance id" | "short instance id" => {
                    page.prefix = page.prefix.take().or_else(|| prefix_of(value));
                }
                "clr version" => page.clr_version = some(value),
                _ => seen -= 1,
            }
        }
    }
    if names > MAX_NAMES {
        let kind = FaultKind::Capped {
            what: "settings",
            kept: MAX_NAMES as u64,
            found: Some(names as u64),
        };
        faults.add(document.place(document.text().len()), kind);
    }
    settle(&mut page.known);
    // Any page may have a list with a colon in it; this one has several of these lines.
    if seen < 3 {
        if !document.is_empty() {
            let expected = "the environment page of Kudu";
            faults.add(document.place(0), FaultKind::Unexpected { expected });
        }
        return Parsed::new(None, faults);
    }
    Parsed::new(Some(page), faults)
}

/// The short name of an instance id.
pub(super) fn prefix_of(id: &str) -> Option<String> {
    let prefix = id.trim().get(..6).filter(|prefix| is_prefix(prefix))?;
    Some(prefix.to_ascii_lowercase())
}

enum Item<'t> {
    /// What stands in `<h3>`.
    Heading(&'t str),
    /// What stands in `<li>`, up to the next tag that is not of it.
    Entry(&'t str),
}

/// The headings and the entries of lists, in order. HTML that browsers save is no XML; these two tags are found in any.
fn items(text: &str) -> impl Iterator<Item = Item<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let (_, after) = rest.split_once('<')?;
            rest = after;
            let is = |name: &str| {
                let bytes = after.as_bytes();
                bytes.get(..name.len()).is_some_and(|s| s.eq_ignore_ascii_case(name.as_bytes()))
                    && bytes.get(name.len()).is_some_and(|c| *c == b'>' || c.is_ascii_whitespace())
            };
            let (is_heading, is_entry) = (is("h3"), is("li"));
            if !is_heading && !is_entry {
                continue;
            }
            let (_, inside) = after.split_once('>')?;
            rest = inside;
            let inside = inside.split('<').next().unwrap_or_default();
            return Some(if is_heading { Item::Heading(inside) } else { Item::Entry(inside) });
        }
    })
}

/// The text without character references.
fn plain(text: &str) -> String {
    let text = text.get(..crate::MAX_TEXT).unwrap_or(text);
    match quick_xml::escape::unescape(text) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => text.trim().to_owned(),
    }
}
