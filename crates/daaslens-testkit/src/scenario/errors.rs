//! Scenarios in which requests fail with 5xx.

use super::Staged;
use super::fault::{Damage, Planted};
use super::site::{Plan, SHOP, Site, Visit};
use crate::{Culprit, DeploymentBuilder, Random, Request};

const CLUSTER: &[&str] = &["http-5xx-cluster"];

pub(super) const PLAN: Plan = Plan {
    name: "contoso-shop",
    minutes: 180,
    rate: 3.0,
    instances: 3,
    base_errors: 0.0004,
    bursts: &[],
    pages: SHOP,
};

/// Any request of a visitor.
fn visitors(visit: &Visit) -> bool {
    !visit.request.is_probe()
}

/// An answer that comes fast because nobody worked for it.
fn refuse(request: &mut Request, random: &mut Random, status: u16, substatus: u16, win32: u64) {
    (request.status, request.substatus, request.win32) = (status, substatus, win32);
    request.taken_ms = random.between(0, 30) as u32;
}

/// `share` of all visitors fail with `status` from second `from` on, for `seconds`.
fn cluster(site: &mut Site, from: i64, seconds: i64, share: f64, status: u16) -> usize {
    let fault = site.plant(Planted {
        rules: CLUSTER,
        family: Some(status),
        culprit: Some(Culprit::app_wide()),
        ..Planted::default()
    });
    site.strike(
        fault,
        &Damage {
            from,
            to: from + seconds,
            share,
            at_least: 6,
            hits: &visitors,
            change: &|request, random| refuse(request, random, status, 0, 0),
        },
    );
    fault
}

pub(super) fn total_outage(seed: u64) -> Staged {
    let mut site = Site::new("total-outage-503", seed, PLAN);
    let from = site.moment(0.2, 0.8);
    let fault = cluster(&mut site, from, 180, 1.0, 503);
    site.strike(
        fault,
        &Damage {
            from,
            to: from + 180,
            share: 1.0,
            at_least: 0,
            hits: &|visit| visit.request.is_probe(),
            change: &|request, random| refuse(request, random, 503, 0, 0),
        },
    );
    site.finish()
}

pub(super) fn crash_burst(seed: u64) -> Staged {
    let mut site = Site::new("crash-burst-502", seed, Plan { rate: 6.0, ..PLAN });
    let from = site.moment(0.2, 0.8);
    let broken = site.random.below(3) as usize;
    let instance = site.instances[broken].clone();
    let fault = site.plant(Planted {
        rules: CLUSTER,
        family: Some(502),
        hypotheses: &["worker-crash"],
        culprit: Some(Culprit::One {
            dimension: "instance".into(),
            value: instance.prefix().into(),
            also: vec![instance.machine.clone()],
        }),
        mention: vec!["12030".into(), "1026".into()],
        ..Planted::default()
    });
    for (first, end, win32) in [(from, from + 3, 12030), (from + 3, from + 21, 12029)] {
        site.strike(
            fault,
            &Damage {
                from: first,
                to: end,
                share: 1.0,
                at_least: 0,
                hits: &|visit| visitors(visit) && visit.instance == broken,
                change: &|request, random| {
                    let taken = request.taken_ms;
                    refuse(request, random, 502, 3, win32);
                    request.taken_ms = taken;
                },
            },
        );
    }
    let at = site.at(from);
    site.events.crash(
        at,
        &instance.machine,
        7412,
        "System.InvalidOperationException: The rate table is empty.",
        &[
            "Contoso.Shop.Rates.RateTable.Find(String currency)",
            "Contoso.Shop.Rates.RefreshService.Run()",
        ],
    );
    site.process_started(from + 21, broken);
    site.finish()
}

pub(super) fn faint_hour(seed: u64) -> Staged {
    let mut site = Site::new("faint-60min", seed, Plan { minutes: 360, rate: 4.0, ..PLAN });
    let from = site.moment(0.2, 0.6);
    cluster(&mut site, from, 3600, 0.01, 503);
    site.finish()
}

pub(super) fn mild_ten_minutes(seed: u64) -> Staged {
    let mut site = Site::new("mild-10min", seed, PLAN);
    let from = site.moment(0.2, 0.7);
    cluster(&mut site, from, 600, 0.05, 500);
    site.finish()
}

pub(super) fn third_of_log(seed: u64) -> Staged {
    let mut site = Site::new("third-of-log", seed, Plan { minutes: 24 * 60, rate: 0.8, ..PLAN });
    let from = site.moment(0.1, 0.5);
    cluster(&mut site, from, 8 * 3600, 0.3, 503);
    site.finish()
}

