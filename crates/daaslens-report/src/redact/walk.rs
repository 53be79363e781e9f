//! Every text of an analysis, with its kind, in one fixed order.
//!
//! This is the only list of the model's text fields. Masking, bounding, and the search for what is left of a
//! secret all go through it, so a field that is forgotten here is forgotten by a compiler error at worst: each
//! struct is taken apart without `..` wherever it holds text.

use daaslens_core::model::{
    Analysis, Answer, AutoHeal, Cell, Clean, Coverage, EventGroup, EventSummary, Gap, Http, Input,
    Instance, InstanceLane, Mark, MarkRow, PhpGroup, PhpSummary, Row, Series, Signature,
    SourceInfo, Table, Timeline, Verdict,
};
use daaslens_core::{
    Advice, Attribution, Cause, Evidence, Excerpt, Factor, Finding, PartKind, Subject,
};

/// What is done with each text.
pub(crate) trait Visitor {
    /// A text of a kind.
    fn text(&mut self, kind: PartKind, text: &mut String);

    /// The path of a source: it is how evidence is found again.
    fn source_path(&mut self, path: &mut String);

    /// A line of the input, cut into parts.
    fn excerpt(&mut self, excerpt: &mut Excerpt) {
        for part in &mut excerpt.0 {
            self.text(part.kind, &mut part.text);
        }
    }
}

/// Visits every text of `analysis`, except the list of identities itself.
pub(crate) fn texts(analysis: &mut Analysis, v: &mut impl Visitor) {
    use PartKind::Text;
    let Analysis {
        verdict,
        answers,
        window: _,
        inputs,
        totals: _,
        http,
        events,
        php,
        tables,
        sources,
        coverage,
        findings,
        timeline,
        identities: _,
        mitigation,
        options,
    } = analysis;
    let Verdict { health: _, headline, scale, next_action } = verdict;
    each(v, Text, [headline, scale, next_action]);
    for Answer { question: _, lead, text } in answers {
        each(v, Text, [lead, text]);
    }
    for Input { name, kind: _ } in inputs {
        v.source_path(name);
    }
    for it in findings {
        finding(it, v);
    }
    if let Some(it) = http {
        http_texts(it, v);
    }
    if let Some(it) = events {
        event_texts(it, v);
    }
    if let Some(it) = php {
        php_texts(it, v);
    }
    if let Some(it) = timeline {
        timeline_texts(it, v);
    }
    for it in tables {
        table_texts(it, v);
    }
    coverage_texts(coverage, v);
    for AutoHeal { trigger: _, fired, outside_incidents: _, notes } in &mut mitigation.auto_heal {
        for (_, instance) in fired {
            v.text(PartKind::Instance, instance);
        }
        each(v, Text, notes);
    }
    each(v, Text, &mut mitigation.no_rule);
    for it in sources {
        source_texts(it, v);
    }
    for (_, value) in options {
        v.text(Text, value);
    }
}

fn each<'a>(v: &mut impl Visitor, kind: PartKind, texts: impl IntoIterator<Item = &'a mut String>) {
    texts.into_iter().for_each(|text| v.text(kind, text));
}

fn finding(finding: &mut Finding, v: &mut impl Visitor) {
    use PartKind::Text;
    let Finding {
        rule: _,
        severity: _,
        confidence: _,
        headline,
        detail,
        window: _,
        subject: Subject { site, status: _, url, instance, signature, exception, module, process },
        metrics: _,
        attribution,
        causes,
        advice: Advice { mitigate, fix, collect_next },
        evidence,
        closeup,
        letter: _,
        impact: _,
    } = finding;
    each(v, Text, [headline, detail]);
    each(v, PartKind::Site, site);
    each(v, PartKind::Path, url);
    each(v, PartKind::Instance, instance);
    each(v, Text, signature.iter_mut().chain(exception).chain(module).chain(process));
    if let Some(Attribution { factors, even }) = attribution {
        for Factor { dimension: _, value, kind, .. } in factors.iter_mut().chain(even) {
            v.text(*kind, value);
        }
    }
    for Cause { hypothesis: _, title, confidence: _, supports, against, missing } in causes {
        v.text(Text, title);
        each(v, Text, supports.iter_mut().chain(against).chain(missing));
    }
    each(v, Text, mitigate.iter_mut().chain(fix).chain(collect_next));
    for it in evidence {
        evidence_texts(it, v);
    }
    for row in closeup.iter_mut().flat_map(|closeup| &mut closeup.rows) {
        v.text(row.kind, &mut row.label);
    }
}

fn evidence_texts(evidence: &mut Evidence, v: &mut impl Visitor) {
    let Evidence { at: _, note, excerpt, alike: _ } = evidence;
    v.text(PartKind::Text, note);
    v.excerpt(excerpt);
}

