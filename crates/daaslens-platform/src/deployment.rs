//! Deployments, as Kudu keeps them in `site/deployments` (`deployments` in a Kudu dump).
//!
//! Each has a folder named by its id: a commit, or 32 random digits for a pushed zip.
//!
//! ```text
//! deployments/active                      the id of the one that runs
//! deployments/latest.json                 what was told to the platform about the last one
//! deployments/<id>/status.xml             its state, rewritten at each step
//! deployments/<id>/status_complete.xml    a copy, made when it is done (since 2024)
//! deployments/<id>/log.log                its steps; log.xml in old builds
//! deployments/<id>/manifest               the files it put there, one a line
//! ```
//!
//! The application restarts when its files change under it, so the seconds around `startTime` to `endTime` are where
//! 502 and 503 of a deployment lie. Kudu deletes old folders: what is not there may still have happened.

mod log;

pub use log::{Entry, EntryType, Log, MAX_ENTRIES, read_log, read_log_xml};

use daaslens_core::{Time, TimeRange};

use crate::document::{Document, some};
use crate::parsed::{FaultKind, Faults, Parsed, Place};
use crate::{json, stamp, xml};

/// A deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// How far it came.
    pub status: Status,
    /// What Kudu says of it, mostly when it failed.
    pub status_text: Option<String>,
    /// The message of the commit, or `Created via a push deployment`.
    pub message: Option<String>,
    /// What brought it: `ZipDeploy`, `GitHub`, `VSTS`, `az_cli_functions`, a user name for local git.
    pub deployer: Option<String>,
    /// What was being done when the file was written, for one that is not complete.
    pub progress: Option<String>,
    /// The kind of project: `BASIC`, `Run-From-Zip`, `ASP.NET CORE`, …
    pub project_type: Option<String>,
    /// When Kudu heard of it.
    pub received: Option<Time>,
    /// When work on it began.
    pub start: Option<Time>,
    /// When it was done, whatever came of it.
    pub end: Option<Time>,
    /// When it last was done with success: a deployment that is deployed again keeps its id.
    pub last_success_end: Option<Time>,
    /// Whether it is done.
    pub is_complete: bool,
    /// Whether it is the stand-in that is shown while the true id is not known yet.
    pub is_temporary: bool,
    /// Whether it cannot be deployed again: a zip that was pushed is not kept.
    pub is_read_only: bool,
    /// Who did it.
    pub person: Person,
    /// Host names, where they are written (`latest.json`).
    pub hosts: Hosts,
}

impl Deployment {
    /// From when Kudu touched the site to when it was done, as far as is known.
    pub fn window(&self) -> Option<TimeRange> {
        let start = self.start.or(self.received).or(self.end)?;
        let end = self.end.unwrap_or(start);
        Some(TimeRange::new(start, end.max(start)))
    }
}

/// Who did something. Nothing that may leave the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
}

/// Names of sites and hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// The site.
    pub site: Option<String>,
    /// The host of its management side.
    pub scm: Option<String>,
}

/// How far a deployment came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It waits.
    Pending,
    /// It is being built.
    Building,
    /// Its files are being copied.
    Deploying,
    /// It failed.
    Failed,
    /// It succeeded.
    Success,
    /// The file does not say, or says something else.
    #[default]
    Unknown,
}

impl Status {
    const ALL: [Self; 5] =
        [Self::Pending, Self::Building, Self::Deploying, Self::Failed, Self::Success];

    /// Kudu's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Building => "Building",
            Self::Deploying => "Deploying",
            Self::Failed => "Failed",
            Self::Success => "Success",
            Self::Unknown => "unknown",
        }
    }

    /// From the word, or the number that the API writes.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let by_number = || Self::ALL.get(text.parse::<usize>().ok()?).copied();
        Self::ALL.into_iter().find(|s| s.word().eq_ignore_ascii_case(text)).or_else(by_number)
    }
}

