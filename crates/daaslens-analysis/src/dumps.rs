//! Memory dumps by what they show, and what else of the bundle belongs to each.

use std::collections::BTreeMap;

use daaslens_core::text::{bytes, counted, duration_s, thousands};
use daaslens_core::{Time, TimeRange};
use daaslens_dump::{Dump, ReasonKind, State, Story};
use daaslens_eventlog::{Incident, IncidentKind};
use daaslens_signature::{self as signature, Signature};

use crate::facts::Facts;
use crate::joins;
use crate::records::Records;
use crate::records::dumps::Taken;

/// A crash is written to the event log within so many seconds of its dump; a large dump takes minutes to write.
const NEAR: i64 = 300;

/// Requests of the instance are looked at from so long before a dump to so long after.
const BEFORE: i64 = 5;
const AFTER: i64 = 60;

/// So many threads that wait for a lock, and such a share of all, are more than chance.
const LOCKED: usize = 5;
const LOCKED_SHARE: usize = 4;

/// Dumps that show the same.
#[derive(Debug)]
pub(crate) struct Group {
    /// Of the exception; `None` where there is none.
    pub(crate) signature: Option<Signature>,
    /// Indices into the dumps, in order of time.
    pub(crate) dumps: Vec<usize>,
}

impl Group {
    pub(crate) fn all<'a>(&'a self, facts: &'a Facts<'_>) -> impl Iterator<Item = &'a Taken> {
        self.dumps.iter().filter_map(|i| facts.records.dumps.list.get(*i))
    }
}

