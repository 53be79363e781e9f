//! What events and exceptions say of memory, disks, pools and ports that ran out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use daaslens_core::model::Clean;
use daaslens_core::text::{bytes, counted, shortened, thousands};
use daaslens_core::{Advice, Confidence, Finding, Metric, Severity, TimeRange};
use daaslens_eventlog::platform::limit_hit;
use daaslens_eventlog::{Event, windows};
use daaslens_kb::{About, CodeClass, EventClass, ExceptionClass};

use super::RULE;
use crate::correlate;
use crate::crashes::errors_between;
use crate::facts::Facts;
use crate::rules::Conclusions;

/// How far around a sign requests are counted that may have failed of it.
const AROUND: i64 = 30;
/// From how many signs, and from how many failed requests on it is worth more than a line.
const SIGNS: usize = 3;
const FAILED: u64 = 20;
/// Evidence of a resource.
const EVIDENCE: usize = 6;

/// What can run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Resource {
    Memory,
    Disk,
    Pool,
}

impl Resource {
    const fn word(self) -> &'static str {
        match self {
            Self::Memory => "Memory ran short",
            Self::Disk => "A disk or its quota was full",
            Self::Pool => "Connections or ports ran out",
        }
    }

    const fn sign(self) -> Option<&'static str> {
        match self {
            Self::Memory => Some("out-of-memory-event"),
            Self::Pool => Some("pool-exhausted-event"),
            Self::Disk => None,
        }
    }
}

/// What tells of it.
#[derive(Default)]
struct Signs {
    /// Events, each once.
    events: BTreeSet<usize>,
    /// What they are, with their number.
    kinds: BTreeMap<String, u64>,
    /// Figures that an event names.
    figures: Option<String>,
    advice: Advice,
    /// How many of them are limits that recycled the process.
    limits: u64,
}

impl Signs {
    fn add(&mut self, index: usize, kind: &str, about: &About) {
        if self.events.insert(index) {
            *self.kinds.entry(kind.to_owned()).or_default() += 1;
            for line in about.advice {
                if !self.advice.fix.iter().any(|known| known == line) {
                    self.advice.fix.push((*line).to_owned());
                }
            }
        }
    }
}

