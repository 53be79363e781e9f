//! Crashes and exceptions of the event log, grouped by signature.

use std::collections::{BTreeMap, BTreeSet};

use daaslens_core::model::{Frame, Signature as Shown};
use daaslens_core::text::{counted, duration_s, shortened};
use daaslens_core::{Evidence, TimeRange};
use daaslens_eventlog::ancm::AncmKind;
use daaslens_eventlog::aspnet::web_error;
use daaslens_eventlog::incident::{FOLD_MS, vanished};
use daaslens_eventlog::runtime::log_record;
use daaslens_eventlog::{Event, Incident, IncidentKind, Level};
use daaslens_kb::ExceptionText as Known;
use daaslens_signature::Signature;
use daaslens_stacktrace::ExceptionText;

use crate::facts::Facts;
use crate::http::cube::Cube;
use crate::http::summary::app_sites;
use crate::http::template;
use crate::joins::Joins;
use crate::records::events::Events;

/// So many deaths of one machine within so many seconds are a loop.
pub(crate) const LOOP_COUNT: usize = 3;
pub(crate) const LOOP_SECONDS: i64 = 600;

/// How long after a crash the requests of its instance are looked at.
const AFTER: i64 = 40;

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Crashes {
    /// Most frequent first.
    pub(crate) groups: Vec<Group>,
    /// Exceptions that ended no process, most frequent first.
    pub(crate) thrown: Vec<Thrown>,
    pub(crate) silent: Silent,
}

/// Crashes of one signature.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) signature: Signature,
    pub(crate) code: Option<u32>,
    /// What its exception is known to mean.
    pub(crate) known: Option<&'static Known>,
    /// Indices into the incidents.
    pub(crate) incidents: Vec<usize>,
}

/// Exceptions of one signature that ended no process.
#[derive(Debug)]
pub(crate) struct Thrown {
    pub(crate) signature: Signature,
    /// Indices into the events.
    pub(crate) events: Vec<usize>,
    /// What the exception is known to mean.
    pub(crate) known: Option<&'static Known>,
    /// How many of them the framework caught, because nobody else did.
    pub(crate) unhandled: u64,
    pub(crate) paths: BTreeMap<String, u64>,
}

/// Processes that started and said nothing more.
#[derive(Debug, Default)]
pub(crate) struct Silent {
    pub(crate) started: u64,
    pub(crate) ended: Vec<SilentEnd>,
}

#[derive(Debug)]
pub(crate) struct SilentEnd {
    /// From its start to the start of the next one.
    pub(crate) range: TimeRange,
    /// The event of its start.
    pub(crate) event: usize,
}

/// Whether an incident is a crash, or a start that failed.
pub(crate) fn is_death(kind: IncidentKind) -> bool {
    matches!(
        kind,
        IncidentKind::Crash { .. }
            | IncidentKind::Exit { .. }
            | IncidentKind::StartupFailure
            | IncidentKind::RapidFail
    )
}

/// Whether an event says that the application was started.
pub(crate) fn is_start(event: &Event<'_>) -> bool {
    daaslens_eventlog::ancm::ancm(event)
        .is_some_and(|ancm| ancm.kind == AncmKind::Started && !ancm.is_scm())
        || event.is_from("HttpPlatformHandler") && event.id == 1001
}

