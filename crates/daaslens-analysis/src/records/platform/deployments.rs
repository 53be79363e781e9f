//! Deployments, put together from what Kudu keeps of each: status, log, list of files, and which one is active.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use daaslens_core::{Evidence, PartKind, TimeRange};
use daaslens_platform::{What, deployment};

use super::{Count, File, counted, faults, line_faults, said, shown};

/// How many errors of a log are evidence.
const ERRORS: usize = 3;

/// What brings deployments, where Kudu names it; anything else may be the name of a person.
const DEPLOYERS: [&str; 16] = [
    "ZipDeploy",
    "Push-Deployer",
    "GitHub",
    "GitHub_ZipDeploy",
    "VSTS",
    "VSTS_ZIP_DEPLOY",
    "Bitbucket",
    "BitbucketV2",
    "Dropbox",
    "OneDrive",
    "OneDeploy",
    "MSDeploy",
    "az_cli_functions",
    "VS Code",
    "ms-azuretools-vscode",
    "LocalGit",
];

/// A deployment.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    /// Its id; for a Git deployment the commit.
    pub(crate) id: String,
    /// From its start to its end.
    pub(crate) range: TimeRange,
    /// `success`, `failed`, …
    pub(crate) status: &'static str,
    pub(crate) failed: bool,
    /// Whether it was at work when its record was written.
    pub(crate) unfinished: bool,
    /// What brought it.
    pub(crate) deployer: Option<&'static str>,
    /// The message of the commit, or what Kudu wrote in its place.
    pub(crate) message: Option<String>,
    /// What Kudu says of a failure, or of what it was at.
    pub(crate) state: Option<String>,
    pub(crate) project: Option<String>,
    /// How many files it put into the site.
    pub(crate) files: Option<u64>,
    /// Whether the site runs it.
    pub(crate) active: bool,
    /// Its steps.
    pub(crate) steps: Option<Steps>,
    pub(crate) names: Vec<(PartKind, String)>,
    pub(crate) evidence: Evidence,
}

/// What its log tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    pub(crate) found: u64,
    pub(crate) errors: u64,
    pub(crate) warnings: u64,
    /// The step in which it failed, and what was said there.
    pub(crate) failure: Option<(String, String)>,
    /// When `app_offline.htm` lay in the site.
    pub(crate) offline: Vec<TimeRange>,
    range: Option<TimeRange>,
    pub(crate) evidence: Vec<Evidence>,
}

/// One file of a deployment.
#[derive(Debug)]
pub(super) struct Piece {
    /// The folder of all deployments.
    root: String,
    id: String,
    part: Part,
}

#[derive(Debug)]
enum Part {
    Status(Box<deployment::Deployment>, Evidence),
    Log(Box<Steps>, Evidence),
    Manifest(u64),
    Active,
}

impl Piece {
    /// The evidence that is the file as a whole.
    pub(super) fn whole(&self) -> Option<&Evidence> {
        match &self.part {
            Part::Status(_, evidence) => Some(evidence),
            Part::Log(..) | Part::Manifest(_) | Part::Active => None,
        }
    }
}

/// Reads one file.
pub(super) fn read(what: What, file: &File<'_>, count: &mut Count) -> Option<Piece> {
    let (root, folder) = place(&file.path);
    let piece = |id: String, part: Part| Some(Piece { root: root.clone(), id, part });
    match what {
        What::DeploymentStatus | What::DeploymentLatest => {
            let parsed = if what == What::DeploymentStatus {
                deployment::read_status(file.bytes)
            } else {
                deployment::read_latest(file.bytes)
            };
            faults(count, &parsed.faults, parsed.value.is_some());
            let one = parsed.value?;
            counted(count, one.window());
            count.site.clone_from(&one.hosts.site);
            let evidence = file.whole(told(&one));
            let id = if one.id.is_empty() { folder } else { one.id.to_ascii_lowercase() };
            piece(id, Part::Status(Box::new(one), evidence))
        }
        What::DeploymentLog | What::DeploymentLogXml => {
            let parsed = if what == What::DeploymentLog {
                deployment::read_log(file.bytes)
            } else {
                deployment::read_log_xml(file.bytes)
            };
            line_faults(count, &parsed.faults, None);
            count.records += parsed.value.found;
            let steps = steps(&parsed.value, file);
            count.range = TimeRange::merge(count.range, steps.range);
            let evidence = steps.evidence.first().cloned().unwrap_or_else(|| file.line(0, 1));
            piece(folder, Part::Log(Box::new(steps), evidence))
        }
        What::DeploymentManifest => {
            let files = deployment::count_manifest(file.bytes);
            count.records += files;
            piece(folder, Part::Manifest(files))
        }
        _ => {
            let id = deployment::read_active(file.bytes)?;
            count.records += 1;
            let mut path = file.path.rsplit('/').skip(1).collect::<Vec<_>>();
            path.reverse();
            Some(Piece { root: path.join("/"), id: id.to_ascii_lowercase(), part: Part::Active })
        }
    }
}

