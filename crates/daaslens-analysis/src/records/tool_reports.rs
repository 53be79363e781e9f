//! Reports of diagnostic tools: what they found, in short. The reports themselves stay where they are.

use daaslens_core::{Evidence, Excerpt, Location, Origin, SourceId, TimeRange};
use daaslens_dump::report::{self, Read, Report};

use super::Count;

/// Reports that are kept.
const MAX_REPORTS: usize = 2_000;

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct ToolReports {
    pub(crate) list: Vec<Made>,
    /// Reports by their name, of which nothing was understood.
    pub(crate) not_understood: u64,
}

/// A report and where it stands.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) report: Report,
    /// The machine, by the report or its folder.
    pub(crate) machine: Option<String>,
    pub(crate) at: Location,
}

impl Made {
    /// The report as evidence.
    pub(crate) fn evidence(&self, text: &str) -> Evidence {
        Evidence {
            at: self.at,
            note: self.report.tool.name().to_owned(),
            excerpt: Excerpt::text(text),
            alike: 1,
        }
    }

    /// The report in one line.
    pub(crate) fn line(&self) -> String {
        line(&self.report)
    }
}

fn line(report: &Report) -> String {
    let said = report
        .deadlock
        .as_ref()
        .or_else(|| report.lines.first().map(|line| &line.text))
        .or_else(|| report.exceptions.first().map(|one| &one.type_name))
        .or_else(|| report.figures.first());
    let of = report.of.as_ref().map_or_else(String::new, |of| format!(" of {of}"));
    match said {
        Some(said) => format!("report{of}: {said}"),
        None => format!("report{of}: {} stacks", report.stacks.len()),
    }
}

impl ToolReports {
    pub(crate) fn read(bytes: &[u8], source: usize, origin: &Origin, count: &mut Count) -> Self {
        let mut all = Self::default();
        let at = Location { source: SourceId(source as u32), byte: 0, line: 1 };
        match read(bytes, origin) {
            Read::Report(report) => {
                count.records = 1;
                count.range = report.time.map(TimeRange::at);
                let machine = report.machine.clone().or_else(|| origin.machine.clone());
                all.list.push(Made { report: *report, machine, at });
            }
            Read::NotUnderstood(tool) => {
                all.not_understood = 1;
                count.fault(
                    1,
                    0,
                    format!("nothing of this report of {} was understood", tool.name()),
                );
            }
            Read::Part => {
                count.skipped =
                    Some("a part of a report, which tells nothing by itself".to_owned());
            }
        }
        all
    }

    /// A report as its evidence shows it.
    pub(crate) fn excerpt(bytes: &[u8], origin: &Origin) -> Option<Excerpt> {
        match read(bytes, origin) {
            Read::Report(report) => Some(Excerpt::text(line(&report))),
            _ => None,
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        let left = MAX_REPORTS.saturating_sub(self.list.len());
        self.list.extend(other.list.into_iter().take(left));
        self.not_understood += other.not_understood;
    }
}

/// Whether a file is one of those that tell something; the others are not opened, since traces are large.
pub(crate) fn is_read(origin: &Origin) -> bool {
    report::is_read(&path(origin))
}

fn read(bytes: &[u8], origin: &Origin) -> Read {
    report::read(&path(origin), bytes)
}

fn path(origin: &Origin) -> String {
    origin.path.to_ascii_lowercase().replace("!/", "/")
}
