//! Scenarios in which requests are slow, given up, or nothing is wrong at all.

use super::Staged;
use super::errors::PLAN;
use super::fault::{Damage, Planted};
use super::site::{Plan, Site};
use crate::Culprit;
use daaslens_core::Time;

/// What a site without failing requests must not show.
const NO_ERRORS: &[&str] =
    &["http-5xx-cluster", "http-silence", "crash-signature", "crash-loop", "startup-failure"];
/// What a site on which nothing is slow must not show.
const NOT_SLOW: &[&str] = &["stall", "slow-window", "timeout-wall", "concurrency-saturation"];

pub(super) fn slow_url(seed: u64) -> Staged {
    const SLOW: &str = "/api/search";
    let mut site = Site::new("slow-url", seed, PLAN);
    let (from, seconds) = (site.moment(0.1, 0.4), 5400);
    let fault = site.plant(Planted {
        rules: &["slow-url"],
        window: (from, from + seconds),
        hypotheses: &["slow-dependency", "bad-url"],
        culprit: Some(Culprit::one("url", SLOW)),
        mention: vec![SLOW.into()],
        ..Planted::default()
    });
    site.strike(
        fault,
        &Damage {
            from,
            to: from + seconds,
            share: 0.9,
            at_least: 20,
            hits: &|visit| visit.request.stem == SLOW,
            change: &|request, random| request.taken_ms = random.log_normal(8_000.0, 0.3) as u32,
        },
    );
    site.forbid(NO_ERRORS);
    site.finish()
}

/// The app works on; the front end has told the client 230 seconds after it asked that there is no answer.
pub(super) fn timeout_wall(seed: u64) -> Staged {
    const HANGING: &str = "/reports/export";
    let mut site = Site::new("timeout-wall-230", seed, PLAN);
    let (from, seconds) = (site.moment(0.2, 0.6), 2400);
    let mut ends: Vec<i64> = (0..45).map(|_| from + site.random.second(seconds)).collect();
    ends.sort_unstable();
    let window = (ends[0], ends[ends.len() - 1]);
    let fault = site.plant(Planted {
        rules: &["timeout-wall"],
        window,
        hypotheses: &["front-end-timeout"],
        culprit: Some(Culprit::one("url", HANGING)),
        mention: vec![HANGING.into(), "230".into()],
        ..Planted::default()
    });
    site.extra(HANGING, &ends, Some(fault), |request, random| {
        request.win32 = *random.pick(&[64, 1236]);
        request.sent = 0;
        request.taken_ms = random.between(230_000, 231_400) as u32;
    });
    site.forbid(NO_ERRORS);
    site.finish()
}

/// Everything that would be answered in these thirty seconds waits and is answered right after them.
pub(super) fn stall(seed: u64) -> Staged {
    let mut site = Site::new("stall-30s", seed, Plan { rate: 5.0, ..PLAN });
    let from = site.moment(0.2, 0.8);
    let (begins, ends) = (site.at(from), site.at(from + 30));
    let fault = site.plant(Planted {
        rules: &["stall", "slow-window"],
        window: (from, from + 30),
        hypotheses: &["slow-dependency"],
        culprit: Some(Culprit::app_wide()),
        ..Planted::default()
    });
    for visit in &mut site.visits {
        let request = &mut visit.request;
        // Those that arrive in the stall would end in it or soon after it; all of them queue.
        let waits =
            (begins..ends).contains(&request.ended) || (begins..ends).contains(&request.started());
        if waits && !request.is_scm() && !request.is_abort() {
            let started = request.started();
            let release = Time(ends.0 + site.random.second(1_800));
            request.ended = request.ended.max(release);
            request.taken_ms = (request.ended.0 - started.0) as u32;
            visit.fault = Some(fault);
        }
    }
    // Nobody gives up within these thirty seconds, and nobody is seen to.
    site.visits.retain(|visit| {
        visit.fault.is_some()
            || visit.request.is_scm()
            || !(begins..ends).contains(&visit.request.ended)
    });
    site.forbid(NO_ERRORS);
    site.finish()
}