/// Groups dumps by signature: those with an exception first, the largest group first.
pub(crate) fn groups(records: &Records) -> Vec<Group> {
    let mut groups: BTreeMap<(bool, String, String), Group> = BTreeMap::new();
    for (i, taken) in records.dumps.list.iter().enumerate() {
        let signature = of(&taken.dump);
        let key = match &signature {
            Some(signature) => (false, signature.exact.clone(), String::new()),
            // Without an exception each process is looked at for itself.
            None => (true, taken.process().to_ascii_lowercase(), format!("{:?}", taken.pid())),
        };
        groups.entry(key).or_insert_with(|| Group { signature, dumps: Vec::new() }).dumps.push(i);
    }
    let mut groups: Vec<((bool, String, String), Group)> = groups.into_iter().collect();
    groups.sort_by(|(a, x), (b, y)| {
        a.0.cmp(&b.0).then_with(|| y.dumps.len().cmp(&x.dumps.len())).then_with(|| a.cmp(b))
    });
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The signature of the exception: as that of the crash event, which names module, offset and code too.
fn of(dump: &Dump) -> Option<Signature> {
    let exception = dump.exception.as_ref()?;
    let fault = dump.fault.as_ref()?;
    if let Story::Managed { hresult } = exception.story {
        // All managed exceptions are thrown at one place of Windows. What differs is the code that they carry.
        let mut signature = signature::of_native("", None, Some(exception.code));
        if let Some(hresult) = hresult {
            signature.exact = format!("{} [{hresult:#010X}]", signature.exception);
            signature.family.clone_from(&signature.exact);
        }
        return Some(signature);
    }
    if !dump.system.as_ref().is_some_and(daaslens_dump::System::is_windows) {
        // The number of a signal is no code of Windows.
        let mut signature = signature::of_native(module(dump), offset(dump), None);
        signature.exact = format!("{} @ {}", exception.name, signature.exact);
        signature.exception.clone_from(&exception.name);
        return Some(signature);
    }
    let name = dump.fault_unloaded.as_deref().unwrap_or_else(|| module(dump));
    let offset = if fault.module.is_some() { offset(dump) } else { None };
    Some(signature::of_native(name, offset, Some(exception.code)))
}

fn module(dump: &Dump) -> &str {
    dump.fault_module().map_or("", |module| module.name.as_str())
}

/// The offset of the faulting instruction in its module.
fn offset(dump: &Dump) -> Option<u64> {
    let (exception, module) = (dump.exception.as_ref()?, dump.fault_module()?);
    exception.address.checked_sub(module.base).filter(|offset| *offset < module.size)
}

/// What the exception of a dump is, as the middle of a sentence: "an access violation, reading address 0x18 …".
pub(crate) fn story(dump: &Dump) -> Option<String> {
    let exception = dump.exception.as_ref()?;
    let known = daaslens_kb::exception_code(exception.code);
    let on_windows = dump.system.as_ref().is_none_or(daaslens_dump::System::is_windows);
    let name = match known {
        Some(known) if on_windows => known.about.title.to_lowercase(),
        _ if exception.name.is_empty() => format!("exception {:#010X}", exception.code),
        _ => exception.name.clone(),
    };
    Some(match &exception.story {
        Story::Access { access, address, is_null, status } => {
            let null = if *is_null { ", a null pointer" } else { "" };
            let why = status.map_or_else(String::new, |status| format!(" (status {status:#010X})"));
            format!("{name}, {} address {address:#x}{null}{why}", access.words())
        }
        Story::FastFail { name, .. } => format!("the program ended itself ({name})"),
        Story::Managed { hresult } => managed(*hresult),
        Story::Plain => name,
    })
}

/// Whether its exception is one of .NET, which are all thrown at one place of Windows.
pub(crate) fn is_managed(dump: &Dump) -> bool {
    dump.exception.as_ref().is_some_and(|one| matches!(one.story, Story::Managed { .. }))
}

fn managed(hresult: Option<u32>) -> String {
    let Some(hresult) = hresult else { return "a .NET exception".to_owned() };
    match daaslens_kb::exception_code(hresult) {
        Some(known) => {
            format!(
                "a .NET exception; its code {hresult:#010X} suggests: {}",
                known.about.title.to_lowercase()
            )
        }
        None => format!("a .NET exception with the code {hresult:#010X}"),
    }
}

/// How many threads wait for a lock, where that is more than chance.
pub(crate) fn locked(dump: &Dump) -> Option<usize> {
    let waiting = |group: &&daaslens_dump::Group| group.state == State::Lock;
    let n = dump.groups.iter().filter(waiting).map(|group| group.threads.len()).sum::<usize>();
    (n >= LOCKED && n * LOCKED_SHARE >= dump.threads.len()).then_some(n)
}

/// Whether a dump was written since its process failed by itself.
pub(crate) fn is_crash(dump: &Dump) -> bool {
    match (&dump.reason, &dump.exception) {
        (Some(reason), _) if reason.kind == ReasonKind::FirstChance => false,
        (Some(reason), _) if reason.kind.is_crash() => true,
        (_, Some(exception)) => !is_break(exception.code),
        _ => false,
    }
}

/// Codes of debuggers, which are no failure.
fn is_break(code: u32) -> bool {
    matches!(code, 0 | 0x8000_0003 | 0x8000_0004 | 0x4000_001F | 0x4001_0006)
}

/// How long the process had run.
pub(crate) fn uptime(taken: &Taken) -> Option<u64> {
    let (created, time) = (taken.dump.process.created?, taken.time()?);
    u64::try_from(time.seconds() - created.seconds()).ok()
}

/// The address space in words: what is committed, and how a 32-bit process stands.
pub(crate) fn memory(dump: &Dump) -> Option<String> {
    let mut parts = Vec::new();
    match (&dump.counters, &dump.regions) {
        (Some(counters), _) => {
            parts.push(format!(
                "{} of private memory, {} in the working set",
                bytes(counters.private),
                bytes(counters.working_set)
            ));
        }
        (None, Some(regions)) => {
            parts.push(format!("{} of private memory", bytes(regions.private)));
        }
        (None, None) => {}
    }
    if let Some(regions) = dump.regions.filter(|_| dump.bits() == daaslens_dump::Bits::B32) {
        parts.push(format!(
            "32 bits: of {} addresses {} are free, in {}, the largest of {}",
            bytes(regions.end),
            bytes(regions.free),
            counted(regions.free_blocks, "block", "blocks"),
            bytes(regions.largest_free)
        ));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What else of the bundle belongs to a dump.
#[derive(Debug, Default)]
pub(crate) struct Belongs {
    /// The index of the crash in the event log.
    pub(crate) incident: Option<usize>,
    /// Whether process and machine say so, and not only the time.
    pub(crate) is_certain: bool,
    /// What was joined, each with how sure it is: sentences.
    pub(crate) words: Vec<String>,
    /// Server errors and requests of its instance around it, where the instance is known.
    pub(crate) requests: Option<(u64, u64)>,
}

/// Joins a dump to events, sessions and requests.
pub(crate) fn belongs(taken: &Taken, facts: &Facts<'_>) -> Belongs {
    let mut belongs = Belongs::default();
    event(taken, facts, &mut belongs);
    session(taken, facts, &mut belongs);
    requests(taken, facts, &mut belongs);
    belongs
}

/// The crash in the event log: of the same process and machine, or of the same code and time.
fn event(taken: &Taken, facts: &Facts<'_>, belongs: &mut Belongs) {
    let Some(time) = taken.time() else { return };
    let near = TimeRange::new(
        Time::from_seconds(time.seconds() - NEAR),
        Time::from_seconds(time.seconds() + NEAR),
    );
    let machine = taken.machine.as_ref();
    let same_machine = |incident: &Incident| {
        machine.map(|machine| machine.eq_ignore_ascii_case(&incident.computer))
    };
    let code = taken.dump.exception.as_ref().map(|exception| exception.code);
    let mut best: Option<(bool, i64, usize)> = None;
    for (i, incident) in facts.records.events.incidents.iter().enumerate() {
        let dies = matches!(
            incident.kind,
            IncidentKind::Crash { .. } | IncidentKind::Exit { .. } | IncidentKind::StartupFailure
        );
        if !dies || !incident.range.overlaps(near) || same_machine(incident) == Some(false) {
            continue;
        }
        let same_process = match (incident.process_id, taken.pid()) {
            (Some(a), Some(b)) => Some(a == b),
            _ => None,
        };
        if same_process == Some(false) {
            continue;
        }
        let certain = same_process == Some(true) && same_machine(incident) == Some(true);
        let likely = same_process == Some(true) || code.is_some() && incident.code == code;
        if !certain && !likely {
            continue;
        }
        let distance = (incident.range.start.seconds() - time.seconds()).abs();
        let candidate = (!certain, distance, i);
        if best.is_none_or(|best| candidate < best) {
            best = Some(candidate);
        }
    }
    if let Some((inferred, distance, i)) = best {
        let how = if inferred {
            "inferred by code or process and time"
        } else {
            "certain by process and machine"
        };
        belongs.words.push(format!(
            "The event log tells of a crash {} from it ({how}).",
            duration_s(distance.unsigned_abs())
        ));
        belongs.incident = Some(i);
        belongs.is_certain = !inferred;
    }
}

/// The session that took it.
fn session(taken: &Taken, facts: &Facts<'_>, belongs: &mut Belongs) {
    let sessions = &facts.records.platform.sessions;
    if let Some(id) = &taken.session {
        let known = sessions.iter().find(|session| session.id == *id);
        let tool = known.map_or_else(String::new, |session| format!(", {}", session.tool));
        belongs
            .words
            .push(format!("Diagnostic session {id}{tool} collected it (certain by its folder)."));
        return;
    }
    let Some(time) = taken.time() else { return };
    let names_machine = |instances: &[String]| {
        taken.machine.as_ref().is_some_and(|machine| {
            instances.iter().any(|instance| instance.eq_ignore_ascii_case(machine))
        })
    };
    let found = sessions.iter().find(|session| {
        session.intrusive && session.range.contains(time) && names_machine(&session.instances)
    });
    if let Some(session) = found {
        belongs.words.push(format!(
            "Diagnostic session {} ({}) ran on its machine then (inferred by time).",
            session.id, session.tool
        ));
    }
}

/// What the requests of its instance did.
fn requests(taken: &Taken, facts: &Facts<'_>, belongs: &mut Belongs) {
    let Some(at) = taken.time().map(Time::seconds) else { return };
    let courses = joins::courses(facts.cube);
    let joined = taken.machine.as_ref().and_then(|machine| facts.joins.instance(machine));
    let (instance, how) = match (&taken.instance, joined, courses.keys().next()) {
        (Some(instance), ..) => (instance.as_str(), "certain by its name"),
        (None, Some(join), _) if join.certain => (join.instance.as_str(), "certain"),
        (None, Some(join), _) => (join.instance.as_str(), "inferred"),
        (None, None, Some(only)) if courses.len() == 1 => {
            (*only, "inferred, since there is only one")
        }
        _ => return,
    };
    let Some(course) = courses.get(instance) else { return };
    let (mut seen, mut errors) = (0, 0);
    for (_, (requests, failed)) in course.range(at - BEFORE..=at + AFTER) {
        seen += u64::from(*requests);
        errors += u64::from(*failed);
    }
    if course.range(..=at).next().is_none() || course.range(at..).next().is_none() {
        return;
    }
    belongs.words.push(format!(
        "{} of {} requests of instance {instance} ({how}) failed with a server error within {AFTER}\u{a0}s of it.",
        thousands(errors),
        thousands(seen)
    ));
    belongs.requests = Some((errors, seen));
}
