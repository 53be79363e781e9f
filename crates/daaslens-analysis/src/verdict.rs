//! The verdict, and the five questions of a bad night.

use daaslens_core::model::{Analysis, Answer, Health, Verdict};
use daaslens_core::text::{counted, duration_s, percent, shortened, thousands};
use daaslens_core::{Confidence, Finding, Kind, Severity, Time};
use daaslens_eventlog::IncidentKind;

use crate::records::Records;
use crate::records::platform::kudu::ActKind;
use crate::rules::recycle_word;

/// Coverage without which silence is no sign of health.
const COVERED: f64 = 0.9;

/// Cut-off requests beside which nothing is called healthy.
const CUTOFFS: u64 = 5;

/// Concludes from everything else.
pub(crate) fn conclude(analysis: &Analysis, records: &Records) -> (Verdict, Vec<Answer>) {
    let health = health(analysis);
    let lead = analysis.findings.iter().find(|finding| finding.severity != Severity::Info);
    let headline = headline(analysis, health, lead);
    let next_action = lead
        .and_then(|finding| finding.advice.mitigate.first().or_else(|| finding.advice.fix.first()).or_else(|| finding.advice.collect_next.first()))
        .cloned()
        .unwrap_or_else(|| match health {
            Health::Healthy => "Nothing to do on the side that this bundle shows".to_owned(),
            _ if analysis.http.is_none() => {
                "Download LogFiles/http/RawLogs of the time in question, with web server logging switched on".to_owned()
            }
            _ => "Collect what the section on coverage names as missing".to_owned(),
        });
    let verdict = Verdict { health, headline, scale: scale(analysis), next_action };
    let answers = answers(analysis, records, &verdict, lead);
    (verdict, answers)
}

fn health(analysis: &Analysis) -> Health {
    let worst = analysis.findings.iter().map(|finding| finding.severity).min();
    match worst {
        Some(Severity::Critical) => Health::Critical,
        Some(Severity::Warning) => Health::Degraded,
        _ => {
            let covered = analysis.coverage.http_share >= COVERED;
            let seen = analysis
                .http
                .as_ref()
                .is_some_and(|http| http.totals.requests > 0 && http.totals.cutoffs < CUTOFFS);
            if covered && seen { Health::Healthy } else { Health::Unknown }
        }
    }
}

fn headline(analysis: &Analysis, health: Health, lead: Option<&Finding>) -> String {
    if let Some(lead) = lead {
        return lead.headline.clone();
    }
    let Some(http) = &analysis.http else {
        return "Cannot tell: the bundle holds no HTTP log".to_owned();
    };
    if http.totals.requests == 0 {
        return "Cannot tell: the HTTP logs hold no request".to_owned();
    }
    let span = http.range.map_or(0, |range| (range.seconds() + 1).max(0) as u64);
    let numbers = format!(
        "{}, {} failed",
        counted(http.totals.requests, "request", "requests"),
        percent(http.totals.server_errors, http.totals.requests)
    );
    match health {
        Health::Healthy => format!("No incident in {}; {numbers}", duration_s(span)),
        _ if http.totals.cutoffs >= CUTOFFS => {
            format!(
                "Cannot tell: {} were cut off; {numbers}",
                counted(http.totals.cutoffs, "request", "requests")
            )
        }
        _ => format!(
            "Cannot tell: the HTTP logs cover {} of the window; {numbers}",
            percent((analysis.coverage.http_share * 10_000.0) as u64, 10_000)
        ),
    }
}

fn scale(analysis: &Analysis) -> String {
    let Some(http) = &analysis.http else {
        return format!(
            "{}, none of them an HTTP log.",
            counted(analysis.totals.sources, "file", "files")
        );
    };
    let totals = &http.totals;
    format!(
        "{} of {} were answered with a server error ({}); {} were given up by the client.",
        thousands(totals.server_errors),
        counted(totals.requests, "request", "requests"),
        percent(totals.server_errors, totals.requests),
        thousands(totals.client_aborts),
    )
}