/// An overlapped recycle that was not patient enough: what was in flight dies in one second.
pub(super) fn recycle(seed: u64) -> Staged {
    let mut site = Site::new("recycle-995", seed, Plan { rate: 6.0, ..PLAN });
    let from = site.moment(0.2, 0.8);
    let hit = site.random.below(3) as usize;
    let instance = site.instances[hit].clone();
    let fault = site.plant(Planted {
        rules: &["process-recycle"],
        window: (from, from),
        hypotheses: &["limit-recycle"],
        culprit: Some(Culprit::One {
            dimension: "instance".into(),
            value: instance.prefix().into(),
            also: vec![instance.machine.clone()],
        }),
        mention: vec!["percent memory".into()],
        ..Planted::default()
    });
    site.extra("/api/orders/77", &[from; 30], Some(fault), |request, random| {
        request.win32 = 995;
        request.sent = 0;
        request.taken_ms = random.between(2_000, 40_000) as u32;
    });
    for visit in site.visits.iter_mut().filter(|visit| visit.fault == Some(fault)) {
        visit.instance = hit;
    }
    let at = site.at(from - 4);
    site.events.limit_recycle(
        at,
        &instance.machine,
        "Percent Memory",
        "Memory Used: 3453165568 out of 3757625344 available. Exceeded 90 Percent of Memory",
    );
    site.process_started(from + 6, hit);
    site.forbid(&["http-5xx-cluster", "http-silence"]);
    site.finish()
}

pub(super) fn client_aborts(seed: u64) -> Staged {
    let mut site = Site::new("client-abort-wave", seed, PLAN);
    let (from, seconds) = (site.moment(0.2, 0.7), 360);
    let fault = site.plant(Planted {
        rules: &["client-aborts"],
        window: (from, from + seconds),
        hypotheses: &["client-aborts"],
        ..Planted::default()
    });
    site.strike(
        fault,
        &Damage {
            from,
            to: from + seconds,
            share: 0.25,
            at_least: 30,
            hits: &|visit| !visit.request.is_probe(),
            change: &|request, random| {
                (request.status, request.substatus) = (200, 0);
                request.win32 = *random.weighted(&[(64, 6.0), (1236, 3.0), (121, 1.0)]);
                request.sent = 0;
                request.taken_ms = random.between(30_000, 30_900) as u32;
            },
        },
    );
    site.forbid(NO_ERRORS);
    site.finish()
}

pub(super) fn clean_busy(seed: u64) -> Staged {
    let plan = Plan {
        rate: 4.0,
        bursts: &[(20, 4, 3.0), (58, 6, 2.5), (101, 3, 4.0), (150, 8, 2.0)],
        ..PLAN
    };
    let mut site = Site::new("clean-busy", seed, plan);
    site.forbid(NO_ERRORS);
    site.forbid(NOT_SLOW);
    site.finish()
}

pub(super) fn clean_quiet(seed: u64) -> Staged {
    let mut site =
        Site::new("clean-quiet", seed, Plan { minutes: 24 * 60, rate: 0.02, instances: 1, ..PLAN });
    site.forbid(NO_ERRORS);
    site.forbid(NOT_SLOW);
    site.finish()
}

pub(super) fn scanner(seed: u64) -> Staged {
    let mut site = Site::new("scanner-404", seed, PLAN);
    let from = site.moment(0.2, 0.7);
    let ends: Vec<i64> = (0..2_400).map(|number| from + number / 8).collect();
    let mut number = 0;
    site.extra("/", &ends, None, |request, random| {
        number += 1;
        request.stem = format!(
            "/{}/{}.php",
            random.pick(&["admin", "cgi-bin", "backup", "wp"]),
            random.hex(6)
        );
        request.client = "192.0.2.250".into();
        request.agent = "Mozilla/5.0+zgrab/0.x".into();
        request.cookie = "-".into();
        (request.status, request.win32) = (404, 2);
        request.taken_ms = 4 + number % 9;
    });
    site.forbid(NO_ERRORS);
    site.forbid(NOT_SLOW);
    site.finish()
}

pub(super) fn scm_errors(seed: u64) -> Staged {
    let mut site = Site::new("scm-errors", seed, PLAN);
    let from = site.moment(0.2, 0.7);
    let ends: Vec<i64> = (0..300).map(|number| from + number).collect();
    let scm = format!("~1{}", site.plan.name.to_uppercase());
    site.extra("/api/zipdeploy", &ends, None, |request, _| {
        request.site.clone_from(&scm);
        request.host = "contoso-shop.scm.azurewebsites.net".into();
        request.method = "POST".into();
        request.status = 503;
    });
    site.forbid(NO_ERRORS);
    site.forbid(NOT_SLOW);
    site.finish()
}