/// Groups what the events tell.
pub(crate) fn group(events: &Events) -> Crashes {
    let mut groups: BTreeMap<(String, String), Group> = BTreeMap::new();
    for (i, incident) in events.incidents.iter().enumerate() {
        if matches!(incident.kind, IncidentKind::Crash { .. }) {
            let signature = of(incident);
            let code = incident.code;
            // A module of Windows fails in programs that have nothing to do with each other.
            let native = incident.exception.as_ref().is_none_or(ExceptionText::is_empty);
            let process = incident.process.as_deref().filter(|_| native).unwrap_or_default();
            let key = (signature.exact.clone(), process.to_ascii_lowercase());
            let group = groups.entry(key).or_insert_with(|| Group {
                signature: signature.clone(),
                code,
                known: incident.exception.as_ref().and_then(known),
                incidents: Vec::new(),
            });
            group.signature.tell_only_what_is_common(&signature);
            group.incidents.push(i);
        }
    }
    let crashed: BTreeSet<usize> =
        events.incidents.iter().flat_map(|incident| incident.events.iter().copied()).collect();
    let deaths = Deaths::of(&events.incidents);
    let mut thrown: BTreeMap<String, Thrown> = BTreeMap::new();
    for (i, event) in events.list.iter().enumerate().filter(|(i, _)| !crashed.contains(i)) {
        if let Some(Told { signature, known, path, unhandled }) = exception(event) {
            if deaths.tell(event, &signature) {
                continue;
            }
            let group = thrown.entry(signature.exact.clone()).or_insert_with(|| Thrown {
                signature: signature.clone(),
                events: Vec::new(),
                known,
                unhandled: 0,
                paths: BTreeMap::new(),
            });
            group.signature.tell_only_what_is_common(&signature);
            group.events.push(i);
            group.unhandled += u64::from(unhandled);
            if let Some(path) = path {
                *group.paths.entry(path).or_default() += 1;
            }
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by(|a, b| {
        b.incidents
            .len()
            .cmp(&a.incidents.len())
            .then_with(|| a.signature.exact.cmp(&b.signature.exact))
    });
    let mut thrown: Vec<Thrown> = thrown.into_values().collect();
    thrown.sort_by(|a, b| {
        b.events.len().cmp(&a.events.len()).then_with(|| a.signature.exact.cmp(&b.signature.exact))
    });
    Crashes { groups, thrown, silent: silent(events) }
}

/// What the deaths of processes were, to know again what was logged on the way to them.
///
/// A host that cannot start logs its exception once or twice ("Hosting failed to start") before the process dies of
/// it, and so does a library that throws it on. That is one failure and no further defect.
struct Deaths(BTreeMap<String, Vec<(TimeRange, Signature)>>);

impl Deaths {
    fn of(incidents: &[Incident]) -> Self {
        let mut machines: BTreeMap<String, Vec<(TimeRange, Signature)>> = BTreeMap::new();
        for incident in incidents {
            if is_death(incident.kind) && incident.exception.is_some() {
                let machine = machines.entry(incident.computer.to_ascii_lowercase()).or_default();
                machine.push((incident.range, of(incident)));
            }
        }
        for machine in machines.values_mut() {
            machine.sort_by_key(|(range, _)| range.start);
        }
        Self(machines)
    }

    /// Whether a process of the machine died of this exception within the time that one crash takes.
    fn tell(&self, event: &Event<'_>, signature: &Signature) -> bool {
        let machine = self.0.get(&event.computer.to_ascii_lowercase());
        let (Some(machine), Some(time)) = (machine, event.time) else { return false };
        let near = |range: &TimeRange| {
            range.start.0.saturating_sub(FOLD_MS) <= time.0
                && time.0 <= range.end.0.saturating_add(FOLD_MS)
        };
        let first = machine
            .partition_point(|(range, _)| range.start.0 < time.0.saturating_sub(4 * FOLD_MS));
        machine
            .iter()
            .skip(first)
            .take_while(|(range, _)| range.start.0 <= time.0.saturating_add(FOLD_MS))
            .any(|(range, death)| {
                near(range)
                    && death.exception == signature.exception
                    && death.message == signature.message
            })
    }
}

/// The signature of a crash: its exception, else the module and the code.
fn of(incident: &Incident) -> Signature {
    match &incident.exception {
        Some(text) if !text.is_empty() => daaslens_signature::of_exception(text, incident.code),
        _ => daaslens_signature::of_native(
            incident.detail.as_deref().unwrap_or(""),
            None,
            incident.code,
        ),
    }
}

/// What an exception is known to mean: the innermost one of its chain that is known.
pub(crate) fn known(text: &ExceptionText) -> Option<&'static Known> {
    let innermost = text.innermost().into_iter();
    innermost
        .chain(&text.chain)
        .find_map(|one| daaslens_kb::exception_text(&format!("{}: {}", one.type_name, one.message)))
}

/// An exception that an event tells of, with the path of its request.
struct Told {
    signature: Signature,
    known: Option<&'static Known>,
    path: Option<String>,
    unhandled: bool,
}

/// The exception that an event tells of, which ended no process.
fn exception(event: &Event<'_>) -> Option<Told> {
    if let Some(error) = web_error(event) {
        if error.client_gone() || error.exception.is_empty() {
            return None;
        }
        return Some(Told {
            signature: daaslens_signature::of_exception(&error.exception, None),
            known: known(&error.exception),
            path: Some(error.path).filter(|path| !path.is_empty()),
            unhandled: true,
        });
    }
    let record = log_record(event)?;
    let told = !record.exception.is_empty() && event.level() <= Level::Error;
    told.then(|| Told {
        signature: daaslens_signature::of_exception(&record.exception, None),
        known: known(&record.exception),
        path: record.request_path().map(str::to_owned),
        unhandled: record.is_unhandled(),
    })
}

/// Processes that were replaced without a word, and how many were started at all: their base rate.
fn silent(events: &Events) -> Silent {
    let started = events.list.iter().filter(|event| is_start(event)).count() as u64;
    let ended = vanished(&events.list)
        .into_iter()
        .map(|one| SilentEnd { range: TimeRange::new(one.started, one.replaced), event: one.event })
        .collect();
    Silent { started, ended }
}

/// Whether crashes of a group come in bursts on one machine.
pub(crate) fn is_burst(group: &Group, facts: &Facts<'_>) -> bool {
    let mut machines: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for incident in group.all(facts) {
        machines
            .entry(incident.computer.to_ascii_lowercase())
            .or_default()
            .push(incident.range.start.seconds());
    }
    machines.values().any(|times| {
        times.windows(LOOP_COUNT).any(|some| some[LOOP_COUNT - 1] - some[0] <= LOOP_SECONDS)
    })
}

impl Group {
    /// Its incidents, in order of time.
    pub(crate) fn all<'a>(&'a self, facts: &'a Facts<'_>) -> impl Iterator<Item = &'a Incident> {
        self.incidents.iter().filter_map(|i| facts.records.events.incidents.get(*i))
    }

    /// The exception with its message, and the frame that decides.
    pub(crate) fn title(&self) -> String {
        title(&self.signature)
    }

    pub(crate) fn range(&self, facts: &Facts<'_>) -> Option<TimeRange> {
        self.all(facts).fold(None, |range, incident| TimeRange::merge(range, Some(incident.range)))
    }

    pub(crate) fn process(&self, facts: &Facts<'_>) -> Option<String> {
        self.all(facts).find_map(|incident| incident.process.clone())
    }

    /// Machines with the number of crashes, most first.
    pub(crate) fn machines(&self, facts: &Facts<'_>) -> Vec<(String, u64)> {
        let mut machines: BTreeMap<String, (String, u64)> = BTreeMap::new();
        for incident in self.all(facts) {
            machines
                .entry(incident.computer.to_ascii_lowercase())
                .or_insert((incident.computer.clone(), 0))
                .1 += 1;
        }
        let mut machines: Vec<(String, u64)> = machines.into_values().collect();
        machines.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        machines
    }

    /// Server errors of its instances in the seconds after its crashes.
    pub(crate) fn errors(&self, facts: &Facts<'_>) -> u64 {
        self.all(facts).map(|incident| errors_after(facts.cube, facts.joins, incident)).sum()
    }

    /// How many of its crashes are seen in the requests of their instance, as failures or as a pause.
    pub(crate) fn disturbed(&self, facts: &Facts<'_>) -> usize {
        self.all(facts).filter(|incident| is_seen(facts.cube, facts.joins, incident)).count()
    }

    pub(crate) fn detail(&self, facts: &Facts<'_>) -> String {
        let mut parts = Vec::new();
        if !self.signature.message.is_empty() {
            parts.push(format!(
                "Message: {}.",
                shortened(self.signature.message.trim_end_matches('.'), 160)
            ));
        }
        if let Some(process) = self.process(facts) {
            parts.push(format!("Process {process}."));
        }
        if let Some(code) = self.code {
            let known = daaslens_kb::exception_code(code)
                .map_or_else(String::new, |known| format!(" ({})", known.about.title));
            parts.push(format!("Code {code:#010x}{known}."));
        }
        let ids: BTreeSet<(String, u32)> = self
            .all(facts)
            .flat_map(|incident| incident.events.iter())
            .filter_map(|i| facts.records.events.list.get(*i))
            .map(|event| (event.provider.to_string(), event.id))
            .collect();
        let ids: Vec<String> =
            ids.into_iter().map(|(provider, id)| format!("{provider} {id}")).collect();
        parts.push(format!("Told by {}.", ids.join(", ")));
        let downs: Vec<i64> =
            self.all(facts).filter_map(|incident| down(facts, incident)).collect();
        if let (Some(least), Some(most)) = (downs.iter().min(), downs.iter().max()) {
            parts.push(if least == most {
                format!("Started again after {}.", duration_s((*most).max(0) as u64))
            } else {
                format!(
                    "Started again after {} to {}.",
                    duration_s((*least).max(0) as u64),
                    duration_s((*most).max(0) as u64)
                )
            });
        }
        let errors = self.errors(facts);
        if errors > 0 {
            parts.push(format!(
                "{} of the instance within {AFTER}\u{a0}s of them.",
                counted(errors, "server error", "server errors")
            ));
        }
        parts.join(" ")
    }

    pub(crate) fn evidence(&self, facts: &Facts<'_>, most: usize) -> Vec<Evidence> {
        let count = self.incidents.len() as u64;
        let mut evidence: Vec<Evidence> = Vec::new();
        // All events of the first crash, then the first event of each other one.
        for (at, incident) in self.all(facts).enumerate() {
            let events = if at == 0 { incident.events.len() } else { 1 };
            evidence.extend(
                incident
                    .events
                    .iter()
                    .take(events)
                    .filter_map(|i| facts.records.events.evidence(*i, "", count)),
            );
        }
        evidence.truncate(most);
        evidence
    }
}