fn answer(question: &'static str, lead: &str, text: impl Into<String>) -> Answer {
    Answer { question, lead: lead.to_owned(), text: text.into() }
}

fn answers(
    analysis: &Analysis,
    records: &Records,
    verdict: &Verdict,
    lead: Option<&Finding>,
) -> Vec<Answer> {
    vec![
        ongoing(analysis, lead),
        since(lead),
        app_or_platform(analysis, lead),
        changed(analysis, records, lead),
        answer("What to do now?", &verdict.next_action, ""),
    ]
}

fn ongoing(analysis: &Analysis, lead: Option<&Finding>) -> Answer {
    const QUESTION: &str = "Still going on?";
    let Some(range) = analysis.http.as_ref().and_then(|http| http.range) else {
        return answer(
            QUESTION,
            "Cannot tell",
            "from this bundle: it holds no HTTP log. Collect LogFiles/http/RawLogs.",
        );
    };
    let end = range.end;
    // The incidents that are told by requests; a slow page is no incident with an end.
    let incident = lead.filter(|lead| {
        !matches!(lead.rule, "slow-url" | "client-aborts" | "coverage-gap" | "data-quality")
    });
    match incident.and_then(|lead| lead.window) {
        None => answer(
            QUESTION,
            "Nothing found.",
            format!(
                "The logs end {}; later is not in the bundle.",
                end.format("%Y-%m-%d %H:%M:%S UTC")
            ),
        ),
        Some(window) if end.0 - window.end.0 <= 60_000 => answer(
            QUESTION,
            "Perhaps.",
            format!(
                "It was seen until {}, and the HTTP logs end {}; later is not in the bundle.",
                window.end.format("%H:%M:%S UTC"),
                end.format("%H:%M:%S UTC")
            ),
        ),
        Some(window) => answer(
            QUESTION,
            "No.",
            format!(
                "It was last seen {}; the HTTP logs go on for {} after it, until {}. Later is not in the bundle.",
                window.end.format("%H:%M:%S UTC"),
                duration_s(((end.0 - window.end.0) / 1000).max(0) as u64),
                end.format("%H:%M:%S UTC"),
            ),
        ),
    }
}

fn since(lead: Option<&Finding>) -> Answer {
    match lead.and_then(|lead| lead.window) {
        Some(window) => answer(
            "Since when?",
            &window.start.format("%Y-%m-%d %H:%M:%S UTC"),
            format!("for {}.", duration_s((window.seconds() + 1).max(1) as u64)),
        ),
        None => answer(
            "Since when?",
            "No incident",
            "with a beginning was found in what the bundle shows.",
        ),
    }
}

/// Hypotheses by whose doing they are.
fn is_of_the_app(hypothesis: &str) -> Option<bool> {
    match hypothesis {
        "platform" | "bad-instance" => Some(false),
        "client-aborts" | "traffic-surge" | "diagnostics-side-effect" => None,
        _ => Some(true),
    }
}

