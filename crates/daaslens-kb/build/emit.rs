//! Writes a checked catalogue as Rust statics, sorted for binary search.

use std::{cmp::Reverse, fmt::Write};

use crate::{
    catalogue::Catalogue,
    entry::{Entry, RawAbout},
    faults::specificity,
    fold,
};

/// The text of `tables.rs`.
pub(crate) fn emit(catalogue: &Catalogue) -> String {
    let mut out = String::new();
    let keys: Vec<&str> = catalogue.sources.iter().map(|source| source.own.key.as_str()).collect();
    let about = |about: &RawAbout| {
        let sources: Vec<String> = about
            .sources
            .iter()
            .filter_map(|key| keys.binary_search(&key.as_str()).ok())
            .map(|index| format!("&SOURCES[{index}]"))
            .collect();
        format!(
            "About {{ title: {:?}, means: {:?}, advice: &{:?}, sources: &[{}] }}",
            about.title,
            about.means,
            about.advice,
            sources.join(", ")
        )
    };

    array(&mut out, "SOURCES", "Source", &catalogue.sources, |entry| {
        let own = &entry.own;
        let kind = variant("SourceKind", &own.kind);
        format!(
            "key: {:?}, title: {:?}, link: {:?}, kind: {kind}",
            own.key, entry.about.title, own.link
        )
    });
    array(&mut out, "STATUSES", "Status", &catalogue.statuses, |entry| {
        format!("code: {}, about: {}", entry.own.code, about(&entry.about))
    });
    array(
        &mut out,
        "SUBSTATUSES",
        "Substatus",
        &catalogue.substatuses,
        |((status, substatus), entry)| {
            let visible = variant("Visibility", &entry.own.visible);
            let documented = entry.own.documented;
            let about = about(&entry.about);
            format!(
                "status: {status}, substatus: {substatus}, visible: {visible}, documented: {documented}, about: {about}"
            )
        },
    );
    array(
        &mut out,
        "TRIPLES",
        "Triple",
        &catalogue.triples,
        |((status, substatus, win32), entry)| {
            format!(
                "status: {status}, substatus: {substatus}, win32: {win32}, about: {}",
                about(&entry.about)
            )
        },
    );
    array(&mut out, "WIN32", "Win32", &catalogue.win32, |entry| {
        let own = &entry.own;
        let about = about(&entry.about);
        format!(
            "code: {}, name: {:?}, client_abort: {}, about: {about}",
            own.code, own.name, own.client_abort
        )
    });
    array(&mut out, "HTTPERR", "HttpErr", &catalogue.httperr, |entry| {
        let own = &entry.own;
        let class = variant("HttpErrClass", &own.class);
        format!(
            "reason: {:?}, statuses: &{:?}, class: {class}, rule: {:?}, sign: {:?}, about: {}",
            own.reason,
            own.status,
            own.rule,
            own.sign,
            about(&entry.about)
        )
    });
    array(&mut out, "GATEWAY_ERRORS", "GatewayError", &catalogue.gateway_errors, |entry| {
        let own = &entry.own;
        let class = variant("GatewayClass", &own.class);
        format!(
            "word: {:?}, by: {:?}, class: {class}, about: {}",
            own.word,
            own.by,
            about(&entry.about)
        )
    });
    array(&mut out, "NOTIFICATIONS", "Notification", &catalogue.notifications, |entry| {
        format!(
            "number: {}, name: {:?}, about: {}",
            entry.own.number,
            entry.own.name,
            about(&entry.about)
        )
    });
    array(&mut out, "TRACE_EVENTS", "TraceEvent", &catalogue.trace_events, |(name, entry)| {
        let stage = variant("TraceStage", &entry.own.stage);
        format!("name: {name:?}, stage: {stage}, about: {}", about(&entry.about))
    });
    array(&mut out, "MODULES", "Module", &catalogue.modules, |entry| {
        let kind = variant("ModuleKind", &entry.own.kind);
        format!("name: {:?}, kind: {kind}, about: {}", entry.own.name, about(&entry.about))
    });
    array(&mut out, "PROVIDERS", "Provider", &catalogue.providers, |entry| {
        format!(
            "name: {:?}, fallback: {:?}, about: {}",
            entry.own.name,
            entry.own.fallback,
            about(&entry.about)
        )
    });
    provider_names(&mut out, catalogue);
    array(&mut out, "EVENTS", "Event", &catalogue.events, |(id, entry)| {
        let own = &entry.own;
        let level = variant("EventLevel", &own.level);
        let class = variant("EventClass", &own.class);
        format!(
            "provider: {:?}, id: {id}, level: {level}, class: {class}, strings: &{:?}, http: {:?}, sample: {:?}, sample_of: {}, about: {}",
            own.provider,
            own.strings,
            own.http,
            own.sample,
            // The checks refuse entries without ids.
            own.ids.first().unwrap_or(id),
            about(&entry.about)
        )
    });
    array(&mut out, "EVENT_TEXTS", "EventText", &catalogue.event_texts, |entry| {
        let own = &entry.own;
        let class = variant("EventClass", &own.class);
        format!(
            "id: {:?}, provider: {:?}, events: &{:?}, patterns: &{:?}, class: {class}, http: {:?}, sample: {:?}, about: {}",
            own.id,
            own.provider,
            own.events,
            own.patterns,
            own.http,
            own.sample,
            about(&entry.about)
        )
    });
    patterns(&mut out, "EVENT_TEXT_PATTERNS", &catalogue.event_texts, |entry| &entry.own.patterns);
    array(&mut out, "ASPNET_CODES", "AspNetCode", &catalogue.aspnet, |entry| {
        let class = variant("EventClass", &entry.own.class);
        format!(
            "code: {}, name: {:?}, class: {class}, about: {}",
            entry.own.code,
            entry.own.name,
            about(&entry.about)
        )
    });
    array(&mut out, "EXCEPTION_CODES", "ExceptionCode", &catalogue.exceptions, |entry| {
        let own = &entry.own;
        let family = variant("CodeFamily", &own.family);
        let class = variant("CodeClass", &own.class);
        format!(
            "code: {}, name: {:?}, family: {family}, class: {class}, about: {}",
            own.code,
            own.name,
            about(&entry.about)
        )
    });
    array(&mut out, "PHP_MESSAGES", "PhpMessage", &catalogue.php, |entry| {
        let own = &entry.own;
        let class = variant("PhpClass", &own.class);
        let about = about(&entry.about);
        format!(
            "id: {:?}, patterns: &{:?}, class: {class}, sample: {:?}, about: {about}",
            own.id, own.patterns, own.sample
        )
    });
    patterns(&mut out, "PHP_PATTERNS", &catalogue.php, |entry| &entry.own.patterns);
    array(&mut out, "EXCEPTION_TEXTS", "ExceptionText", &catalogue.exception_texts, |entry| {
        let own = &entry.own;
        let class = variant("ExceptionClass", &own.class);
        let about = about(&entry.about);
        format!(
            "id: {:?}, patterns: &{:?}, class: {class}, sample: {:?}, about: {about}",
            own.id, own.patterns, own.sample
        )
    });
    patterns(&mut out, "EXCEPTION_TEXT_PATTERNS", &catalogue.exception_texts, |entry| {
        &entry.own.patterns
    });
    array(&mut out, "RULES", "Rule", &catalogue.rules, |entry| {
        let own = &entry.own;
        let about = about(&entry.about);
        format!(
            "name: {:?}, matters: {:?}, wrong_when: {:?}, about: {about}",
            own.name, own.matters, own.wrong_when
        )
    });
    array(&mut out, "SIGNS", "Sign", &catalogue.signs, |entry| {
        let kind = variant("EvidenceKind", &entry.own.kind);
        format!("id: {:?}, kind: {kind}, about: {}", entry.own.id, about(&entry.about))
    });
    sign_names(&mut out, catalogue);
    array(&mut out, "HYPOTHESES", "Hypothesis", &catalogue.hypotheses, |entry| {
        let own = &entry.own;
        let needs: Vec<String> =
            own.needs.iter().map(|kind| variant("EvidenceKind", kind)).collect();
        let weights: Vec<String> = own
            .signs
            .iter()
            .filter_map(|weight| {
                let sign = catalogue.signs.iter().find(|sign| sign.own.id == weight.sign)?;
                let kind = variant("EvidenceKind", &sign.own.kind);
                Some(format!(
                    "Weight {{ sign: {:?}, kind: {kind}, present: {}, absent: {}, specific: {} }}",
                    weight.sign, weight.present, weight.absent, weight.specific
                ))
            })
            .collect();
        format!(
            "name: {:?}, prior: {}, needs: &[{}], weights: &[{}], mitigate: &{:?}, fix: &{:?}, collect_next: &{:?}, about: {}",
            own.name,
            own.prior,
            needs.join(", "),
            weights.join(", "),
            own.mitigate,
            own.fix,
            own.collect_next,
            about(&entry.about)
        )
    });
    array(&mut out, "PHP_RELEASES", "PhpRelease", &catalogue.php_releases, |entry| {
        let own = &entry.own;
        format!("branch: {:?}, ends: {:?}, about: {}", own.branch, own.ends, about(&entry.about))
    });
    array(&mut out, "SIGNATURE_LISTS", "SignatureList", &catalogue.signature_lists, |entry| {
        let own = &entry.own;
        let runtime = variant("Runtime", &own.runtime);
        let role = variant("NameRole", &own.role);
        format!("runtime: {runtime}, role: {role}, names: &{:?}", own.names)
    });
    out
}

