//! Kudu, the management side: what it was asked to do and when, and what people saved of its pages.
//!
//! A trace is left of each request that changes something, of each start and each end of Kudu itself. They tell what no log
//! of the application does: that somebody ended a process, wrote a file into the site, or made a dump, and when. Nothing in
//! them says who. The replies and the environment page tell what the machine is, and which machine an instance is.

use std::collections::{BTreeMap, BTreeSet};

use daaslens_core::text::duration_s;
use daaslens_core::{Evidence, PartKind, Time, TimeRange};
use daaslens_platform::What;
use daaslens_platform::kudu::{
    self as reader, EnvironmentPage, InstanceJoin, Process, Reply, Runtime, Setting, Trace,
    TraceKind,
};

use super::{Count, File, counted, faults, line_faults, said, shown};

/// Everything about Kudu.
#[derive(Debug, Default)]
pub(crate) struct Kudu {
    /// Traces, each once, in order of time.
    pub(crate) traces: Vec<(Trace, Evidence)>,
    /// What they tell of what was done.
    pub(crate) acts: Vec<Act>,
    /// Instances under both of their names, and how that is known.
    pub(crate) joins: Vec<(InstanceJoin, &'static str)>,
    pub(crate) processes: Vec<(Process, Evidence)>,
    pub(crate) runtimes: Vec<(Runtime, Evidence)>,
    pub(crate) pages: Vec<(EnvironmentPage, Evidence)>,
    /// The version of Kudu, and when the site was last changed.
    pub(crate) versions: Vec<(String, Option<Time>, Evidence)>,
    /// Settings that are no secret.
    pub(crate) settings: Vec<(Setting, Evidence)>,
    /// How many settings the application has, where they were saved.
    pub(crate) setting_names: u64,
    /// Switches of application logging.
    pub(crate) switches: Vec<(String, String, Evidence)>,
    names: BTreeSet<(PartKind, String)>,
    keys: Vec<String>,
    other: Option<Evidence>,
}

/// Something that Kudu did, or that happened to it.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) range: TimeRange,
    pub(crate) kind: ActKind,
    pub(crate) text: String,
    /// The instance: its prefix, else the machine.
    pub(crate) instance: String,
    /// What was answered.
    pub(crate) status: Option<u16>,
    /// Whether a process of the application stands still meanwhile.
    pub(crate) freezes: bool,
    pub(crate) evidence: Evidence,
}

/// What an act is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ActKind {
    /// Kudu began.
    Start,
    /// Kudu ended.
    Stop,
    /// A deployment was brought.
    Deploy,
    /// A process was ended.
    Kill,
    /// The application was restarted.
    Restart,
    /// A process was dumped or profiled.
    Collect,
    /// Files were written or deleted.
    Files,
    /// A command was run in the console.
    Command,
    /// Settings or extensions were changed.
    Change,
    /// The logs were downloaded.
    Download,
    /// Kudu failed.
    Failure,
}

impl Kudu {
    pub(super) fn read(&mut self, what: What, file: &File<'_>, count: &mut Count) {
        match what {
            What::Trace | What::TextTrace => self.trace(what, file, count),
            What::Api => self.reply(file, count),
            What::Page => self.page(file, count),
            _ => {}
        }
    }

    fn trace(&mut self, what: What, file: &File<'_>, count: &mut Count) {
        let parsed = if what == What::Trace {
            reader::read_trace(file.bytes, &file.origin.path)
        } else {
            reader::read_text_trace(file.bytes, &file.origin.path)
        };
        if what == What::Trace {
            faults(count, &parsed.faults, parsed.value.is_some());
        } else {
            line_faults(count, &parsed.faults, None);
        }
        let Some(mut trace) = parsed.value else { return };
        counted(count, window(&trace));
        let evidence = file.whole(told(&trace));
        let error = trace.steps.iter().rev().find_map(|step| step.error.as_deref()).map(said);
        self.acts.extend(acts(&trace, error, &evidence));
        self.names.extend(trace.host.take().map(|host| (PartKind::Host, host)));
        trace.steps = Vec::new();
        // Names hold second, instance and number: the same name is the same trace, wherever it lies.
        self.keys.push(file.path.rsplit('/').next().unwrap_or_default().to_owned());
        self.traces.push((trace, evidence));
    }