fn app_or_platform(analysis: &Analysis, lead: Option<&Finding>) -> Answer {
    const QUESTION: &str = "App or platform?";
    const BLIND: &str =
        "Errors that the platform's front end answered by itself are not in the worker's log.";
    let Some(lead) = lead else {
        return answer(QUESTION, "Nothing to attribute.", BLIND);
    };
    // The cause may stand in a finding that explains the lead, a crash beside its cluster.
    let cause = lead.causes.first().or_else(|| {
        let near = |other: &&Finding| match (lead.window, other.window) {
            (Some(a), Some(b)) => a.overlaps(b) && !other.causes.is_empty(),
            _ => false,
        };
        analysis.findings.iter().find(near).and_then(|other| other.causes.first())
    });
    let told = cause.filter(|cause| cause.confidence >= Confidence::Possible);
    match told.and_then(|cause| Some((cause, is_of_the_app(cause.hypothesis)?))) {
        Some((cause, app)) => {
            let lead = if app { "The app" } else { "The platform, perhaps" };
            let why = cause.supports.first().map_or_else(String::new, |why| format!(" {why}."));
            answer(
                QUESTION,
                &format!("{lead}, {}.", cause.confidence.word()),
                format!("{}:{why} {BLIND}", cause.title),
            )
        }
        None if lead.rule.starts_with("php")
            || lead.rule.starts_with("crash")
            || matches!(lead.rule, "startup-failure" | "unhandled-exception") =>
        {
            answer(
                QUESTION,
                "The app.",
                format!("{}. {BLIND}", lead.headline.trim_end_matches('.')),
            )
        }
        None => answer(
            QUESTION,
            "Cannot tell",
            format!(
                "from this bundle: nothing in it names a cause. {BLIND} Collect the event log and the metrics of that time."
            ),
        ),
    }
}

/// How long before the lead a change is looked for.
const HOUR: i64 = 3600;

fn changed(analysis: &Analysis, records: &Records, lead: Option<&Finding>) -> Answer {
    const QUESTION: &str = "What changed just before?";
    let has = |kind: Kind| analysis.sources.iter().any(|source| source.kind == kind.word());
    let (deployments, events) = (has(Kind::Deployment), records.events.files > 0);
    if !deployments && !events {
        return answer(
            QUESTION,
            "Cannot tell",
            "from this bundle: it holds neither deployments nor an event log. Collect site/deployments and LogFiles/eventlog.xml.",
        );
    }
    let Some(window) = lead.and_then(|lead| lead.window) else {
        return answer(QUESTION, "Nothing to explain.", "");
    };
    let before = |at: Time| (0..=HOUR).contains(&(window.start.seconds() - at.seconds()));
    let mut changes: Vec<(Time, String)> = records
        .platform
        .deployments
        .iter()
        .filter(|one| before(one.range.end))
        .map(|one| {
            (one.range.end, format!("deployment {} ({})", shortened(&one.id, 12), one.status))
        })
        .collect();
    for incident in records.events.incidents.iter().filter(|one| before(one.range.start)) {
        let counts = matches!(
            incident.kind,
            IncidentKind::AppOffline
                | IncidentKind::ConfigurationChange
                | IncidentKind::FileChange
                | IncidentKind::LimitRecycle
        );
        if let (true, Some(word)) = (counts, recycle_word(incident.kind)) {
            changes.push((incident.range.start, format!("{word} on {}", incident.computer)));
        }
    }
    for act in records.platform.kudu.acts.iter().filter(|act| before(act.range.start)) {
        if matches!(act.kind, ActKind::Kill | ActKind::Files | ActKind::Change | ActKind::Command) {
            changes.push((act.range.start, format!("{}, through Kudu", act.text)));
        }
    }
    for act in records.platform.cpu.acts.iter().filter(|act| before(act.range.start)) {
        changes.push((act.range.start, format!("CPU monitoring: {}", act.text)));
    }
    changes.sort();
    if let Some((at, what)) = changes.last() {
        let lag = (window.start.seconds() - at.seconds()).max(0) as u64;
        let more = match changes.len() {
            1 => String::new(),
            n => format!("; {} more in the hour before", n - 1),
        };
        let text = format!("at {}, {} earlier{more}.", at.format("%H:%M:%S UTC"), duration_s(lag));
        return answer(QUESTION, &capitalised(what), text);
    }
    let looked = match (deployments, events) {
        (true, true) => "no deployment, recycle by a limit, or change of files or configuration",
        (true, false) => "no deployment; the bundle holds no event log",
        _ => {
            "no recycle by a limit, and no change of files or configuration; the bundle holds no deployments"
        }
    };
    answer(QUESTION, "Nothing that the bundle shows:", format!("{looked} in the hour before."))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
