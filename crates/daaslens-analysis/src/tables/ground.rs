//! What the machine is, and how the site is set up, as far as somebody saved it.

use daaslens_core::model::{Cell, Row, Table};
use daaslens_core::text::{counted, duration_s};
use daaslens_core::{Evidence, PartKind};

use crate::facts::Facts;
use crate::records::platform::kudu::Kudu;

/// The most processes that are listed.
const PROCESSES: usize = 40;

/// What is shown of it.
pub(super) fn ground(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "platform",
        "The platform as the bundle shows it",
        &[("What", false), ("Value", false), ("Where", true)],
    );
    let platform = &facts.records.platform;
    let mut rows = Rows { facts, rows: Vec::new() };
    pages(&mut rows, &platform.kudu);
    runtimes(&mut rows, &platform.kudu);
    settings(&mut rows, &platform.kudu);
    for one in platform.deployments.iter().filter(|one| one.active) {
        rows.add("Active deployment", one.id.clone(), "", &one.evidence);
    }
    table.caption = format!(
        "{} from replies and pages of Kudu that were saved, and from records of deployments",
        counted(rows.rows.len() as u64, "fact", "facts")
    );
    if !platform.kudu.pages.is_empty() || platform.kudu.setting_names > 0 {
        table.notes.push(format!(
            "{} there; values are shown of the platform's own switches alone.",
            counted(
                platform.kudu.setting_names,
                "setting of the site stands",
                "settings of the site stand"
            )
        ));
    }
    table.rows = rows.rows;
    table
}

/// Processes on the machines of the site.
pub(super) fn processes(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "processes",
        "Processes as Kudu saw them",
        &[
            ("Process", false),
            ("Machine", false),
            ("Since, UTC", true),
            ("CPU time", false),
            ("Private memory", false),
            ("Working set", true),
            ("Threads", true),
            ("Handles", true),
        ],
    );
    let list = &facts.records.platform.kudu.processes;
    let mut order: Vec<_> = list.iter().collect();
    order.sort_by_key(|(one, _)| std::cmp::Reverse(one.private_memory.or(one.working_set)));
    let or_absent = |value: Option<u64>, cell: fn(u64) -> Cell| value.map_or(Cell::Absent, cell);
    for (one, evidence) in order.iter().take(PROCESSES) {
        let mut name = format!("{} ({})", one.name.as_deref().unwrap_or("process"), one.pid);
        if one.is_scm {
            name.push_str(", of Kudu");
        }
        if one.is_web_job {
            name.push_str(", of a web job");
        }
        let machine = one.machine.as_deref().map(|machine| facts.named(machine));
        let cells = vec![
            Cell::text(name),
            machine.map_or(Cell::Absent, |name| Cell::Text(PartKind::Instance, name)),
            one.start.map_or(Cell::Absent, Cell::Time),
            or_absent(one.cpu_ms, Cell::Millis),
            or_absent(one.private_memory, Cell::Bytes),
            or_absent(one.working_set, Cell::Bytes),
            or_absent(one.threads, Cell::Count),
            or_absent(one.handles, Cell::Count),
        ];
        table.rows.push(Row { cells, evidence: vec![evidence.clone()] });
    }
    table.hidden = order.len().saturating_sub(PROCESSES) as u64;
    table.caption = counted(list.len() as u64, "process", "processes");
    table
}

struct Rows<'a> {
    facts: &'a Facts<'a>,
    rows: Vec<Row>,
}

impl Rows<'_> {
    fn add(&mut self, what: &str, value: String, machine: &str, evidence: &Evidence) {
        if value.is_empty() {
            return;
        }
        let place = if machine.is_empty() {
            Cell::Absent
        } else {
            Cell::Text(PartKind::Instance, self.facts.named(machine))
        };
        let cells = vec![Cell::text(what), Cell::text(value), place];
        let row = Row { cells, evidence: vec![evidence.clone()] };
        if !self.rows.iter().any(|known| known.cells == row.cells) {
            self.rows.push(row);
        }
    }
}