pub(super) fn two_bursts(seed: u64) -> Staged {
    let mut site = Site::new("two-bursts", seed, PLAN);
    let from = site.moment(0.2, 0.7);
    cluster(&mut site, from, 180, 0.5, 503);
    cluster(&mut site, from + 180 + 240, 180, 0.45, 503);
    site.finish()
}

pub(super) fn low_traffic(seed: u64) -> Staged {
    let mut site =
        Site::new("low-traffic", seed, Plan { minutes: 360, rate: 0.3, instances: 1, ..PLAN });
    let from = site.moment(0.2, 0.8);
    cluster(&mut site, from, 120, 0.2, 502);
    site.finish()
}

pub(super) fn bad_url(seed: u64) -> Staged {
    const BROKEN: &str = "/api/checkout";
    let mut site = Site::new("bad-url-500", seed, PLAN);
    let from = site.moment(0.2, 0.5);
    let fault = site.plant(Planted {
        rules: CLUSTER,
        family: Some(500),
        hypotheses: &["bad-url"],
        culprit: Some(Culprit::one("url", BROKEN)),
        mention: vec![BROKEN.into()],
        ..Planted::default()
    });
    site.strike(
        fault,
        &Damage {
            from,
            to: from + 3600,
            share: 0.8,
            at_least: 6,
            hits: &|visit| visit.request.stem == BROKEN,
            change: &|request, _| request.status = 500,
        },
    );
    site.finish()
}

pub(super) fn bad_instance(seed: u64) -> Staged {
    let mut site = Site::new("bad-instance-500", seed, Plan { instances: 4, rate: 4.0, ..PLAN });
    let from = site.moment(0.2, 0.7);
    let broken = site.random.below(4) as usize;
    let instance = site.instances[broken].clone();
    let fault = site.plant(Planted {
        rules: CLUSTER,
        family: Some(500),
        hypotheses: &["bad-instance"],
        culprit: Some(Culprit::One {
            dimension: "instance".into(),
            value: instance.prefix().into(),
            also: vec![instance.machine],
        }),
        ..Planted::default()
    });
    site.strike(
        fault,
        &Damage {
            from,
            to: from + 1200,
            share: 0.35,
            at_least: 6,
            hits: &|visit| visitors(visit) && visit.instance == broken,
            change: &|request, _| request.status = 500,
        },
    );
    site.finish()
}

/// The new version throws while it starts; every request fails with 500.30 until the old one is put back.
pub(super) fn deployment(seed: u64) -> Staged {
    let mut site = Site::new("deployment-500-30", seed, PLAN);
    let from = site.moment(0.25, 0.75);
    let (broken_for, process) = (380, 5208);
    let mut random = site.random.part("deployments");
    for (second, seconds) in [(-190_000, 44), (from - 40, 38), (from + broken_for - 30, 29)] {
        let deployment =
            DeploymentBuilder::new(site.at(second), site.at(second + seconds), &mut random);
        site.deployments.push(deployment);
    }
    let fault = site.plant(Planted {
        rules: CLUSTER,
        family: Some(500),
        hypotheses: &["startup-failure", "deployment"],
        culprit: Some(Culprit::app_wide()),
        mention: vec!["500.30".into()],
        ..Planted::default()
    });
    site.strike(
        fault,
        &Damage {
            from,
            to: from + broken_for,
            share: 1.0,
            at_least: 6,
            hits: &|_| true,
            change: &|request, random| {
                refuse(request, random, 500, 30, 574);
                // A request that comes while the app tries to start waits for its failure.
                request.taken_ms = random.between(5, 2_400) as u32;
            },
        },
    );
    site.plant(Planted {
        rules: &["startup-failure", "crash-signature"],
        window: (from, from + broken_for),
        mention: vec!["argumentnullexception".into()],
        ..Planted::default()
    });
    site.plant(Planted {
        rules: &["deployment"],
        window: (from - 40, from - 2),
        ..Planted::default()
    });
    for instance in site.instances.clone() {
        let at = site.at(from - 2);
        site.events.app_offline(at, &instance.machine, process);
        for second in (0..broken_for).step_by(45) {
            let at = site.at(from + second);
            site.events.crash(
                at,
                &instance.machine,
                process + second as u32,
                "System.ArgumentNullException: Value cannot be null. (Parameter 'connectionString')",
                &["Contoso.Shop.Startup.ConfigureServices(IServiceCollection services)", "Program.Main(String[] args)"],
            );
        }
    }
    for index in 0..site.instances.len() {
        site.process_started(from + broken_for + 1, index);
    }
    site.finish()
}