impl Thrown {
    /// How many were logged for requests of `url`: of exactly that path, and of paths whose template it is.
    pub(crate) fn on_path(&self, url: &str) -> (u64, u64) {
        let exact = self.paths.get(url).copied().unwrap_or(0);
        let mut buffer = Vec::new();
        let alike = self.paths.iter().filter(|(path, _)| {
            path.as_str() != url && template::of(path.as_bytes(), &mut buffer) == url.as_bytes()
        });
        (exact, alike.map(|(_, n)| n).sum())
    }

    pub(crate) fn title(&self) -> String {
        title(&self.signature)
    }

    pub(crate) fn range(&self, facts: &Facts<'_>) -> Option<TimeRange> {
        let times = self.events.iter().filter_map(|i| facts.records.events.list.get(*i)?.time);
        times.fold(None, |mut range, time| {
            TimeRange::extend(&mut range, time);
            range
        })
    }
}

/// The exception and the frame that decides; where there is no frame of the application, its message.
fn title(signature: &Signature) -> String {
    let what = if signature.exception.is_empty() { &signature.exact } else { &signature.exception };
    match signature.frames.iter().find(|frame| frame.own) {
        Some(frame) => format!("{what} at {}", frame.text),
        None if signature.message.is_empty() => what.clone(),
        None => format!("{what}: {}", shortened(&signature.message, 100)),
    }
}