fn http_texts(http: &mut Http, v: &mut impl Visitor) {
    for it in &mut http.outcomes {
        v.text(PartKind::Plain, &mut it.meaning);
    }
    for it in &mut http.sites {
        v.text(PartKind::Site, &mut it.name);
    }
    for Instance { name, aliases, inferred: _, counts: _, range: _ } in &mut http.instances {
        each(v, PartKind::Instance, std::iter::once(name).chain(aliases));
    }
    for it in &mut http.urls {
        v.text(PartKind::Path, &mut it.url);
    }
    for it in &mut http.other_vantages {
        v.text(PartKind::Text, &mut it.name);
    }
}

fn event_texts(events: &mut EventSummary, v: &mut impl Visitor) {
    use PartKind::{Instance, Path, Plain, Text};
    let EventSummary { events: _, levels: _, groups, signatures } = events;
    for EventGroup { provider, id: _, level: _, count: _, range: _, meaning, example, noise: _ } in
        groups
    {
        v.text(Text, provider);
        v.text(Plain, meaning);
        if let Some(it) = example {
            evidence_texts(it, v);
        }
    }
    for Signature {
        id: _,
        text,
        exception,
        message,
        crash: _,
        count: _,
        instances,
        range: _,
        frames,
        paths,
        evidence,
    } in signatures
    {
        each(v, Text, [text, exception, message]);
        for (name, _) in instances {
            v.text(Instance, name);
        }
        for frame in frames {
            v.text(Text, &mut frame.text);
        }
        for (path, _) in paths {
            v.text(Path, path);
        }
        for it in evidence {
            evidence_texts(it, v);
        }
    }
}

fn php_texts(php: &mut PhpSummary, v: &mut impl Visitor) {
    let PhpSummary { records: _, levels, groups, pages, range: _ } = php;
    for (level, _) in levels {
        v.text(PartKind::Text, level);
    }
    for PhpGroup { level, message, place, count: _, recent: _, range: _, evidence } in groups {
        each(v, PartKind::Text, [level, message]);
        v.text(PartKind::Path, place);
        for it in evidence {
            evidence_texts(it, v);
        }
    }
    for (page, _) in pages {
        v.text(PartKind::Path, page);
    }
}

fn timeline_texts(timeline: &mut Timeline, v: &mut impl Visitor) {
    for Series { what: _, of, kind, unit: _, limit: _, bins: _ } in &mut timeline.series {
        v.text(*kind, of);
    }
    for InstanceLane { name, covered: _, gaps: _, failing: _ } in &mut timeline.instances {
        v.text(PartKind::Instance, name);
    }
    for MarkRow { label: _, kind: _, marks } in &mut timeline.rows {
        for Mark { range: _, label, kind } in marks {
            v.text(*kind, label);
        }
    }
}

fn table_texts(table: &mut Table, v: &mut impl Visitor) {
    let Table { id: _, title: _, caption, columns: _, rows, hidden: _, notes } = table;
    v.text(PartKind::Text, caption);
    for Row { cells, evidence } in rows {
        for cell in cells {
            match cell {
                Cell::Text(kind, text) => v.text(*kind, text),
                Cell::Absent
                | Cell::Count(_)
                | Cell::Bytes(_)
                | Cell::Millis(_)
                | Cell::Ratio(_)
                | Cell::Time(_)
                | Cell::Range(_) => {}
            }
        }
        for it in evidence {
            evidence_texts(it, v);
        }
    }
    each(v, PartKind::Text, notes);
}

fn coverage_texts(coverage: &mut Coverage, v: &mut impl Visitor) {
    use PartKind::{Instance, Text};
    let Coverage { gaps, not_checked, checked_clean, http_share: _, notes } = coverage;
    for Gap { instance, range: _, reason } in gaps {
        each(v, Instance, instance);
        v.text(Text, reason);
    }
    each(v, Text, not_checked);
    for Clean { rule: _, text } in checked_clean {
        v.text(Text, text);
    }
    each(v, Text, notes);
}

fn source_texts(source: &mut SourceInfo, v: &mut impl Visitor) {
    let SourceInfo {
        path,
        kind: _,
        site,
        instance,
        bytes: _,
        records: _,
        malformed: _,
        recovered: _,
        range: _,
        status: _,
        reason,
        faults,
    } = source;
    v.source_path(path);
    each(v, PartKind::Site, site);
    each(v, PartKind::Instance, instance);
    each(v, PartKind::Text, reason);
    for fault in faults {
        v.text(PartKind::Text, &mut fault.fault);
    }
}