    fn reply(&mut self, file: &File<'_>, count: &mut Count) {
        let parsed = reader::read_api(file.bytes);
        faults(count, &parsed.faults, parsed.value.is_some());
        let Some(reply) = parsed.value else { return };
        self.joins
            .extend(reply.joins().into_iter().map(|join| (join, "the environment of a process")));
        match reply {
            Reply::Environment { version, site_last_modified } => {
                counted(count, None);
                let evidence = file.whole(format!("Kudu {}", shown(&version)));
                self.versions.push((shown(&version), site_last_modified, evidence));
            }
            Reply::Settings { names, known } => {
                count.records += names.len() as u64;
                let evidence = file.whole(format!("{} settings", names.len()));
                self.other = Some(evidence.clone());
                self.setting_names = names.len() as u64;
                self.settings.extend(known.into_iter().map(|one| (one, evidence.clone())));
            }
            Reply::Logging { switches } => {
                count.records += switches.len() as u64;
                let evidence = file.whole(format!("{} switches of logging", switches.len()));
                self.other = Some(evidence.clone());
                let of = |(name, value): (String, String)| (shown(&name), value, evidence.clone());
                self.switches.extend(switches.into_iter().map(of));
            }
            Reply::Runtime(runtime) => {
                counted(count, None);
                self.runtimes.push((runtime, file.whole("versions of runtimes".to_owned())));
            }
            Reply::Processes(processes) => {
                for mut one in processes {
                    counted(count, one.at.map(TimeRange::at));
                    let name = one.name.as_deref().unwrap_or("process");
                    let evidence = file.whole(format!("{}({})", shown(name), one.pid));
                    count.site = count.site.take().or_else(|| one.site.clone());
                    self.names.extend(one.site.take().map(|site| (PartKind::Site, site)));
                    let known = std::mem::take(&mut one.known);
                    self.settings.extend(known.into_iter().map(|one| (one, evidence.clone())));
                    self.processes.push((one, evidence));
                }
            }
            _ => {}
        }
    }

    fn page(&mut self, file: &File<'_>, count: &mut Count) {
        let parsed = reader::read_page(file.bytes);
        faults(count, &parsed.faults, parsed.value.is_some());
        let Some(mut page) = parsed.value else { return };
        counted(count, None);
        let evidence = file.whole("environment page of Kudu".to_owned());
        self.joins.extend(page.join().map(|join| (join, "the environment page of Kudu")));
        count.site.clone_from(&page.site);
        self.names.extend(page.site.take().map(|site| (PartKind::Site, site)));
        self.setting_names = page.setting_names.len() as u64;
        let known = std::mem::take(&mut page.known);
        self.settings.extend(known.into_iter().map(|one| (one, evidence.clone())));
        self.pages.push((page, evidence));
    }