/// Seconds from a crash to the next start on its machine.
fn down(facts: &Facts<'_>, incident: &Incident) -> Option<i64> {
    let starts =
        facts.records.events.list.iter().filter(|event| {
            event.computer.eq_ignore_ascii_case(&incident.computer) && is_start(event)
        });
    let next =
        starts.filter_map(|event| event.time).filter(|time| *time >= incident.range.start).min()?;
    Some(next.seconds() - incident.range.start.seconds()).filter(|seconds| *seconds <= 3600)
}

fn errors_after(cube: &Cube, joins: &Joins, incident: &Incident) -> u64 {
    let from = incident.range.start.seconds() - 2;
    errors_between(cube, joins, &incident.computer, from, from + AFTER)
}

/// Server errors of the instance of a machine within some seconds; of all instances where it is not known which it is.
pub(crate) fn errors_between(cube: &Cube, joins: &Joins, machine: &str, from: i64, to: i64) -> u64 {
    let instance = joins.instance(machine).map(|join| join.instance.as_str());
    let mut errors = 0;
    for (_, site) in app_sites(cube) {
        for (name, lane) in site.lanes() {
            if instance.is_none_or(|instance| instance == name) {
                errors += lane
                    .course
                    .errors()
                    .filter(|(at, _)| (from..=to).contains(at))
                    .map(|(_, errors)| errors[..4].iter().map(|n| u64::from(*n)).sum::<u64>())
                    .sum::<u64>();
            }
        }
    }
    errors
}

