//! Tables of memory dumps: the dumps, their modules, their threads by what they do.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use daaslens_core::PartKind;
use daaslens_core::model::{Cell, Row, Table};
use daaslens_core::text::{counted, shortened, thousands};
use daaslens_dump::{Frame, Home, Module, What};

use crate::dumps;
use crate::facts::Facts;
use crate::records::dumps::Taken;

/// Calls of a group of threads that are shown.
const CALLS: usize = 6;

/// Groups of threads that are shown of one dump.
const GROUPS: usize = 20;

/// The dumps, and what is called a dump and is none.
pub(super) fn list(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "dumps",
        "Memory dumps",
        &[
            ("Written, UTC", false),
            ("Process", false),
            ("Id", true),
            ("Machine", true),
            ("What it shows", false),
            ("Why it was written", true),
            ("Up for", true),
            ("Threads", true),
            ("Private memory", true),
            ("Size of the file", false),
            ("What is missing", true),
        ],
    );
    let dumps = &facts.records.dumps;
    table.caption = counted(dumps.list.len() as u64, "memory dump", "memory dumps");
    if !dumps.others.is_empty() {
        let others = dumps.others.len() as u64;
        let others =
            counted(others, "file that is something else", "files that are something else");
        let _ = write!(table.caption, ", and {others}");
    }
    table.rows = dumps.list.iter().map(|taken| row(taken, facts)).collect();
    table.rows.extend(dumps.others.iter().map(|other| {
        let mut cells = vec![Cell::Absent; 11];
        cells[0] = other.what.time().map_or(Cell::Absent, Cell::Time);
        cells[4] = Cell::text(format!("{}: not looked into", other.what.words()));
        cells[9] = Cell::Bytes(other.size);
        Row { cells, evidence: Vec::new() }
    }));
    if dumps.others.iter().any(|other| matches!(other.what, What::Html | What::Text | What::Zeros))
    {
        table.notes.push(
            "A page or a text that is called a dump is what came instead of it: download it again."
                .to_owned(),
        );
    }
    if !dumps.list.is_empty() {
        table.notes.push(
            "The memory of the processes is not quoted anywhere in this report. Dumps hold keys, passwords and \
             personal data: send this report, and not them."
                .to_owned(),
        );
    }
    table
}

fn row(taken: &Taken, facts: &Facts<'_>) -> Row {
    let dump = &taken.dump;
    let place = dump.fault.as_ref().filter(|_| !dumps::is_managed(dump));
    let place = place.map_or_else(String::new, |fault| format!(", in {}", fault.text));
    let shows = match dumps::story(dump) {
        Some(story) => format!("{story}{place}"),
        None => match dumps::locked(dump) {
            Some(n) => format!("{} threads that wait for a lock", thousands(n as u64)),
            None => "no exception".to_owned(),
        },
    };
    let why = dump.reason.as_ref().map_or(Cell::Absent, |reason| {
        Cell::text(if reason.text.is_empty() {
            reason.note.clone().unwrap_or_default()
        } else {
            reason.text.clone()
        })
    });
    let machine = match (&taken.machine, &taken.instance) {
        (Some(machine), _) => Cell::Text(PartKind::Instance, facts.named(machine)),
        (None, Some(instance)) => Cell::Text(PartKind::Instance, instance.clone()),
        (None, None) => Cell::Absent,
    };
    let private = dump.counters.map(|counters| counters.private);
    let private = private.or_else(|| dump.regions.map(|regions| regions.private));
    let missing: Vec<String> = dump.faults.iter().map(ToString::to_string).collect();
    let missing = missing.join("; ");
    let cells = vec![
        taken.time().map_or(Cell::Absent, Cell::Time),
        Cell::text(taken.process()),
        taken.pid().map_or(Cell::Absent, |pid| Cell::text(pid.to_string())),
        machine,
        Cell::text(shows),
        why,
        dumps::uptime(taken).map_or(Cell::Absent, |s| Cell::Millis(s.saturating_mul(1000))),
        Cell::Count(dump.threads.len() as u64),
        private.map_or(Cell::Absent, Cell::Bytes),
        Cell::Bytes(dump.size),
        if missing.is_empty() { Cell::Absent } else { Cell::text(missing) },
    ];
    Row { cells, evidence: vec![taken.evidence("")] }
}

/// What makes two modules one row: name, version, where they come from.
type Key<'a> = (bool, Home, String, Option<(u16, u16, u16, u16)>, &'a str);

