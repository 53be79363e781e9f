//! What the threads of a process did: groups of equal stacks.

use daaslens_core::PartKind;
use daaslens_core::model::{Cell, Row, Table};
use daaslens_core::text::{counted, shortened, thousands, visible};

use crate::facts::Facts;
use crate::records::threads::Wait;

/// All groups of all dumps, those with most threads first, the idle ones last.
pub(super) fn stacks(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "thread-stacks",
        "What threads did",
        &[
            ("Dump, UTC", false),
            ("Process", true),
            ("Threads", false),
            ("State", true),
            ("Waits for", false),
            ("Stack, innermost first", false),
        ],
    );
    let list = &facts.records.threads.list;
    let threads: u64 = list.iter().map(|taken| taken.threads).sum();
    table.caption = format!(
        "{} in {}; threads with the same stack are one row",
        counted(threads, "thread", "threads"),
        counted(list.len() as u64, "dump", "dumps")
    );
    for taken in list {
        table.hidden += taken.more_stacks;
        let when = taken.time.map_or_else(String::new, |time| format!(" at {}", time.rfc3339()));
        let states: Vec<String> = taken
            .states
            .iter()
            .map(|(state, n)| format!("{} {}", thousands(*n), state.word()))
            .collect();
        table.notes.push(format!("{}{when}: {}.", taken.process(), states.join(", ")));
        for stack in &taken.stacks {
            let wait = match stack.wait {
                Wait::Nothing => Cell::Absent,
                wait => Cell::text(wait.word()),
            };
            let cells = vec![
                taken.time.map_or(Cell::Absent, Cell::Time),
                Cell::Text(PartKind::Instance, taken.process()),
                Cell::Count(stack.count),
                Cell::text(stack.state.word()),
                wait,
                Cell::text(shortened(&visible(stack.frames.join(" \u{2190} ").as_bytes()), 400)),
            ];
            table.rows.push(Row { cells, evidence: vec![taken.stack_evidence(stack)] });
        }
    }
    table
}