fn is_seen(cube: &Cube, joins: &Joins, incident: &Incident) -> bool {
    let Some(join) = joins.instance(&incident.computer) else { return false };
    let courses = crate::joins::courses(cube);
    crate::joins::disturbed(&courses, incident.range.start) == Some(join.instance.as_str())
}

/// The signatures for the report.
pub(crate) fn shown(facts: &Facts<'_>) -> Vec<Shown> {
    let crashes = facts.crashes.groups.iter().map(|group| Shown {
        id: 0,
        text: group.signature.exact.clone(),
        exception: group.signature.exception.clone(),
        message: group.signature.message.clone(),
        crash: true,
        count: group.incidents.len() as u64,
        instances: group
            .machines(facts)
            .into_iter()
            .map(|(machine, n)| (facts.named(&machine), n))
            .collect(),
        range: group.range(facts),
        frames: frames(&group.signature.frames),
        paths: Vec::new(),
        evidence: group.evidence(facts, 3),
    });
    let thrown = facts.crashes.thrown.iter().map(|thrown| {
        let mut machines: BTreeMap<String, u64> = BTreeMap::new();
        for event in thrown.events.iter().filter_map(|i| facts.records.events.list.get(*i)) {
            *machines.entry(facts.named(&event.computer)).or_default() += 1;
        }
        let count = thrown.events.len() as u64;
        Shown {
            id: 0,
            text: thrown.signature.exact.clone(),
            exception: thrown.signature.exception.clone(),
            message: thrown.signature.message.clone(),
            crash: false,
            count,
            instances: machines.into_iter().collect(),
            range: thrown.range(facts),
            frames: frames(&thrown.signature.frames),
            paths: thrown.paths.iter().map(|(path, n)| (path.clone(), *n)).take(10).collect(),
            evidence: thrown
                .events
                .iter()
                .take(2)
                .filter_map(|i| facts.records.events.evidence(*i, "", count))
                .collect(),
        }
    });
    let mut all: Vec<Shown> = crashes.chain(thrown).take(40).collect();
    for (i, signature) in all.iter_mut().enumerate() {
        signature.id = i as u32 + 1;
    }
    all
}

fn frames(frames: &[Frame]) -> Vec<Frame> {
    frames.iter().take(30).cloned().collect()
}