/// Reads `status.xml` or `status_complete.xml`.
pub fn read_status(bytes: &[u8]) -> Parsed<Option<Deployment>> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let root = xml::parse(&document, &mut faults);
    let Some(root) = root.filter(|root| root.name.eq_ignore_ascii_case("deployment")) else {
        return not_one(&document, faults);
    };
    let place = |name: &str| document.place(root.child(name).map_or(root.at, |child| child.at));
    let text = |name: &str| some(root.text_of(name)).filter(|text| text != "N/A");
    let mut time =
        |name: &'static str| stamp::iso(root.text_of(name), name, place(name), &mut faults);
    let (received, start, end) = (time("receivedTime"), time("startTime"), time("endTime"));
    let last_success_end = time("lastSuccessEndTime");
    let is = |name: &str| root.text_of(name).eq_ignore_ascii_case("true");
    let status = Status::read(root.text_of("status"));
    if status.is_none() {
        faults.add(place("status"), FaultKind::Word { field: "status" });
    }
    let id = text("id");
    if id.is_none() {
        faults.add(place("id"), FaultKind::Missing { field: "id" });
    }
    let deployment = Deployment {
        id: id.unwrap_or_default(),
        status: status.unwrap_or_default(),
        status_text: text("statusText"),
        message: text("message"),
        deployer: text("deployer"),
        progress: text("progress"),
        project_type: text("project_type"),
        received,
        start,
        end,
        last_success_end,
        is_complete: is("complete"),
        is_temporary: is("is_temp"),
        is_read_only: is("is_readonly"),
        person: Person { name: text("author"), email: text("authorEmail") },
        hosts: Hosts::default(),
    };
    Parsed::new(Some(deployment), faults)
}

/// Reads `latest.json`: a notice to the platform, whose `Details` are the deployment as JSON inside a string. A reply of
/// `api/deployments/<id>` is read as well.
pub fn read_latest(bytes: &[u8]) -> Parsed<Option<Deployment>> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let Some(outer) = json::parse(&document, &mut faults).filter(serde_json::Value::is_object)
    else {
        return not_one(&document, faults);
    };
    let place = document.place(0);
    let inner = json::field(&outer, "Details").and_then(serde_json::Value::as_str);
    let inner = inner.map(|inner| {
        let mut inside = Faults::default();
        let details = json::parse(&Document::new(inner.as_bytes(), &mut inside), &mut inside);
        // Places inside of the string are none of the file.
        for fault in Parsed::new((), inside).faults {
            faults.add(place, fault.kind);
        }
        details.unwrap_or_default()
    });
    let value = inner.unwrap_or(outer);
    let text = |name: &str| json::text(&value, name).filter(|text| text != "N/A");
    let Some(id) = text("Id") else {
        faults.add(place, FaultKind::Missing { field: "Id" });
        return Parsed::new(None, faults);
    };
    let status = match json::field(&value, "Status") {
        Some(serde_json::Value::String(word)) => Status::read(word),
        Some(number) => Status::read(&number.to_string()),
        None => None,
    };
    if status.is_none() {
        faults.add(place, FaultKind::Word { field: "Status" });
    }
    let mut time =
        |name: &str, field: &'static str| json::time(&value, name, field, place, &mut faults);
    let deployment = Deployment {
        received: time("ReceivedTime", "ReceivedTime"),
        start: time("StartTime", "StartTime"),
        end: time("EndTime", "EndTime"),
        last_success_end: time("LastSuccessEndTime", "LastSuccessEndTime"),
        id,
        status: status.unwrap_or_default(),
        status_text: text("StatusText"),
        message: text("Message"),
        deployer: text("Deployer"),
        progress: text("Progress"),
        project_type: text("ProjectType"),
        is_complete: json::flag(&value, "Complete").unwrap_or(false),
        is_temporary: flag_of(&value, &["IsTemporary", "is_temp"]),
        is_read_only: flag_of(&value, &["IsReadOnly"]),
        person: Person { name: text("Author"), email: text("AuthorEmail") },
        hosts: Hosts { site: text("SiteName"), scm: text("HostName") },
    };
    Parsed::new(Some(deployment), faults)
}

/// Reads `active`: the id of the deployment that runs. `None` where nothing is: Kudu also touches the file, empty, to
/// mark that something changed.
pub fn read_active(bytes: &[u8]) -> Option<String> {
    let document = Document::new(bytes, &mut Faults::default());
    let id = document.text().trim().trim_matches('\0');
    let is_id = !id.is_empty()
        && id.len() <= 128
        && id.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'));
    is_id.then(|| id.to_owned())
}

/// How many files `manifest` lists: those that the deployment put into the site.
pub fn count_manifest(bytes: &[u8]) -> u64 {
    bytes.split(|c| *c == b'\n').filter(|line| !line.trim_ascii().is_empty()).count() as u64
}

fn flag_of(value: &serde_json::Value, names: &[&str]) -> bool {
    names.iter().find_map(|name| json::flag(value, name)).unwrap_or(false)
}

fn not_one<T: Default>(document: &Document<'_>, mut faults: Faults) -> Parsed<T> {
    if !document.is_empty() {
        faults.add(Place { byte: 0, line: 1 }, FaultKind::Unexpected { expected: "a deployment" });
    }
    Parsed::new(T::default(), faults)
}