/// A constant for each sign, so that code which names one that does not exist is not built.
fn sign_names(out: &mut String, catalogue: &Catalogue) {
    let _ = writeln!(out, "/// The ids of all signs.\npub mod sign_id {{");
    for sign in &catalogue.signs {
        let name = sign.own.id.to_uppercase().replace('-', "_");
        let _ = writeln!(out, "    /// {}", sign.about.means);
        let _ = writeln!(out, "    pub const {name}: &str = {:?};", sign.own.id);
    }
    let _ = writeln!(out, "}}");
}

fn array<T>(out: &mut String, name: &str, kind: &str, rows: &[T], fields: impl Fn(&T) -> String) {
    // Writing to a `String` does not fail.
    let _ = writeln!(out, "pub(crate) static {name}: [{kind}; {}] = [", rows.len());
    for row in rows {
        let _ = writeln!(out, "    {kind} {{ {} }},", fields(row));
    }
    let _ = writeln!(out, "];");
}

/// All names under which providers are found, with the index of the provider.
fn provider_names(out: &mut String, catalogue: &Catalogue) {
    let mut names: Vec<(&str, usize)> = Vec::new();
    let mut prefixes: Vec<(&str, usize)> = Vec::new();
    for (index, provider) in catalogue.providers.iter().enumerate() {
        names.push((&provider.own.name, index));
        names.extend(provider.own.aliases.iter().map(|alias| (alias.as_str(), index)));
        if !provider.own.prefix.is_empty() {
            prefixes.push((&provider.own.prefix, index));
        }
    }
    names.sort_by(|left, right| fold::compare(left.0, right.0));
    prefixes.sort_by(|left, right| fold::compare(left.0, right.0));
    let _ = writeln!(
        out,
        "pub(crate) static PROVIDER_NAMES: [(&str, usize); {}] = {names:?};",
        names.len()
    );
    let _ = writeln!(
        out,
        "pub(crate) static PROVIDER_PREFIXES: [(&str, usize); {}] = {prefixes:?};",
        prefixes.len()
    );
}

/// All patterns of a list, those with the most fixed text first, with the index of their entry.
fn patterns<T>(
    out: &mut String,
    name: &str,
    rows: &[Entry<T>],
    of: impl Fn(&Entry<T>) -> &Vec<String>,
) {
    let mut patterns: Vec<(&str, usize)> = rows
        .iter()
        .enumerate()
        .flat_map(|(index, row)| of(row).iter().map(move |text| (text.as_str(), index)))
        .collect();
    patterns.sort_by_key(|&(text, _)| (Reverse(specificity(text)), text));
    let _ = writeln!(
        out,
        "pub(crate) static {name}: [(&str, usize); {}] = {patterns:?};",
        patterns.len()
    );
}

/// `nt-status` becomes `CodeFamily::NtStatus`.
fn variant(kind: &str, word: &str) -> String {
    let mut out = format!("{kind}::");
    for part in word.split('-') {
        let mut letters = part.chars();
        out.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}