fn pages(rows: &mut Rows<'_>, kudu: &Kudu) {
    for (page, evidence) in &kudu.pages {
        let machine = page.machine.clone().unwrap_or_default();
        let mut add = |what: &str, value: Option<String>| {
            rows.add(what, value.unwrap_or_default(), &machine, evidence);
        };
        add("Processors", page.processors.map(|n| n.to_string()));
        add("Operating system", page.os_version.clone());
        add("Up for, when the page was saved", page.up_ms().map(|ms| duration_s(ms / 1000)));
        add("CLR of Kudu", page.clr_version.clone());
        let bits = page.is_64_bit.map(|is| if is { "64 bits" } else { "32 bits" }.to_owned());
        add("Kudu runs in", bits);
    }
}

fn runtimes(rows: &mut Rows<'_>, kudu: &Kudu) {
    for (runtime, evidence) in &kudu.runtimes {
        let mut add = |what: &str, value: String| rows.add(what, value, "", evidence);
        add("Processors", runtime.cores.map_or_else(String::new, |n| n.to_string()));
        let build =
            runtime.os_build.as_ref().map_or_else(String::new, |build| format!(", build {build}"));
        add(
            "Operating system",
            runtime.os_name.as_ref().map_or_else(String::new, |name| format!("{name}{build}")),
        );
        add("Versions of .NET", last(&runtime.dotnet));
        add("Versions of Node.js", last(&runtime.node));
        add("Versions of the ASP.NET Core Module", last(&runtime.aspnet_core_module));
    }
    for (version, modified, evidence) in &kudu.versions {
        rows.add("Version of Kudu", version.clone(), "", evidence);
        let modified =
            modified.map_or_else(String::new, |time| time.format("%Y-%m-%d %H:%M:%S UTC"));
        rows.add("Site last changed", modified, "", evidence);
    }
}

/// The newest of a long list: dozens of versions are installed everywhere.
fn last(versions: &[String]) -> String {
    const MOST: usize = 8;
    let newest = versions.get(versions.len().saturating_sub(MOST)..).unwrap_or_default();
    let text = newest.join(", ");
    match versions.len().saturating_sub(MOST) {
        0 => text,
        n => format!("{text}, and {n} older"),
    }
}

fn settings(rows: &mut Rows<'_>, kudu: &Kudu) {
    let yes = |value: &str| matches!(value, "1" | "true");
    for ((name, value), evidence) in &kudu.settings {
        let what = match *name {
            "WEBSITE_SCM_ALWAYS_ON_ENABLED" => "Always On",
            "WEBSITE_HTTPLOGGING_ENABLED" => "Web server logging",
            "WEBSITE_HTTPLOGGING_RETENTION_DAYS" => "Web server logs are kept for, in days",
            "WEBSITE_SKU" => "Plan",
            "WEBSITE_CRASHMONITORING_ENABLED" => "Crash monitoring",
            "WEBSITE_CRASHMONITORING_SETTINGS" => "Crash monitoring collects",
            "WEBSITE_PROACTIVE_AUTOHEAL_ENABLED" => "Proactive auto-heal",
            "WEBSITE_RUN_FROM_PACKAGE" | "WEBSITE_RUN_FROM_ZIP" => "Runs from a package",
            "NUMBER_OF_PROCESSORS" => "Processors",
            "WEBSITE_TIME_ZONE" => "Time zone of the application",
            name => name,
        };
        let switch = matches!(
            what,
            "Always On" | "Web server logging" | "Crash monitoring" | "Proactive auto-heal"
        );
        let value = match (switch, yes(value)) {
            (true, true) => "on".to_owned(),
            (true, false) => "off".to_owned(),
            _ => value.clone(),
        };
        rows.add(what, value, "", evidence);
    }
    for (name, value, evidence) in &kudu.switches {
        rows.add(&format!("Logging: {name}"), value.clone(), "", evidence);
    }
}