    pub(super) fn whole(&self) -> Option<&Evidence> {
        let own = self.traces.first().map(|(_, evidence)| evidence);
        own.or_else(|| self.processes.first().map(|(_, evidence)| evidence))
            .or_else(|| self.runtimes.first().map(|(_, evidence)| evidence))
            .or_else(|| self.pages.first().map(|(_, evidence)| evidence))
            .or_else(|| self.versions.first().map(|(.., evidence)| evidence))
            .or(self.other.as_ref())
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.traces.extend(other.traces);
        self.acts.extend(other.acts);
        self.joins.extend(other.joins);
        self.processes.extend(other.processes);
        self.runtimes.extend(other.runtimes);
        self.pages.extend(other.pages);
        self.versions.extend(other.versions);
        self.settings.extend(other.settings);
        self.setting_names = self.setting_names.max(other.setting_names);
        self.switches.extend(other.switches);
        self.names.extend(other.names);
        self.keys.extend(other.keys);
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &(PartKind, String)> {
        self.names.iter()
    }

    /// Once everything is there.
    pub(super) fn settle(&mut self) {
        let mut once = BTreeMap::new();
        let keys = std::mem::take(&mut self.keys);
        for (key, (trace, evidence)) in keys.into_iter().zip(std::mem::take(&mut self.traces)) {
            // A request that still ran in the older download has its end in the newer.
            let key = key.trim_end_matches("_pending.xml").to_owned();
            once.entry((trace.time, key)).or_insert((trace, evidence));
        }
        self.traces = once.into_values().collect();
        let traces = self.traces.iter().map(|(trace, _)| trace);
        let joined = reader::join_traces(traces);
        self.joins
            .extend(joined.into_iter().map(|join| (join, "two traces of one request to Kudu")));
        self.joins.sort();
        self.joins.dedup_by(|a, b| a.0 == b.0);
        let mut acts = BTreeMap::new();
        for act in std::mem::take(&mut self.acts) {
            let key = (act.range.start, act.kind, act.instance.clone(), act.text.clone());
            acts.entry(key).or_insert(act);
        }
        self.acts = acts.into_values().collect();
        let mut processes = BTreeMap::new();
        for (one, evidence) in std::mem::take(&mut self.processes) {
            let machine = one.machine.clone().unwrap_or_default().to_ascii_lowercase();
            // A list names all processes, and the reply of one says more: the one that says more counts.
            let says =
                |one: &Process| u32::from(one.at.is_some()) + u32::from(one.prefix.is_some());
            match processes.entry((machine, one.pid, one.at.map(Time::minute))) {
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert((one, evidence));
                }
                std::collections::btree_map::Entry::Occupied(mut entry) => {
                    if says(&one) > says(&entry.get().0) {
                        entry.insert((one, evidence));
                    }
                }
            }
        }
        self.processes = processes.into_values().collect();
        self.settings.sort_by(|a, b| (&a.0, a.1.at).cmp(&(&b.0, b.1.at)));
        self.settings.dedup_by(|a, b| a.0 == b.0);
    }

    /// The value of a setting, where all that tell agree.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        let mut values = self.settings.iter().filter(|((known, _), _)| *known == name);
        let first = values.next()?;
        values.all(|other| other.0.1 == first.0.1).then_some(first.0.1.as_str())
    }
}

fn window(trace: &Trace) -> Option<TimeRange> {
    let start = trace.time?;
    let ms = i64::try_from(trace.duration_ms.unwrap_or(0)).unwrap_or(0);
    Some(TimeRange::new(start, Time(start.0.saturating_add(ms))))
}