/// The folder of all deployments, and the name of the folder of this one.
fn place(path: &str) -> (String, String) {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    // `latest.json` lies in the folder of all of them.
    if parts.last() == Some(&"deployments") {
        return (parts.join("/"), String::new());
    }
    let folder = parts.pop().unwrap_or_default().to_owned();
    (parts.join("/"), folder)
}

fn told(one: &deployment::Deployment) -> String {
    let when = one.window().map_or_else(
        || "at no time that is written".to_owned(),
        |range| format!("{} to {}", range.start, range.end),
    );
    format!("deployment {}, {}, {when}", shown(&one.id), one.status.word())
}

/// The failure is told by the first error below the step in which the last error stands: what a step prints after its first
/// error is mostly the trace of it.
fn steps(log: &deployment::Log, file: &File<'_>) -> Steps {
    let mut range = None;
    for time in log.entries.iter().filter_map(|entry| entry.time) {
        TimeRange::extend(&mut range, time);
    }
    let is_error = |entry: &&deployment::Entry| entry.kind == deployment::EntryType::Error;
    let last = log.entries.iter().rposition(|entry| is_error(&entry));
    let first_of_step = last.map(|last| {
        let head = log.entries.get(..=last).unwrap_or_default();
        head.iter().rposition(|entry| entry.depth == 0).unwrap_or(0)
    });
    let failing = match (first_of_step, last) {
        (Some(first), Some(last)) => log.entries.get(first..=last).unwrap_or_default(),
        _ => &[],
    };
    let errors: Vec<&deployment::Entry> = failing.iter().filter(is_error).take(ERRORS).collect();
    let failure = failing.first().zip(errors.first()).map(|(step, error)| {
        let step = if step.depth == 0 { said(&step.message) } else { String::new() };
        (step, said(&error.message))
    });
    Steps {
        found: log.found,
        errors: log.errors,
        warnings: log.warnings,
        failure,
        offline: log.offline.clone(),
        range,
        evidence: errors
            .iter()
            .map(|entry| file.line(entry.place.byte, entry.place.line))
            .collect(),
    }
}

/// What is known of one deployment.
#[derive(Default)]
struct Gathered {
    status: Option<(Box<deployment::Deployment>, Evidence)>,
    steps: Option<(Box<Steps>, Evidence)>,
    files: Option<u64>,
    active: bool,
    names: Vec<(PartKind, String)>,
}

impl Gathered {
    fn add(&mut self, part: Part) {
        match part {
            Part::Status(one, evidence) => {
                let names = [(PartKind::Site, &one.hosts.site), (PartKind::Host, &one.hosts.scm)];
                self.names.extend(
                    names.into_iter().filter_map(|(kind, name)| Some((kind, name.clone()?))),
                );
                // `status.xml` and its copy say the same; of two that differ, the one that came further.
                let rank = |one: &deployment::Deployment| (one.is_complete, one.end, one.start);
                if self.status.as_ref().is_none_or(|(known, _)| rank(known) < rank(&one)) {
                    self.status = Some((one, evidence));
                }
            }
            Part::Log(steps, evidence) => {
                if self.steps.as_ref().is_none_or(|(known, _)| known.found < steps.found) {
                    self.steps = Some((steps, evidence));
                }
            }
            Part::Manifest(files) => self.files = self.files.max(Some(files)),
            Part::Active => self.active = true,
        }
    }

    fn finish(self, id: &str) -> Option<Deployment> {
        let Self { status, steps, files, active, names } = self;
        let (steps, log) = steps.map(|(steps, evidence)| (*steps, evidence)).unzip();
        let Some((one, evidence)) = status else {
            // The log is all that is left: its status could not be copied, or was lost.
            let range = steps.as_ref().and_then(|steps: &Steps| steps.range)?;
            return Some(Deployment {
                id: shown(id),
                range,
                status: deployment::Status::Unknown.word(),
                failed: false,
                unfinished: false,
                deployer: None,
                message: None,
                state: None,
                project: None,
                files,
                active,
                steps,
                names,
                evidence: log?,
            });
        };
        let range = one.window().or_else(|| steps.as_ref()?.range)?;
        let deployer = one.deployer.as_deref().map(str::trim);
        let state = one.status_text.as_ref().or(one.progress.as_ref().filter(|_| !one.is_complete));
        Some(Deployment {
            id: shown(if one.id.is_empty() { id } else { &one.id }),
            range,
            status: one.status.word(),
            failed: one.status == deployment::Status::Failed,
            unfinished: !one.is_complete
                && !matches!(one.status, deployment::Status::Failed | deployment::Status::Success),
            deployer: DEPLOYERS
                .into_iter()
                .find(|known| deployer.is_some_and(|text| known.eq_ignore_ascii_case(text))),
            message: one.message.as_deref().map(said),
            state: state.map(|text| said(text)),
            project: one.project_type.as_deref().map(shown),
            files,
            active,
            steps,
            names,
            evidence,
        })
    }
}