/// The modules of all dumps: those of third parties first, then run times. Windows' own are counted alone.
pub(super) fn modules(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "dump-modules",
        "Modules in the dumps that are not Windows' own",
        &[
            ("Module", false),
            ("Version", false),
            ("From", false),
            ("Dumps", false),
            ("Noted", true),
        ],
    );
    let mut rows: BTreeMap<Key<'_>, (u64, u64)> = BTreeMap::new();
    let mut windows = 0;
    let on_windows =
        |taken: &&Taken| taken.dump.system.as_ref().is_none_or(daaslens_dump::System::is_windows);
    for taken in facts.records.dumps.list.iter().filter(on_windows) {
        let fault = taken.dump.fault.as_ref().and_then(|fault| fault.module);
        for (i, module) in taken.dump.modules.iter().enumerate() {
            let faulting = fault == Some(i);
            if module.home == Home::Windows && !faulting {
                windows += 1;
                continue;
            }
            let row = rows.entry(key(module)).or_default();
            row.0 += 1;
            row.1 += u64::from(faulting);
        }
    }
    table.caption = format!(
        "{}; {} of Windows itself are left out",
        counted(rows.len() as u64, "module", "modules"),
        thousands(windows)
    );
    let mut rows: Vec<_> = rows.into_iter().collect();
    // What an exception was thrown in comes first.
    rows.sort_by(|(a, (_, x)), (b, (_, y))| y.cmp(x).then_with(|| a.cmp(b)));
    table.rows = rows
        .into_iter()
        .map(|((_, home, _, version, name), (n, faults))| Row {
            cells: vec![
                Cell::text(name),
                // Four numbers, and no address, although they may look like one.
                version.map_or(Cell::Absent, |(a, b, c, d)| {
                    Cell::Text(PartKind::Plain, format!("{a}.{b}.{c}.{d}"))
                }),
                Cell::text(home.words()),
                Cell::Count(n),
                match faults {
                    0 => Cell::Absent,
                    n => Cell::text(format!(
                        "the exception of {} was thrown in it",
                        counted(n, "dump", "dumps")
                    )),
                },
            ],
            evidence: Vec::new(),
        })
        .collect();
    if !table.rows.is_empty() {
        table.notes.push(
            "Where a module comes from is told by its path: the site's own folder, a site extension, a run time."
                .to_owned(),
        );
    }
    table
}

fn key(module: &Module) -> Key<'_> {
    let third = module.home.is_third_party();
    (!third, module.home, module.name.to_ascii_lowercase(), module.version, &module.name)
}

/// What the threads of each dump do; idle ones are counted alone.
pub(super) fn threads(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "dump-threads",
        "Threads in the dumps, equal stacks together",
        &[
            ("Dump, UTC", false),
            ("Process", true),
            ("Threads", false),
            ("State", false),
            ("Processor time", true),
            ("Names", true),
            ("Calls, the innermost first", false),
        ],
    );
    let (mut all, mut idle, mut hidden) = (0, 0, 0);
    for taken in &facts.records.dumps.list {
        let mut shown = 0;
        all += taken.dump.threads.len() as u64;
        for group in &taken.dump.groups {
            let n = group.threads.len() as u64;
            if group.state.is_idle() {
                idle += n;
                continue;
            }
            shown += 1;
            if shown > GROUPS {
                hidden += 1;
                continue;
            }
            let calls: Vec<String> = group.frames.iter().take(CALLS).map(call).collect();
            let more = if group.frames.len() > CALLS { " ← …" } else { "" };
            table.rows.push(Row {
                cells: vec![
                    taken.time().map_or(Cell::Absent, Cell::Time),
                    Cell::text(taken.process()),
                    Cell::Count(n),
                    Cell::text(group.state.words()),
                    Cell::Millis(group.cpu_ms),
                    match group.names.as_slice() {
                        [] => Cell::Absent,
                        names => Cell::text(shortened(&names.join(", "), 120)),
                    },
                    if calls.is_empty() {
                        Cell::Absent
                    } else {
                        Cell::text(format!("{}{more}", calls.join(" ← ")))
                    },
                ],
                evidence: Vec::new(),
            });
        }
    }
    table.hidden = hidden;
    table.caption = format!(
        "{}, {} of them idle and left out",
        counted(all, "thread", "threads"),
        thousands(idle)
    );
    if !table.rows.is_empty() {
        table.notes.push(
            "(frame-pointer): found by the chain of frames. (scan): found on the stack, may be left over from an \
             earlier call. [generated]: code that was made at run time, as managed methods are."
                .to_owned(),
        );
    }
    table
}

fn call(frame: &Frame) -> String {
    let times = if frame.repeat > 1 { format!(" × {}", frame.repeat) } else { String::new() };
    match frame.trust {
        daaslens_dump::Trust::Context => format!("{}{times}", frame.text),
        trust => format!("{}{times} ({})", frame.text, trust.word()),
    }
}