fn told(trace: &Trace) -> String {
    let kind = match trace.kind {
        TraceKind::Request => "request",
        TraceKind::Startup => "start, with the request",
        TraceKind::Shutdown => "end of the process",
        TraceKind::Background => "background work of the request",
        TraceKind::Other => "trace",
    };
    let words = [
        trace.time.map(|time| time.to_string()),
        trace.prefix.clone().or_else(|| trace.machine.clone()),
        Some(format!("Kudu: {kind}")),
        trace.method.clone(),
        trace.path.as_deref().map(shown),
        trace.status.map(|status| status.to_string()),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What one trace tells.
fn acts(trace: &Trace, error: Option<String>, evidence: &Evidence) -> Vec<Act> {
    let Some(range) = window(trace) else { return Vec::new() };
    let instance = trace.prefix.clone().or_else(|| trace.machine.clone()).unwrap_or_default();
    let act = |range: TimeRange, kind: ActKind, text: String, freezes: bool| Act {
        range,
        kind,
        text,
        instance: shown(&instance),
        status: trace.status,
        freezes,
        evidence: evidence.clone(),
    };
    let mut acts = Vec::new();
    match trace.kind {
        TraceKind::Startup => {
            acts.push(act(range, ActKind::Start, "Kudu began".to_owned(), false));
        }
        TraceKind::Shutdown => {
            let after = trace
                .uptime_ms
                .map_or_else(String::new, |ms| format!(" after {}", duration_s(ms / 1000)));
            acts.push(act(
                TimeRange::at(range.start),
                ActKind::Stop,
                format!("Kudu ended{after}"),
                false,
            ));
        }
        _ => {}
    }
    if let Some((kind, text, freezes)) = asked(trace) {
        acts.push(act(range, kind, text, freezes));
    }
    for time in &trace.recycles {
        let text = "a deployment had the application restarted".to_owned();
        acts.push(act(TimeRange::at(*time), ActKind::Restart, text, false));
    }
    for offline in &trace.offline {
        let text = "app_offline.htm lay in the site, which answered 503".to_owned();
        acts.push(act(*offline, ActKind::Restart, text, false));
    }
    if let Some(error) = error {
        acts.push(act(range, ActKind::Failure, format!("Kudu failed: {error}"), false));
    }
    acts
}

/// What a request asked for, by method and path. The path is as it was asked, or as the name of the file has it, with `-`
/// for all signs.
fn asked(trace: &Trace) -> Option<(ActKind, String, bool)> {
    let method = trace.method.as_deref()?.to_ascii_uppercase();
    let path = trace.path.as_deref()?.trim_matches(['/', '-']);
    let folded = path.to_ascii_lowercase().replace('/', "-");
    let writes = method != "GET" && method != "HEAD" && method != "OPTIONS";
    let starts = |start: &str| folded.starts_with(start);
    // The request is answered at once, and its work goes on behind it.
    let goes_on = trace.kind != TraceKind::Background && trace.status == Some(202);
    let deploys = [
        "api-zipdeploy",
        "api-publish",
        "api-wardeploy",
        "msdeploy.axd",
        "api-deployments",
        "deploy",
    ];
    if let Some(rest) = folded.strip_prefix("api-processes-") {
        let pid = rest.split('-').next().unwrap_or_default();
        return match method.as_str() {
            "DELETE" => Some((ActKind::Kill, format!("process {pid} was ended"), false)),
            "GET" if rest.ends_with("-dump") => {
                Some((ActKind::Collect, format!("process {pid} was dumped"), true))
            }
            "POST" if rest.contains("-profile-start") => {
                Some((ActKind::Collect, format!("a profile of process {pid} was begun"), true))
            }
            _ => None,
        };
    }
    if writes && !goes_on && deploys.iter().any(|start| starts(start)) {
        return Some((
            ActKind::Deploy,
            format!("a deployment was brought ({})", shown(path)),
            false,
        ));
    }
    if starts("api-command") && writes {
        return Some((ActKind::Command, "a command was run in the console".to_owned(), false));
    }
    for start in ["api-vfs-", "vfs-", "api-zip-", "zip-"] {
        if writes && let Some(rest) = folded.strip_prefix(start) {
            let at = path.len() - rest.len();
            let what = if method == "DELETE" { "deleted" } else { "written" };
            let path = shown(path.get(at..).unwrap_or_default());
            return Some((ActKind::Files, format!("{path} was {what}"), false));
        }
    }
    if writes && (starts("api-settings") || starts("api-diagnostics-settings")) {
        return Some((ActKind::Change, "settings of Kudu were changed".to_owned(), false));
    }
    if writes && starts("api-siteextensions") {
        return Some((
            ActKind::Change,
            format!("a site extension was changed ({})", shown(path)),
            false,
        ));
    }
    let downloads =
        matches!(folded.as_str(), "dump" | "api-dump") || starts("api-zip-") || starts("zip-");
    if !writes && downloads {
        return Some((ActKind::Download, format!("{} was downloaded", shown(path)), false));
    }
    None
}