pub(super) fn conclude(facts: &Facts<'_>, out: &mut Conclusions) {
    let events = &facts.records.events;
    if events.files == 0 {
        return;
    }
    let mut found: BTreeMap<Resource, Signs> = BTreeMap::new();
    for (index, event) in events.list.iter().enumerate() {
        told_by_event(index, event, &mut found);
    }
    for incident in &events.incidents {
        let known = incident.code.and_then(daaslens_kb::exception_code);
        if let (Some(code), Some(index)) =
            (known.filter(|code| code.class == CodeClass::Memory), incident.events.first())
        {
            found.entry(Resource::Memory).or_default().add(*index, code.about.title, &code.about);
        }
    }
    let fatal = facts.crashes.groups.iter().flat_map(|group| {
        let first = group.all(facts).filter_map(|one| one.events.first().copied());
        first.filter_map(|index| Some((group.known?, index))).collect::<Vec<_>>()
    });
    let logged = facts.crashes.thrown.iter().flat_map(|thrown| {
        thrown.events.iter().filter_map(|index| Some((thrown.known?, *index))).collect::<Vec<_>>()
    });
    for (known, index) in fatal.chain(logged) {
        let resource = match known.class {
            ExceptionClass::Memory => Resource::Memory,
            ExceptionClass::Disk => Resource::Disk,
            ExceptionClass::Pool => Resource::Pool,
            ExceptionClass::Dependency | ExceptionClass::Startup => continue,
        };
        found.entry(resource).or_default().add(index, known.about.title, &known.about);
    }
    for (resource, signs) in &found {
        out.findings.push(finding(*resource, signs, facts));
    }
    if found.is_empty() {
        let text = format!(
            "no sign of it in {}; a kill for memory leaves none",
            counted(events.list.len() as u64, "event", "events")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

/// What an event says by itself.
fn told_by_event(index: usize, event: &Event<'_>, found: &mut BTreeMap<Resource, Signs>) {
    let Some(known) = daaslens_kb::event(&event.provider, event.id) else { return };
    let text: Vec<&str> = event.data.iter().map(|datum| &*datum.text).collect();
    let text = text.join(" ");
    let by_text = daaslens_kb::event_text(&event.provider, event.id, &text);
    let (class, about) =
        by_text.map_or((known.class, &known.about), |text| (text.class, &text.about));
    if let Some(limit) = limit_hit(event) {
        if limit.limit.contains("emory") {
            let signs = found.entry(Resource::Memory).or_default();
            signs.add(index, &format!("limit '{}'", shortened(&limit.limit, 40)), about);
            signs.limits += 1;
            if let (Some(used), Some(of)) = (limit.used, limit.of) {
                signs.figures = Some(format!("{} of {} were in use", bytes(used), bytes(of)));
            }
        }
        return;
    }
    if class != EventClass::Resource {
        return;
    }
    let lower = about.title.to_ascii_lowercase();
    let is_disk = ["disk", "quota", "room"].iter().any(|word| lower.contains(word));
    let resource = if is_disk { Resource::Disk } else { Resource::Memory };
    let signs = found.entry(resource).or_default();
    signs.add(index, about.title, about);
    if let Some(short) = windows::memory_exhausted(event) {
        let programs: Vec<String> = short
            .programs
            .iter()
            .map(|(name, size)| format!("{} {}", shortened(name, 40), bytes(*size)))
            .collect();
        if !programs.is_empty() {
            signs.figures = Some(format!("the largest programs were {}", programs.join(", ")));
        }
    }
}

fn finding(resource: Resource, signs: &Signs, facts: &Facts<'_>) -> Finding {
    let events = &facts.records.events;
    let own = || signs.events.iter().filter_map(|index| Some((*index, events.list.get(*index)?)));
    let range = own().filter_map(|(_, event)| event.time).fold(None, |mut range, time| {
        TimeRange::extend(&mut range, time);
        range
    });
    let machines: BTreeSet<String> =
        own().map(|(_, event)| event.computer.to_ascii_lowercase()).collect();
    let on = match (machines.len(), own().next()) {
        (1, Some((_, event))) if !event.computer.is_empty() => {
            format!(" on {}", facts.named(&event.computer))
        }
        (0 | 1, _) => String::new(),
        (several, _) => format!(" on {several} machines"),
    };
    // Seconds overlap where signs come in a row; each second of a machine counts once.
    let mut seconds: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for (_, event) in own() {
        if let Some(time) = event.time {
            seconds.entry(&event.computer).or_default().insert(time.seconds() / (2 * AROUND));
        }
    }
    let failed: u64 = seconds
        .iter()
        .flat_map(|(machine, slots)| slots.iter().map(move |slot| (machine, slot * 2 * AROUND)))
        .map(|(machine, at)| {
            errors_between(facts.cube, facts.joins, machine, at, at + 2 * AROUND - 1)
        })
        .sum();
    let count = signs.events.len();
    let severity = if failed >= FAILED {
        Severity::Critical
    } else if failed > 0 || count >= SIGNS {
        Severity::Warning
    } else {
        Severity::Info
    };
    let confidence = if failed >= FAILED { Confidence::Confirmed } else { Confidence::Likely };
    let mut kinds: Vec<(&String, &u64)> = signs.kinds.iter().collect();
    kinds.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let kinds: Vec<String> =
        kinds.iter().take(3).map(|(kind, n)| format!("{} \u{d7} {kind}", thousands(**n))).collect();
    let headline = format!("{}{on}: {}", resource.word(), kinds.join(", "));
    let mut finding = Finding::new(RULE.id, severity, confidence, headline);
    if let Some(figures) = &signs.figures {
        finding.detail = format!("At the last of them {figures}.");
    }
    if failed > 0 {
        if !finding.detail.is_empty() {
            finding.detail.push(' ');
        }
        let all = facts.http.map_or(failed, |http| http.totals.server_errors);
        let _ = write!(
            finding.detail,
            "{} of all {} lie in the minutes of these signs.",
            thousands(failed),
            counted(all, "server error", "server errors")
        );
    }
    finding.window = range;
    if let (1, Some((_, event))) = (machines.len(), own().next())
        && !event.computer.is_empty()
    {
        finding.subject.instance = Some(facts.instance(&event.computer));
    }
    finding.metrics = vec![
        ("count", Metric::Count(count as u64)),
        ("server_errors", Metric::Count(failed)),
        ("events", Metric::Count(events.list.len() as u64)),
    ];
    finding.impact = failed.max(count as u64);
    let mut seen = Vec::new();
    if let Some(sign) = resource.sign() {
        seen.push((sign, finding.headline.clone()));
    }
    if signs.limits > 0 {
        let text =
            counted(signs.limits, "recycle by a limit on memory", "recycles by limits on memory");
        seen.push(("limit-recycle-event", text));
        seen.push(("memory-limit-event", "the limit is one on memory".to_owned()));
    }
    if !seen.is_empty() {
        finding.causes = correlate::told(facts, &seen);
    }
    finding.advice = signs.advice.clone();
    finding.advice.collect_next.push(match resource {
        Resource::Memory => "A memory dump while memory is high, and the plan's metrics of memory".to_owned(),
        Resource::Disk => "The sizes of the folders, from the Kudu console (d:\\local\\temp, LogFiles)".to_owned(),
        Resource::Pool => {
            "A memory dump while requests wait, and Diagnose and solve problems: SNAT port exhaustion".to_owned()
        }
    });
    finding.evidence = signs
        .events
        .iter()
        .filter_map(|index| events.evidence(*index, "", count as u64))
        .take(EVIDENCE)
        .collect();
    finding
}
