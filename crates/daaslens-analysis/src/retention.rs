//! What a bundle cannot hold: what the way it was made leaves out, and what the platform deletes by itself.
//!
//! Nothing found is no sign of health where nothing could be there. Each sentence is only said where it applies.

use std::collections::BTreeMap;
use std::sync::Arc;

use daaslens_core::model::Input;
use daaslens_core::text::counted;
use daaslens_core::{Kind, Source};

use crate::records::Records;

/// How many traces of failed requests, and how many error pages, the platform keeps, and how many it deletes at once when
/// there are more: where there are as many as are left then, older ones may be gone.
const PAGES: usize = 50;
const DELETED: usize = 26;

/// How many sessions DaaS keeps where no setting says otherwise.
const SESSIONS: u64 = 10;

/// The sentences that apply.
pub(crate) fn notes(
    sources: &[Arc<dyn Source>],
    inputs: &[Input],
    records: &Records,
) -> Vec<String> {
    let mut notes = Vec::new();
    let has = |kind: Kind| sources.iter().any(|source| source.origin().kind == kind);
    if inputs.iter().any(|input| input.kind == "kudu-dump") {
        if !has(Kind::FailedRequest) {
            notes.push(
                "A Kudu dump never holds failed request traces (LogFiles/W3SVC*): that there are none says nothing. \
                 Download LogFiles with the file manager of Kudu to have them."
                    .to_owned(),
            );
        }
        if records.platform.sessions.is_empty() && records.platform.cpu.is_empty() {
            notes.push(
                "A Kudu dump never holds diagnostic sessions (data/DaaS): whether one ran is not to be seen."
                    .to_owned(),
            );
        }
        notes.push(
            "A Kudu dump leaves out files that are locked, without a word: the log of a process that runs may be missing."
                .to_owned(),
        );
    }
    let sessions = &records.platform.sessions;
    let kept = records.platform.sessions_kept.unwrap_or(SESSIONS);
    if kept > 0 && sessions.len() as u64 >= kept {
        notes.push(format!(
            "DaaS keeps the last {} and deletes older ones: what is here is not all that ever ran.",
            counted(kept, "session", "sessions")
        ));
    }
    for (kind, what) in [
        (Kind::FailedRequest, "failed request traces"),
        (Kind::DetailedError, "detailed error pages"),
    ] {
        if most_in_a_folder(sources, kind) > PAGES - DELETED {
            notes.push(format!(
                "App Service keeps at most {PAGES} {what} and deletes the {DELETED} oldest when there are more: older ones may be gone."
            ));
        }
    }
    if sources.iter().any(|source| is_switched_off_by_itself(&**source)) {
        notes.push(
            "Application logging to the file system switches itself off after 12 hours: no line of the application is no sign of health."
                .to_owned(),
        );
    }
    notes
}

fn most_in_a_folder(sources: &[Arc<dyn Source>], kind: Kind) -> usize {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for origin in sources.iter().map(|source| source.origin()).filter(|one| one.kind == kind) {
        let folder = origin.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        *folders.entry(folder).or_default() += 1;
    }
    folders.into_values().max().unwrap_or(0)
}

/// The logs of .NET's trace, `LogFiles/Application/22a7da-11860-638491815213591981.txt`.
fn is_switched_off_by_itself(source: &dyn Source) -> bool {
    let origin = source.origin();
    let is_folder = |part: &str| part.eq_ignore_ascii_case("application");
    origin.kind == Kind::AppLog
        && origin.instance.is_some()
        && origin.path.split('/').any(is_folder)
}