/// All deployments in order of time, each once, also where two downloads of a site hold it.
pub(super) fn settle(pieces: Vec<Piece>) -> Vec<Deployment> {
    let mut gathered: BTreeMap<(String, String), Gathered> = BTreeMap::new();
    let mut marked = BTreeSet::new();
    for piece in pieces {
        if matches!(piece.part, Part::Active) {
            marked.insert(piece.root.clone());
        }
        gathered.entry((piece.root, piece.id)).or_default().add(piece.part);
    }
    let mut once: BTreeMap<(i64, String), (Deployment, bool)> = BTreeMap::new();
    for ((root, id), one) in gathered {
        let Some(one) = one.finish(&id) else { continue };
        let tells = marked.contains(&root);
        // A deployment that is deployed again keeps its id, and has another start.
        match once.entry((one.range.start.0, one.id.to_ascii_lowercase())) {
            Entry::Vacant(entry) => {
                entry.insert((one, tells));
            }
            Entry::Occupied(mut entry) => {
                let (known, told) = entry.get_mut();
                // Of two downloads, the older one may name as active what the newer one does not.
                let active = match (*told, tells) {
                    (true, true) => known.active && one.active,
                    _ => known.active || one.active,
                };
                let steps = |one: &Deployment| one.steps.as_ref().map_or(0, |steps| steps.found);
                let rank = |one: &Deployment| (!one.unfinished, one.range.end, steps(one));
                if rank(&one) > rank(known) {
                    *known = one;
                }
                known.active = active;
                *told |= tells;
            }
        }
    }
    once.into_values().map(|(one, _)| one).collect()
}

#[cfg(test)]
mod tests {
    use crate::records::platform::tests::read;

    #[test]
    fn a_failed_step_is_named_by_its_first_error() {
        let log = "2026-04-30T04:00:00Z,Updating submodules.,a,0\n\
            2026-04-30T04:00:01Z,Running deployment command...,b,0\n\
            \t2026-04-30T04:00:02Z,npm WARN old,,2\n\
            2026-04-30T04:00:03Z,Copying&comma; then done,c,0\n\
            \t2026-04-30T04:00:04Z,Error: disk is full,,2\n\
            \t2026-04-30T04:00:05Z,   at copy (a.js:1),,2\n\
            torn";
        let status = "<deployment><id>abc</id><status>Failed</status><complete>True</complete>\
            <startTime>2026-04-30T04:00:00Z</startTime><endTime>2026-04-30T04:00:06Z</endTime>\
            <deployer>jane.doe</deployer></deployment>";
        let (platform, counts) = read(&[
            ("dump.zip!/deployments/abc/log.log", log),
            ("dump.zip!/deployments/abc/status.xml", status),
            ("dump.zip!/deployments/abc/manifest", "a.js\r\nb.js\r\n"),
            ("dump.zip!/deployments/active", "ABC"),
        ]);
        let [one] = platform.deployments.as_slice() else { panic!("{:#?}", platform.deployments) };
        let steps = one.steps.as_ref().unwrap();
        assert_eq!(
            steps.failure,
            Some(("Copying, then done".into(), "Error: disk is full".into()))
        );
        assert_eq!((steps.errors, steps.found, one.files, one.active), (3, 6, Some(2), true));
        assert_eq!(one.deployer, None, "a person may stand there");
        assert_eq!(steps.evidence[0].at.line, 5);
        assert_eq!(
            counts.map(|count| (count.records, count.malformed)),
            [(6, 1), (1, 0), (2, 0), (1, 0)]
        );
    }

    #[test]
    fn two_downloads_of_a_site_hold_each_deployment_once() {
        let status = |state: &str, end: &str| {
            format!(
                "<deployment><id>abc</id><status>{state}</status><complete>{}</complete>\
                <startTime>2026-04-30T04:00:00Z</startTime><endTime>{end}</endTime></deployment>",
                if end.is_empty() { "False" } else { "True" }
            )
        };
        let newer = "<deployment><id>def</id><status>Success</status><complete>True</complete>\
            <startTime>2026-04-30T05:00:00Z</startTime><endTime>2026-04-30T05:01:00Z</endTime></deployment>";
        let (platform, _) = read(&[
            ("a/deployments/abc/status.xml", &status("Deploying", "")),
            ("a/deployments/active", "abc"),
            ("b/deployments/abc/status.xml", &status("Success", "2026-04-30T04:00:30Z")),
            ("b/deployments/abc/status_complete.xml", &status("Success", "2026-04-30T04:00:30Z")),
            ("b/deployments/def/status.xml", newer),
            ("b/deployments/active", "def"),
        ]);
        let told: Vec<_> = platform
            .deployments
            .iter()
            .map(|one| (one.id.as_str(), one.status, one.active))
            .collect();
        assert_eq!(told, [("abc", "Success", false), ("def", "Success", true)]);
    }

    #[test]
    fn a_log_whose_status_is_gone_is_still_a_deployment() {
        let (platform, _) =
            read(&[("site/deployments/abc/log.log", "2026-04-30T04:00:00Z,Updating,a,0\n")]);
        assert_eq!(platform.deployments.len(), 1);
        assert_eq!(platform.deployments[0].status, "unknown");
    }
}
