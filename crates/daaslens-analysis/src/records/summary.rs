//! Events and PHP errors in numbers, for people.

use std::collections::BTreeMap;

use daaslens_core::TimeRange;
use daaslens_core::model::{EventGroup, EventSummary, PhpGroup, PhpSummary};
use daaslens_core::text::shortened;
use daaslens_eventlog::Level;
use daaslens_kb::EventClass;

use crate::crashes;
use crate::facts::Facts;

/// Rows that are kept.
const MOST: usize = 60;

/// The event log in numbers; `None` when there was none.
pub(crate) fn events(facts: &Facts<'_>) -> Option<EventSummary> {
    let events = &facts.records.events;
    if events.files == 0 {
        return None;
    }
    let mut levels: BTreeMap<Level, u64> = BTreeMap::new();
    let mut groups: BTreeMap<(String, u32), Vec<usize>> = BTreeMap::new();
    for (i, event) in events.list.iter().enumerate() {
        *levels.entry(event.level()).or_default() += 1;
        groups.entry((event.provider.to_string(), event.id)).or_default().push(i);
    }
    let mut groups: Vec<EventGroup> = groups
        .into_iter()
        .filter_map(|((provider, id), own)| {
            let first = events.list.get(*own.first()?)?;
            let known = daaslens_kb::event(&provider, id);
            let range = own.iter().filter_map(|i| events.list.get(*i)?.time).fold(
                None,
                |mut range, time| {
                    TimeRange::extend(&mut range, time);
                    range
                },
            );
            Some(EventGroup {
                level: first.level().word(),
                count: own.len() as u64,
                range,
                meaning: known.map_or_else(String::new, |known| known.about.title.to_owned()),
                noise: known.is_some_and(|known| known.class == EventClass::Noise),
                example: events.evidence(own[0], "", own.len() as u64),
                provider,
                id,
            })
        })
        .collect();
    groups.sort_by(|a, b| {
        (a.noise, std::cmp::Reverse(a.count), &a.provider, a.id).cmp(&(
            b.noise,
            std::cmp::Reverse(b.count),
            &b.provider,
            b.id,
        ))
    });
    groups.truncate(MOST);
    Some(EventSummary {
        events: events.list.len() as u64,
        levels: levels.into_iter().map(|(level, n)| (level.word(), n)).collect(),
        groups,
        signatures: crashes::shown(facts),
    })
}

/// The PHP log in numbers; `None` when there was none.
pub(crate) fn php(facts: &Facts<'_>) -> Option<PhpSummary> {
    let php = &facts.records.php;
    if php.sources == 0 {
        return None;
    }
    // "The last 24 hours" are those of the log: an old log is not empty because it is old.
    let end = php.range.map(|range| range.end);
    let mut groups: Vec<PhpGroup> = php
        .groups
        .iter()
        .map(|(signature, group)| PhpGroup {
            level: signature.level.word().to_owned(),
            message: shortened(&signature.family().to_string(), 240).into_owned(),
            place: signature.place(),
            count: group.count,
            recent: end
                .map_or((0, 0), |end| (group.since(end, 86_400), group.since(end, 7 * 86_400))),
            range: group.range,
            evidence: group.evidence.iter().take(2).cloned().collect(),
        })
        .collect();
    let gravity = |row: &PhpGroup| {
        php.groups
            .iter()
            .find(|(signature, _)| signature.level.word() == row.level)
            .and_then(|(_, group)| group.gravity)
    };
    groups.sort_by_cached_key(|row| {
        (gravity(row), std::cmp::Reverse(row.count), row.message.clone(), row.place.clone())
    });
    groups.truncate(MOST);
    let mut pages: Vec<(String, u64)> =
        php.pages.iter().map(|(page, n)| (page.clone(), *n)).collect();
    pages.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    pages.truncate(10);
    Some(PhpSummary {
        records: php.records,
        levels: php
            .levels
            .iter()
            .map(|(level, n)| {
                (if level.word().is_empty() { "(no level)" } else { level.word() }.to_owned(), *n)
            })
            .collect(),
        groups,
        pages,
        range: php.range,
    })
}
